"""Quotes say what the books say, to the digit."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from seqcli.sandbox.box import OpenBox
from seqcli.sandbox.market.books import Book
from seqcli.sandbox.market.consolidated import human
from seqcli.sandbox.market.synthetic import SyntheticMarket
from seqcli.sandbox.service.gate import Gate, Inbound
from seqcli.sandbox.service.state import State
from seqcli.sandbox.serving import Settings

NOW = 1_785_240_000_000_000_000
MS = 1_000_000


class Desk:
    def __init__(self, folder: Path, market: Any = None) -> None:
        self.now = NOW
        state = State(folder)
        state.prepare()
        self.box = OpenBox(state, Settings(), lambda: self.now, market=market)
        self.gate = Gate(self.box, hosts=frozenset({"h"}), clock_ns=lambda: self.now, log=print)

    def __call__(self, target: str, body: Any = None) -> Any:
        raw = b"" if body is None else json.dumps(body).encode()
        path, _, query = target.partition("?")
        headers = {"host": "h", "authorization": f"Bearer {self.box.api_key}"}
        if raw:
            headers |= {"content-type": "application/json", "content-length": str(len(raw))}
        reply = self.gate.handle(Inbound("POST" if raw else "GET", path, query, headers), raw)
        return json.loads(reply.body, parse_float=Decimal)


class Still(SyntheticMarket):
    """The market with two books of our own for ETH-USD."""

    def __init__(self, books: dict[str, Book]) -> None:
        super().__init__()
        self._still = books

    def books(self, symbol: str, ts_ns: int) -> Any:
        return self._still if symbol == "ETH-USD" else super().books(symbol, ts_ns)


def book(bids: list[tuple[str, str]], asks: list[tuple[str, str]], age_ms: int) -> Book:
    def levels(rows: list[tuple[str, str]]) -> tuple[tuple[int, int], ...]:
        return tuple((int(Decimal(price) * 10**9), int(Decimal(size) * 10**8)) for price, size in rows)

    return Book(levels(bids), levels(asks), NOW - age_ms * MS)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "box")
    yield desk
    desk.box.store.close()


def still(tmp_path: Path, **books: Book) -> Desk:
    return Desk(tmp_path / "still", Still(books))


def test_one_quote_by_hand(tmp_path: Path) -> None:
    desk = still(
        tmp_path,
        kraken=book([("2500.1", "1.5"), ("2500", "2")], [("2500.3", "1"), ("2500.5", "0.00000001")], 35),
        okx=book([("2500", "0.25"), ("2499.123456789", "7")], [("2500.2", "3"), ("2500.3", "0.5")], 121),
    )
    quote = desk("/v1/quotes/eth-usd?depth=2")
    desk.box.store.close()
    assert quote == {
        "symbol": "ETH-USD",
        "nbbo": {
            "bid": Decimal("2500.1"),
            "ask": Decimal("2500.2"),
            "mid": Decimal("2500.15"),
            "spread_bps": Decimal("0.399976"),
        },
        "venues": {
            "kraken": {
                "bid": Decimal("2500.1"),
                "ask": Decimal("2500.3"),
                "bid_size": Decimal("1.5"),
                "ask_size": Decimal("1.0"),
                "age_ms": 35,
            },
            "okx": {
                "bid": Decimal("2500.0"),
                "ask": Decimal("2500.2"),
                "bid_size": Decimal("0.25"),
                "ask_size": Decimal("3.0"),
                "age_ms": 121,
            },
        },
        "book": {
            "bids": [[Decimal("2500.1"), Decimal("1.5")], [Decimal("2500.0"), Decimal("2.25")]],
            "asks": [[Decimal("2500.2"), Decimal("3.0")], [Decimal("2500.3"), Decimal("1.5")]],
            "ts_ns": NOW - 35 * MS,
        },
        "source": "edge_nbbo",
        "region": "NA",
        "remote": False,
        "last_update_ns": NOW - 35 * MS,
    }


@pytest.mark.parametrize(
    ("bids", "asks"),
    [([("11", "1")], [("10", "1")]), ([], [("10", "1")]), ([("10", "1")], [])],
    ids=["crossed", "no bid", "no ask"],
)
def test_mid_and_spread_are_zero_when_crossed_or_one_sided(tmp_path: Path, bids: Any, asks: Any) -> None:
    desk = still(tmp_path, kraken=book(bids, asks, 0))
    nbbo = desk("/v1/quotes/ETH-USD")["nbbo"]
    desk.box.store.close()
    assert (nbbo["mid"], nbbo["spread_bps"]) == (0, 0)
    assert nbbo["bid"] == (Decimal(bids[0][0]) if bids else 0)
    assert nbbo["ask"] == (Decimal(asks[0][0]) if asks else 0)


def test_ages_move_while_the_books_stand(tmp_path: Path) -> None:
    desk = still(tmp_path, kraken=book([("10", "1")], [("11", "1")], 5))
    assert desk("/v1/quotes/ETH-USD")["venues"]["kraken"]["age_ms"] == 5
    desk.now += 7 * MS
    assert desk("/v1/quotes/ETH-USD")["venues"]["kraken"]["age_ms"] == 12
    desk.box.store.close()


def test_an_unknown_symbol_is_unavailable_not_an_error(desk: Desk) -> None:
    quote = desk("/v1/quotes/NOPE-USD")
    assert (quote["source"], quote["venues"], quote["book"], quote["nbbo"]["bid"]) == ("unavailable", {}, None, 0)


@pytest.mark.parametrize(("asked", "given"), [("0", 1), ("-5", 1), ("1", 1), ("10", 10), ("9999", 100)])
def test_depth_is_clamped(desk: Desk, asked: str, given: int) -> None:
    book = desk(f"/v1/quotes/BTC-USD?depth={asked}")["book"]
    assert book == desk(f"/v1/quotes/BTC-USD?depth={given}")["book"]
    assert len(book["bids"]) <= given
    assert given > 10 or len(book["bids"]) == len(book["asks"]) == given


def test_levels_are_sorted_and_prices_stand_once(desk: Desk) -> None:
    levels = desk("/v1/quotes/BTC-USD?depth=100")["book"]
    bids, asks = ([price for price, _ in levels[side]] for side in ("bids", "asks"))
    assert bids == sorted(set(bids), reverse=True)
    assert asks == sorted(set(asks))
    assert bids[0] < asks[0]


def test_many_quotes_are_all_or_those_named_and_unknown_ones_are_left_out(desk: Desk) -> None:
    everything = {row["symbol"] for row in desk("/v1/quotes")["quotes"]}
    assert everything == set(desk.box.market.instruments())
    named = desk("/v1/quotes?symbols=BTC-USD,NOPE-USD,eth%2Fusd")["quotes"]
    assert [row["symbol"] for row in named] == ["BTC-USD", "ETH-USD"]
    assert [row["symbol"] for row in desk("/v1/quotes?symbol=BTC-USD")["quotes"]] == ["BTC-USD"]
    one = desk("/v1/quotes/BTC-USD")
    assert {name: named[0][name] for name in ("nbbo", "venues")} == {name: one[name] for name in ("nbbo", "venues")}


def test_old_quotes_are_dropped_and_zero_drops_all(desk: Desk) -> None:
    assert desk("/v1/quotes?max_age_s=0") == {"quotes": []}
    assert desk("/v1/quotes?max_age_s=1&symbols=BTC-USD")["quotes"]
    assert desk("/v1/quotes?max_age_s=-1")["error"]["code"] == "VALIDATION_ERROR"


def test_a_batch_keeps_order_repeats_and_bad_symbols(desk: Desk) -> None:
    reply = desk("/v1/quotes_batch", {"symbols": ["ETH-USD", "NOPE-USD", "a b", "ETH-USD"], "depth": 1})
    assert reply["count"] == 4
    assert [row.get("symbol") for row in reply["quotes"]] == ["ETH-USD", "NOPE-USD", "a b", "ETH-USD"]
    assert ["error" in row for row in reply["quotes"]] == [False, True, True, False]
    assert desk("/v1/quotes_batch", {"symbols": []})["count"] == 0
    assert desk("/v1/quotes_batch", {"symbols": ["A-USD"] * 2001})["error"]["code"] == "VALIDATION_ERROR"


def test_a_batch_may_name_the_kind(desk: Desk) -> None:
    reply = desk("/v1/quotes_batch", {"symbols": ["BTC-USD"], "instrument_type": "PERP"})
    assert reply["quotes"][0]["symbol"] == "BTC-USD-PERP"
    bad = desk("/v1/quotes_batch", {"symbols": ["BTC-USD"], "instrument_type": "swap"})
    assert bad["error"]["details"][0]["field"] == "instrument_type"


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0, 9, "0.0"),
        (1, 9, "0.000000001"),
        (2500 * 10**9, 9, "2500.0"),
        (-15, 1, "-1.5"),
        (10**30 + 1, 8, f"1{'0' * 22}.00000001"),
    ],
)
def test_fixed_point_is_written_exactly(value: int, digits: int, text: str) -> None:
    assert human(value, digits) == text
