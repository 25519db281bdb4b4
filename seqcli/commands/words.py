"""The words that several commands share, and how text becomes a value that can't be wrong."""

import re
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from seqcli import units
from seqcli.errors import Usage
from seqcli.wire import strict

_SYMBOL = r"[A-Za-z0-9._:/-]{1,256}"
_EVENT = r"https://polymarket\.com/event/[A-Za-z0-9._:/-]{1,256}"
_ID = r"[A-Za-z0-9_.:-]{1,256}"

Symbol = Annotated[str, typer.Argument(metavar="SYMBOL", help="Such as ETH-USD or BTC-USD-PERP.", show_default=False)]
Symbols = Annotated[list[str], typer.Argument(metavar="SYMBOL...", help="Such as ETH-USD.", show_default=False)]
SymbolOption = Annotated[str | None, typer.Option("--symbol", metavar="SYMBOL", help="Only this symbol.")]
VenueOption = Annotated[str | None, typer.Option("--venue", metavar="VENUE", help="Only this venue.")]
Max = Annotated[str, typer.Option("--max", metavar="N", help="At most N, newest first.", show_default=True)]
All = Annotated[bool, typer.Option("--all", help="Every one, however many pages that takes.")]


def is_symbol(text: str) -> bool:
    """Whether the resolver would take it."""
    return re.fullmatch(_SYMBOL, text) is not None


def symbol(text: str) -> str:
    """A symbol as the API's resolver takes it; the server puts it into its canonical form."""
    if is_symbol(text) or re.fullmatch(_EVENT, text):
        return text
    shown = text if text.isascii() and text.isprintable() else ascii(text)
    raise Usage(
        f"{shown!r} is not a symbol",
        hint="letters, digits and . _ : / - as in ETH-USD; see: seq market symbols",
    )


def venue(text: str) -> str:
    """A venue's id in lower case."""
    name = text.strip().lower()
    if is_symbol(name):
        return name
    raise Usage(f"{text!r} is not a venue", hint="such as kraken; see: seq market venues ETH-USD")


def identity(text: str) -> str:
    """An order id (``graph:…:order:1``) or a graph id."""
    if re.fullmatch(_ID, text):
        return text
    raise Usage(f"{text!a} is not an order or graph id", hint="see: seq order list")


def node(text: str) -> str:
    """A node's id inside its graph."""
    if re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", text):
        return text
    raise Usage(f"{text!a} is not a node's id", hint="see: seq graph show GRAPH_ID")


def count(text: str, option: str, least: int = 1, most: int = 1_000_000) -> int:
    """A whole number in plain digits."""
    if text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most:  # noqa: PLR2004 - digits
        return int(text)
    raise Usage(f"{option} {text!r}: a whole number from {least} to {most} is wanted")


def one_of(text: str, known: Sequence[str], what: str) -> str:
    """`text` in lower case, if it is one of the known words."""
    word = text.lower()
    if word in known:
        return word
    raise Usage(f"{text!r} is not {what}", hint=f"one of {', '.join(known)}")


def venues(text: str) -> str:
    """A comma list of venues."""
    return ",".join(venue(name) for name in text.split(","))


def optional(read: Callable[[str], str], text: str | None) -> str | None:
    """`read(text)`, or None when the option was not given."""
    return None if text is None else read(text)


def optional_one_of(text: str | None, known: Sequence[str], what: str) -> str | None:
    """One of the known words, or None when the option was not given."""
    return None if text is None else one_of(text, known, what)


def optional_each(text: str | None, known: Sequence[str], what: str) -> str | None:
    """A comma list of known words, or None when the option was not given."""
    return None if text is None else ",".join(one_of(word, known, what) for word in text.split(","))


def order_or_graph(text: str | None) -> dict[str, Any]:
    """The query parameter that an id belongs to."""
    if text is None:
        return {}
    return {"node_order_id" if is_order(text) else "graph_id": identity(text)}


def is_order(text: str) -> bool:
    """Is this an order's id? ``graph:GRAPH:NODE:SEQ``; a graph id of ours holds no colon."""
    return text.startswith("graph:") and text.count(":") >= 3  # noqa: PLR2004 - the parts of an order id


def content(source: str, limit: int = 64 << 20) -> bytes:
    """The bytes of a file, or of stdin for ``-``. Raises `Usage` for a file that can't be read or is too large."""
    try:
        with nullcontext(sys.stdin.buffer) if source == "-" else Path(source).open("rb") as stream:
            read = stream.read(limit + 1)
    except OSError as error:
        raise Usage(f"cannot read {source}: {error.strerror}", hint="name a file, or - for stdin") from None
    if len(read) > limit:
        raise Usage(f"{source} is larger than {limit} bytes")
    return read


def json(content: bytes, named: str) -> Any:
    """The JSON value of `content`, read strictly, numbers as decimals. Raises `Usage` naming the file."""
    try:
        return strict.parse(content)
    except strict.BadJson as error:
        raise Usage(f"{named} is not JSON: {error}", hint="check it with a JSON tool") from None


def typed(value: Any, kind: Any, named: str) -> Any:
    """`value` as the type `kind`. Raises `Usage` naming the file and the failing path."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise Usage(f"{named}: {str(error)[:1].lower()}{str(error)[1:]}") from None


def decimal(text: str, what: str) -> Decimal:
    """Plain decimal text, exactly, at most nine decimals."""
    units.parse_scaled(text, units.Usd.digits, what)
    return Decimal(text)


def duration(text: str, option: str) -> units.Nanoseconds:
    """A duration above zero; a bare number is seconds."""
    span = units.parse_duration(f"{text}s" if text.replace(".", "", 1).isdigit() else text)
    if int(span) <= 0:
        raise Usage(f"{option} {text}: a duration above 0 is wanted", hint=f"for example {option} 5s")
    return span
