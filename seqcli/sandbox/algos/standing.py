"""What one algorithm instance has made: position, average entry, profit, of its own fills alone; fees apart."""

import msgspec

from seqcli.sandbox import rounding
from seqcli.sandbox.exchange.accounts import DAY_NS


class Standing(msgspec.Struct, kw_only=True):
    """`cost_1e17` is the signed Σ price × quantity of what is open; a session begins at 00:00 UTC."""

    position_1e8: int = 0
    cost_1e17: int = 0
    realized_1e9: int = 0
    session_1e9: int = 0
    session_fees_1e9: int = 0
    fees_1e9: int = 0
    day: int = 0
    fills: int = 0

    def take(self, side: str, price_1e9: int, qty_1e8: int, fee_1e9: int, ts_ns: int) -> None:
        """One fill."""
        self.begin_day(ts_ns)
        sign = 1 if side == "buy" else -1
        left, made = qty_1e8, 0
        if self.position_1e8 * sign < 0:
            closed = min(left, abs(self.position_1e8))
            released = rounding.share(self.cost_1e17, closed, abs(self.position_1e8))
            made = -sign * price_1e9 * closed - released
            self.cost_1e17 -= released
            self.position_1e8 += sign * closed
            left -= closed
        self.cost_1e17 += sign * price_1e9 * left
        self.position_1e8 += sign * left
        gained = rounding.half_even(made, rounding.UNIT_1E8)
        self.realized_1e9 += gained
        self.session_1e9 += gained
        self.fees_1e9 += fee_1e9
        self.session_fees_1e9 += fee_1e9
        self.fills += 1

    def begin_day(self, ts_ns: int) -> None:
        """A new UTC day starts its session from nought."""
        if ts_ns // DAY_NS != self.day:
            self.day, self.session_1e9, self.session_fees_1e9 = ts_ns // DAY_NS, 0, 0

    @property
    def entry_1e9(self) -> int:
        """The average price of what is open; 0 when flat."""
        return rounding.average_price(abs(self.cost_1e17), abs(self.position_1e8)) or 0

    def unrealized_1e9(self, mid_1e9: int | None) -> int:
        """Marked to a mid; 0 without one."""
        if mid_1e9 is None:
            return 0
        return rounding.half_even(mid_1e9 * self.position_1e8 - self.cost_1e17, rounding.UNIT_1E8)
