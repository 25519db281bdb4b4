"""Finding contracts: by any of their names, by place, and all that are listed at an instant."""

from collections import OrderedDict
from collections.abc import Iterator

import msgspec

from seqcli.sandbox.market.listings import UNIT
from seqcli.sandbox.market.prediction.contracts import Contract, Event, iso, place_of, symbols_of
from seqcli.sandbox.market.prediction.odds import Odds
from seqcli.sandbox.market.prediction.series import SERIES, STRIKES, Series
from seqcli.units import decimal_text

_KEPT = 2048


class Named(msgspec.Struct, frozen=True):
    """A contract and the side (0 yes, 1 no) that a name meant."""

    contract: Contract
    side: int

    @property
    def symbol(self) -> str:
        """The token's own name."""
        return self.contract.symbols[self.side]


class Catalogue:
    """Every event there ever is; the few that were asked for last are kept."""

    def __init__(self, odds: Odds) -> None:
        self.odds = odds
        self._events: OrderedDict[tuple[str, int], tuple[Contract, ...]] = OrderedDict()

    def contracts(self, series: Series, window: int) -> tuple[Contract, ...]:
        """The contracts of one window."""
        key = (series.name, window)
        found = self._events.get(key)
        if found is None:
            found = self._events[key] = tuple(self._made(Event(series=series, window=window)))
            if len(self._events) > _KEPT:
                self._events.popitem(last=False)
        return found

    def find(self, name: str) -> Named | None:
        """What a name means: ``TICKER``, ``TICKER:NO``, slug, ``slug:no``, token id. Bare names mean yes."""
        place = place_of(name)
        if place is not None:
            series, window, number, side = place
            rows = self.contracts(series, window)
            return Named(rows[number], side) if number < len(rows) else None
        slug, _, leg = name.partition(":")
        wanted = {"": 0, "yes": 0, "no": 1}.get(leg.lower())
        if wanted is None:
            return None
        return next((Named(row, wanted) for row in self.named(slug)), None)

    def named(self, slug: str) -> tuple[Contract, ...]:
        """The contract of a slug, or all of an event's."""
        series = next((row for row in SERIES.values() if slug.upper().startswith(f"{row.name.upper()}-")), None)
        if series is None:
            return ()
        own = slug.upper() if series.venue == "kalshi" else slug
        window = series.window_of(own[len(series.name) + 1 :])
        if window is None or window < 0:
            return ()
        rows = self.contracts(series, window)
        if own == rows[0].event.slug:
            return rows
        return tuple(row for row in rows if row.slug == own)

    def listed(self, venue: str, now_ns: int) -> Iterator[tuple[Contract, ...]]:
        """Events open or lately ended at a venue, series by series, the newest first."""
        for series in SERIES.values():
            if series.venue != venue:
                continue
            newest = series.window_at(now_ns + series.lead_ns)
            oldest = series.window_at(now_ns) - series.past
            for window in range(newest, max(oldest, 0) - 1, -1):
                yield self.contracts(series, window)

    def between(self, from_ns: int, to_ns: int, *, resolved: bool) -> Iterator[tuple[int, tuple[Contract, ...]]]:
        """Events that opened (or resolved) in (from_ns, to_ns], with the instant, oldest first."""
        found: list[tuple[int, str, int]] = []
        for series in SERIES.values():
            shift = series.period_ns + series.resolves_after_ns if resolved else -series.lead_ns
            first, last = (series.window_at(ts_ns - shift) for ts_ns in (from_ns, to_ns))
            windows = range(first + 1, last + 1)
            found += [(series.starts_ns(window) + shift, series.name, window) for window in windows]
        for ts_ns, name, window in sorted(found):
            yield ts_ns, self.contracts(SERIES[name], window)

    def _made(self, event: Event) -> Iterator[Contract]:
        series = event.series
        if series.kind == "updown":
            yield self._contract(event, 0, event.slug, "Up", ("Up", "Down"))
        elif series.kind == "strike":
            for number, strike in enumerate(self._strikes(event)):
                shown = decimal_text(strike, 9)
                slug = f"{event.slug}-T{shown}"
                yield self._contract(event, number, slug, f"${shown}", ("Yes", "No"), strike)
        else:
            for number, outcome in enumerate(series.outcomes):
                tail = f"B{number}" if series.venue == "kalshi" else outcome.lower().replace(" ", "-")
                yield self._contract(event, number, f"{event.slug}-{tail}", outcome, ("Yes", "No"))

    def _strikes(self, event: Event) -> list[int]:
        step = event.series.step_usd * UNIT
        middle = self.odds.price(event.series.asset, event.opens_ns) // step * step
        return [middle + (number - STRIKES // 2 + 1) * step for number in range(STRIKES)]

    def _contract(  # noqa: PLR0917 - what tells contracts of one event apart
        self,
        event: Event,
        number: int,
        slug: str,
        outcome: str,
        sides: tuple[str, str],
        strike_1e9: int | None = None,
    ) -> Contract:
        series = event.series
        words = {"outcome": outcome, "end": iso(event.ends_ns), "day": iso(event.starts_ns)[:10]}
        question = series.question.format(**words)
        if series.kind == "race" and series.venue == "polymarket":
            question = f"{question} {outcome}"
        return Contract(
            event=event,
            number=number,
            slug=slug,
            question=question,
            outcome=outcome,
            sides=sides,
            symbols=symbols_of(series, event.window, number, slug),
            strike_1e9=strike_1e9,
        )
