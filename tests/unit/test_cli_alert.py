"""`fangxue alert` over a real socket: raised, a drill with its end, cleared only when it is meant."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from broker.cli_alert import alert
from broker.console.server import Console
from broker.situation import RefusedError
from config.errors import BadInputError
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


def test_an_alert_is_raised_and_said(centre: FakeCentre, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert alert(["raise", "evacuate", "--by", "李主任", "--url", url]) == 0
    assert capsys.readouterr().out == "已保存并发出 saved and sent：疏散，真警报 actual，7\n"
    (wish,) = centre.alarms
    assert (wish.by, wish.action, wish.drill, wish.until) == ("李主任", "evacuate", False, None)


def test_a_drill_has_its_end_in_any_zone(centre: FakeCentre, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["raise", "return", "--drill", "--until", "2026-11-25T16:30:00+08:00", "--by", "李", "--url", url]
    assert alert(argv) == 0
    assert "演练 drill" in capsys.readouterr().out
    assert (centre.alarms[0].drill, centre.alarms[0].until) == (True, datetime(2026, 11, 25, 8, 30, tzinfo=UTC))
    for bad in ("16:30", "2026-11-25T16:30:00", "soon"):
        with pytest.raises(BadInputError, match=r"--until = .*\+08:00"):
            alert(["raise", "return", "--drill", "--until", bad, "--by", "李", "--url", url])


def test_a_clear_is_asked_twice(centre: FakeCentre, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    named = ["clear", "--clears", "7", "--by", "李", "--url", url]
    with pytest.raises(BadInputError, match=r"确认已经安全.*\n.*--confirmed"):
        alert(named)
    assert alert([*named, "--confirmed"]) == 0
    assert "解除" in capsys.readouterr().out
    assert [(one.clears, one.confirmed) for one in centre.alarms] == [(7, False), (7, True)]


def test_a_refusal_says_why(centre: FakeCentre, url: str) -> None:
    centre.fails = RefusedError("actual_stands", "真的警报还没有解除，不能演练：先解除它")
    with pytest.raises(BadInputError, match="不能演练"):
        alert(["raise", "return", "--by", "李", "--url", url])
