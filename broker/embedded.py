"""A broker for one machine, as a child that ends with its parent: mosquitto when it is on PATH, else iotcore.

It listens on 127.0.0.1 alone: anybody on this machine may speak, nobody else. The child process is this same file; it
watches its parent and keeps a busy broker thread away from the parent's interpreter.
"""

import argparse
import contextlib
import ctypes
import logging
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Literal

from config import limits
from config.errors import OutsideError

HOST = "127.0.0.1"
_PR_SET_PDEATHSIG = 1
Kind = Literal["mosquitto", "in-process"]


class EmbeddedBroker:
    """A running broker; made by `start_broker`. `port` stays its own until `stop()`, also while the child is dead."""

    def __init__(self, folder: Path, port: int | None) -> None:
        self.host = HOST
        self._program = shutil.which("mosquitto")
        self.kind: Kind = "mosquitto" if self._program else "in-process"
        self._folder = folder
        self._child: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "broker.log"
        self._place = _reserved(port)
        self.port: int = self._place.getsockname()[1]

    def alive(self) -> bool:
        """The child runs. A broker that died stays dead until `restart()`."""
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self) -> int:
        """The child's process number."""
        assert self._child is not None, "a stopped broker has no process"
        return self._child.pid

    def restart(self) -> None:
        """Start it again on the same port, ending what still runs. Raises OutsideError when it does not come."""
        self._end_child()
        try:
            self._begin_child()
        except OutsideError:
            if not self._set_memory_aside():
                raise
            self._begin_child()

    def stop(self) -> None:
        """End the child in order and give the port back; may be called twice."""
        self._end_child()
        self._place.close()

    def last_words(self) -> str:
        """The end of what the child wrote: errors and warnings."""
        try:
            lines = self._log.read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return ""
        return "\n".join(lines[-limits.BROKER_LAST_WORDS :])

    def _begin_child(self) -> None:
        command = [sys.executable, "-P", "-m", "broker.embedded", "--port", str(self.port)]
        if self._program:
            settings = self._folder / "mosquitto.conf"
            settings.write_text(mosquitto_settings(self._folder, self.port, as_root=os.geteuid() == 0))
            command += ["--mosquitto", self._program, "--settings", str(settings)]
        # One start a file: a broker that says little never fills the disk.
        with self._log.open("wb") as log:
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,  # its end tells the child that we are gone, however we went
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},  # the same packages as ours
                start_new_session=True,  # Ctrl-C is for us: we still need a broker to say goodbye
            )
        if not self._accepts():
            words = self.last_words() or "it said nothing"
            self._end_child()
            raise OutsideError(
                f"the embedded broker ({self.kind}) did not start on {HOST}:{self.port} in {self._folder};"
                f" it said:\n{words}"
            )

    def _accepts(self) -> bool:
        """Wait until it takes a connection; False when it ended or took too long."""
        assert self._child is not None
        ended = os.pidfd_open(self._child.pid)
        try:
            poll = select.poll()
            poll.register(ended, select.POLLIN)
            for _ in range(int(limits.BROKER_START_S * 1000) // limits.BROKER_LOOK_MS):
                with contextlib.suppress(OSError), socket.create_connection((HOST, self.port), timeout=1.0):
                    return self.alive()
                if poll.poll(limits.BROKER_LOOK_MS):
                    break
            return False
        finally:
            os.close(ended)

    def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        assert child.stdin is not None
        child.stdin.close()
        try:
            child.wait(limits.BROKER_STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def _set_memory_aside(self) -> bool:
        """mosquitto refuses to start over a damaged memory; nothing of ours needs it, so the day goes on without."""
        memory = self._folder / "mosquitto.db"
        if "persistent database" not in self.last_words() or not memory.exists():
            return False
        memory.replace(memory.with_suffix(".db.damaged"))
        return True


def start_broker(folder: Path, *, port: int | None = None) -> EmbeddedBroker:
    """A broker that accepts connections on `port`, or on a free one. Its files are in `folder`, which is its alone.

    Raises OutsideError with the child's last words.
    """
    for tries_left in reversed(range(1 if port else limits.PORT_TRIES)):
        broker = EmbeddedBroker(folder, port)
        try:
            broker.restart()
        except OutsideError:
            broker.stop()
            # Another program can take a free port between our look and the broker's.
            if not tries_left or "in use" not in broker.last_words():
                raise
        except BaseException:
            broker.stop()
            raise
        else:
            return broker
    raise AssertionError


def mosquitto_settings(folder: Path, port: int, *, as_root: bool) -> str:
    """Settings for one machine: loopback, everybody may speak, memory kept over a kill."""
    assert "\n" not in str(folder), "a folder's name has no line break"
    lines = [
        "# Written at each start; changes are lost.",
        f"listener {port} {HOST}",
        "# Nobody but this machine reaches it, and who runs programs here could read the passwords as well.",
        "allow_anonymous true",
        "persistence true",
        f"persistence_location {folder.resolve()}/",
        "# With the defaults a kill -9 loses the retained days and alerts.",
        "autosave_interval 1",
        "autosave_on_changes true",
        "# Without it, on both sides, a round trip takes 43 to 83 ms.",
        "set_tcp_nodelay true",
        f"max_packet_size {limits.BROKER_PACKET_MAX_BYTES}",
        f"max_inflight_messages {limits.BROKER_INFLIGHT_MAX}",
        f"max_queued_messages {limits.BROKER_QUEUED_MAX}",
        "max_keepalive 120",
        "persistent_client_expiration 1d",
        "# Errors and warnings only: connects and disconnects of years would fill the disk.",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
    ]
    if as_root:
        # Started by root it becomes the user `mosquitto`, who may not write our folder, and would forget everything.
        # Root has started us, and only this machine can reach it: staying root is the smaller harm.
        lines.append("user root")
    return "\n".join(lines) + "\n"


def _reserved(port: int | None) -> socket.socket:
    """A bound socket that never listens: it keeps the port ours, and lets our child listen there.

    Linux allows that when both set SO_REUSEADDR (mosquitto and iotcore do), and still refuses one that is listened on.
    """
    place = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind((HOST, port or 0))
    except OSError as error:
        place.close()
        raise OutsideError(
            f"port {port} of {HOST} is not free ({error.strerror}); choose another or stop its owner"
        ) from error
    return place


# The child ----------------------------------------------------------------------------------------


def _parent_gone(parent: int, ended: int | None = None) -> bool:
    """Wait until the parent is gone (True) or the file `ended` is readable (False)."""
    poll = select.poll()
    poll.register(sys.stdin, select.POLLIN)
    if ended is not None:
        poll.register(ended, select.POLLIN)
    while True:
        ready = dict(poll.poll(limits.BROKER_WATCH_MS))
        # A process forked from the parent may hold the pipe open: so its number is looked at as well.
        if sys.stdin.fileno() in ready or os.getppid() != parent:
            return True
        if ended in ready:
            return False


def _run_mosquitto(program: str, settings: str, parent: int) -> int:
    libc = ctypes.CDLL(None)

    def end_with_us() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    # Safe here: this process has one thread, which lives as long as the process. In the parent neither is so.
    with subprocess.Popen(
        [program, "-c", settings],
        stdin=subprocess.DEVNULL,
        preexec_fn=end_with_us,  # noqa: PLW1509 - see above
    ) as mosquitto:
        signal.signal(signal.SIGTERM, lambda *_: mosquitto.terminate())
        ended = os.pidfd_open(mosquitto.pid)
        if _parent_gone(parent, ended):
            mosquitto.terminate()
            try:
                mosquitto.wait(limits.BROKER_STOP_S - 1)
            except subprocess.TimeoutExpired:
                mosquitto.kill()
        return mosquitto.wait()


def _run_in_process(port: int, parent: int) -> None:
    import iotcore  # noqa: PLC0415 - only the child without mosquitto loads it

    def watch() -> None:
        _parent_gone(parent)
        os._exit(0)  # rumqttd has no way to stop

    threading.Thread(target=watch, daemon=True).start()
    # Its default payload limit is 20,480 bytes, and a bigger publish cuts the connection.
    broker = iotcore.IotCoreBroker(listen=HOST, port=port, max_payload_size=limits.BROKER_PACKET_MAX_BYTES)
    broker.check_ports()
    # rumqttd writes four "errors" for each message it carries; what really stops it is an exception.
    logging.disable(logging.CRITICAL)
    broker.run_forever()


def main() -> int:
    """The child's part: run the broker until it ends or the parent is gone."""
    parser = argparse.ArgumentParser(prog="broker.embedded")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--mosquitto")
    parser.add_argument("--settings")
    given = parser.parse_args()
    parent = os.getppid()
    if given.mosquitto:
        return _run_mosquitto(given.mosquitto, given.settings, parent)
    _run_in_process(given.port, parent)
    return 1


if __name__ == "__main__":
    sys.exit(main())
