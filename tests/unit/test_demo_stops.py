"""Ctrl-C, and the second one of a hurried person, which comes while the first is being dealt with."""

import signal
from collections.abc import Iterator

import pytest

from deploy import demo

NUMBERS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    usual = {number: signal.getsignal(number) for number in NUMBERS}
    yield
    for number, handler in usual.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_second_signal_does_not_interrupt_the_ending(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    def told(text: str) -> None:
        again()
        said.append(text)

    def again() -> None:
        for hurried in NUMBERS:
            signal.raise_signal(hurried)

    def run(*_: object) -> None:
        try:
            signal.raise_signal(number)
        finally:
            again()

    monkeypatch.setattr(demo, "_run", run)
    monkeypatch.setattr(demo.SCREEN, "print", told)
    assert demo.main([]) == 130
    assert said == ["已中断 stopped"]
