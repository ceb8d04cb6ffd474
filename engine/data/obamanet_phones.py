"""The sounds of English as this paper's readers, voices, recogniser and lips name them: 40 phones, stress, 5 pauses.

The names follow the usual two-letter convention for American English in lower case; a stressed vowel carries a `1`
(`ow1`), secondary stress is left out. A pause is a symbol of its own, and which one it is tells the melody: `_` leads
in, `,` goes on, `.` falls, `?` rises, `!` falls from higher. Id 0 is padding (page, section 2.1).
"""

from __future__ import annotations

from collections.abc import Sequence

VOWELS = ("iy", "ih", "eh", "ae", "aa", "ao", "ah", "uh", "uw", "er", "ax", "ay", "aw", "oy", "ey", "ow")
CONSONANTS = (
    *("p", "b", "t", "d", "k", "g", "ch", "jh", "f", "v", "th", "dh"),
    *("s", "z", "sh", "zh", "hh", "m", "n", "ng", "l", "r", "w", "y"),
)
PHONES = CONSONANTS + VOWELS  # what a recogniser tells apart, besides silence
LEAD = "_"
PAUSES = (LEAD, ",", ".", "?", "!")
PADDING = 0
# What a reader reads: id = place in this tuple. The schwa is never stressed.
SYMBOLS = ("", *PAUSES, *PHONES, *(vowel + "1" for vowel in VOWELS if vowel != "ax"))
SILENCE = len(PHONES)  # the recogniser's last class
SOUNDS = len(PHONES) + 1

# Characters a reader reads instead (the paper's option): id = place. Punctuation is kept (page, section 2.1).
CHARACTERS = ("", " ", *",.?!'-", *"abcdefghijklmnopqrstuvwxyz")

_ID_OF = {symbol: place for place, symbol in enumerate(SYMBOLS)}
_CHARACTER_ID_OF = {character: place for place, character in enumerate(CHARACTERS)}
_SOUND_OF = {phone: place for place, phone in enumerate(PHONES)} | dict.fromkeys(PAUSES, SILENCE)


def bare(symbol: str) -> str:
    """The phone without its stress."""
    return symbol.removesuffix("1")


def is_stressed(symbol: str) -> bool:
    """Whether the symbol is a stressed vowel."""
    return symbol.endswith("1")


def is_pause(symbol: str) -> bool:
    """Whether nothing is heard."""
    return symbol in PAUSES


def ids_of(symbols: Sequence[str]) -> list[int]:
    """Ids from 1. Raises `ValueError` naming a symbol that does not exist."""
    unknown = sorted({symbol for symbol in symbols if symbol not in _ID_OF or not symbol})
    if unknown:
        raise ValueError(f"{', '.join(map(repr, unknown))} is no symbol of the reader; known: {' '.join(SYMBOLS[1:])}")
    return [_ID_OF[symbol] for symbol in symbols]


def character_ids_of(text: str) -> list[int]:
    """Ids from 1 of lower-case text. Raises `ValueError` for a character that no reader knows."""
    unknown = sorted({character for character in text if character not in _CHARACTER_ID_OF})
    if unknown:
        raise ValueError(f"{', '.join(map(repr, unknown))} is no character of the reader")
    return [_CHARACTER_ID_OF[character] for character in text]


def sounds_of(symbols: Sequence[str]) -> list[int]:
    """Classes of the recogniser: 0..39 the phones without stress, 40 silence."""
    return [_SOUND_OF[bare(symbol)] for symbol in symbols]
