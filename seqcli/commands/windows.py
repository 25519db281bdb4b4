"""Which orders a report is about: their symbol, their venue, and from when to when."""

from typing import Annotated, Any

import typer

from seqcli.commands import words
from seqcli.errors import Usage

Since = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="From then on: ISO 8601; 30 days if absent.")
]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Until then: ISO 8601.")]


def given(symbol: str | None, venue: str | None, since: str | None, until: str | None) -> dict[str, Any]:
    """The fields of a `wire.analytics.Filter`. Raises `Usage`."""
    return {
        "symbol": words.optional(words.symbol, symbol),
        "venue": words.optional(words.venue, venue),
        "since": _time(since, "--since"),
        "until": _time(until, "--until"),
    }


def _time(text: str | None, option: str) -> str | None:
    from datetime import datetime

    if text is None or (text.isascii() and text.isdigit()):
        return text
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise Usage(f"{option} {text!r} is no time", hint=f"for example {option} 2026-07-28T12:00:00Z") from None
    return text
