"""The console against a counter that answers as told: every address, every refusal, the stream, the door."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from broker.console.server import Console
from broker.situation import RefusedError
from config import limits
from config.errors import OutsideError
from config.settings import ConsoleSettings
from console_rig import LIMIT_S, FakeCentre, Never, Now, Rig, state
from process_rig import free_port

HOLD = {"key": "k1", "by": "王老师", "kind": "hold", "gate": "east"}


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# What is asked ------------------------------------------------------------------------------------


def test_a_wish_becomes_a_change() -> None:
    rig = Rig()
    answer = rig.post(HOLD)
    assert (answer.status_code, answer.json()["revisions"]) == (200, {"east": 3, "west": 3})
    assert [(one.key, one.by, one.kind, one.gate) for one in rig.centre.wishes] == [("k1", "王老师", "hold", "east")]


def test_a_preview_says_what_it_would_do() -> None:
    answer = Rig().post(HOLD, "/v1/changes/preview")
    assert (answer.status_code, answer.json()) == (200, {"lines": ["东门 暂停"]})


def test_a_refusal_comes_in_words_and_says_whether_to_ask_again() -> None:
    rig = Rig()
    call = {"key": "k2", "by": "王老师", "kind": "call", "class": "g3c1"}
    text = "现在不在放学时段内，仍要叫三年级一班吗？"
    answer = rig.post(call)
    assert (answer.status_code, answer.json()) == (409, {"code": "outside", "text": text, "ask_again": True})
    assert rig.post({**call, "confirmed": True}).status_code == 200
    rig.centre.fails = RefusedError("held", "东门正在暂停，恢复后才能叫班")
    assert refused(rig.post(call)) == (409, "held")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "JSON"),
        (b"[]", "应是一个表"),
        (b'{"key": "k", "by": "w", "kind": "delay", "delay_s": NaN}', "JSON"),
        ({"by": "王", "kind": "hold"}, "key"),
        ({**HOLD, "kind": "shout"}, "kind"),
        ({**HOLD, "gaet": "east"}, "gate?"),
        ({**HOLD, "delay_s": 90000}, "delay_s"),
        ({**HOLD, "by": ""}, "by"),
        ({"key": "", "by": "", "kind": "hold"}, "by"),
    ],
)  # fmt: skip
def test_a_bad_wish_is_told_its_fields(body: object, words: str) -> None:
    rig = Rig()
    answer = rig.post(body)
    assert refused(answer) == (422, "bad_wish")
    assert words in answer.json()["text"]
    assert rig.centre.wishes == []


def test_every_bad_field_is_named_at_once() -> None:
    text = Rig().post({"key": "", "by": "", "kind": "x"}).json()["text"]
    assert [line.split()[1] for line in text.splitlines()] == ["key", "by", "kind"]


def test_what_was_not_saved_may_be_asked_again() -> None:
    rig = Rig()
    rig.centre.fails = OutsideError("磁盘已满")
    answer = rig.post(HOLD)
    assert (refused(answer), answer.json()["text"]) == ((503, "not_saved"), "磁盘已满")


def test_a_centre_that_stands_still_is_said_and_the_wish_is_not_done_later() -> None:
    box = Never()
    rig = Rig(box, answer_s=0.01)
    answer = rig.post(HOLD)
    assert refused(answer) == (503, "not_saved")
    assert "再试一次不会重复" in answer.json()["text"]
    for item in box.waiting:
        item()
    assert rig.centre.wishes == []
    assert refused(Rig(Never(full=True)).post(HOLD)) == (503, "not_saved")
    assert refused(Rig(Never(full=True)).ask("GET", "/v1/state")) == (503, "not_saved")


def test_a_fault_of_ours_ends_in_words_and_a_line_in_the_log() -> None:
    rig = Rig()
    rig.centre.fails = AssertionError("impossible")
    assert refused(rig.post(HOLD)) == (500, "fault")
    assert rig.log == ["问题 problem console: AssertionError impossible"]


def test_the_time_is_confirmed_as_it_was_shown() -> None:
    rig = Rig()
    shown = {"by": "李主任", "shown": "2026-11-25T03:31:01Z"}
    assert rig.post(shown, "/v1/time/confirm").json() == {"vouched": True, "server_time": "2026-11-25T03:31:00Z"}
    assert refused(rig.post({**shown, "shown": "2026-11-25T03:29:00Z"}, "/v1/time/confirm")) == (409, "time_moved")
    assert rig.post({"by": "李主任"}, "/v1/time/confirm").status_code == 200
    assert refused(rig.post({"by": ""}, "/v1/time/confirm")) == (422, "bad_wish")
    assert rig.centre.confirmed == ["李主任", "李主任"]


def test_whose_days_count_is_asked_twice() -> None:
    rig = Rig()
    choice = {"key": "k1", "by": "王老师", "choose": "mine", "dates": ["2026-11-25", "2026-11-26"]}
    once = rig.post(choice, "/v1/days/choose")
    assert (refused(once), once.json()["ask_again"]) == ((409, "sure"), True)
    assert rig.post({**choice, "confirmed": True}, "/v1/days/choose").json() == {
        "choose": "mine", "dates": ["2026-11-25", "2026-11-26"], "revisions": {"east": 3, "west": 3}, "again": False,
    }  # fmt: skip
    for bad in ({"choose": "both"}, {"dates": ["2026-11-31"]}, {"by": ""}, {"key": ""}, {"gate": "east"}):
        assert refused(rig.post({**choice, **bad}, "/v1/days/choose")) == (422, "bad_wish")
    assert [one.confirmed for one in rig.centre.choices] == [False, True]


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "move", "classes": ["g3c2", "g3c1"], "window": "noon"},
        {"kind": "reroute", "class": "g3c1", "gate": "west"},
        {"kind": "reroute", "from_gate": "east", "gate": "west"},
        {"kind": "day_type", "day_type": "rain"},
        {"kind": "quiet", "from": "2026-11-25T06:00:00Z", "to": "2026-11-25T08:00:00Z"},
        {"kind": "quiet", "ids": ["change-1"]},
        {"kind": "left", "class": "g3c1", "window": "noon"},
        {"kind": "notice", "text": "校车晚到", "from": "2026-11-25T08:20:00Z"},
    ],
)
def test_what_rearranges_a_day_is_taken_as_it_is_written(body: dict[str, object]) -> None:
    rig = Rig()
    assert rig.post({"key": "k1", "by": "王老师", **body}).status_code == 200
    (wish,) = rig.centre.wishes
    said = json.loads(wish.model_dump_json(by_alias=True))
    assert {name: said[name] for name in body} == body


# What is shown ------------------------------------------------------------------------------------


def test_the_state_is_the_view() -> None:
    answer = Rig().ask("GET", "/v1/state")
    assert (answer.status_code, answer.json()) == (200, json.loads(state().model_dump_json()))


def test_the_contract_names_every_address() -> None:
    paths = Rig().ask("GET", "/v1/openapi.json").json()["paths"]
    assert {(path, method) for path, of in paths.items() for method in of} == {
        ("/v1/state", "get"), ("/v1/events", "get"), ("/v1/changes", "post"), ("/v1/changes/preview", "post"),
        ("/v1/time/confirm", "post"), ("/v1/days/choose", "post"),
        ("/v1/alerts", "post"),
    }  # fmt: skip
    body = paths["/v1/changes"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert {"key", "by", "kind", "class"} <= set(body["properties"])
    body = paths["/v1/days/choose"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["properties"]) == {"key", "by", "choose", "dates", "confirmed"}
    body = paths["/v1/alerts"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["properties"]) == {"key", "by", "action", "drill", "until", "clears", "confirmed"}


# The door -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:8301", "127.0.0.1", "", "localhost:8300.evil.example"])
def test_another_host_is_not_meant(host: str) -> None:
    assert refused(Rig().ask("GET", "/v1/state", host=host)) == (421, "bad_host")


@pytest.mark.parametrize("host", ["127.0.0.1:8300", "localhost:8300", "[::1]:8300", "LOCALHOST:8300"])
def test_its_own_hosts_are(host: str) -> None:
    assert Rig().ask("GET", "/v1/state", host=host).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"}, {"origin": "null"}, {"origin": "http://localhost:8301"},
        {"origin": "https://127.0.0.1:8300"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
    ],
)  # fmt: skip
def test_another_page_cannot_act(headers: dict[str, str]) -> None:
    rig = Rig()
    for path in ("/v1/changes", "/v1/changes/preview", "/v1/time/confirm", "/v1/days/choose"):
        assert refused(rig.post(HOLD, path, **headers)) == (403, "foreign_origin")
    assert (rig.centre.wishes, rig.centre.choices, rig.centre.confirmed) == ([], [], [])


def test_the_page_itself_can_act_and_another_cannot_read() -> None:
    rig = Rig()
    own = {"origin": "http://127.0.0.1:8300", "sec-fetch-site": "same-origin"}
    assert rig.post(HOLD, **own).status_code == 200
    assert refused(rig.ask("GET", "/v1/events", **{"sec-fetch-site": "cross-site"})) == (403, "foreign_site")
    assert "access-control-allow-origin" not in rig.post(HOLD, **own).headers


def test_only_json_of_a_small_size_is_read() -> None:
    rig = Rig()
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        assert refused(rig.post(HOLD, **{"content-type": kind})) == (415, "not_json")
    assert refused(rig.post(b" " * (limits.CONSOLE_BODY_MAX_BYTES + 1))) == (413, "too_large")
    assert rig.post(json.dumps(HOLD).encode().ljust(limits.CONSOLE_BODY_MAX_BYTES)).status_code == 200
    assert len(rig.centre.wishes) == 1


def test_every_answer_tells_the_browser_what_it_may() -> None:
    for answer in (Rig().ask("GET", "/"), Rig().ask("GET", "/", host="x"), Rig().ask("GET", "/static/now.js")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


# The stream ---------------------------------------------------------------------------------------


async def lines(rig: Rig) -> AsyncIterator[bytes]:
    stream = rig.feed.stream(rig.centre.view(), lambda view: b"data: " + view.name.encode() + b"\n\n")
    async for part in stream:
        yield part


def run(story: Any) -> None:  # noqa: ANN401 - a coroutine
    asyncio.run(asyncio.wait_for(story, LIMIT_S))


def test_a_stream_begins_with_the_state_beats_and_ends_at_stop() -> None:
    async def story() -> None:
        rig = Rig(beat_s=0.01)
        events = lines(rig)
        said = [await anext(events) for _ in range(3)]
        assert said == [b"retry: 2000\n\n", "data: 示范小学\n\n".encode(), b": beat\n\n"]
        rig.feed.stop()
        assert [one async for one in events if one != b": beat\n\n"] == []
        assert not rig.feed.full()

    run(story())


def test_a_slow_subscriber_gets_the_newest_state_alone() -> None:
    async def story() -> None:
        rig = Rig()
        events = lines(rig)
        assert [await anext(events) for _ in range(2)][1] == "data: 示范小学\n\n".encode()
        for n in range(3):
            rig.now_s += limits.VIEW_EVERY_S
            rig.centre.shown = state(name=f"学校{n}")
            rig.feed.stir()
            await asyncio.sleep(0)
        assert await anext(events) == "data: 学校2\n\n".encode()

    run(story())


def test_the_state_is_made_once_for_all_and_not_too_often() -> None:
    async def story() -> None:
        box = Never()
        rig = Rig(box)
        count = 0

        def view() -> Any:  # noqa: ANN401 - a View
            nonlocal count
            count += 1
            return state()

        first = state()
        rig.centre.view = view  # type: ignore[method-assign] # the fake counts
        rig.feed.stir()
        assert count == 0  # nobody listens
        streams = [rig.feed.stream(first, lambda _: b"x") for _ in range(3)]
        for stream in streams:
            await anext(stream)
        for _ in range(5):
            rig.feed.stir()
        assert count == 1
        await box.filled()  # the loop is woken for what came too early
        rig.now_s += limits.VIEW_EVERY_S
        rig.feed.stir()
        assert (count, len(box.waiting)) == (2, 1)
        for stream in streams:
            await stream.aclose()  # type: ignore[attr-defined] # an async generator

    run(story())


# The server ---------------------------------------------------------------------------------------


def test_an_open_stream_does_not_hold_up_the_end() -> None:
    log: list[str] = []
    console = Console(FakeCentre(), Now(), ConsoleSettings(port=free_port()), lambda: 0.0, log.append)
    assert log == [f"页面 page: {console.url}"]
    with httpx.stream("GET", f"{console.url}v1/events", timeout=LIMIT_S) as answer:
        parts = answer.iter_text()
        while "event: state" not in next(parts):
            pass
        console.stop()
        assert not console.alive()
        assert list(parts) == []
    assert log[1:] == []


def test_a_port_in_use_is_said_with_a_remedy() -> None:
    settings = ConsoleSettings(port=free_port())
    console = Console(FakeCentre(), Now(), settings, lambda: 0.0, lambda _: None)
    try:
        with pytest.raises(OutsideError, match=rf"{settings.port} 已被别的程序占用 .*\[console\]"):
            Console(FakeCentre(), Now(), settings, lambda: 0.0, lambda _: None)
    finally:
        console.stop()
