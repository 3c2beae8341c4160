"""Both reports in a browser: they render, they answer, and nothing is loaded or complained of."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field

import pytest
from run_folders import write_run, write_sweep

from softsym.cli.report import main

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    binary = next(filter(None, map(shutil.which, BROWSERS)), None)
    if binary is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is installed")
    with playwright.sync_playwright() as engine:
        started = engine.chromium.launch(executable_path=binary, args=["--no-sandbox"])
        yield started
        started.close()


@dataclass
class Opened:
    """A page, and what it complained of or asked for."""

    page: object
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def texts(self, table: str, column: str) -> list[str]:
        """The visible cells of a column."""
        return self.page.evaluate(
            """([table, column]) => {
                const headers = [...document.querySelectorAll(`#${table} [data-key]`)];
                const place = headers.findIndex((header) => header.dataset.key === column);
                const rows = [...document.querySelectorAll(`#${table} tbody tr`)];
                const visible = rows.filter((row) => row.offsetParent);
                return visible.map((row) => row.cells[place].innerText);
            }""",
            [table, column],
        )

    def heading(self, table: str, column: str):
        return self.page.locator(f'#{table} th[data-key="{column}"]')

    def filter(self, table: str, text: str) -> str:
        """Types into the filter box of a table; returns the status text beside it."""
        card = self.page.locator(".card", has=self.page.locator(f"#{table}"))
        card.locator("input[type=search]").fill(text)
        return card.locator("[role=status]").inner_text()


@pytest.fixture
def open_page(browser):
    """Opens a file; at the end checks that it asked for nothing and complained of nothing."""
    opened = []

    def open_file(path, **settings):
        context = browser.new_context(**settings)
        found = Opened(context.new_page())
        found.page.on("console", lambda message: found.complaints.append(message.text))
        found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
        found.page.on("requestfailed", lambda request: found.complaints.append(request.url))
        found.page.on("request", lambda request: found.requests.append(request.url))
        found.page.goto(path.as_uri())
        opened.append((found, path.as_uri(), context))
        return found

    yield open_file
    for found, address, context in opened:
        context.close()
        assert found.complaints == []
        assert [url for url in found.requests if not url.startswith("data:")] == [address]


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    """Nine finished runs, one that runs still and one that was pruned."""
    folder = write_sweep(tmp_path_factory.mktemp("sweep"))
    write_run(folder / "9", seed=3, status="unfinished")
    write_run(folder / "pruned", seed=4, status="pruned")
    main([str(folder)])
    return folder / "overview.html"


def test_overview_renders(open_page, sweep):
    opened = open_page(sweep)
    headline = opened.page.locator(".headline").inner_text()
    assert headline == "Best of 3 configurations: initial_strength=10."
    pictures = opened.page.locator("svg")
    assert pictures.count() == 4
    assert all(pictures.nth(i).bounding_box()["height"] > 100 for i in range(4))
    assert len(opened.texts("runs", "run")) == 11
    # Only tables scroll sideways, the page does not.
    assert opened.page.evaluate("document.body.scrollWidth <= innerWidth")


def test_a_click_on_a_heading_sorts_and_another_turns_it_round(open_page, sweep):
    opened = open_page(sweep)
    heading = opened.heading("runs", "val/mse")
    heading.locator("button").click()
    values = opened.texts("runs", "val/mse")
    assert values[-2:] == ["", ""]
    assert values[:9] == sorted(values[:9], key=float)
    assert heading.get_attribute("aria-sort") == "ascending"
    heading.locator("button").click()
    turned = opened.texts("runs", "val/mse")
    assert turned[:9] == sorted(turned[:9], key=float, reverse=True)
    assert turned[-2:] == ["", ""]
    assert heading.get_attribute("aria-sort") == "descending"
    assert opened.page.locator("#runs [aria-sort]").count() == 1


def test_headings_sort_from_the_keyboard(open_page, sweep):
    opened = open_page(sweep)
    opened.heading("runs", "initial_strength").locator("button").focus()
    opened.page.keyboard.press("Enter")
    opened.page.keyboard.press("Enter")
    values = opened.texts("runs", "initial_strength")
    assert values == ["100"] * 3 + ["10"] * 5 + ["1"] * 3


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("seed=0", 3),
        ("seed!=0", 8),
        ("seed>=1 initial_strength<50", 6),
        ("val/mse<0.25", 3),
        ("status=pruned", 1),
        ("pruned", 1),
        ('status="finished" strength/o3=0', 9),
        ("seed=x", 0),
        ("", 11),
    ],
)
def test_filters_leave_the_rows_that_hold_all_conditions(open_page, sweep, text, rows):
    opened = open_page(sweep)
    said = opened.filter("runs", text)
    assert len(opened.texts("runs", "seed")) == rows
    assert said == (f"{rows} of 11 rows" if text else "11 rows")
    assert len(opened.texts("configurations", "rank")) == 3


def test_an_unknown_column_is_answered_with_those_there_are(open_page, sweep):
    opened = open_page(sweep)
    assert opened.filter("runs", "sed=0").startswith("No column is called sed: run, rank, initial_")
    assert opened.filter("runs", "mse<1").startswith(
        "Several columns are called mse: val/mse, test"
    )
    assert len(opened.texts("runs", "seed")) == 11


def test_columns_can_be_hidden(open_page, sweep):
    opened = open_page(sweep)
    card = opened.page.locator(".card", has=opened.page.locator("#runs"))
    card.locator("summary").click()
    card.get_by_label("val/mse", exact=True).uncheck()
    assert not opened.heading("runs", "val/mse").is_visible()
    assert not opened.page.locator("#runs th", has_text="validation").is_visible()
    assert opened.heading("runs", "test/mse").is_visible()
    card.get_by_label("val/mse", exact=True).check()
    assert opened.heading("runs", "val/mse").is_visible()


def test_the_command_of_the_best_run_can_be_copied(open_page, sweep):
    opened = open_page(sweep, permissions=["clipboard-read", "clipboard-write"])
    button = opened.page.get_by_role("button", name="Copy")
    assert button.inner_text() == "Copy"
    button.click()
    opened.page.wait_for_function("document.querySelector('.copy').textContent === 'Copied'")
    command = opened.page.evaluate("navigator.clipboard.readText()")
    assert command == opened.page.locator("#command").inner_text()
    assert command.startswith("python train.py logger=csv initial_strength=10.0")


def test_without_a_clipboard_the_command_is_selected(open_page, sweep):
    opened = open_page(sweep)
    opened.page.evaluate(
        "() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }"
    )
    opened.page.locator(".copy").click()
    opened.page.wait_for_function("document.querySelector('.copy').textContent.startsWith('Sel')")
    selected = opened.page.evaluate("getSelection().toString()")
    assert selected == opened.page.locator("#command").inner_text()


def test_a_link_leads_to_the_report_of_the_run(open_page, sweep):
    opened = open_page(sweep)
    address = opened.page.locator("#runs tbody a").first.evaluate("link => link.href")
    assert address == (sweep.parent / "3" / "symmetry_report.html").as_uri()


def test_overview_fits_a_narrow_screen(open_page, sweep):
    opened = open_page(sweep, viewport={"width": 360, "height": 700}, color_scheme="dark")
    assert opened.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_thousand_rows_sort_and_filter_at_once(open_page, sweep, tmp_path):
    text = sweep.read_text()
    start = text.index("<tbody>", text.index('id="runs"')) + len("<tbody>")
    end = text.index("</tbody>", start)
    (tmp_path / "many.html").write_text(text[:start] + text[start:end] * 91 + text[end:])
    opened = open_page(tmp_path / "many.html")
    took = opened.page.evaluate(
        """() => {
            const start = performance.now();
            document.querySelector('#runs th[data-key="val/mse"] button').click();
            document.body.getBoundingClientRect();
            return performance.now() - start;
        }"""
    )
    assert took < 5000
    assert opened.filter("runs", "seed=0") == "273 of 1001 rows"


def test_report_of_one_run_renders(open_page, finished):
    opened = open_page(finished.folder / "symmetry_report.html")
    assert opened.page.locator("svg").count() == 5
    assert opened.page.locator("table").count() == 2
    assert opened.page.evaluate("document.body.scrollWidth <= innerWidth")


def test_overview_of_a_real_run(open_page, finished, tmp_path):
    main([str(finished.folder.parent), "--output", str(tmp_path / "page.html")])
    opened = open_page(tmp_path / "page.html")
    assert opened.page.locator(".headline").inner_text().startswith("One configuration: val/mse ")
    assert opened.texts("runs", "status") == ["finished"]
    strengths = [float(text) for text in opened.texts("runs", "strength/xy")]
    assert strengths == pytest.approx([finished.metrics["strength/xy"]], rel=0.01)
