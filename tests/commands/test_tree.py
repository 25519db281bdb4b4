"""The command tree: every name leads somewhere, says what it does, and shows how."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seqcli import app
from seqcli.commands import chosen, grammar, topics
from seqcli.handover import is_for_coreutils

Commands = list[tuple[tuple[str, ...], Any]]


def walk(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield words, command
    if isinstance(command, grammar.Noun):
        for name in command.list_commands(None):
            yield from walk(command.get_command(None, name), (*words, name))


@pytest.fixture(scope="module")
def commands() -> Commands:
    return list(walk(app.root()))


def test_every_module_with_a_command_is_in_the_table_and_the_other_way_round() -> None:
    folder = Path(app.__file__).parent / "commands"
    holding = {path.stem for path in folder.glob("*.py") if "\ncommand = " in path.read_text()}
    nested = {"venue_creds", "key_creds", "wallet_creds", "backtest_jobs", "drills", "market_intel"}
    assert holding - nested == set(app.COMMANDS) - {"help"}


def test_every_command_says_what_it_does_and_opens_with_an_example(commands: Commands) -> None:
    for words, command in commands:
        assert command.help, words
        assert command.examples, words
        for example in command.examples:
            assert example.startswith("seq "), example


def test_every_help_leads_with_its_example(commands: Commands) -> None:
    for words, command in commands:
        first = app.help_of(list(words)).splitlines()
        assert first[0].rstrip("s:") == "Example", words
        assert first[1].strip() == command.examples[0]


def test_every_example_names_the_command_it_stands_beside(commands: Commands) -> None:
    for words, command in commands:
        for example in command.examples:
            typed = [word for word in example.split()[1:] if word != "--local"]
            assert typed[: len(words)] == list(words) or words == (), example


def test_every_command_takes_the_global_options_and_help(commands: Commands) -> None:
    for words, command in commands:
        context = command.make_context("x", [], resilient_parsing=True)
        names = {name for parameter in command.get_params(context) for name in parameter.opts}
        assert {"--local", "--json", "-o", "--output", "-q", "-n", "-y", "-v", "--version"} <= names, words
    assert "-h" in {
        name for p in app.root().get_params(app.root().make_context("x", [], resilient_parsing=True)) for name in p.opts
    }


def test_no_command_and_no_option_could_be_a_call_of_coreutils(commands: Commands) -> None:
    for words, command in commands:
        if words:
            assert not is_for_coreutils(words)
        context = command.make_context("x", [], resilient_parsing=True)
        short = {
            name for parameter in command.get_params(context) for name in parameter.opts if not name.startswith("--")
        }
        if len(words) < 2:  # what follows a noun and a verb is no call of numbers
            assert not short & {"-s", "-w", "-f"}, words


def test_every_alias_leads_to_a_command_and_hides_none(commands: Commands) -> None:
    known = {words for words, _ in commands}
    for alias, words in topics.ALIASES.items():
        assert words in known
        assert alias not in app.COMMANDS


def test_the_last_of_two_output_forms_wins() -> None:
    assert chosen.guess(["--json", "-o", "csv"]).output == "csv"
    assert chosen.guess(["--json", "--csv"]).output == "csv"
    assert chosen.guess(["-o", "csv", "--json"]).output == "json"
    assert chosen.guess(["-ondjson", "--", "--json"]).output == "ndjson"


def test_no_word_of_a_command_takes_the_name_of_a_global_one(commands: Commands) -> None:
    for words, command in commands:
        names = [parameter.name for parameter in command.params]
        assert len(names) == len(set(names)), words
