"""`seq stream TOPIC...`: what happens, as it happens."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from seqcli import units
from seqcli.commands import words
from seqcli.commands.grammar import standalone
from seqcli.commands.session import Session
from seqcli.errors import Usage
from seqcli.views import Result
from seqcli.wire import streams

TOPICS = """\
prices:SYMBOL               best bid and offer over all venues
book:SYMBOL                 the merged book, whole at each change
orders, fills               the account's own, none lost and none twice
routing, tca                where an order went, what it cost in the end
fair_price[:UNDERLYING]     a price across the depth of all venues
funding[:VENUE[:SYMBOL]]    funding rates
traces:ID, deployment:ID    an algorithm's callbacks, and its life"""
_SPEED = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,3})?")

Topics = Annotated[
    list[str] | None, typer.Argument(metavar="TOPIC...", help="See above; at most 500.", show_default=False)
]
MaxEvents = Annotated[str | None, typer.Option("--max-events", metavar="N", help="End after N frames.")]
For = Annotated[str | None, typer.Option("--for", metavar="10s", help="End after this time; status 0.")]
Ticket = Annotated[bool, typer.Option("--ticket", help="Open the socket with a one-time ticket, not with the key.")]


class Tape(msgspec.Struct):
    """Files."""

    record: Annotated[
        Path | None,
        typer.Option("--record", metavar="FILE", help="Keep everything in a new file, compressed when it ends in .gz."),
    ] = None
    replay: Annotated[
        Path | None, typer.Option("--replay", metavar="FILE", help="Play a recording instead; needs no account.")
    ] = None
    speed: Annotated[
        str | None, typer.Option("--speed", metavar="X|max", help="Of --replay: times the recorded speed.")
    ] = None


def stream(
    session: Session,
    *,
    topics: Topics = None,
    max_events: MaxEvents = None,
    duration: For = None,
    tape: Tape,
    ticket: Ticket = False,
) -> Result | Iterator[Result]:
    """Frames as the exchange sends them, one a line; on a terminal a table.

    {topics}

    Lines of ours say what else happened: gap, disconnected, reconnected, recovered, coalesced. Fills and orders missed
    while the link was down are read by REST and follow a "recovered" line, in the shape of frames, without a seq.
    """
    chosen = list(dict.fromkeys(map(topic, topics or [])))
    most = None if max_events is None else words.count(max_events, "--max-events")
    seconds = None if duration is None else int(words.duration(duration, "--for")) / units.SECOND
    _check(chosen, tape)
    speed(tape.speed)
    if session.options.dry_run and tape.replay is None:
        from seqcli.commands import streaming

        return streaming.planned(session, chosen)
    return _shown(session, chosen, tape, (most, seconds), ticket=ticket)


stream.__doc__ = (stream.__doc__ or "").replace("{topics}", "\b\n    " + TOPICS.replace("\n", "\n    "))


def topic(text: str) -> str:
    """A topic by the server's own grammar. Raises `Usage`."""
    try:
        streams.topic_of(text)
    except streams.BadTopic as error:
        shown = text if text.isascii() and text.isprintable() else ascii(text)
        raise Usage(
            f"{shown!r}: {error}", hint="such as prices:ETH-USD, book:ETH-USD, orders; see: seq stream -h"
        ) from None
    return text


def _check(topics: list[str], tape: Tape) -> None:
    if tape.replay is not None and (topics or tape.record is not None):
        raise Usage("--replay plays a file and nothing else", hint="leave the topics and --record away")
    if tape.replay is None and tape.speed is not None:
        raise Usage("--speed needs a --replay")
    if tape.replay is None and not topics:
        raise Usage("which topics?", hint="for example: seq stream prices:ETH-USD fills")
    if len(topics) > streams.MAX_TOPICS:
        raise Usage(f"{len(topics)} topics; one connection carries {streams.MAX_TOPICS}")


def _shown(
    session: Session, topics: list[str], tape: Tape, ends: tuple[int | None, float | None], *, ticket: bool
) -> Iterator[Result]:
    from seqcli.client.clock import Clock, SystemClock
    from seqcli.commands import frames, streaming
    from seqcli.commands.tapes import Recorder, Replay

    with ExitStack() as open_files:
        source: frames.Source
        clock: Clock
        if tape.replay is not None:
            clock = SystemClock()
            source = Replay(tape.replay, clock, speed(tape.speed))
        else:
            tap = None
            if tape.record is not None:
                tap = Recorder(tape.record)
                open_files.callback(tap.close)
            clock = session.client.clock
            source = open_files.enter_context(streaming.opened(session, topics, tap=tap, by_ticket=ticket))
        limits = frames.Limits(clock, *ends)
        options = session.options
        if options.fields is not None or options.quiet or options.output == "csv":
            yield from frames.picked(source, limits)
        elif streaming.is_for_people(session):
            yield from frames.drawn(source, limits, topics or [str(tape.replay)], clock)
        else:
            yield from frames.passed(source, limits, clock)


def speed(text: str | None) -> float:
    """Of --speed: 1 unless given, 0 for max."""
    if text is None:
        return 1.0
    if text == "max":
        return 0.0
    found = _SPEED.fullmatch(text)
    if found is None or not 0 < float(text) <= 1000:  # noqa: PLR2004 - as fast as a tape plays
        raise Usage(f"--speed {text!r} is neither max nor a number above 0 and up to 1000")
    return float(text)


command = standalone(
    "stream",
    stream,
    "seq --local stream prices:ETH-USD --max-events 1",
    "seq --local stream fills orders --for 1s --json",
    "seq stream book:BTC-USD --record btc.ndjson.gz --for 10m",
)
