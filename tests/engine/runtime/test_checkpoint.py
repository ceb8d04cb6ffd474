"""Checkpoints: what comes back, what is kept, and what is said when a file cannot be used."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.runtime.checkpoint import (
    CheckpointError,
    Header,
    State,
    StateError,
    generator_from_json,
    generator_to_json,
    load_checkpoint,
    read_checkpoint,
    verify,
    write_checkpoint,
)
from engine.runtime.checkpoint_files import FORMAT_VERSION, newest_whole, sealed_json


def header(step: int, paper: str = "dendritic") -> Header:
    return Header(paper, {"lr": 0.1, "sizes": [64, 10]}, seed=7, step=step, preset="digits", app_version="0.1.0")


def state(step: int) -> State:
    return State({"w": torch.full((3, 2), float(step))}, {"step": step})


def files(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_that_every_kind_of_tensor_comes_back_equal_to_the_bit(tmp_path: Path) -> None:
    shared = torch.arange(6.0)
    tensors = {
        "float": torch.randn(4, 5, generator=torch.Generator().manual_seed(0)),
        "strided": torch.arange(12.0).reshape(3, 4).t()[::2],
        "tied": shared,
        "tied_part": shared[2:],
        "half": torch.tensor([1.5, float("nan"), float("inf")], dtype=torch.bfloat16),
        "flags": torch.tensor([True, False]),
        "count": torch.tensor(2**62),
        "empty": torch.zeros(0, 3),
        "random": torch.Generator().manual_seed(3).get_state(),
        "trained": torch.ones(2, requires_grad=True),
    }
    write_checkpoint(tmp_path, State(tensors, {"cursor": [1, 2], "none": None, "big": 2**127 + 1}), header(5))
    loaded = read_checkpoint(tmp_path, "dendritic")
    assert loaded.header == header(5)
    assert loaded.state.meta == {"cursor": [1, 2], "none": None, "big": 2**127 + 1}
    assert loaded.state.tensors.keys() == tensors.keys()
    for name, tensor in tensors.items():
        found = loaded.state.tensor(name, tuple(tensor.shape))
        assert found.dtype == tensor.dtype
        assert (
            found.numpy(force=True).tobytes() == tensor.detach().contiguous().numpy().tobytes()
            if (tensor.dtype != torch.bfloat16)
            else torch.equal(found.view(torch.int16), tensor.view(torch.int16))
        )


def test_that_a_state_without_tensors_is_a_state(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, State({}, {"step": 1}), header(1))
    assert read_checkpoint(tmp_path).state == State({}, {"step": 1})


@pytest.mark.parametrize("kind", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_that_numpy_generators_go_on_where_they_were(kind: str) -> None:
    generator = np.random.Generator(getattr(np.random, kind)(11))
    generator.standard_normal(7)
    generator.integers(0, 100, dtype=np.uint32)  # leaves half a word buffered
    copy = generator_from_json(json.loads(json.dumps(generator_to_json(generator))))
    assert np.array_equal(copy.standard_normal(1000), generator.standard_normal(1000))
    assert np.array_equal(copy.integers(0, 9, 99, np.uint8), generator.integers(0, 9, 99, np.uint8))


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"bit_generator": "os.system"},
        {"bit_generator": "PCG64"},
        {"bit_generator": "PCG64", "state": {"state": "x"}},
    ],
)
def test_that_a_broken_random_state_is_named(value: dict[str, object]) -> None:
    with pytest.raises(StateError, match="random state"):
        generator_from_json(value)


def test_that_the_last_three_are_kept_and_no_temporary_is_left(tmp_path: Path) -> None:
    for step in (1, 2, 3, 4, 5):
        written = write_checkpoint(tmp_path, state(step), header(step))
        assert written.notes == ()
    assert files(tmp_path) == [f"step-00000000{s}.{e}" for s in (3, 4, 5) for e in ("json", "safetensors")]
    assert written.path == tmp_path / "step-000000005.json"
    assert written.nbytes == sum(p.stat().st_size for p in tmp_path.glob("step-000000005.*"))


def test_that_a_rewound_run_is_found_by_its_last_save_not_its_largest_step(tmp_path: Path) -> None:
    for step in (1000, 2000, 10):
        write_checkpoint(tmp_path, state(step), header(step))
    assert read_checkpoint(tmp_path).header.step == 10
    write_checkpoint(tmp_path, state(20), header(20))
    assert sorted(p.stem for p in tmp_path.glob("*.json")) == ["step-000000010", "step-000000020", "step-000002000"]


def test_that_saving_the_same_step_again_never_touches_the_earlier_file(tmp_path: Path) -> None:
    first = write_checkpoint(tmp_path, state(4), header(4)).path
    before = first.read_bytes()
    second = write_checkpoint(tmp_path, State({"w": torch.zeros(1)}, {}), header(4)).path
    assert second != first and first.read_bytes() == before
    assert read_checkpoint(tmp_path).state.tensor("w").shape == (1,)
    assert load_checkpoint(first).state.tensor("w").shape == (3, 2)


def test_that_the_next_write_clears_what_an_interrupted_one_left(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, state(1), header(1))
    (tmp_path / ".step-000000002.safetensors.tmp").write_bytes(b"half")
    (tmp_path / "step-000000002.safetensors").write_bytes(b"whole but never committed")
    (tmp_path / "notes.txt").write_text("the user's own")
    assert read_checkpoint(tmp_path).header.step == 1
    write_checkpoint(tmp_path, state(3), header(3))
    assert files(tmp_path) == [
        "notes.txt",
        "step-000000001.json",
        "step-000000001.safetensors",
        "step-000000003.json",
        "step-000000003.safetensors",
    ]


def test_that_values_json_cannot_hold_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"step 3 cannot be written as JSON.*ndarray"):
        write_checkpoint(tmp_path, State({}, {"a": np.zeros(2)}), header(3))
    assert files(tmp_path) == []


def test_that_a_missing_tensor_or_another_shape_is_named() -> None:
    with pytest.raises(StateError, match=r"no tensor 'v'; it holds w"):
        state(1).tensor("v")
    with pytest.raises(StateError, match=r"'w' of the saved state is \(3, 2\), not \(4, 2\)"):
        state(1).tensor("w", (4, 2))
    with pytest.raises(StateError, match="no value 'cursor'"):
        state(1).value("cursor")


def test_that_a_checkpoint_of_another_paper_is_refused(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path, state(1), header(1, "equilibrium")).path
    with pytest.raises(CheckpointError, match="of the paper 'equilibrium', not of 'dendritic'"):
        load_checkpoint(path, "dendritic")
    with pytest.raises(CheckpointError, match="of the paper 'equilibrium', not of 'dendritic'"):
        read_checkpoint(tmp_path, "dendritic")


def test_that_a_newer_format_is_refused_with_the_remedy_and_never_deleted(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path, state(1), header(1)).path
    document = json.loads(path.read_text())
    document.pop("checksum")
    path.write_bytes(sealed_json({**document, "version": FORMAT_VERSION + 1}))
    with pytest.raises(CheckpointError, match=f"format {FORMAT_VERSION + 1}.*open it with the newer version"):
        verify(path)
    for step in (2, 3, 4, 5):
        write_checkpoint(tmp_path, state(step), header(step))
    assert path.exists() and path.with_suffix(".safetensors").exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"{}", b"\xff\xfe", b'{"format": "atelier checkpoint", "version": 1}', b"[" * 100_000],
)
def test_that_a_malformed_json_is_named(tmp_path: Path, content: bytes) -> None:
    path = write_checkpoint(tmp_path, state(1), header(1)).path
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"step-000000001\.json is damaged"):
        load_checkpoint(path)


def test_that_a_sealed_json_that_lacks_a_field_is_named(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path, state(1), header(1)).path
    document = json.loads(path.read_text())
    del document["checksum"], document["seed"]
    path.write_bytes(sealed_json(document))
    with pytest.raises(CheckpointError, match=r"is damaged \('seed'\)"):
        load_checkpoint(path)


def test_that_a_missing_tensors_file_is_named(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path, state(1), header(1)).path
    path.with_suffix(".safetensors").unlink()
    for check in (verify, load_checkpoint):
        with pytest.raises(CheckpointError, match=r"step-000000001\.safetensors \(No such file"):
            check(path)


def test_that_an_empty_or_absent_folder_says_there_is_no_checkpoint(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        assert newest_whole(folder) == (None, [])
        with pytest.raises(CheckpointError, match="There is no checkpoint in"):
            read_checkpoint(folder)


def test_that_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CheckpointError, match=r"was not saved: it needs .* MB in .*file/checkpoints"):
        write_checkpoint(tmp_path / "file" / "checkpoints", state(1), header(1))


@pytest.fixture(scope="module")
def two_saves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saves")
    for step in (1, 2):
        write_checkpoint(folder, state(step), header(step))
    return folder


@settings(max_examples=300, deadline=None, derandomize=True)
@given(data=st.data())
def test_that_a_save_damaged_at_any_byte_is_never_accepted_and_the_one_before_it_is_found(
    two_saves: Path, data: st.DataObject
) -> None:
    half = two_saves / f"step-000000002.{data.draw(st.sampled_from(['json', 'safetensors']))}"
    whole = half.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        damaged = whole[:at]
    else:
        damaged = whole[:at] + bytes([whole[at] ^ (1 << data.draw(st.integers(0, 7)))]) + whole[at + 1 :]
    try:
        half.write_bytes(damaged)
        with pytest.raises(CheckpointError, match="step-000000002"):
            load_checkpoint(half)
        with pytest.raises(CheckpointError, match="step-000000002"):
            verify(half)
        loaded = read_checkpoint(two_saves, "dendritic")
        assert (loaded.header.step, float(loaded.state.tensor("w")[0, 0])) == (1, 1.0)
        assert [s.path.stem for s in loaded.skipped] == ["step-000000002"]
        found, skipped = newest_whole(two_saves)
        assert found is not None and found.header.step == 1 and len(skipped) == 1
    finally:
        half.write_bytes(whole)
    assert read_checkpoint(two_saves).header.step == 2


def test_that_metadata_is_read_and_verified_without_importing_torch(two_saves: Path) -> None:
    program = (
        "import sys; from pathlib import Path; import engine.runtime.checkpoint as c, engine.runtime.store;"
        f"print(c.verify(Path({str(two_saves / 'step-000000002.json')!r})).meta['step'], 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2", "False"]
