"""Quotes from the market of this moment. Prices and sizes are written as plain JSON numbers, exactly."""

from collections.abc import Mapping
from time import perf_counter_ns
from typing import Any

from seqcli.sandbox.market.books import Book
from seqcli.sandbox.market.consolidated import PRICE, SIZE, human, merged, nbbo
from seqcli.sandbox.market.instruments import canonical
from seqcli.sandbox.serving import Answer, Box, Call, invalid, serves
from seqcli.wire import quotes, strict

MAX_AGE_S = 300
MAX_DEPTH, MAX_SYMBOLS = 100, 2000
_KINDS = ("spot", "perp", "prediction")
_MS = 1_000_000
_KEPT = 512

_templates: dict[tuple[int, str, int], tuple[Mapping[str, Book], bytes, tuple[int, ...]]] = {}
"""(market, symbol, depth) → the books it was written from, the body without ages, each venue's instant."""


@serves(quotes.ONE)
def one(box: Box, call: Call) -> Answer:
    """One symbol; a well-formed unknown one is ``unavailable``, not an error."""
    symbol = _symbol(call.path["symbol"], "symbol")
    return Answer(_quote(box, symbol, _depth(call.query.depth), call.now_ns))


@serves(quotes.ALL)
def many(box: Box, call: Call) -> Answer:
    """The NBBO and the touches of all symbols, or of those named; older ones than `max_age_s` are dropped."""
    text = call.query.symbols if call.query.symbols is not None else call.query.symbol
    max_age_s = MAX_AGE_S if call.query.max_age_s is None else call.query.max_age_s
    if max_age_s < 0:
        raise invalid(("max_age_s", "must not be negative"))
    known = box.market.instruments()
    symbols = known if text is None else [_symbol(name, "symbols") for name in text.split(",") if name]
    rows = [_summary(box, symbol, call.now_ns, max_age_s) for symbol in symbols if symbol in known]
    return Answer(b'{"quotes":[' + b",".join(row for row in rows if row) + b"]}")


@serves(quotes.BATCH)
def batch(box: Box, call: Call) -> Answer:
    """As many entries as were asked for, in their order; a bad symbol makes an entry with `error`."""
    started = perf_counter_ns()
    body = call.body
    if len(body.symbols) > MAX_SYMBOLS:
        raise invalid(("symbols", f"at most {MAX_SYMBOLS}"))
    kind = body.instrument_type and body.instrument_type.lower()
    if kind is not None and kind not in _KINDS:
        raise invalid(("instrument_type", f"must be one of {', '.join(_KINDS)}"))
    rows = [_entry(box, text, kind, _depth(body.depth), call.now_ns) for text in body.symbols]
    elapsed_ms = (perf_counter_ns() - started) // _MS
    return Answer(b'{"quotes":[%b],"count":%d,"elapsed_ms":%d}' % (b",".join(rows), len(rows), elapsed_ms))


def _entry(box: Box, text: str, kind: Any, depth: int, now_ns: int) -> bytes:
    try:
        symbol = canonical(text, kind)
    except ValueError as error:
        return strict.encode({"symbol": text, "error": str(error)})
    if symbol not in box.market.instruments():
        return strict.encode({"symbol": text, "error": f"unknown symbol {symbol}"})
    return _quote(box, symbol, depth, now_ns)


def _symbol(text: str, field: str) -> str:
    try:
        return canonical(text)
    except ValueError as error:
        raise invalid((field, str(error))) from None


def _depth(depth: int | None) -> int:
    return 10 if depth is None else min(max(depth, 1), MAX_DEPTH)


def _quote(box: Box, symbol: str, depth: int, now_ns: int) -> bytes:
    """The body of one quote: a template kept while the books stand, and the ages of this millisecond."""
    market = box.market
    books = market.books(symbol, now_ns)
    key = (id(market), symbol, depth)
    kept = _templates.get(key)
    if kept is None or kept[0] is not books:
        if len(_templates) > _KEPT:
            _templates.clear()
        kept = (books, *_template(symbol, books, depth, box.settings.region))
        _templates[key] = kept
    return kept[1] % tuple([(now_ns - instant) // _MS for instant in kept[2]])


def _template(symbol: str, books: Mapping[str, Book], depth: int, region: str) -> tuple[bytes, tuple[int, ...]]:
    live = {venue: book for venue, book in books.items() if book.bids or book.asks}
    bids = [book.bids[0][0] for book in live.values() if book.bids]
    asks = [book.asks[0][0] for book in live.values() if book.asks]
    instants = tuple(book.ts_ns for book in live.values())
    last_ns = max(instants, default=0)
    venues = ",".join(f'"{venue}":{_touch(book)}' for venue, book in live.items())
    levels = "null"
    if live:
        sides = f'"bids":{merged(live, depth, best=max)},"asks":{merged(live, depth, best=min)}'
        levels = f'{{{sides},"ts_ns":{last_ns}}}'
    source = "edge_nbbo" if live else "unavailable"
    touch = nbbo(max(bids, default=0), min(asks, default=0))
    text = (
        f'{{"symbol":{_text(symbol)},"nbbo":{touch},"venues":{{{venues}}},'
        f'"book":{levels},"source":"{source}","region":"{region}","remote":false,"last_update_ns":{last_ns}}}'
    )
    return text.encode(), instants


def _touch(book: Book) -> str:
    bid, bid_size = book.bids[0] if book.bids else (0, 0)
    ask, ask_size = book.asks[0] if book.asks else (0, 0)
    return (
        f'{{"bid":{human(bid, PRICE)},"ask":{human(ask, PRICE)},"bid_size":{human(bid_size, SIZE)},'
        f'"ask_size":{human(ask_size, SIZE)},"age_ms":%d}}'
    )


def _summary(box: Box, symbol: str, now_ns: int, max_age_s: int) -> bytes | None:
    tops = {venue: top for venue, top in box.market.best(symbol, now_ns).items() if top.bid_1e9 or top.ask_1e9}
    last_ns = max((top.ts_ns for top in tops.values()), default=0)
    if not tops or now_ns - last_ns >= max_age_s * 1_000_000_000:
        return None
    bid = max(top.bid_1e9 for top in tops.values())
    ask = min((top.ask_1e9 for top in tops.values() if top.ask_1e9), default=0)
    venues = ",".join(
        f'"{venue}":{{"bid":{human(top.bid_1e9, PRICE)},"ask":{human(top.ask_1e9, PRICE)},'
        f'"bid_size":{human(top.bid_qty_1e8, SIZE)},"ask_size":{human(top.ask_qty_1e8, SIZE)},'
        f'"age_ms":{(now_ns - top.ts_ns) // _MS}}}'
        for venue, top in tops.items()
    )
    return f'{{"symbol":{_text(symbol)},"nbbo":{nbbo(bid, ask)},"venues":{{{venues}}}}}'.encode()


def _text(symbol: str) -> str:
    return f'"{symbol}"'  # the resolver lets no quote or backslash through
