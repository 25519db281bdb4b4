"""Which events there are: series that open, trade and end again and again, on two venues.

`updown` asks whether an asset ends a window above where it began; `strike` whether it ends above one of ten prices;
`race` which of several outcomes comes true, by hash.
"""

import datetime as dt
import re
from typing import Literal

import msgspec

SECOND_NS = 1_000_000_000
HOUR_NS = 3600 * SECOND_NS
DAY_NS = 24 * HOUR_NS
STRIKES = 10
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_KALSHI = re.compile(r"(\d\d)([A-Z]{3})(\d\d)(?:(\d\d))?")


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """A row of windows `period_ns` long, the first at `offset_ns`; a window trades from `lead_ns` before it begins.

    `name` is the start of every slug. Before `resolves_after_ns` from its end a window is resolving. `asset` is the
    underlying of updown and strike; `step_usd` lies between two strikes. `outcomes` are the runners of a race, the
    placeholders among them last. `past` windows stay listed.
    """

    name: str
    venue: Literal["kalshi", "polymarket"]
    kind: Literal["updown", "strike", "race"]
    question: str
    period_ns: int
    offset_ns: int = 0
    lead_ns: int = 0
    resolves_after_ns: int = 60 * SECOND_NS
    asset: str = ""
    step_usd: int = 0
    outcomes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    past: int = 4

    def starts_ns(self, window: int) -> int:
        """When a window begins."""
        return window * self.period_ns + self.offset_ns

    def window_at(self, ts_ns: int) -> int:
        """The window that an instant lies in."""
        return (ts_ns - self.offset_ns) // self.period_ns

    def code(self, window: int) -> str:
        """How a slug names a window: the second it begins (updown), else the day or hour it ends."""
        if self.kind == "updown":
            return str(self.starts_ns(window) // SECOND_NS)
        ends = dt.datetime.fromtimestamp((self.starts_ns(window) + self.period_ns) // SECOND_NS, dt.UTC)
        if self.venue == "polymarket":
            return ends.strftime("%Y-%m-%d")
        hour = f"{ends.hour:02d}" if self.kind == "strike" else ""
        return f"{ends.year % 100:02d}{_MONTHS[ends.month - 1]}{ends.day:02d}{hour}"

    def window_of(self, code: str) -> int | None:
        """The window that `code` begins with; None when it names none."""
        ends = _instant(code, self)
        if ends is None:
            return None
        near = self.window_at(ends if self.kind == "updown" else ends - self.period_ns)
        return next((window for window in (near, near + 1) if code.startswith(self.code(window))), None)


def _instant(code: str, series: Series) -> int | None:
    try:
        if series.kind == "updown":
            return int(code) * SECOND_NS if code.isascii() and code.isdigit() and len(code) <= 12 else None  # noqa: PLR2004 - digits of a second
        if series.venue == "polymarket":
            moment = dt.datetime.fromisoformat(code[:10]).replace(tzinfo=dt.UTC)
        else:
            found = _KALSHI.match(code)
            if found is None or found[2] not in _MONTHS:
                return None
            hour = int(found[4] or 0)
            moment = dt.datetime(2000 + int(found[1]), _MONTHS.index(found[2]) + 1, int(found[3]), hour, tzinfo=dt.UTC)
    except ValueError:
        return None
    return int(moment.timestamp()) * SECOND_NS


def _updown(asset: str, label: str, period_ns: int) -> Series:
    return Series(
        name=f"{asset.lower()}-updown-{label}",
        venue="polymarket",
        kind="updown",
        question=f"Will {asset} be higher at the end of this {label} window?",
        period_ns=period_ns,
        lead_ns=period_ns,
        asset=asset,
        tags=("crypto", asset.lower(), "up-or-down"),
        past=6,
    )


def _strike(name: str, asset: str, step_usd: int) -> Series:
    return Series(
        name=name,
        venue="kalshi",
        kind="strike",
        question=f"Will {asset} be above {{outcome}} at {{end}}?",
        period_ns=DAY_NS,
        offset_ns=17 * HOUR_NS,
        lead_ns=0,
        asset=asset,
        step_usd=step_usd,
        tags=("crypto", name),
    )


def _high(code: str, city: str, low: int) -> Series:
    bounds = [low + 2 * place for place in range(6)]
    names = (f"below {bounds[0]}", *(f"{bound} to {bound + 1}" for bound in bounds[:-1]), f"{bounds[-1]} or above")
    return Series(
        name=f"KXHIGH{code}",
        venue="kalshi",
        kind="race",
        question=f"Highest temperature in {city} on {{day}}: {{outcome}} degrees?",
        period_ns=DAY_NS,
        offset_ns=5 * HOUR_NS,
        lead_ns=DAY_NS // 2,
        resolves_after_ns=HOUR_NS // 2,
        outcomes=names,
        tags=("climate", f"KXHIGH{code}"),
        past=2,
    )


def _race(name: str, question: str, days: int, outcomes: tuple[str, ...], *tags: str) -> Series:
    return Series(
        name=name,
        venue="polymarket",
        kind="race",
        question=question,
        period_ns=days * DAY_NS,
        lead_ns=days * DAY_NS // 4,
        resolves_after_ns=HOUR_NS,
        outcomes=outcomes,
        tags=tags,
        past=1,
    )


_WINDOWS = (("15m", HOUR_NS // 4), ("1h", HOUR_NS), ("1d", DAY_NS))
SERIES: dict[str, Series] = {
    row.name: row
    for row in (
        *(_updown(asset, label, ns) for asset in ("BTC", "ETH", "SOL", "XRP") for label, ns in _WINDOWS),
        _strike("KXBTCD", "BTC", 500),
        _strike("KXETHD", "ETH", 20),
        _strike("KXSOLD", "SOL", 1),
        *(
            _high(code, city, low)
            for code, city, low in (
                *(("NY", "New York", 48), ("CHI", "Chicago", 40), ("MIA", "Miami", 76), ("AUS", "Austin", 64)),
                *(("DEN", "Denver", 44), ("LAX", "Los Angeles", 66)),
            )
        ),
        _race("chess-open-winner", "Who wins the weekly chess open?", 7, ("Ada", "Boris", "Chen", "Person D"), "games"),
        _race(
            "top-chain-by-fees",
            "Which chain earns the most fees?",
            7,
            ("Ethereum", "Solana", "Base", "Other"),
            "crypto",
        ),
        _race("rate-decision", "What does the central bank decide?", 28, ("Cut", "No change", "Raise"), "economy"),
        _race(
            "film-of-the-week",
            "Which film leads the box office?",
            7,
            ("Harbour", "Northwind", "Atlas", "Other"),
            "culture",
        ),
        _race(
            "league-leader",
            "Which club leads the table?",
            28,
            ("Reds", "Blues", "Whites", "Greens", "Team E"),
            "sports",
        ),
        _race("storm-landfall", "How many named storms make landfall?", 28, ("0", "1", "2", "3 or more"), "climate"),
    )
}
"""Every series by the start of its slugs."""
PLACEHOLDERS = frozenset({"Other", "Person D", "Team E"})
"""Outcomes that stand for nobody yet."""
