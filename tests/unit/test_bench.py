"""The bench's arithmetic: pairs in shuffled order, medians of ratios, and no result out of what cannot be true."""

import itertools
import random

import pytest

from bench import figures
from bench.__main__ import line, main
from bench.figures import Samples, Spread
from bench.row import NoSampleError, Row, measured
from bench.rows_city import peak_mib
from bench.rows_clips import SAYS, bare_s, rendered_s


def row(subject: list[float], baseline: list[float], pairs: int = 3, exact: float = 0.0) -> Row:
    """Measures what stands in the lists, and then nothing."""
    of = {"subject": iter(subject), "baseline": iter(baseline)}

    def take(side: str) -> float:
        for value in of[side]:
            return value
        raise NoSampleError(f"no {side} left")

    return Row("row", "ms", "nothing", pairs, lambda: take("subject"), lambda: take("baseline"), exact)


def test_the_ratio_is_of_pairs_not_of_medians() -> None:
    samples = measured(row([10.0, 40.0, 90.0], [10.0, 20.0, 30.0]), random.Random(1))
    assert figures.ratios(samples) == (1.0, 2.0, 3.0)
    assert figures.cells(samples) == ("40.0 (10.0..90.0)", "20.0 (10.0..30.0)", "2.00 (1.00..3.00)", "3")


def test_a_median_is_told_with_its_range() -> None:
    assert figures.spread([5.0, 1.0, 3.0, 2.0]) == Spread(2.5, 1.0, 5.0)
    assert figures.shown(Spread(1234.5, 0.0012345, 12.345)) == "1234 (0.00123..12.3)"


def test_each_side_goes_first_as_often_in_an_order_of_the_seed() -> None:
    order = figures.orders(10, random.Random(7))
    assert sorted(order) == [("baseline", "subject")] * 5 + [("subject", "baseline")] * 5
    assert order == figures.orders(10, random.Random(7))
    assert len({figures.orders(10, random.Random(seed)) for seed in range(20)}) > 10


def test_subject_and_baseline_are_measured_in_that_order() -> None:
    count = itertools.count(1.0)
    spy = Row("row", "ms", "nothing", 6, lambda: next(count), lambda: next(count))
    samples = measured(spy, random.Random(3))
    order = [side for pair in figures.orders(6, random.Random(3)) for side in pair]
    assert samples.subject == tuple(n for n, side in enumerate(order, 1) if side == "subject")
    assert samples.baseline == tuple(n for n, side in enumerate(order, 1) if side == "baseline")


@pytest.mark.parametrize(
    ("samples", "fault"),
    [
        (Samples(2, (1.0, 2.0), (1.0, 2.0)), ""),
        (Samples(2, (1.0, -2.0), (1.0, 2.0)), "impossible: a subject of -2"),
        (Samples(2, (1.0, 2.0), (0.0, 2.0)), "impossible: a baseline of 0"),
        (Samples(2, (1.0, float("nan")), (1.0, 2.0)), "impossible: a subject of nan"),
        (Samples(2, (1.0, 2.0), (float("inf"), 2.0)), "impossible: a baseline of inf"),
        (Samples(3, (1.0, 2.0), (1.0, 2.0)), "2 of 3 pairs"),
        (Samples(2, (1.0, 2.0, 3.0), (1.0, 2.0)), "2 of 2 pairs"),
        (Samples(1, (), ()), "0 of 1 pairs"),
        (Samples(2, (1.0,), (), "nothing was heard"), "0 of 2 pairs: nothing was heard"),
    ],
)
def test_what_cannot_be_true_is_no_result(samples: Samples, fault: str) -> None:
    assert figures.fault(samples) == fault
    shown = figures.cells(samples)
    assert (shown[2] == "REFUSED") is bool(fault)
    assert (shown[:2] == ("-", "-")) is bool(fault)


def test_the_first_measurement_that_fails_ends_the_row_and_is_told() -> None:
    samples = measured(row([1.0, 2.0, 3.0], [1.0]), random.Random(1))
    assert len(samples.baseline) == 1
    assert figures.fault(samples) == "1 of 3 pairs: no baseline left"


def test_a_row_with_an_instant_tells_how_late_both_are() -> None:
    late = row([181.0, 182.0, 183.0], [178.0, 179.0, 177.5], exact=180.0)
    assert line(late, measured(late, random.Random(1)))[0] == "row, late by +2.0 and -2.0"
    early = row([1.0], [1.0], exact=180.0)
    assert line(early, measured(early, random.Random(1)))[0] == "row"


def test_columns_stand_under_each_other_also_below_hanzi() -> None:
    assert figures.table([("a", "b", "c"), ("放学", "1", "")]) == "a     b  c\n----  -  -\n放学  1"


def test_a_school_more_takes_no_more_memory() -> None:
    """The bench says it of 2,202; ten times the difference seen is the ceiling."""
    assert peak_mib(40) < peak_mib(1) + 10


def test_clips_and_the_bare_engine_are_measured_on_the_same_sentences() -> None:
    assert len(set(SAYS)) == 60
    assert rendered_s(SAYS[:2]) > 0
    assert bare_s(SAYS[:2]) > 0
    with pytest.raises(NoSampleError, match="读不出的字符"):
        rendered_s(["𠮷班"])


@pytest.mark.parametrize("arguments", [["nothing"], ["--pairs", "0"], ["--seed", "x"]])
def test_what_is_not_known_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: ./run bench" in capsys.readouterr().err


def test_the_table_of_the_pure_rows_has_its_seed_and_a_result_in_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pure", "--pairs", "2", "--seed", "7"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[1].startswith("seed 7, ")
    assert [text.split(":")[0] for text in said[5:]] == ["timetable", "read a gate's day"] * 2
