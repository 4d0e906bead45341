"""`fangxue say`: what a school sees and hears of a sentence beforehand."""

from pathlib import Path

import pytest

from audio.cli import say
from audio.reading import read
from audio.shipped import ALERTS
from audio.synthesizer_tone import decode
from audio.wav_file import length_s, read_wav
from config.alerts import SENTENCES
from config.errors import BadInputError, OutsideError
from fangxue import main

TEXT = "请注意，莘县三（1）班正在放学。"


@pytest.fixture
def readings(tmp_path: Path) -> Path:
    file = tmp_path / "own.toml"
    file.write_text('[readings]\n"莘" = "xīn"\n', encoding="utf-8")
    return file


def test_a_file_with_the_mark_of_other_editors_gives_its_readings(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text('\ufeff[readings]\n"莘" = "xīn"\n', encoding="utf-8")
    assert say([TEXT, "--readings", str(file)]) == 0


@pytest.mark.parametrize("options", [[], ["--show"]])
def test_a_sentence_is_shown_with_its_tones(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["say", TEXT, *options]) == 0
    assert capsys.readouterr().out == "qǐng zhùyì, shēnxiàn sān yībān zhèngzài fàngxué.\n"


def test_what_cannot_be_read_ends_with_2_the_signs_and_the_remedy(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["say", "三年级3-2班%", "--out", str(tmp_path / "a.wav")]) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "“三年级3-2班%”里有读不出的字符：-、%。请改用汉字、数字或英文字母。\n"
    assert not (tmp_path / "a.wav").exists()


def test_a_file_holds_what_a_gate_would_play(
    tmp_path: Path, readings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "a.wav"

    assert say([TEXT, "--voice", "tone", "--out", str(out), "--readings", str(readings)]) == 0

    assert tuple(one for _, one in decode(read_wav(out))) == read(TEXT, {"莘": "xīn"})
    assert capsys.readouterr().out == ""


def test_the_voice_of_a_gate_speaks_by_itself(tmp_path: Path) -> None:
    out = tmp_path / "a.wav"

    assert say([TEXT, "--out", str(out)]) == 0
    assert 4 < length_s(out) < 9


def test_an_alert_is_written_as_it_ships(tmp_path: Path) -> None:
    out = tmp_path / "a.wav"

    assert say([SENTENCES[0], "--out", str(out)]) == 0
    assert read_wav(out) == read_wav(ALERTS[SENTENCES[0]])


def test_what_cannot_be_spoken_is_an_error_and_no_stand_in(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match=r"outside 0\.5 to 30\.0 s"):
        say(["班" * 250, "--voice", "tone", "--out", str(tmp_path / "a.wav")])
    assert not (tmp_path / "a.wav").exists()


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ('[readings]\n"莘" = "莘"\n', "莘：“莘”不是拼音"),
        ('[readings]\n"莘" = 3\n', "没有加引号"),
        ('"莘" = "xin1"\n', "缺少 \\[readings\\]"),
        ("[readings\n", "读不了"),
        (None, "读不了"),
    ],
)
def test_own_readings_that_are_wrong_are_told(written: str | None, why: str, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    if written is not None:
        file.write_text(written, encoding="utf-8")

    with pytest.raises(BadInputError, match=why):
        say([TEXT, "--readings", str(file)])


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match="写不了"):
        say([TEXT, "--voice", "tone", "--out", str(tmp_path / "missing/a.wav")])


def test_a_voice_that_is_not_there_is_told_and_the_next_one_speaks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "a.wav"

    assert say([TEXT, "--voice", "kokoro", "--model", str(tmp_path), "--out", str(out)]) == 0

    assert capsys.readouterr().err.startswith("kokoro: 没有 Kokoro 的模型")
    assert 4 < length_s(out) < 9
