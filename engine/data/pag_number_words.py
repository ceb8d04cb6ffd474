"""Whole numbers in words: English, and German, Finnish and Czech piece by piece with the English word of each piece.

English 427 is `four hundred twenty seven`; German `vierhundertsiebenundzwanzig` says the units before the tens, so
an alignment has to jump (paper page, section 5, task A). Finnish glues in the order of English (`sata` and `tuhat`
for one hundred and one thousand; written as one word throughout, where longer numbers may also be spaced after the
thousands). Czech agrees: `dva tisíce`, `pět tisíc`, `dvě stě`, `pět set`; compounds such as 22,000 take the genitive
(`dvacet dva tisíc`), 1 counts as `jedna`. The Czech table was not prototyped on the paper's page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

LARGEST = 999_999
UNALIGNED = -1

Piece = tuple[str, int]  # letters, index of the English word they say (-1: none)
_Group = Callable[[int, int, bool], list[Piece]]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_SMALL = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENS = _words("twenty thirty forty fifty sixty seventy eighty ninety")
ENGLISH = (*_SMALL, *_TENS, "hundred", "thousand")

_DE = _words(
    "null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
    "siebzehn achtzehn neunzehn"
)
_DE_TENS = _words("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig")

_FI = _words("nolla yksi kaksi kolme neljä viisi kuusi seitsemän kahdeksan yhdeksän kymmenen")

_CS = _words(
    "nula jedna dva tři čtyři pět šest sedm osm devět deset jedenáct dvanáct třináct čtrnáct patnáct šestnáct "
    "sedmnáct osmnáct devatenáct"
)
_CS_TENS = _words("dvacet třicet čtyřicet padesát šedesát sedmdesát osmdesát devadesát")
_FEW = range(2, 5)  # Czech counts 2, 3 and 4 in the plural, from 5 on in the genitive


def english(value: int) -> list[str]:
    """The English words of 0..999,999, without `and`. Raises `ValueError` outside that range."""
    if not 0 <= value <= LARGEST:
        raise ValueError(f"{value:,} is outside 0 to {LARGEST:,}")
    if value == 0:
        return ["zero"]
    thousands, rest = divmod(value, 1000)
    return ([*_english_group(thousands), "thousand"] if thousands else []) + _english_group(rest)


def _english_group(value: int) -> list[str]:
    hundreds, rest = divmod(value, 100)
    words = [_SMALL[hundreds], "hundred"] if hundreds else []
    if rest >= 20:
        tens, units = divmod(rest, 10)
        return words + [_TENS[tens - 2]] + ([_SMALL[units]] if units else [])
    return words + ([_SMALL[rest]] if rest else [])


def value_of(words: list[str]) -> int | None:
    """The number that English writes exactly so, None when the words are not one."""
    total = group = 0
    for word in words:
        if word == "thousand":
            total, group = total + 1000 * group, 0
        elif word == "hundred":
            group *= 100
        elif word in _TENS:
            group += 10 * (_TENS.index(word) + 2)
        elif word in _SMALL:
            group += _SMALL.index(word)
        else:
            return None
    value = total + group
    return value if value <= LARGEST and english(value) == words else None


def spell(value: int, language: str) -> list[Piece]:
    """The word in `language` (de, fi, cs) as pieces in order, each with the index of its English word.

    Joined, the pieces are the word. Raises `ValueError` outside 0..999,999, `KeyError` for another language.
    """
    if not 0 <= value <= LARGEST:
        raise ValueError(f"{value:,} is outside 0 to {LARGEST:,}")
    zero, group, thousand = LANGUAGES[language]
    if value == 0:
        return [(zero, 0)]
    thousands, rest = divmod(value, 1000)
    pieces: list[Piece] = []
    if thousands:
        at = len(_english_group(thousands))
        pieces = thousand(thousands, at, group(thousands, 0, False))
    return _joined(language, pieces, group(rest, len(_english_group(thousands)) + bool(thousands), True))


def _joined(language: str, one: list[Piece], other: list[Piece]) -> list[Piece]:
    gap = [(" ", UNALIGNED)] if language == "cs" and one and other else []
    return one + gap + other


def _german(value: int, at: int, last: bool) -> list[Piece]:
    """1..999; `last`: nothing follows, a final 1 is `eins`."""
    hundreds, rest = divmod(value, 100)
    pieces: list[Piece] = []
    if hundreds:
        pieces += [(_DE[hundreds], at), ("hundert", at + 1)]
        at += 2
    if rest >= 20:
        tens, units = divmod(rest, 10)
        if units:
            pieces += [(_DE[units], at + 1), ("und", UNALIGNED)]
        pieces.append((_DE_TENS[tens - 2], at))
    elif rest:
        pieces.append(("eins" if rest == 1 and last else _DE[rest], at))
    return pieces


def _german_thousand(_count: int, at: int, group: list[Piece]) -> list[Piece]:
    return [*group, ("tausend", at)]


def _finnish(value: int, at: int, _last: bool) -> list[Piece]:
    hundreds, rest = divmod(value, 100)
    pieces: list[Piece] = []
    if hundreds:
        pieces += [("sata", at + 1)] if hundreds == 1 else [(_FI[hundreds], at), ("sataa", at + 1)]
        at += 2
    if rest >= 20:
        tens, units = divmod(rest, 10)
        pieces.append((_FI[tens] + "kymmentä", at))
        if units:
            pieces.append((_FI[units], at + 1))
    elif rest > 10:
        pieces.append((_FI[rest - 10] + "toista", at))
    elif rest:
        pieces.append((_FI[rest], at))
    return pieces


def _finnish_thousand(count: int, at: int, group: list[Piece]) -> list[Piece]:
    return [("tuhat", at)] if count == 1 else [*group, ("tuhatta", at)]


def _czech(value: int, at: int, _last: bool) -> list[Piece]:
    hundreds, rest = divmod(value, 100)
    words: list[Piece] = []
    if hundreds:
        words += _czech_hundred(hundreds, at)
        at += 2
    if rest >= 20:
        tens, units = divmod(rest, 10)
        words.append((_CS_TENS[tens - 2], at))
        if units:
            words.append((_CS[units], at + 1))
    elif rest:
        words.append((_CS[rest], at))
    return _spaced(words)


def _czech_hundred(count: int, at: int) -> list[Piece]:
    if count == 1:
        return [("sto", at + 1)]
    if count == 2:
        return [("dvě", at), ("stě", at + 1)]  # feminine dual, kept in this word alone
    return [(_CS[count], at), ("sta" if count in _FEW else "set", at + 1)]


def _czech_thousand(count: int, at: int, group: list[Piece]) -> list[Piece]:
    if count == 1:
        return [("tisíc", at)]
    return [*group, (" ", UNALIGNED), ("tisíce" if count in _FEW else "tisíc", at)]


def _spaced(words: list[Piece]) -> list[Piece]:
    return [piece for word in words for piece in ((" ", UNALIGNED), word)][1:]


LANGUAGES: Mapping[str, tuple[str, _Group, Callable[[int, int, list[Piece]], list[Piece]]]] = {
    "de": (_DE[0], _german, _german_thousand),
    "fi": (_FI[0], _finnish, _finnish_thousand),
    "cs": (_CS[0], _czech, _czech_thousand),
}
