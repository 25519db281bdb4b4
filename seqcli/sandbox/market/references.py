"""What all venues together say of an asset: its fair price, and what its perps are funded at. Read from the books of
the instant, for replies and streams alike.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from seqcli.sandbox.market.books import Book, Funding, Level, Market
from seqcli.sandbox.market.consolidated import levels
from seqcli.sandbox.market.funding import HOUR_NS, interval_ns, next_ns
from seqcli.sandbox.market.instruments import Instrument, canonical
from seqcli.sandbox.rounding import half_even, mid_price
from seqcli.wire.history import FairPrice, FundingPoint, FundingRate

FRESH_NS = 5_000_000_000
MARKED = 10_000
"""Settlements of one reply that are shown with their marks, which are dear to read."""
SIDE_USD = 125_000
"""Of each side so much is looked at; less where there is less."""
_QUOTES = ("USD", "USDC", "USDT")
_USD_1E17, _DEEPEST, _MS = 10**17, 1_000, 1_000_000


# -- fair price ------------------------------------------------------------------------------------------------------


def underlyings(instruments: Mapping[str, Instrument]) -> list[str]:
    """Every asset that trades against dollars on the spot."""
    return sorted({row.base for row in instruments.values() if row.kind == "spot" and row.quote in _QUOTES})


def fair_prices(market: Market, names: Iterable[str], now_ns: int) -> Iterator[FairPrice]:
    """Those that have one, in the order asked for."""
    for name in names:
        found = fair_price(market, name, now_ns)
        if found is not None:
            yield found


def fair_price(market: Market, underlying: str, now_ns: int) -> FairPrice | None:
    """The mean of what `SIDE_USD` would get on each side of the merged fresh books.

    They are those of the asset's dollar pair: the first of USD, USDC and USDT that has both sides.
    """
    for quote in _QUOTES:
        books = {
            venue: book
            for venue, book in market.books(f"{underlying}-{quote}", now_ns).items()
            if now_ns - book.ts_ns <= FRESH_NS and (book.bids or book.asks)
        }
        bids, asks = levels(books, _DEEPEST, max), levels(books, _DEEPEST, min)
        if bids and asks:
            return _fair(underlying, quote, books, bids, asks)
    return None


def _fair(underlying: str, quote: str, books: Mapping[str, Book], bids: list[Level], asks: list[Level]) -> FairPrice:
    bid, bid_used = vwap(bids, SIDE_USD * _USD_1E17)
    ask, ask_used = vwap(asks, SIDE_USD * _USD_1E17)
    price = mid_price(bid, ask)
    return FairPrice(
        underlying=underlying,
        quote=quote,
        price=Decimal(price).scaleb(-9),
        price_1e9=price,
        bid_vwap_1e9=bid,
        ask_vwap_1e9=ask,
        depth_usd=Decimal(half_even(bid_used + ask_used, 10**15)).scaleb(-2),
        venue_count=len(books),
        venues=sorted(books),
        ts_ns=max(book.ts_ns for book in books.values()),
    )


def vwap(side: list[Level], budget_1e17: int) -> tuple[int, int]:
    """(average price of the first `budget_1e17` of a side, best first, half-even; what of it there is)."""
    spent = qty = 0
    for price, size in side:
        left = budget_1e17 - spent
        if price * size >= left:
            return half_even(budget_1e17 * price, qty * price + left), budget_1e17
        spent, qty = spent + price * size, qty + size
    return half_even(spent, qty), spent


# -- funding ---------------------------------------------------------------------------------------------------------


def perp_of(instruments: Mapping[str, Instrument], text: str) -> Instrument | None:
    """The perp that a symbol names where funding is meant: itself, or the one of its base for a plain dollar pair.

    Raises ValueError for a malformed symbol.
    """
    symbol = canonical(text, "perp")
    found = instruments.get(symbol)
    parts = symbol.split("-")
    if found is None and parts[1:2] and parts[1] in _QUOTES:
        found = instruments.get(f"{parts[0]}-USD-PERP")
    return found if found is not None and found.kind == "perp" else None


def funding_rates(market: Market, perps: Iterable[Instrument], venue: str | None, now_ns: int) -> list[FundingRate]:
    """A row a perp and venue, by the next settlement, then venue and symbol."""
    rows = [
        _rate(market, perp, name, now_ns)
        for perp in perps
        for name in (perp.venues if venue is None else (venue,))
        if name in perp.venues
    ]
    return sorted(rows, key=lambda row: (row.next_settlement_ns or 0, row.venue, row.symbol))


def _rate(market: Market, perp: Instrument, venue: str, now_ns: int) -> FundingRate:
    upcoming = next_ns(venue, now_ns)
    last = market.funding(perp.symbol, venue, upcoming - interval_ns(venue))
    now = market.funding(perp.symbol, venue, now_ns)
    top = market.best(perp.symbol, now_ns).get(venue)
    mark = mid_price(top.bid_1e9, top.ask_1e9) if top and top.bid_1e9 and top.ask_1e9 else None
    return FundingRate(
        venue=venue,
        symbol=perp.symbol,
        rate_bps_per_hour=_hourly(last, venue),
        predicted_rate_bps_per_hour=_hourly(now, venue),
        mark_price_1e9=mark,
        open_interest_1e8=now.open_interest_1e8 if now else None,
        next_settlement_ns=upcoming if now else None,
        snapshot_age_ms=(now_ns - top.ts_ns) // _MS if top else None,
    )


def _hourly(found: Funding | None, venue: str) -> Decimal | None:
    """A settlement's rate in basis points an hour, six decimals, half-even."""
    if found is None:
        return None
    hours = interval_ns(venue) // HOUR_NS
    return Decimal(half_even(found.rate_1e9 * 10, hours)).scaleb(-6)


def settled(market: Market, symbol: str, venue: str, start_ns: int, end_ns: int) -> list[FundingPoint]:
    """The settlements of [start, end), oldest first: what positions paid. Of more than `MARKED` without the marks."""
    instants = range(next_ns(venue, start_ns - 1), end_ns, interval_ns(venue))
    marked = len(instants) <= MARKED
    found = ((at, market.funding(symbol, venue, at, marked=marked)) for at in instants)
    return [
        FundingPoint(ts_ns=at, rate_1e9=each.rate_1e9, mark_price_1e9=each.mark_price_1e9 if marked else None)
        for at, each in found
        if each is not None
    ]
