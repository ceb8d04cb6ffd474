"""Figures in a text, spoken in English: numbers, years, decimals, money, times, ordinals, percentages."""

from __future__ import annotations

import re

_SMALL_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TEN_WORDS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL, _TENS = _SMALL_WORDS.split(), _TEN_WORDS.split()
_GROUPS = ("", "thousand", "million", "billion", "trillion")
_ORDINAL = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
_MONEY = {"$": ("dollar", "cent"), "€": ("euro", "cent"), "£": ("pound", "penny")}
_MOST_DIGITS = 15  # longer ones are said digit by digit


def cardinal(value: int) -> str:
    """English words of 0 to 10^15 - 1."""
    if value < 100:
        return (
            _SMALL[value]
            if value < 20
            else " ".join([_TENS[value // 10], *([_SMALL[value % 10]] if value % 10 else [])])
        )
    if value < 1000:
        rest = f" {cardinal(value % 100)}" if value % 100 else ""
        return f"{_SMALL[value // 100]} hundred{rest}"
    words = []
    for power in range(len(_GROUPS) - 1, -1, -1):
        group = value // 1000**power % 1000
        if group:
            words.append(f"{cardinal(group)} {_GROUPS[power]}".strip())
    return " ".join(words)


def ordinal(value: int) -> str:
    """first, second, twenty third ..."""
    *before, last = cardinal(value).split()
    last = _ORDINAL.get(last, last[:-1] + "ieth" if last.endswith("y") else last + "th")
    return " ".join([*before, last])


def year(value: int) -> str:
    """1990 is nineteen ninety, 2005 two thousand five, 1900 nineteen hundred."""
    century, rest = divmod(value, 100)
    if value % 1000 < 10:
        return cardinal(value)
    if not rest:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"


def digits(figures: str) -> str:
    """One word a digit."""
    return " ".join(_SMALL[int(figure)] for figure in figures)


def _whole(figures: str) -> str:
    figures = figures.replace(",", "")
    if len(figures) > _MOST_DIGITS or (len(figures) > 1 and figures[0] == "0"):
        return digits(figures)
    return cardinal(int(figures))


def _said_money(found: re.Match[str]) -> str:
    unit, part = _MONEY[found[1]]
    whole, cents = found[2].replace(",", ""), found[3]
    if found[4]:
        tail = f" point {digits(cents)}" if cents else ""
        return f" {_whole(whole)}{tail} {found[4]} {unit}s "
    words = f"{_whole(whole)} {unit}{'' if whole == '1' else 's'}"
    if cents and int(cents):
        value = int(cents.ljust(2, "0")[:2])
        many = "pence" if part == "penny" else part + "s"
        words += f" and {cardinal(value)} {part if value == 1 else many}"
    return f" {words} "


def _said_time(found: re.Match[str]) -> str:
    hours, minutes = int(found[1]), int(found[2])
    tail = "o'clock" if not minutes else (f"oh {cardinal(minutes)}" if minutes < 10 else cardinal(minutes))
    return f" {cardinal(hours)} {tail} "


def _said_number(found: re.Match[str]) -> str:
    sign, whole, decimals = found[1], found[2], found[3]
    words = f"{_whole(whole)} point {digits(decimals)}" if decimals else _whole(whole)
    return f" {'minus ' if sign else ''}{words} "


def spelled_numbers(text: str) -> str:
    """The text with every run of ASCII figures in words."""
    text = re.sub(r"([$€£])([0-9][0-9,]*)(?:\.([0-9]+))?(?: (thousand|million|billion|trillion))?", _said_money, text)
    text = re.sub(r"\b([01]?[0-9]|2[0-3]):([0-5][0-9])\b", _said_time, text)
    text = re.sub(r"\b([0-9]{1,9})(?:st|nd|rd|th)\b", lambda m: f" {ordinal(int(m[1]))} ", text)
    text = re.sub(r"(?<![0-9.,])(1[1-9][0-9]{2}|20[0-9]{2})(?![0-9]|[.,][0-9])", lambda m: f" {year(int(m[1]))} ", text)
    return re.sub(
        r"(?:(?<=\s)|^)?(?:(?<![\w])(-))?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.([0-9]+))?", _said_number, text
    )
