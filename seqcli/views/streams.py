"""What streams say, for people: the newest state of each market, and what happened last."""

from typing import Any

from seqcli.units import with_twins
from seqcli.views import fills, generic, history, orders
from seqcli.views.blocks import Block, Cell, Grid, Line
from seqcli.views.cells import columns, text, when

_PRICES = columns("PRICES >BID >ASK >MID/3 >SPREAD(bps)/4 >BID_SIZE/2 >ASK_SIZE/2 TIME/1")
_BOOK = columns(">BID_SIZE >BID >ASK >ASK_SIZE")
_LADDER = 10
_PRICED = ("bid", "ask", "mid", "spread_bps", "bid_sz", "ask_sz")


def board(body: Any) -> list[Block]:
    """The newest of each market and asset, then orders and fills, then whatever else was told, then what went wrong."""
    topics = body["topics"]
    blocks: list[Block] = []
    priced = {topic: data for topic, data in topics.items() if topic.startswith("prices:")}
    if priced:
        blocks.append(Grid(columns=_PRICES, rows=[_price(topic, data) for topic, data in sorted(priced.items())]))
    blocks += [_book(topic, data) for topic, data in sorted(topics.items()) if topic.startswith("book:")]
    if body["fair_prices"]:
        blocks += history.fair_prices(body)
    if body["rates"]:
        blocks += history.rates(body)
    if body["orders"]:
        blocks += orders.listed(body)
    if body["fills"]:
        blocks += fills.fills(body)
    if body["events"]:
        blocks += _said(body["events"])
    blocks = blocks or [Line(Cell(f"nothing yet: {', '.join(body['asked'])}", "dim"))]
    return [*blocks, *(Line(Cell(note(row), "warn")) for row in body["notes"])]


def note(row: Any) -> str:
    """A record of ours in words."""
    kind, topic = text(row, "type"), text(row, "topic")
    if kind == "gap" and "reason" in row:
        return f"{topic}: something is missing ({text(row, 'reason')})"
    if kind == "gap":
        return f"{topic}: frame {text(row, 'expected')} was expected, {text(row, 'got')} came"
    if kind == "recovered":
        return f"{topic}: {text(row, 'count')} missed, read again from {text(row, 'source')}"
    if kind == "coalesced":
        return f"{topic}: {text(row, 'skipped')} older frames were left out, this reader is slow"
    words = {"disconnected": "the stream broke", "reconnected": f"connected again after {text(row, 'down_ms')} ms"}
    return f"{words.get(kind, kind)}: {text(row, 'reason')}"


def risks(body: Any) -> list[Block]:
    """Risk events, newest first."""
    rows: list[list[Cell | str]] = [_risk(row) for row in body["events"]]
    grid = Grid(columns=columns("TIME EVENT STATE LIMIT/1 >VALUE/2 >THRESHOLD/3 GRAPH/4 REASON/5"), rows=rows)
    return [
        grid if rows else Line(Cell("nothing yet", "dim")),
        *(Line(Cell(note(row), "warn")) for row in body["notes"]),
    ]


def alerts(body: Any) -> list[Block]:
    """Alerts, newest first."""
    names = ("symbol", "value", "threshold", "condition")
    rows: list[list[Cell | str]] = [
        [when(row, "ts_ns"), Cell(text(row, "name"), "strong"), *(text(row, name) for name in names)]
        for row in body["events"]
    ]
    grid = Grid(columns=columns("TIME ALERT SYMBOL/3 >VALUE/1 >THRESHOLD/2 CONDITION"), rows=rows)
    return [
        grid if rows else Line(Cell("nothing yet", "dim")),
        *(Line(Cell(note(row), "warn")) for row in body["notes"]),
    ]


def markets(body: Any) -> list[Block]:
    """Prediction markets as they begin and as they are resolved, newest first."""
    rows: list[list[Cell | str]] = [
        [
            when(row, "observed_at_ns"),
            Cell("resolved", "strong") if row.get("kind") == "market_resolved" else Cell("new", "good"),
            text(row, "venue"),
            text(row, "slug") or text(row, "event_id"),
            text(row, "winning_outcome") or text(row, "question"),
            text(row, "best_yes_bid"),
            text(row, "best_yes_ask"),
            text(row, "end_date"),
        ]
        for row in body["events"]
    ]
    heading = columns("TIME/1 EVENT VENUE/4 MARKET WHAT/2 >YES_BID/5 >YES_ASK/5 ENDS/3")
    grid = Grid(columns=heading, rows=rows)
    return [
        grid if rows else Line(Cell("nothing yet", "dim")),
        *(Line(Cell(note(row), "warn")) for row in body["notes"]),
    ]


def _risk(row: Any) -> list[Cell | str]:
    engaged = row.get("engaged")
    state = "" if engaged is None else Cell("engaged", "bad") if engaged else Cell("clear", "good")
    return [
        when(row, "ts_ns"),
        Cell(text(row, "kind"), "strong"),
        state,
        *(text(row, name) for name in ("limit", "value", "threshold", "graph_id", "reason")),
    ]


def _price(topic: str, data: Any) -> list[Cell | str]:
    shown = [text(data, name) for name in _PRICED]
    moods = ("good", "bad", "", "", "", "")
    cells = [Cell(value, mood) for value, mood in zip(shown, moods, strict=True)]
    return [Cell(topic.partition(":")[2], "strong"), *cells, when(data, "ts_ns")]


def _book(topic: str, data: Any) -> Grid:
    sides = [(data.get(name) or [])[:_LADDER] for name in ("bids", "asks")]
    rows: list[list[Cell | str]] = []
    for place in range(max(map(len, sides), default=0)):
        bid, ask = (side[place] if place < len(side) else ["", ""] for side in sides)
        rows.append([_plain(bid[1]), Cell(_plain(bid[0]), "good"), Cell(_plain(ask[0]), "bad"), _plain(ask[1])])
    return Grid(columns=_BOOK, rows=rows, title=topic.partition(":")[2], empty="an empty book")


def _said(events: list[Any]) -> list[Block]:
    """What no other table knows: a grid a topic, a column a plain field."""
    topics: dict[str, list[Any]] = {}
    for event in events:
        topics.setdefault(event["topic"], []).append(_facts(event["data"]))
    return [generic.grid(rows, title=topic) for topic, rows in topics.items()]


def _facts(data: Any) -> Any:
    """The plain fields of an event, with its time first."""
    if not isinstance(data, dict):
        return data
    plain = {name: value for name, value in data.items() if not isinstance(value, dict | list) and value is not None}
    return with_twins({name: plain[name] for name in sorted(plain, key=lambda name: name != "ts_ns")})


def _plain(value: Any) -> str:
    return text({"": value}, "")
