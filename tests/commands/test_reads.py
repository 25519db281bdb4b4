"""Reading on the embedded exchange: every form, what is not there, and what is asked before it is known."""

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from seqcli.commands import quote

Seq = Any
"""`seq(*words)` of conftest.py."""

SYMBOL = "ETH-USD"


def test_one_symbol_prints_the_body_of_its_quote(seq: Seq) -> None:
    done = seq("--local", "quote", SYMBOL, "--json")
    assert (done.status, done.err) == (0, "")
    assert done.body["symbol"] == SYMBOL
    assert done.body["nbbo"]["bid"] < done.body["nbbo"]["ask"]
    assert done.body["last_update"].endswith("Z")


def test_several_symbols_print_quotes_and_their_count(seq: Seq) -> None:
    body = seq("--local", "quote", SYMBOL, "BTC-USD", "--json").body
    assert [row["symbol"] for row in body["quotes"]] == [SYMBOL, "BTC-USD"]
    assert body["count"] == 2


def test_an_unknown_symbol_is_status_5_with_the_body_and_the_nearest_names(seq: Seq) -> None:
    done = seq("--local", "quote", "ETH-USDD", "--json")
    assert done.status == 5
    assert done.body["source"] == "unavailable"
    assert SYMBOL in done.error["hint"]


def test_some_unknown_symbols_of_several_are_status_10_and_all_are_5(seq: Seq) -> None:
    assert seq("--local", "quote", SYMBOL, "NOPE-USD", "--json").status == 10
    assert seq("--local", "quote", "NADA-USD", "NOPE-USD", "--json").status == 5


def test_symbols_are_read_from_stdin_one_a_line_beside_those_that_were_typed(seq: Seq) -> None:
    done = seq("--local", "quote", "SOL-USD", "-", "BTC-USD", "-q", stdin=b"ETH-USD\n\n  NOPE-USD\r\n")
    assert (done.status, done.out.split()) == (10, ["SOL-USD", "ETH-USD", "NOPE-USD", "BTC-USD"])
    assert "NOPE-USD" in done.err
    assert seq("--local", "quote", "-", stdin=b"\n \n").status == 2
    assert "E TH" in seq("--local", "quote", "-", stdin=b"BTC-USD\nE TH\n").err


def test_more_symbols_than_fit_a_request_are_split_and_answered_in_their_order(
    seq: Seq, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quote, "AT_ONCE", 2)
    names = ["ETH-USD", "BTC-USD", "NOPE-USD", "ETH-USD", "SOL-USD"]
    asked = [row["body"]["symbols"] for row in seq("--local", "quote", *names, "-n", "--json").rows]
    assert asked == [names[:2], names[2:4], names[4:]]
    done = seq("--local", "quote", *names, "--json")
    assert ([row["symbol"] for row in done.body["quotes"]], done.body["count"]) == (names, 5)
    assert (done.status, done.error["message"]) == (10, "NOPE-USD: unknown symbol NOPE-USD")
    monkeypatch.undo()
    assert len(seq("--local", "quote", *["ETH-USD"] * 2001, "-n", "--json").rows) == 2


def test_of_many_bad_symbols_a_few_are_named(seq: Seq) -> None:
    done = seq("--local", "quote", *(f"NOPE{place}-USD" for place in range(9)), "--json")
    assert done.status == 5
    assert done.error["message"].count("unknown symbol") == 5
    assert done.error["message"].endswith("; and 4 more")


def test_a_quote_older_than_asked_for_is_status_5(seq: Seq) -> None:
    assert seq("--local", "quote", SYMBOL, "--max-age", "1h").status == 0
    done = seq("--local", "quote", SYMBOL, "--max-age", "1ns", "--json")
    assert done.status == 5
    assert "old" in done.error["message"]


def test_depth_shows_the_merged_book(seq: Seq) -> None:
    body = seq("--local", "quote", SYMBOL, "--depth", "3", "--json").body
    assert [len(body["book"][side]) for side in ("bids", "asks")] == [3, 3]
    assert "BID SIZE" in seq("--local", "quote", SYMBOL, "--depth", "3").out


@pytest.mark.parametrize(
    "words",
    [
        ["--local", "--json", "market", "fees", SYMBOL],
        ["market", "--local", "--json", "fees", SYMBOL],
        ["market", "fees", SYMBOL, "--local", "--json"],
    ],
    ids=" ".join,
)
def test_global_options_go_before_the_noun_between_and_after_the_verb(seq: Seq, words: list[str]) -> None:
    assert seq(*words).body["ticker"] == SYMBOL


def test_every_form_shows_the_same_rows(seq: Seq) -> None:
    words = ("--local", "market", "fees", SYMBOL)
    names = [row["venue"] for row in seq(*words, "--json").body["fees"]]
    assert [row["venue"] for row in seq(*words, "-o", "ndjson").rows] == names
    assert [row["venue"] for row in csv.DictReader(io.StringIO(seq(*words, "-o", "csv").out))] == names
    assert [row["venue"] for row in json.loads(seq(*words, "-o", "raw").out)["fees"]] == names
    assert seq(*words, "-q").out.split() == names
    assert all(name in seq(*words).out for name in names)


def test_fields_are_shown_in_the_order_asked_for_and_an_unknown_one_is_named(seq: Seq) -> None:
    row = seq("--local", "quote", SYMBOL, "--json", "--fields", "nbbo.ask,symbol").body
    assert list(row) == ["nbbo.ask", "symbol"]
    done = seq("--local", "quote", SYMBOL, "--json", "--fields", "symbl")
    assert (done.status, done.out) == (2, "")
    assert "symbol" in done.error["hint"]


def test_market_commands_answer(seq: Seq) -> None:
    symbols = seq("--local", "market", "symbols", "ETH", "--json").body
    assert SYMBOL in [row["symbol"] for row in symbols]
    assert seq("--local", "market", "venues", SYMBOL, "--json").body["count"] > 1
    missing = seq("--local", "market", "venues", "NOPE-USD", "--json")
    assert (missing.status, missing.error["code"]) == (5, "NOT_FOUND")


def test_health_alone_makes_every_check(seq: Seq) -> None:
    body = seq("--local", "health", "--json").body
    assert body["live"]["status"] == "ok"
    assert body["health"]["status"] == "ok"
    assert body["edges"]["drift"] is False


def test_a_noun_alone_takes_the_options_of_what_it_means(seq: Seq) -> None:
    done = seq("--local", "health", "--nope")
    assert done.status == 2
    assert "--nope" in done.err


def test_a_noun_without_a_meaning_of_its_own_prints_its_help(seq: Seq) -> None:
    done = seq("market")
    assert done.status == 0
    assert "symbols" in done.out


def test_api_calls_a_path_and_prints_its_json(seq: Seq) -> None:
    body = seq("--local", "api", "GET", "/v1/fees", "-F", f"ticker={SYMBOL}", "--json").body
    assert body["ticker"] == SYMBOL
    batch = seq(
        "--local", "api", "POST", "/v1/quotes_batch", "--input", "-", "--json", stdin=b'{"symbols":["ETH-USD"]}'
    )
    assert batch.body["count"] == 1
    unknown = seq("--local", "api", "GET", "/v1/nothing", "--json")
    assert (unknown.status, unknown.error["code"]) == (5, "NOT_FOUND")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["api", "FETCH", "/v1/health"], "FETCH"),
        (["api", "GET", "v1/health"], "v1/health"),
        (["api", "POST", "/v1/orders", "-F", "symbol"], "symbol"),
        (["api", "POST", "/v1/orders", "--input", "/no/such/file"], "/no/such/file"),
        (["quote"], "symbol"),
        (["quote", "ETH USD"], "ETH USD"),
        (["quote", SYMBOL, "--depth", "0"], "--depth"),
        (["fills", "--max", "x"], "--max"),
        (["order", "list", "--open", "--status", "FILLED"], "--open"),
    ],
    ids=str,
)
def test_bad_words_are_refused_before_anything_is_asked(seq: Seq, words: list[str], named: str) -> None:
    done = seq("--local", *words, "--json")
    assert (done.status, done.out) == (2, "")
    assert named in done.error["message"]


def test_verbose_tells_requests_on_stderr_with_the_key_masked(seq: Seq) -> None:
    done = seq("--local", "quote", SYMBOL, "--json", "-v")
    assert "GET http://localhost/v1/quotes/ETH-USD" in done.err
    assert "seq_test_" not in done.err or "…" in done.err
    assert done.body["symbol"] == SYMBOL


def test_the_whole_list_of_symbols_is_kept_for_completions_and_a_part_of_it_is_not(seq: Seq) -> None:
    kept = Path(os.environ["SEQ_STATE_DIR"]) / "symbols"
    assert seq("--local", "market", "symbols", "ETH").status == 0
    assert not kept.exists()
    listed = seq("--local", "market", "symbols", "--json").body
    assert kept.read_text().split() == [row["symbol"] for row in listed]


@pytest.mark.parametrize(
    ("path", "instead"),
    [
        ("/v1/orders/stream", "seq stream orders"),
        ("/v1/tca/stream?symbol=ETH-USD", "seq stream tca"),
        ("/v1/risk/stream", "seq risk follow"),
        ("/v1/alerts/stream", "seq risk alerts"),
        ("/v1/stream", "seq stream TOPIC..."),
        ("/v1/ws/new_markets", "seq predict follow --new"),
    ],
)
def test_what_has_no_end_is_refused_with_the_command_that_follows_it(seq: Seq, path: str, instead: str) -> None:
    done = seq("--local", "api", "GET", path, "--json")
    assert (done.status, done.out) == (2, "")
    assert path.partition("?")[0] in done.error["message"]
    assert done.error["hint"].endswith(instead)


def test_csv_is_a_word_of_its_own_and_of_two_forms_the_last_one_wins(seq: Seq) -> None:
    long, short = (seq("--local", "market", "fees", "ETH-USD", *words).out for words in (("-o", "csv"), ("--csv",)))
    assert long == short
    assert short.startswith("venue,")
    assert seq("--local", "market", "fees", "ETH-USD", "--csv", "--json").out.startswith("{")
    assert seq("--local", "market", "fees", "ETH-USD", "--json", "--csv").out == short
    assert seq("--csv", "no-such-noun").error["exit_status"] == 2
