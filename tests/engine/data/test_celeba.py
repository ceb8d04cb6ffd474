"""CelebA's layout with pictures of our own: partition, attributes, partial copies, faults; and generated shapes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from engine.data import celeba, coloured_shapes, plane_toys
from engine.data.images import DataError
from engine.experiments.gibbsnet_data import load_pictures
from engine.papers.contract import validate
from engine.papers.gibbsnet import GibbsNetParams

NAMES = "Smiling Eyeglasses Male"


def write_faces(folder, count=40, listed=None):
    (folder / celeba.IMAGES).mkdir(parents=True)
    lines = [str(listed or count), NAMES]
    parts = []
    for i in range(count):
        red = np.zeros((218, 178, 3), np.uint8)
        red[..., i % 3] = 200
        Image.fromarray(red).save(folder / celeba.IMAGES / f"{i:06d}.jpg")
        lines.append(f"{i:06d}.jpg  {'1' if i % 2 else '-1'} -1  1")
        parts.append(f"{i:06d}.jpg {0 if i < 30 else 1 if i < 34 else 2}")
    (folder / celeba.ATTRIBUTES).write_text("\n".join(lines) + "\n")
    (folder / celeba.PARTITION).write_text("\n".join(parts) + "\n")
    return folder


def test_that_faces_come_with_their_attributes_and_the_official_partition(tmp_path):
    write_faces(tmp_path / "celeba")
    faces = celeba.load(tmp_path)
    assert faces.names == ("smiling", "eyeglasses", "male")
    assert faces.train.shape == (30, 3, 32, 32) and faces.test.shape == (6, 3, 32, 32)
    assert faces.train[4, 1].mean() > 180 > 60 > faces.train[4, 0].mean(), "colours come first"
    assert list(faces.train_attributes[:3, 0]) == [0, 1, 0] and faces.train_attributes[:, 2].min() == 1
    assert "40 of 202,599 pictures" in faces.notes[0]


def test_that_a_model_reads_pictures_and_attributes_of_that_layout(tmp_path):
    write_faces(tmp_path / "celeba")
    params = validate(GibbsNetParams, {"task": "celeba", "reads": "attributes", "net": "conv", "batch": 15 + 1})
    with pytest.raises(DataError, match="30 training pictures are too few for batches of 16"):
        load_pictures(params, torch.device("cpu"), str(tmp_path))


def test_that_missing_partition_missing_pictures_and_broken_lists_are_said(tmp_path):
    folder = write_faces(tmp_path / "celeba")
    (folder / celeba.PARTITION).unlink()
    (folder / celeba.IMAGES / "000001.jpg").unlink()
    faces = celeba.load(tmp_path)
    assert len(faces.train) + len(faces.test) == 39 and "every sixth" in faces.notes[0]
    (folder / celeba.IMAGES / "000002.jpg").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"000002.jpg is not a picture or is damaged"):
        celeba.load(tmp_path)
    with pytest.raises(DataError, match="promises 50 pictures and lists 40"):
        celeba.parse_attributes((folder / celeba.ATTRIBUTES).read_bytes().replace(b"40", b"50", 1), "list")
    with pytest.raises(DataError, match="line 3: a file name and 3 values of 1 or -1"):
        celeba.parse_attributes(b"1\nA B C\nx.jpg 1 -1 0\n", "list")
    with pytest.raises(DataError, match="line 1: a file name and 0, 1 or 2"):
        celeba.parse_partition(b"x.jpg 3\n", "list")


def test_that_the_attributes_of_a_generated_shape_are_visible_in_it():
    x, has = coloured_shapes.coloured_shapes(2000, 0)
    assert x.shape == (2000, 3, 16, 16) and x.min() >= 0 and x.max() <= 1
    assert np.abs(has.mean(0) - 0.5).max() < 0.05
    ink = (x.max(1) > 0.5).sum((1, 2))
    solid = has[:, 6] == 0
    assert ink[solid & (has[:, 3] == 1)].min() > 1.2 * ink[solid & (has[:, 3] == 0)].max()
    red = x[:, 0].max((1, 2))
    assert red[has[:, 1] == 1].min() > 0.7 > 0.3 > red[has[:, 1] == 0].max()
    bright = x.max(1) > 0.5
    centre = (bright * np.arange(16)).sum((1, 2)) / bright.sum((1, 2))
    assert centre[has[:, 4] == 1].max() < centre[has[:, 4] == 0].min()
    again, _ = coloured_shapes.coloured_shapes(2000, 0)
    assert np.array_equal(x, again) and not np.array_equal(x, coloured_shapes.coloured_shapes(2000, 1)[0])


@pytest.mark.parametrize("make, groups", [(plane_toys.ring, 8), (plane_toys.pinwheel, 5)])
def test_that_toys_lie_in_the_unit_square_and_are_the_same_every_time(make, groups):
    points, label = make(800, 3)
    assert points.shape == (800, 2) and points.min() >= 0 and points.max() <= 1 and set(label) == set(range(groups))
    assert np.array_equal(points, make(800, 3)[0])
