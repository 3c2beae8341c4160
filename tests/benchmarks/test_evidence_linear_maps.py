"""MacKay's fixed point on linear maps, a tenth of the published repetitions."""

from statistics import mean

from benchmarks.evidence_linear_maps import main, simulate


def means(n, broken):
    runs = [simulate(n, broken, seed) for seed in range(20)]
    return [mean(run[i] for run in runs) for i in range(4)]


def test_finds_the_axis_and_is_nearly_as_good_as_told():
    found, evidence, least_squares, told = means(12, 0.0)
    assert found >= 0.95
    assert told < evidence < 1.3 * told < 0.5 * least_squares


def test_is_better_than_told_where_the_symmetry_is_broken():
    _, evidence, least_squares, told = means(12, 0.3)
    assert evidence < 0.8 * told
    assert evidence < 0.8 * least_squares


def test_prints_a_row_for_each_setting(capsys):
    main(["--repetitions", "2"])
    assert capsys.readouterr().out.count("\n| ") == 3
