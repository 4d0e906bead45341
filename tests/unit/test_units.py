"""The systemd units: they start commands that exist, give a gate the time it needs, and keep what the examples name."""

from configparser import ConfigParser
from pathlib import Path

import pytest

from config import limits
from config.settings import CentreSettings, GateSettings, read

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def service(name: str) -> dict[str, str]:
    """The section; of a key that stands twice the last."""
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys are case-sensitive there
    parser.read(DEPLOY / "systemd" / f"fangxue-{name}.service", "utf-8")
    return dict(parser["Service"])


def test_there_is_one_for_each_program_that_stays() -> None:
    assert [unit.stem for unit in UNITS] == ["fangxue-centre", "fangxue-gate"]


@pytest.mark.parametrize("name", ["centre", "gate"])
def test_it_starts_the_program_again_for_ever_with_settings_like_the_example(name: str) -> None:
    unit = service(name)
    assert unit["ExecStart"] == f"/opt/fangxue/bin/fangxue {name} --settings /etc/fangxue/{name}.toml"
    assert (unit["Restart"], unit["DynamicUser"]) == ("always", "yes")
    assert "StartLimitIntervalSec=0" in (DEPLOY / "systemd" / f"fangxue-{name}.service").read_text("utf-8")
    text = (DEPLOY / "examples" / f"{name}.toml").read_text("utf-8")
    settings = read(text, name, CentreSettings, "en") if name == "centre" else read(text, name, GateSettings, "en")
    assert str(settings.data) == f"/var/lib/{unit['StateDirectory']}"


@pytest.mark.parametrize("name", ["centre", "gate"])
def test_it_may_ask_the_kernel_how_good_its_clock_is(name: str) -> None:
    """The set @system-service does not hold it, and ProtectClock= takes it away: nobody would vouch for the time."""
    unit = service(name)
    assert set(unit["SystemCallFilter"].split()) >= {"@system-service", "adjtimex", "clock_adjtime"}
    assert "ProtectClock" not in unit
    assert (unit["SystemCallErrorNumber"], unit["CapabilityBoundingSet"]) == ("EPERM", "")


def test_a_gate_says_its_sentence_to_the_end_and_is_dark_however_it_ended() -> None:
    unit = service("gate")
    assert unit["KillMode"] == "mixed"  # else the player gets the signal too, and the sentence is cut
    assert float(unit["TimeoutStopSec"]) > limits.STOP_SAYING_S + limits.CUT_WITHIN_S + 10
    assert unit["ExecStopPost"] == f"{unit['ExecStart']} --dark"


def test_a_gate_tells_when_it_is_ready_and_is_watched() -> None:
    unit = service("gate")
    assert unit["Type"] == "notify"
    # The loop waits a second at most: it feeds often enough, and is not killed for one slow card.
    assert float(unit["WatchdogSec"]) / limits.WATCHDOG_FEEDS > 2 * limits.TICK_MAX_S
