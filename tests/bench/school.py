"""The school that is measured: a real centre with its broker and real gates, in a folder of its own."""

import http.client
import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from config.findings import clock as clock_text
from process_rig import CLOCK, WITHIN_S, ZONE, Program, free_port

HEAD = """v = 1
[school]
id = "lab"
name = "测试小学"
contact = "教务处"
"""
GATE = """[gates.g{n}]
name = "{n}号门"
[zones.z{n}]
name = "{n}区"
gate = "g{n}"
[[classes]]
id = "c{n}"
grade = "{grade}"
count = {classes}
zone = "z{n}"
"""


class School:
    """`gates` gates; each calls `classes` classes, `every_s` apart, from `first` on."""

    def __init__(self, folder: Path, first: datetime, *, gates: int = 1, classes: int = 1, every_s: int = 30) -> None:
        self.folder, self.first = folder, first.replace(microsecond=0)
        self.classes, self.every_s = classes, every_s
        self.gates = [f"g{n}" for n in range(1, gates + 1)]
        self.page = free_port()
        on = self.first.date()
        midnight = datetime.combine(on, datetime.min.time(), ZONE)
        starts_s = int((self.first - midnight).total_seconds())
        places = "".join(GATE.format(n=n, classes=classes, grade="甲乙丙丁"[n - 1]) for n in range(1, gates + 1))
        (folder / "plan.toml").write_text(f"""{HEAD}{places}[sentences]
call = "{{classes}}放学"
[[windows]]
id = "noon"
name = "午放学"
kind = "dismissal"
opens = "{clock_text(max(0, starts_s - 60))}"
starts = "{clock_text(starts_s)}"
closes = "{clock_text(starts_s + max(1800, classes * every_s))}"
every_s = {every_s}
rest_s = 1
repeat = 1
[calendar]
terms = [{{ from = "{on - timedelta(days=9)}", to = "{on + timedelta(days=30)}" }}]
national = "none"
weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
""")
        (folder / "centre.toml").write_text(
            f'v = 1\nplan = "plan.toml"\ndata = "centre"\n[clock]\nsource = "owner"\n[console]\nport = {self.page}\n'
        )

    @contextmanager
    def running(self, player: str = 'kind = "null"') -> Iterator[dict[str, Program]]:
        """Centre and gates, once every gate is ready to call; the gates by name."""
        programs = [Program("centre", "--settings", str(self.folder / "centre.toml"), "--time-confirmed-by", "测试")]
        gates: dict[str, Program] = {}
        try:
            self.port = int(programs[0].wait_for(r"embedded broker: \S+, 127\.0\.0\.1:(\d+)")[1])
            programs[0].wait_for("页面 page")
            for name in self.gates:
                settings = self.folder / f"{name}.toml"
                settings.write_text(
                    f'v = 1\nschool = "lab"\ngate = "{name}"\ndata = "{name}"\nvoice = "tone"\n'
                    f'[broker]\nport = {self.port}\n[player]\n{player}\n[panel]\nkind = "mock"\n'
                )
                gates[name] = Program("gate", "--settings", str(settings))
                programs.append(gates[name])
            self.wait(lambda state: all(gate["confirmed"] and not gate["check"] for gate in state["gates"]))
            yield gates
        finally:
            for program in reversed(programs):
                program.end(signal.SIGTERM)

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - any JSON
        line = http.client.HTTPConnection("127.0.0.1", self.page, timeout=WITHIN_S)
        try:
            line.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
            answer = line.getresponse()
            said = json.loads(answer.read())
        finally:
            line.close()
        assert answer.status == http.client.OK, said
        return said

    def wait(self, good: Callable[[dict[str, Any]], bool], every_s: float = 0.1) -> None:
        """Until the state is good; asked for every so often."""
        end_s = CLOCK.monotonic_s() + WITHIN_S
        while not good(state := self.ask("GET", "/v1/state")):
            assert CLOCK.monotonic_s() < end_s, f"not in {WITHIN_S} s: {state['gates']}"
            pause(every_s)


def pause(seconds: float) -> None:
    """Measuring takes time: nobody can be waited for here."""
    threading.Event().wait(max(0.0, seconds))
