"""Every mistake in a plan is found, once, with its place and value; what follows from it is not reported."""

import re
from datetime import date

import pytest

from audio.lasting import VOICE
from config import findings, limits
from config.alerts import DRILL, sentence
from config.findings import Finding, clock, words
from config.lint import read
from config.lint_days import heavy
from config.parsing import decoded
from config.plan import PlanError
from config.timetable import timetable
from plan_faults import FORM
from plan_faults_of_calendar import CALENDAR_FAULTS, CLOSED, rule
from plan_faults_of_days import DAYS, SATURDAY, TYPES, WEEK, after, more, noon
from plan_faults_of_sense import SENSE
from plan_samples import AFTER, CALL, MORNING, NOON, TERMS, WINDOWS, changed, found, plan, refused, window
from wire_samples import PLAN

BROKEN = {**FORM, **SENSE, **CALENDAR_FAULTS, **DAYS}


@pytest.mark.parametrize("name", BROKEN)
def test_one_mistake_is_one_finding(name: str) -> None:
    swaps, expected = BROKEN[name]
    assert found(changed(*swaps)) == expected


def test_a_sign_that_cannot_be_read_aloud_is_found_where_it_stands() -> None:
    text = changed(
        ('grade = "三年级"', 'grade = "叁年级"'),
        (MORNING, 'notice = "早上好，😀。"'),
        (CALL, 'call = "😀{classes}放学。"'),
    )
    assert found(text, unreadable="😀叁") == [
        ("readable", "sentences.call", "😀放学。"),
        ("readable", "classes.g3.grade", "叁年级"),
        ("readable", "windows.morning.notice", "早上好，😀。"),
    ]


def test_a_zone_that_cannot_be_read_aloud_is_found_where_a_sentence_says_it() -> None:
    """A gate would say the sentence that names no class."""
    hash_sign = ('name = "A区"', 'name = "3#楼前"')
    says_it = (CALL, 'call = "请{classes}的家长到{zone}。"')
    assert found(changed(hash_sign, says_it), unreadable="#") == [("readable", "zones.a.name", "3#楼前")]
    read(changed(hash_sign), "shifan.toml", VOICE)
    with pytest.raises(PlanError, match=r"zones\.a\.name"):
        read(changed(('name = "A区"', 'name = "{classes}"'), says_it), "shifan.toml", VOICE)


@pytest.mark.parametrize(
    ("left", "name"), [(3, "六年级一班、六年级二班、六年级三班"), (4, "六年级一班、六年级二班、六年级三班等 4 个班")]
)
def test_of_many_that_are_forgotten_three_are_named(left: int, name: str) -> None:
    rest = "".join(f', "g6c{n}"' for n in range(left + 1, 7))
    order = f'order = ["g1", "g2", "g3", "g4", "g5"{rest}]'
    swaps = [more(TYPES), noon('day_types = ["normal"]'), after("[windows.on.rain]", order)]
    (finding,) = refused(changed(*swaps)).findings
    assert (finding.code, finding.args["name"]) == ("not_called_on", name)


def test_a_saturday_of_one_grade_needs_a_window_for_that_grade_alone() -> None:
    plan(*WEEK, SATURDAY, *rule('on = ["2026-11-28"]', 'day_type = "normal"', 'scope = ["g1"]'))
    plan(*WEEK, *rule('on = ["2026-11-28"]', CLOSED))


def test_a_window_that_closes_as_it_opens_is_told_at_its_end() -> None:
    swap = (NOON, NOON.replace('starts = "11:30"', 'starts = "11:20"').replace('"11:55"', '"11:25"'))
    assert found(changed(swap)) == [("order", "windows.noon.closes", "11:25")]


def test_what_is_no_pinyin_is_found_and_what_the_school_reads_itself_can_be_read() -> None:
    own = '[readings]\n"莘" = "xīn"\n"𠮷" = "ji"\n"茌平" = "chi pin g"\n[calendar]'
    text = changed(("[calendar]", own), ('grade = "三年级"', 'grade = "𠮷年级"'))
    with pytest.raises(PlanError) as caught:
        read(text, "shifan.toml", VOICE)
    assert [(one.code, one.place, one.value) for one in caught.value.findings] == [
        ("pinyin", "readings.茌平", "chi pin g")
    ]
    made, _ = read(text.replace("chi pin g", "chí píng"), "shifan.toml", VOICE)
    assert made.readings == {"莘": "xīn", "𠮷": "ji", "茌平": "chí píng"}


def test_a_day_that_no_message_can_carry_is_a_finding_even_where_nothing_else_saw_it() -> None:
    made = plan()
    bad = made.but(windows=tuple(one.but(closes=one.opens - 60) for one in made.windows))
    (finding,) = heavy(bad)
    assert (finding.code, finding.place, finding.value) == ("bad_value", "windows", "正常 星期一")
    assert "closes" in finding.args["detail"]


def test_five_mistakes_are_five_findings_in_one_run() -> None:
    text = changed(
        ('opens = "07:20"', 'opens = "7:20"'),
        ('zone = "c"', 'zone = "cc"'),
        (CALL, 'call = "放学了。"'),
        (AFTER, AFTER.replace("every_s", "evry_s")),
        (TERMS, '{ from = "2026-09-01", to = "2026-01-22" }'),
    )
    assert sorted(found(text)) == [
        ("bad_time", "windows.morning.opens", '"7:20"'),
        ("no_such", "classes.g3.zone", "cc"),
        ("template", "sentences.call", "放学了。"),
        ("term", "calendar.terms[0]", "2026-09-01 – 2026-01-22"),
        ("unknown_key", "windows.after-school.evry_s", ""),
    ]


def test_terms_may_stand_in_any_order() -> None:
    made = plan((TERMS, '{ from = "2027-02-20", to = "2027-07-01" }, ' + TERMS))
    assert [term.begins for term in made.calendar.terms] == [date(2027, 2, 20), date(2026, 9, 1)]


def test_windows_of_different_gates_may_overlap() -> None:
    assert len(plan((WINDOWS, WINDOWS + window("x", "18:00", "19:00"))).windows) == 6


def test_the_sample_has_no_fault_and_no_warning() -> None:
    made, warnings = read(PLAN, "shifan.toml")
    assert warnings == ()
    assert (len(made.classes), len(made.gates), len(made.zones), len(made.windows)) == (36, 2, 6, 5)


def test_a_plan_without_fault_has_a_day_for_every_case_that_is_allowed_at_the_edge() -> None:
    # The longest names and ids, the last class at the instant the window closes.
    text = changed(
        ('grade = "三年级"', f'grade = "{"三" * 62}"'),
        ('id = "g3"', f'id = "{"g" * 30}"'),
        (NOON, NOON.replace('"g3"', f'"{"g" * 30}"').replace('"11:55"', '"11:42:45"')),
        (AFTER, AFTER.replace('"g3"', f'"{"g" * 30}"')),
        (CALL, f'call = "{{classes}}{"放" * 136}"'),
    )
    east, _ = timetable(read(text, "edge")[0], date(2026, 11, 25))
    assert max(len(cue.say) for cue in east.cues) == limits.SAY_MAX
    assert max(len(one) for cue in east.cues for one in cue.classes) == limits.ID_MAX


FILES: dict[str, tuple[bytes, tuple[Finding, ...]]] = {
    "not_text": (b"v = 1\xff", (Finding("not_text", "-", args={"byte": "5"}),)),
    "too_large": (b"#" * (limits.PLAN_MAX_BYTES + 1), (Finding("too_large", "-", args={"most": "524288"}),)),
}


@pytest.mark.parametrize("code", FILES)
def test_bytes_that_are_no_plan_are_found_before_they_are_read(code: str) -> None:
    data, expected = FILES[code]
    assert decoded(data, limits.PLAN_MAX_BYTES) == (None, expected)


def test_a_text_too_large_is_refused_unread() -> None:
    assert found("#" * (limits.PLAN_MAX_BYTES + 1)) == [("too_large", "-", "")]
    assert found("叫" * (limits.PLAN_MAX_BYTES // 3 + 1)) == [("too_large", "-", "")]
    assert found("#" * limits.PLAN_MAX_BYTES) != [("too_large", "-", "")]


WARNED = {
    "one_owner": ('name = "示范小学"\n', 'name = "示范小学"\nowners = ["王老师"]\n'),
    "neighbours": ('opens = "18:00"\ncloses = "18:30"', 'opens = "21:10"\ncloses = "21:40"'),
    "too_close": (NOON, NOON.replace("45", "15")),
}


@pytest.mark.parametrize("code", WARNED)
def test_what_is_only_doubtful_is_a_warning(code: str) -> None:
    _, warnings = read(changed(WARNED[code]), "x")
    assert [(one.code, one.severity) for one in warnings] == [(code, "warning")]
    assert words(warnings[0], "zh").startswith("提醒 ")


def test_waits_are_for_the_days_on_which_people_pace() -> None:
    rain = '[day_types.rain]\nname = "雨天"\n[sentences]\n'
    made = plan((AFTER, f'{AFTER}\nmax_wait_s = 30\n[windows.on.rain]\npacing = "guarded"'), ("[sentences]\n", rain))
    assert [one.max_wait_s for one in made.windows if one.on] == [30]


def test_the_only_owner_is_named() -> None:
    _, (warning,) = read(changed(WARNED["one_owner"]), "x")
    assert (warning.place, warning.value) == ("school.owners", "王老师")


@pytest.mark.parametrize("at", ["16:25", "16:55"])
def test_a_call_may_be_at_either_end_of_its_window(at: str) -> None:
    group = '[groups.bus1]\nname = "1号校车"\nkind = "bus"\nmembers = ["g1c1"]\n'
    made = plan(
        (AFTER, f'{AFTER}\ncalls = [{{ at = "{at}", who = ["bus1"] }}]'), ("[sentences]\n", f"{group}[sentences]\n")
    )
    assert [(clock(one.opens), clock(one.closes)) for one in made.windows if one.calls] == [("16:25", "16:55")]


@pytest.mark.parametrize(
    ("swap", "expected"),
    [
        (('opens = "18:00"\ncloses = "18:30"', 'opens = "21:00"\ncloses = "21:30"'), []),
        (('opens = "18:00"\ncloses = "18:30"', 'opens = "24:10"\ncloses = "24:20"'), ["neighbours"]),
        (('opens = "07:20"', 'opens = "06:59"'), ["neighbours"]),
        (('opens = "13:30"', 'opens = "13:29"'), ["neighbours"]),
        ((NOON, NOON.replace("45", "16")), []),
        ((NOON, NOON.replace("45", "15") + '\npacing = "guarded"'), []),
    ],
)
def test_a_warning_has_its_edge(swap: tuple[str, str], expected: list[str]) -> None:
    assert [one.code for one in read(changed(swap), "x")[1]] == expected


def test_every_code_is_produced_by_a_case_here() -> None:
    produced = {code for _, expected in BROKEN.values() for code, _, _ in expected} | {
        *FILES,
        "readable",
        "pinyin",
        *WARNED,
    }
    produced |= {"base_name", "base_unread", "base_circle", "without"}  # test_extends.py
    produced |= {"twin_pin", "up_pin", "console_pin"}  # of settings: test_settings.py
    produced |= {"make_up", "year_unknown", "no_term"}  # test_lint_calendar.py
    produced |= {"sound_alike", "too_long_said", "same_segment", "zone_busy", "more_often"}  # test_lint_doubts.py
    assert produced == set(findings._WORDS)


@pytest.fixture(scope="module")
def every_finding() -> list[Finding]:
    every = [one for swaps, _ in BROKEN.values() for one in refused(changed(*swaps)).findings]
    read_aloud = refused(changed((MORNING, 'notice = "😀"')), "😀").findings
    return [*every, *read_aloud, *(one for _, expected in FILES.values() for one in expected)]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_finding_in_words_names_place_value_and_remedy(every_finding: list[Finding], lang: findings.Lang) -> None:
    for one in every_finding:
        line = words(one, lang)
        wrong, remedy = line.removeprefix({"zh": "错误 ", "en": "error "}[lang]).split(" → ", 1)
        assert wrong.startswith(one.place)
        assert one.value in wrong
        assert remedy
        # No brace is left but those of the file and the one every sentence needs.
        assert not re.search(
            r"[{}]", line.replace(one.value or "\0", "").replace("{classes}", "").replace("{zone}", "")
        ), line
        assert "\n" not in line
        assert "\x1b" not in line


def test_a_near_miss_names_what_was_meant() -> None:
    near = [
        (changed(('opens = "11:25"', 'openz = "11:25"')), "（opens?）"),
        (changed((NOON, NOON.replace("every_s", "evry_s"))), "（every_s?）"),
        (changed(('to = "2027-01-22"', 'too = "2027-01-22"')), "（to?）"),
        (changed(('zone = "c"', 'zone = "cc"')), "（c?）"),
        (changed(('name = "C区"\ngate = "east"', 'name = "C区"\ngate = "eats"')), "（east?）"),
    ]
    for text, meant in near:
        assert [meant in words(one, "zh") for one in refused(text).findings] == [True]


def test_an_hour_of_one_digit_is_told_to_be_written_with_two() -> None:
    (one,) = refused(changed(('opens = "07:20"', 'opens = "7:20"'))).findings
    assert '"08:30"' in words(one, "zh")
    assert "小时写两位" in words(one, "zh")
    assert "two digits" in words(one, "en")


def test_an_error_names_the_file_with_each_finding() -> None:
    error = refused(changed(('zone = "c"', 'zone = "x"'), (MORNING, "")))
    assert str(error).splitlines() == [f"shifan.toml: {words(one, 'en')}" for one in error.findings]
    assert str(error).startswith("shifan.toml: error classes.g3.zone = x: there is no such 接送区 (zone) → define it")


@pytest.mark.parametrize(
    ("time_s", "text"), [(0, "00:00"), (41400, "11:30"), (41445, "11:30:45"), (41445.9, "11:30:45"), (87000, "24:10")]
)
def test_a_time_is_written_as_in_a_plan(time_s: float, text: str) -> None:
    assert clock(time_s) == text


def test_the_schools_own_alert_must_be_readable_and_short_enough_for_a_drill() -> None:
    own = '[alerts]\nevacuate = "请走北门😀。"\n[calendar]'
    assert found(changed(("[calendar]", own)), unreadable="😀") == [("readable", "alerts.evacuate", "请走北门😀。")]
    fits, long = (f'[alerts]\nreturn = "{"回" * count}"\n[calendar]' for count in (194, 195))
    assert sentence("return", "drill", plan(("[calendar]", fits)).alerts.own("return")) == f"{DRILL}{'回' * 194}"
    assert [code for code, _, _ in found(changed(("[calendar]", long)))] == ["bad_range"]
