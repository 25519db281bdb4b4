"""What can be traded, where and for which fee."""

import itertools
from collections.abc import Iterable, Iterator

from seqcli.sandbox.market.instruments import Instrument, Venue, canonical, venue_of, venue_symbol
from seqcli.sandbox.market.outages import edge_of
from seqcli.sandbox.serving import Box, Call, invalid, not_found, serves
from seqcli.wire import market

Rates = tuple[int | None, int | None]
PREDICTION = ("kalshi", "polymarket")
"""Venues whose instruments are contracts."""


@serves(market.SYMBOLS)
def symbols(box: Box, call: Call) -> list[market.Symbol]:
    """Every instrument that fits the filters; contracts, which come and go, only where type or venue asks for them."""
    query = call.query
    venue, kind = (None, None) if query.venue is None else _venue(box, query.venue, "venue")
    kind = query.type.lower() if query.type is not None else kind
    if kind not in (None, "spot", "perp", "prediction"):
        raise invalid(("type", "must be spot, perp or prediction"))
    words = (query.q or "").upper()
    found = [
        _symbol(row)
        for row in box.market.instruments().values()
        if (venue is None or venue in row.venues) and kind in (None, row.kind) and words in row.symbol.upper()
    ]
    wanted = venue in PREDICTION or (venue is None and kind == "prediction")
    if not wanted or kind not in (None, "prediction"):
        return found
    return [*found, *open_contracts(box, PREDICTION if venue is None else (venue,), words, call.now_ns)]


def open_contracts(box: Box, venues: Iterable[str], words: str, now_ns: int) -> Iterator[market.Symbol]:
    """Both sides of every open contract of which the symbol or the slug holds the words."""
    instruments = box.market.instruments()
    if box.contracts is None:
        return
    for event in itertools.chain.from_iterable(box.contracts.listed(venue, now_ns) for venue in venues):
        for contract in event if event[0].event.status(now_ns) == "open" else ():
            for symbol in contract.symbols:
                row = instruments.get(symbol)
                if row is not None and words in f"{symbol} {contract.slug}".upper():
                    yield _symbol(row)


@serves(market.FEES)
def fees(box: Box, call: Call) -> market.Fees:
    """Each venue's rates; null where the venue does not trade the ticker: do not route there."""
    if call.query.ticker is None:
        raise invalid(("ticker", "missing"))
    try:
        symbol = canonical(call.query.ticker)
    except ValueError as error:
        raise invalid(("ticker", str(error))) from None
    instrument = box.market.instruments().get(symbol)
    trading = instrument.venues if instrument else ()
    asked = [_venue(box, name, "venues")[0] for name in (call.query.venues or "").split(",") if name]
    rates = _rates(box, call)
    rows = [_fee(name, rates[name] if name in trading else (None, None)) for name in asked or sorted(trading)]
    return market.Fees(ticker=symbol, fees=rows)


@serves(market.PAIR_VENUES)
def pair_venues(box: Box, call: Call) -> market.PairVenues:
    """The venues that trade a symbol, with their sizes and fees."""
    try:
        symbol = canonical(call.path["symbol"])
    except ValueError as error:
        raise invalid(("symbol", str(error))) from None
    instrument = box.market.instruments().get(symbol)
    if instrument is None:
        raise not_found("symbol", symbol)
    venues, rates = box.market.venues(), _rates(box, call)
    rows = [_pair(instrument, venues[name], rates[name], box.down) for name in sorted(instrument.venues)]
    return market.PairVenues(symbol=symbol, venues=rows, count=len(rows))


def _venue(box: Box, text: str, field: str) -> tuple[str, str | None]:
    try:
        return venue_of(text, box.market.venues())
    except ValueError as error:
        raise invalid((field, str(error))) from None


def _symbol(row: Instrument) -> market.Symbol:
    return market.Symbol(
        symbol=row.symbol,
        base=row.base,
        quote=row.quote,
        instrument_type=row.kind,
        venues=sorted(row.venues),
        status="trading",
        tick_size_1e9=row.tick_size_1e9,
        lot_size_1e8=row.lot_size_1e8,
        min_qty_1e8=row.min_qty_1e8,
        min_notional_1e9=row.min_notional_1e9,
        price_precision=row.price_precision,
        qty_precision=row.qty_precision,
    )


def _rates(box: Box, call: Call) -> dict[str, Rates]:
    """Maker and taker of each venue, in basis points, as this account pays them."""
    account = box.exchange.accounts.get(call.caller.client_id)
    maker, taker = (account.settings.maker_bps, account.settings.taker_bps) if account else (None, None)
    return {
        name: (venue.maker_bps if maker is None else maker, venue.taker_bps if taker is None else taker)
        for name, venue in box.market.venues().items()
    }


def _fee(name: str, rates: Rates) -> market.VenueFee:
    return market.VenueFee(venue=name, maker_bps=rates[0], taker_bps=rates[1])


def _pair(instrument: Instrument, venue: Venue, rates: Rates, down: frozenset[str]) -> market.PairVenue:
    return market.PairVenue(
        venue=venue.id,
        venue_symbol=venue_symbol(instrument, venue.id),
        instrument_type=instrument.kind,
        region=venue.region,
        remote=False,
        connected=edge_of(instrument.kind, venue.id) not in down,
        tick_size_1e9=instrument.tick_size_1e9,
        lot_size_1e8=instrument.lot_size_1e8,
        min_qty_1e8=instrument.min_qty_1e8,
        min_notional_1e9=instrument.min_notional_1e9,
        maker_bps=rates[0],
        taker_bps=rates[1],
    )
