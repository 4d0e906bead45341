"""Digits, times and the names of classes as people say them: text to text, in Chinese numerals. PURE.

A rule a line, with its example; their order counts. 壹 is the 一 that keeps its tone.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

from audio.reading_words import MEASURES

NUMERALS = "零〇一二三四五六七八九十百千万壹"
_SYLLABLES = "ling2 ling2 yi1 er4 san1 si4 wu3 liu4 qi1 ba1 jiu3 shi2 bai3 qian1 wan4 yi1"
_TONED = dict(zip(NUMERALS, _SYLLABLES.split(), strict=True))
_DIGITS = "零壹二三四五六七八九"
_UNITS = ("千", "百", "十", "")

Rule: TypeAlias = tuple[str, Callable[[re.Match[str]], str] | str]

_OPEN, _CLOSE = r"[(\[【〔]", r"[)\]】〕]"
_SMALL = "[一二三四五六七八九]"
_NOT_AFTER_NUMERAL = f"(?<![{NUMERALS}])"


def written_out(text: str) -> str:
    """`text` (in NFKC) with every number in words, and a gap where grade and class would run into one number."""
    for pattern, replacement in _COMPILED:
        text = pattern.sub(replacement, text)
    return text


def numeral(word: str, at: int) -> str | None:
    """The syllable of a numeral inside a number: 一 changes before 百, 千 and 万 alone. None for other signs."""
    if word[at] in "一壹" and word[at + 1 : at + 2] in {"百", "千", "万"}:
        return "yi2" if word[at + 1] == "万" else "yi4"
    return _TONED.get(word[at])


def number(digits: str) -> str:
    """0 to 9999 as a number; longer ones, and those with a leading zero, digit by digit."""
    if len(digits) > len(_UNITS) or (digits[0] == "0" and digits != "0"):
        return one_by_one(digits)
    pairs = zip(digits, _UNITS[-len(digits) :], strict=True)
    spoken = "".join("零" if digit == "0" else _DIGITS[int(digit)] + unit for digit, unit in pairs)
    spoken = re.sub("零+", "零", spoken).rstrip("零") or "零"
    spoken = spoken.removeprefix("壹") if spoken.startswith("壹十") else spoken  # 十二, but 一百一十二
    return spoken.replace("二千", "两千")


def one_by_one(digits: str) -> str:
    return "".join(_DIGITS[int(digit)] for digit in digits)


def _count(found: re.Match[str]) -> str:
    return {"1": "一", "2": "两"}.get(found[1]) or number(found[1])


def _time(found: re.Match[str]) -> str:
    hour, minute, second = int(found[1]), found[2], found[3]
    said = {1: "一", 2: "两"}.get(hour) or number(str(hour))
    said += "点" if minute == "00" and not second else f"点{number(minute) if minute != '00' else '零'}分"
    return said + (f"{number(second)}秒" if second and second != "00" else "")


def _class(found: re.Match[str]) -> str:
    """三 and 12: a short gap, or a pause where the two could be heard as 32."""
    grade, own = found[1].replace("一", "壹"), found[2].replace("一", "壹")
    single = len(own) == 1 and own != "十" and not grade.endswith("十")
    return f"{grade}{' ' if single else ','}{own}"


_RULES: tuple[Rule, ...] = (
    # 三 ( 1 ) 班 三(1)班
    (rf"(?<=[级年\d{NUMERALS}])\s+(?={_OPEN})|(?<={_OPEN})\s+|\s+(?={_CLOSE})|(?<={_CLOSE})\s+(?=班)", ""),
    # 11:30 十一点三十分 · 12:05 十二点零五分 · 14:00 十四点
    (r"(?<![\d:])([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?(?![\d:])", _time),
    # 12:00-13:30 十二点到十三点三十分 · 1~3年级 一到三年级
    (r"(?<=[点分秒])[-–—~]+(?=\d|[一两二三四五六七八九十]+点)", "到"),
    (r"(?<=\d)[—~]+(?=\d)", "到"),
    # 三1班 三(1)班 · 高三12班 高三(12)班
    (rf"{_NOT_AFTER_NUMERAL}({_SMALL})\s*(\d{{1,2}})(?=班)", r"\1(\2)"),
    # 2026级 · 24届 · 2026年
    (r"(?<!\d)(?:\d{4}|\d{2})(?=[级届])|(?<!\d)\d{4}(?=学?年(?!级))", lambda found: one_by_one(found[0])),
    # 3.5米 三点五米; not 1.2班
    (r"(?<![\d.])(\d+)\.(\d+)(?![\d.]*班|[\d.])", lambda found: f"{number(found[1])}点{one_by_one(found[2])}"),
    # 第2节 第二节
    (r"第(\d+)", lambda found: f"第{number(found[1])}"),
    # 2个 两个 · 1名 一名 · 12位 十二位
    (rf"(?<!\d)(\d{{1,4}})(?={MEASURES})", _count),
    # 10班 十班 · 105号 一百零五号 · 0635 零六三五
    (r"\d+", lambda found: number(found[0])),
    # 高三十二班 高三,十二班 · 初一一班
    (rf"(?<=[初高])([一二三四五六])\s*([{NUMERALS}]+)(?=班)", r"\1(\2)"),
    # 三二班 三 二班; not 三十二班
    (rf"{_NOT_AFTER_NUMERAL}([壹一二三四五六七八九])([壹一二三四五六七八九])(?=班)", r"\1(\2)"),
    # 三（12班） 三(12)班
    (rf"{_OPEN}([{NUMERALS}]+)班{_CLOSE}", r"(\1)班"),
    # 三（1）班 三 一班 · 三（12）班 三,十二班 · 3【2】班
    (rf"([{NUMERALS}]+){_OPEN}([{NUMERALS}]+){_CLOSE}(?=班)", _class),
    # 2026级(3)班 二零二六级三班 · 小(2)班 小二班
    (rf"(?<=[级年小中大托]){_OPEN}([{NUMERALS}]+){_CLOSE}(?=班)", r"\1"),
)
_COMPILED = tuple((re.compile(pattern), replacement) for pattern, replacement in _RULES)
