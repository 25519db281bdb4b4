"""`seq predict`: what is asked, what is shown, and what a wrong word says."""

import json
from typing import Any

import pytest

from seqcli.views import progress

Seq = Any


def test_a_walk_to_the_end_and_the_first_few_agree(seq: Seq) -> None:
    every = seq("--local", "predict", "markets", "--venue", "kalshi", "--any-state", "--all", "-q").out.split()
    first = seq("--local", "predict", "markets", "--venue", "kalshi", "--any-state", "--max", "3", "-q").out.split()
    assert len(every) > 100
    assert first == every[:3]


def test_a_market_is_shown_by_any_of_its_names(seq: Seq) -> None:
    row = seq("--local", "predict", "markets", "--max", "1", "--json").body["markets"][0]
    for name in (row["slug"], row["yes_token_id"], row["url"], f"{row['slug']}:no"):
        assert seq("--local", "predict", "show", name, "--json").body["slug"] == row["slug"]
    shown = seq("--local", "predict", "show", row["slug"]).out
    assert row["no_token_id"] in shown


def test_an_order_takes_the_name_and_the_position_the_outcome(seq: Seq) -> None:
    row = seq("--local", "predict", "markets", "btc-updown-1d", "--max", "1", "--json").body["markets"][0]
    done = seq("--local", "order", "buy", f"{row['slug']}:no", "3", "--wait", "--json")
    assert (done.status, done.body["orders"][0]["symbol"]) == (0, row["no_token_id"])
    held = seq("--local", "portfolio", "positions", "--kind", "event_contract", "--json").body["positions"]
    assert [(each["qty"], each["instrument"]["outcome"]) for each in held] == [("3", "Down")]
    waiting = seq("--local", "predict", "redeem", row["slug"], "--json")
    assert (waiting.status, waiting.error["code"]) == (3, "CONFLICT")


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["markets", "--venue", "nasdaq"], 2),
        (["markets", "--resolved", "--any-state"], 2),
        (["markets", "--expand", "prices"], 2),
        (["show", "no-such-market"], 5),
        (["settlement", "no-such-market"], 5),
        (["redeem", "no-such-market"], 5),
        (["rewards", "1" * 70], 5),
    ],
    ids=str,
)
def test_a_wrong_word_is_one_sentence(seq: Seq, words: list[str], status: int) -> None:
    done = seq("--local", "predict", *words, "--json")
    assert (done.status, done.out) == (status, "")
    assert done.error["message"]


def test_what_would_be_sent(seq: Seq) -> None:
    done = seq("predict", "markets", "fed", "--tag", "economy", "--resolved", "--dry-run", "--json")
    url = json.loads(done.out)["url"]
    assert url.endswith("?venue=polymarket&q=fed&tag=economy&active=false&closed=true&limit=50")
    done = seq("predict", "redeem", "a-market", "--dry-run", "--json")
    assert (done.body["method"], done.body["body"]) == ("POST", None)


class Screen:
    def __init__(self, *, terminal: bool) -> None:
        self.text, self._terminal = "", terminal

    def isatty(self) -> bool:
        return self._terminal

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass


@pytest.mark.parametrize(("terminal", "slow", "told"), [(True, True, True), (True, False, False), (False, True, False)])
def test_a_long_walk_is_counted_on_a_terminal_and_leaves_nothing_behind(
    *, terminal: bool, slow: bool, told: bool
) -> None:
    screen, seconds = Screen(terminal=terminal), iter([0.0] + [2.0 if slow else 0.1] * 9)
    pages = progress.counted(iter([[1], [2, 3]]), "markets", screen, lambda: next(seconds))  # type: ignore[arg-type]
    assert list(pages) == [[1], [2, 3]]
    assert ("3 markets" in screen.text) == told
    assert screen.text.endswith("\r\x1b[K") == told
