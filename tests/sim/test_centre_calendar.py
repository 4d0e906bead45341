"""What the calendar does not know becomes a Problem of the centre, once a day, and names whom to ask."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from config.clock_fake import FakeClock
from config.national import written
from deploy.national_table import national
from school_rig import TEXT, School

WEEKDAYS = 'weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]\n'


def school_at(folder: Path, at: datetime) -> School:
    return School(folder, FakeClock(at, error_s=0.1))


def problems(school: School, code: str) -> list[str]:
    return [line for line in school.said if line.startswith(f"问题 problem {code}: ")]


def test_from_the_first_of_december_the_centre_asks_for_the_next_years_table_once_a_day(tmp_path: Path) -> None:
    school = school_at(tmp_path, datetime(2026, 11, 30, 15, 59, 50, tzinfo=UTC))
    assert problems(school, "year_unknown") == []
    school.go(20)  # over midnight
    (said,) = problems(school, "year_unknown")
    assert school.centre.view().doubts == (said.removeprefix("问题 problem year_unknown: "),)
    assert said == (
        "问题 problem year_unknown: 提醒 calendar.national = cn: 没有 2027 年的节假日表，这一年按停课处理、不叫班 → "
        "升级程序，或导入 2027 年的表（docs/calendar.zh-CN.md）；请问 教务处"
    )
    school.plan("every_s = 45", "every_s = 60")  # a plan that was read again is told again
    assert len(problems(school, "year_unknown")) == 2
    school.go(3600, step_s=600)
    assert len(problems(school, "year_unknown")) == 2
    school.go(24 * 3600, step_s=3600)
    assert len(problems(school, "year_unknown")) == 3


def test_an_imported_table_ends_the_question(tmp_path: Path) -> None:
    school = school_at(tmp_path, datetime(2026, 12, 1, 2, tzinfo=UTC))
    assert len(problems(school, "year_unknown")) == 1
    brought = written(national([2026], extends="cn"), "calendar.table").replace("year = 2026", "year = 2027")
    brought = brought.replace("2026-", "2027-")
    school.plan(WEEKDAYS, f'{WEEKDAYS}national = "2027.toml"\n{brought}')
    assert len(problems(school, "year_unknown")) == 1


def test_a_make_up_day_that_comes_is_asked_about_and_a_closed_day_has_no_call(tmp_path: Path) -> None:
    school = school_at(tmp_path, datetime(2026, 9, 19, 2, tzinfo=UTC))
    assert [line.split(": ")[1].split()[-1] for line in problems(school, "make_up")] == [
        "calendar.dates.2026-09-20", "calendar.dates.2026-10-10",
    ]  # fmt: skip
    days = {key[1]: one.day for key, one in school.centre.state.days.items()}
    today = datetime(2026, 9, 19, tzinfo=UTC).date()
    assert [bool(days[today + timedelta(days=n)].cues) for n in range(3)] == [True, False, True]
    assert days[today + timedelta(days=1)].day_type == "closed"


def test_a_day_outside_every_term_is_asked_about(tmp_path: Path) -> None:
    school = school_at(tmp_path, datetime(2026, 8, 31, 2, tzinfo=UTC))
    (said,) = problems(school, "no_term")
    assert "calendar.terms = 2026-08-31: 不在任何学期内" in said
    assert TEXT.count("教务处") == 1
    assert said.endswith("请问 教务处")
