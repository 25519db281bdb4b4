"""What was asked of every command, from the words typed, the environment and the settings."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from seqcli.errors import Usage
from seqcli.profile import account, settings
from seqcli.profile.settings import Config

FORMS = ("table", "json", "ndjson", "csv", "raw")


class Options(msgspec.Struct, kw_only=True):
    """What was asked of every command. `timeout_s` is the wall-clock limit of each operation."""

    profile: str | None = None
    local: bool = False
    output: str = "table"
    fields: tuple[str, ...] | None = None
    quiet: bool = False
    dry_run: bool = False
    yes: bool = False
    no_input: bool = False
    timeout_s: float = 20.0
    verbose: bool = False
    color: str = "auto"


def read(words: Mapping[str, Any], config: Config) -> Options:
    """Options from the words typed, the environment and the settings. Raises `Usage` naming the bad word."""
    profile = words.get("profile")
    local = bool(words.get("local"))
    chosen = account.choose(config, profile=profile, local=local)
    found = settings.values(config, profile=chosen.profile, flags=flags(words))
    fields = words.get("fields")
    return Options(
        profile=profile,
        local=local,
        output=found["output"].value,
        fields=None if fields is None else _names(fields),
        quiet=bool(words.get("quiet")),
        dry_run=bool(words.get("dry_run")),
        yes=found["yes"].value,
        no_input=found["no_input"].value,
        timeout_s=found["timeout"].value,
        verbose=bool(words.get("verbose")),
        color=found["color"].value,
    )


def flags(words: Mapping[str, Any]) -> dict[str, str | None]:
    """The words typed, as the settings take them."""
    typed = {name: words.get(name) for name in ("output", "timeout", "color")}
    return typed | {name: "1" if words.get(name) else None for name in ("yes", "no_input")}


def guess(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> Options:
    """The output form alone, of words that could not be read: their error still speaks JSON."""
    form = environment.get("SEQ_OUTPUT") or settings.load(lenient=True).values.get("output", "")
    for place, word in enumerate(arguments):
        if word == "--":
            break
        if word in ("--json", "--csv"):
            form = word.removeprefix("--")
        elif word == "--output":
            form = "".join(arguments[place + 1 : place + 2])
        elif word.startswith("--output="):
            form = word.removeprefix("--output=")
        elif word[:1] == "-" and (letters := word[1:].lstrip("qnyvh")).startswith("o"):
            form = letters[1:] or "".join(arguments[place + 1 : place + 2])
    return Options(output=form if form in FORMS else "table")


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise Usage(f"--fields {text!r} has an empty name", hint="for example --fields symbol,nbbo.bid")
    return names
