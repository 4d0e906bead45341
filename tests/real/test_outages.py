"""Acceptance: what a school must survive. Broker, centre, card or clock are gone; no call, record or tap is lost."""

import json
import select
import shutil
import signal
from datetime import datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from broker.wire.messages import Status, decode
from config import limits
from config.day import GateDay
from outage_rig import EVERY_S, NAMES, Site, announced, on_time, results
from process_rig import CLOCK, WITHIN_S

FIVE = announced(1, 2, 3, 4, 5)
UNSYNCHRONISED = str(Path(__file__).parent.parent / "no_kernel_time.py")


def _calls_by_itself(site: Site, planned: list[datetime]) -> None:
    """The gate says that it called them all, in order."""
    assert CLOCK.utc() < planned[0], "it was to be gone before the first call"
    for name in NAMES[: len(planned)]:
        site.gate.wait_for(f"播报 .*三年级{name}班")
    site.gate.wait_for("灯灭")


def _broker_dies(site: Site) -> None:
    site.broker.kill()
    site.gate.wait_for("未连接")
    site.centre.wait_for("未连接")


def _broker_returns(site: Site) -> None:
    site.broker.start()
    site.gate.wait_for("已连接")
    site.centre.wait_for("已连接")


def test_a_broker_that_comes_back_empty_and_one_that_is_gone_for_a_window_cost_no_call_and_no_record(
    tmp_path: Path,
) -> None:
    with Site(tmp_path) as site:
        site.up()
        first = site.open_window("w1", calls=2)
        held = site.status.days
        _broker_dies(site)
        site.broker.forget()
        _broker_returns(site)
        dates = [site.on + timedelta(days=n) for n in range(2)]
        days = [f"fangxue/v1/lab/east/down/day/{on}" for on in dates]
        standing = site.retained(["fangxue/v1/lab/east/up/status", *days])
        assert results(site.wait_called("w1", 2), "w1") == announced(1, 2)
        sent = sorted(site.broker.received("centre", "day/"))
        last = decode(site.retained(["fangxue/v1/lab/east/up/status"]).popitem()[1], Status)

        second = site.open_window("w2")
        site.wait_until(second[0] - timedelta(seconds=2))  # the longer it is gone, the seldomer it is looked for
        _broker_dies(site)
        _calls_by_itself(site, second)
        # Two minutes after a window the centre writes down what a silent gate owes. No test waits that long: a plan
        # that is read again says that the window was five minutes ago.
        site.put_window("w2", second[0] - timedelta(minutes=5))
        site.read_plan()
        owed = site.wait_records(lambda _: True)
        assert results(owed, "w2") == [(f"g3c{n}", 0, "unreported", False) for n in range(1, 6)]
        _broker_returns(site)
        found = site.wait_called("w2", 5)
    assert on_time(site.heard(), [*first, *second])
    assert (results(found, "w1"), results(found, "w2")) == (announced(1, 2), FIVE)
    assert len(found) == 7
    kept = [decode(standing[day], GateDay, limits.GATE_DAY_MAX_BYTES) for day in days]
    assert [(day.date, day.revision) for day in kept] == [(on, held[on].revision) for on in dates]
    assert sent == [f"day/{on}" for on in dates], "the cache stands again, and no other day was sent"
    assert (last.days, last.problems, last.link) == (held, 0, "up")


def test_a_tap_whose_centre_dies_before_it_answers_is_done_once_when_it_is_sent_again(tmp_path: Path) -> None:
    """Killed before it read the tap, at every few milliseconds after, and when it was saved but not answered."""
    with Site(tmp_path) as site:
        site.start_centre("--time-confirmed-by", "测试")
        before: list[bool] = []
        moments: tuple[int | str, ...] = ("unread", 0, 1, 2, 5, 10, 20, "saved")
        for n, moment in enumerate(moments, 1):
            at = _first_call(site)
            wish = {"key": f"tap-{n}", "by": "王老师", "kind": "delay", "window": "later", "delay_s": 1}
            _tap_and_kill(site, wish, moment)
            site.start_centre()
            saved = len(site.state()["changes"]) == n
            status, answer = site.ask("POST", "/v1/changes", wish)
            assert (status, answer["n"], answer["again"]) == (200, n, saved)
            state = site.state()
            assert [one["n"] for one in state["changes"]] == list(range(n, 0, -1))
            assert _first_call(site) == at + timedelta(seconds=1)
            before.append(saved)
    assert (before[0], before[-1]) == (False, True)


def test_a_centre_that_is_gone_for_a_window_and_a_new_card_cost_no_call_and_no_record(tmp_path: Path) -> None:
    with Site(tmp_path) as site:
        site.up()
        first = site.open_window("w1")
        assert site.centre.end(signal.SIGKILL) == -signal.SIGKILL
        _calls_by_itself(site, first)
        site.start_centre()  # the time was confirmed for six days
        assert results(site.wait_called("w1", 5), "w1") == FIVE

        card = site.status.log
        assert site.gate.end() == 0, site.gate.said
        shutil.rmtree(tmp_path / "gate")
        site.start_gate()
        site.wait_status(lambda status: status.log != card and len(status.days) == limits.HORIZON_DAYS)
        second = site.open_window("w2", calls=2)
        found = site.wait_called("w2", 2)
        assert site.status.log != card
    assert on_time(site.heard(), [*first, *second])
    assert results(found, "w2") == announced(1, 2)
    # The old card's records stay; the new one says that it did not call them, which is true.
    rows = results(found, "w1")
    assert [row for row in rows if row[1]] == FIVE
    assert [row for row in rows if not row[1]] == [(f"g3c{n}", 0, "missed", True) for n in range(1, 6)]


def test_an_unvouched_clock_calls_nothing_and_names_the_remedy_until_an_owner_confirms(tmp_path: Path) -> None:
    with Site(tmp_path) as site:
        site.start_centre(start=(UNSYNCHRONISED,))
        site.start_gate()
        site.gate.wait_for("黄灯亮")
        silent = CLOCK.utc() + timedelta(seconds=max(4.0, 2 * site.start_s))
        site.put_window("w1", silent.replace(microsecond=0), calls=1)
        site.read_plan()
        revision = site.state()["gates"][0]["revision"]
        amber, _ = site.wait_status(lambda one: site.holds(one, revision) and one.check == ("clock",))
        site.wait_until(silent + timedelta(seconds=5 + EVERY_S))  # `until` and more
        unvouched = site.state()
        page = _page(site)
        lines = list(site.gate.said)
        live = site.broker.received("centre", "cue")
        answer = site.ask("POST", "/v1/time/confirm", {"by": "王校长"})
        site.wait_status(lambda one: one.check == () and one.bound_s is not None)
        planned = site.open_window("w2", calls=2)
        found = site.wait_called("w2", 2)
    assert (amber.bound_s, amber.doing) == (None, "idle")
    assert (unvouched["vouched"], unvouched["bound_s"]) == (False, None)
    assert "时间没有人确认，校门不会自动叫班" in page
    assert "✓ 时间正确" in page
    assert not [line for line in lines if "播报" in line]
    assert live == []
    assert (answer[0], answer[1]["vouched"]) == (200, True)
    assert results(found, "w1") == [("g3c1", 0, "missed", True)]
    assert results(found, "w2") == announced(1, 2)
    assert on_time(site.heard(), planned)


def _tap_and_kill(site: Site, wish: dict[str, object], moment: str | int) -> None:
    """Send a wish; the centre is killed at the moment: milliseconds after, or earlier when the answer comes."""
    if moment == "unread":
        site.centre.process.send_signal(signal.SIGSTOP)
    connection = HTTPConnection("127.0.0.1", site.page, timeout=WITHIN_S)
    connection.request("POST", "/v1/changes", json.dumps(wish), {"Content-Type": "application/json"})
    if moment == "saved":
        site.centre.wait_for(f"变更 {str(wish['key']).removeprefix('tap-')} ")  # not the one before, asked for again
    elif isinstance(moment, int):
        select.select([connection.sock], [], [], moment / 1000)
    assert site.centre.end(signal.SIGKILL) == -signal.SIGKILL
    connection.close()


def _first_call(site: Site) -> datetime:
    classes: list[dict[str, Any]] = site.state()["classes"]
    return datetime.fromisoformat(next(one["at"] for one in classes if one["id"] == "g3c1"))


def _page(site: Site) -> str:
    connection = HTTPConnection("127.0.0.1", site.page, timeout=WITHIN_S)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode()
    finally:
        connection.close()
