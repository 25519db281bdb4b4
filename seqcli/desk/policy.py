"""The second line of defence: limits of your own, in policy.toml, checked on the integers that would be sent.

Everything is off until it is written down. The exchange's own limits are the first line. Each node of a graph counts
in full, whether or not it will ever start: a bracket is worth its entry, its gain and its stop together. A stop is
valued and collared at its trigger, where it starts, or at the quote where that is more.

    max_qty = "5"                    base units an order        symbols = ["ETH-USD"]     only these
    max_order_notional_usd = "10000" an order                   deny_symbols = []         never these
    max_day_notional_usd = "50000"   since 00:00 UTC            venues = ["kraken"]       only these, pinned
    max_open_notional_usd = "20000"  with what is open          max_orders_per_minute = 30
    price_collar_bps = 100           limit against the quote    duplicate_guard = true    refuse, not only ask
"""

import re
from collections.abc import Callable
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from seqcli.desk.intents import limit_of
from seqcli.desk.journal import Intent, Journal
from seqcli.errors import Failure, PolicyRefused, Usage
from seqcli.units import LARGEST, SECOND, Quantity, Usd, decimal_text
from seqcli.wire import strict
from seqcli.wire.order_rules import trigger_of
from seqcli.wire.submission import GraphOrder, Node

if TYPE_CHECKING:
    from typing import BinaryIO

FRESH_NS = 5 * SECOND
DUPLICATE_NS = 10 * SECOND
AMOUNTS = ("max_qty", "max_order_notional_usd", "max_day_notional_usd", "max_open_notional_usd")
DOLLARS = ("USD", "USDT", "USDC")
_ODDS = re.compile(r"(KX|INX|NASDAQ100)[A-Z0-9.-]*(:(YES|NO))?|[0-9]{60,77}")
"""Symbols of prediction markets, which are priced in dollars."""
_DAY_NS = 86_400 * SECOND
_SENT = "account = ? AND kind = 'place' AND outcome NOT IN ('rejected', 'not_sent')"


class Policy(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The lines of policy.toml; None = no limit."""

    max_qty: str | None = None
    max_order_notional_usd: str | None = None
    max_day_notional_usd: str | None = None
    max_open_notional_usd: str | None = None
    max_orders_per_minute: int | None = None
    price_collar_bps: int | None = None
    symbols: list[str] | None = None
    deny_symbols: list[str] = []
    venues: list[str] | None = None
    duplicate_guard: bool | None = None

    @property
    def needs_price(self) -> bool:
        """Whether a quote is needed to judge an order."""
        lines = (
            self.max_order_notional_usd,
            self.max_day_notional_usd,
            self.max_open_notional_usd,
            self.price_collar_bps,
        )
        return any(line is not None for line in lines)


class Quoted(msgspec.Struct, kw_only=True):
    """A fresh touch, 1e9 fixed point, and what is open, USD 1e9."""

    bid_1e9: int
    ask_1e9: int


def load(path: Path, *, must_exist: bool = False) -> Policy:
    """The policy of `path`; without a file, none unless it `must_exist`. Raises `Usage` naming file and line."""
    try:
        with path.open("rb") as stream:
            values = _tables(stream)
        for name in AMOUNTS:
            if type(values.get(name)) is int:
                values[name] = str(values[name])
        policy = msgspec.convert(values, Policy)
    except FileNotFoundError as error:
        if must_exist:
            raise Usage(f"{path}: there is no such policy", hint="seq config set policy FILE") from error
        return Policy()
    except (OSError, ValueError, msgspec.ValidationError) as error:  # TOML's and UTF-8's are ValueErrors
        raise Usage(f"{path}: {error}", hint="a policy that can't be read stops every order") from error
    for name in AMOUNTS:
        text = getattr(policy, name)
        if text is not None:
            _amount(path, name, text)
    return policy


def _tables(stream: "BinaryIO") -> dict[str, Any]:
    import tomllib

    return tomllib.load(stream, parse_float=str)  # the digits as written, never a binary float


def _amount(path: Path, name: str, text: str) -> None:
    try:
        (Quantity if name == "max_qty" else Usd).parse(text)
    except Usage as error:
        raise Usage(f"{path}: {name}: {error.message}", hint=error.hint) from error


class Check:
    """Judges one order. `quote` gives a fresh touch, `open_usd_1e9` what is open; both are asked only when needed.

    `now_ns` is when that asking began.
    """

    def __init__(
        self,
        policy: Policy,
        graph: GraphOrder,
        quote: Callable[[str], Quoted],
        open_usd_1e9: Callable[[], int],
        now_ns: int,
    ) -> None:
        self._policy = policy
        self._read_ns = now_ns
        self._nodes = graph.nodes
        self._quotes: dict[str, Quoted] = {}
        self._open_1e9 = 0
        sized = [node for node in graph.nodes if policy.max_qty is not None and node.quantity.notional is not None]
        for node in graph.nodes if policy.needs_price else sized:
            _in_dollars(node)
            symbol = node.instrument.symbol
            if symbol not in self._quotes:
                self._quotes[symbol] = quote(symbol)
        if policy.max_open_notional_usd is not None:
            self._open_1e9 = open_usd_1e9()
        self.worth_1e9 = sum(self._worth(node) for node in graph.nodes) if policy.needs_price else None

    def alone(self) -> None:
        """The lines that concern this order only. Raises `PolicyRefused` naming the line."""
        for node in self._nodes:
            self._listed(node)
            self._sized(node)
            self._priced(node)
        worth = self.worth_1e9 or 0
        self._below("max_order_notional_usd", worth, "the order is worth")
        if worth > LARGEST:
            raise _refused(
                "max_order_notional_usd", f"the order is worth {decimal_text(worth, 9)} USD, past all counting"
            )

    def among(self, journal: Journal, intent: Intent) -> None:
        """The lines that count other orders, inside the journal's own transaction."""
        policy, now_ns = self._policy, intent.created_ns
        if policy.max_orders_per_minute is not None:
            sent = journal.sum_of("COUNT(*)", f"{_SENT} AND created_ns > ?", intent.account, now_ns - 60 * SECOND)
            if sent >= policy.max_orders_per_minute:
                raise _refused("max_orders_per_minute", f"{sent} orders were sent within a minute")
        if policy.max_day_notional_usd is not None:
            start = now_ns - now_ns % _DAY_NS
            today = journal.sum_of("SUM(worth_usd_1e9)", f"{_SENT} AND created_ns >= ?", intent.account, start)
            self._below("max_day_notional_usd", today + (self.worth_1e9 or 0), "with today's orders this makes")
        if policy.max_open_notional_usd is not None:
            # What other processes sent since the exchange was asked what is open.
            where = f"{_SENT} AND (outcome IN ('pending', 'unknown') OR updated_ns >= ?)"
            beside = journal.sum_of("SUM(worth_usd_1e9)", where, intent.account, self._read_ns)
            open_1e9 = self._open_1e9 + beside
            self._below("max_open_notional_usd", open_1e9 + (self.worth_1e9 or 0), "with what is open this makes")
        if policy.duplicate_guard and duplicates(journal, intent):
            raise _refused("duplicate_guard", "the same order was sent within 10 s")

    def _listed(self, node: Node) -> None:
        policy, symbol, venue = self._policy, plain(node.instrument.symbol), node.instrument.venue
        if policy.symbols is not None and symbol not in {plain(name) for name in policy.symbols}:
            raise _refused("symbols", f"{symbol} is not in the list")
        if symbol in {plain(name) for name in policy.deny_symbols}:
            raise _refused("deny_symbols", f"{symbol} is in the list")
        if policy.venues is not None and (venue or "").lower() not in {name.lower() for name in policy.venues}:
            raise _refused("venues", f"{venue or 'an order without a venue'} is not in the list")

    def _sized(self, node: Node) -> None:
        if self._policy.max_qty is None:
            return
        size = self._size(node)
        if size > int(Quantity.parse(self._policy.max_qty)):
            raise _refused("max_qty", f"{decimal_text(size, 8)} is more than {self._policy.max_qty}")

    def _size(self, node: Node) -> int:
        """Base units, 1e8; of an order in dollars as many as they may buy."""
        if node.quantity.fixed is not None:
            return node.quantity.fixed.qty_1e8
        if node.quantity.notional is None:
            raise _refused("max_qty", "the order has no quantity")
        quote = self._quotes[node.instrument.symbol]
        own = limit_of(node) or trigger_of(node.order_type) or quote.bid_1e9
        lowest = min(quote.bid_1e9, own)
        return -(-node.quantity.notional.notional_usd_1e9 * 10**8 // lowest)

    def _priced(self, node: Node) -> None:
        limit, collar = limit_of(node), self._policy.price_collar_bps
        if collar is None or limit is None:
            return
        quote = self._quotes[node.instrument.symbol]
        touch = trigger_of(node.order_type) or (quote.ask_1e9 if node.side == "buy" else quote.bid_1e9)
        worse = limit - touch if node.side == "buy" else touch - limit
        if worse * 10_000 > touch * collar:
            raise _refused(
                "price_collar_bps",
                f"{decimal_text(limit, 9)} is beyond {collar} bps from {decimal_text(touch, 9)}",
            )

    def _worth(self, node: Node) -> int:
        if node.quantity.notional is not None:
            return node.quantity.notional.notional_usd_1e9
        quote = self._quotes[node.instrument.symbol]
        own = max(limit_of(node) or 0, trigger_of(node.order_type) or 0)
        price = max(own, quote.ask_1e9 if node.side == "buy" else quote.bid_1e9)
        quantity = node.quantity.fixed.qty_1e8 if node.quantity.fixed else 0
        return -(-quantity * price // 10**8)  # a limit errs on the safe side: up

    def _below(self, line: str, worth_1e9: int, what: str) -> None:
        limit = getattr(self._policy, line)
        if limit is not None and worth_1e9 > int(Usd.parse(limit)):
            raise _refused(line, f"{what} {decimal_text(worth_1e9, 9)} USD, more than {limit}")


def duplicates(journal: Journal, intent: Intent) -> bool:
    """Whether the same account meant the same order, or the same graph of several, within 10 s."""
    same = "symbol = ? AND side = ? AND qty_1e8 IS ? AND price_1e9 IS ? AND notional_usd_1e9 IS ?"
    where = f"{_SENT} AND created_ns > ? AND {same} ORDER BY id DESC LIMIT 50"
    values = (intent.symbol, intent.side, intent.qty_1e8, intent.price_1e9, intent.notional_usd_1e9)
    near = journal.select(where, intent.account, intent.created_ns - DUPLICATE_NS, *values)
    return any(_alike(intent.body, earlier.body) for earlier in near)


def _alike(body: bytes, earlier: bytes) -> bool:
    """Two single orders are, when their intents are; graphs of several must be the same throughout."""
    one, other = (strict.parse(text) for text in (body, earlier))
    if max(len(body.get("nodes") or []) for body in (one, other)) <= 1:
        return True
    return all(one.get(name) == other.get(name) for name in ("nodes", "edges"))


def plain(symbol: str) -> str:
    """A symbol in the one spelling that lists are compared in."""
    text = symbol.upper().replace("/", "-")
    return f"{text.removesuffix('-PERP')}-USD-PERP" if text.count("-") == 1 and text.endswith("-PERP") else text


def _in_dollars(node: Node) -> None:
    """A limit in dollars can't judge an order in another currency: refused, not taken one to one."""
    symbol = plain(node.instrument.symbol)
    parts = symbol.split("-")
    pair = len(parts) > 1 and parts[1] in DOLLARS
    odds = node.instrument.type == "prediction" or _ODDS.fullmatch(symbol) is not None
    if not pair and not odds:
        raise _refused("price", f"{symbol} is not priced in dollars")


def quoted(body: Any, now_ns: int, symbol: str) -> Quoted:
    """A quote's touch, checked. No price, a stale one, or one that is no number: refused."""
    best = body.get("nbbo") if isinstance(body, dict) else None
    updated = body.get("last_update_ns") if isinstance(body, dict) else None
    if not isinstance(best, dict):
        raise _refused("price", f"there is no price of {symbol}")
    if not isinstance(updated, int) or abs(now_ns - updated) > FRESH_NS:  # nor is one from the future fresh
        raise _refused("price", f"the price of {symbol} is older than 5 s")
    sides = [_fixed(best.get(name)) for name in ("bid", "ask")]
    if min(sides) <= 0:
        raise _refused("price", f"there is no price of {symbol}")
    return Quoted(bid_1e9=sides[0], ask_1e9=sides[1])


def _fixed(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not Decimal(value).is_finite():
        return 0
    return int((Decimal(value) * 10**9).to_integral_value(ROUND_CEILING))


def _refused(line: str, why: str) -> Failure:
    return PolicyRefused(
        f"your policy refuses it: {line}: {why}", hint=f"the line {line} in policy.toml; nothing was sent"
    )
