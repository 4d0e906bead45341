"""The fold: the same plan and date give the same day, every class once, at the school's own wall clock."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.wire.messages import encode
from config.day import Cue, GateDay, cue_id, order
from config.lint import read
from config.plan import Plan
from config.plan_read import draft
from config.roster import WholeDay
from config.timetable import folded, instant, issued, local, same, timetable
from plan_samples import AFTER, CLASSES, NOON, TERMS, changed, plan, single
from wire_samples import PLAN

WEDNESDAY = date(2026, 11, 25)
SATURDAY = date(2026, 11, 28)
SAMPLE = plan()
EAST, WEST = timetable(SAMPLE, WEDNESDAY)
NORMAL = WholeDay("normal", "wed")
DATES = st.dates(date(1970, 1, 1), date(2899, 12, 31))


def shown(cues: tuple[Cue, ...], window: str, made: Plan = SAMPLE) -> list[tuple[str, str]]:
    return [(f"{local(cue.at, made):%H:%M:%S}", cue.say) for cue in cues if cue.window == window]


def test_at_half_past_eleven_the_first_class_is_called() -> None:
    assert [cue for cue in EAST.cues if cue.at == datetime(2026, 11, 25, 3, 30, tzinfo=UTC)] == [
        Cue(
            id="2026-11-25/noon/g3c1/call",
            window="noon",
            at=datetime(2026, 11, 25, 3, 30, tzinfo=UTC),
            until=datetime(2026, 11, 25, 3, 31, tzinfo=UTC),
            kind="call",
            classes=("g3c1",),
            say="请注意，三年级一班正在放学。",
            repeat=2,
            light="go",
            released=None,
            state="planned",
        )
    ]
    assert 'at":"2026-11-25T03:30:00Z","until":"2026-11-25T03:31:00Z"' in encode(EAST).decode()


def test_each_gate_calls_its_own_classes_in_the_plans_order() -> None:
    classes = {gate.gate: [cue.classes[0] for cue in gate.cues if cue.window == "noon"] for gate in (EAST, WEST)}
    assert classes == {
        "east": [f"g{grade}c{n}" for grade in (3, 1, 2) for n in range(1, 7)],
        "west": [f"g{grade}c{n}" for grade in (6, 4, 5) for n in range(1, 7)],
    }
    assert shown(WEST.cues, "noon")[:3] == [
        ("11:30:00", "请注意，六年级一班正在放学。"),
        ("11:30:45", "请注意，六年级二班正在放学。"),
        ("11:31:30", "请注意，六年级三班正在放学。"),
    ]


def test_a_day_says_of_itself_what_it_is() -> None:
    fields = {name: getattr(EAST, name) for name in GateDay.model_fields if name not in {"windows", "cues"}}
    assert fields == {
        "v": 1,
        "school": "shifan",
        "gate": "east",
        "date": WEDNESDAY,
        "zone": "Asia/Shanghai",
        "revision": 0,
        "issued_at": datetime(2026, 11, 24, 16, tzinfo=UTC),
        "day_type": "normal",
        "mode": "live",
        "quiet": (),
        "holds": (),
        "readings": (),
        "gain_db": 0.0,
        "caps": (),
    }
    spans = [(one.id, local(one.opens, SAMPLE), local(one.closes, SAMPLE)) for one in EAST.windows]
    assert [(own, f"{opens:%H:%M}", f"{closes:%H:%M}") for own, opens, closes in spans] == [
        ("morning", "07:20", "08:00"),
        ("noon", "11:25", "11:55"),
        ("afternoon", "13:30", "14:00"),
        ("after-school", "16:25", "16:55"),
        ("evening", "18:00", "18:30"),
    ]


def test_a_notice_is_said_as_its_window_opens_at_its_gates_alone() -> None:
    assert shown(EAST.cues, "morning") == [("07:20:00", "早上好，请从人行道有序进校。")]
    assert shown(EAST.cues, "evening") == [("18:00:00", "晚自习放学，请家长在东门接送区等候。")]
    assert shown(WEST.cues, "evening") == []
    assert "evening" not in [window.id for window in WEST.windows]
    (notice,) = [cue for cue in EAST.cues if cue.window == "evening"]
    assert (notice.id, notice.kind, notice.classes, notice.repeat, notice.light) == (
        "2026-11-25/evening/all/open", "open", (), 1, "go"
    )  # fmt: skip


def test_readings_and_loudness_are_the_plans_each_gate_has_its_own() -> None:
    swaps = [
        ('name = "西门"', 'name = "西门"\ngain_db = 3'),
        ('id = "shifan"', 'id = "shifan"\ncaps = [{ from = "12:30", to = "14:00", gain_db = -10, gates = ["west"] }]'),
        ("[calendar]", '[readings]\n"茌平" = "chí píng"\n[calendar]'),
    ]
    east, west = timetable(plan(*swaps), WEDNESDAY)
    assert [(one.gain_db, len(one.caps), {own.text: own.pinyin for own in one.readings}) for one in (east, west)] == [
        (0, 0, {"茌平": "chí píng"}),
        (3, 1, {"茌平": "chí píng"}),
    ]
    (cap,) = west.caps
    assert [f"{local(one, SAMPLE):%H:%M}" for one in (cap.begins, cap.to)] == ["12:30", "14:00"]
    assert cap.gain_db == -10


def test_a_dismissal_may_announce_itself() -> None:
    east, _ = timetable(plan((NOON, NOON + '\nnotice = "午放学开始。"')), WEDNESDAY)
    assert [(cue.kind, cue.light) for cue in east.cues if cue.window == "noon"][:2] == [
        ("open", "ready"),
        ("call", "go"),
    ]
    assert shown(east.cues, "noon")[:2] == [("11:25:00", "午放学开始。"), ("11:30:00", "请注意，三年级一班正在放学。")]


def test_a_dismissal_ends_at_each_gate_behind_its_own_last_call_and_never_after_it_closes() -> None:
    made = plan((NOON, f'{NOON}\nending = "放学结束，请大家离开。"'))
    for day in timetable(made, WEDNESDAY):
        (last, told) = day.cues[[cue.window for cue in day.cues].index("noon") :][17:19]
        assert (told.id, told.kind, told.light) == ("2026-11-25/noon/all/close", "close", "off")
        assert (told.at - last.at, told.say) == (timedelta(seconds=45), "放学结束，请大家离开。")
    late = plan((NOON, NOON.replace("11:55", "11:42:50") + '\nending = "放学结束。"\nnotice = "放学开始。"'))
    ends = [cue for cue in timetable(late, WEDNESDAY)[0].cues if cue.window == "noon" and cue.kind != "call"]
    assert [(cue.kind, f"{local(cue.at, late):%H:%M:%S}") for cue in ends] == [
        ("open", "11:25:00"),
        ("close", "11:42:50"),
    ]


def test_of_two_cues_at_one_instant_the_id_decides() -> None:
    at_once = 'closes = "11:55"\nevery_s = 45\nnotice = "午放学开始。"\norder = ["a1", "g3"]'
    made = plan((CLASSES, CLASSES + single("a1", "足球社")), (NOON, at_once))
    east, _ = timetable(made, WEDNESDAY)
    assert [(cue.id, f"{local(cue.at, made):%H:%M:%S}") for cue in east.cues if cue.window == "noon"][:3] == [
        ("2026-11-25/noon/a1/call", "11:25:00"),
        ("2026-11-25/noon/all/open", "11:25:00"),
        ("2026-11-25/noon/g3c1/call", "11:25:45"),
    ]


def test_a_dismissal_at_one_gate_calls_nobody_at_the_other() -> None:
    made = plan((NOON, NOON + '\ngates = ["west"]'))
    east, west = timetable(made, WEDNESDAY)
    assert (len(shown(east.cues, "noon")), len(shown(west.cues, "noon"))) == (0, 18)


def test_what_the_window_says_of_its_calls_stands_in_each() -> None:
    east, _ = timetable(plan((NOON, NOON + "\nlate_s = 90\nrepeat = 3\nrest_s = 5\ngain_db = -6")), WEDNESDAY)
    calls = [cue for cue in east.cues if cue.window == "noon"]
    assert {(cue.until - cue.at, cue.repeat) for cue in calls} == {(timedelta(seconds=90), 3)}
    assert [(one.every_s, one.rest_s, one.gain_db, one.pacing) for one in east.windows if one.id == "noon"] == [
        (45.0, 5.0, -6.0, "timed")
    ]


def test_without_starts_calls_begin_as_the_window_opens_and_without_an_order_as_the_file_has_them() -> None:
    text = changed(
        (NOON, NOON.replace('starts = "11:30"\n', "").replace('order = ["g3", "g1", "g2", "g6", "g4", "g5"]', ""))
    )
    east, _ = timetable(read(text, "x")[0], WEDNESDAY)
    assert shown(east.cues, "noon")[0] == ("11:25:00", "请注意，一年级一班正在放学。")


@pytest.mark.parametrize("on", [SATURDAY, date(2026, 10, 1), date(2026, 8, 31)])
def test_a_closed_day_is_a_day_without_cues(on: date) -> None:
    days = timetable(SAMPLE, on)
    assert [(day.gate, day.date, day.day_type, day.windows, day.cues) for day in days] == [
        ("east", on, "closed", (), ()),
        ("west", on, "closed", (), ()),
    ]


def test_a_make_up_day_on_a_sunday_is_a_normal_one() -> None:
    assert [len(day.cues) for day in timetable(SAMPLE, date(2026, 9, 20))] == [len(EAST.cues), len(WEST.cues)]


def test_what_lies_past_midnight_belongs_to_the_day_before() -> None:
    late = ('opens = "18:00"\ncloses = "18:30"', 'opens = "24:10"\ncloses = "25:00"')
    made = plan(late)
    east, _ = timetable(made, WEDNESDAY)
    assert [(cue.id, local(cue.at, made).isoformat()) for cue in east.cues if cue.window == "evening"] == [
        ("2026-11-25/evening/all/open", "2026-11-26T00:10:00+08:00")
    ]
    (window,) = [one for one in east.windows if one.id == "evening"]
    assert local(window.closes, made).isoformat() == "2026-11-26T01:00:00+08:00"


BERLIN = [
    ('"Asia/Shanghai"', '"Europe/Berlin"'),
    (TERMS, '{ from = "2026-01-01", to = "2026-12-31" }'),
    ('"thu", "fri"', '"thu", "fri", "sat", "sun"'),
    ('opens = "07:20"\ncloses = "08:00"', 'opens = "01:50"\ncloses = "03:10"'),
]
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


@pytest.mark.parametrize(
    ("on", "noon", "night"),
    [
        (date(2026, 3, 28), "2026-03-28T10:30:00Z", ("2026-03-28T00:50:00Z", "2026-03-28T02:10:00Z")),
        # 02:00 becomes 03:00: the night window keeps its 80 minutes and ends at 04:10 by the clock.
        (SPRING, "2026-03-29T09:30:00Z", ("2026-03-29T00:50:00Z", "2026-03-29T02:10:00Z")),
        (date(2026, 10, 24), "2026-10-24T09:30:00Z", ("2026-10-23T23:50:00Z", "2026-10-24T01:10:00Z")),
        # 03:00 becomes 02:00: it ends at 02:10 by the clock, the second time.
        (AUTUMN, "2026-10-25T10:30:00Z", ("2026-10-24T23:50:00Z", "2026-10-25T01:10:00Z")),
    ],
)
def test_half_past_eleven_is_half_past_eleven_when_clocks_change(on: date, noon: str, night: tuple[str, str]) -> None:
    made = plan(*BERLIN)
    day, _ = timetable(made, on)
    plain = day.model_dump(mode="json")
    assert [cue["at"] for cue in plain["cues"] if cue["classes"] == ["g3c1"]][0] == noon  # noqa: RUF015 - of two windows
    assert shown(day.cues, "noon", made)[0] == ("11:30:00", "请注意，三年级一班正在放学。")
    assert [(one["opens"], one["closes"]) for one in plain["windows"] if one["id"] == "morning"] == [night]


@pytest.mark.parametrize(
    ("on", "time_s", "expected"),
    [
        (SPRING, 0, "2026-03-28T23:00:00+00:00"),
        (SPRING, 2.5 * 3600, "2026-03-29T01:30:00+00:00"),  # no clock shows 02:30: half an hour after the switch
        (SPRING, 3 * 3600, "2026-03-29T01:00:00+00:00"),
        (SPRING, 24 * 3600 + 600, "2026-03-29T22:10:00+00:00"),
        (AUTUMN, 0, "2026-10-24T22:00:00+00:00"),
        (AUTUMN, 2.5 * 3600, "2026-10-25T00:30:00+00:00"),  # clocks show 02:30 twice: the first
        (AUTUMN, 3 * 3600, "2026-10-25T02:00:00+00:00"),
        (AUTUMN, 24 * 3600 + 600, "2026-10-25T23:10:00+00:00"),
    ],
)
def test_an_instant_is_of_the_wall_clock(on: date, time_s: float, expected: str) -> None:
    assert instant(plan(*BERLIN), on, time_s).isoformat() == expected


SWITCHING = ["Europe/Berlin", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe", "Pacific/Apia"]


@given(st.sampled_from(SWITCHING), DATES | st.sampled_from([SPRING, AUTUMN]), st.integers(0, 29 * 60))
def test_a_window_keeps_its_length_on_any_date_in_any_zone(zone: str, on: date, minute: int) -> None:
    opens, closes = (f"{one // 60:02}:{one % 60:02}" for one in (minute, minute + 59))
    hours = ('opens = "18:00"\ncloses = "18:30"', f'opens = "{opens}"\ncloses = "{closes}"')
    drafted, _ = draft(changed(('"Asia/Shanghai"', f'"{zone}"'), hours))
    east, _ = folded(drafted.plan(), on, NORMAL)
    (evening,) = [window for window in east.windows if window.id == "evening"]
    assert evening.closes - evening.opens == timedelta(minutes=59)
    assert [cue.at for cue in east.cues if cue.window == "evening"] == [evening.opens]


@given(DATES)
def test_any_date_has_a_day_at_every_gate_and_always_the_same(on: date) -> None:
    days = timetable(SAMPLE, on)
    assert [day.gate for day in days] == ["east", "west"]
    assert [encode(day) for day in timetable(plan(), on)] == [encode(day) for day in days]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Other numbers of classes, zones at other gates, other orders and distances."""
    text = PLAN.replace('closes = "11:55"', 'closes = "13:20"').replace('"Asia/Shanghai"', f'"{draw(ZONES)}"')
    for grade in "一二三四五六":
        text = text.replace(
            f'grade = "{grade}年级"\ncount = 6', f'grade = "{grade}年级"\ncount = {draw(st.integers(1, 12))}'
        )
    for zone in "ABCDEF":
        gate = draw(st.sampled_from(["east", "west"]))
        text = text.replace(f'name = "{zone}区"\ngate = "east"', f'name = "{zone}区"\ngate = "{gate}"')
    grades = draw(st.permutations(["g1", "g2", "g3", "g4", "g5", "g6"]))
    noon = f"every_s = {draw(st.floats(1, 90))}\norder = {list(grades)}".replace("'", '"')
    text = text.replace('every_s = 45\norder = ["g3", "g1", "g2", "g6", "g4", "g5"]', noon)
    return read(text.replace("every_s = 45\n", "every_s = 20\n"), "drawn")[0]


ZONES = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"])


@given(plans(), DATES)
def test_every_class_of_an_order_is_called_exactly_once(made: Plan, on: date) -> None:
    days = folded(made, on, NORMAL)
    for window in ("noon", "after-school"):
        called = Counter(one for day in days for cue in day.cues if cue.window == window for one in cue.classes)
        assert called == Counter(one.id for one in made.classes)
    for day in days:
        assert list(day.cues) == sorted(day.cues, key=order)
        assert len({cue.id for cue in day.cues}) == len(day.cues)
        assert all(made.gate_of(one) == day.gate for one in made.classes for cue in day.cues if one.id in cue.classes)
        windows = {window.id: window for window in day.windows}
        assert all(windows[cue.window or ""].opens <= cue.at <= windows[cue.window or ""].closes for cue in day.cues)


@given(plans())
def test_calls_of_a_gate_are_every_s_apart_in_the_orders_sequence(made: Plan) -> None:
    noon = made.windows[1]
    assert noon.order is not None
    for gate, day in zip(made.gates, timetable(made, WEDNESDAY), strict=True):
        calls = [cue for cue in day.cues if cue.window == "noon"]
        own = [one for name in noon.order for one in made.classes if one.entry == name and made.gate_of(one) == gate.id]
        assert [cue.classes for cue in calls] == [(one.id,) for one in own]
        entries = {one.id: one.entry for one in made.classes}
        grades = list(dict.fromkeys(entries[cue.classes[0]] for cue in calls))
        assert grades == [grade for grade in noon.order if grade in grades]
        for n, cue in enumerate(calls):
            exact = calls[0].at + timedelta(seconds=n * (noon.every_s or 0))
            assert timedelta(0) <= exact - cue.at < timedelta(milliseconds=1)


def test_an_issued_day_differs_in_revision_and_instant_alone() -> None:
    at = datetime(2026, 11, 24, 17, 0, 0, 123456, tzinfo=UTC)
    made = issued(EAST, 4, at)
    assert (made.revision, made.issued_at) == (4, at.replace(microsecond=123000))
    assert made.cues == EAST.cues
    assert made != EAST
    assert same(made, EAST)
    assert same(EAST, made)
    assert issued(made, 0, EAST.issued_at) == EAST


def test_days_that_say_something_else_are_not_the_same() -> None:
    other, _ = timetable(plan((NOON, NOON.replace("45", "46"))), WEDNESDAY)
    assert not same(EAST, other)
    assert not same(EAST, WEST)
    assert not same(EAST, timetable(SAMPLE, date(2026, 11, 26))[0])


def test_an_issued_day_is_checked_again() -> None:
    with pytest.raises(ValueError, match="revision"):
        issued(EAST, -1, EAST.issued_at)
    with pytest.raises(ValueError, match="issued_at"):
        issued(EAST, 1, datetime(2026, 11, 24, 17, tzinfo=ZoneInfo("Asia/Shanghai")))


def test_a_cue_is_named_by_date_window_subject_and_kind() -> None:
    assert cue_id(WEDNESDAY, "noon", "g3c1", "call") == "2026-11-25/noon/g3c1/call"
    assert cue_id(WEDNESDAY, None, "17", "notice") == "2026-11-25/none/17/notice"


def test_a_paced_window_says_how_long_a_class_waits_and_what_then() -> None:
    paced = NOON + '\npacing = "ready"\nmax_wait_s = 0\non_timeout = "call"'
    days = timetable(plan((NOON, paced), (AFTER, AFTER + '\npacing = "guarded"')), WEDNESDAY)
    found = {one.id: (one.pacing, one.max_wait_s, one.on_timeout) for one in days[0].windows}
    assert found["noon"] == ("ready", 0, "call")
    assert found["after-school"] == ("guarded", 90, "pass_over")
    assert found["morning"] == ("timed", 0, "pass_over")
