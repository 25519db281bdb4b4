"""Whoever comes from the vendor's own command line types its words and gets ours, or a sentence that says why not."""

import re
from typing import Any, NamedTuple

import pytest

from seqcli import app
from seqcli.commands import topics

Seq = Any


class Verb(NamedTuple):
    """A line of the vendor's list: its words, how many arguments it takes, its options, and ours for it.

    `ours` None: it can't be honoured, and `why` is what is said of it.
    """

    words: str
    ours: str | None
    arguments: int = 0
    options: tuple[str, ...] = ()
    why: str = ""


ORDER = (
    *("--venue", "--limit", "--notional", "--tif", "--policy", "--urgency", "--max-slippage-bps", "--horizon"),
    *("--type", "--graph-id", "--dry-run", "--sandbox"),
)
"""The vendor documents no options of buy and sell; these are its SDK's, in our words."""
VERBS = (
    Verb("login", "creds login"),
    Verb("connect", "creds venue add", 1),
    Verb("disconnect", "creds venue remove", 1),
    Verb("venues", "creds venue list"),
    Verb("quote", "quote", 1),
    Verb("positions", "portfolio positions", 0, ("--venue", "--kind", "--closed")),
    Verb("symbols", "market symbols"),
    Verb("fees", "market fees", 1),
    Verb("fills", "fills list", 0, ("--symbol", "--order")),
    Verb("buy", "order buy", 2, ORDER),
    Verb("sell", "order sell", 2, ORDER),
    Verb("orders", "order list", 0, ("--symbol", "--venue", "--status")),
    Verb("cancel", "order cancel", 1),
    Verb("amend", "order amend", 1, ("--price", "--qty")),
    Verb("decrease", "order decrease", 1, ("--by",)),
    Verb("redeem", "predict redeem", 1, ("--venue",)),
    Verb("init", "algo init", 1),
    Verb("build", "algo build"),
    Verb("deploy", "algo deploy", 0, ("--skip-build", "--start", "--symbol")),
    Verb("start", "algo start", 1),
    Verb("stop", "algo stop", 1),
    Verb("undeploy", "algo undeploy", 1),
    Verb("status", "algo list", 1),
    Verb("logs", "algo logs", 1, ("-f", "--follow")),
    Verb(
        "backtest",
        "algo backtest",
        1,
        ("--symbols", "--start", "--end", "--capital", "--venue", "--seed", "--skip-build"),
    ),
    Verb("bundle compile-edge", None, why="bundles are not made here"),
    Verb("bundle compile-sor", None, why="bundles are not made here"),
    Verb("bundle compile-assignment", None, why="bundles are not made here"),
    Verb("update", None, why="does not replace itself"),
    Verb("trace", "execution trace", 1),
    Verb("intel", "market intel", 1),
    Verb("tca", "analytics tca"),
    Verb("strategy deploy", "strategy deploy", 1, ("--start", "--memory-mb")),
    Verb("strategy push", "strategy deploy", 1),
    Verb("strategy logs", "strategy logs", 1, ("--follow",)),
    Verb("strategy stop", "strategy stop", 1),
    Verb("strategy delete", "strategy delete", 1),
)
OPTIONAL = {"start", "stop", "undeploy", "status", "logs"}
"""Their name may be left out: it is that of the project in this folder."""
HONOURED = [verb for verb in VERBS if verb.ours is not None]
REFUSED = [verb for verb in VERBS if verb.ours is None]


def command_of(words: list[str]) -> Any:
    command: Any = app.root()
    for word in command.words_of(words):
        command = command.get_command(None, word)
    return command


@pytest.mark.parametrize("verb", HONOURED, ids=lambda verb: verb.words)
def test_a_word_of_the_vendor_s_leads_to_ours_and_takes_the_same_things(verb: Verb) -> None:
    assert verb.ours is not None
    spelled = app.root().words_of(verb.words.split())
    assert verb.ours.split()[: len(spelled)] == spelled
    command = command_of(verb.ours.split())
    if hasattr(command, "list_commands"):  # a noun that takes what its first verb does
        command = command.get_command(None, command.words_of(["ETH-USD"])[0])
    context = command.make_context("x", [], resilient_parsing=True)
    parameters = command.get_params(context)
    arguments = [each for each in parameters if each.param_type_name == "argument"]
    assert (
        len([each for each in arguments if each.required])
        <= verb.arguments
        <= sum(99 if each.nargs == -1 else 1 for each in arguments)
    )
    assert not any(each.required for each in arguments) or verb.words not in OPTIONAL
    assert set(verb.options) <= {name for each in parameters for name in each.opts}


@pytest.mark.parametrize("verb", REFUSED, ids=lambda verb: verb.words)
def test_a_word_that_cannot_be_honoured_gets_a_sentence_and_another_command(verb: Verb, seq: Seq) -> None:
    done = seq("--local", *verb.words.split(), "--json")
    assert (done.status, done.out) == (2, "")
    assert verb.why in done.error["message"]
    assert done.error["hint"]


def test_no_alias_is_made_up_and_none_hides_a_command_of_ours() -> None:
    ours_alone = {"preview", "balances", "logout"}
    assert set(topics.ALIASES) - {verb.words for verb in VERBS} == ours_alone
    assert not set(topics.ALIASES) & set(app.COMMANDS)
    assert set(topics.SAME) == {verb.words for verb in VERBS} & set(app.COMMANDS)


def test_the_help_topic_lists_every_word(seq: Seq) -> None:
    text = seq("help", "aliases").out
    told = dict(re.split(r" +[=-]  ", line[4:], maxsplit=1) for line in text.splitlines())
    for verb in (verb for verb in VERBS if verb.words != verb.ours or verb.words in topics.SAME):
        rest = told[verb.words if verb.words in told else verb.words.split()[0]]
        if verb.ours is None:
            assert verb.why in rest
        else:
            assert rest == ("the same" if verb.words in topics.SAME else f"seq {verb.ours}")


@pytest.mark.parametrize("words", [("start",), ("stop",), ("logs",), ("undeploy", "--yes"), ("algo", "show")])
def test_a_name_left_out_outside_a_project_is_asked_for(
    words: tuple[str, ...], seq: Seq, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = seq("--local", *words, "--json")
    assert (done.status, done.out) == (2, "")
    assert "which deployment" in done.error["message"]


def test_inside_a_project_its_own_deployment_is_meant(seq: Seq, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert seq("init", "maker", "--lang", "c").status == 0
    monkeypatch.chdir(tmp_path / "maker")
    assert seq("--local", "start", "--dry-run", "--json").body["url"].endswith("/v1/deployments/maker/start")
    missing = seq("--local", "stop", "--json")
    assert (missing.status, "'maker'" in missing.error["message"]) == (5, True)
    assert seq("--local", "status", "maker", "--json").status == 5
    assert seq("--local", "status", "--json").body["count"] == 0


def test_a_backtest_takes_a_symbol_where_a_project_is(seq: Seq, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert seq("init", "maker", "--lang", "c").status == 0
    window = ("--start", "2026-01-01", "--end", "2026-01-02", "--venue", "all", "--skip-build", "--dry-run")
    outside = seq("backtest", "BTC-USD", *window)
    assert (outside.status, "cannot read BTC-USD" in outside.err) == (2, True)
    monkeypatch.chdir(tmp_path / "maker")
    (tmp_path / "maker" / "algo.wasm").write_bytes(b"\0asm")
    for words in (("BTC-USD",), ("--symbols", "BTC-USD"), (".", "--symbol", "BTC-USD")):
        done = seq("backtest", *words, *window)
        assert (done.status, "'symbols': ['BTC-USD']" in done.out, "'venues': None" in done.out) == (0, True, True)
    both = seq("backtest", "--symbols", "BTC-USD,ETH-USD", *window)
    assert "'symbols': ['BTC-USD', 'ETH-USD']" in both.out
