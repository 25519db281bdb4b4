"""What trading cost, from the shell: tables, pictures, pages, and words that are wrong."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

Seq = Any


@pytest.fixture
def traded(seq: Seq) -> Seq:
    assert seq("--local", "order", "buy", "ETH-USD", "1.5", "--graph-id", "a1").status == 0
    assert seq("--local", "order", "buy", "ETH-USD", "2", "--limit", "1000", "--graph-id", "a2").status == 0
    return seq


def test_costs_are_shown_and_their_parts_add_up(traded: Seq) -> None:
    body = traded("--local", "analytics", "tca", "--json").body
    (row,) = body["orders"]
    shortfall, fees, total = (
        Decimal(str(row[name])) for name in ("implementation_shortfall_bps", "fees_bps", "total_cost_bps")
    )
    assert shortfall + fees == total
    assert "submit_latency" not in row  # a span of time has no twin that is a date
    shown = traded("--local", "analytics", "tca")
    assert "total cost" in shown.out
    assert "a1" in shown.out


@pytest.mark.parametrize("by", ["hour", "day", "venue", "quality"])
def test_costs_are_split(traded: Seq, by: str) -> None:
    done = traded("--local", "analytics", "tca", "--by", by)
    assert (done.status, done.err) == (0, "")


@pytest.mark.parametrize(
    "words",
    [("--by", "moon"), ("--since", "yesterday"), ("--routing-version", "4"), ("--max", "0"), ("--html", ".")],
)
def test_wrong_words_are_usage(traded: Seq, words: tuple[str, ...]) -> None:
    assert traded("--local", "analytics", "tca", *words).status == 2


def test_a_page_is_written_whole_beside_what_is_printed(traded: Seq, tmp_path: Path) -> None:
    file = tmp_path / "costs.html"
    done = traded("--local", "analytics", "tca", "--html", str(file), "--json")
    assert done.body["order_count"] == 1
    html = file.read_text()
    assert html.count("<section>") == 5
    assert "<svg" in html
    assert "ETH-USD" in html
    assert f"wrote {file}" in done.err
    review = tmp_path / "review.html"
    assert traded("--local", "execution", "review", "a1", "--html", str(review)).status == 0
    assert "forecast at arrival" in review.read_text()


def test_the_review_of_an_order_at_work_names_the_command_that_tells_of_it(traded: Seq) -> None:
    refused = traded("--local", "execution", "review", "a2", "--json")
    assert (refused.status, refused.error["code"]) == (3, "CONFLICT")
    assert refused.error["hint"] == "see how it does: seq execution live a2"
    assert traded("--local", "execution", "live", "a2").status == 0
    assert traded("--local", "execution", "review", "none", "--json").error["hint"] is None


def test_a_dry_run_writes_no_page(traded: Seq, tmp_path: Path) -> None:
    file = tmp_path / "costs.html"
    assert traded("--local", "analytics", "tca", "--html", str(file), "--dry-run").status == 0
    assert not file.exists()


def test_a_live_order_has_no_review_and_an_unknown_one_is_not_found(traded: Seq) -> None:
    done = traded("--local", "execution", "review", "a2", "--json")
    assert (done.status, done.error["code"]) == (3, "CONFLICT")
    assert traded("--local", "execution", "live", "nobody").status == 5
    assert traded("--local", "execution", "forecast", "ETH-USD", "buy", "0").status == 2
    assert traded("--local", "execution", "forecast", "ETH-USD", "up", "1").status == 2


def test_a_watch_of_an_order_ends_with_it(traded: Seq) -> None:
    done = traded("--local", "execution", "live", "a1", "--watch", "-o", "ndjson")
    assert (done.status, len(done.out.splitlines())) == (0, 1)
    assert '"progress": ' in traded("--local", "execution", "live", "a2", "--json").out


def test_every_figure_comes_as_csv_and_ids(traded: Seq) -> None:
    lines = traded("--local", "analytics", "tca", "-o", "csv").out.splitlines()
    assert lines[0].startswith("node_order_id,")
    assert len(lines) == 2
    assert traded("--local", "analytics", "tca", "-q").out == "graph:a1:order:1\n"
    assert traded("--local", "execution", "simulate", "ETH-USD", "buy", "1", "-q").out.split() == [
        "aggressive", "passive", "split",
    ]  # fmt: skip


def test_every_report_is_shown_with_all_and_the_first_ones_without(
    traded: Seq, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert traded("--local", "order", "sell", "ETH-USD", "0.5", "--graph-id", "a3").status == 0
    monkeypatch.setattr("seqcli.commands.pages.PAGE", 1)
    whole = traded("--local", "analytics", "tca", "--all", "--json").body
    assert [row["graph_id"] for row in whole["orders"]] == ["a3", "a1"]
    assert (whole["has_more"], whole["order_count"]) == (False, 2)
    first = traded("--local", "analytics", "tca", "--max", "1", "--json").body
    assert ([row["graph_id"] for row in first["orders"]], first["has_more"]) == (["a3"], True)


def test_a_summary_is_of_the_orders_asked_for(traded: Seq) -> None:
    def figures(*words: str) -> tuple[int, int]:
        body = traded("--local", "execution", "summary", *words, "--json").body
        return body["open_orders"], body["completed_orders"]

    assert figures() == figures("--symbol", "ETH-USD") == (1, 1)
    assert figures("--symbol", "BTC-USD") == (0, 0)
    assert figures("--venue", "bybit") == (0, 0)
    assert figures("--until", "2020-01-01") == (1, 0)
    assert traded("--local", "execution", "summary", "--since", "soon").status == 2
