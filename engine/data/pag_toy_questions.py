"""Questions from sentences with a flagged answer: the embedded relative of question generation (section 5, task E).

`mary gave the red ball to john in the garden` with `john` flagged becomes
`who did mary give the red ball to in the garden ?`. Every part of a sentence can be the answer.
"""

from __future__ import annotations

import re

import numpy as np

from engine.data.images import DataError
from engine.data.pag_task import END, UNALIGNED, UNKNOWN, Example, IntArray, Task

HELD_OUT_PART = 10
_SPLIT_SEED = 20_171_129
PEOPLE = ("mary", "john", "anna", "peter", "susan", "david", "laura", "kevin", "emma", "oscar", "nina", "paul")
VERBS = (
    ("gave", "give"),
    ("sent", "send"),
    ("brought", "bring"),
    ("showed", "show"),
    ("lent", "lend"),
    ("sold", "sell"),
)
COLOURS = ("red", "blue", "green", "yellow", "black", "white")
THINGS = ("ball", "book", "lamp", "coat", "bicycle", "guitar", "mirror", "basket")
PLACES = ("garden", "kitchen", "library", "station", "office", "market", "theatre")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ASKED = ("giver", "thing", "colour", "receiver", "place", "day")
_SLOTS = (PEOPLE, VERBS, COLOURS, THINGS, PEOPLE, PLACES, DAYS)
_SOURCE = (
    "⏎", "?", "the", "to", "in", "on", *PEOPLE, *(past for past, _ in VERBS), *COLOURS, *THINGS, *PLACES, *DAYS,
)  # fmt: skip
_TARGET = (
    "⏎", "□", "?", "who", "what", "which", "colour", "where", "when", "did", "was", "the", "to", "in", "on",
    *PEOPLE, *(word for verb in VERBS for word in verb), *THINGS, *COLOURS, *PLACES, *DAYS,
)  # fmt: skip
_SOURCE_ID = {word: i for i, word in enumerate(_SOURCE)}
_TARGET_ID = {word: i for i, word in enumerate(_TARGET)}

Choice = tuple[int, ...]  # one index for each of _SLOTS, the asked slot, the word order


class ToyQuestionTask(Task):
    """Sentence with a flagged word to question, both in words; source [S, 2]: word, flag. Gold alignments known.

    22 million pairs; a tenth of the sentences, by a fixed rule, is held out with all its questions.
    """

    name = "questions-toy"
    kind = "question"
    separator = " "
    has_gold = True
    source_symbols = _SOURCE
    target_symbols = _TARGET

    def __init__(self, count: int = 1_000) -> None:
        rng = np.random.default_rng(_SPLIT_SEED)
        found: dict[Choice, Example] = {}
        while len(found) < count:
            found |= {choice: _example(choice) for choice in _draw(rng, count) if _is_held_out(choice)}
        self.held_out = list(found.values())[:count]
        self.longest = 1 + max(len(_question((0,) * len(_SLOTS) + (asked, 0))) for asked in range(len(ASKED)))

    def batch(self, rng: np.random.Generator, size: int) -> list[Example]:
        """`size` pairs of all kinds of question: by length, a batch would hold one kind alone."""
        drawn: list[Choice] = []
        while len(drawn) < size:
            drawn += [choice for choice in _draw(rng, size) if not _is_held_out(choice)]
        return [_example(choice) for choice in drawn[:size]]

    def encode(self, text: str) -> Example:
        """A sentence with its answer between brackets: `mary gave the red ball to [john] in the garden on monday`.

        The right question is known for sentences of the two templates. Raises `DataError` for empty text, and without
        one answer between brackets.
        """
        words, flags = read_flagged(text)
        strange = tuple(i for i, word in enumerate(words) if word not in _SOURCE_ID)
        known = _recognise(words, flags)
        if known is not None:
            return _example(known)
        note = "This sentence has no known right question: only the two trained forms have."
        end, gold = np.array([END], np.int64), np.array([UNALIGNED], np.int64)
        return Example(_ids(words, flags), end, gold, (*words, _SOURCE[END]), len(words) + 1, strange, note)


def read_flagged(text: str) -> tuple[list[str], list[int]]:
    """Lower-case words and their flags from text with `[the answer]` in brackets.

    Raises `DataError` for empty text, no answer, several, or a bracket left open.
    """
    if not text.strip():
        raise DataError("There is nothing to ask about: type a sentence with the answer between [brackets].")
    if text.count("[") != 1 or text.count("]") != 1 or text.index("[") > text.index("]"):
        raise DataError("Mark one answer with [brackets], as in: mary gave the ball to [john].")
    before, rest = text.lower().split("[")
    answer, after = rest.split("]")
    parts = [re.findall(r"\w+|[^\w\s]", part) for part in (before, answer, after)]
    if not parts[1]:
        raise DataError("There is no answer between the brackets: put them around a word of the sentence.")
    words = [word for part in parts for word in part]
    return words, [0] * len(parts[0]) + [1] * len(parts[1]) + [0] * len(parts[2])


def _draw(rng: np.random.Generator, count: int) -> list[Choice]:
    sizes = [*(len(slot) for slot in _SLOTS), len(ASKED), 2]
    picks = rng.integers(sizes, size=(count, len(sizes)))
    others = (picks[:, 0] + 1 + rng.integers(len(PEOPLE) - 1, size=count)) % len(PEOPLE)
    picks[:, 4] = np.where(picks[:, 4] == picks[:, 0], others, picks[:, 4])  # nobody gives to himself
    return [tuple(row) for row in picks.tolist()]


def _is_held_out(choice: Choice) -> bool:
    """A tenth of the sentences, spread evenly: a number made of all choices but the question, modulo 10."""
    mixed = 0
    for pick in (*choice[: len(_SLOTS)], choice[-1]):
        mixed = (mixed * 1_000_003 + pick + 1) % 2_147_483_647
    return mixed % HELD_OUT_PART == 0


def _sentence(choice: Choice) -> tuple[list[str], dict[str, int]]:
    """The words, and the place of each part."""
    giver, verb, colour, thing, receiver, place, day = choice[: len(_SLOTS)]
    core = [PEOPLE[giver], VERBS[verb][0], "the", COLOURS[colour], THINGS[thing], "to", PEOPLE[receiver]]
    where, when = ["in", "the", PLACES[place]], ["on", DAYS[day]]
    words = [*when, *core, *where] if choice[-1] else [*core, *where, *when]
    shift = len(when) if choice[-1] else 0
    parts = {"giver": 0, "verb": 1, "colour": 3, "thing": 4, "receiver": 6, "place": 9}
    places = {part: at + shift for part, at in parts.items()}
    places["day"] = 1 if choice[-1] else len(words) - 1
    return words, places


def _question(choice: Choice) -> list[tuple[str, str]]:
    """Words of the question, each with the part of the sentence it is made from ("" : none; "asked": the answer)."""
    giver, verb, colour, thing, receiver, place, day = choice[: len(_SLOTS)]
    asked = ASKED[choice[-2]]
    past, plain = VERBS[verb]
    the_thing = [("the", ""), (COLOURS[colour], "colour"), (THINGS[thing], "thing")]
    to, where = [("to", ""), (PEOPLE[receiver], "receiver")], [("in", ""), ("the", ""), (PLACES[place], "place")]
    when = [("on", ""), (DAYS[day], "day")]
    did = [("did", ""), (PEOPLE[giver], "giver"), (plain, "verb")]
    match asked:
        case "giver":
            asking = [("who", "asked"), (past, "verb"), *the_thing, *to, *where]
        case "thing":
            asking = [("what", "asked"), *did, *to, *where, *when]
        case "colour":
            asking = [("which", "asked"), ("colour", "asked"), ("was", ""), ("the", ""), (THINGS[thing], "thing")]
        case "receiver":
            asking = [("who", "asked"), *did, *the_thing, ("to", ""), *where]
        case "place":
            asking = [("where", "asked"), *did, *the_thing, *to, *when]
        case _:
            asking = [("when", "asked"), *did, *the_thing, *to]
    return [*asking, ("?", "")]


def _example(choice: Choice) -> Example:
    words, places = _sentence(choice)
    places["asked"] = places[ASKED[choice[-2]]]
    question = _question(choice)
    flags = [int(i == places["asked"]) for i in range(len(words))]
    target = np.array([*(_TARGET_ID[word] for word, _ in question), END], np.int64)
    gold = np.array([*(places.get(part, UNALIGNED) for _, part in question), UNALIGNED], np.int64)
    reference = " ".join(word for word, _ in question)
    return Example(_ids(words, flags), target, gold, (*words, _SOURCE[END]), len(words) + 1, reference=reference)


def _recognise(words: list[str], flags: list[int]) -> Choice | None:
    """The choice whose sentence and answer these are."""
    order = int(bool(words) and words[0] == "on")
    _, places = _sentence((0,) * (len(_SLOTS) + 1) + (order,))
    picks: list[int] = []
    parts = ("giver", "verb", "colour", "thing", "receiver", "place", "day")
    for part, slot in zip(parts, _SLOTS, strict=True):
        forms = [form[0] if part == "verb" else form for form in slot]
        if places[part] >= len(words) or words[places[part]] not in forms:
            return None
        picks.append(forms.index(words[places[part]]))
    asked = [part for part in ASKED if flags[places[part]]]
    if sum(flags) != 1 or not asked:
        return None
    choice = (*picks, ASKED.index(asked[0]), order)
    return choice if _sentence(choice)[0] == words else None


def _ids(words: list[str], flags: list[int]) -> IntArray:
    rows = [(_SOURCE_ID.get(word, UNKNOWN), flag) for word, flag in zip(words, flags, strict=True)]
    return np.array([*rows, (END, 0)], np.int64)
