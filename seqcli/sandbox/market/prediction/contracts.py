"""One event and its contracts: names, tokens, times. A contract pays $1 a token on the side that comes true."""

import re
from hashlib import sha256

import msgspec

from seqcli.sandbox.market.prediction.series import PLACEHOLDERS, SECOND_NS, SERIES, Series

CENT_1E9, MILL_1E9 = 10_000_000, 1_000_000
ONE_1E8 = 100_000_000
_TOKEN = re.compile(r"[0-9]{60,78}")
_NUMBERS = tuple(SERIES)


class Contract(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A binary question. `symbols` are its two tokens, yes first; prices of the two add up to $1.

    `slug` is the venue's name of it (a ticker on Kalshi); `number` its place in the event, `strike_1e9` its bar.
    """

    event: "Event"
    number: int
    slug: str
    question: str
    outcome: str
    sides: tuple[str, str]
    symbols: tuple[str, str]
    strike_1e9: int | None = None

    @property
    def venue(self) -> str:
        """Kalshi or polymarket."""
        return self.event.series.venue

    @property
    def tick_1e9(self) -> int:
        """The price step: a cent on Kalshi, a tenth of one on Polymarket."""
        return CENT_1E9 if self.venue == "kalshi" else MILL_1E9

    @property
    def lot_1e8(self) -> int:
        """Whole contracts on Kalshi, hundredths on Polymarket."""
        return ONE_1E8 if self.venue == "kalshi" else ONE_1E8 // 100

    @property
    def is_placeholder(self) -> bool:
        """Whether its outcome stands for nobody yet."""
        return self.outcome in PLACEHOLDERS


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One window of a series. Trades in [`opens_ns`, `ends_ns`); the outcome is known from `resolves_ns` on."""

    series: Series
    window: int

    @property
    def slug(self) -> str:
        """The start of its contracts' names; on Kalshi the event ticker."""
        return f"{self.series.name}-{self.series.code(self.window)}"

    @property
    def identity(self) -> str:
        """The event's id: the ticker on Kalshi, a condition id on Polymarket."""
        if self.series.venue == "kalshi":
            return self.slug
        return "0x" + sha256(f"condition/{self.slug}".encode()).hexdigest()

    @property
    def starts_ns(self) -> int:
        """When its window begins."""
        return self.series.starts_ns(self.window)

    @property
    def opens_ns(self) -> int:
        """When trading begins."""
        return self.starts_ns - self.series.lead_ns

    @property
    def ends_ns(self) -> int:
        """When trading ends."""
        return self.starts_ns + self.series.period_ns

    @property
    def resolves_ns(self) -> int:
        """When the outcome is known."""
        return self.ends_ns + self.series.resolves_after_ns

    @property
    def ends_at(self) -> str:
        """`ends_ns` as UTC text."""
        return iso(self.ends_ns)

    @property
    def neg_risk(self) -> bool:
        """Several outcomes of which one comes true, on Polymarket."""
        return self.series.venue == "polymarket" and self.series.kind == "race"

    def status(self, now_ns: int) -> str:
        """``open``, ``resolving`` or ``resolved``."""
        return "open" if now_ns < self.ends_ns else "resolving" if now_ns < self.resolves_ns else "resolved"


def symbols_of(series: Series, window: int, number: int, slug: str) -> tuple[str, str]:
    """The two tokens of a contract: ``TICKER:YES`` and ``:NO``, or two long numbers."""
    if series.venue == "kalshi":
        return f"{slug}:YES", f"{slug}:NO"
    yes, no = (token_id(series, window, number, side) for side in (0, 1))
    return yes, no


def token_id(series: Series, window: int, number: int, side: int) -> str:
    """A number of 60 to 78 digits from which its contract can be read again: a hash and, veiled by it, the place."""
    place = _NUMBERS.index(series.name) << 48 | (window & 0xFFFFFFFF) << 16 | number << 1 | side
    tag = sha256(f"token/{place}".encode()).digest()[:24]
    head = int.from_bytes(bytes([tag[0] | 0x20]) + tag[1:], "big")
    return str(head << 64 | place ^ _veil(head))


def place_of(token: str) -> tuple[Series, int, int, int] | None:
    """Series, window, number and side of a token id; None for a number that is none of ours."""
    if not _TOKEN.fullmatch(token):
        return None
    head, veiled = int(token) >> 64, int(token) & (1 << 64) - 1
    place = veiled ^ _veil(head)
    if place >> 48 >= len(_NUMBERS):
        return None
    series = SERIES[_NUMBERS[place >> 48]]
    window, number, side = place >> 16 & 0xFFFFFFFF, place >> 1 & 0x7FFF, place & 1
    return (series, window, number, side) if token_id(series, window, number, side) == token else None


def _veil(head: int) -> int:
    return int.from_bytes(sha256(f"veil/{head}".encode()).digest()[:8], "big")


def iso(ts_ns: int) -> str:
    """UTC to the second."""
    import datetime as dt

    return dt.datetime.fromtimestamp(ts_ns // SECOND_NS, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
