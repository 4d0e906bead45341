"""A card that was turned down or off is a fault: what `amixer scontents` says of it, in the forms that cards have."""

import pytest

from audio.mixer import muted


def control(name: str, *channels: str, capabilities: str = "pvolume pswitch", index: int = 0) -> str:
    lines = [f"Simple mixer control '{name}',{index}", f"  Capabilities: {capabilities}", "  Limits: Playback 0 - 151"]
    return "\n".join([*lines, *(f"  {channel}" for channel in channels), ""])


def left(percent: int, switch: str = "on", down_db: float = 37.0) -> str:
    return f"Front Left: Playback {percent} [{percent}%] [{-down_db:.2f}dB] [{switch}]"


USB = control("Speaker", left(80), left(80).replace("Left", "Right"))
MIC = control("Mic", "Mono: Playback 0 [0%] [-99.00dB] [off] Capture 7 [50%] [on]")
CAPTURE = control("Capture", "Mono: Capture 7 [50%] [on]", capabilities="cvolume cswitch")


@pytest.mark.parametrize(
    ("contents", "silent"),
    [
        ("", ""),
        ("amixer: Mixer attach plughw:CARD=X error: No such file or directory", ""),
        (USB, ""),
        (USB + MIC + CAPTURE, ""),
        (control("Speaker", left(80, "off"), left(80, "off")), "Speaker"),
        (control("Speaker", left(80), left(80, "off")), ""),
        (control("Speaker", left(0), left(0)), "Speaker"),
        (control("PCM", "Mono: Playback -10239 [0%] [-102.39dB] [on]"), "PCM"),
        (control("PCM", "Mono: Playback -2000 [77%] [-20.00dB] [on]"), ""),
        (control("PCM", "Mono: Playback 10 [10%] [on]"), ""),
        (control("PCM", "Mono: Playback 100 [100%]", capabilities="pvolume"), ""),
        (control("Master", "Mono: Playback [off]", capabilities="pswitch"), "Master"),
        (USB + control("Master", left(0)), "Master"),
        (USB + control("Headphone", left(0, "off")), ""),
        (control("Speaker", left(9, "off")) + control("Headphone", left(0)), "Speaker, Headphone"),
        (control("Digital", left(0)) + control("Analogue", left(100)), "Digital"),
        (control("Beep", left(0, "off")), ""),
        # A DAC board whose two steps are −6 and 0 dB.
        (control("Analogue", left(0, down_db=6)) + control("Digital", left(80)), ""),
        (control("Speaker", left(0, down_db=29.99)), ""),
        (control("Speaker", left(0, down_db=30)), "Speaker"),
        (control("PCM", "Mono: Playback 0 [0%] [on]"), "PCM"),
        (control("PCM", "Mono: Playback 0 [0%] [-99999.99dB] [on]"), "PCM"),
        # Its microphone is off, not what it plays.
        (control("Speaker", "Mono: Playback 80 [80%] [on] Capture 0 [0%] [off]"), ""),
        (control("Speaker", "Mono: Playback 0 [0%] [off] Capture 80 [80%] [on]"), "Speaker"),
        (control("HDMI", left(80)) + control("HDMI", left(80, "off"), index=1), ""),
        (control("HDMI", left(80, "off")) + control("HDMI", left(80, "off"), index=1), "HDMI"),
        # A headset's two ways in, game and chat.
        (control("PCM", left(80)) + control("PCM", left(0, "off"), index=1), ""),
        (control("PCM", left(0, "off")) + control("PCM", left(80), index=1), ""),
        (control("PCM", left(0, "off")) + control("PCM", left(80, "off"), index=1), "PCM"),
        (control("PCM", left(80)) + control("PCM", left(0), index=1) + control("Master", left(0)), "Master"),
    ],
)
def test_what_keeps_a_card_silent_is_named(contents: str, silent: str) -> None:
    assert muted(contents) == silent
