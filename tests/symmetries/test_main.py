"""``softsym groups``, as a user runs it."""

import subprocess
import sys

import pytest

from softsym.symmetries import Group
from softsym.symmetries.__main__ import main
from softsym.symmetries.grammar import NO_NAMES


def test_prints_dimension_rank_and_time(capsys):
    assert main(["O(2)@xy", "T(2)"]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert lines["group"].startswith("O(2)@xy on R^3; compact, orthogonal; generators: 1")
    assert lines["representation"].strip() == "T(2): 9 numbers"
    assert lines["rank"].strip() == "2"
    assert float(lines["residual"]) < 1e-9
    assert lines["time"].strip().endswith("ms")


def test_types_of_direct_products_and_a_larger_space(capsys):
    assert main(["S(5)xO(3)", "V(S(5)) x V(O(3)) >> V(O(3))"]) == 0
    assert "rank            1" in capsys.readouterr().out
    assert main(["O(2)@xy", "T1", "--dim", "4"]) == 0
    assert "rank            2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["T2", "--plot"], "O2xy_T2.png"),
        (["T1 >> T2", "--plot"], "O2xy_T1toT2.png"),
        (["T1 >> T2", "--draw", "projector", "--plot", "p.svg"], "p.svg"),
        (["T(1,2)", "--draw", "basis", "--plot", "b.pdf"], "b.pdf"),
    ],
)
def test_draws(arguments, name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["O(2)@xy", *arguments]) == 0
    assert (tmp_path / name).stat().st_size > 1000
    assert f"drawn in {name}" in capsys.readouterr().out


def test_lists_every_family(capsys):
    assert main(["--list"]) == 0
    out = capsys.readouterr().out
    families = {line.split("(")[0].split()[0] for line in out.splitlines() if " + " in line}
    assert set(Group.families) - NO_NAMES <= families | {"d,"}
    (row,) = [line.split() for line in out.splitlines() if line.strip().startswith("S(n)")]
    assert row == ["S(n)", "S(3)", "3", "0", "+", "2", "yes", "yes", "yes"]
    (row,) = [line.split() for line in out.splitlines() if line.strip().startswith("SE(n)")]
    assert row == ["SE(n)", "SE(3)", "4", "6", "+", "0", "-", "-", "-"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["SO(33", "T1"], r"Cannot read the group 'SO(33'"),
        (["SO(3)", "T1 >"], "Cannot read the representation 'T1 >'"),
        (["SO(3)", "T60"], "Solving for T60"),
        (["SO(3)", "V(O(3))"], "which is not SO(3)"),
        (["SO(3)", "T1", "--plot", "x.abc"], "the ending must be one of"),
        (["SO(3)", "T1", "--plot", "no/such/folder/x.png"], "there is no folder 'no/such/folder'"),
    ],
)
def test_errors_are_one_line_before_any_result(arguments, message, capsys):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_a_projector_too_large_to_look_at(tmp_path, capsys):
    assert main(["SO(3)", "T8", "--plot", str(tmp_path / "x.png")]) == 2
    assert "at most 1500); draw the basis with --draw basis" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_without_arguments_shows_how_it_is_used(capsys):
    assert main([]) == 2
    assert "softsym groups" in capsys.readouterr().out


def test_runs_as_a_module_and_keeps_bases(tmp_path):
    command = [sys.executable, "-m", "symmetries", "O(3)", "T4", "--cache", str(tmp_path)]
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert "rank            3" in done.stdout
    assert len(list(tmp_path.iterdir())) == 1


def test_the_mathematics_loads_nothing_but_torch_and_scipy():
    code = (
        "import sys, softsym.symmetries; "
        "softsym.symmetries.equivariant_basis('S(3)xO(2)', 'T2'); "
        "print(*{'matplotlib', 'rich', 'lightning', 'hydra', 'torchmetrics'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("arguments", [["O(3)", "0T0"], ["O(3)", "T1"], ["O(3)", "T1 >> T0"]])
def test_nothing_to_draw(arguments, tmp_path, capsys):
    assert main([*arguments, "--plot", str(tmp_path / "x.png")]) == 0
    assert "nothing to draw: the rank is 0" in capsys.readouterr().out


def test_maps_are_told_from_sums_of_maps_and_names_are_printed_as_they_are(tmp_path, capsys):
    path = tmp_path / "a[bold].png"
    assert main(["O(3)", "(T1 >> T1) + T0", "--plot", str(path)]) == 0
    assert f"drawn in {path}" in capsys.readouterr().out
    assert path.exists()
