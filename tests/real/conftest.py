"""Parts that several tests of real parts share: what hears a gate, and a player that plays into their card."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from audio.player_alsa import AlsaPlayer
from audio.recorder import Recorder
from player_suite import Playing
from process_rig import CLOCK
from sound_card import DEVICE, SoundCard


@pytest.fixture(autouse=True)
def no_pause() -> Iterator[None]:
    """Late in a whole run a full collection stops this process, and with it the ear, for a third of a second."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    made = Recorder(tmp_path / "gate.fifo", tmp_path / "gate.wav", CLOCK)
    made.start()
    yield made
    made.close()


@pytest.fixture
def playing(card: SoundCard) -> Iterator[Playing]:
    """`card` is the test's own."""
    made = Playing(lambda on_played, clock: AlsaPlayer(DEVICE, on_played, clock))
    yield made
    made.player.close()
