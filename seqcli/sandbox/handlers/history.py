"""Bars, prints, funding and the fair price, read from the market."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import msgspec

from seqcli.sandbox.market import references
from seqcli.sandbox.market.bars import Bar, Tick, Window, mid
from seqcli.sandbox.market.instruments import Instrument, Kind, canonical, venue_of
from seqcli.sandbox.serving import Box, Call, Paused, invalid, not_found, serves
from seqcli.wire import history

SECOND = 1_000_000_000
_DEFAULT_PRINTS, _LONGEST_BAR_S = 100, 366 * history.DAY_S
_FUNDING_RANGES = {name: history.RANGES[name] for name in history.FUNDING_RANGES}
_ASSET = re.compile(r"[A-Z0-9]{1,20}")
_LATEST_S = (1 << 63) // SECOND


@serves(history.PRICES)
def prices(box: Box, call: Call) -> Paused[history.Prices]:
    """Bars that begin in the window, or the newest prints of it."""
    query = call.query
    asked, kind = (None, None) if query.venue is None else _venue(box, query.venue)
    instrument = _instrument(box, call.path["symbol"], kind)
    fidelity = 60 if query.fidelity_secs is None else query.fidelity_secs
    if not 0 <= fidelity <= _LONGEST_BAR_S:
        raise invalid(("fidelity_secs", f"must be 0 to {_LONGEST_BAR_S}"))
    name, start_s, end_s = window(query, call.now_ns, history.RANGES, "1d")
    venue = _meant(instrument, asked, call.now_ns // SECOND - start_s)
    venues = instrument.venues if venue is None else (venue,)
    view = Window(box.market, instrument.symbol, venues, call.now_ns)
    points: Sequence[Bar | Tick]
    if fidelity:
        points, more = yield from view.bars(start_s * SECOND, end_s * SECOND, fidelity * SECOND, history.MAX_BARS)
    else:
        points, more = view.prints(start_s * SECOND, end_s * SECOND, _limit(query.limit, instrument))
    underlying = None
    if query.underlying:
        underlying = yield from _underlying(box, instrument, points, fidelity * SECOND, call.now_ns)
    return history.Prices(
        symbol=instrument.symbol,
        venue=venue,
        range=name,
        fidelity_secs=fidelity,
        start_ts=start_s,
        end_ts=end_s,
        source=_source(instrument, venue),
        count=len(points),
        truncated=more,
        points=(yield from _each(points, lambda point: history.Point(**msgspec.structs.asdict(point)))),
        underlying=underlying,
    )


def _each(points: Iterable[Any], made: Callable[[Any], Any]) -> Paused[list[Any]]:
    """What is made of each, with pauses."""
    found = []
    for point in points:
        found.append(made(point))
        yield
    return found


def _underlying(
    box: Box, instrument: Instrument, points: Sequence[Bar | Tick], step_ns: int, now_ns: int
) -> Paused[list[history.Reference] | None]:
    """The spot price of a perp's base, or of the asset that a contract is on; None where there is neither."""
    contracts = box.contracts
    price: Callable[[int], int | None]
    if instrument.kind == "prediction" and contracts is not None:
        named = contracts.find(instrument.symbol)
        asset = "" if named is None else named.contract.event.series.asset
        price = partial(contracts.odds.price, asset)
    else:
        spot = box.market.instruments().get(f"{instrument.base}-USD") if instrument.kind == "perp" else None
        asset = "" if spot is None else spot.base
        price = partial(mid, box.market, f"{asset}-USD", () if spot is None else spot.venues)
    if not asset:
        return None
    ends = ((point.ts_ns, min(point.ts_ns + max(step_ns - 1, 0), now_ns)) for point in points)
    known = yield from _each(ends, lambda end: (end[0], price(end[1])))
    return [history.Reference(ts_ns=ts_ns, price_1e9=found) for ts_ns, found in known if found is not None]


@serves(history.FUNDING)
def funding(box: Box, call: Call) -> history.FundingHistory:
    """What a perp's holders paid or were paid on one venue."""
    query = call.query
    if query.venue is None:
        raise invalid(("venue", "missing"))
    perp = _perp(box, call.path["symbol"])
    if perp is None:
        raise not_found("perp", call.path["symbol"])
    venue, _ = _venue(box, query.venue)
    if venue not in perp.venues:
        raise invalid(("venue", f"does not trade {perp.symbol}"))
    _, start_s, end_s = window(query, call.now_ns, _FUNDING_RANGES, "1m")
    end_ns = min(end_s * SECOND, call.now_ns + 1)
    points = references.settled(box.market, perp.symbol, venue, start_s * SECOND, end_ns)
    return history.FundingHistory(symbol=call.path["symbol"], venue=venue, count=len(points), points=points)


@serves(history.FUNDING_RATES)
def funding_rates(box: Box, call: Call) -> history.FundingRates:
    """Every perp on every venue that fits; a symbol is shown as it was asked for."""
    venue = None if call.query.venue is None else _venue(box, call.query.venue)[0]
    asked = call.query.symbol
    if asked is None:
        perps = [row for row in box.market.instruments().values() if row.kind == "perp"]
    else:
        perp = _perp(box, asked)
        perps = [] if perp is None else [perp]
    rows = references.funding_rates(box.market, perps, venue, call.now_ns)
    for row in rows:
        row.symbol = asked or row.symbol
    return history.FundingRates(unit="bps_per_hour", rates=rows)


@serves(history.FAIR_PRICE)
def fair_price(box: Box, call: Call) -> history.FairPrices:
    """The assets asked for that have one, or all that do."""
    asked = call.query.underlying
    if asked is None:
        names = references.underlyings(box.market.instruments())
    else:
        names = list(dict.fromkeys(name.strip().upper() for name in asked.split(",") if name.strip()))
        if not all(_ASSET.fullmatch(name) for name in names):
            raise invalid(("underlying", "a comma list of assets such as BTC"))
    rows = list(references.fair_prices(box.market, names, call.now_ns))
    return history.FairPrices(fair_prices=rows, count=len(rows), as_of_ns=call.now_ns)


def window(query: Any, now_ns: int, known: dict[str, int], usual: str) -> tuple[str | None, int, int]:
    """(range or None, first second, end): both timestamps, else a range that ends with this second."""
    given = (query.start_ts, query.end_ts)
    if given != (None, None):
        if query.start_ts is None or query.end_ts is None:
            raise invalid(("start_ts" if query.start_ts is None else "end_ts", "start_ts and end_ts go together"))
        if not 0 <= query.start_ts < query.end_ts <= _LATEST_S:
            raise invalid(("end_ts", "must be after start_ts"))
        return None, query.start_ts, query.end_ts
    name = usual if query.range is None else query.range.lower()
    if name not in known:
        raise invalid(("range", f"must be one of {', '.join(known)}"))
    end_s = now_ns // SECOND + 1
    return name, end_s - known[name], end_s


def _meant(instrument: Instrument, asked: str | None, age_s: int) -> str | None:
    """Whose prices are shown: a contract has one venue; those of the last 24 hours are of all venues, whatever was
    asked; further back it is the one asked for.
    """
    if instrument.kind == "prediction":
        return instrument.venues[0]
    if age_s <= history.TAPE_S:
        return None
    if asked is None:
        raise invalid(("venue", "needed for what is more than 24 hours ago"))
    if asked not in instrument.venues:
        raise invalid(("venue", f"does not trade {instrument.symbol}"))
    return asked


def _source(instrument: Instrument, venue: str | None) -> str:
    """Where the hosted service has such points from."""
    if instrument.kind == "prediction":
        return instrument.venues[0]
    return "tape" if venue is None else "venue_klines"


def _limit(limit: int | None, instrument: Instrument) -> int:
    if limit is not None and limit < 1:
        raise invalid(("limit", "must be at least 1"))
    usual = history.MAX_PRINTS if instrument.kind == "prediction" else _DEFAULT_PRINTS
    return usual if limit is None else min(limit, history.MAX_PRINTS)


def _venue(box: Box, text: str) -> tuple[str, Kind | None]:
    try:
        return venue_of(text, box.market.venues())
    except ValueError as error:
        raise invalid(("venue", str(error))) from None


def _perp(box: Box, text: str) -> Instrument | None:
    try:
        return references.perp_of(box.market.instruments(), text)
    except ValueError as error:
        raise invalid(("symbol", str(error))) from None


def _instrument(box: Box, text: str, kind: Kind | None) -> Instrument:
    try:
        symbol = canonical(text, kind)
    except ValueError as error:
        raise invalid(("symbol", str(error))) from None
    found = box.market.instruments().get(symbol)
    if found is None:
        raise not_found("symbol", symbol)
    return found
