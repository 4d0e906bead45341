"""Which card the demo plays on: the first that sounds, so that a muted one does not keep it from beginning."""

import pytest

from audio.player_alsa import AlsaPlayer
from deploy import demo

CARDS = """ 0 [PCH            ]: HDA-Intel - HDA Intel PCH
                      HDA Intel PCH at 0xf7d10000 irq 31
 1 [Device         ]: USB-Audio - USB Audio Device
"""


@pytest.mark.parametrize(
    ("muted", "first", "player"),
    [
        ((), True, 'kind = "alsa"\ncard = "PCH"'),
        (("PCH",), True, 'kind = "alsa"\ncard = "Device"'),
        (("PCH", "Device"), True, 'kind = "null"'),
        ((), False, 'kind = "null"'),
    ],
)
def test_a_muted_card_is_passed_over(
    muted: tuple[str, ...],
    first: bool,
    player: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(demo, "_read", lambda _: CARDS)
    monkeypatch.setattr(AlsaPlayer, "check", lambda self: "the card is muted" if self._card in muted else "")
    assert demo._player(None, first=first) == player
    capsys.readouterr()
