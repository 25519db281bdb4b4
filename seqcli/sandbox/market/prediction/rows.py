"""Contracts as the API shows them. Prices and volumes are read off the books and prints, as floats for people."""

import base64
import binascii
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from seqcli.sandbox.market.books import Market
from seqcli.sandbox.market.prediction.catalogue import Catalogue
from seqcli.sandbox.market.prediction.contracts import Contract, iso
from seqcli.sandbox.market.prediction.odds import ONE_1E9
from seqcli.sandbox.market.prediction.series import DAY_NS, SECOND_NS

_CURSOR = "m1:"
_VOLUME_NS = DAY_NS // 144
_REWARD_SPREAD, _REWARD_SIZE, _REWARD_RATE = Decimal("0.03"), Decimal(50), Decimal(25)


Entry = tuple[tuple[Contract, ...], int]
"""An event and which of its rows; see `entries`."""


def entries(event: tuple[Contract, ...], *, expand: bool) -> list[Entry]:
    """The rows that an event has: each contract on Kalshi; on Polymarket one, or with `expand` one an outcome."""
    if event[0].venue == "kalshi" or expand:
        ordered = tuple(sorted(event, key=lambda each: each.is_placeholder))
        return [(ordered, number) for number in range(len(ordered))]
    return [(event, 0)]


def entry(market: Market, which: Entry, now_ns: int, *, expand: bool) -> dict[str, Any]:
    """One of the rows of `entries`."""
    event, number = which
    shown = row(market, event[number], now_ns)
    if event[0].venue == "kalshi" or len(event) == 1:
        return shown
    contract = event[number]
    if not expand:
        return shown | {
            "slug": contract.event.slug,
            "question": contract.event.series.question,
            "outcomes": [each.outcome for each in event],
            "outcome_token_ids": [each.symbols[0] for each in event],
        }
    return shown | {
        "parent_event_id": contract.event.identity,
        "parent_slug": contract.event.slug,
        "outcome_name": contract.outcome,
        "raw_outcome_name": contract.outcome,
        "outcome_index": number,
        "is_placeholder_outcome": contract.is_placeholder,
    }


def row(market: Market, contract: Contract, now_ns: int) -> dict[str, Any]:
    """One contract."""
    event, (yes, no) = contract.event, contract.symbols
    tops = {side: market.best(symbol, now_ns).get(contract.venue) for side, symbol in (("yes", yes), ("no", no))}
    prices: dict[str, Decimal | None] = {}
    for side, top in tops.items():
        prices[f"best_{side}_bid"] = _price(top.bid_1e9 if top else 0)
        prices[f"best_{side}_ask"] = _price(top.ask_1e9 if top else 0)
    kalshi = contract.venue == "kalshi"
    page = f"https://kalshi.com/markets/{contract.slug}" if kalshi else f"https://polymarket.com/event/{event.slug}"
    hour, whole = _volumes(market, contract, now_ns)
    return {
        "venue": contract.venue,
        "slug": contract.slug,
        "symbol": yes,
        "question": contract.question,
        "outcomes": list(contract.sides),
        "outcome_token_ids": [yes, no],
        "yes_token_id": yes,
        "no_token_id": no,
        "event_id": event.identity,
        "neg_risk": event.neg_risk,
        "volume_24h": hour,
        "volume_total": whole,
        **prices,
        "spread_pct": _spread(prices["best_yes_bid"], prices["best_yes_ask"]),
        "start_date": iso(event.opens_ns),
        "end_date": iso(event.ends_ns),
        "url": page,
        "status": event.status(now_ns),
        "tick_size_1e9": contract.tick_1e9,
        "min_qty_1e8": contract.lot_1e8,
    }


def settlement(market: Market, contracts: Catalogue, contract: Contract, now_ns: int, *, points: int) -> dict[str, Any]:
    """What is known of its outcome; with `points` the underlying's curve over the window so far."""
    event, kalshi = contract.event, contract.venue == "kalshi"
    status = event.status(now_ns)
    winner = contracts.odds.winner(contract) if status == "resolved" else None
    yes = Decimal(1 - winner) if winner is not None else _middle(market, contract, now_ns)
    return {
        "slug": contract.slug,
        "venue": contract.venue,
        "question": contract.question,
        "yes_token_id": contract.symbols[0],
        "no_token_id": contract.symbols[1],
        "condition_id": None if kalshi else event.identity,
        "neg_risk": event.neg_risk,
        "status": status,
        "resolved_outcome": None if winner is None else contract.sides[winner],
        "outcome_source": "kalshi" if kalshi else "polymarket_gamma",
        "yes_price": yes,
        "no_price": None if yes is None else 1 - yes,
        "event_start_s": event.starts_ns // SECOND_NS,
        "event_end_s": event.ends_ns // SECOND_NS,
        "resolution_source": _source(contract),
        "underlying": _curve(contracts, contract, now_ns, points) if points and not kalshi else None,
        "resolved_at_ns": event.resolves_ns if status == "resolved" else None,
        "as_of_ns": now_ns,
    }


def rewards(market: Market, contracts: Catalogue, now_ns: int) -> Iterator[dict[str, Any]]:
    """A programme for the yes token of each Polymarket race that trades: fixed terms, the spread of now."""
    for event in contracts.listed("polymarket", now_ns):
        for contract in event:
            if contract.event.series.kind != "race" or contract.event.status(now_ns) != "open":
                continue
            top = market.best(contract.symbols[0], now_ns).get("polymarket")
            known = top is not None and top.bid_1e9 and top.ask_1e9
            yield {
                "token_id": contract.symbols[0],
                "condition_id": contract.event.identity,
                "rewards_min_size": _REWARD_SIZE,
                "rewards_max_spread": _REWARD_SPREAD,
                "rate_per_day_usdc": _REWARD_RATE,
                "current_spread": _price(top.ask_1e9 - top.bid_1e9) if top is not None and known else None,
                "reward_end_unix_s": contract.event.ends_ns // SECOND_NS,
            }


def cursor(as_of_ns: int, place: int) -> str:
    """Where a next page begins, opaque. It pins the instant of the first page, so that a walk sees one list."""
    return base64.urlsafe_b64encode(f"{_CURSOR}{as_of_ns}:{place}".encode()).decode().rstrip("=")


def place_of(text: str) -> tuple[int, int] | None:
    """The instant and the place that a cursor holds; None for what is none of ours."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
    except (ValueError, binascii.Error):
        return None
    found = re.fullmatch(_CURSOR + r"([0-9]{1,20}):([0-9]{1,9})", raw)
    return (int(found[1]), int(found[2])) if found else None


def _source(contract: Contract) -> str:
    asset = contract.event.series.asset
    return f"the sandbox's price of {asset}" if asset else "drawn by the seed"


def _price(price_1e9: int) -> Decimal | None:
    return Decimal(price_1e9).scaleb(-9).normalize() + 0 if price_1e9 else None


def _middle(market: Market, contract: Contract, now_ns: int) -> Decimal | None:
    top = market.best(contract.symbols[0], now_ns).get(contract.venue)
    if top is None:
        return None
    return Decimal(top.bid_1e9 + (top.ask_1e9 or ONE_1E9)).scaleb(-9) / 2


def _spread(bid: Decimal | None, ask: Decimal | None) -> Decimal | None:
    if bid is None or ask is None:
        return None
    return round((ask - bid) * 200 / (ask + bid), 3)


def _volumes(market: Market, contract: Contract, now_ns: int) -> tuple[Decimal, Decimal]:
    """Contracts traded in the last day and so far, from the last ten minutes of prints at their pace."""
    event = contract.event
    until = min(now_ns, event.ends_ns)
    since = max(event.opens_ns, until - _VOLUME_NS)
    if until <= since:
        return Decimal("0.0"), Decimal("0.0")
    seen = sum(trade.qty_1e8 for trade in market.prints(contract.symbols[0], contract.venue, since, until))
    day = min(until - event.opens_ns, DAY_NS) if now_ns < event.ends_ns + DAY_NS else 0
    return tuple(  # type: ignore[return-value]
        Decimal(seen * span // (until - since)).scaleb(-8).quantize(Decimal("0.1"))
        for span in (day, until - event.opens_ns)
    )


def _curve(contracts: Catalogue, contract: Contract, now_ns: int, points: int) -> dict[str, Any] | None:
    event = contract.event
    if not event.series.asset:
        return None
    until = min(now_ns, event.ends_ns)
    step = max(SECOND_NS, (event.ends_ns - event.starts_ns) // points)
    found = [
        {"ts_ns": ts_ns, "price_1e9": contracts.odds.price(event.series.asset, ts_ns)}
        for ts_ns in range(event.starts_ns, until + 1, step)
    ]
    return {"source": "chainlink", "symbol": f"{event.series.asset}-USD", "points": found}
