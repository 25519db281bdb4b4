"""How levels are ranked: the table of terms by hand, and whole sweeps computed a second time, in fractions."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from math import floor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqcli.sandbox.exchange import landed
from seqcli.sandbox.exchange.landed import Met, Terms, asked, version_of
from seqcli.sandbox.exchange.paper import cash_or_crypto
from seqcli.sandbox.market.instruments import VENUES
from tests.sandbox.stage import ME, SECOND, START, HandMarket, Stage, instrument, px, sz

BOOK = ([(px("50000"), sz("3")), (px("50010"), sz("5"))], [(px("49990"), sz("1"))])
"""Three against one at the touch, eight shown."""


def ranked(version: int, venue: str = "kraken", urgency: str = "medium", met: Met = landed.STRANGER) -> Terms:
    """Of an order for two, by a venue 6 ms away whose book is 2.5 s old."""
    return landed.terms(asked(version, sz("2"), None, urgency), venue, 6_000_000, 2_500_000_000, *BOOK, met)


def test_the_version_is_of_the_graph_s_id_alone() -> None:
    for name in ("graph_1", "g2", "ünï"):
        assert version_of(name) == 1 + int(sha256(name.encode()).hexdigest()[:16], 16) % 3
    assert {version_of(f"g{number}") for number in range(20)} == {1, 2, 3}
    assert version_of("") == 1


@pytest.mark.parametrize(
    ("version", "venue", "urgency", "met", "terms"),
    [
        # 6 ms: 0.06 bps; 2.5 s: 0.25
        (1, "kraken", "medium", Met(), (600, 2_500, 0, 0, 0)),
        (1, "kraken", "low", Met(), (300, 2_500, 0, 0, 0)),
        (1, "kraken", "high", Met(9, 9), (1_200, 2_500, 0, 0, 0)),
        # (3 − 1) / 4 of 1; 1 in 100 of 10; 2 of 8 of 2
        (2, "kraken", "medium", Met(9, 9), (600, 2_500, 5_000, 1_000, 5_000)),
        (2, "dex", "high", Met(), (1_200, 2_500, 5_000, 10_000, 10_000)),
        (3, "kraken", "medium", Met(), (600, 2_500, 5_000, 1_000, 5_000)),
        # 20 fills: share 0.2 / 40; adverse and impact × ¾
        (3, "kraken", "medium", Met(20, 0), (600, 2_500, 3_750, 500, 3_750)),
        # 60 fills, 20 rejects: share 20.2 / 100; × ⅝
        (3, "kraken", "low", Met(60, 20), (300, 2_500, 3_125, 20_200, 1_562)),
    ],
)
def test_the_table_of_terms(version: int, venue: str, urgency: str, met: Met, terms: Terms) -> None:
    assert ranked(version, venue, urgency, met) == terms


def test_a_side_that_shows_nothing_has_no_terms_of_size_and_age_has_a_most() -> None:
    question = asked(2, sz("1"), None, "medium")
    assert landed.terms(question, "kraken", 0, 10**15, [], BOOK[1], Met()) == (0, 50_000, 0, 0, 0)
    assert landed.terms(question, "kraken", 0, 0, BOOK[0], [], Met())[2] == 10_000


def test_a_notional_counts_as_what_it_buys_at_the_touch() -> None:
    question = asked(2, 0, 100_000 * 10**9, "medium")
    assert landed.terms(question, "kraken", 0, 0, *BOOK, Met())[4] == 5_000


# -- what an account has met -----------------------------------------------------------------------------------------


def test_fills_and_refusals_of_a_venue_are_counted_and_survive_a_replay() -> None:
    stage = Stage()
    stage.order(qty="3.5")
    stage.order(qty="0.0001", venue="kraken")  # below its minimum: refused there
    stage.order("sell", "999", venue="kraken")  # our balance is not the venue's fault
    met = stage.exchange.accounts[ME].met
    assert {name: (row.fills, row.rejects) for name, row in met.items()} == {"coinbase": (2, 0), "kraken": (1, 1)}
    assert stage.again().save() == stage.exchange.save()


def test_a_venue_that_refused_is_passed_over_by_the_third_version_alone() -> None:
    """Of two books that are alike okx's is nearer, by 1 ms; three refusals of four weigh more than that."""
    market = HandMarket()
    market._instruments["BTC-USD"] = instrument("BTC-USD", "binance", "okx")
    for venue in ("binance", "okx"):
        market.set_book("BTC-USD", venue, "49990*10", "50000*10")
    for version, before, after in ((1, "okx", "okx"), (2, "okx", "okx"), (3, "okx", "binance")):
        stage = Stage(market)
        named = (f"g{number}" for number in range(99) if version_of(f"g{number}") == version)
        assert stage.order(qty="1", graph_id=next(named)).legs[0].venue == before
        stage.pass_time(2 * SECOND)
        for _ in range(3):
            stage.order(qty="0.0001", venue="okx")
        order = stage.order(qty="1", graph_id=next(named))
        assert (order.legs[0].venue, order.routing_version) == (after, version)


# -- sweeps, a second time -------------------------------------------------------------------------------------------

TRADING = ("kraken", "coinbase", "okx", "solana")
Sides = dict[str, tuple[list[tuple[int, int]], list[tuple[int, int]], int]]
"""Venue → (bids, asks, age in ns)."""


def down(bps: Fraction) -> Fraction:
    return Fraction(floor(bps * 10_000), 10_000)


def penalty(version: int, urgency: str, venue: str, hit: Any, own: Any, age: int, qty: int, met: Sequence[int]) -> Any:
    """The table of `landed`, in basis points."""
    pace = {"low": Fraction(1, 2), "medium": Fraction(1), "high": Fraction(2)}[urgency]
    latency = down(Fraction(VENUES[venue].latency_ns, 10**8) * pace)
    freshness = min(down(Fraction(age, 10**10)), Fraction(5))
    if version == 1:
        return latency + freshness
    fills, rejects = met if version == 3 else (0, 0)
    known = Fraction(1, 2) + Fraction(1, 2) * Fraction(20, 20 + fills)
    share = Fraction(1, 10) if venue == "solana" else Fraction(1, 100)
    theirs, ours = hit[0][1], own[0][1]
    adverse = down(down(Fraction(max(0, theirs - ours), theirs + ours)) * known)
    shown = sum(size for _, size in hit[:5])
    impact = down(down(2 * Fraction(min(qty, shown), shown) * pace) * known)
    reject = down(10 * (20 * share + rejects) / (20 + fills + rejects))
    return latency + freshness + adverse + reject + impact


def swept(books: Sides, order: Any, met: dict[str, list[int]]) -> list[tuple[str, int, int]]:
    """(venue, price, quantity), in the order in which they are taken."""
    sign = 1 if order["side"] == "buy" else -1
    levels = []
    for venue, (bids, asks, age) in books.items():
        hit, own = (asks, bids) if sign > 0 else (bids, asks)
        extra = penalty(order["version"], order["urgency"], venue, hit, own, age, order["qty"], met.get(venue, (0, 0)))
        factor = 1 + sign * (VENUES[venue].taker_bps + extra) / 10_000
        levels += [(sign * price * factor, sign * price, venue, at, size) for at, (price, size) in enumerate(hit)]
    taken, left = [], order["qty"]
    for _, price, venue, _, size in sorted(levels):
        part = min(size, left) if order["limit"] is None or price <= sign * order["limit"] else 0
        if part:
            taken.append((venue, sign * price, part))
            left -= part
    return taken


@st.composite
def books(draw: Any) -> Sides:
    found = {}
    for venue in TRADING:
        bid = 50_000 + draw(st.integers(-40, 40))
        levels = [draw(st.lists(st.integers(1, 300), min_size=1, max_size=7)) for _ in range(2)]
        bids = [(px(str(bid - 7 * at)), size * 10**6) for at, size in enumerate(levels[0])]
        asks = [(px(str(bid + 3 + 7 * at)), size * 10**6) for at, size in enumerate(levels[1])]
        found[venue] = (bids, asks, draw(st.integers(0, 60_000)) * 10**6)
    return found


ORDERS = st.lists(
    st.fixed_dictionaries(
        {
            "side": st.sampled_from(["buy", "sell"]),
            "qty": st.integers(1, 900).map(lambda cents: cents * 10**6),
            "version": st.sampled_from([1, 2, 3]),
            "urgency": st.sampled_from(["low", "medium", "high"]),
            "limit": st.sampled_from([None, None, px("50001"), px("49999")]),
        }
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(shown=books(), orders=ORDERS, refusals=st.lists(st.sampled_from(TRADING), max_size=6))
def test_every_sweep_is_the_documented_one(shown: Sides, orders: list[Any], refusals: list[str]) -> None:
    market = HandMarket()
    market._instruments["BTC-USD"] = instrument("BTC-USD", *TRADING)
    for venue, (bids, asks, age) in shown.items():
        sides = [" ".join(f"{Decimal(p).scaleb(-9)}*{Decimal(q).scaleb(-8)}" for p, q in side) for side in (bids, asks)]
        market.set_book("BTC-USD", venue, sides[0], sides[1], START - age)
    stage = Stage(market)
    stage.exchange.account(ME, START)
    rows = [cash_or_crypto(venue, "BTC", sz("100")) for venue in TRADING]
    stage.exchange.seed(ME, rows, START, replace=False)
    met: dict[str, list[int]] = {}
    for venue in refusals:
        stage.order(qty="0.0001", venue=venue)
        met.setdefault(venue, [0, 0])[1] += 1
    for number, order in enumerate(orders):
        name = next(f"g{number}.{at}" for at in range(99) if version_of(f"g{number}.{at}") == order["version"])
        aged = {venue: (bids, asks, stage.now - START + age) for venue, (bids, asks, age) in shown.items()}
        wanted = swept(aged, order, met)
        before = len(stage.fills())
        placed = stage.order(
            order["side"],
            str(Decimal(order["qty"]).scaleb(-8)),
            graph_id=name,
            urgency=order["urgency"],
            price=None if order["limit"] is None else Decimal(order["limit"]).scaleb(-9),
            tif="ioc",
        )
        made = [(row["venue"], row["price_1e9"], row["qty_1e8"]) for row in stage.fills()[before:]]
        assert made == wanted
        assert placed.routing_version == order["version"]
        for venue, *_ in made:
            met.setdefault(venue, [0, 0])[0] += 1
        stage.pass_time(2 * SECOND)  # what was taken is there again
    assert stage.again().save() == stage.exchange.save()
