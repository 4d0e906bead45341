"""Settings of the two programs: one TOML file each, checked whole at the start, every fault at once. Pure."""

from collections.abc import Iterator
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field

from config import limits
from config.errors import BadInputError
from config.findings import Finding, Lang, words
from config.parsing import decoded, loaded, made, shown
from config.types import Frozen, Name, Slug, seen

S = TypeVar("S", "GateSettings", "CentreSettings")
Path = Annotated[str, Field(min_length=1, max_length=4096), AfterValidator(seen)]
Pin = Annotated[int, Field(ge=2, le=27)]


class BrokerSettings(Frozen):
    """Where the broker is. Loopback only, until a gate can join with a certificate."""

    host: Literal["127.0.0.1", "localhost", "::1"] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 1883


class PlayerSettings(Frozen):
    """`alsa`: a sound card by its id (`aplay -l` names it). `wav`: raw samples into `file`. `null`: no sound."""

    kind: Literal["alsa", "wav", "null"]
    card: Name | None = None
    file: Path | None = None


class PanelSettings(Frozen):
    """`gpio`: the pins of this Pi by their BCM numbers. `mock`: none; the lights stand in the log.

    `hold`, `next`: buttons between the pin and ground.
    """

    kind: Literal["gpio", "mock"]
    red: Pin = 17
    amber: Pin = 27
    green: Pin = 22
    amplifier: Pin = 23
    hold: Pin = 5
    next: Pin = 6


class GateClockSettings(Frozen):
    """`chip_ppm`: this gate has a clock chip, which may be so much off; 5 for a DS3231. None: it has none."""

    chip_ppm: Annotated[float, Field(ge=1, le=50)] | None = None


OUTPUTS = ("red", "amber", "green", "amplifier")
_UP_AT_BOOT = range(2, 9)
"""Pulled up from the moment the Pi has power until a program drives them: a lamp or the relay would be on."""
_CONSOLE = (14, 15)
"""The serial console: 14 toggles while the Pi starts."""
_FREE = (17, 27, 22, 23, 24, 25, 16, 26, 13, 12)
"""Pulled down at boot and of no bus: what is proposed in place of a bad pin. Ten, for six names."""


class GateSettings(Frozen):
    """Of one gate. `data`: its folder, which must survive power cuts. `recorded`: a folder of the school's own WAVs.

    `model`: a folder with the model of kokoro, where its packages are not installed.
    """

    v: Literal[1]
    school: Slug
    gate: Slug
    data: Path
    voice: Literal["pyttsx3", "kokoro", "kokoro-man", "tone"] = "pyttsx3"
    model: Path | None = None
    recorded: Path | None = None
    broker: BrokerSettings = BrokerSettings()
    clock: GateClockSettings = GateClockSettings()
    player: PlayerSettings
    panel: PanelSettings


class ClockSettings(Frozen):
    """What may vouch for the centre's clock: its kernel, or an owner who compared the time."""

    source: Literal["kernel", "owner"] = "kernel"


class ConsoleSettings(Frozen):
    """Where REST and the page are. Loopback only, until people have accounts."""

    host: Literal["127.0.0.1", "localhost", "::1"] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = limits.CONSOLE_PORT


class CentreSettings(Frozen):
    """Of the centre. Without `broker` it runs one of its own, for this machine alone."""

    v: Literal[1]
    plan: Path
    data: Path
    clock: ClockSettings = ClockSettings()
    console: ConsoleSettings = ConsoleSettings()
    broker: BrokerSettings | None = None
    embedded_port: Annotated[int, Field(ge=1, le=65535)] | None = None


def read(content: str | bytes, file: str, model: type[S], lang: Lang) -> S:
    """Settings out of a file's text, or its bytes. Raises BadInputError that names every fault."""
    text, findings = decoded(content, limits.PLAN_MAX_BYTES) if isinstance(content, bytes) else (content, ())
    raw, findings = (None, findings) if text is None else loaded(text, limits.PLAN_MAX_BYTES)
    if raw is not None:
        one, findings = made("", raw, model)
        if type(raw.get("v", 1)) is not int and not any(finding.place == "v" for finding in findings):
            findings += (Finding("bad_choice", "v", shown(raw["v"]), {"choices": "1"}),)  # pydantic takes true for 1
        if isinstance(one, GateSettings):
            findings += tuple(_senseless(one))
        if one is not None and not findings:
            return one
    raise BadInputError("\n".join(f"{file}: {words(finding, lang)}" for finding in findings))


def _senseless(one: GateSettings) -> Iterator[Finding]:
    """What only shows when two settings are seen together."""
    if one.player.kind == "alsa" and one.player.card is None:
        yield Finding("missing", "player.card")
    yield from _pin_faults(one.panel)


def _pin_faults(panel: PanelSettings) -> Iterator[Finding]:
    pins = {name: getattr(panel, name) for name in PanelSettings.model_fields if name != "kind"}
    owners: dict[int, str] = {}
    free = iter([pin for pin in _FREE if pin not in pins.values()])
    for name, pin in pins.items():
        if owners.setdefault(pin, name) != name:
            yield Finding(
                "twin_pin", f"panel.{name}", str(pin), {"other": f"panel.{owners[pin]}", "free": str(next(free))}
            )
        elif pin in _CONSOLE:
            yield Finding("console_pin", f"panel.{name}", str(pin), {"free": str(next(free))})
        elif pin in _UP_AT_BOOT and name in OUTPUTS:
            yield Finding("up_pin", f"panel.{name}", str(pin), {"free": str(next(free))})
