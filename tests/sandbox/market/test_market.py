"""The synthetic market: a pure function of seed, symbol, venue, instant; never crossed; searched exactly."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcli.sandbox.market.listings import ASSETS
from seqcli.sandbox.market.noise import ONE, TOP_SHIFT, Octave, Walk
from seqcli.sandbox.market.quoting import LEVELS, TICK_NS, Source
from seqcli.sandbox.market.synthetic import Book, Market, Side, SyntheticMarket

NOW = 1_764_000_000_000_000_000
SECOND = 1_000_000_000
DAY = 86_400 * SECOND
MARKET = SyntheticMarket(42)
SYMBOLS = sorted(MARKET.instruments())
INSTANTS = st.integers(0, 3 * NOW)


def keeps_the_protocol(market: Market) -> Market:
    return market


def test_the_synthetic_market_is_a_market():
    assert keeps_the_protocol(MARKET) is MARKET


def instants(symbol: str, venue: str, from_ns: int, to_ns: int) -> Iterator[int]:
    """Every publication of a venue in (from_ns, to_ns], one after the other."""
    book = MARKET.book(symbol, venue, to_ns)
    assert book is not None
    first = book.ts_ns - (book.ts_ns - from_ns - 1) // TICK_NS * TICK_NS
    yield from range(first, book.ts_ns + 1, TICK_NS)


def history(symbol: str, venue: str, from_ns: int, to_ns: int) -> list[tuple[int, int, int, list[int]]]:
    """(instant, best bid, best ask, prices printed) of every publication."""
    rows = []
    for ts_ns in instants(symbol, venue, from_ns, to_ns):
        top = MARKET.best(symbol, ts_ns)[venue]
        prints = [each.price_1e9 for each in MARKET.prints(symbol, venue, ts_ns - 1, ts_ns)]
        rows.append((ts_ns, top.bid_1e9, top.ask_1e9, prints))
    return rows


def stepping(rows: list[tuple[int, int, int, list[int]]], side: str, price: int) -> list[int]:
    """The contract of `touches`, read aloud and tried at every instant."""
    if side == "buy":
        return [at for at, _, ask, prints in rows if ask <= price or any(each <= price for each in prints)]
    return [at for at, bid, _, prints in rows if bid >= price or any(each >= price for each in prints)]


def test_a_quote_is_pinned_so_the_same_seed_is_the_same_market_on_every_platform():
    book = MARKET.books("ETH-USD", NOW)["kraken"]
    assert (book.bids[0], book.asks[0], book.ts_ns) == (
        (2857670000000, 1097819010),
        (2858540000000, 1105550130),
        1763999999790000000,
    )


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_consolidated_book_is_neither_crossed_nor_locked_at_any_instant(symbol):
    times = random.Random(symbol)
    for _ in range(40):
        start = times.randrange(3 * NOW)
        for ts_ns in range(start, start + 2 * TICK_NS, TICK_NS // 7):
            tops = MARKET.best(symbol, ts_ns).values()
            assert max(top.bid_1e9 for top in tops) < min(top.ask_1e9 for top in tops)


def test_no_venue_crosses_another_even_at_the_steepest_walk_there_can_be():
    for symbol in SYMBOLS:
        instrument = MARKET.instruments()[symbol]
        for wildest in (1, -1):
            walk = Steepest(wildest, ASSETS[instrument.base].wildness_ppm)
            sources = [Source(1, instrument, venue, walk) for venue in instrument.venues]
            for tick in (0, 1, 5):
                bids = [source.touch(tick + late)[0] for source in sources for late in (0, 1)]
                asks = [source.touch(tick + late)[1] for source in sources for late in (0, 1)]
                assert max(bids) < min(asks)


class Steepest(Walk):
    """A walk that moves its whole step every tick."""

    def __init__(self, direction: int, wildness_ppm: int) -> None:
        amplitude = ONE * wildness_ppm // 1_000_000
        super().__init__([Octave(1, shift, amplitude >> (TOP_SHIFT - shift) // 2) for shift in range(2, TOP_SHIFT + 1)])
        self._direction = direction

    def value(self, tick: int) -> int:
        return self._direction * self.step * tick


@settings(deadline=None)
@given(symbol=st.sampled_from(SYMBOLS), ts_ns=INSTANTS)
def test_a_book_has_twenty_levels_a_side_on_the_steps_of_its_instrument_and_a_true_age(symbol, ts_ns):
    instrument = MARKET.instruments()[symbol]
    books = MARKET.books(symbol, ts_ns)
    assert tuple(books) == instrument.venues
    for book in books.values():
        assert 0 <= ts_ns - book.ts_ns < TICK_NS
        for side, outwards in ((book.bids, -1), (book.asks, 1)):
            prices = [price for price, _ in side]
            assert len(side) == LEVELS
            assert prices == sorted(set(prices), key=lambda price: outwards * price)
            assert min(prices) > 0
            assert all(price % instrument.tick_size_1e9 == 0 for price in prices)
            assert all(qty % instrument.lot_size_1e8 == 0 and qty >= instrument.min_qty_1e8 for _, qty in side)


@settings(deadline=None)
@given(symbol=st.sampled_from(SYMBOLS), ts_ns=INSTANTS, later=st.integers(0, 40 * DAY))
def test_a_quote_now_and_the_same_instant_read_later_agree(symbol, ts_ns, later):
    now = SyntheticMarket(42).books(symbol, ts_ns)
    watching = SyntheticMarket(42)
    watching.books(symbol, ts_ns + later)
    watching.books(symbol, ts_ns - TICK_NS)
    assert watching.books(symbol, ts_ns) == now
    assert {venue: watching.book(symbol, venue, ts_ns) for venue in now} == now


@settings(deadline=None)
@given(symbol=st.sampled_from(SYMBOLS), ts_ns=INSTANTS)
def test_the_best_prices_are_the_tops_of_the_books(symbol, ts_ns):
    books = MARKET.books(symbol, ts_ns)
    tops = MARKET.best(symbol, ts_ns)
    assert {
        venue: ((top.bid_1e9, top.bid_qty_1e8), (top.ask_1e9, top.ask_qty_1e8), top.ts_ns)
        for venue, top in tops.items()
    } == {venue: (book.bids[0], book.asks[0], book.ts_ns) for venue, book in books.items()}


def test_books_are_one_object_until_a_venue_publishes():
    market = SyntheticMarket(42)
    changes = 0
    last = market.books("ETH-USD", NOW)
    for ts_ns in range(NOW, NOW + TICK_NS, SECOND // 1000):
        books = market.books("ETH-USD", ts_ns)
        assert (books is last) == (books == last)
        changes += books is not last
        last = books
    assert changes == len(last)


def test_another_seed_is_another_market():
    ours, other = (SyntheticMarket(seed).books("ETH-USD", NOW) for seed in (42, 43))
    assert ours.keys() == other.keys()
    assert all(ours[venue] != other[venue] for venue in ours)


@settings(deadline=None, max_examples=50)
@given(symbol=st.sampled_from(SYMBOLS), from_ns=INSTANTS, length=st.integers(0, 60 * SECOND))
def test_a_print_happens_at_a_publication_at_the_touch_its_aggressor_hit_and_no_larger(symbol, from_ns, length):
    instrument = MARKET.instruments()[symbol]
    for venue in instrument.venues:
        last = from_ns
        for each in MARKET.prints(symbol, venue, from_ns, from_ns + length):
            assert last < each.ts_ns <= from_ns + length
            last = each.ts_ns
            book = MARKET.book(symbol, venue, each.ts_ns)
            assert isinstance(book, Book)
            assert book.ts_ns == each.ts_ns
            price, shown = (book.asks if each.side == "buy" else book.bids)[0]
            assert each.price_1e9 == price
            assert 0 < each.qty_1e8 <= shown
            assert each.qty_1e8 % instrument.lot_size_1e8 == 0


def test_every_venue_prints_now_and_then_on_both_sides():
    for venue in MARKET.instruments()["ETH-USD"].venues:
        sides = [each.side for each in MARKET.prints("ETH-USD", venue, NOW, NOW + 600 * SECOND)]
        assert 60 < len(sides) < 600
        assert 0.3 < sides.count("buy") / len(sides) < 0.7


def test_prints_of_two_halves_are_the_prints_of_the_whole():
    middle = next(MARKET.prints("ETH-USD", "kraken", NOW, NOW + DAY)).ts_ns
    end = NOW + 100 * SECOND
    halves = [
        *MARKET.prints("ETH-USD", "kraken", NOW, middle),
        *MARKET.prints("ETH-USD", "kraken", middle, end),
    ]
    assert halves == list(MARKET.prints("ETH-USD", "kraken", NOW, end))


NEAR_A_PRICE = given(
    symbol=st.sampled_from(SYMBOLS),
    pick=st.integers(0, 5),
    side=st.sampled_from(["buy", "sell"]),
    from_ns=INSTANTS,
    length=st.integers(0, 40 * SECOND),
    away=st.integers(-6, 12),
    odd=st.integers(0, 3),
)
"""A venue's own price, near the touch, over some seconds from any instant."""


@settings(deadline=None, max_examples=80)
@NEAR_A_PRICE
def test_touches_are_exactly_those_that_stepping_every_instant_finds(*, symbol, pick, side, from_ns, length, away, odd):
    venues = MARKET.instruments()[symbol].venues
    venue = venues[pick % len(venues)]
    top = MARKET.best(symbol, from_ns)[venue]
    price = top.bid_1e9 - top.bid_1e9 * away // 20_000 if side == "buy" else top.ask_1e9 + top.ask_1e9 * away // 20_000
    price += odd
    expected = stepping(history(symbol, venue, from_ns, from_ns + length), side, price)
    assert list(MARKET.touches(symbol, venue, side, price, from_ns, from_ns + length)) == expected


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_touches_of_an_hour_at_its_very_extremes_are_those_of_stepping(side):
    symbol, venue, end = "SOL-USDT", "okx", NOW + 3600 * SECOND
    rows = history(symbol, venue, NOW, end)
    extreme = min(bid for _, bid, _, _ in rows) if side == "buy" else max(ask for _, _, ask, _ in rows)
    step = MARKET.instruments()[symbol].tick_size_1e9
    for price in range(extreme - 4 * step, extreme + 5 * step, step):
        expected = stepping(rows, side, price)
        assert list(MARKET.touches(symbol, venue, side, price, NOW, end)) == expected


@pytest.mark.parametrize(("price", "side"), [(1, "buy"), (2**63 - 1, "sell"), (-5, "buy"), (0, "buy")])
def test_a_price_nobody_will_ever_see_is_never_touched(price, side):
    assert not list(MARKET.touches("BTC-USD", "kraken", side, price, NOW, NOW + 365 * DAY))


def test_every_publication_touches_an_order_that_crosses_everything():
    end = NOW + 10 * SECOND
    every = list(instants("BTC-USD", "kraken", NOW, end))
    assert len(every) == 40
    assert list(MARKET.touches("BTC-USD", "kraken", "buy", 2**63 - 1, NOW, end)) == every
    assert list(MARKET.touches("BTC-USD", "kraken", "sell", 1, NOW, end)) == every


def test_an_interval_without_a_publication_touches_nothing():
    at = next(instants("BTC-USD", "kraken", NOW, NOW + SECOND))
    assert list(MARKET.touches("BTC-USD", "kraken", "sell", 1, at - 1, at)) == [at]
    assert not list(MARKET.touches("BTC-USD", "kraken", "sell", 1, at, at + TICK_NS - 1))
    assert not list(MARKET.touches("BTC-USD", "kraken", "sell", 1, at, at - DAY))


def resting(count: int) -> Iterator[tuple[str, str, Side, int]]:
    """Orders from a twentieth of a basis point to 40 % off the touch, over all symbols and both sides."""
    choose = random.Random(20)
    for number in range(count):
        symbol = SYMBOLS[number % len(SYMBOLS)]
        instrument = MARKET.instruments()[symbol]
        venue = choose.choice(instrument.venues)
        top = MARKET.best(symbol, NOW)[venue]
        distance = choose.choice([5, 50, 500, 5_000, 20_000, 50_000, 100_000, 400_000])  # ppm of the price
        side: Side = "buy" if choose.random() < 0.5 else "sell"
        price = top.bid_1e9 * (10**6 - distance) if side == "buy" else top.ask_1e9 * (10**6 + distance)
        yield symbol, venue, side, price // 10**6 // instrument.tick_size_1e9 * instrument.tick_size_1e9


def test_thirty_idle_days_and_a_hundred_resting_orders_catch_up_looking_at_few_instants():
    market = SyntheticMarket(42)
    touched = 0
    for symbol, venue, side, price in resting(100):
        first = next(market.touches(symbol, venue, side, price, NOW, NOW + 30 * DAY), None)
        touched += first is not None
    stepped = 100 * 30 * DAY // TICK_NS
    assert 20 < touched < 90
    assert market.examined() < 100_000 < stepped // 10_000


def test_assets_quoted_in_different_money_and_their_perpetual_walk_together():
    for symbol in ("ETH-USDT", "ETH-USDC", "ETH-USD-PERP", "ETH-USDC-ARB"):
        for day in range(20):
            ours = MARKET.best("ETH-USD", NOW + day * DAY)["kraken"].bid_1e9
            other = next(iter(MARKET.best(symbol, NOW + day * DAY).values())).bid_1e9
            assert abs(ours - other) * 1000 < 2 * ours, symbol


def test_a_month_moves_prices_and_a_year_keeps_them_within_reach_of_the_anchor():
    for symbol in SYMBOLS:
        instrument = MARKET.instruments()[symbol]
        bids = [MARKET.best(symbol, NOW + day * DAY)[instrument.venues[0]].bid_1e9 for day in range(0, 365, 5)]
        assert len(set(bids)) > 5, symbol
        assert instrument.anchor_1e9 * 3 < 10 * min(bids), symbol
        assert max(bids) * 10 < instrument.anchor_1e9 * 17, symbol


def test_an_unknown_symbol_or_venue_has_empty_answers():
    assert MARKET.books("NOPE-USD", NOW) == {}
    assert MARKET.best("NOPE-USD", NOW) == {}
    assert MARKET.book("NOPE-USD", "kraken", NOW) is None
    assert MARKET.book("ETH-USD", "kalshi", NOW) is None
    assert list(MARKET.prints("ETH-USD", "kalshi", NOW, NOW + DAY)) == []
    assert list(MARKET.touches("ETH-USD", "kalshi", "buy", 1, NOW, NOW + DAY)) == []
