"""How a head keeps still: slow drift, blinks, glances, nods where the voice stresses; it loops without a seam."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.data.obamanet_persona import BLINK, BROW, GAZE_X, GAZE_Y, PITCH, POSE, ROLL, SCALE, SHIFT_X, SHIFT_Y, YAW

FPS = 25
# standard deviations of the drift: radians, face units, log scale
DRIFT = {YAW: 0.050, PITCH: 0.026, ROLL: 0.018, SHIFT_X: 0.010, SHIFT_Y: 0.006, SCALE: 0.008}
SLOWEST_S, FASTEST_S = 8.0, 1.1  # the periods of drift that a head shows
BLINK_EVERY_S = 3.4
BLINK_SHAPE = np.array((0.35, 0.92, 1.0, 0.75, 0.42, 0.16), dtype=np.float32)  # at 25 frames a second
GLANCE_EVERY_S = 1.6


def _drift(frames: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Periodic smooth noise of deviation 1 [T]: waves of whole numbers of cycles."""
    seconds = frames / FPS
    cycles = np.arange(max(1, round(seconds / SLOWEST_S)), max(2, round(seconds / FASTEST_S)) + 1)
    size = cycles**-1.2 * rng.uniform(0.4, 1.0, len(cycles))
    phase = rng.uniform(0.0, 2 * np.pi, len(cycles))
    t = np.arange(frames)[:, None] / frames
    wave = (size * np.sin(2 * np.pi * cycles * t + phase)).sum(1)
    return np.asarray(wave / max(float(np.sqrt((size**2).sum() / 2.0)), 1e-9))


def _moments(frames: int, every_s: float, rng: np.random.Generator) -> list[int]:
    found, at = [], rng.uniform(0.3, 1.0) * every_s
    while at * FPS < frames - 1:
        found.append(int(at * FPS))
        at += max(0.45, rng.gamma(4.0, every_s / 4.0))
    return found


def idle(frames: int, seed: int, emphasis: NDArray[np.floating] | None = None) -> NDArray[np.float32]:
    """Poses [T, POSE] at 25 frames a second; the last frame leads into the first.

    emphasis [T] 0..1 (how loud or stressed each frame is) adds nods and raised brows. Raises `ValueError` when its
    length differs or there is no frame.
    """
    if frames < 1:
        raise ValueError(f"{frames} frames: at least one is needed")
    if emphasis is not None and len(emphasis) != frames:
        raise ValueError(f"emphasis has {len(emphasis)} values for {frames} frames")
    rng = np.random.default_rng(seed)
    pose = np.zeros((frames, POSE), dtype=np.float32)
    for column, deviation in DRIFT.items():
        pose[:, column] = np.clip(deviation * _drift(frames, rng), -2.2 * deviation, 2.2 * deviation)
    pose[:, BROW] = 0.12 * _drift(frames, rng)
    for at in _moments(frames, BLINK_EVERY_S, rng):
        where = (at + np.arange(len(BLINK_SHAPE))) % frames
        pose[where, BLINK] = np.maximum(pose[where, BLINK], BLINK_SHAPE)
    glance = np.zeros((frames, 2))
    for at in _moments(frames, GLANCE_EVERY_S, rng):
        back = rng.uniform() < 0.55  # most glances return to the one who listens
        glance[at:] = (0.0, 0.0) if back else rng.normal(0.0, (0.30, 0.14))
    tail = min(frames, FPS // 2)
    glance[-tail:] = glance[:1]
    # eyes hold their aim while the head drifts: they turn against it
    pose[:, GAZE_X] = np.clip(glance[:, 0] - 4.0 * pose[:, YAW], -1.0, 1.0)
    pose[:, GAZE_Y] = np.clip(glance[:, 1] - 4.0 * pose[:, PITCH], -1.0, 1.0)
    if emphasis is not None:
        kernel = np.hanning(2 * (FPS // 4) + 1)
        slow = np.convolve(emphasis, kernel / kernel.sum(), mode="full")[FPS // 4 : FPS // 4 + frames]
        pose[:, PITCH] += 0.035 * slow
        pose[:, BROW] += 0.45 * slow
    return pose
