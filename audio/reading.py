"""Chinese text to syllables, tones and pauses: the one reading of a sentence, for every engine. PURE.

A sign left out in silence could make one class of another, so what cannot be read is an error, never a gap.
Who alters a reading raises `VERSION`: the clips are rendered anew.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from types import MappingProxyType

from audio.reading_numbers import NUMERALS, numeral, written_out
from audio.reading_words import ALONE, GLUED, LETTERS, MEASURES, ORDERS, SURNAMES, TITLES, WORDS
from audio.syllables import Pause, Reading, parsed, syllable
from config.errors import BadInputError
from config.limits import OWN_PINYIN_MAX, OWN_READINGS_MAX, OWN_TEXT_MAX

VERSION = 3
"""Raise it with every change that alters a reading: here, in the tables, or by a new pypinyin."""

NO_OWN: Mapping[str, str] = MappingProxyType({})
_PAUSES: dict[str, Pause] = {**dict.fromkeys(",、:", ","), **dict.fromkeys("。.!?;\n", ".")}
_SILENT = frozenset(" \t\"'()[]《》〈〉「」『』【】〔〕“”‘’·-–—~…")
"""Signs that part words and have no sound."""

_TITLES = tuple(TITLES.split())
_N = f"[{NUMERALS}]+"
_NUMBERED = re.compile(rf"[(\[【]?[{NUMERALS}\d]")
_ALONE = frozenset(ALONE)
_DIGITS = frozenset("零〇一二三四五六七八九十壹")
_ONE_BY_ITSELF = "第初高周期零一二三四五六七八九十百千万统唯专单划归逐之其"
"""After these 一 keeps its tone: 第一, 十一, 统一."""
_ORDER = "|".join(
    (
        rf"第{_N}|(?:星期|周|礼拜){_N}",  # 第一 · 星期一
        rf"{_N}年(?={_N}班)",  # 一年二班
        rf"{_N}月{_N}日",  # 九月一日
        rf"[初高小中大托]?{_N}(?:{ORDERS})",  # 一年级 · 小一班 · 一号
        rf"{_N}(?<!一)[路日]",  # 1路; but 一路平安
        rf"{_N}中(?![午间心秋])|{_N}小(?![时会组心段块步片])",  # 一中 · 三小
        rf"[初高][{NUMERALS}]",  # 初一
    )
)
_PIECES = re.compile(
    "|".join(
        (
            rf"(?P<order>{_ORDER})",
            rf"(?P<number>[两{NUMERALS}]{{2,}}(?:{MEASURES}|分)?)",  # 十二点
            rf"(?P<count>[两{NUMERALS}](?:{MEASURES}))",  # 两个 · 一名
            rf"(?P<refused>(?<=[{NUMERALS}])[-–—~.](?=[{NUMERALS}]))",  # 3-2班: class 2 of grade 3, or classes 3 to 2?
            rf"(?P<word>{'|'.join(sorted({*WORDS, *GLUED.split(), *_TITLES}, key=len, reverse=True))})",
            r"(?P<letter>[A-Z][班区口门座栋组队]?)",  # A班
            rf"(?P<pause>[{re.escape(''.join(_PAUSES))}])",
        )
    )
)

_SURNAME = "\0"
"""Before a word that is one; no text has this sign and can be read."""
_Word = list[tuple[str, str]]
"""Signs of the text, each with its syllable in letters and digit; a letter may have several in one."""


def read(text: str, own: Mapping[str, str] = NO_OWN) -> Reading:
    """The reading of `text`; `own`: the school's, text to pinyin. Raises BadInputError naming the signs without one."""
    reading, signs = _read(text, own)
    if signs:
        message = f"“{text}”里有读不出的字符：{'、'.join(map(_shown, signs))}。请改用汉字、数字或英文字母。"
        raise BadInputError(message)
    if not reading:
        message = f"“{text}”里没有可以读的字。"
        raise BadInputError(message)
    return reading


def unreadable(text: str, own: Mapping[str, str] = NO_OWN) -> tuple[str, ...]:
    """The signs of `text` that have no reading, each once, in order; empty when it can be spoken."""
    return tuple(dict.fromkeys(_read(text, own)[1]))


def concerning(text: str, own: Mapping[str, str]) -> Mapping[str, str]:
    """Those of the school's readings by which `text` is read."""
    return {name: pinyin for name, pinyin in own.items() if name and _plain(name) in _plain(text)}


def checked(own: Mapping[str, str]) -> Mapping[str, str]:
    """The school's own readings as they came. Raises BadInputError with all that are wrong."""
    wrong = [f"自定读音有 {len(own)} 条，最多 {OWN_READINGS_MAX} 条。"] if len(own) > OWN_READINGS_MAX else []
    for text, pinyin in own.items():
        try:
            parsed(pinyin)
        except BadInputError as error:
            wrong.append(f"{text}：{error}")
        if not 0 < len(text) <= OWN_TEXT_MAX or len(pinyin) > OWN_PINYIN_MAX:
            wrong.append(f"{text}：文字 1 至 {OWN_TEXT_MAX} 字，拼音至多 {OWN_PINYIN_MAX} 个字母。")
    if wrong:
        raise BadInputError("\n".join(wrong))
    return own


def _read(text: str, own: Mapping[str, str]) -> tuple[Reading, list[str]]:
    """The school's own words first; what is between them by the grammar."""
    signs = [sign for sign in text if _misleading(sign)]
    words: list[_Word | Pause] = []
    given = {_plain(name): pinyin for name, pinyin in own.items() if name}
    names = "|".join(map(re.escape, sorted(given, key=len, reverse=True)))
    parts = re.split(f"({names})", _plain(text)) if names else [_plain(text)]
    for n, part in enumerate(parts):
        if n % 2:
            words.append([("", f"{one.sound}{one.tone}") for one in parsed(given[part])])
            if (part[-1] in NUMERALS or part[-1].isdecimal()) and _NUMBERED.match(parts[n + 1]):
                words.append(",")  # 高三（12）班 is no class 32
        else:
            _read_part(written_out(part), words, signs)
    return _reading(words), signs


def _plain(text: str) -> str:
    """One form for what is written in several: full width, 班 of another code, letters small or large."""
    return re.sub("[a-z]", lambda found: found[0].upper(), unicodedata.normalize("NFKC", text))


def _misleading(sign: str) -> bool:
    """Ⅲ would become three letters, ² and ½ plain digits."""
    return unicodedata.decomposition(sign).startswith(("<super>", "<sub>", "<fraction>", "<square>")) or (
        "\u2160" <= sign <= "\u217f"
    )


def _read_part(text: str, words: list[_Word | Pause], signs: list[str]) -> None:
    at = 0
    for found in (*_PIECES.finditer(text), None):
        for word in _segmented(
            text[at : found.start() if found else len(text)], text[found.start() :] if found else ""
        ):
            _read_word(word, words, signs)
        if found:
            at = found.end()
            _read_piece(found, words, signs)


def _segmented(text: str, after: str) -> Iterator[str]:
    """Words as pypinyin cuts them, single signs in pairs; a surname before a title apart."""
    cut = list(_dictionary()[1](text))
    count = 0
    if after.startswith(_TITLES):  # the longest first: 尉迟老师
        count = next((n for n in (2, 1) if "".join(cut[-n:]) in SURNAMES), 0)
    yield from _paired(cut[: len(cut) - count])
    if count:
        yield _SURNAME + "".join(cut[-count:])


def _paired(words: Sequence[str]) -> Iterator[str]:
    """pypinyin knows irregular words alone and leaves the others as signs: two of them are one word (暂停)."""
    first = ""
    for word in words:
        single = len(word) == 1 and word not in _ALONE and _is_han(word)
        if first and single:
            yield first + word
            first = ""
            continue
        if first:
            yield first
        first = word if single else ""
        if not single:
            yield word
    if first:
        yield first


def _read_piece(found: re.Match[str], words: list[_Word | Pause], signs: list[str]) -> None:
    piece = found[0]
    match found.lastgroup:
        case "number" if len(piece) > 3 and not set(piece) & set("十百千万"):  # noqa: PLR2004 (0635; but 零五分)
            words.extend([("", numeral(piece, n) or _one(sign))] for n, sign in enumerate(piece))
        case "order" | "number":
            words.append([("", numeral(piece, n) or _one(sign)) for n, sign in enumerate(piece)])
        case "count":
            words.append([(sign, _one(sign)) for sign in piece])
        case "refused":
            signs.append(piece)
        case "word":
            words.append([("", one) for one in _syllables(WORDS[piece])] if piece in WORDS else _spelled(piece))
        case "letter":
            words.append(
                [("", one) for one in _syllables(LETTERS[piece[0]])] + [(sign, _one(sign)) for sign in piece[1:]]
            )
        case _:
            words.append(_PAUSES[piece])


def _read_word(word: str, words: list[_Word | Pause], signs: list[str]) -> None:
    """One word as pypinyin reads it; a mixed one ("东门(") sign by sign."""
    if word[:1] == _SURNAME and word[1:] in SURNAMES:
        words.append([("", one) for one in _syllables(SURNAMES[word[1:]])])
    elif word and all(_is_han(sign) for sign in word):
        made = _spelled(word)
        if all(syllable(toned) for _, toned in made):
            words.append(made)
        else:
            signs.extend([sign for sign in word if not syllable(_one(sign))] or word)
    elif len(word) > 1:
        for sign in word:
            _read_word(sign, words, signs)
    elif word and word not in _SILENT:
        signs.append(word)


def _spelled(word: str) -> _Word:
    spelled = _dictionary()[0](word)
    return list(zip(word, spelled, strict=True)) if len(spelled) == len(word) else [(word, "")]


def _one(sign: str) -> str:
    return _dictionary()[0](sign)[0]


def _reading(words: list[_Word | Pause]) -> Reading:
    """Words to syllables: 一 and 不 take their tone from what follows, pauses go to the syllable before."""
    flat: list[tuple[str, str, Pause]] = []
    for word in words:
        if not isinstance(word, str):
            flat += [(sign, toned, "") for sign, toned in word[:-1]] + [(*word[-1], " ")]
        elif flat and flat[-1][2] == " ":  # one pause between two words is enough
            flat[-1] = (*flat[-1][:2], word)
    made = []
    for n, (sign, toned, pause) in enumerate(flat):
        before = flat[n - 1] if n else ("", "", ".")
        after = flat[n + 1] if n + 1 < len(flat) and pause in {"", " "} else ("", "", ".")
        one = syllable(_changed(sign, toned, before, after))
        assert one is not None, f"{toned} is no syllable"
        made.append(replace(one, pause=pause))
    if made and made[-1].pause in {"", " "}:
        made[-1] = replace(made[-1], pause="")
    return tuple(made)


def _changed(sign: str, toned: str, before: tuple[str, str, Pause], after: tuple[str, str, Pause]) -> str:
    """不 and 一 before what follows; the dictionary has done it in words that it knows."""
    falls = after[1].endswith("4") or after[0] == "个"
    if sign == "不" and not toned.endswith("5"):
        return "bu2" if falls else "bu4"  # 不要 búyào · 不来 bùlái
    if sign == "一" and before[0] == after[0] != "":
        return "yi5"  # 让一让
    if sign == "一" and toned == "yi1" and after[1] and after[0] not in _DIGITS:
        # At the end of a word it is a number or a name: 统一, 星期一.
        if before[0] and before[0] in _ONE_BY_ITSELF and before[2] in {"", " "}:
            return toned
        return "yi2" if falls else "yi4"  # 一位 yíwèi · 一名 yìmíng
    return toned


def _syllables(toned: str) -> list[str]:
    return re.findall(r"[a-z]+[1-5]", toned)


def _shown(sign: str) -> str:
    return sign if sign.isprintable() else f"U+{ord(sign):04X}"


def _is_han(sign: str) -> bool:
    return sign == "〇" or unicodedata.name(sign, "").startswith("CJK UNIFIED")


@cache
def _dictionary() -> tuple[Callable[[str], list[str]], Callable[[str], Iterator[str]]]:
    """Signs to syllables, and a text to words. Loaded when first asked: it takes 0.2 s and 55 MB."""
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 (slow; a gate plays its clips without it)
    from pypinyin.seg import mmseg  # noqa: PLC0415 (the same)

    def spelled(word: str) -> list[str]:
        return lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True)

    return spelled, mmseg.seg.cut
