"""A persona lit once: the person with soft edges, the room behind, and the relief that parallax needs.

Everything that never changes during speech is computed here, larger than it is shown, and shrunk.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.data.obamanet_persona_fields import Field, blur, mix, ramp
from engine.data.obamanet_persona_hair import brows, hair, over
from engine.data.obamanet_persona_light import skin
from engine.data.obamanet_persona_look import Look
from engine.data.obamanet_persona_scene import cloth, room
from engine.data.obamanet_persona_shape import relief

EXPOSURE = 0.92


@dataclass(slots=True)
class Baked:
    """person [S, S, 4] colour as shown (gamma) and alpha, room [S, S, 3], depth [S, S] towards the viewer."""

    person: Field
    room: Field
    depth: Field


def tone(linear: Field) -> Field:
    """Linear light to the picture's values 0..1 by a film-like curve and the display's gamma."""
    c = np.clip(linear, 0.0, None) * EXPOSURE
    film = (c * (2.51 * c + 0.03)) / (c * (2.43 * c + 0.59) + 0.14)
    return np.asarray(np.clip(film, 0.0, 1.0) ** (1.0 / 2.2), dtype=np.float32)


def bake(look: Look, size: int) -> Baked:
    """Lights a persona at rest on a grid of size x size."""
    rng = np.random.default_rng(look.seed)
    shape = relief(look, size)
    bare, lit = skin(look, shape, rng)
    hairs = hair(look, shape, rng)
    worn, worn_alpha, _ = cloth(look, size, rng)
    alpha = np.clip(shape.head + shape.ear + shape.neck, 0.0, 1.0)
    picture = mix(hairs.back_colour, bare, alpha)
    collar = blur(worn_alpha, 0.012 * size / 2.3)
    picture = picture * (1.0 - 0.50 * collar * (1.0 - shape.head))[..., None]  # the collar's own shade on the neck
    picture = mix(picture, worn, worn_alpha * (1.0 - shape.head))
    picture = _brow_over(look, picture, lit.shadow, brows(look, size, rng))
    picture = over(picture, hairs.front_colour, hairs.front)
    covered = 1.0 - (1.0 - alpha) * (1.0 - hairs.back) * (1.0 - worn_alpha) * (1.0 - hairs.front)
    person = np.concatenate([tone(picture), covered[..., None]], axis=-1).astype(np.float32)
    depth = np.where(alpha > 0.5, shape.height, 0.12) * ramp(1.1, 0.6, shape.y)
    return Baked(person, tone(room(look, size, rng)), blur(depth.astype(np.float32), 0.020 * size / 2.3))


def _brow_over(look: Look, picture: Field, shadow: Field, density: Field) -> Field:
    dark = np.asarray(look.hair, dtype=np.float32) * (0.55 + 0.75 * shadow[..., None])
    return mix(picture, dark.astype(np.float32), density)
