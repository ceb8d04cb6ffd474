"""What is said and how it sounds: words, phones, the formant voice, espeak's events, the corpus (page, 2, 5, 8)."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from engine.data.obamanet_corpus import Corpus, CorpusSettings, missing_from, phrase_of
from engine.data.obamanet_espeak import Espeak, VoiceMissingError, from_ipa, resampled, speech_of
from engine.data.obamanet_formants import TARGETS
from engine.data.obamanet_numbers import cardinal, ordinal, spelled_numbers, year
from engine.data.obamanet_phones import (
    PHONES,
    SILENCE,
    SYMBOLS,
    bare,
    character_ids_of,
    ids_of,
    is_pause,
    sounds_of,
)
from engine.data.obamanet_spelling import phones_of
from engine.data.obamanet_text import MOST_PHONES, TextError, script_of, word_phones
from engine.data.obamanet_vocabulary import SENTENCES, WORDS
from engine.data.obamanet_voice import VoiceSettings, speak
from engine.data.obamanet_words import EXCEPTIONS, LETTERS

PHRASE = ("_", "dh", "ax", "b", "iy1", "s", "ao1", "aa1", "r", ".")


def said(text):
    return " ".join(" ".join(chunk.phones) for chunk in script_of(text).chunks)


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("making", "m ey1 k ih ng"),
        ("hopped", "hh aa1 p t"),
        ("hoped", "hh ow1 p t"),
        ("watches", "w aa1 ch ax z"),
        ("nation", "n ey1 sh ax n"),
        ("imagination", "ih m ae jh ih n ey1 sh ax n"),
        ("knife", "n ay1 f"),
        ("phone", "f ow1 n"),
        ("bright", "b r ay1 t"),
        ("cities", "s ih1 t iy z"),
        ("satisfy", "s ae1 t ih s f ay"),
        ("don't", "d ow1 n t"),
        ("world's", "w er1 l d z"),
    ],
)
def test_that_a_word_is_spelled_into_its_phones(word, phones):
    assert " ".join(phones_of(word)) == phones


def test_that_every_word_known_to_the_program_has_phones_of_the_alphabet():
    for word in (*EXCEPTIONS, *LETTERS, *WORDS):
        phones = word_phones(word)
        assert phones and 0 not in ids_of(phones), word
    assert all(bare(symbol) in TARGETS for symbol in SYMBOLS if symbol and not is_pause(symbol))
    assert sounds_of(["ow1", "ow", "_", "?"]) == [PHONES.index("ow")] * 2 + [SILENCE] * 2


def test_that_numbers_money_times_and_years_are_spoken():
    assert cardinal(1_250_013) == "one million two hundred fifty thousand thirteen"
    assert [ordinal(n) for n in (1, 12, 20, 23)] == ["first", "twelfth", "twentieth", "twenty third"]
    assert [year(n) for n in (1905, 1990, 1900, 2005)] == [
        "nineteen oh five", "nineteen ninety", "nineteen hundred", "two thousand five",
    ]  # fmt: skip
    spoken = " ".join(spelled_numbers("$3.50, -2.5, 10:05, 007, 1,250 and 3rd").split())
    assert spoken == (
        "three dollars and fifty cents , minus two point five , ten oh five , zero zero seven , "
        "one thousand two hundred fifty and third"
    )


def test_that_a_text_of_two_thousand_characters_becomes_chunks_of_at_most_eighty_phones():
    text = ("the quick brown fox, who knew nothing of theory, jumped over " * 40)[:2000]
    chunks = script_of(text).chunks
    assert len(chunks) > 10 and all(len(chunk.phones) <= MOST_PHONES for chunk in chunks)
    assert all(chunk.phones[0] == "_" and is_pause(chunk.phones[-1]) for chunk in chunks)
    for chunk in chunks:
        character_ids_of(chunk.text)
        assert [len(word) > 0 and begin < end <= len(chunk.phones) for word, begin, end in chunk.words]
    assert sum(len(chunk.words) for chunk in chunks) == len(text.split())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the text is empty"),
        (" \n ", "the text is empty"),
        ("?!... --", "only punctuation"),
        ("Привет, мир", "cannot read Cyrillic"),
        ("你好", "cannot read Cjk"),
    ],
)
def test_that_a_text_without_anything_to_say_is_refused_with_its_reason(text, sentence):
    with pytest.raises(TextError, match=sentence):
        script_of(text)


def test_that_what_cannot_be_said_is_left_out_and_named():
    script = script_of("Привет hello 🙂")
    assert (
        script.chunks[0].text == "hello."
        and "6 letters of another script" in script.notes[0]
        and len(script.notes) == 2
    )
    script = script_of("aaaaaaaa")
    assert script.chunks[0].text == "aa." and len(script.chunks[0].phones) == 4 and "repeated" in script.notes[0]
    assert len(script_of("x" * 500).chunks) == 1 and "jh iy1 p iy1 y uw1" in said("the GPU ran")
    assert all(len(chunk.phones) <= MOST_PHONES for chunk in script_of("bcdfghjk" * 60).chunks)


def test_that_the_last_sign_tells_the_melody():
    assert [said(t)[-1] for t in ("Go home", "Go home?", "Go home!", "Go, home...")] == [".", "?", "!", "."]
    assert "dh iy ae1" in said("the apple") and "dh ax k" in said("the cat")


def test_that_a_spoken_phrase_repeats_and_its_phones_fill_it():
    """Page, section 7: durations positive, ordered, their sum the sound, within 1 ms (here exact)."""
    one, other = speak(PHRASE), speak(PHRASE)
    assert np.array_equal(one.audio, other.audio) and one.audio.dtype == np.float32
    assert np.all(np.diff(one.starts) > 0) and one.starts[0] == 0 and one.starts[-1] == len(one.audio)
    assert len(one.starts) == len(PHRASE) + 1 and np.abs(one.audio).max() < 0.98 and np.isfinite(one.audio).all()
    assert len(one.labels()) == one.frames
    middles = (one.starts[:-1] + one.starts[1:]) // 2 // 160
    assert one.labels()[middles].tolist() == sounds_of(PHRASE)


def spectrum_of(speech, place):
    """Mean magnitudes of the middle half of a phone, 31.25 Hz a bin."""
    begin, end = speech.starts[place], speech.starts[place + 1]
    piece = speech.audio[begin + (end - begin) // 4 : end - (end - begin) // 4]
    return np.abs(np.fft.rfft(piece * np.hanning(len(piece)), 512))


def test_that_vowels_have_their_formants_and_sibilants_their_band():
    speech = speak(PHRASE)
    hz = np.arange(257) * 31.25

    def peak(place, low, high):
        inside = (hz >= low) & (hz <= high)
        return hz[inside][spectrum_of(speech, place)[inside].argmax()]

    assert peak(PHRASE.index("iy1"), 1500, 3000) > 2000 > 1300 > peak(PHRASE.index("ao1"), 600, 1800)
    assert peak(PHRASE.index("aa1"), 200, 2000) > 500 > peak(PHRASE.index("iy1"), 150, 2000)
    s = spectrum_of(speech, PHRASE.index("s"))
    assert s[hz > 4000].sum() > 5 * s[hz < 2000].sum()
    pause = speech.audio[: int(speech.starts[1]) - 400]
    assert np.abs(pause).max() < 0.01 * np.abs(speech.audio).max()


def pitch_of(piece):
    """Hz, from the highest autocorrelation between 60 and 200 Hz of what is below some 250 Hz."""
    piece = np.convolve(np.convolve(piece, np.ones(60)), np.ones(60))
    r = np.correlate(piece, piece, "full")[len(piece) - 1 :]
    return 16000 / (80 + r[80:267].argmax())


def test_that_pitch_rate_and_questions_are_heard():
    vowel = ("_", "aa1", "aa1", "aa1", ".")

    def middle(settings, phones=vowel, place=2):
        speech = speak(phones, settings)
        return pitch_of(speech.audio[speech.starts[place] : speech.starts[place + 1]])

    assert 1.7 < middle(VoiceSettings(pitch=70)) / middle(VoiceSettings(pitch=20)) < 2.3
    assert middle(VoiceSettings(), (*vowel[:-1], "?"), 3) > 1.25 * middle(VoiceSettings(), vowel, 3)
    slow, fast = (len(speak(PHRASE, VoiceSettings(rate=rate)).audio) for rate in (100, 200))
    assert 1.7 < slow / fast < 2.1
    with pytest.raises(ValueError, match="pitch 120"):
        VoiceSettings(pitch=120)
    with pytest.raises(ValueError, match="only pauses"):
        speak(("_", "."))


def test_that_espeaks_names_become_phones_and_its_events_timings():
    assert from_ipa("ˈɜː") == ("er1",) and from_ipa("əl") == ("ax", "l") and from_ipa("ˈɔːɹ") == ("ao1", "r")
    assert from_ipa("tʃ") == ("ch",) and from_ipa("") == () and from_ipa("ˈə") == ("ax",)
    pcm = np.zeros(22_050, np.int16)
    events = [("h", 0), ("ˈaɪɚ", 2205), ("", 11025), ("", 12000)]
    speech = speech_of(pcm, events, "higher?")
    assert speech.phones == ("_", "hh", "ay1", "er", "?") and len(speech.audio) == 16_000
    assert abs(int(speech.starts[2]) - 1600) <= 1 and abs(int(speech.starts[4]) - 8000) <= 1


def test_that_resampling_keeps_a_tone():
    t = np.arange(22_050) / 22_050
    tone = np.sin(2 * np.pi * 1000 * t).astype(np.float32)
    found = resampled(tone)
    wanted = np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000)
    assert np.abs(found - wanted)[100:-100].max() < 2e-3


def test_that_a_missing_espeak_is_said_in_a_sentence(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(VoiceMissingError, match=r"not installed .*\[voice\].*formant voice speaks instead"):
        Espeak()


def test_that_espeak_speaks_with_timings():
    if importlib.util.find_spec("espeakng_loader") is None:
        pytest.skip("the extra [voice]")
    with Espeak() as voice:
        speech = voice.say("The yellow puppet speaks.")
    assert np.abs(speech.audio).max() > 0.1 and speech.phones[-1] == "." and "p" in speech.phones


def test_that_a_phrase_depends_on_its_number_alone_and_survives_the_disk(tmp_path):
    settings = CorpusSettings(seed=3)
    first = Corpus(settings, tmp_path, 4)
    phrases = [first.phrase(i) for i in (2, 3)]
    again = Corpus(settings, tmp_path, 4)  # reads what the other wrote
    for one, i in zip(phrases, (2, 3), strict=True):
        other = again.phrase(i)
        assert other.phones == one.phones == phrase_of(settings, i)[1] and np.array_equal(other.starts, one.starts)
        assert np.abs(other.audio - one.audio).max() <= 1 / 32767
    (file,) = list(first.folder.glob("*.npz"))
    file.write_bytes(file.read_bytes()[:1000])
    assert Corpus(settings, tmp_path, 4).phrase(2).phones == phrases[0].phones


def test_that_random_phrases_have_every_symbol_and_those_with_text_can_be_read_as_letters():
    assert missing_from(CorpusSettings(), 400) == []
    texts = [phrase_of(CorpusSettings(made_up=0.0), i)[0] for i in range(50)]
    assert all(character_ids_of(text) for text in texts)
    few = {w for i in range(200) for w in phrase_of(CorpusSettings(made_up=0.0, few_words=True), i)[0].split()}
    assert len(few) < 700 and len(SENTENCES) == 50 and len(WORDS) > 2000
