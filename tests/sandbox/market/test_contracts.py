"""Prediction markets: names lead to contracts and back, books of the two sides agree, prices run to the outcome."""

import pytest

from seqcli.sandbox.market.prediction.contracts import Contract, place_of
from seqcli.sandbox.market.prediction.odds import normal
from seqcli.sandbox.market.prediction.series import SERIES
from seqcli.sandbox.market.whole import WholeMarket

NOW = 1_795_000_000_000_000_000
SECOND, ONE = 1_000_000_000, 1_000_000_000
MARKET = WholeMarket(42)


def everything() -> list[Contract]:
    rows = (event for venue in ("kalshi", "polymarket") for event in MARKET.contracts.listed(venue, NOW))
    return [contract for event in rows for contract in event]


EVERY = everything()
OPEN = [row for row in EVERY if row.event.status(NOW) == "open"]


def test_a_few_hundred_are_listed_open_and_resolved_on_both_venues():
    assert 200 < len(EVERY) < 600
    seen = {(row.venue, row.event.status(NOW)) for row in EVERY}
    assert {("kalshi", "open"), ("kalshi", "resolved"), ("polymarket", "open"), ("polymarket", "resolved")} <= seen
    assert len({row.slug for row in EVERY}) == len(EVERY)
    assert all(row.event.opens_ns <= NOW for row in EVERY)


def test_every_name_of_a_contract_leads_to_it_and_to_the_side_that_was_meant():
    for contract in EVERY:
        for side, word in enumerate(("yes", "no")):
            for name in (contract.symbols[side], f"{contract.slug}:{word}", f"{contract.slug}:{word.upper()}"):
                named = MARKET.contracts.find(name)
                assert named is not None, name
                assert (named.contract, named.side) == (contract, side)
        bare = MARKET.contracts.find(contract.slug)
        assert bare is not None
        assert (bare.contract, bare.side) == (contract, 0)


def test_names_have_the_venue_s_shape():
    for contract in EVERY:
        if contract.venue == "kalshi":
            assert contract.symbols == (f"{contract.slug}:YES", f"{contract.slug}:NO")
            assert contract.slug.startswith("KX")
        else:
            assert all(60 <= len(token) <= 78 and token.isdigit() for token in contract.symbols)
            assert contract.event.identity.startswith("0x")


@pytest.mark.parametrize(
    "name",
    [
        *("", "BTC-USD", "KXBTCD", "KXBTCD-26XXX3117-T1", "KXBTCD-26NOV2717-T1", "btc-updown-15m-17"),
        *("btc-updown-15m-x", "1" * 70, "9" * 77, "chess-open-winner-2026-13-99-ada", "rate-decision-2026-12-18"),
        f"{EVERY[0].slug}:MAYBE",
    ],
)
def test_other_names_lead_nowhere(name: str):
    assert MARKET.contracts.find(name) is None


def test_a_token_off_by_one_digit_is_nobody_s():
    token = next(row for row in EVERY if row.venue == "polymarket").symbols[0]
    assert place_of(token) is not None
    for at in (0, 30, len(token) - 1):
        other = token[:at] + ("1" if token[at] != "1" else "2") + token[at + 1 :]
        assert place_of(other) is None


@pytest.mark.parametrize("contract", OPEN[::7], ids=lambda row: row.slug)
def test_yes_and_no_are_one_book_seen_twice(contract: Contract):
    yes, no = (MARKET.book(symbol, contract.venue, NOW) for symbol in contract.symbols)
    assert yes is not None
    assert no is not None
    assert no.bids == tuple((ONE - price, size) for price, size in yes.asks)
    assert no.asks == tuple((ONE - price, size) for price, size in yes.bids)
    for side in (yes.bids, yes.asks):
        assert all(0 < price < ONE and price % contract.tick_1e9 == 0 and size > 0 for price, size in side)
        assert all(size % contract.lot_1e8 == 0 for _, size in side)
    if yes.bids and yes.asks:
        assert yes.bids[0][0] < yes.asks[0][0]
    hour = 3600 * SECOND
    trades = [list(MARKET.prints(symbol, contract.venue, NOW - hour, NOW)) for symbol in contract.symbols]
    assert [row.price_1e9 for row in trades[0]] == [ONE - row.price_1e9 for row in trades[1]]
    assert [row.side == "buy" for row in trades[0]] == [row.side == "sell" for row in trades[1]]


def test_prices_of_a_race_add_up_to_one_and_one_runner_wins():
    for series in (row for row in SERIES.values() if row.kind == "race"):
        rows = MARKET.contracts.contracts(series, series.window_at(NOW))
        odds = [MARKET.contracts.odds.yes_1e9(row, NOW) for row in rows]
        assert ONE - len(rows) <= sum(odds) <= ONE
        assert sorted(MARKET.contracts.odds.winner(row) for row in rows) == [0] + [1] * (len(rows) - 1)


def test_prices_run_to_the_outcome():
    """A second before the end each resolved contract is on the right side of evens; most are near 0 or 1."""
    near = 0
    ended = [row for row in EVERY if row.event.status(NOW) == "resolved"]
    for contract in ended:
        last = MARKET.contracts.odds.yes_1e9(contract, contract.event.ends_ns - SECOND)
        won = MARKET.contracts.odds.winner(contract) == 0
        assert (last > ONE // 2) == won, contract.slug
        near += min(last, ONE - last) < ONE // 20
    assert near > 0.9 * len(ended)


def test_outcomes_of_the_underlying_are_those_of_its_price():
    index = MARKET.synthetic.index
    for contract in (row for row in EVERY if row.event.series.kind != "race" and row.event.status(NOW) == "resolved"):
        event = contract.event
        ended = index(event.series.asset, event.ends_ns)
        bar = contract.strike_1e9 or index(event.series.asset, event.starts_ns)
        above = ended > bar if contract.strike_1e9 else ended >= bar
        assert (MARKET.contracts.odds.winner(contract) == 0) == above


def test_touches_are_what_trying_every_instant_finds():
    contract = next(row for row in EVERY if row.slug.startswith("btc-updown-15m") and row.event.ends_ns < NOW)
    from_ns, to_ns = contract.event.opens_ns - SECOND, contract.event.ends_ns + SECOND
    tried = 0
    for symbol in contract.symbols:
        for side in ("buy", "sell"):
            price = 450_000_000 if side == "buy" else 560_000_000
            found = set(MARKET.touches(symbol, contract.venue, side, price, from_ns, to_ns))
            for ts_ns in range(contract.event.opens_ns, contract.event.ends_ns, SECOND):
                book = MARKET.book(symbol, contract.venue, ts_ns)
                assert book is not None
                trades = [row.price_1e9 for row in MARKET.prints(symbol, contract.venue, ts_ns - 1, ts_ns)]
                if side == "buy":
                    hit = (bool(book.asks) and book.asks[0][0] <= price) or any(trade <= price for trade in trades)
                else:
                    hit = (bool(book.bids) and book.bids[0][0] >= price) or any(trade >= price for trade in trades)
                assert (ts_ns in found) == (hit and book.ts_ns == ts_ns)
                tried += hit
    assert tried > 100


def test_nothing_trades_before_the_start_or_after_the_end():
    contract = OPEN[0]
    for ts_ns in (contract.event.opens_ns - 1, contract.event.ends_ns):
        assert MARKET.books(contract.symbols[0], ts_ns) == {}
        assert MARKET.best(contract.symbols[0], ts_ns) == {}


def test_what_opened_and_what_resolved_in_between():
    day = 24 * 3600 * SECOND
    opened = list(MARKET.contracts.between(NOW - day, NOW, resolved=False))
    resolved = list(MARKET.contracts.between(NOW - day, NOW, resolved=True))
    assert [ts for ts, _ in opened] == sorted(ts for ts, _ in opened)
    assert all(NOW - day < ts <= NOW and rows[0].event.opens_ns == ts for ts, rows in opened)
    assert all(NOW - day < ts <= NOW and rows[0].event.resolves_ns == ts for ts, rows in resolved)
    assert len(opened) > 4 * 96


def test_the_normal_distribution_is_read_between_its_rows():
    assert normal(0) == ONE // 2
    assert normal(1_000_000) == ONE - 158_655_254
    assert normal(-1_000_000) == 158_655_254
    assert normal(9_000_000) == ONE
    assert abs(normal(1_960_000) - 975_002_105) < 300_000
    rows = [normal(z) for z in range(-4_500_000, 4_500_000, 9_973)]
    assert rows == sorted(rows)


def test_the_same_seed_makes_the_same_and_another_seed_another_market():
    again, other = WholeMarket(42), WholeMarket(43)
    symbols = [row.symbols[0] for row in OPEN]
    assert [again.best(symbol, NOW) for symbol in symbols] == [MARKET.best(symbol, NOW) for symbol in symbols]
    assert [other.best(symbol, NOW) for symbol in symbols] != [MARKET.best(symbol, NOW) for symbol in symbols]
