"""`fangxue centre` and `fangxue records`: choose the parts of the centre by its settings, and run or read them."""

import argparse
import contextlib
import json
import os
import queue
import random
import signal
from collections import deque
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from broker import agenda, sheet
from broker.centre import Centre, Inbox, Parts, PlanChanged
from broker.cli_plan import loaded
from broker.console.server import Console
from broker.embedded import EmbeddedBroker, start_broker
from broker.store import Store
from broker.wake import Alarm
from broker.wire import topics
from broker.wire.messages import Record, decode
from broker.wire.transport_paho import PahoTransport
from config import limits
from config.clock import SystemClock
from config.day import GateDay
from config.errors import BadInputError, OutsideError
from config.language import language
from config.log_line import log
from config.plan import Plan
from config.plan_read import taken
from config.settings import CentreSettings, read
from config.timetable import local


def centre(argv: Sequence[str]) -> int:
    """Run the centre of one school. 0 after SIGTERM or Ctrl-C; SIGHUP reads the plan again."""
    parser = argparse.ArgumentParser(
        prog="fangxue centre",
        description="中心：下发放学表、发布口令、保存记录。SIGHUP 重读方案。The centre of a school.",
    )
    parser.add_argument("--settings", type=Path, required=True, metavar="FILE", help="中心设置 its settings (TOML)")
    parser.add_argument(
        "--time-confirmed-by", metavar="NAME", help="负责人已核对本机时间 an owner has compared this machine's time now"
    )
    options = parser.parse_args(argv)
    settings = _settings(options.settings)
    folder: Path = options.settings.parent
    store = Store(folder / settings.data / "centre.sqlite")
    plan, text = _plan(folder / settings.plan, store)
    broker = None if settings.broker else start_broker(folder / settings.data / "broker", port=settings.embedded_port)
    if broker is not None:
        log(f"内置服务器 embedded broker: {broker.kind}, {broker.host}:{broker.port}")
    try:
        _run(options, settings, store, broker, PlanChanged(plan, text))
    finally:
        if broker is not None:
            broker.stop()
        store.close()
    return 0


def _run(
    options: argparse.Namespace,
    settings: CentreSettings,
    store: Store,
    broker: EmbeddedBroker | None,
    first: PlanChanged,
) -> None:
    inbox: Inbox = queue.Queue(limits.INBOX_MAX)
    clock = SystemClock()
    host, port = (settings.broker.host, settings.broker.port) if settings.broker else ("127.0.0.1", 0)
    transport = PahoTransport(
        "centre",
        host if broker is None else broker.host,
        port if broker is None else broker.port,
        [topics.up_filter()],
        None,
        clock=clock,
        random=random.Random(),
    )
    alarm = Alarm(lambda: _ring(inbox))
    made = Centre(first.plan, first.text, settings.clock, Parts(clock, store, transport, alarm, log))
    if options.time_confirmed_by:
        made.confirm_time(options.time_confirmed_by)
    plan_file = options.settings.parent / settings.plan
    # A handler runs between two instructions of the loop, which may hold the inbox's lock: it must not touch it.
    asked: deque[Callable[[], None] | None] = deque()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.append(None))
    signal.signal(signal.SIGHUP, lambda *_: asked.append(lambda: _read_again(made, plan_file)))
    with contextlib.ExitStack() as stack:
        stack.callback(alarm.close)
        console = Console(made, inbox, settings.console, clock.monotonic_s, log)
        stack.callback(console.stop)

        def after_each() -> None:
            console.stir()
            _each_second(inbox, asked, broker)

        transport.start(inbox.put)
        stack.callback(transport.stop)
        made.run(inbox, after_each)


def _ring(inbox: Inbox) -> None:
    """A full inbox needs no waking; a thread that waits for room would keep the process from ending."""
    with contextlib.suppress(queue.Full):
        inbox.put_nowait(agenda.Tick())


def _each_second(inbox: Inbox, asked: deque[Callable[[], None] | None], broker: EmbeddedBroker | None) -> None:
    """What signals asked for goes into the inbox, when there is room."""
    _revive(broker)
    with contextlib.suppress(queue.Full):
        while asked:
            inbox.put_nowait(asked[0])
            asked.popleft()


def _read_again(made: Centre, file: Path) -> None:
    """A bad plan changes nothing: what was in force stays in force."""
    lang = language(os.environ)
    try:
        made.handle(PlanChanged(*loaded(file, lang)))
    except (ValueError, OSError) as error:  # also one of ours: the plan in force must not pay for it
        log(f"方案未采用 the plan was refused:\n{error}")


def _revive(broker: EmbeddedBroker | None) -> None:
    if broker is not None and not broker.alive():
        log("内置服务器已停，重新启动 the embedded broker died, starting it again")
        try:
            broker.restart()
        except OutsideError as error:
            log(str(error))


def records(argv: Sequence[str]) -> int:
    """`records day --data DIR --date D`: the record sheet of a date, from the centre's store."""
    parser = argparse.ArgumentParser(prog="fangxue records", description="播报记录。What was called, and when.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    day = verbs.add_parser("day", help="某一天的记录表 the record sheet of a date")
    day.add_argument("--settings", type=Path, required=True, metavar="FILE", help="中心设置 the centre's settings")
    day.add_argument("--date", required=True, metavar="D", help="日期 the date, as 2026-11-25")
    day.add_argument("--json", action="store_true", help="Record 数组 the Records as one JSON array")
    options = parser.parse_args(argv)
    settings = _settings(options.settings)
    try:
        on = date.fromisoformat(options.date)
    except ValueError as error:
        message = f"--date = {options.date}: 不是日期，写成 2026-11-25 is no date: write it as 2026-11-25"
        raise BadInputError(message) from error
    file = options.settings.parent / settings.data / "centre.sqlite"
    if not file.exists():
        message = f"{file}: 还没有记录 no store yet: has the centre run with these settings?"
        raise BadInputError(message)
    store = Store(file)
    try:
        plan = taken(store.plan() or "")
        found = store.records(on)
        if options.json:
            rows = [{"gate": address.gate, **record.model_dump(mode="json")} for address, record in found]
            print(json.dumps(rows, ensure_ascii=False))
        else:
            print("\n".join(record_sheet(store, plan, on, found)))
    finally:
        store.close()
    return 0


def record_sheet(store: Store, plan: Plan, on: date, found: Sequence[tuple[topics.Address, Record]]) -> list[str]:
    """The lines of `records day`."""
    names, rows, all_lines = {one.id: one.name for one in plan.classes}, [], []
    for gate in plan.gates:
        address = topics.Address(plan.school.id, gate.id)
        payload = store.day(address, on)
        if payload is None:
            rows.append(f"{gate.name}  {on}  没有放学表 no day")
            continue
        day = decode(payload, GateDay, limits.GATE_DAY_MAX_BYTES)
        lines = sheet.lines(day, [record for owner, record in found if owner == address])
        all_lines += lines
        rows.append(f"\n{gate.name}  {on}  第 {day.revision} 版  {sheet.summary(lines)}")
        rows.append("  计划      实际          相差      结果  班级")
        for line in lines:
            actual = line.record.actual if line.record else None
            shown = f"{local(actual, plan):%H:%M:%S.%f}"[:-3] if actual else "-" * 12
            off = f"{line.off_s:+.3f} s" if line.off_s is not None else "-" * 8
            called = "、".join(names.get(one, one) for one in line.cue.classes)
            rows.append(f"  {local(line.cue.at, plan):%H:%M:%S}  {shown}  {off}  {sheet.word(line)}  {called}")
    if told := [f"  {sheet.alert_line(alert, plan)}" for alert in store.alerts(on)]:
        rows += ["\n警报 alerts", *told]
    if (took := sheet.took(all_lines)) is not None:
        minutes, seconds = divmod(round(took.total_seconds()), 60)
        rows.append(f"\n今天放学用时 {minutes} 分 {seconds:02} 秒；{sheet.summary(all_lines)}")
    return rows


def _settings(file: Path) -> CentreSettings:
    try:
        content = file.read_bytes()
    except OSError as error:
        message = f"{file}: {error}"
        raise BadInputError(message) from error
    return read(content, str(file), CentreSettings, language(os.environ))


def _plan(file: Path, store: Store) -> tuple[Plan, str]:
    """The plan of the file; if that is bad and an earlier one was accepted, that one: the gates go on."""
    lang = language(os.environ)
    try:
        return loaded(file, lang)
    except ValueError as error:  # also one of ours: the plan in force must not pay for it
        if (text := store.plan()) is None:
            raise
        log(f"方案未采用，沿用上一份 the plan was refused, the last good one goes on:\n{error}")
        return taken(text), text
