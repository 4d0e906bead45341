"""The sample school's plan, and the same text with something changed in it."""

from config.lint import read
from config.plan import Plan, PlanError
from config.voice import Voice
from wire_samples import PLAN

Findings = list[tuple[str, str, str]]
"""Code, place, value."""
Swaps = list[tuple[str, str]]
"""What stands in the sample, once, and what stands there instead."""

G3 = '''id = "g3"
grade = "三年级"
count = 6
zone = "c"'''
NOON = """starts = "11:30"
closes = "11:55"
every_s = 45
order = ["g3", "g1", "g2", "g6", "g4", "g5"]"""
AFTER = """starts = "16:30"
closes = "16:55"
every_s = 45
order = ["g1", "g2", "g3", "g4", "g5", "g6"]"""
GATES = """[gates.east]
name = "东门"
[gates.west]
name = "西门"
"""
ZONES = PLAN[PLAN.index("[zones.a]") : PLAN.index("# 每个年级")]
CLASSES = PLAN[PLAN.index("[[classes]]") : PLAN.index("[[windows]]")]
WINDOWS = PLAN[PLAN.index("[[windows]]") : PLAN.index("[calendar]")]
CALENDAR = PLAN[PLAN.index("[calendar]") :]
TERMS = '{ from = "2026-09-01", to = "2027-01-22" }'
CALL = 'call = "请注意，{classes}正在放学。"'
MORNING = '''notice = "早上好，请从人行道有序进校。"'''


def single(own: str, name: str) -> str:
    return f'[[classes]]\nid = "{own}"\nname = "{name}"\nzone = "a"\n'


def window(own: str, opens: str, closes: str, *more: str) -> str:
    """An evening window, at the west gate unless something else is said."""
    said = more or ('kind = "evening"', 'notice = "好"', 'gates = ["west"]')
    lines = ["[[windows]]", f'id = "{own}"', f'name = "{own}"', f'opens = "{opens}"', f'closes = "{closes}"', *said]
    return "\n".join(lines) + "\n"


def arrivals(count: int) -> str:
    return "".join(
        window(f"w{n}", f"{n:02}:00", f"{n:02}:30", 'kind = "arrival"', 'notice = "好"') for n in range(count)
    )


def dismissals(count: int) -> str:
    return "".join(
        window(f"x{n}", f"{18 + n}:31", f"{18 + n}:59", 'kind = "dismissal"', "every_s = 1") for n in range(count)
    )


def changed(*swaps: tuple[str, str]) -> str:
    """The sample with each first text, which stands there once, replaced by the second."""
    text = PLAN
    for old, new in swaps:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the sample"
        text = text.replace(old, new)
    return text


def plan(*swaps: tuple[str, str]) -> Plan:
    return read(changed(*swaps), "shifan.toml")[0]


def refused(text: str, unreadable: str = "") -> PlanError:
    try:
        read(text, "shifan.toml", Voice(lambda said, _: "".join(sign for sign in unreadable if sign in said)))
    except PlanError as error:
        return error
    raise AssertionError("the plan was taken")


def found(text: str, unreadable: str = "") -> Findings:
    return [(one.code, one.place, one.value) for one in refused(text, unreadable).findings]
