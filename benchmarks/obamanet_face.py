"""ObamaNet, sound to lips to face: a persona's frame, a step of the lips, a mouth painted, pasted and marked."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch

from benchmarks.harness import Row, time_call
from engine.data.obamanet_persona import YAW, Persona, resting_pose
from engine.data.obamanet_persona_mouth import Mouth
from engine.models.obamanet_face import FaceKnobs, FaceLearner, PaperUNet, RoiUNet, UNet
from engine.models.obamanet_face_paint import burn_mark, composite, job, to_network, to_picture
from engine.models.obamanet_lips import DELAY, Lips, LipsLearner, Stream
from engine.models.obamanet_sound import FEATURES, MELS, Standard

# What the page measured, one thread: persona 20 and 56 ms, a step of the lips 0.1 ms, a 3-s clip 0.5 ms, the paper's
# network 177 ms; 86 frames with compositing 407 ms.
PAGE_PERSONA_MS = {128: 20.0, 256: 56.0}
FRAME_MS = 40.0  # 25 frames a second
BATCH = 8


def measure(quick: bool) -> Iterable[Row]:
    """Rows of the table; one thread."""
    torch.set_num_threads(1)
    seconds = 0.5 if quick else 3.0
    threads = f"{torch.get_num_threads()} thread"
    for size, page in PAGE_PERSONA_MS.items():
        yield _persona(size, page, seconds, threads)
    yield from _lips(seconds, threads)
    for size, (width, depth) in {128: (24, 4), 256: (16, 5)}.items():
        yield _painted(size, RoiUNet(width, depth), False, seconds, threads)
    yield _painted(256, PaperUNet(), True, 0.0 if quick else seconds, threads)
    yield _update(seconds, threads)


def _persona(size: int, page: float, seconds: float, threads: str) -> Row:
    head, pose = Persona("ivo", size), resting_pose()
    pose[YAW] = 0.05
    mouth = Mouth(jaw=0.5, wide=0.2)
    found = time_call(lambda: head.frame(mouth, pose), seconds).lowest * 1e3
    return Row(f"persona, a frame of {size}", found, "ms", detail=f"page {page:g} ms; {threads}")


def _lips(seconds: float, threads: str) -> Iterable[Row]:
    lips, standard = Lips(7), Standard(FEATURES)
    mel = torch.randn(300, MELS)
    stream = Stream(lips, standard, DELAY)
    step = time_call(lambda: stream.push(mel[:1]), seconds).lowest * 1e3
    yield Row("lips, a step of 10 ms of sound", step, "ms", "< 10", step < 10.0, f"page 0.1 ms; {threads}")
    a = torch.randn(300, FEATURES)
    clip = time_call(lambda: lips.speak(a, DELAY), seconds).lowest * 1e3
    yield Row("lips, a clip of 3 s", clip, "ms", detail=f"page 0.5 ms; {threads}")
    learner = LipsLearner(lips, 1e-3)
    x, m = torch.randn(32, 110, FEATURES), torch.randn(32, 110, 7)
    update = time_call(lambda: learner.step(x, m), seconds).lowest * 1e3
    yield Row("lips, an update of 32 x 1.1 s", update, "ms", detail=threads)


@torch.no_grad()
def _painted(size: int, net: UNet, whole: bool, seconds: float, threads: str) -> Row:
    """Condition, network, paste and mark of one frame."""
    head, pose, mouth = Persona("ivo", size), resting_pose(), Mouth(jaw=0.4)
    picture, points = head.frame(mouth, pose), head.keypoints(mouth, pose)
    net.eval()

    def paint() -> None:
        work = job(picture, points, whole=whole)
        painted = to_picture(net(torch.from_numpy(to_network(work.x[None]))).numpy())[0]
        burn_mark(painted if whole else composite(picture, painted, work.corner, work.blank))

    found = time_call(paint, seconds, repetitions=3 if whole else 7, warmup=1).lowest * 1e3
    if whole:
        return Row("the paper's network, a whole frame of 256", found, "ms", detail=f"page 177 ms; {threads}")
    what = f"mouth of a frame of {size}, painted and pasted"
    return Row(what, found, "ms", "< 40", found < FRAME_MS, f"{threads}; page 4.7 ms at 128")


def _update(seconds: float, threads: str) -> Row:
    learner = FaceLearner(RoiUNet(24, 4), FaceKnobs())
    rng = np.random.default_rng(0)
    x, t = (torch.from_numpy(rng.uniform(-1, 1, (BATCH, 3, 64, 64)).astype(np.float32)) for _ in range(2))
    mask = torch.ones(BATCH, 1, 64, 64)
    found = time_call(lambda: learner.step(x, t, mask), seconds).lowest * 1e3
    return Row(f"face, an update of {BATCH} crops of 64", found, "ms", detail=threads)
