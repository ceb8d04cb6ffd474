"""What a person typed, made into what a voice says: words, phones, chunks of at most 80 phones (page, 2.1, 5.1, 8).

Numbers, money, times, ordinals, abbreviations and signs become words; what cannot be spoken (another script, pictures)
is left out and said to be; a text in which nothing is left is refused with a sentence. Phones come from the project's
own spelling rules, so no speech program is needed; the page takes them from its teacher, which is departed from so that
the shipped voice reads any text on any machine.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine.data.obamanet_numbers import spelled_numbers
from engine.data.obamanet_phones import LEAD, bare, is_pause
from engine.data.obamanet_spelling import is_weak, phones_of
from engine.data.obamanet_words import LETTERS

MOST_PHONES = 80  # of one chunk, its pauses included (page, section 8)
MOST_CHARACTERS = 20_000  # of one text; about twenty minutes of speech
_LONGEST_WORD = 28  # letters; longer ones are spoken in pieces
_SIGNS = {
    "&": " and ", "%": " percent ", "+": " plus ", "=": " equals ", "@": " at ", "#": " number ", "/": " slash ",
    "°": " degrees ", "×": " times ", "<": " less than ", ">": " greater than ", "_": " ", "*": " ", "\\": " ",
    "’": "'", "‘": "'", "`": "'", "…": ". ", "—": ", ", "–": ", ", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l",
}  # fmt: skip
_SHORT = {
    "mr": "mister", "mrs": "missus", "dr": "doctor", "st": "street", "vs": "versus", "etc": "et cetera",
    "prof": "professor", "e.g": "for example", "i.e": "that is", "jr": "junior", "ft": "feet",
}  # fmt: skip
_PAUSE_AT = {";": ",", ":": ",", "(": ",", ")": ",", "[": ",", "]": ",", "{": ",", "}": ","}
_TOKEN = re.compile(r"[a-z']+|[,.?!]")
_VOWEL_LETTER = re.compile(r"[aeiouy]")
_SENTENCE_ENDS = ".?!"


class TextError(ValueError):
    """Nothing in the text can be spoken; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """What is said in one breath.

    text: lower-case words and punctuation, what a reader of characters reads. phones: `obamanet_phones.SYMBOLS`, the
    first is `_`, the last a pause. words: for each word of the text its letters and the places of its phones,
    [begin, end).
    """

    text: str
    phones: tuple[str, ...]
    words: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Script:
    """A whole text. chunks: in order. notes: what was changed or left out, one sentence each."""

    chunks: tuple[Chunk, ...]
    notes: tuple[str, ...]


def script_of(text: str, most_phones: int = MOST_PHONES) -> Script:
    """Everything that will be spoken. Raises `TextError` when nothing will."""
    words, notes = normalised(text)
    chunks = tuple(_chunks(words, most_phones))
    if not chunks:
        raise TextError(_why_nothing(text))
    return Script(chunks, tuple(notes))


def normalised(text: str) -> tuple[str, list[str]]:
    """Lower-case words of a-z and ', with the punctuation , . ? ! and notes on what was changed."""
    notes: list[str] = []
    if len(text) > MOST_CHARACTERS:
        notes.append(f"The text has {len(text):,} characters; the first {MOST_CHARACTERS:,} are spoken.")
        text = text[:MOST_CHARACTERS]
    text = spelled_numbers(_acronyms(text))
    for sign, words in _SIGNS.items():
        text = text.replace(sign, words)
    text = unicodedata.normalize("NFKD", text).lower()
    text = "".join(c for c in text if not unicodedata.combining(c))
    foreign = [c for c in text if c.isalpha() and not c.isascii()]
    if foreign:
        notes.append(f"{len(foreign)} letters of another script are left out: {_first(foreign)}.")
    strange = [c for c in text if unicodedata.category(c) in ("So", "Co", "Cn", "Cs")]
    if strange:
        notes.append(f"{len(strange)} pictures or signs are left out.")
    text = re.sub(r"\b(" + "|".join(map(re.escape, _SHORT)) + r")\.(?=\s|$)", lambda m: _SHORT[m[1]] + " ", text)
    if re.search(r"([a-z])\1{2}", text):
        notes.append("A letter that is repeated more than twice is spoken as two.")
        text = re.sub(r"([a-z])\1{2,}", r"\1\1", text)
    text = "".join(_PAUSE_AT.get(c, c) if c.isascii() else " " for c in text)
    tokens = [t.strip("'") if t[0] not in ",.?!" else t for t in _TOKEN.findall(text.replace("-", " "))]
    return " ".join(_punctuated(t for t in tokens if t)), notes


def _acronyms(text: str) -> str:
    """Two to five capitals that no one can say as a word are said letter by letter: GPU, CNN, BBC."""

    def spelled(found: re.Match[str]) -> str:
        letters = found[0]
        sayable = len(letters) > 3 and re.search(r"[AEIOUY]", letters[1:-1]) is not None
        return letters if sayable or text.upper() == text else " ".join(letters) + " "

    return re.sub(r"\b[A-Z]{2,5}\b", spelled, text)


def _first(letters: list[str]) -> str:
    found = "".join(dict.fromkeys(letters))
    return found if len(found) <= 12 else found[:12] + " ..."


def _punctuated(tokens: Iterable[str]) -> Iterator[str]:
    """Runs of punctuation become their strongest sign; none leads."""
    held = ""
    has_begun = False
    for token in tokens:
        if token in ",.?!":
            held = max(held, token, key=lambda sign: ",.!?".find(sign) if sign else -1)
        else:
            if held and has_begun:
                yield held
            held, has_begun = "", True
            yield token
    if has_begun:
        yield held if held and held != "," else "."


def _why_nothing(text: str) -> str:
    if not text.strip():
        return "There is nothing to say: the text is empty. Type a sentence."
    letters = [c for c in text if c.isalpha()]
    if letters:
        names = {unicodedata.name(c, "unknown").split()[0].capitalize() for c in letters}
        return (
            f"This voice speaks English in Latin letters; it cannot read {' or '.join(sorted(names))}. "
            "Write the words in Latin letters."
        )
    return "There is nothing to say: the text has only punctuation or signs. Add a word."


def word_phones(word: str, following: str = "") -> tuple[str, ...]:
    """The phones of a word as it is said before another one: weak words lose their stress, `the` opens before vowels.

    A word without a vowel letter is said letter by letter.
    """
    if len(word) == 1 and word not in ("a", "i"):
        return LETTERS.get(word, ())
    said = phones_of(word)
    if not said or not (_VOWEL_LETTER.search(word) or any(bare(p) != p for p in said)):
        return tuple(p for letter in word if letter in LETTERS for p in LETTERS[letter])
    if is_weak(word):
        said = tuple(map(bare, said))
        if word == "the" and following[:1] in tuple("aeio"):
            return ("dh", "iy")
    return said


def _pieces(word: str) -> list[str]:
    return [word[i : i + _LONGEST_WORD] for i in range(0, len(word), _LONGEST_WORD)]


def _chunks(text: str, most: int) -> Iterator[Chunk]:
    """Cut at sentence ends, else at the last comma that leaves room, else between words."""
    pending: list[tuple[str, tuple[str, ...]]] = []
    tokens = [piece for token in text.split() for piece in _pieces(token)]
    for place, token in enumerate(tokens):
        following = tokens[place + 1] if place + 1 < len(tokens) else ""
        said = (token,) if is_pause(token) else word_phones(token, following)
        while said and pending and 2 + sum(len(phones) for _, phones in pending) + len(said) > most:
            commas = [i for i, (word, _) in enumerate(pending) if word == ","]
            cut = commas[-1] + 1 if commas else len(pending)
            yield _chunk(pending[:cut])
            pending = pending[cut:]
        if said and (pending or not is_pause(token)):
            pending.append((token, said))
        if token in _SENTENCE_ENDS and pending:
            yield _chunk(pending)
            pending = []
    if pending:
        yield _chunk(pending)


def _chunk(parts: list[tuple[str, tuple[str, ...]]]) -> Chunk:
    phones, words, text = [LEAD], [], ""
    for word, said in parts:
        if is_pause(word):
            text += word
        else:
            words.append((word, len(phones), len(phones) + len(said)))
            text += (" " if text else "") + word
        phones += said
    if not is_pause(phones[-1]):
        phones.append(",")
        text += ","
    return Chunk(text, tuple(phones), tuple(words))
