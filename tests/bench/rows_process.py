"""A gate that waits, beside a bare paho client with one subscription: what it takes of memory, how often it wakes."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from bench.row import NoSampleError, Row
from bench.school import School, pause
from process_rig import now

WINDOW_S = 3.0
BARE = """
import sys
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="bare")
client.on_connect = lambda *_: client.subscribe("fangxue/v1/lab/bare/down/#", qos=1)
client.on_subscribe = lambda *_: print("up", flush=True)
client.connect("127.0.0.1", int(sys.argv[1]), keepalive=15)
client.loop_forever()
"""


@contextmanager
def rows(folder: Path, pairs: int) -> Iterator[list[Row]]:
    school = School(folder, now() + timedelta(hours=1))
    with school.running() as gates, bare(school.port) as beside:
        gate = gates["g1"].process.pid
        pause(WINDOW_S)  # what a start still has to do
        against = "bare paho, one subscription"
        yield [
            Row("gate, idle: memory", "MiB RSS", against, pairs, lambda: rss_mib(gate), lambda: rss_mib(beside)),
            Row(
                f"gate, idle: wakes in {WINDOW_S:.0f} s", "a second", against, pairs,
                lambda: wakes_a_second(gate), lambda: wakes_a_second(beside),
            ),
        ]  # fmt: skip


@contextmanager
def bare(port: int) -> Iterator[int]:
    """The number of a process that has subscribed and waits."""
    with subprocess.Popen([sys.executable, "-c", BARE, str(port)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            if process.stdout.readline() != "up\n":
                raise NoSampleError("the bare client did not start")
            yield process.pid
        finally:
            process.kill()


def rss_mib(pid: int) -> float:
    return _field(Path(f"/proc/{pid}/status").read_text(), "VmRSS") / 1024


def wakes_a_second(pid: int) -> float:
    """How often any of its threads came back from waiting."""
    before = wakes(pid)
    pause(WINDOW_S)
    return (wakes(pid) - before) / WINDOW_S


def wakes(pid: int) -> int:
    """Voluntary context switches of all threads: /proc/PID/status alone tells of the first."""
    return sum(
        _field(status.read_text(), "voluntary_ctxt_switches") for status in Path(f"/proc/{pid}/task").glob("*/status")
    )


def _field(status: str, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+)", status, re.MULTILINE)
    if found is None:
        raise NoSampleError(f"no {name} in /proc")
    return int(found[1])
