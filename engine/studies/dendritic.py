"""The claims of the dendritic paper, each as a function that measures it."""

from __future__ import annotations

from engine.studies.contract import Study
from engine.studies.dendritic_digits import measure_digits, measure_frozen_second, measure_learned_feedback
from engine.studies.dendritic_error_signal import measure_alignment, measure_interneurons, measure_weak_feedback
from engine.studies.dendritic_imagination import measure_denoising, measure_generation
from engine.studies.dendritic_in_time import measure_association, measure_regression, measure_self_prediction

STUDIES: dict[str, Study] = {
    "self-prediction": measure_self_prediction,
    "association": measure_association,
    "regression": measure_regression,
    "digits": measure_digits,
    "frozen-second": measure_frozen_second,
    "learned-feedback": measure_learned_feedback,
    "weak-feedback": measure_weak_feedback,
    "alignment": measure_alignment,
    "interneurons": measure_interneurons,
    "denoise": measure_denoising,
    "generate": measure_generation,
}
