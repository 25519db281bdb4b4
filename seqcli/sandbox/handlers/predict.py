"""Prediction markets: pages of rows, settlement, redeeming, rewards."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from seqcli.sandbox.exchange import settling
from seqcli.sandbox.market.instruments import canonical
from seqcli.sandbox.market.prediction import rows
from seqcli.sandbox.serving import Box, Call, conflict, invalid, not_found, serves
from seqcli.wire import predict

if TYPE_CHECKING:
    from seqcli.sandbox.market.prediction.catalogue import Catalogue, Named
    from seqcli.sandbox.market.prediction.contracts import Contract

_LIMIT = 20
_CURVE_POINTS = 120


@serves(predict.MARKETS)
def markets(box: Box, call: Call) -> dict[str, Any]:
    """One page. A slug or a token is read directly, whatever its state."""
    query = call.query
    venue = _venue(query.venue) or "polymarket"
    expand = _expand(query.expand)
    limit, start, as_of_ns = _page(query, call.now_ns)
    contracts = box.contracts
    found: Iterable[tuple[Contract, ...]]
    if contracts is None:
        found = []
    elif query.slug is not None or query.clob_token_id is not None:
        found = _direct(contracts, query.clob_token_id or query.slug or "", venue)
    else:
        found = _wanted(contracts, venue, query, as_of_ns)
    every = [each for event in found for each in rows.entries(event, expand=expand)]
    page = every[start : start + limit]
    more = start + len(page) < len(every)
    return {
        "markets": [rows.entry(box.market, each, call.now_ns, expand=expand) for each in page],
        "count": len(page),
        "venue": venue,
        "has_more": more,
        "next_cursor": rows.cursor(as_of_ns, start + len(page)) if more else None,
    }


@serves(predict.SETTLEMENT)
def settlement(box: Box, call: Call) -> dict[str, Any]:
    """What is known of one market's outcome."""
    contracts, named = _named(box, call)
    return rows.settlement(
        box.market, contracts, named.contract, call.now_ns, points=_CURVE_POINTS if call.query.underlying else 0
    )


@serves(predict.REDEEM)
def redeem(box: Box, call: Call) -> dict[str, Any]:
    """Pay a winner that waits for it; Kalshi has paid by itself."""
    _, named = _named(box, call)
    contract = named.contract
    if contract.event.status(call.now_ns) != "resolved":
        raise conflict("market", "not resolved")
    polymarket = contract.venue == "polymarket"
    reply = {
        "mode": "noop",
        "venue": contract.venue,
        "slug": contract.slug,
        "condition_id": contract.event.identity if polymarket else None,
        "token_ids": list(contract.symbols) if polymarket else None,
        "note": "nothing to collect",
    }
    account = box.exchange.account(call.caller.client_id, call.now_ns)
    waiting = settling.redeemable(account, named)
    for name in waiting:
        settling.redeem(box.exchange, account, name, call.now_ns)
    if waiting:
        return reply | {"mode": "relayer_submitted", "note": "paid on paper at once; on chain it takes minutes"}
    paid = [account.holdings.get(f"kalshi/{settling.KIND}/{symbol}") for symbol in contract.symbols]
    if any(row is not None and row.won for row in paid):
        return reply | {"mode": "auto_settled", "note": "the venue has paid"}
    return reply


@serves(predict.REWARDS)
def rewards(box: Box, call: Call) -> dict[str, Any]:
    """Programmes of the races that trade now."""
    found = list(rows.rewards(box.market, box.contracts, call.now_ns)) if box.contracts else []
    return {"rewards": found, "count": len(found), "as_of_ns": call.now_ns}


@serves(predict.REWARD)
def reward(box: Box, call: Call) -> dict[str, Any]:
    """The programme of one token."""
    token = call.path["token_id"]
    for row in rewards(box, call)["rewards"]:
        if row["token_id"] == token:
            return dict(row)
    raise not_found("reward", token[:80])


def _venue(text: str | None) -> str | None:
    if text is None:
        return None
    if text.lower() not in predict.VENUES:
        raise invalid(("venue", f"must be one of {', '.join(predict.VENUES)}"))
    return text.lower()


def _expand(text: str | None) -> bool:
    words = [word.strip() for word in (text or "").split(",") if word.strip()]
    if any(word != "outcomes" for word in words):
        raise invalid(("expand", "only outcomes can be expanded"))
    return bool(words)


def _page(query: predict.MarketsQuery, now_ns: int) -> tuple[int, int, int]:
    """How many rows, from which on, and of which instant's list."""
    limit = _LIMIT if query.limit is None else query.limit
    if limit < 1:
        raise invalid(("limit", f"must be 1 to {predict.MAX_LIMIT}"))
    if query.cursor is not None and query.offset is not None:
        raise invalid(("cursor", "cursor and offset exclude each other"))
    start, as_of_ns = query.offset or 0, now_ns
    if query.cursor is not None:
        found = rows.place_of(query.cursor)
        if found is None:
            raise invalid(("cursor", "not one of ours"))
        as_of_ns, start = min(found[0], now_ns), found[1]
    if start < 0:
        raise invalid(("offset", "must not be negative"))
    return min(limit, predict.MAX_LIMIT), start, as_of_ns


def _direct(contracts: "Catalogue", text: str, venue: str) -> "list[tuple[Contract, ...]]":
    try:
        name = canonical(text)
    except ValueError as error:
        raise invalid(("slug", str(error))) from None
    found = contracts.find(name)
    if found is None or found.contract.venue != venue:
        return []
    whole = contracts.named(name)
    return [whole if len(whole) > 1 else (found.contract,)]


def _wanted(
    contracts: "Catalogue", venue: str, query: predict.MarketsQuery, now_ns: int
) -> "Iterable[tuple[Contract, ...]]":
    active = query.active is None or query.active
    closed = bool(query.closed)
    needle = (query.q or "").casefold()
    tag = (query.tag or "").casefold()
    for event in contracts.listed(venue, now_ns):
        status = event[0].event.status(now_ns)
        fits = (active and status == "open") or (closed and status == "resolved") or not (active or closed)
        if not fits or (tag and tag not in [word.casefold() for word in event[0].event.series.tags]):
            continue
        kept = tuple(row for row in event if needle in f"{row.slug} {row.question}".casefold())
        if kept:
            yield kept if venue == "kalshi" else event


def _named(box: Box, call: Call) -> "tuple[Catalogue, Named]":
    venue = _venue(call.query.venue)
    text = call.path["slug"]
    try:
        name = canonical(text)
    except ValueError as error:
        raise invalid(("slug", str(error))) from None
    contracts = box.contracts
    named = contracts.find(name) if contracts else None
    if contracts is None or named is None or venue not in (None, named.contract.venue):
        raise not_found("market", text[:80])
    return contracts, named
