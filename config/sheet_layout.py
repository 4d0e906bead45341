"""The sheets of a school's workbook, and what each column is in the plan: the template is made from this. Pure."""

from dataclasses import dataclass
from typing import Literal

from config.sheet_cells import (
    BOOL,
    DATE,
    DATES,
    DAY,
    DAYS,
    NAMES,
    NUMBER,
    PAIRS,
    SLUG,
    SPANS,
    TEXT,
    TIME,
    Codec,
    choice,
)

Key = tuple[str, ...]
MORE = "更多"
"""The last column: everything that has no column of its own, as TOML."""
ABOUT = "说明"
"""A sheet for people; it is not read."""


@dataclass(frozen=True, slots=True)
class Column:
    """`key`: where its value stands in the row's table; empty for the leading columns, which say whose row it is."""

    head: str
    codec: Codec
    key: Key = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """`fields`: a key and a value a row. `tables`, `array`: one table of the plan a row.

    `of`: such a table stands, under `inner`, in one of these tables of the plan, which the first column names.
    """

    title: str
    path: Key
    form: Literal["fields", "tables", "array"]
    columns: tuple[Column, ...]
    inner: str = ""

    @property
    def heads(self) -> tuple[str, ...]:
        return tuple(one.head for one in self.columns)

    @property
    def leads(self) -> tuple[Column, ...]:
        return tuple(one for one in self.columns if not one.key)


def _columns(*columns: tuple[str, Codec, str]) -> tuple[Column, ...]:
    made = (Column(head, codec, tuple(key.split(".")) if key else ()) for head, codec, key in columns)
    return (*made, Column(MORE, Codec(TEXT.read, TEXT.write, "别的项，写成 TOML，见 docs/plan.md"), (MORE,)))


_KIND = choice({"class": "班级", "club": "社团", "bus": "校车", "other": "其他"})
_WINDOW = choice({"arrival": "上学", "dismissal": "放学", "evening": "晚自习"})
_PACING = choice({"timed": "按时", "guarded": "按键放行", "ready": "整队放行"})
_TIMEOUT = choice({"call": "照叫", "pass_over": "让过"})
_MODE = choice({"live": "正式", "trial": "试运行"})
_WEEKS = choice({"odd": "单周", "even": "双周"})
_COUNT = choice({"count": "计数", "skip": "跳过"})

_VARIES = (
    ("开始", TIME, "opens"),
    ("第一个班", TIME, "starts"),
    ("结束", TIME, "closes"),
    ("间隔秒", NUMBER, "every_s"),
    ("顺序", NAMES, "order"),
    ("倒序", BOOL, "reverse"),
    ("一句话", TEXT, "notice"),
    ("结束语", TEXT, "ending"),
    ("放行", _PACING, "pacing"),
    ("最多等秒", NUMBER, "max_wait_s"),
    ("等到时限", _TIMEOUT, "on_timeout"),
    ("校门", NAMES, "gates"),
    ("在哪里等", PAIRS, "places"),
    ("播几遍", NUMBER, "repeat"),
    ("静秒", NUMBER, "rest_s"),
    ("晚秒", NUMBER, "late_s"),
    ("音量增减", NUMBER, "gain_db"),
)
SHEETS = (
    Sheet(
        "学校",
        (),
        "fields",
        _columns(
            ("格式版本", NUMBER, "v"),
            ("编号", SLUG, "school.id"),
            ("校名", TEXT, "school.name"),
            ("联系人", TEXT, "school.contact"),
            ("负责人", NAMES, "school.owners"),
            ("时区", TEXT, "school.zone"),
            ("运行", _MODE, "school.mode"),
            ("上课的星期", DAYS, "calendar.weekdays"),
            ("全国节假日表", TEXT, "calendar.national"),
            ("叫班的句子", TEXT, "sentences.call"),
            ("社团的句子", TEXT, "sentences.club"),
            ("校车的句子", TEXT, "sentences.bus"),
            ("其他的句子", TEXT, "sentences.other"),
            ("返回校内", TEXT, "alerts.return"),
            ("疏散", TEXT, "alerts.evacuate"),
            ("就地隐蔽", TEXT, "alerts.shelter"),
        ),
    ),
    Sheet("校区", ("campuses",), "tables", _columns(("编号", SLUG, ""), ("名称", TEXT, "name"))),
    Sheet(
        "校门",
        ("gates",),
        "tables",
        _columns(("编号", SLUG, ""), ("名称", TEXT, "name"), ("校区", SLUG, "campus"), ("开门时间", SPANS, "hours")),
    ),
    Sheet(
        "关门",
        ("gates",),
        "array",
        _columns(
            ("校门", SLUG, ""),
            ("从", DATE, "from"),
            ("到", DATE, "to"),
            ("原因", TEXT, "why"),
            ("改走", SLUG, "instead"),
        ),
        "closures",
    ),
    Sheet(
        "接送区",
        ("zones",),
        "tables",
        _columns(
            ("编号", SLUG, ""),
            ("名称", TEXT, "name"),
            ("校门", SLUG, "gate"),
            ("最多几班", NUMBER, "most"),
            ("离开秒", NUMBER, "clear_s"),
        ),
    ),
    Sheet(
        "班级",
        ("classes",),
        "array",
        _columns(
            ("编号", SLUG, "id"),
            ("年级", TEXT, "grade"),
            ("班数", NUMBER, "count"),
            ("各班名称", NAMES, "names"),
            ("一个班的名称", TEXT, "name"),
            ("接送区", SLUG, "zone"),
            ("路线", TEXT, "route"),
            ("种类", _KIND, "kind"),
            ("离校的星期", DAYS, "leaves"),
        ),
    ),
    Sheet(
        "组",
        ("groups",),
        "tables",
        _columns(
            ("编号", SLUG, ""),
            ("名称", TEXT, "name"),
            ("种类", _KIND, "kind"),
            ("成员", NAMES, "members"),
            ("接送区", SLUG, "zone"),
            ("逐班叫", BOOL, "each"),
            ("句子", TEXT, "call"),
        ),
    ),
    Sheet(
        "日型",
        ("day_types",),
        "tables",
        _columns(
            ("编号", SLUG, ""),
            ("名称", TEXT, "name"),
            ("放学", BOOL, "dismissal"),
            ("在哪里等", PAIRS, "places"),
            ("静音", SPANS, "quiet"),
            ("叫班的句子", TEXT, "sentences.call"),
        ),
    ),
    Sheet(
        "时段",
        ("windows",),
        "array",
        _columns(
            ("编号", SLUG, "id"),
            ("名称", TEXT, "name"),
            ("种类", _WINDOW, "kind"),
            *_VARIES,
            ("日型", NAMES, "day_types"),
            ("星期", DAYS, "weekdays"),
        ),
    ),
    Sheet(
        "叫班",
        ("windows",),
        "array",
        _columns(
            ("时段", SLUG, ""),
            ("时刻", TIME, "at"),
            ("之后秒", NUMBER, "after_s"),
            ("叫谁", NAMES, "who"),
            ("间隔秒", NUMBER, "every_s"),
            ("星期", DAYS, "weekdays"),
        ),
        "calls",
    ),
    Sheet(
        "通知",
        ("windows",),
        "array",
        _columns(
            ("时段", SLUG, ""),
            ("时刻", TIME, "at"),
            ("说什么", TEXT, "say"),
            ("谁", NAMES, "who"),
            ("校门", NAMES, "gates"),
            ("星期", DAYS, "weekdays"),
        ),
        "notices",
    ),
    Sheet("那天不同", ("windows",), "tables", _columns(("时段", SLUG, ""), ("哪天", DAY, ""), *_VARIES), "on"),
    Sheet("学期", ("calendar", "terms"), "array", _columns(("从", DATE, "from"), ("到", DATE, "to"))),
    Sheet(
        "校历",
        ("calendar", "dates"),
        "tables",
        _columns(
            ("日期", DATE, ""),
            ("日型", SLUG, "day_type"),
            ("按星期几", DAY, "as_weekday"),
            ("按哪一天", DATE, "as_date"),
            ("原因", TEXT, "why"),
        ),
    ),
    Sheet(
        "校历规则",
        ("calendar", "rules"),
        "array",
        _columns(
            ("原因", TEXT, "why"),
            ("日型", SLUG, "day_type"),
            ("按星期几", DAY, "as_weekday"),
            ("按哪一天", DATE, "as_date"),
            ("只对", NAMES, "scope"),
            ("日期", DATES, "on"),
            ("从", DATE, "from"),
            ("到", DATE, "to"),
            ("星期", DAYS, "weekdays"),
            ("第几个", NUMBER, "nth"),
            ("单双周", _WEEKS, "weeks"),
            ("第一周", DATE, "week_one"),
            ("放假的周", _COUNT, "holiday_weeks"),
            ("头几天", NUMBER, "first_days"),
            ("之前最后一天", TEXT, "last_before"),
            ("第几轮", NUMBER, "turn"),
            ("几轮", NUMBER, "turns"),
            ("从哪天轮", DATE, "turn_one"),
        ),
    ),
)
"""In this order they are filled in and read: what stands in another table comes after it."""
