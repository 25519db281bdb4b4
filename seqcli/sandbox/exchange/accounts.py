"""One client's money: cash, holdings, what is held back, and the counter-postings that prove it."""

from typing import Any

import msgspec

from seqcli.sandbox.exchange.landed import Met

DAY_NS = 86_400_000_000_000


def place(*words: str) -> str:
    """The name of a row: ``venue/asset`` of cash and of what is held, ``venue/kind/symbol`` of a holding."""
    return "/".join(words)


class Holding(msgspec.Struct, kw_only=True):
    """A row that is not cash. `cost_usd_1e9` is the signed notional of what is open; fees are apart from it.

    A contract's row knows when its outcome became known, whether it won, and when it was redeemed.
    """

    venue: str
    kind: str
    symbol: str
    qty_1e8: int = 0
    cost_usd_1e9: int = 0
    realized_usd_1e9: int = 0
    fees_usd_1e9: int = 0
    updated_ns: int = 0
    closed_ns: int | None = None
    cash: str = ""
    underlying: str = ""
    quote: str = ""
    funding_paid_usd_1e9: int = 0
    funded_ns: int = 0
    resolved_ns: int | None = None
    won: bool | None = None
    redeemed_ns: int | None = None


class Cash(msgspec.Struct):
    """USD or an asset pegged to it, 1e9. `fees_usd_1e9`: of trades in the asset itself."""

    usd_1e9: int = 0
    updated_ns: int = 0
    fees_usd_1e9: int = 0


class KillSwitch(msgspec.Struct, kw_only=True):
    """Stops new submissions of one client."""

    engaged: bool = False
    reason: str | None = None
    engaged_at_ns: int | None = None
    engaged_by: str | None = None
    cleared_at_ns: int | None = None


class PaperSettings(msgspec.Struct, kw_only=True):
    """Paper defaults. `default_balances` rows are ``[venue, asset, quantity 1e8]``; venue ``*`` is every venue."""

    default_balances: list[tuple[str, str, int]] = []
    maker_bps: int | None = None
    taker_bps: int | None = None
    fill_model: str = "adversarial"
    seed: int | None = None
    updated_ns: int = 0


class Account(msgspec.Struct, kw_only=True):
    """A client's books. Counter-postings by row: `world` of trades, `fee_pot` of fees, `funding_pot` of funding,
    `given` of seeding. `funded` counts the funding itself, by row.

    `held` is what open orders hold back, by row; `holds` the same by order and venue. `traded` counts the fills
    themselves, by row: net quantity, net USD, fees. `basis` is cost less realised P&L that seeding wrote.
    `contracts` names the rows whose outcome is open. `met` is what it has had of each venue. `wallet_since_ns` is when
    the trading wallet was made.
    """

    client_id: str
    cash: dict[str, Cash] = {}
    holdings: dict[str, Holding] = {}
    held: dict[str, int] = {}
    holds: dict[str, dict[str, int]] = {}
    world: dict[str, int] = {}
    fee_pot: dict[str, int] = {}
    given: dict[str, int] = {}
    funding_pot: dict[str, int] = {}
    funded: dict[str, int] = {}
    traded: dict[str, list[int]] = {}
    basis: dict[str, int] = {}
    has_perps: bool = False
    contracts: list[str] = []
    met: dict[str, Met] = {}
    switch: KillSwitch = msgspec.field(default_factory=KillSwitch)
    settings: PaperSettings = msgspec.field(default_factory=PaperSettings)
    day: int = 0
    day_start_usd_1e9: int = 0
    open_orders: int = 0
    wallet_since_ns: int | None = None
    withdrawals: list[dict[str, Any]] = []

    def cash_of(self, name: str) -> int:
        """USD 1e9 in a cash row."""
        row = self.cash.get(name)
        return row.usd_1e9 if row else 0

    def cash_moves(self, name: str, usd_1e9: int, ts_ns: int) -> None:
        """Add to a cash row."""
        row = self.cash.get(name)
        if row is None:
            row = self.cash[name] = Cash()
        row.usd_1e9 += usd_1e9
        row.updated_ns = ts_ns

    def meets(self, venue: str, *, fill: bool) -> None:
        """Count a fill on a venue, or a reject."""
        met = self.met.get(venue)
        if met is None:
            met = self.met[venue] = Met()
        if fill:
            met.fills += 1
        else:
            met.rejects += 1

    def world_moves(self, name: str, amount: int) -> None:
        """The other side of a trade."""
        self.world[name] = self.world.get(name, 0) + amount

    def gives(self, name: str, amount: int) -> None:
        """The other side of seeding."""
        self.given[name] = self.given.get(name, 0) + amount

    def funds(self, name: str, usd_1e9: int, ts_ns: int) -> None:
        """A perp pays funding (negative: is paid), against `funding_pot`."""
        self.begin_day(ts_ns)
        row = self.holdings[name]
        cash = place(row.venue, row.cash)
        self.cash_moves(cash, -usd_1e9, ts_ns)
        self.funding_pot[cash] = self.funding_pot.get(cash, 0) + usd_1e9
        row.funding_paid_usd_1e9 += usd_1e9
        row.funded_ns = ts_ns
        self.funded[name] = self.funded.get(name, 0) + usd_1e9

    def hold(self, name: str, amount: int) -> None:
        """Hold back more (or, negative, less) of a row."""
        total = self.held.get(name, 0) + amount
        if total:
            self.held[name] = total
        else:
            self.held.pop(name, None)

    def earned(self) -> int:
        """Realised P&L less fees and funding since the books were opened, USD 1e9."""
        made = sum(row.realized_usd_1e9 for row in self.holdings.values())
        return made - sum(self.fee_pot.values()) - sum(self.funded.values())

    def begin_day(self, ts_ns: int) -> None:
        """Called before the postings of a fill or of funding: a new UTC day starts from what was earned before it."""
        if ts_ns // DAY_NS != self.day:
            self.day = ts_ns // DAY_NS
            self.day_start_usd_1e9 = self.earned()

    def earned_today(self, now_ns: int) -> int:
        """Realised P&L less fees and funding of this UTC day, USD 1e9."""
        return self.earned() - self.day_start_usd_1e9 if now_ns // DAY_NS == self.day else 0
