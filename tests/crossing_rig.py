"""Alerts, holds and a gate that is ready, for tests of two things at once."""

from typing import Literal

from broker.wire.messages import Alert, Status
from config.day import GateDay, Hold, Quiet
from edge.alphabet import AlertCame, ButtonMoved
from edge.book import Pressed
from gate_rig import Rig, at, call, came, day, linked

CALLS = (call(1, 0), call(2, 20), call(3, 40), call(4, 60))
SAY = "请立即返回校内。"


def alert(seq: int = 1, **more: object) -> AlertCame:
    fields = {
        "v": 1, "school": "shifan", "seq": seq, "id": f"a{seq}", "action": "return", "clears": None,
        "status": "actual", "say": SAY, "raised_at": at(0), "until": None, "by": "王老师",
    }  # fmt: skip
    return AlertCame(Alert.model_validate({**fields, **more}), receipt=5)


def clear(seq: int = 2, of: str = "a1") -> AlertCame:
    return alert(seq, action="clear", clears=of, say="警报解除。")


def drill(seq: int = 1, until_s: float = 100, **more: object) -> AlertCame:
    return alert(seq, **{"status": "drill", "until": at(until_s), "say": f"现在是演练。{SAY}", **more})


def hold(to_s: float | None = None, own: str = "h1", begins_s: float = 5) -> Hold:
    to = None if to_s is None else at(to_s)
    return Hold.model_validate({"id": own, "from": at(begins_s), "to": to, "why": None, "by": "王老师"})


def lock(begins_s: float, to_s: float | None) -> Quiet:
    return Quiet.model_validate({"id": "q1", "from": at(begins_s), "to": None if to_s is None else at(to_s)})


def ready(before_s: float = 60.0, *, bound_s: float | None = 0.1, today: GateDay | None = None) -> Rig:
    rig = Rig(before_s, bound_s=bound_s)
    rig.send(linked())
    rig.send(came(today or day(*CALLS)))
    return rig


def press(rig: Rig, button: Literal["hold", "next"] = "hold", for_s: float = 0.2) -> None:
    rig.send(ButtonMoved(button, True, rig.monotonic_s))
    rig.run((rig.utc - at(0)).total_seconds() + for_s)
    rig.send(ButtonMoved(button, False, rig.monotonic_s))
    rig.run((rig.utc - at(0)).total_seconds() + 0.1)


def presses(rig: Rig) -> list[tuple[str, str]]:
    return [(one.press.button, one.press.result) for one in rig.state.book.outbox if isinstance(one, Pressed)]


def names(rig: Rig) -> list[str]:
    return [name for _, name in rig.classes()]


def statuses(rig: Rig) -> list[Status]:
    return [one.message for one in rig.published("status") if isinstance(one.message, Status)]
