"""Paper money: default balances, settings, seeding, reset."""

from collections.abc import Iterable

import msgspec

from seqcli.sandbox.exchange import ledger, resting, steering, triggers
from seqcli.sandbox.exchange.accounts import Account, PaperSettings
from seqcli.sandbox.exchange.ending import end
from seqcli.sandbox.exchange.ledger import PEGGED
from seqcli.sandbox.exchange.machine import DEFAULT_QUANTITY_1E8, Machine
from seqcli.sandbox.exchange.seeding import Seed
from seqcli.sandbox.problems import conflict

FILL_MODELS = ("adversarial", "instant", "none")


class Paper(Machine):
    """What exists only because the money is not real."""

    def open_account(self, client_id: str, now_ns: int) -> None:
        """Open a client's books with a billion of each cash asset wherever it settles something."""
        default = [("*", asset, DEFAULT_QUANTITY_1E8) for asset in sorted(PEGGED)]
        self._seed(client_id, self._defaults(default), now_ns, wipe=False)

    def change_settings(self, client_id: str, settings: PaperSettings, now_ns: int) -> PaperSettings:
        """Take new settings; what happened until now happened under the old ones."""
        resting.mark(self, now_ns)
        data = {"client_id": client_id, "settings": msgspec.to_builtins(settings)}
        self.emit("settings", data, now_ns)
        return self.accounts[client_id].settings

    def seed(self, client_id: str, seeds: list[Seed], now_ns: int, *, replace: bool) -> tuple[int, int]:
        """Write rows; with `replace` every other row is deleted first. Returns (written, deleted).

        Raises `Problem` (409) when open orders hold more of a row than would be left.
        """
        account = self.accounts[client_id]
        before = names_of(account)
        self._check_held(account, seeds, replace=replace)
        self._seed(client_id, seeds, now_ns, wipe=replace)
        deleted = len(before) if replace else len(before - names_of(account))
        return sum(1 for row in seeds if row.amount), deleted

    def _check_held(self, account: Account, seeds: list[Seed], *, replace: bool) -> None:
        new = {(row.venue, row.symbol): row.amount for row in seeds if row.is_cash or row.kind == "crypto"}
        for name, held in account.held.items():
            venue, _, asset = name.partition("/")
            amount = new.get((venue, asset), 0 if replace else held)
            if amount < held:
                raise conflict("position", f"open orders hold more {asset} on {venue}; cancel them first")

    def reset(self, client_id: str, now_ns: int) -> tuple[int, int, int]:
        """Cancel everything, delete every row, seed again. Returns (deleted, written, cancelled orders)."""
        account = self.accounts[client_id]
        live = [order for (owner, _), order in self.orders.items() if owner == client_id]
        for graph in [row for row in self.graphs.values() if row.client_id == client_id]:
            steering.cancel(self, graph, now_ns)
        for order in live:
            if not order.ended:
                end(self, order, "cancelled", now_ns)
        triggers.settle(self, now_ns)
        deleted = len(names_of(account))
        seeds = self._defaults(account.settings.default_balances)
        self._seed(client_id, seeds, now_ns, wipe=True)
        return deleted, len(seeds), len(live)

    def _seed(self, client_id: str, seeds: list[Seed], now_ns: int, *, wipe: bool) -> None:
        rows = [msgspec.to_builtins(seed) for seed in seeds]
        self.emit("ledger", {"client_id": client_id, "wipe": wipe, "rows": rows}, now_ns)

    def _defaults(self, balances: Iterable[tuple[str, str, int]]) -> list[Seed]:
        """Rows of ``(venue or *, asset, quantity 1e8)``; a later one of the same row stands."""
        settles = ledger.seeds_of(dict(self.market.instruments()))
        bases = {
            (venue, row.base)
            for row in self.market.instruments().values()
            for venue in row.venues
            if row.kind == "spot"
        }
        found: dict[tuple[str, str], int] = {}
        for venue, asset, qty in balances:
            everywhere = settles if asset in PEGGED else bases
            places = sorted(row for row in everywhere if row[1] == asset) if venue == "*" else [(venue, asset)]
            found.update(dict.fromkeys(places, qty))
        return [cash_or_crypto(venue, asset, qty) for (venue, asset), qty in found.items() if qty]


def cash_or_crypto(venue: str, asset: str, qty_1e8: int) -> Seed:
    """A fiat or crypto row; cash is kept in 1e9."""
    kind = "fiat" if asset == "USD" else "crypto"
    return Seed(venue=venue, kind=kind, symbol=asset, amount=qty_1e8 * 10 if asset in PEGGED else qty_1e8)


def names_of(account: Account) -> set[str]:
    """The names of an account's rows."""
    return set(account.cash) | set(account.holdings)
