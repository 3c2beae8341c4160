"""The picture of a study is one file, which a browser shows without complaint."""

import re
import shutil

import pytest

from softsym.runs.outcome import End, Outcome
from softsym.sweeps.picture import draw
from softsym.sweeps.study import MONITOR, TOTAL

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


@pytest.fixture
def drawn(study, plan, folder):
    """Draws the study after so many complete trials and a failed one."""

    def make(trials):
        study.note_settings(**{TOTAL: 9, MONITOR: "val/mse"})
        for number in range(trials):
            trial = study.ask(plan.space, 0, 10)
            study.optuna._storage.set_trial_intermediate_value(trial._trial_id, 5, 1.0)
            study.tell(trial, Outcome(End.COMPLETE, 1 / (1 + number)))
        failed = study.ask(plan.space, 0, 10)
        study.tell(failed, Outcome(End.FAILED, reason="<b>wrong</b>"), "last <words>")
        return draw(study, plan, folder / "study.html")

    return make


def test_one_file_with_plotly_once(drawn):
    text = drawn(3).read_text()
    assert len(re.findall(r"plotly\.js v\d", text)) == 1
    assert not re.search(r'(src|href)="', re.sub(r"<script.*?</script>", "", text, flags=re.S))
    assert "Best val/mse: 0.333, in trial 2" in text
    assert "python train.py experiment=quickstart trainer.max_epochs=30 optimizer.lr=" in text
    assert "&lt;b&gt;wrong&lt;/b&gt;" in text
    assert "last &lt;words&gt;" in text
    assert "4 of 9 trials have ended: 3 complete, 1 failed." in text


def test_with_few_trials_it_says_what_is_missing(drawn):
    text = drawn(0).read_text()
    assert "No trial is complete yet" in text
    assert "Needs 2 complete trials; so far there are 0." in text
    assert 'id="copy"' not in text


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_a_browser_draws_all_figures(drawn):
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path, said = drawn(3), []
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1250, "height": 900})
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
        page.goto(path.as_uri(), timeout=120_000)
        page.wait_for_selector("#slices .main-svg", timeout=60_000)
        assert page.locator(".js-plotly-plot").count() == 5
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        browser.close()
    assert said == []
