"""The words of findings in a calendar, for `findings.py`: a code to what is wrong and what to do, in two languages."""

from typing import Literal

OF_THE_CALENDAR: dict[str, dict[Literal["zh", "en"], tuple[str, str]]] = {
    "term": {
        "zh": ("学期的 to 早于 from、超过 400 天，或与前一学期重叠", "改正起止日期"),
        "en": ("a term ends before it begins, is longer than 400 days, or overlaps another", "correct its dates"),
    },
    "national_zone": {
        "zh": ("时区 {zone} 不在中国，请写明用哪张全国节假日表", '国外的学校写 national = "none"'),
        "en": ("the zone {zone} is not in China: say which national table counts", 'abroad write national = "none"'),
    },
    "no_table": {
        "zh": ("没有读到这张全国节假日表", "把文件放在方案的同一文件夹里"),
        "en": ("this national table was not read", "put the file beside the plan"),
    },
    "holiday": {
        "zh": ("不属于 {year} 年、to 早于 from，或调休日落在假期里", "按国务院办公厅的通知改正"),
        "en": (
            "is not of {year}, ends before it begins, or is a make-up day inside a holiday",
            "correct it by the notice",
        ),
    },
    "rule_says": {
        "zh": (
            "没有说这一天怎样，或说得矛盾",
            "写 day_type，或 as_weekday 和 as_date 中的一个；closed 不能再写按哪天上课",
        ),
        "en": (
            "says nothing of the day, or contradicts itself",
            "write day_type, or one of as_weekday and as_date; closed runs no table",
        ),
    },
    "rule_when": {
        "zh": ("没有说何时、对谁", '写日期，例如 on = ["2026-12-24"]，或写 scope'),
        "en": ("says neither when nor for whom", 'write dates such as on = ["2026-12-24"], or a scope'),
    },
    "rule_on": {
        "zh": ("列出日期（on）的规则不能再有 {keys}", "删去，或另写一条规则"),
        "en": ("a rule that lists its dates (on) has no {keys}", "remove it, or write another rule"),
    },
    "rule_needs": {
        "zh": ("要和 {other} 一起写", "补上 {other}，或删去这一项"),
        "en": ("needs {other} beside it", "add {other}, or remove this"),
    },
    "rule_range": {
        "zh": ("早于 from（{begins}）", "改正起止日期"),
        "en": ("is before from ({begins})", "correct the dates"),
    },
    "rule_first": {
        "zh": ("离所有学期都在 400 天以上", "改成学期里的日期"),
        "en": ("is more than 400 days from every term", "use a date of a term"),
    },
    "make_up": {
        "zh": ("“{name}”调休上班日，没有说按星期几的课放学；说明以前当天停课、不叫班", '写 as_weekday = "fri" 和 why'),
        "en": (
            "is a make-up day ({name}), and whose table it runs is not said; until then it is closed",
            'write as_weekday = "fri" and why',
        ),
    },
    "year_unknown": {
        "zh": (
            "没有 {year} 年的节假日表，这一年按停课处理、不叫班",
            "升级程序，或导入 {year} 年的表（docs/calendar.zh-CN.md）",
        ),
        "en": (
            "has no holidays of {year}: that year is closed",
            "update the program, or import a table of {year} (docs/calendar.zh-CN.md)",
        ),
    },
    "no_term": {
        "zh": ("不在任何学期内，按停课处理", '补上学期；放假就写一条 day_type = "closed" 的规则'),
        "en": ("lies in no term and is closed", 'add the term; for a vacation a rule with day_type = "closed"'),
    },
}
