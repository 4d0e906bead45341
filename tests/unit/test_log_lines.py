"""A line for the log that cannot be written: the gate and the centre go on."""

import contextlib
import errno
import io

import pytest

from config.log_line import log


class Unwritable(io.StringIO):
    def __init__(self, fault: Exception) -> None:
        super().__init__()
        self.fault = fault
        self.asked: list[str] = []

    def write(self, text: str) -> int:
        self.asked.append(text)
        raise self.fault


FAULTS = [
    OSError(errno.ENOSPC, "No space left on device"),
    BrokenPipeError(errno.EPIPE, "Broken pipe"),
    UnicodeEncodeError("latin-1", "红", 0, 1, "ordinal not in range(256)"),
    ValueError("I/O operation on closed file"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_a_line_that_cannot_be_written_stops_nobody(fault: Exception) -> None:
    out = Unwritable(fault)
    with contextlib.redirect_stdout(out):
        log("红灯亮")
        log("绿灯亮")
    assert out.asked == ["红灯亮", "绿灯亮"]
