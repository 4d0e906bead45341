"""The wav player: the seam's suite without and with a recorder; what a recorder hears of it, and when."""

import os
import threading
import wave
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from audio.player_wav import WavPlayer
from audio.recorder import Recorder
from audio.samples import Samples
from audio.wav_file import length_s, read_wav
from config.clock import SystemClock
from player_suite import LIMIT_S, PlayerSuite, Playing, clip, tone

RATE_HZ = 22050
HOLE_MAX_S = 0.3


class TestSilent(PlayerSuite):
    """Everything of the seam, without an output."""

    @pytest.fixture
    def playing(self) -> Iterator[Playing]:
        made = Playing(lambda on_played, clock: WavPlayer(None, on_played, clock))
        yield made
        made.player.close()


class Rig:
    """A player, the FIFO it feeds and the recorder that reads it."""

    def __init__(self, folder: Path) -> None:
        self.fifo = folder / "sound"
        self.wav = folder / "recording.wav"
        self.clock = SystemClock()
        self.recorder = Recorder(self.fifo, self.wav, self.clock)
        self.recorder.start()
        self.started_s = self.clock.monotonic_s()
        self.playing = Playing(lambda on_played, clock: WavPlayer(self.fifo, on_played, clock))

    def recording(self) -> Samples:
        self.close()
        return read_wav(self.wav)

    def close(self) -> None:
        self.playing.player.close()
        self.recorder.close()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.close()


class TestRecorded(PlayerSuite):
    """Everything of the seam, into a FIFO that is recorded."""

    @pytest.fixture
    def playing(self, rig: Rig) -> Playing:
        return rig.playing


def sounds(samples: Samples) -> list[tuple[float, float]]:
    """Begin and end, in seconds, of each stretch that sounds; a hole of a busy machine is shorter than our pauses."""
    found: list[tuple[float, float]] = []
    for n, sample in enumerate(samples):
        if abs(sample) > 100:
            at = n / RATE_HZ
            if found and at - found[-1][1] < HOLE_MAX_S:
                found[-1] = (found[-1][0], at)
            else:
                found.append((at, at))
    return found


def test_the_recording_has_each_clip_where_it_was_heard_and_silence_between(rig: Rig, tmp_path: Path) -> None:
    began = []
    for gap_s in (0.5, 0.7):
        assert rig.playing.no_answer_within(gap_s)
        rig.playing.player.play("a", clip(tmp_path), 0.0)
        played, _ = rig.playing.answer()
        assert played.began_s is not None
        began.append(played.began_s)
    assert rig.playing.no_answer_within(0.4)
    closed_s = rig.clock.monotonic_s()
    samples = rig.recording()

    assert len(samples) / RATE_HZ == pytest.approx(closed_s - rig.started_s, abs=0.1)
    for (begin_s, end_s), began_s in zip(sounds(samples), began, strict=True):
        assert begin_s == pytest.approx(began_s - rig.started_s, abs=0.1)
        assert end_s - begin_s == pytest.approx(1.0, abs=0.1)


def test_what_is_recorded_is_the_clip_with_its_gain(rig: Rig, tmp_path: Path) -> None:
    rig.playing.player.play("a", clip(tmp_path), -20.0)
    rig.playing.answer()

    heard = [sample for sample in rig.recording() if sample]
    assert heard == pytest.approx([int(sample * 0.1) for sample in tone(1.0) if int(sample * 0.1)])


def test_a_recording_begins_at_its_wall_instant(rig: Rig) -> None:
    assert rig.recorder.begins_utc is not None
    assert abs(rig.recorder.begins_utc - rig.clock.utc()) < timedelta(seconds=LIMIT_S)
    assert rig.recorder.begins_utc.utcoffset() == timedelta(0)


def test_a_recording_goes_on_when_the_gate_is_started_anew(rig: Rig, tmp_path: Path) -> None:
    rig.playing.player.play("a", clip(tmp_path), 0.0)
    rig.playing.answer()
    rig.playing.player.close()
    rig.playing = Playing(lambda on_played, clock: WavPlayer(rig.fifo, on_played, clock))
    assert rig.playing.no_answer_within(0.3)
    rig.playing.player.play("b", clip(tmp_path), 0.0)
    rig.playing.answer()

    assert len(sounds(rig.recording())) == 2


def test_sound_that_waited_for_a_late_recorder_is_placed_before_its_arrival(rig: Rig) -> None:
    assert rig.playing.no_answer_within(0.8)
    writer = os.open(rig.fifo, os.O_WRONLY)
    arrived_s = rig.clock.monotonic_s() - rig.started_s
    os.write(writer, tone(0.5).tobytes())
    os.close(writer)

    assert sounds(rig.recording()) == [pytest.approx((arrived_s - 0.5, arrived_s), abs=0.1)]


def test_a_recording_is_whole_at_any_time(rig: Rig, tmp_path: Path) -> None:
    rig.playing.player.play("a", clip(tmp_path), 0.0)
    rig.playing.answer()

    assert length_s(rig.wav) > 0.9  # not closed yet: header and size agree


def test_samples_come_never_more_than_a_piece_ahead_of_real_time(tmp_path: Path) -> None:
    """Read by hand, with the instant of each piece."""
    fifo = tmp_path / "sound"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    playing = Playing(lambda on_played, clock: WavPlayer(fifo, on_played, clock))
    came: list[tuple[float, int]] = []
    done = threading.Event()

    def read() -> None:
        while not done.wait(0.001):
            try:
                count = len(os.read(reader, 65536))
            except BlockingIOError:
                continue
            came.append((playing.clock.monotonic_s(), count))

    thread = threading.Thread(target=read)
    thread.start()
    playing.player.play("a", clip(tmp_path), 0.0)
    played, _ = playing.answer()
    done.set()
    thread.join()
    playing.player.close()
    os.close(reader)

    assert played.began_s is not None
    total = 0
    for at_s, count in came:
        total += count
        assert total / 2 / RATE_HZ - (at_s - played.began_s) <= 0.04
    assert total == 2 * RATE_HZ


def failed(playing: Playing, wav: Path) -> str:
    playing.player.play("a", wav, 0.0)
    played, _ = playing.answer()
    assert played.result == "failed"
    return played.why


def test_a_fifo_that_nobody_reads_is_no_output(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "sound")
    playing = Playing(lambda on_played, clock: WavPlayer(tmp_path / "sound", on_played, clock))

    assert "nobody reads" in playing.player.check()
    assert "nobody reads" in failed(playing, clip(tmp_path))
    playing.player.close()


def test_a_reader_that_goes_away_fails_the_clip(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "sound")
    reader = os.open(tmp_path / "sound", os.O_RDONLY | os.O_NONBLOCK)
    playing = Playing(lambda on_played, clock: WavPlayer(tmp_path / "sound", on_played, clock))
    playing.player.play("a", clip(tmp_path, 10.0), 0.0)
    assert playing.no_answer_within(0.2)
    os.close(reader)

    played, _ = playing.answer()
    assert (played.result, played.began_s is not None) == ("failed", True)
    assert "Broken pipe" in played.why
    playing.player.close()


def test_a_reader_that_stands_still_fails_the_clip(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "sound")
    reader = os.open(tmp_path / "sound", os.O_RDWR)
    playing = Playing(lambda on_played, clock: WavPlayer(tmp_path / "sound", on_played, clock))

    assert "sound: " in failed(playing, clip(tmp_path, 10.0))
    playing.player.close()
    os.close(reader)


def test_a_full_disk_fails_the_clip(tmp_path: Path) -> None:
    playing = Playing(lambda on_played, clock: WavPlayer(Path("/dev/full"), on_played, clock))

    assert "No space left" in failed(playing, clip(tmp_path))
    playing.player.close()


def test_a_plain_file_gets_one_clip_after_the_other(tmp_path: Path) -> None:
    playing = Playing(lambda on_played, clock: WavPlayer(tmp_path / "sound.raw", on_played, clock))
    for token in "ab":
        playing.player.play(token, clip(tmp_path, 0.5), 0.0)
        assert playing.answer()[0].result == "whole"
    playing.player.close()

    assert (tmp_path / "sound.raw").read_bytes() == 2 * tone(0.5).tobytes()


class LateClock(SystemClock):
    """Jumps ahead after some readings, as if the machine had stood still."""

    def __init__(self) -> None:
        self._readings = 0

    def monotonic_s(self) -> float:
        self._readings += 1
        return super().monotonic_s() + (5.0 if self._readings > 40 else 0.0)


def test_a_hole_in_the_sentence_is_not_whole(tmp_path: Path) -> None:
    playing = Playing(lambda on_played, _: WavPlayer(None, on_played, LateClock()))

    assert "hole of 5" in failed(playing, clip(tmp_path))
    playing.player.close()


def test_a_recorder_that_never_started_closes(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "sound", tmp_path / "recording.wav", SystemClock())
    recorder.close()
    recorder.close()

    assert list(tmp_path.iterdir()) == []


def test_a_recording_without_a_sound_is_silence(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "sound", tmp_path / "recording.wav", SystemClock())
    recorder.start()
    threading.Event().wait(0.2)
    recorder.close()

    with wave.open(str(tmp_path / "recording.wav")) as wav:
        assert wav.getnframes() / RATE_HZ > 0.19
        assert not any(wav.readframes(wav.getnframes()))
