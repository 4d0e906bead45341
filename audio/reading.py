"""Chinese text to toned pinyin for the speech engine. PURE: every sign is read, or the sentence is refused.

Words are glued ("san1nian2ji2 yi1ban1"), which is what the voice needs to stress them right. A sign left out in
silence could make one class of another, so what cannot be read is an error, never a gap.
Who alters a reading raises `READING` in `synthesizer_pyttsx3.py`: the clips are rendered anew.
"""

import re
import unicodedata

from pypinyin import Style, lazy_pinyin
from pypinyin.seg import mmseg

from config.errors import BadInputError

_DIGITS = "零一二三四五六七八九"
_UNITS = ("千", "百", "十", "")
_TONED = "ling2 yi1 er4 san1 si4 wu3 liu4 qi1 ba1 jiu3 ling2 shi2 bai3 qian1"
_NUMERALS = dict(zip(_DIGITS + "〇十百千", _TONED.split(), strict=True))
_WORDS = {
    "年级": "nian2ji2",
    "冠县": "guan4xian4",  # pypinyin: guan1
    "校长": "xiao4zhang3",  # pypinyin cuts 小学校|长
    "家长": "jia1zhang3",
    "注意": "zhu4yi4",  # these two it reads right, but as single syllables
    "放学": "fang4xue2",
}
_PAUSES = {**dict.fromkeys(",、:", ","), **dict.fromkeys("。.!?;\n", ".")}
_SILENT = frozenset(" \t\"'()[]《》〈〉「」『』【】“”‘’·-—~…")
"""Signs that part words and have no sound."""

_YEAR = re.compile(r"(?:\d{4}|\d{2})(?=[级届])|\d{4}(?=年)")
_BRACKETED = re.compile(r"(?<=[\d一二三四五六七八九级])[(\[](\d{1,2})[)\]](?=班)")
_NUMBER = re.compile(r"\d+")
_N = f"[{''.join(_NUMERALS)}]+"
_ORDINAL = rf"[初高][一二三](?={_N}班)|[第初高]?{_N}(?:年级|[班级届号组队楼区]|中(?![午间]))|[第初高]{_N}"
"""A number that is a name, not a count: 一 keeps its first tone there (pypinyin says yi4nian2ji2)."""
_OWN = re.compile(rf"({_ORDINAL}|{'|'.join(_WORDS)}|[{re.escape(''.join(_PAUSES))}])")
_SYLLABLE = re.compile(r"(?=[a-z]*[aeiouv])[a-z]+[1-5]")


def pinyin(text: str) -> str:
    """The reading of `text`, as "qing3 zhu4yi4, san1nian2ji2 yi1ban1". Raises BadInputError naming what has none."""
    words, signs = _read(text)
    if signs:
        message = f"“{text}”里有读不出的字符：{'、'.join(map(_shown, signs))}。请改用汉字或数字。"
        raise BadInputError(message)
    if not any(word[-1].isdigit() for word in words):
        message = f"“{text}”里没有可以读的字。"
        raise BadInputError(message)
    return " ".join(words).replace(" ,", ",").replace(" .", ".")


def unreadable(text: str) -> tuple[str, ...]:
    """The signs of `text` that have no reading, each once, in order; empty when it can be spoken."""
    return tuple(dict.fromkeys(_read(text)[1]))


def _read(text: str) -> tuple[list[str], list[str]]:
    """Words in pinyin with pauses between them, and the signs without a reading."""
    words: list[str] = []
    signs: list[str] = []
    for position, piece in enumerate(_OWN.split(_with_numbers_in_words(unicodedata.normalize("NFKC", text)))):
        if piece in _PAUSES:
            if words and words[-1][-1].isdigit():  # one pause between two words is enough
                words.append(_PAUSES[piece])
        elif piece in _WORDS:
            words.append(_WORDS[piece])
        elif position % 2:
            words.append("".join(_plain(piece)))
        else:
            for word in mmseg.seg.cut(piece):
                _read_word(word, words, signs)
    return words, signs


def _read_word(word: str, words: list[str], signs: list[str]) -> None:
    """One word as pypinyin reads it; a mixed one ("A班") sign by sign."""
    if word and all(_is_han(sign) for sign in word):
        syllables = lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True)
        if len(syllables) == len(word) and all(map(_SYLLABLE.fullmatch, syllables)):
            words.append("".join(syllables))
        else:
            signs.extend(word)
    elif len(word) > 1:
        for sign in word:
            _read_word(sign, words, signs)
    elif word and word not in _SILENT:
        signs.append(word)


def _plain(ordinal: str) -> list[str]:
    """An ordinal sign by sign, each in its own tone."""
    return [_NUMERALS.get(sign) or lazy_pinyin(sign, style=Style.TONE3)[0] for sign in ordinal]


def _shown(sign: str) -> str:
    return sign if sign.isprintable() else f"U+{ord(sign):04X}"


def _is_han(sign: str) -> bool:
    return sign == "〇" or unicodedata.name(sign, "").startswith("CJK UNIFIED")


def _with_numbers_in_words(text: str) -> str:
    """Digits as people say them: years one by one, class numbers and the rest as numbers."""
    text = _YEAR.sub(lambda found: _one_by_one(found[0]), text)
    # Without a pause 三(12)班 would be heard as class 32.
    text = _BRACKETED.sub(lambda found: (" " if len(str(int(found[1]))) == 1 else ",") + found[1], text)
    return _NUMBER.sub(lambda found: _number(found[0]), text)


def _one_by_one(digits: str) -> str:
    return "".join(_DIGITS[int(digit)] for digit in digits)


def _number(digits: str) -> str:
    """0 to 9999 as a number; longer ones, and those with a leading zero, digit by digit."""
    if len(digits) > len(_UNITS) or (digits[0] == "0" and digits != "0"):
        return _one_by_one(digits)
    pairs = zip(digits, _UNITS[-len(digits) :], strict=True)
    spoken = "".join("零" if digit == "0" else _DIGITS[int(digit)] + unit for digit, unit in pairs)
    spoken = re.sub("零+", "零", spoken).rstrip("零") or "零"
    return spoken.removeprefix("一") if spoken.startswith("一十") else spoken  # 十二, but 一百一十二
