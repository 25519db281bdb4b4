"""The page that a browser shows: everything inside, nothing of others alive."""

import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from seqcli.views.blocks import Block, Candle, Cell, Chart, Column, Grid, Line, Pairs
from seqcli.views.report import Section, page
from seqcli.views.report.svg import picture

HOUR = 3_600_000_000_000
HOSTILE = '</title><script>document.title="taken"</script><img src=x onerror=\'document.title="taken"\'>\x1b[31m\u202e"'
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--virtual-time-budget=5000", "--dump-dom"),
)
BARS = Chart(title="bars", bars=[("fees", 10_000), ("saved", -2_500), (HOSTILE, 0)], digits=3)
LINES = Chart(title="lines", lines={"cost": [(0, 5), (HOUR, 9)], "other": [(0, 1), (HOUR, 1)]}, digits=0)
CANDLES = Chart(title="candles", candles=[Candle(0, 5, 9, 4, 8), Candle(HOUR, 8, 8, 2, 3)], digits=0)


def sections(text: str = "a") -> list[Section]:
    grid = Grid(columns=(Column("NAME"), Column("QTY", right=True)), rows=[[Cell(text, "bad"), "1.5"]], title=text)
    blocks: list[Block] = [
        Pairs(rows=[(text, text)], title="pairs"),
        grid,
        Line(Cell(text, "dim")),
        BARS,
        LINES,
        CANDLES,
    ]
    return [Section(text, blocks), Section("empty", [Chart(), Grid(columns=(), rows=[], empty="nothing here")])]


@pytest.mark.parametrize("chart", [BARS, LINES, CANDLES], ids=lambda chart: chart.title)
def test_a_picture_is_well_formed_and_says_what_it_is(chart: Chart) -> None:
    root = ET.fromstring(picture(chart))
    assert (root.get("role"), root.get("aria-label")) == ("img", chart.title)
    for element in root.iter():
        for name in ("x", "x1", "x2"):
            assert 0 <= float(element.get(name, 0)) <= 960


def test_bars_have_the_lengths_of_their_values_from_one_zero() -> None:
    rects = list(ET.fromstring(picture(BARS)).iter("rect"))
    positive, negative, nought = ((float(rect.get("x", 0)), float(rect.get("width", 0))) for rect in rects)
    assert positive[1] == pytest.approx(4 * negative[1], abs=0.2)
    assert negative[0] + negative[1] == pytest.approx(positive[0], abs=0.2)
    assert nought[1] == 1
    texts = ET.fromstring(picture(BARS)).iter("text")
    assert [text.text for text in texts if text.get("class") == "value"] == ["10", "-2.5", "0"]


def test_a_page_asks_nobody_for_anything_and_runs_nothing() -> None:
    html = page("title", sections()).decode()
    assert "default-src 'none'" in html
    assert not re.search(r"(?i)\b(src|href|style|on[a-z]+)\s*=", html)
    assert "url(" not in html
    assert "<script" not in html
    assert "http" not in html.replace('http-equiv="Content-Security-Policy"', "")
    assert "prefers-color-scheme: dark" in html


def test_text_of_others_is_text() -> None:
    html = page(HOSTILE, sections(HOSTILE), note=HOSTILE).decode()
    assert "<script" not in html
    assert "<img" not in html
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert html.count("&lt;script&gt;") >= 6


def test_what_is_empty_says_so() -> None:
    html = page("title", sections()).decode()
    assert "nothing to draw" in html
    assert "nothing here" in html


@pytest.fixture
def browse(tmp_path: Path):
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no Chromium here")

    def look(content: bytes) -> str:
        file = tmp_path / "page.html"
        file.write_bytes(content)
        command = [browser, *FLAGS, f"--user-data-dir={tmp_path / 'browser'}", file.as_uri()]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=90).stdout

    return look


def test_a_browser_draws_it_and_runs_nothing_of_others(browse) -> None:
    whole = page(HOSTILE, sections(HOSTILE))
    dom = browse(whole)
    assert "<title>taken</title>" not in dom
    assert dom.count("<svg") == 3
    assert dom.count("<rect") == 5
    # the policy alone holds it back as well; and without either it would run
    alive = whole.replace(b"</body>", b'<script>document.title="taken"</script></body>')
    assert "<title>taken</title>" not in browse(alive)
    assert "<title>taken</title>" in browse(re.sub(rb"<meta http-equiv[^>]*>", b"", alive))
