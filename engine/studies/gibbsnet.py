"""The claims of the GibbsNet paper, each as a function that measures it."""

from __future__ import annotations

from engine.studies.contract import Study
from engine.studies.gibbsnet_chains import (
    measure_few_steps,
    measure_no_prior,
    measure_refinement,
    measure_stable,
)
from engine.studies.gibbsnet_uses import measure_inpainting, measure_latents, measure_one_model

STUDIES: dict[str, Study] = {
    "few-steps": measure_few_steps,
    "no-prior": measure_no_prior,
    "one-model": measure_one_model,
    "inpainting": measure_inpainting,
    "refinement": measure_refinement,
    "stable": measure_stable,
    "latents": measure_latents,
}
