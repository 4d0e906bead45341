"""Alerts at the centre: raised, replaced, cleared; what each gate must have, and which have not. Pure.

1. One stands at a time. A new actual replaces what stands; a drill never replaces an actual, and ends by its `until`.
2. A number is above all that the store and the gates know, and never below the milliseconds of its instant.
3. A gate may have missed a replacement, and holds the alert before it: so a clear is one message for each alert since
   the last clear, the newest named first, and a gate that still alarms gets the next; also before a drill, and after.
4. Who clears names what was seen: an actual alert that came between the question and the yes is not ended by that yes.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from broker.situation import RefusedError
from broker.wire.messages import Alert, Status
from broker.wish import AlertWish
from config import limits
from config.alerts import Action, sentence
from config.plan import Plan

WORDS: dict[Action, str] = {"return": "返回校内", "evacuate": "疏散", "shelter": "就地隐蔽", "clear": "解除"}
SEQ_MAX = 2**53 - 2**20
"""A gate that claims a number above this is at fault; ours must stay below 2**53."""


def standing(alerts: Sequence[Alert], now: datetime) -> Alert | None:
    """The alert that is in force. `alerts`: by number, clears too."""
    last = alerts[-1] if alerts else None
    return None if last is None or last.action == "clear" or _over(last, now) else last


def wanted(alerts: Sequence[Alert], status: Status | None, now: datetime) -> Alert | None:
    """The alert message that a gate must have; None: none, a drill is over."""
    if not alerts:
        return None
    last, clears = alerts[-1], _last_clears(alerts)
    if last.action != "clear" and last.status == "actual":
        return last
    told = clears[0] if clears else None if _over(last, now) else last
    if status is None or status.doing != "alert":
        return told
    ended = _clears_since_the_last_actual(alerts) or clears
    unheard = next((one for one in (*ended, *clears) if one.seq > status.alert_seq), None)
    if unheard is not None or not ended or (told == last and status.alert_seq < last.seq):
        return unheard or told
    # It has heard all and alarms: a drill reached it before the clear. Each is said again, in turn.
    return ended[int(now.timestamp() // limits.STATUS_EVERY_S) % len(ended)]


def _clears_since_the_last_actual(alerts: Sequence[Alert]) -> tuple[Alert, ...]:
    raised = (n for n, alert in enumerate(alerts) if alert.action != "clear" and alert.status == "actual")
    since = max(raised, default=-1)
    return tuple(alert for alert in alerts[since + 1 :] if alert.action == "clear" and alert.status == "actual")


def has(alert: Alert, status: Status | None) -> bool:
    """Whether a gate has confirmed an alert; of a clear, that it is no longer in one."""
    known = status is not None and status.alert_seq >= alert.seq
    return known and (alert.action != "clear" or (status is not None and status.doing != "alert"))


def newest(alerts: Sequence[Alert]) -> Alert | None:
    """The last thing done: the alert raised, or the first of the clears that belong together."""
    return (_last_clears(alerts) or alerts[-1:] or (None,))[0]


def astray(alerts: Sequence[Alert], statuses: Mapping[str, Status]) -> dict[str, str]:
    """Gates in an alert of which this centre knows nothing (a restored backup), each with that alert's name."""
    known = {alert.seq for alert in alerts}
    return {
        gate: _name(status.alert_seq)
        for gate, status in sorted(statuses.items())
        if status.doing == "alert" and status.alert_seq not in known
    }


def clearable(alerts: Sequence[Alert], statuses: Mapping[str, Status], now: datetime) -> int | None:
    """The number that a clear must name: of the alert that stands, else of the newest that this centre forgot."""
    stands = standing(alerts, now)
    forgotten = (statuses[gate].alert_seq for gate in astray(alerts, statuses))
    return stands.seq if stands is not None else max(forgotten, default=None)


def proposed(
    plan: Plan, alerts: Sequence[Alert], wish: AlertWish, statuses: Mapping[str, Status], at: datetime
) -> tuple[Alert, ...]:
    """What is stored and sent: one alert, or the clears. Raises RefusedError."""
    seq, stands = _next_seq(alerts, statuses.values(), at), standing(alerts, at)
    strangers = astray(alerts, statuses)
    made: list[dict[str, object]]
    if wish.action == "clear":
        ids = dict.fromkeys([*_uncleared(alerts, at), *strangers.values()])
        if not ids:
            raise RefusedError("no_alert", "没有警报可以解除：它已经解除或演练已结束；请刷新后再看")
        _check_named(wish, clearable(alerts, statuses, at), stands)
        if not wish.confirmed:
            raise RefusedError("sure", _asked(stands), ask_again=True)
        status = stands.status if stands else "actual"
        made = [{"clears": own, "status": status, "until": None} for own in list(ids)[: limits.CLEARS_MAX]]
    else:
        if wish.drill and (strangers or (stands is not None and stands.status == "actual")):
            raise RefusedError("actual_stands", "真的警报还没有解除，不能演练：先解除它")
        _check_until(wish, at)
        made = [{"clears": None, "status": "drill" if wish.drill else "actual", "until": wish.until}]
    own = plan.alerts.own(wish.action)
    return tuple(
        Alert.model_validate(
            {
                "v": 1, "school": plan.school.id, "seq": seq + n, "id": _name(seq + n), "action": wish.action,
                "say": sentence(wish.action, "drill" if one["status"] == "drill" else "actual", own),
                "raised_at": at, "by": wish.by, **one,
            }
        )
        for n, one in enumerate(made)
    )  # fmt: skip


def _check_until(wish: AlertWish, at: datetime) -> None:
    if not wish.drill and wish.until is not None:
        raise RefusedError("no_until", "真的警报没有结束时刻：去掉 until，由人解除；要演练请写 drill")
    if wish.drill and (wish.until is None or not at < wish.until <= at + timedelta(seconds=limits.DRILL_MAX_S)):
        minutes = round(limits.DRILL_MAX_S / 60)
        raise RefusedError("bad_until", f"演练要写什么时候结束：until 在现在以后、{minutes} 分钟以内")


def _check_named(wish: AlertWish, seq: int | None, stands: Alert | None) -> None:
    if wish.clears is None:
        raise RefusedError("unnamed", f"{_asked(stands)}要写明解除的是这一个 name it：clears = {seq}")
    if wish.clears != seq:
        raise RefusedError("other_alert", f"没有解除：现在是{_what(stands)}，不是您看到的那一个；请看清楚再按“解除”")


def _asked(stands: Alert | None) -> str:
    if stands is not None and stands.status == "drill":
        return f"结束{_what(stands)}？"
    return f"确认已经安全，解除{_what(stands)}？解除后各门仍暂停，要再按“恢复”才继续叫班。"


def _what(stands: Alert | None) -> str:
    if stands is None:
        return "校门上的警报"
    return f"演练（{WORDS[stands.action]}）" if stands.status == "drill" else f"“{WORDS[stands.action]}”警报"


def _next_seq(alerts: Sequence[Alert], statuses: Iterable[Status], at: datetime) -> int:
    told = [status.alert_seq for status in statuses if status.alert_seq < SEQ_MAX]
    known = max([*told, *(alert.seq for alert in alerts)], default=0)
    return max(known + 1, round(at.timestamp() * 1000))


def _name(seq: int) -> str:
    """Made of its number, so that a centre that forgot an alert can name it by what a gate says."""
    return f"alert-{seq}"


def _last_clears(alerts: Sequence[Alert]) -> tuple[Alert, ...]:
    since = max((n for n, alert in enumerate(alerts) if alert.action != "clear"), default=-1)
    instant = alerts[-1].raised_at if alerts else None
    return tuple(alert for alert in alerts[since + 1 :] if alert.raised_at == instant)


def _uncleared(alerts: Sequence[Alert], now: datetime) -> list[str]:
    """What was raised since the last clear, the newest first. Of drills that are over nothing is left."""
    if standing(alerts, now) is None:
        return []
    since = max((n for n, alert in enumerate(alerts) if alert.action == "clear"), default=-1)
    return [alert.id for alert in reversed(alerts[since + 1 :]) if not _over(alert, now)]


def _over(alert: Alert, now: datetime) -> bool:
    return alert.status == "drill" and alert.until is not None and alert.until <= now
