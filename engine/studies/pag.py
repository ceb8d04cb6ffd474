"""The claims of Plan, Attend, Generate, each as a function that measures it."""

from __future__ import annotations

from engine.studies.contract import Study
from engine.studies.pag_learning import measure_alignments, measure_faster, measure_parameters
from engine.studies.pag_planning import measure_look_ahead, measure_plan_length, measure_switches
from engine.studies.pag_tasks import measure_circuits, measure_questions, measure_text

STUDIES: dict[str, Study] = {
    "switches": measure_switches,
    "text": measure_text,
    "circuits": measure_circuits,
    "questions": measure_questions,
    "alignments": measure_alignments,
    "faster": measure_faster,
    "parameters": measure_parameters,
    "look-ahead": measure_look_ahead,
    "plan-length": measure_plan_length,
}
