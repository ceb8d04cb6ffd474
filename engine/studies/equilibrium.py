"""The claims of the equilibrium paper, each as a function that measures it."""

from __future__ import annotations

from engine.studies.contract import Study
from engine.studies.equilibrium_learning import measure_classes, measure_depth, measure_no_side_network
from engine.studies.equilibrium_theorem import (
    measure_every_moment,
    measure_limit,
    measure_velocities,
    measure_weights,
)

STUDIES: dict[str, Study] = {
    "every-moment": measure_every_moment,
    "weights-every-moment": measure_weights,
    "limit": measure_limit,
    "no-side-network": measure_no_side_network,
    "velocities": measure_velocities,
    "depth": measure_depth,
    "classes": measure_classes,
}
