"""Life-cycle events: each market is announced once when it begins to trade, and once when it resolves."""

from collections.abc import Hashable
from typing import Any

from seqcli.sandbox.market.whole import WholeMarket
from seqcli.sandbox.streams.lives import REPLAY_NS, Lives
from seqcli.wire.streams import MARKET_RESOLVED, NEW_MARKETS, Socket

NOW = 1_795_000_000_000_000_000
SECOND = 1_000_000_000
MARKET = WholeMarket(42)
Told = list[tuple[str, Hashable, dict[str, Any]]]


def looked(*instants: int) -> Told:
    told: Told = []

    def announce(socket: Socket, identity: Hashable, event: dict[str, Any]) -> None:
        told.append((socket.name, identity, event))

    lives = Lives(MARKET.contracts, MARKET, announce)
    for ts_ns in instants:
        lives.look(ts_ns)
    return told


def test_one_long_look_tells_what_many_short_ones_do():
    hour = 3600 * SECOND
    steps = range(NOW, NOW + hour + 1, 7 * SECOND)
    told = looked(NOW, NOW + hour)
    for socket in (NEW_MARKETS, MARKET_RESOLVED):
        short, long = ([row for row in rows if row[0] == socket.name] for rows in (looked(*steps, NOW + hour), told))
        assert short == long
    assert len({(name, identity) for name, identity, _ in told}) == len(told)


def test_the_first_look_tells_the_last_births_and_no_deaths():
    told = looked(NOW)
    assert len(told) > 128
    assert {name for name, _, _ in told} == {NEW_MARKETS.name}
    instants = [event["observed_at_ns"] for _, _, event in told]
    assert instants == sorted(instants)
    assert all(NOW - REPLAY_NS < ts_ns <= NOW for ts_ns in instants)


def test_what_is_told_of_an_end_is_the_outcome():
    ends = [event for name, _, event in looked(NOW, NOW + 3600 * SECOND) if name == MARKET_RESOLVED.name]
    assert len(ends) >= 16
    for event in ends:
        named = MARKET.contracts.find(event["winning_token_id"])
        assert named is not None
        assert MARKET.contracts.odds.winner(named.contract) == named.side
        assert event["losing_token_id"] == named.contract.symbols[1 - named.side]
        assert event["observed_at_ns"] == named.contract.event.resolves_ns


def test_a_newborn_has_no_volume_and_a_row_s_keys():
    event = looked(NOW)[-1][2]
    assert event["kind"] == "new_market"
    assert (float(event["volume_24h"]), float(event["volume_total"])) == (0.0, 0.0)
    named = MARKET.contracts.find(event["slug"])
    assert named is not None
    assert event["outcome_token_ids"] == list(named.contract.symbols)


def test_no_look_within_a_second():
    assert looked(NOW, NOW + SECOND - 1) == looked(NOW)
