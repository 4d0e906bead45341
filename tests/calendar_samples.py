"""Calendars of the tests: what a school writes under `[calendar]`, read like the rest of a plan."""

from config.parsing import loaded, made
from config.schoolyear import Calendar

AUTUMN = 'terms = [{ from = "2026-09-01", to = "2027-01-22" }]\n'
YEAR = 'terms = [{ from = "2024-01-01", to = "2027-12-31" }]\n'


def calendar(*lines: str, terms: str = AUTUMN) -> Calendar:
    raw, findings = loaded(terms + "\n".join(lines), 65536)
    assert raw is not None, findings
    read, findings = made("calendar", raw, Calendar)
    assert read is not None, findings
    return read


def rule(*lines: str, why: str = "规则") -> str:
    return "\n".join(["[[rules]]", f'why = "{why}"', *lines])


def dated(on: str, *lines: str, why: str = "这一天") -> str:
    return "\n".join([f'[dates."{on}"]', f'why = "{why}"', *lines])
