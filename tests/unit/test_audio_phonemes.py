"""Pinyin to phonemes: a table that a person can check, and every syllable there is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PINYIN_DICT

from audio.phonemes import NUMBERS, numbers, phonemes
from audio.reading import read
from audio.reading_words import LETTERS
from audio.syllables import PAUSES, SOUNDS, Reading, Syllable, parsed, syllable

SYLLABLES = """
yi1 i→  wu3 u↓  yu2 y↗  yue4 ɥe↘  yuan2 ɥɛ↗n  yun2 y↗n  ye2 je↗  you3 jou↓
yan2 jɛ↗n  yong4 jʊ↘ŋ  wei4 wei↘  wen2 wə↗n  weng1 wə→ŋ  wo3 wo↓  bo1 pwo→  o1 ɔ→
er2 ɚ↗  ju1 ʨy→  jun1 ʨy→n  quan2 ʨʰɥɛ↗n  xue2 ɕɥe↗  jiu3 ʨjou↓  gui4 kwei↘  dun4 twə↘n
nv3 ny↓  lve4 lɥe↘  zi5 ʦɨ  zhi1 ꭧɨ→  ri4 ɻɨ↘  chuang1 ꭧʰwa→ŋ  yo5 jɔ
"""
READINGS = st.lists(
    st.builds(Syllable, st.sampled_from(SOUNDS), st.integers(1, 5), st.sampled_from(PAUSES)), min_size=1, max_size=20
).map(tuple)


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("请注意，三年级一班正在放学。", "ʨʰi↓ŋ ꭧu↘i↘, sa→nnjɛ↗nʨi↗ i→pa→n ꭧə↘ŋʦai↘ fa↘ŋɕɥe↗."),
        ("四班、十班", "sɨ↘pa→n, ʂɨ↗pa→n."),
        ("七班", "ʨʰi→pa→n."),
        ("初二（12）班", "ꭧʰu→ɚ↘, ʂɨ↗ɚ↘pa→n."),
        ("熊老师，女生绿灯", "ɕjʊ↗ŋ lau↓ʂɨ→, ny↓ʂə→ŋ ly↘tə→ŋ."),
        ("A班、W班", "ei→pa→n, ta↗puljou↘pa→n."),
    ],
)
def test_a_sentence_in_phonemes(text: str, spoken: str) -> None:
    assert phonemes(read(text)) == spoken


@pytest.mark.parametrize("line", SYLLABLES.strip().splitlines())
def test_syllables_in_phonemes(line: str) -> None:
    words = line.split()
    assert [phonemes(parsed(pinyin)) for pinyin in words[::2]] == [f"{spoken}." for spoken in words[1::2]]


def test_third_tones_that_meet_are_said_as_by_the_other_engine() -> None:
    assert phonemes(parsed("ni3hao3")) == "ni↗xau↓."
    assert phonemes(read("小学，五班")) == "ɕjau↓ɕɥe↗, u↓pa→n."


def test_no_two_syllables_sound_alike() -> None:
    """Class 4 is never class 10; but 咯 is said as 落 is."""
    every = {phonemes((Syllable(sound, tone),)) for sound in SOUNDS if sound != "lo" for tone in range(1, 6)}
    assert len(every) == 5 * (len(SOUNDS) - 1)


@settings(max_examples=200)
@given(READINGS)
def test_every_reading_is_within_the_model_s_vocabulary(reading: Reading) -> None:
    given_to_it = numbers(reading)
    assert given_to_it
    assert set(given_to_it) <= set(NUMBERS.values())
    assert given_to_it[-1] == NUMBERS["."]
    assert sum(sign in "→↗↓↘" for sign in phonemes(reading)) == sum(one.tone < 5 for one in reading)


def test_every_sign_that_pypinyin_knows_and_we_read_has_phonemes() -> None:
    signs = "".join(map(chr, PINYIN_DICT))
    spelled = {one[0] for one in (lazy_pinyin(sign, style=Style.TONE3, neutral_tone_with_five=True) for sign in signs)}
    readings = [(one,) for toned in sorted(spelled) if (one := syllable(toned)) is not None]
    assert len(readings) > 1200
    assert [reading for reading in readings if not numbers(reading)[:-1]] == []


def test_every_letter_has_phonemes() -> None:
    assert [letter for letter, pinyin in LETTERS.items() if len(numbers(parsed(pinyin))) < 3] == []


def test_numbers_are_those_of_the_vocabulary_and_no_sign_is_idle() -> None:
    assert (NUMBERS["."], NUMBERS["a"], NUMBERS["ŋ"], NUMBERS["→"], NUMBERS["↘"]) == (4, 43, 112, 171, 173)
    used = {sign for sound in SOUNDS for tone in range(1, 6) for sign in phonemes((Syllable(sound, tone, " "),))}
    assert used | set(" ,.") == set(NUMBERS)
    assert len(set(NUMBERS.values())) == len(NUMBERS)
