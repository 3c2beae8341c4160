"""Tables, figures and the page."""

from benchmarks.grid.report import write_report


def test_everything_is_written_and_says_the_same(two_seeds, tmp_path):
    out = tmp_path / "grid"
    page = write_report(two_seeds, out, "python benchmarks/paper.py --quick")
    assert page == out / "report.html"
    markdown = (out / "report.md").read_text()
    assert "python benchmarks/paper.py --quick" in markdown
    assert "**inertia_z** (axis=2, eps=-1.0)" in markdown
    row = next(line for line in markdown.splitlines() if line.startswith("| per "))
    assert (
        "| 2 (1.41) | 20 (14.1) | 0.250 | 0.250 | 0.250 | 100 | 12 | 164959 | 2, 1 failed |" in row
    )
    truth = next(line for line in markdown.splitlines() if "*true function*" in line)
    assert "| 0.000 | 1.000 | 1.000 |" in truth
    assert "1 of 2 (xy not above yz)" in markdown
    assert "- inertia_z, per, seed 2" in markdown
    assert {p.stem for p in (out / "figures").iterdir()} == {"test_mse", "ood_mse", "recovery"}
    html = page.read_text()
    assert html.count("<svg") == 3
    assert "<td>2 (1.41)</td>" in html


def test_of_nothing_yet(make_run, tmp_path):
    write_report([make_run()], tmp_path / "grid", "command")
    assert "No run failed." in (tmp_path / "grid" / "report.md").read_text()


def test_tables_alone_while_the_grid_runs(two_seeds, tmp_path):
    write_report(two_seeds, tmp_path / "grid", "command", figures=False)
    assert not (tmp_path / "grid" / "figures").exists()
    assert (tmp_path / "grid" / "results.csv").exists()


def test_along_a_dial(make_dial_run, tmp_path):
    runs = []
    for task, scale in (("dial_0", 4.0), ("dial_scale50", 1.0)):
        strengths = {"rotation": 4.0, "scale": scale, "reflection": 4.0}
        run = make_dial_run(task, strengths)
        rows = [f"{e},{n},{s if e else 4},0.5" for e in (0, 1) for n, s in strengths.items()]
        (run.folder / "strengths.csv").write_text("\n".join(["epoch,name,strength,penalty", *rows]))
        runs.append(run)
    write_report(runs, tmp_path / "grid", "command")
    markdown = (tmp_path / "grid" / "report.md").read_text()
    assert "| scale | 0.5 | 0.100 | 0.5 | 0.25 |" in markdown
    assert "| scale | 0 | 0.100 | - | 1 |" in markdown  # never adjusted
    assert (tmp_path / "grid" / "figures" / "dials_per.png").exists()


def test_the_truth_of_candidates_that_one_model_alone_has(make_run, tmp_path):
    more = {"sl": "SL(3)"}
    runs = [
        make_run(metrics={"test/mse": 1.0}),
        make_run(
            model="per_sl3",
            metrics={"test/mse": 1.0, "data/equivariance_error/sl": 0.5},
            candidates=more,
        ),
    ]
    write_report(runs, tmp_path / "grid", "command", figures=False)
    markdown = (tmp_path / "grid" / "report.md").read_text()
    assert "| *true function* |  |  | - | - | - | 0.500 |" in markdown
