"""`fangxue change` over a real socket: words and a status for each end; one key a call, whatever is lost."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from broker.cli_change import change
from broker.console.server import Console
from config.errors import BadInputError, OutsideError
from config.settings import ConsoleSettings
from console_rig import FakeCentre, Now
from process_rig import free_port


@pytest.fixture
def centre() -> FakeCentre:
    return FakeCentre()


@pytest.fixture
def url(centre: FakeCentre) -> Iterator[str]:
    console = Console(centre, Now(), ConsoleSettings(port=free_port()), lambda: 0.0, lambda _: None)
    yield console.url
    console.stop()


def test_a_change_is_made_and_said(centre: FakeCentre, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["delay", "--by", "王老师", "--gate", "east", "--window", "noon", "--delay-s", "120", "--why", "下雨"]
    assert change([*argv, "--url", url]) == 0
    assert capsys.readouterr().out == "东门 暂停\n已保存 saved：变更 1，east 第 3 版、west 第 3 版\n"
    (wish,) = centre.wishes
    assert (wish.kind, wish.by, wish.gate, wish.window, wish.delay_s, wish.why) == (
        "delay", "王老师", "east", "noon", 120.0, "下雨",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("argv", "fields"),
    [
        (["move", "--classes", "g3c2", "g3c1"], {"classes": ("g3c2", "g3c1")}),
        (["reroute", "--gate", "west", "--from-gate", "east"], {"gate": "west", "from_gate": "east"}),
        (["day_type", "--day-type", "rain", "--class", "g3"], {"day_type": "rain", "cls": "g3"}),
        (["quiet", "--to", "2026-11-25T08:00:00Z"], {"to": datetime(2026, 11, 25, 8, tzinfo=UTC), "begins": None}),
        (
            ["notice", "--text", "好", "--from", "2026-11-25T08:00:00Z"],
            {"begins": datetime(2026, 11, 25, 8, tzinfo=UTC)},
        ),
    ],
)
def test_what_rearranges_a_day_is_asked_in_its_own_words(
    argv: list[str], fields: dict[str, object], centre: FakeCentre, url: str
) -> None:
    assert change([*argv, "--by", "王", "--url", url]) == 0
    (wish,) = centre.wishes
    assert {name: getattr(wish, name) for name in fields} == fields


def test_a_preview_is_only_said(centre: FakeCentre, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert change(["resume", "--by", "王", "--ids", "change-1", "change-2", "--preview", "--url", url]) == 0
    assert capsys.readouterr().out == "东门 暂停\n"
    assert centre.wishes[0].ids == ("change-1", "change-2")


def test_a_refusal_says_why_and_how_to_insist(centre: FakeCentre, url: str) -> None:
    with pytest.raises(BadInputError, match=r"仍要叫三年级一班吗？\n.*--confirmed"):
        change(["call", "--by", "王", "--class", "g3c1", "--url", url])
    assert change(["call", "--by", "王", "--class", "g3c1", "--confirmed", "--url", url]) == 0
    with pytest.raises(BadInputError, match="gate"):
        change(["hold", "--by", "王", "--gate", "EAST", "--url", url])


def test_what_was_not_saved_is_asked_again_with_the_same_key(centre: FakeCentre, url: str) -> None:
    centre.fails = OutsideError("磁盘已满")
    with pytest.raises(OutsideError, match="磁盘已满"):
        change(["hold", "--by", "王", "--url", url])
    assert (len(centre.wishes), len({wish.key for wish in centre.wishes})) == (3, 1)


def test_a_lost_answer_is_asked_for_with_the_same_key(capsys: pytest.CaptureFixture[str]) -> None:
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            if len(bodies) > 1:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b'{"n": 1, "kind": "hold", "lines": [], "revisions": {"east": 2}, "again": true}')

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        assert change(["hold", "--by", "王", "--url", f"http://127.0.0.1:{server.server_port}"]) == 0
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert (len(bodies), bodies[0] == bodies[1]) == (2, True)
    assert "此前已做" in capsys.readouterr().out


def test_whose_days_count_is_chosen_and_said(centre: FakeCentre, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["mine", "--by", "王", "--dates", "2026-11-25", "2026-11-26", "--url", url]
    with pytest.raises(BadInputError, match=r"以中心的为准？\n.*--confirmed"):
        change(argv)
    assert change([*argv, "--confirmed"]) == 0
    assert capsys.readouterr().out == "已保存 saved：中心的放学表 the centre's days，2026-11-25 2026-11-26\n"
    assert change(["keep", "--by", "王", "--confirmed", "--url", url]) == 0
    assert [(one.choose, len(one.dates)) for one in centre.choices] == [("mine", 2), ("mine", 2), ("keep", 0)]


def test_nobody_there_is_said() -> None:
    with pytest.raises(OutsideError, match="没有回答"):
        change(["hold", "--by", "王", "--url", f"http://127.0.0.1:{free_port()}"])
    with pytest.raises(BadInputError, match="--url"):
        change(["hold", "--by", "王", "--url", "file:///etc/passwd"])
