"""The section of a search: Optuna's pictures of its study, in a page that needs nothing else."""

from __future__ import annotations

import re
import shutil
import sys

import pytest
from run_folders import write_run

from softsym.cli.report import main
from softsym.reporting.searches import read_searches, search_folders
from softsym.runs.optuna_journal import MONITOR, REASON, TAIL, TOTAL, journal_storage

optuna = pytest.importorskip("optuna", reason="the extra 'search' is not installed")
pytest.importorskip("plotly", reason="the extra 'search' is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
SPACE = {
    "optimizer.lr": optuna.distributions.FloatDistribution(1e-3, 1e-2, log=True),
    "policy": optuna.distributions.CategoricalDistribution(["fixed", "adjust_once"]),
}


@pytest.fixture
def search(tmp_path):
    """A search with some complete trials and a failed one."""

    def make(trials):
        folder = tmp_path / "small"
        folder.mkdir()
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        storage = journal_storage(folder / "journal.log")
        sampler = optuna.samplers.RandomSampler(seed=0)
        study = optuna.create_study(study_name="small", storage=storage, sampler=sampler)
        study.set_user_attr(TOTAL, 9)
        study.set_user_attr(MONITOR, "val/mse")
        for number in range(trials + 1):
            trial = study.ask(SPACE)
            trial.report(1.0 + number, 5)
            write_run(folder / "trials" / str(number), rate=trial.params["optimizer.lr"])
            if number < trials:
                study.tell(trial, 1 / (1 + number))
        trial.set_user_attr(REASON, "<b>wrong</b>")
        trial.set_user_attr(TAIL, "last <words>")
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
        return folder

    return make


def test_the_page_draws_the_study_and_holds_plotly_once(search, capsys):
    folder = search(3)
    before = (folder / "journal.log").read_bytes()
    main([str(folder)])
    assert (folder / "journal.log").read_bytes() == before
    assert capsys.readouterr().err == ""
    text = (folder / "overview.html").read_text()
    assert len(re.findall(r"plotly\.js v\d", text)) == 1
    plain = re.sub(r"<script.*?</script>", "", text, flags=re.S)
    assert not re.search(r'\ssrc="', plain)
    for key in ("history", "intermediate", "importances", "parallel", "slices"):
        assert f'id="search-0-{key}"' in plain
    assert "Best val/mse: 0.333, in trial 2" in plain
    assert "4 of 9 trials have ended: 3 complete, 1 failed." in plain
    assert "Trial 3 failed: &lt;b&gt;wrong&lt;/b&gt;" in plain
    assert "last &lt;words&gt;" in plain


def test_few_trials_are_told_how_many_are_missing(search):
    (section,), notes = read_searches([search(0)])
    assert (section.headline, notes) == ("No trial is complete yet", [])
    captions = {f.key: f.caption for f in section.figures if not f.image}
    assert captions["history"] == "Complete trials needed: 1; so far: 0."
    assert set(captions) == {"history", "importances", "parallel", "slices"}


def test_searches_are_found_from_below_once(search, tmp_path):
    folder = search(1)
    runs = [folder / "trials" / "0", folder / "trials" / "1"]
    assert search_folders([tmp_path], runs) == [folder]
    assert search_folders([folder], runs) == [folder]
    assert search_folders([tmp_path], []) == []


@pytest.mark.parametrize("missing", ["optuna", "plotly"])
def test_without_the_extra_one_line_says_so(search, missing, monkeypatch, capsys):
    folder = search(2)
    for name in [n for n in sys.modules if n.partition(".")[0] == missing]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, missing, None)
    main([str(folder)])
    said = 'is not drawn, which takes optuna and plotly: pip install -e ".[search]"'
    assert said in capsys.readouterr().err
    text = (folder / "overview.html").read_text()
    assert "is not drawn, which takes optuna and plotly" in text
    assert "plotly.js" not in text


def test_a_search_without_pruning_draws_no_warning(tmp_path, caplog):
    storage = journal_storage(tmp_path / "journal.log")
    study = optuna.create_study(study_name="small", storage=storage)
    study.tell(study.ask(SPACE), 1.0)
    logger = optuna.logging.get_logger("optuna")
    logger.addHandler(caplog.handler)
    (section,), notes = read_searches([tmp_path])
    logger.removeHandler(caplog.handler)
    assert (notes, caplog.text) == ([], "")
    captions = {figure.key: figure.caption for figure in section.figures}
    assert captions["intermediate"].startswith("No trial has reported values")


def test_a_damaged_journal_is_warned_of(search, capsys):
    folder = search(1)
    (folder / "journal.log").write_text("no journal\n" * 2)
    main([str(folder)])
    assert (
        f"warning: {folder / 'journal.log'} is damaged in line 1 of 2: it is no JSON"
        in capsys.readouterr().err
    )


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_a_browser_draws_all_figures(search):
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    folder, said = search(3), []
    main([str(folder)])
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1250, "height": 900})
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
        page.goto((folder / "overview.html").as_uri(), timeout=120_000)
        page.wait_for_selector("#search-0-slices .main-svg", timeout=60_000)
        assert page.locator(".js-plotly-plot").count() == 5
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        browser.close()
    assert said == []
