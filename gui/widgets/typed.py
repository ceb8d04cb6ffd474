"""What a person typed for a number: decimal commas understood, and what is wrong with it in words."""

from __future__ import annotations

import math
import re

from engine.papers.contract import Knob

_COMMA = re.compile(r"([+-]?\d*),(\d+(?:[eE][+-]?\d+)?)")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")  # 1,000: a thousand here, one there


def plain_number(knob: Knob, text: str) -> str:
    """The entry with a decimal comma as a point; anything else, ``1,000`` among it, as it is."""
    found = _COMMA.fullmatch(text)
    if knob.kind != "number" or found is None or _THOUSANDS.fullmatch(text):
        return text
    return f"{found[1]}.{found[2]}"


def refusal(knob: Knob, value: object) -> str:
    """Why `value` is refused: that it is no number, or outside of what is allowed."""
    allowed = f"allowed is {knob.range_text()}"
    if knob.kind not in ("number", "integer") or not isinstance(value, str):
        return allowed
    if not value:
        return f"nothing is typed: {allowed}"
    if _THOUSANDS.fullmatch(value):
        whole = value.replace(",", "")
        point = "" if knob.kind == "integer" else f" or {value.replace(',', '.')}"
        return f"{value} can be read in two ways: write {whole}{point}"
    try:
        number = float(value)
    except ValueError:
        return f"{value} is not a number: {allowed}"
    if math.isnan(number):
        return f"{value} is not a number: {allowed}"
    if knob.kind == "integer" and math.isfinite(number) and not number.is_integer():
        return f"{value} is not a whole number: {allowed}"
    return allowed
