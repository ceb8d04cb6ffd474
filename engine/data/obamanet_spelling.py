"""From an English word's letters to its phones: an ordered list of spelling rules, affixes, and where stress falls.

Rules written for this project; no dictionary of others stands behind them. A rule is `left[letters]right phones`: at
each place of the word the first rule whose letters stand there, with the left pattern before and the right one after,
says the phones and moves on. In the patterns V is a vowel letter, C a consonant letter, `^` the word's start, `$` its
end, Z the end also before the endings -s, -ed, -ing are put back. What rules cannot know stands in `obamanet_words`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from engine.data.obamanet_phones import VOWELS, bare
from engine.data.obamanet_words import EXCEPTIONS, WEAK

_RULES = """
[augh]t ao / [augh] ae f / [aigh]t ey / [aigh] ey / [air] eh r / [ai] ey / [alk] ao k / [al]m aa / [all]Z ao l
[alt] ao l t / [ald] ao l d / ^[al]so ao l / ^[al](ways|most|ready|though|ter) ao l / [au] ao / [aw] ao / [ay] ey
[arr]V ae r / w[ar] ao r / [are]$ eh r / [ari]V eh r iy / [ar]V eh r / [ar] aa r / qu[a]l aa
w[a](s|t|n|l|sh|tch) aa / ^[a]$ ax / [a]CeZ ey / [ange] ey n jh / [aste]Z ey s t / [a]C(ing|er|ed|or|y)$ ey
[a]ti(on|al|ent) ey / [a]CiV ey / [a]bleZ ax / [able]$ ax b ax l / [ah] aa / [ae] iy / ^[a]w(a|o) ax / ^[a]Cr ae
[age]Z ih jh / [ace]Z ey s / [ask] ae s k / ^[a](b|c|d|g|l|m|r|w)(o|r|e|i|a|u) ax / [a]$ ax / [a] ae
[bb] b / [b]tZ / m[b]Z / [b] b
[cch] k / [cc](e|i|y) k s / [cc] k / [ck] k / [chr] k r / [che]m k eh / [ch]aos k / [ch](oir|oru|ord) k
[cia]l sh ax / [cia]n sh ax / [cie]n sh ax / [cious] sh ax s / [ch] ch / [ce]an sh / s[c](e|i|y) / [c](e|i|y) s
[cq] k / [c] k
[ddg] jh / [dg](e|i|y) jh / [dge]$ jh / [dd] d / [dure]$ jh er / [du]a jh uw / [d] d
[eau] ow / [eer] ih r / [ear](n|l|th|ch) er / [ear]t aa r / [ear] ih r / [ea](d|th|lth|sure|ven|vy|nt|pon)Z eh
[ea] iy / [eigh] ey / c[ei] iy / [ei] iy / [ee] iy / [err]V eh r / [ere]$ ih r / [er]i ih r / [er]V eh r / [er] er
[eur] er / [eu] y uw / (r|l|j|ch)[ew] uw / [ew] y uw / [ey]$ iy / [ey] ey / [ex]V eh g z / [e]CeZ iy
^[e]v(en|il) iy / C[e]$ / V[e]$ / ^[e](m|v|r|x|qu|s)(V|r) ih / ^(b|d|r|pr)[e]C(V|r|l) ih / (C)[e]s$ / [e]lyZ
[e]mentZ / [e]fulZ / [e]lessZ / [e]o iy / [e]a iy / [e]u iy / ^C[e]$ iy / [e] eh
[fy]$ f ay / [ff] f / [f] f
[gg](er|est) g / [gg] g / ^[gn] n / [gn]Z n / [ght] t / ^[gh] g / [gh] / [gu](e|i|y) g / [gue]$ g
^[g](et|i[vfr]) g / n[g](er|le)$ g / [g](e|i|y) jh / [g] g
^[hour] aw er / ^[hon](o|e) aa n / [h](V) hh / [h]
[ier]$ iy er / [ieth]Z iy ax th / [ied]$ ay d / [ies]$ ay z / ^C[ie]$ ay / [ie](f|ld|ge|ve|ce) iy / [ie]n ay ax
[ie] iy / [igh] ay / [ign]Z ay n / [ild]Z ay l d / [ind]Z ay n d / [ique]$ iy k / [ine]$ ay n / [ire] ay er
[irr] ih r / [iri] ih r / [ir]V ay r / [ir] er / [io]us iy ax / [i]on$ y ax / t[i]on / [i]CeZ ay
^C[i](C)(er|ed|ing)$ ay / [i]o ay ax / [ia]$ iy ax / [ia] ay ax / [i]um iy / ^b[i](o|n[ao]) ay / [is]m$ ih z ax
[i]$ iy / ^[i]$ ay / [i] ih
[j] jh
^[kn] n / [kk] k / [k] k
a[l]f / a[l]ve / ou[l]d / [ll] l / C[le]$ ax l / C[le]s$ ax l / [l] l
^[mn] n / [mm] m
m[n]Z
[m] m
[nn] n / [ng]ue ng g / [ng]Z ng / [nge] n jh / [ng](th|st|h) ng / [ng](l|r|a|o|u) ng g / [nk] ng k / [nx] ng k s
[nc](t) ng k / [n] n
[oar] ao r / [oa] ow / [oe]Z ow / [oi] oy / [oor] ao r / [ook] uh k / [ood]$ uh d / [oo] uw / [orr] ao r
w[or](d|k|l|m|s|t) er / [ore]$ ao r / [or]$ er / [ors]$ er z / [or] ao r / [ought] ao t / [ough]t ao / [ough]$ ow
[oub]t aw / [ould] uh d / [oul] ow l / [oup] uw p / [outh]$ aw th / [our]$ ao r / [our]n er / [our](i|a) er
[our] ao r / [ous]$ ax s / [ou] aw / [ow](n|l|d|er|el)Z aw / ^(C|Cl|br|h|all|v|n)[ow]$ aw / [ow] ow / [oy] oy
[old] ow l d / [oll]Z ow l / [olk] ow k / [ost]Z ow s t / [o]CeZ ow / [o]C(ing|er|ed)$ ow / [o]CiV ow / ^[o]$ ow
^[o](p|v)(e) ow / [o]$ ow / ^C[o]Cy$ ow / ^(C|CC)[o]C(al|us|en|a|o)$ ow / m[o](nth|ther|ney|nd) ah / s[o]me ah
c[o]me ah / l[o]ve ah / [o]ve[rn]$ ow / [on]$ ax n / [o] aa
[ph] f / ^[pn] n / ^[ps] s / [pp] p / [p]t p / [p] p
[qu]e$ k / [qu] k w
^[rh] r / [rr] r / [r] r
[sch] s k / [sci] s ay / [ssion] sh ax n / (V)[sion] zh ax n / [sion] sh ax n / (ea|lei|plea)[sure]$ zh er
[ssure]$ sh er / [shion] sh ax n / [sh] sh / [ss] s / [sure]$ zh er / [sual] zh uw ax l / (V)[se]$ z / [st]le s
[st]en$ s / V[s]V z / V[sm]$ z ax m / (ou|u|i|a)[s]$ s / [s]$ s / [s] s
[tch] ch / [tion] sh ax n / [tia]l sh ax / [tie]nt sh ax / [tious] sh ax s / [tt] t / [ture]$ ch er
[tures]$ ch er z / [tu]a ch uw / [tu]ral ch er / [tu]re ch er / (V)[th]e$ dh / (V)[th]er dh / (V)[th]ing dh
[thm]$ dh ax m / [th] th / [t] t
[ui](s|t)e uw / (fr|br|j|s)[ui] uw / [ui]l ih / [uy] ay / [ue]$ uw / [urr] er / [ure]$ y er / [ur]V uh r / [ur] er
(r|l|j|ch|sh|s)[u]CeZ uw / (r|l|j|ch|s)[u](C)(V) uw / ^[u]n(C) ah / ^[u](C)(V) y uw / [u]CeZ y uw
[u]C(al|y|er|ed|ing|or|ent|ous)$ y uw / [u]CiV y uw / [u]C(V) y uw / p[u](t|ll|sh)Z uh / (f|b)[u](ll|sh) uh
[u]e uw / [u]a uw / [u]i uw / [u]ous y uw / [u]$ uw / [u] ah
[vv] v / [v] v
^[wr] r / ^[wh]o hh / [wh] w / [w]V w / [w]
[xc](e|i) k s / ^[x] z / [x]i(ous|on) k sh / [x] k s
^[y]V y / ^C[y]$ ay / ^CC[y]$ ay / [y]CeZ ay / [yr]V ay r / [y]$ iy
C[y]C(C|$|i|o|m) ih / [y] ay
[zz] z / [z] z
"""
_V, _C = "[aeiouy]", "[bcdfghjklmnpqrstvwxz]"
# One end of a word: bare, or before the endings that are taken off and put back.
_END = "(?:$)"

_Rule = tuple[re.Pattern[str], str, re.Pattern[str], tuple[str, ...]]


def _parsed() -> dict[str, list[_Rule]]:
    rules: dict[str, list[_Rule]] = {}
    for line in re.split(r" / |\n", _RULES):
        if not line.strip():
            continue
        found = re.fullmatch(r"([^\s\[]*)\[(\w+)\](\S*)((?: \w+)*)", line.strip())
        if found is None:
            raise ValueError(f"{line!r} is no spelling rule")
        left, letters, right, phones = found.groups()
        before, after = (p.replace("C", _C).replace("V", _V).replace("Z", _END) for p in (left, right))
        rule = (re.compile(f"(?:{before})$"), letters, re.compile(after), tuple(phones.split()))
        rules.setdefault(letters[0], []).append(rule)
    return rules


_BY_LETTER = _parsed()
_VOICELESS = {"p", "t", "k", "f", "th"}
_SIBILANTS = {"s", "z", "sh", "zh", "ch", "jh"}
_REDUCED = {"ae": "ax", "aa": "ax", "ah": "ax", "eh": "ax", "ao": "ao", "ow": "ow", "uh": "ax"}
_BEFORE_STRESS = re.compile(
    r"(?:tion|sion|cian|cial|tial|cious|tious|ic|ics|ical|ically|ity|ety|ian|ial|ious|eous|ify|ogy|aphy|graphy|itive|ible)"
    r"(?:s|ly)?$"
)
_ON_LAST = re.compile(r"(?:ee|eer|ese|ette|oon|ique|ain|ade|aire)$")
_LIGHT_PREFIX = re.compile(
    r"(?:a(?=[bcdglmrw][^aeiouy]?[aeiou])|be|de|re|pre|pro|con|com|dis|ex|en|em|in|im|un|mis|sur|per|for|to|ob|sub)"
)
_LIGHT_ENDING = re.compile(
    r"(?:ing|ed|er|or|ers|ors|ly|y|en|le|el|al|et|ish|ness|less|ful|age|ment|ow|ey|on|an|ar|us|um|ant|ent|ance|ence|ic|id|it|in|a|o)$"
)


@lru_cache(maxsize=8192)
def phones_of(word: str) -> tuple[str, ...]:
    """The phones of one lower-case word of letters and apostrophes, stress marked: its entry, else by rules."""
    if word in EXCEPTIONS:
        return EXCEPTIONS[word]
    plain = word.replace("'", "")
    if word.endswith("n't") and len(word) > 3:
        return _joined(word[:-3], ("ax", "n", "t"))
    for ending, sound in (("'ll", ("ax", "l")), ("'re", ("er",)), ("'ve", ("v",)), ("'d", ("d",)), ("'m", ("m",))):
        if word.endswith(ending) and len(word) > len(ending):
            return _joined(word[: -len(ending)], sound)
    if word.endswith(("'s", "s'")) and len(word) > 2:
        return _plural(phones_of(word[:-2]))
    return _with_affix(plain) or _stressed(plain, _spelled(plain))


def _joined(stem: str, sound: tuple[str, ...]) -> tuple[str, ...]:
    return (*phones_of(stem), *sound)


def _plural(phones: tuple[str, ...]) -> tuple[str, ...]:
    last = bare(phones[-1]) if phones else "z"
    return (*phones, "ax", "z") if last in _SIBILANTS else (*phones, "s" if last in _VOICELESS else "z")


def _past(phones: tuple[str, ...]) -> tuple[str, ...]:
    last = bare(phones[-1])
    if last in ("t", "d"):
        return (*phones, "ax", "d")
    return (*phones, "t" if last in _VOICELESS | {"s", "sh", "ch"} else "d")


def _with_affix(word: str) -> tuple[str, ...] | None:
    """A word as its stem and an ending that leaves the stem as it is; None when it has no such ending."""
    n = len(word)
    if n > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "ous")):
        if word.endswith("ies") and n > 4:
            return _plural(phones_of(word[:-3] + "y"))
        if word.endswith(("ches", "shes", "sses", "xes", "zzes", "oes")):
            return _plural(phones_of(word[:-2]))
        return _plural(phones_of(word[:-1]))
    if n > 4 and word.endswith("ied"):
        return _past(phones_of(word[:-3] + "y"))
    if n > 3 and word.endswith("ed") and not word.endswith("eed") and (stem := _stem(word[:-2])):
        return _past(phones_of(stem))
    if n > 4 and word.endswith("ing") and (stem := _stem(word[:-3])):
        return (*phones_of(stem), "ih", "ng")
    for ending, sound in _WHOLE_ENDINGS:
        if n > len(ending) + 2 and word.endswith(ending):
            stem = word[: -len(ending)]
            if ending == "ly" and stem.endswith("i"):
                stem = stem[:-1] + "y"
            if ending == "ly" and stem.endswith("b"):
                return (*phones_of(word[:-1] + "e")[:-2], "l", "iy")  # probably: the stem's own -le
            if re.search(_V, stem):
                said = phones_of(stem)
                return (*(said[:-1] if said[-1] == sound[0] else said), *sound)
    return None


_WHOLE_ENDINGS = (
    ("ness", ("n", "ax", "s")),
    ("less", ("l", "ax", "s")),
    ("ment", ("m", "ax", "n", "t")),
    ("ful", ("f", "ax", "l")),
    ("ship", ("sh", "ih", "p")),
    ("ly", ("l", "iy")),
)
_KEPT_DOUBLE = ("ll", "ss", "ff", "zz")
_NEEDS_E = re.compile(
    r"(?:[^aeiou][aeiouy][bcdgklmnptvz]|[aeiou][sv]|[cv]|[^n]g|ng(?<=[aeiou]ng)(?<!ing)(?<!ong)|rs|ns|dg|st(?<=ast)|[bdgkptfz]l|u|iz|at|ur)$"
)


def _stem(left: str) -> str:
    """The word from which -ed or -ing was taken: with its e again, or its single consonant; "" when there is none."""
    if not re.search(_V, left) or len(left) < 2:
        return ""
    if left in EXCEPTIONS:
        return left
    if left + "e" in EXCEPTIONS:
        return left + "e"
    if re.search(r"([bdgmnprt])\1$", left):
        return left[:-1]
    if left.endswith(_KEPT_DOUBLE) or re.search(r"[aeiou][aeiou][dtnlrmpk]$|[wxyh]$", left):
        return left
    # One vowel and one consonant: hop-ing was hope; visit-ing keeps its light last syllable.
    syllables = len(re.findall(f"{_V}+", left))
    if re.search(_NEEDS_E, left) and not (
        syllables > 1 and re.search(r"(?:[aeiou][^aeiou]?(?:it|et|en|er|on|op|el|al|ow|ish|om))$", left)
    ):
        return left + "e"
    return left


def _spelled(word: str) -> list[str]:
    """The rules alone, without stress."""
    phones: list[str] = []
    place = 0
    while place < len(word):
        for left, letters, right, said in _BY_LETTER.get(word[place], ()):
            end = place + len(letters)
            if word.startswith(letters, place) and right.match(word, end) and left.search(word, 0, place):
                phones += said
                place = end
                break
        else:
            place += 1
    return phones


def _stressed(word: str, phones: list[str]) -> tuple[str, ...]:
    """Marks one vowel as stressed and lets short ones elsewhere fall to the schwa."""
    places = [i for i, phone in enumerate(phones) if phone in VOWELS]
    full = [i for i in places if phones[i] != "ax"]
    if not full:
        return tuple("ah1" if i in places[:1] else phone for i, phone in enumerate(phones))
    stressed = _which(word, places, phones)
    said = []
    for i, phone in enumerate(phones):
        if i == stressed:
            said.append(("ah" if phone == "ax" else phone) + "1")
        elif phone in _REDUCED and len(places) > 1 and (i > stressed or i == places[0] == stressed - 2):
            said.append(_REDUCED[phone])
        else:
            said.append(phone)
    return tuple(_merged(said))


def _merged(phones: list[str]) -> list[str]:
    """A schwa before r is one sound with it."""
    said: list[str] = []
    for phone in phones:
        if phone == "r" and said and said[-1] == "ax":
            said[-1] = "er"
        else:
            said.append(phone)
    return said


def _which(word: str, places: list[int], phones: list[str]) -> int:
    """The place of the stressed vowel."""
    n = len(places)
    if n == 1:
        return places[0]
    if _BEFORE_STRESS.search(word):
        tail = 3 if re.search(r"(?:ity|ety|ify|ogy|aphy|ical|ian|ial|ious|eous|itive|ible)(?:s|ly)?$", word) else 2
        if re.search(r"(?:cian|cial|tial|cious|tious)(?:s|ly)?$", word):
            tail = 2
        tail += word.endswith("ly") and not word.endswith("aly")
        return places[max(0, n - tail)]
    if _ON_LAST.search(word):
        return places[-1]
    start = 1 if _LIGHT_PREFIX.match(word) and not (n == 2 and _LIGHT_ENDING.search(word)) else 0
    if n > 3 and start == 0:
        start = n - 3
    if phones[places[start]] == "ax":  # a schwa cannot be stressed: its neighbour before, else the next one
        start = start - 1 if start and phones[places[start - 1]] != "ax" else start
        while start < n - 1 and phones[places[start]] == "ax":
            start += 1
    return places[start]


def is_weak(word: str) -> bool:
    """Whether a word is said without stress inside a sentence."""
    return word in WEAK
