"""Spoken Mandarin as data: syllables with tones and pauses, what every engine is given. PURE.

A reading has the tones of a dictionary, 一 and 不 as they are said. Third tones that meet are changed by `said`, once,
for every engine.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from config.errors import BadInputError

Pause = Literal["", " ", ",", "."]
"""After a syllable: none (inside a word), the end of a word, a short pause, the end of a sentence."""
PAUSES: tuple[Pause, ...] = ("", " ", ",", ".")


@dataclass(frozen=True, slots=True)
class Syllable:
    """`sound`: pinyin without a tone, ü as v. `tone`: 1 to 4, 5 for the neutral one."""

    sound: str
    tone: int
    pause: Pause = ""


Reading: TypeAlias = tuple[Syllable, ...]

# Every syllable of Mandarin that a school may meet: the initial, then its finals. y and w stand for an initial i and u.
_TABLE = """
-  a o e ai ei ao ou an en ang eng er
b  a o ai ei ao an en ang eng i ie iao ian in ing u
p  a o ai ei ao ou an en ang eng i ie iao ian in ing u
m  a o e ai ei ao ou an en ang eng i ie iao iu ian in ing u
f  a o ei ou an en ang eng u
d  a e ai ei ao ou an en ang eng ong i ia ie iao iu ian ing u uo ui uan un
t  a e ai ao ou an ang eng ong i ie iao ian ing u uo ui uan un
n  a e ai ei ao ou an en ang eng ong i ie iao iu ian in iang ing u uo uan v ve
l  a o e ai ei ao ou an ang eng ong i ia ie iao iu ian in iang ing u uo uan un v ve
g  a e ai ei ao ou an en ang eng ong u ua uo uai ui uan un uang
k  a e ai ei ao ou an en ang eng ong u ua uo uai ui uan un uang
h  a e ai ei ao ou an en ang eng ong u ua uo uai ui uan un uang
j  i ia ie iao iu ian in iang ing iong u ue uan un
q  i ia ie iao iu ian in iang ing iong u ue uan un
x  i ia ie iao iu ian in iang ing iong u ue uan un
zh a e ai ei ao ou an en ang eng ong i u ua uo uai ui uan un uang
ch a e ai ao ou an en ang eng ong i u ua uo uai ui uan un uang
sh a e ai ei ao ou an en ang eng i u ua uo uai ui uan un uang
r  e ao ou an en ang eng ong i u ua uo ui uan un
z  a e ai ei ao ou an en ang eng ong i u uo ui uan un
c  a e ai ao ou an en ang eng ong i u uo ui uan un
s  a e ai ao ou an en ang eng ong i u uo ui uan un
y  a o e ai ao ou an ang ong i in ing u ue uan un
w  a o ai ei an en ang eng u
"""
SOUNDS: tuple[str, ...] = tuple(
    initial.strip("-") + final
    for initial, *finals in (line.split() for line in _TABLE.strip().splitlines())
    for final in finals
)
_KNOWN = frozenset(SOUNDS)
_MARKS = {"\u0304": 1, "\u0301": 2, "\u030c": 3, "\u0300": 4}
"""Macron, acute, caron, grave: the tones as they are written over a vowel."""
_NOTHING = Syllable("", 0)
_WRITTEN = re.compile(r"([a-z]+)([1-5])")


def syllable(toned: str) -> Syllable | None:
    """A syllable of what is written "ban1"; None when Mandarin has none such."""
    found = _WRITTEN.fullmatch(toned)
    return Syllable(found[1], int(found[2])) if found and found[1] in _KNOWN else None


def parsed(pinyin: str) -> Reading:
    """A word's reading as a person writes it: "chí píng", "chi2 ping2" or "chi2ping2". Raises BadInputError."""
    plain = "".join(map(_numbered, re.split(r"[\s']+", pinyin.strip().lower())))
    made = [syllable(one) for one in re.findall(r"[^1-5]*[1-5]|[^1-5]+", plain)]
    whole = tuple(one for one in made if one is not None)
    if not whole or len(whole) != len(made):
        message = f"“{pinyin}”不是拼音。请逐个音节写，用空格隔开，例如 chí píng 或 chi2 ping2（轻声写 5）。"
        raise BadInputError(message)
    return whole


def _numbered(written: str) -> str:
    """As "ping2" what is written "píng"; what has a number keeps it; a syllable without a mark is neutral."""
    signs = unicodedata.normalize("NFD", written.replace("u:", "v"))
    tones = [str(_MARKS[sign]) for sign in signs if sign in _MARKS]
    plain = "".join(sign for sign in signs if sign not in _MARKS).replace("u\u0308", "v")
    if plain[-1:].isdigit():
        return written if tones else plain  # in one way or the other
    return plain + ("".join(tones) or "5")


def toned(reading: Reading) -> str:
    """As engines and keys take it: "qing3 zhu4yi4, san1nian2ji2 yi1ban1" and so on."""
    return "".join(f"{one.sound}{one.tone}{_gap(one.pause)}" for one in reading).rstrip()


def marked(reading: Reading) -> str:
    """As people write it: "qǐng zhùyì, sānniánjí yībān." and so on."""
    written = ""
    for one in reading:
        # Inside a word a vowel at the start needs the apostrophe: dōng'ē.
        part = written[-1:].isalpha() and one.sound[0] in "aoe"
        written += ("'" if part else "") + _mark(one) + _gap(one.pause)
    return written.rstrip()


def _gap(pause: Pause) -> str:
    return pause + " " if pause in {",", "."} else pause


def _mark(one: Syllable) -> str:
    """a and e take the mark, the o of ou, else the last vowel."""
    sound = one.sound.replace("v", "ü")
    at = max(sound.find("a"), sound.find("e"), sound.find("ou"))
    if at < 0:
        at = max(n for n, sign in enumerate(sound) if sign in "iouü")
    mark = {tone: sign for sign, tone in _MARKS.items()}.get(one.tone, "")
    return unicodedata.normalize("NFC", sound[: at + 1] + mark + sound[at + 1 :])


def said(reading: Reading) -> Reading:
    """The tones as they are spoken: a third before another, without a pause between them, is a second (nǐ hǎo)."""
    return tuple(
        replace(one, tone=2) if one.pause in {"", " "} and (one.tone, after.tone) == (3, 3) else one
        for one, after in zip(reading, (*reading[1:], _NOTHING), strict=True)
    )
