"""`./run simulate`: a day of a plan ends in its record sheet, the same for the same seed; what went wrong shows."""

from pathlib import Path

import pytest

import simulate
from world import TEXT


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    file = tmp_path / "plan.toml"
    file.write_text(TEXT.replace('to = "2026-11-25"', 'to = "2026-11-26"'), "utf-8")
    return file


def test_a_day_without_faults_is_announced_to_the_last_class(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate.main([str(plan), "--date", "2026-11-25"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "  11:25:30  11:25:30.000  +0.000 s  已播  一年级一班" in lines
    assert lines[-1] == "2026-11-25  好 well  已播 9/9"


def test_with_faults_the_same_seed_gives_the_same_sheet_and_another_one_another(
    plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def sheet(seed: str) -> tuple[int, str]:
        status = simulate.main(
            [str(plan), "--date", "2026-11-25", "--seed", seed, "--faults", "power-cut", "hold", "dead"]
        )
        return status, capsys.readouterr().out

    first = sheet("1")
    assert first == sheet("1")
    assert first[0] == 1
    assert first[1].splitlines()[-1].startswith("2026-11-25  有事 look  ")
    assert len({sheet(seed)[1] for seed in ("1", "2", "3")}) > 1


def test_several_days_are_a_line_each_and_a_closed_one_says_so(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate.main([str(plan), "--date", "2026-11-25", "--days", "2"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "2026-11-25  好 well  已播 9/9",
        "2026-11-26  没有口令 nothing to call (closed)",
    ]


def test_bad_input_is_told_with_status_2(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan.write_text("v = 2", "utf-8")
    assert simulate.main([str(plan)]) == 2
    assert "school" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        simulate.main([str(plan), "--faults", "earthquake"])
    assert ended.value.code == 2
