"""Positions as rows, and their totals: the books of an account, valued at mids.

Every value is quantity × price; a total is the sum of its rows. A perp's value is its signed notional, no part of nav.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from seqcli.sandbox import rounding
from seqcli.sandbox.exchange import ledger, settling
from seqcli.sandbox.exchange.accounts import Account, Holding, place
from seqcli.sandbox.exchange.ledger import PEGGED
from seqcli.sandbox.exchange.machine import Machine
from seqcli.sandbox.exchange.router import mid_of
from seqcli.sandbox.rounding import UNIT_1E9

KINDS = ("fiat", "crypto", "perp", "event_contract")
_MARK_QUOTES = ("USD", "USDT", "USDC")


class Portfolio:
    """One account's rows at one instant."""

    def __init__(self, machine: Machine, account: Account, now_ns: int) -> None:
        self._machine = machine
        self._account = account
        self._now_ns = now_ns
        self._marks: dict[tuple[str, str], int | None] = {}

    def rows(
        self,
        *,
        venues: Iterable[str] = (),
        kinds: Iterable[str] = (),
        include_closed: bool = False,
    ) -> list[dict[str, Any]]:
        """Rows by venue, kind and symbol; empty filters take all. Closed and redeemed rows only on request."""
        venues, kinds = frozenset(venues), frozenset(kinds)
        found = [
            row
            for row in (*self._cash(), *self._holdings())
            if (not venues or row["venue"] in venues)
            and (not kinds or row["instrument"]["kind"] in kinds)
            and (include_closed or row["lifecycle"]["state"] in ("active", "resolved"))
        ]
        found.sort(key=lambda row: (row["venue"], KINDS.index(row["instrument"]["kind"]), row["instrument"]["symbol"]))
        return found

    def _cash(self) -> Iterable[dict[str, Any]]:
        for name, cash in self._account.cash.items():
            venue, _, asset = name.partition("/")
            held = self._account.held.get(name, 0) + ledger.margin_held(self._account, venue, asset)
            qty = rounding.shown_cash(cash.usd_1e9)
            row = self._row(venue, _spot(venue, asset), qty, min(max(qty, 0), -(-held // 10)))
            yield row | {
                "entry_price_usd_1e9": UNIT_1E9,
                **_valued(qty, UNIT_1E9, UNIT_1E9),
                "realized_pnl_usd_1e9": 0,
                "fees_usd_1e9": cash.fees_usd_1e9,
                **_state(None, transferable=True, updated_ns=cash.updated_ns),
            }

    def _holdings(self) -> Iterable[dict[str, Any]]:
        for holding in self._account.holdings.values():
            locked = 0
            if holding.kind != "perp":
                locked = self._account.held.get(place(holding.venue, holding.symbol), 0)
            entry = rounding.entry_price(holding.cost_usd_1e9, holding.qty_1e8)
            row = self._row(holding.venue, _instrument(holding, self._machine), holding.qty_1e8, locked)
            yield row | {
                "entry_price_usd_1e9": entry,
                **_valued(holding.qty_1e8, entry, self.mark(holding)),
                "realized_pnl_usd_1e9": holding.realized_usd_1e9,
                "fees_usd_1e9": holding.fees_usd_1e9,
                **_state(
                    holding.closed_ns,
                    transferable=holding.kind == "crypto",
                    updated_ns=holding.updated_ns,
                ),
                **_contract_state(holding, self._machine),
            }

    def _row(self, venue: str, instrument: dict[str, Any], qty: int, locked: int) -> dict[str, Any]:
        words = (self._account.client_id, "sandbox", venue, instrument["kind"], instrument["symbol"])
        return {
            "id": int.from_bytes(sha256("/".join(words).encode()).digest()[:6], "big"),
            "venue": venue,
            "instrument": instrument,
            "qty_1e8": qty,
            "locked_qty_1e8": locked,
            "available_qty_1e8": qty - locked,
        }

    def mark(self, holding: Holding) -> int | None:
        """The mid of what is held: the perp's own, or the first pair of the asset that has one."""
        settled = settling.mark_of(holding)
        if settled is not None:
            return settled
        name = (holding.kind, holding.symbol)
        if name not in self._marks:
            self._marks[name] = self._mid(*name)
        return self._marks[name]

    def _mid(self, kind: str, symbol: str) -> int | None:
        names = [symbol] if kind in ("perp", settling.KIND) else [f"{symbol}-{quote}" for quote in _MARK_QUOTES]
        if kind == "crypto":
            rows = self._machine.market.instruments().values()
            names += [row.symbol for row in rows if row.base == symbol and row.kind == "spot"]
        mids = (mid_of(self._machine.market, name, self._now_ns) for name in names)
        return next((mid for mid in mids if mid is not None), None)


def _spot(venue: str, asset: str) -> dict[str, Any]:
    if asset == "USD":
        return {"kind": "fiat", "symbol": asset}
    return {
        "kind": "crypto",
        "symbol": asset,
        "is_stable": asset in PEGGED,
        "chain": {"dex": "ethereum", "solana": "solana"}.get(venue),
        "wallet_id": None,
    }


def _instrument(holding: Holding, machine: Machine) -> dict[str, Any]:
    if holding.kind == "crypto":
        return _spot(holding.venue, holding.symbol)
    if holding.kind == "perp":
        return {
            "kind": "perp",
            "symbol": holding.symbol,
            "underlying": holding.underlying,
            "quote": holding.quote,
            "side": "short" if holding.qty_1e8 < 0 else "long",
            "leverage": float(rounding.LEVERAGE),
            "margin_mode": "cross",
            "margin_used_usd_1e9": rounding.margin_usd(holding.cost_usd_1e9),
            "liquidation_price_usd_1e9": None,
            "funding_paid_usd_1e9": holding.funding_paid_usd_1e9,
        }
    return settling.instrument_of(machine, holding)


def _valued(qty: int, entry: int, price: int | None) -> dict[str, int | None]:
    if price is None and qty:
        value = unrealized = None
    else:
        value = rounding.notional_usd(price or 0, qty)
        unrealized = rounding.notional_usd((price or 0) - entry, qty)
    return {
        "current_price_usd_1e9": price,
        "current_value_usd_1e9": value,
        "unrealized_pnl_usd_1e9": unrealized,
    }


def _state(closed_ns: int | None, *, transferable: bool, updated_ns: int) -> dict[str, Any]:
    lifecycle: dict[str, Any] = {"state": "active"}
    if closed_ns is not None:
        lifecycle = {"state": "closed", "closed_at_ns": closed_ns}
    return {
        "lifecycle": lifecycle,
        "transferable": transferable,
        "settled": False,
        "settled_mark_usd_1e9": None,
        "is_sandbox": True,
        "updated_ns": updated_ns,
    }


def _contract_state(holding: Holding, machine: Machine) -> dict[str, Any]:
    if holding.kind != settling.KIND:
        return {}
    mark = settling.mark_of(holding)
    return {
        "lifecycle": settling.lifecycle_of(machine, holding),
        "settled": mark is not None,
        "settled_mark_usd_1e9": mark,
    }


def totals(rows: list[dict[str, Any]]) -> dict[str, int]:
    """The sums of rows; rows without a price count in `unpriced_count` and are worth nothing here."""
    cash = crypto = event = perp_pnl = perp_notional = 0
    for row in rows:
        kind, value = row["instrument"]["kind"], row["current_value_usd_1e9"] or 0
        if kind == "fiat" or row["instrument"].get("is_stable"):
            cash += value
        elif kind == "crypto":
            crypto += value
        elif kind == "event_contract":
            event += value
        else:
            perp_pnl += row["unrealized_pnl_usd_1e9"] or 0
            perp_notional += abs(value)
    return {
        "nav_usd_1e9": cash + crypto + event + perp_pnl,
        "cash_usd_1e9": cash,
        "crypto_usd_1e9": crypto,
        "event_contract_usd_1e9": event,
        "perp_unrealized_pnl_usd_1e9": perp_pnl,
        "perp_notional_usd_1e9": perp_notional,
        "unrealized_pnl_usd_1e9": sum(row["unrealized_pnl_usd_1e9"] or 0 for row in rows),
        "realized_pnl_usd_1e9": sum(row["realized_pnl_usd_1e9"] for row in rows),
        "fees_usd_1e9": sum(row["fees_usd_1e9"] for row in rows),
        "locked_usd_1e9": sum(
            rounding.notional_usd(row["current_price_usd_1e9"] or 0, row["locked_qty_1e8"]) for row in rows
        ),
        "position_count": len(rows),
        "unpriced_count": sum(row["current_price_usd_1e9"] is None for row in rows),
    }
