"""What each phone asks of a vocal tract: formants, bandwidths, voicing, noise bands, length, and how far it yields.

Values of an adult man of American English, as textbooks of acoustic phonetics give them (Klatt 1980; Stevens 1998),
from memory, rounded and adjusted by looking at spectrograms. Frequencies in Hz, lengths in milliseconds, levels linear.
"""

from __future__ import annotations

from dataclasses import dataclass

Band = tuple[float, float, float]  # centre, width (standard deviation) in Hz, level


@dataclass(frozen=True, slots=True)
class Target:
    """One phone's aims.

    f: F1, F2, F3. b: their bandwidths. to: formants at the end of a diphthong. ms: length when stressed, when not.
    voiced: level of the glottal source. noise: bands of frication or of the burst. hiss: level of the frication.
    nasal: how far the nasal zero is from its pole, 0 or 1. yields: how far F2 and F3 follow the neighbouring vowel.
    kind: vowel, glide, nasal, fricative, stop, affricate, breath.
    """

    kind: str
    f: tuple[float, float, float]
    b: tuple[float, float, float]
    ms: tuple[float, float]
    voiced: float = 0.0
    to: tuple[float, float, float] | None = None
    noise: tuple[Band, ...] = ()
    hiss: float = 0.0
    nasal: float = 0.0
    yields: float = 0.0


_B = (60.0, 90.0, 140.0)


def _vowel(
    f: tuple[float, float, float], ms: tuple[float, float], to: tuple[float, float, float] | None = None
) -> Target:
    return Target("vowel", f, _B, ms, 1.0, to)


_S = ((5600.0, 1100.0, 1.0), (7200.0, 900.0, 0.5))
_SH = ((2650.0, 450.0, 1.0), (3900.0, 900.0, 0.6), (5500.0, 1200.0, 0.25))
_F = ((1500.0, 900.0, 0.5), (4500.0, 2500.0, 0.6), (7300.0, 800.0, 0.6))
_TH = ((1600.0, 700.0, 0.35), (6200.0, 1500.0, 1.0))
_T = ((4200.0, 1000.0, 1.0), (6000.0, 1300.0, 0.8))
_P = ((700.0, 500.0, 1.0), (1800.0, 900.0, 0.35))
_K = ((2000.0, 280.0, 1.0), (4000.0, 700.0, 0.35))  # the first band follows F2

TARGETS: dict[str, Target] = {
    "iy": _vowel((275, 2280, 3000), (125, 85)),
    "ih": _vowel((410, 1950, 2560), (95, 62)),
    "eh": _vowel((560, 1800, 2500), (110, 80)),
    "ae": _vowel((690, 1680, 2430), (150, 95)),
    "aa": _vowel((740, 1120, 2450), (150, 100)),
    "ao": _vowel((590, 880, 2450), (145, 100)),
    "ah": _vowel((640, 1220, 2420), (105, 70)),
    "uh": _vowel((450, 1060, 2280), (95, 65)),
    "uw": _vowel((310, 950, 2240), (125, 85)),
    "er": _vowel((470, 1300, 1640), (130, 90)),
    "ax": _vowel((510, 1420, 2480), (60, 55)),
    "ay": _vowel((730, 1180, 2480), (190, 140), (370, 2080, 2620)),
    "aw": _vowel((730, 1300, 2480), (195, 145), (420, 900, 2300)),
    "oy": _vowel((550, 830, 2400), (205, 155), (370, 1980, 2550)),
    "ey": _vowel((500, 1880, 2520), (155, 110), (310, 2200, 2800)),
    "ow": _vowel((550, 1020, 2350), (155, 110), (380, 800, 2280)),
    "w": Target("glide", (290, 620, 2150), (55, 90, 110), (70, 65), 0.6, yields=0.1),
    "y": Target("glide", (265, 2200, 3020), (50, 160, 300), (65, 60), 0.6, yields=0.1),
    "r": Target("glide", (330, 1100, 1450), (70, 100, 120), (75, 65), 0.7, yields=0.15),
    "l": Target("glide", (350, 1050, 2850), (55, 110, 250), (75, 65), 0.65, yields=0.2),
    "m": Target("nasal", (300, 1050, 2150), (60, 240, 250), (80, 70), 0.55, nasal=1.0, yields=0.55),
    "n": Target("nasal", (310, 1550, 2500), (60, 280, 300), (75, 62), 0.55, nasal=1.0, yields=0.3),
    "ng": Target("nasal", (310, 2000, 2600), (60, 260, 300), (85, 75), 0.55, nasal=1.0, yields=0.7),
    "f": Target("fricative", (340, 1050, 2080), (200, 130, 160), (105, 95), 0, noise=_F, hiss=0.14, yields=0.55),
    "v": Target("fricative", (230, 1050, 2080), (70, 110, 140), (72, 62), 0.42, noise=_F, hiss=0.06, yields=0.55),
    "th": Target("fricative", (320, 1330, 2540), (200, 110, 200), (98, 88), 0, noise=_TH, hiss=0.11, yields=0.35),
    "dh": Target("fricative", (270, 1330, 2540), (70, 100, 180), (58, 50), 0.42, noise=_TH, hiss=0.025, yields=0.35),
    "s": Target("fricative", (320, 1450, 2550), (200, 100, 200), (115, 102), 0, noise=_S, hiss=0.5, yields=0.25),
    "z": Target("fricative", (240, 1450, 2550), (70, 90, 180), (88, 76), 0.36, noise=_S, hiss=0.26, yields=0.25),
    "sh": Target("fricative", (300, 1840, 2700), (200, 110, 300), (118, 105), 0, noise=_SH, hiss=0.5, yields=0.15),
    "zh": Target("fricative", (260, 1840, 2700), (70, 100, 280), (90, 80), 0.36, noise=_SH, hiss=0.26, yields=0.15),
    "hh": Target("breath", (500, 1450, 2480), (150, 130, 180), (72, 62), 0, yields=1.0),
    "p": Target("stop", (300, 950, 2150), (200, 150, 220), (100, 85), 0, noise=_P, hiss=0.35, yields=0.5),
    "t": Target("stop", (300, 1700, 2650), (200, 120, 250), (95, 80), 0, noise=_T, hiss=0.5, yields=0.25),
    "k": Target("stop", (300, 1950, 2500), (200, 160, 330), (100, 88), 0, noise=_K, hiss=0.5, yields=0.75),
    "b": Target("stop", (200, 950, 2150), (70, 120, 150), (82, 68), 0.16, noise=_P, hiss=0.22, yields=0.5),
    "d": Target("stop", (200, 1700, 2650), (70, 110, 180), (75, 60), 0.16, noise=_T, hiss=0.3, yields=0.25),
    "g": Target("stop", (200, 1950, 2500), (70, 150, 280), (82, 70), 0.16, noise=_K, hiss=0.3, yields=0.75),
    "ch": Target("affricate", (320, 1820, 2750), (200, 110, 300), (130, 115), 0, noise=_SH, hiss=0.5, yields=0.15),
    "jh": Target("affricate", (240, 1820, 2750), (70, 100, 280), (108, 92), 0.16, noise=_SH, hiss=0.32, yields=0.15),
}
REST = Target("pause", (500, 1450, 2480), _B, (0, 0), yields=1.0)

# Higher resonances that hardly move: frequency, bandwidth.
UPPER = ((3450.0, 220.0), (4350.0, 300.0), (5300.0, 420.0), (6300.0, 550.0), (7300.0, 700.0))
NASAL_POLE = (270.0, 100.0)
NASAL_ZERO = 460.0  # of a nasal; elsewhere the zero lies on the pole

STRONG_STOPS = frozenset({"p", "t", "k"})
VOICED_OBSTRUENTS = frozenset({"b", "d", "g", "jh", "v", "dh", "z", "zh"})
VOICELESS = frozenset({"p", "t", "k", "ch", "f", "th", "s", "sh", "hh"})
BURST_MS = {"p": 8.0, "b": 7.0, "t": 13.0, "d": 10.0, "k": 18.0, "g": 14.0}
BREATH_MS = {"p": 38.0, "t": 45.0, "k": 48.0}  # aspiration of a strong stop before a stressed vowel
PAUSE_MS = {"_": 120.0, ",": 210.0, ".": 240.0, "?": 240.0, "!": 240.0}
