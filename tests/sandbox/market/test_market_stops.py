"""When a touch has come to a price or past it: found by bounds or by lists, it is what trying every instant finds."""

from typing import Any

import pytest
from hypothesis import settings

from seqcli.sandbox.market.outages import Reachable
from seqcli.sandbox.market.synthetic import SyntheticMarket
from seqcli.sandbox.market.tape import RecordedMarket
from tests.sandbox.market.test_contracts import EVERY
from tests.sandbox.market.test_contracts import MARKET as WHOLE
from tests.sandbox.market.test_contracts import NOW as WHOLE_NOW
from tests.sandbox.market.test_market import DAY, MARKET, NEAR_A_PRICE, NOW, SECOND, history
from tests.sandbox.market.test_tape import MS, ON_ANY_TAPE, UNIT, Folder
from tests.sandbox.market.test_tape import NOW as TAPE_NOW


@settings(deadline=None, max_examples=80)
@NEAR_A_PRICE
def test_in_the_synthetic_market(*, symbol, pick, side, from_ns, length, away, odd):
    venues = MARKET.instruments()[symbol].venues
    venue = venues[pick % len(venues)]
    top = MARKET.best(symbol, from_ns)[venue]
    price = top.bid_1e9 - top.bid_1e9 * away // 20_000 if side == "sell" else top.ask_1e9 + top.ask_1e9 * away // 20_000
    price += odd
    rows = history(symbol, venue, from_ns, from_ns + length)
    expected = [at for at, bid, ask, _ in rows if (bid <= price if side == "sell" else ask >= price)]
    assert list(MARKET.stops(symbol, venue, side, price, from_ns, from_ns + length)) == expected


@pytest.mark.parametrize(("price", "costs"), [(1, 0), (10**7, 0), (10**7 + 1, 1)])
def test_a_price_that_every_ask_has_come_to_is_each_instant_and_no_search(price, costs):
    market = SyntheticMarket(42)
    assert market.instruments()["BTC-USD"].tick_size_1e9 == 10**7
    found = list(market.stops("BTC-USD", "kraken", "buy", price, NOW, NOW + 60 * SECOND))
    assert found == [at for at, _, _, _ in history("BTC-USD", "kraken", NOW, NOW + 60 * SECOND)]
    assert (market.examined() > 0) == costs


def test_a_year_without_the_price_costs_little():
    market = SyntheticMarket(42)
    assert not list(market.stops("BTC-USD", "kraken", "sell", 1, NOW, NOW + 365 * DAY))
    assert market.examined() < 1000


@settings(deadline=None, max_examples=60)
@ON_ANY_TAPE
def test_on_a_tape(*, tmp_path_factory, frames, side, price, begin, length, once):
    lines: list[tuple[Any, ...]] = [(0, 5, 6)]
    for at_ms, kind, level in sorted(frames, key=lambda frame: frame[0]):
        is_print = kind in ("buy", "sell")
        bid, ask = (level if kind != "asks" else 0), (level + 1 if kind != "bids" else 0)
        lines.append((at_ms, kind, level) if is_print else (at_ms, bid, ask))
    path = Folder(tmp_path_factory.mktemp("tape")).write("any", "ETH-USD", *lines)
    market = RecordedMarket([path], TAPE_NOW, once=once)
    from_ns, to_ns = TAPE_NOW + begin * MS, TAPE_NOW + (begin + length) * MS
    expected = []
    for ts_ns in range(from_ns + MS, to_ns + 1, MS):  # these tapes have their lines on whole milliseconds
        book = market.book("ETH-USD", "kraken", ts_ns)
        if book is None or book.ts_ns != ts_ns:
            continue
        levels = book.bids if side == "sell" else book.asks
        if levels and (levels[0][0] <= price * UNIT if side == "sell" else levels[0][0] >= price * UNIT):
            expected.append(ts_ns)
    assert list(market.stops("ETH-USD", "kraken", side, price * UNIT, from_ns, to_ns)) == expected


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_on_a_prediction(side):
    contract = next(row for row in EVERY if row.slug.startswith("btc-updown-15m") and row.event.ends_ns < WHOLE_NOW)
    begin, end = contract.event.opens_ns, contract.event.ends_ns
    price = 450_000_000 if side == "sell" else 560_000_000
    for symbol in contract.symbols:
        found = list(WHOLE.stops(symbol, contract.venue, side, price, begin - SECOND, end + SECOND))
        expected = []
        for ts_ns in range(begin, end, SECOND):
            book = WHOLE.book(symbol, contract.venue, ts_ns)
            assert book is not None
            touch = book.bids[0][0] if side == "sell" else book.asks[0][0]
            if book.ts_ns == ts_ns and (touch <= price if side == "sell" else touch >= price):
                expected.append(ts_ns)
        assert found == expected
        assert found


def test_behind_an_edge_that_is_down_nothing_is_shown():
    market = Reachable(MARKET, ["kraken"])
    all_of_it = list(MARKET.stops("BTC-USD", "coinbase", "sell", 10**18, NOW, NOW + SECOND))
    assert list(market.stops("BTC-USD", "kraken", "sell", 10**18, NOW, NOW + SECOND)) == []
    assert list(market.stops("BTC-USD", "coinbase", "sell", 10**18, NOW, NOW + SECOND)) == all_of_it
    assert len(all_of_it) == 4
