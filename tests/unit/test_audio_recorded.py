"""A school's own recordings: which sentence a file speaks for, which files are taken, and at what rate."""

import math
import os
import wave
from array import array
from pathlib import Path

import pytest

from audio.reading import read
from audio.resampling import resampled
from audio.samples import Samples
from audio.synthesizer_recorded import RecordedSynthesizer, identity
from audio.wav_file import read_wav
from config.errors import OutsideError

SAY = "请注意，三年级（1）班正在放学。"


def sine(rate_hz: int, tone_hz: float = 1000, seconds: float = 1.0) -> Samples:
    return array("h", (round(9000 * math.sin(math.tau * tone_hz * n / rate_hz)) for n in range(int(seconds * rate_hz))))


def record(file: Path, samples: Samples, rate_hz: int = 22050, channels: int = 1, width: int = 2) -> None:
    with wave.open(str(file), "wb") as wav:
        wav.setnchannels(channels)
        wav.setsampwidth(width)
        wav.setframerate(rate_hz)
        wav.writeframes(samples.tobytes())


def spoken(folder: Path, *says: str, own: dict[str, str] | None = None) -> "list[tuple[Samples | None, str]]":
    """For each sentence what a recording says, and why there is none."""
    work = folder / "work"
    work.mkdir(exist_ok=True)
    synthesizer = RecordedSynthesizer(folder, own or {})
    synthesizer.check()
    results = synthesizer.speak([read(say, own or {}) for say in says], work)
    return [(read_wav(one.wav) if one.wav else None, one.why) for one in results]


@pytest.mark.parametrize(
    "name", ["请注意，三年级（1）班正在放学。.wav", "请注意，三年级一班正在放学.wav", "请注意,3年级1班正在放学.WAV"]
)
def test_a_file_speaks_for_what_is_read_as_its_name(name: str, tmp_path: Path) -> None:
    record(tmp_path / name, sine(22050))

    assert spoken(tmp_path, SAY, "请注意，三年级二班正在放学。") == [(sine(22050), ""), (None, "")]


def test_a_pause_tells_two_classes_apart(tmp_path: Path) -> None:
    record(tmp_path / "三十二班.wav", sine(22050))

    assert [one is not None for one, _ in spoken(tmp_path, "三十二班", "三（12）班")] == [True, False]


def test_a_name_is_read_by_the_school_s_own_readings(tmp_path: Path) -> None:
    record(tmp_path / "莘班.wav", sine(22050))

    [(sound, why)] = spoken(tmp_path, "莘班", own={"莘": "xīn"})

    assert (sound is None, why) == (False, "")


def test_two_files_of_one_reading_are_told_and_neither_speaks(tmp_path: Path) -> None:
    for name in ("三年级一班.wav", "三年级1班.wav"):
        record(tmp_path / name, sine(22050))

    [(sound, why)] = spoken(tmp_path, "三年级（1）班")

    assert sound is None
    assert "三年级1班.wav、三年级一班.wav" in why


def test_a_name_that_cannot_be_read_is_told_and_the_others_speak(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(tmp_path / "三-1班.wav", sine(22050))
    record(tmp_path / "三年级一班.wav", sine(22050))
    (tmp_path / "说明.txt").write_text("no sound")

    assert spoken(tmp_path, "三年级一班") == [(sine(22050), "")]
    assert "三-1班.wav" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rate_hz", "channels", "width", "why"),
    [
        (8000, 1, 2, "8000 Hz"),
        (22050, 1, 1, "8 bit"),
        (22050, 4, 2, "4 channels"),
    ],
)
def test_another_kind_of_file_is_refused_with_what_to_save(
    rate_hz: int, channels: int, width: int, why: str, tmp_path: Path
) -> None:
    record(tmp_path / "一班.wav", sine(8000), rate_hz, channels, width)

    [(sound, said)] = spoken(tmp_path, "一班")

    assert sound is None
    assert said.startswith("一班.wav：")
    assert why in said
    assert "16 位" in said


@pytest.mark.parametrize("content", [b"", b"ID3\x04 an mp3", b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\xfe\xff" + bytes(22)])
def test_what_is_no_plain_wav_is_told_how_to_save_it(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "一班.wav").write_bytes(content)
    [(sound, said)] = spoken(tmp_path, "一班")
    assert sound is None
    assert said.startswith("一班.wav：")
    assert "请另存为普通的 16 位 WAV" in said


@pytest.mark.parametrize("kept_bytes", [0, 30, 44, 9000])
def test_a_file_that_is_cut_short_is_refused(kept_bytes: int, tmp_path: Path) -> None:
    record(tmp_path / "一班.wav", sine(22050))
    os.truncate(tmp_path / "一班.wav", kept_bytes)

    [(sound, said)] = spoken(tmp_path, "一班")

    assert sound is None
    assert said.startswith("一班.wav：")


def test_a_file_longer_than_any_sentence_is_refused(tmp_path: Path) -> None:
    record(tmp_path / "一班.wav", array("h", bytes(2 * 22050 * 31)))

    assert "30 s" in spoken(tmp_path, "一班")[0][1]


def test_both_channels_are_heard(tmp_path: Path) -> None:
    mono = sine(22050)
    stereo = array("h", (sample for one in mono for sample in (one, 0)))
    record(tmp_path / "一班.wav", stereo, channels=2)

    [(sound, _)] = spoken(tmp_path, "一班")

    assert sound == array("h", (one // 2 for one in mono))


@pytest.mark.parametrize("rate_hz", [16000, 24000, 44100, 48000])
def test_another_rate_sounds_the_same(rate_hz: int) -> None:
    made, wanted = resampled(sine(rate_hz, seconds=0.3), rate_hz), sine(22050, seconds=0.3)

    assert abs(len(made) - len(wanted)) <= 1
    assert max(abs(a - b) for a, b in zip(made[500:-500], wanted[500:], strict=False)) < 60


def test_what_our_rate_cannot_hold_does_not_fold_back() -> None:
    assert max(map(abs, resampled(sine(48000, 15000, 0.3), 48000)[500:-500])) < 60


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match="cannot be read"):
        RecordedSynthesizer(tmp_path / "missing", {}).check()


def test_a_recording_that_was_replaced_is_another_voice(tmp_path: Path) -> None:
    record(tmp_path / "一班.wav", sine(22050))
    before = identity(tmp_path)
    assert identity(tmp_path) == before

    record(tmp_path / "一班.wav", sine(22050, 500))
    os.utime(tmp_path / "一班.wav", ns=(0, 0))

    assert identity(tmp_path) != before
