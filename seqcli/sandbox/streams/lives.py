"""Prediction markets that begin to trade and that resolve, as life-cycle events. Contracts are a function of time: each
look tells what happened since the last.
"""

from collections.abc import Callable, Hashable, Iterator
from typing import TYPE_CHECKING, Any

from seqcli.sandbox.market.books import Market
from seqcli.sandbox.market.prediction import rows
from seqcli.wire.streams import MARKET_RESOLVED, NEW_MARKETS, Socket

if TYPE_CHECKING:
    from seqcli.sandbox.market.prediction.catalogue import Catalogue
    from seqcli.sandbox.market.prediction.contracts import Contract

EVERY_NS = 1_000_000_000
REPLAY_NS = 8 * 3600 * 1_000_000_000
"""What began to trade this long before the first look is told with it, for readers that want the last ones."""
Announce = Callable[[Socket, Hashable, dict[str, Any]], None]
_BIRTH = (
    *("venue", "slug", "symbol", "yes_token_id", "no_token_id", "event_id", "question", "outcomes"),
    *("outcome_token_ids", "neg_risk", "volume_24h", "volume_total", "best_yes_bid", "best_yes_ask"),
    *("best_no_bid", "best_no_ask", "start_date", "end_date", "url"),
)


class Lives:
    """Looks at the clock of the exchange and announces what came up."""

    def __init__(self, contracts: "Catalogue", market: Market, announce: Announce) -> None:
        self._contracts, self._market, self._announce = contracts, market, announce
        self._seen_ns: int | None = None

    def look(self, now_ns: int) -> None:
        """Tell what began or resolved since the last look; at most once a second."""
        last = now_ns - REPLAY_NS if self._seen_ns is None else self._seen_ns
        if now_ns - last < EVERY_NS:
            return
        for ts_ns, contract in self._between(last, now_ns, resolved=False):
            self._announce(NEW_MARKETS, contract.slug, birth(self._market, contract, ts_ns))
        if self._seen_ns is not None:
            for ts_ns, contract in self._between(last, now_ns, resolved=True):
                self._announce(MARKET_RESOLVED, contract.slug, self._end(contract, ts_ns))
        self._seen_ns = now_ns

    def _between(self, from_ns: int, to_ns: int, *, resolved: bool) -> "Iterator[tuple[int, Contract]]":
        for ts_ns, event in self._contracts.between(from_ns, to_ns, resolved=resolved):
            for contract in event:
                yield ts_ns, contract

    def _end(self, contract: "Contract", ts_ns: int) -> dict[str, Any]:
        winner = self._contracts.odds.winner(contract)
        return {
            "kind": "market_resolved",
            "venue": contract.venue,
            "slug": contract.slug,
            "event_id": contract.event.identity,
            "winning_outcome": contract.sides[winner],
            "winning_token_id": contract.symbols[winner],
            "losing_token_id": contract.symbols[1 - winner],
            "observed_at_ns": ts_ns,
        }


def birth(market: Market, contract: "Contract", ts_ns: int) -> dict[str, Any]:
    """A contract that begins to trade: its row at that instant, when nothing has traded yet."""
    row = rows.row(market, contract, ts_ns)
    return {"kind": "new_market", **{name: row[name] for name in _BIRTH}, "observed_at_ns": ts_ns}
