"""Stop new risk, cancel everything, prove it flat. Works with a broken configuration or journal, and asks nothing."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from seqcli.client.client import Client
from seqcli.desk.latch import Latch
from seqcli.errors import Ambiguous, Failure, Partial
from seqcli.wire import algos, graphs, health, orders, safety
from seqcli.wire.operation import Operation, Request

APART_S = 2.0
READS = 10
VENUES = (
    "binance", "bitget", "bybit", "coinbase", "cryptocom", "dex",
    "hyperliquid", "kalshi", "kraken", "okx", "polymarket", "solana",
)  # fmt: skip
"""Where to cancel when the exchange can't say what is connected. Source: the vendor's list of venues."""
STILL = ("paused", "stopped")
"""Statuses of a deployment that does nothing; any other one is stopped."""
_PAGE, _PAGES = 1000, 50


class KillSwitch:
    """The latch of one account and, where there is a client, the exchange's switch.

    `open_client` may fail (no key, broken configuration); the latch holds all the same.
    """

    def __init__(self, latch: Latch, account: str | None, now_ns: int, open_client: Callable[[], Client]) -> None:
        self._latch = latch
        self._account = account
        self._now_ns = now_ns
        self._open_client = open_client

    def on(self, reason: str | None) -> tuple[dict[str, Any], Failure | None]:
        """Latch, engage, stop, cancel, and look until no order is open in two reads two seconds apart."""
        report: dict[str, Any] = {
            "latched": False,
            "reason": reason,
            "flat": False,
            "server": None,
            "problem": None,
        }
        report |= {"deployments_stopped": 0, "open_orders": None, "venues": []}
        problems: list[str] = []
        with _noting(problems):
            self._latch.engage(self._account, self._now_ns, reason)
            report["latched"] = True
        with _noting(problems):
            self._clear_out(self._open_client(), report, reason, problems)
        report["flat"] = report["flat"] and report["server"] is not None and report["latched"]
        report["problem"] = "; ".join(problems) or None
        if report["flat"]:
            return report, None
        why = report["problem"] or f"{report['open_orders']} orders are still open"
        on = "the latch is on: no new order leaves this machine; run it again"
        hint = on if report["latched"] else "the latch could NOT be set here: run it again"
        return report, Partial(f"not proven flat: {why}", code="NOT_FLAT", hint=hint)

    def off(self) -> dict[str, Any]:
        """Clear the server first, the latch after. Raises what the server says; the latch then stays."""
        reply = self._open_client().call(safety.KILL_SWITCH_CLEAR, urgent=True)
        if not isinstance(reply.body, dict) or reply.body.get("engaged") is not False:
            raise Ambiguous(
                "the server did not say that its kill switch is off; the latch stays", hint="seq killswitch status"
            )
        self._latch.release(self._account)
        return {
            "latched": self._latch.record(self._account) is not None,
            "server": reply.body,
            "problem": None,
        }

    def status(self) -> dict[str, Any]:
        """Both switches; the server's None when it can't be read."""
        record = self._latch.record(self._account)
        report: dict[str, Any] = {
            "latched": record is not None,
            "reason": (record or {}).get("reason"),
            "problem": None,
        }
        try:
            return report | {"server": self._open_client().call(safety.KILL_SWITCH_READ, urgent=True).body}
        except Failure as failure:
            return report | {"server": None, "problem": failure.message}

    def _clear_out(self, client: Client, report: dict[str, Any], reason: str | None, problems: list[str]) -> None:
        """Every step is tried, whatever became of the one before it."""
        with _noting(problems):
            body = client.call(safety.KILL_SWITCH_ENGAGE, Request(body=safety.Engage(reason=reason)), urgent=True).body
            if not isinstance(body, dict) or body.get("engaged") is not True:
                raise Ambiguous("the server did not say that its kill switch is on")
            report["server"] = body
        with _noting(problems):
            self._stop_deployments(client, report, problems)
        with _noting(problems):
            self._cancel(client, report, problems)
        self._prove(client, report, problems)

    def _stop_deployments(self, client: Client, report: dict[str, Any], problems: list[str]) -> None:
        rows = _rows(client.call(algos.DEPLOYMENTS, urgent=True).body, "deployments")
        names = [str(row.get("deployment_id")) for row in rows if str(row.get("status")).lower() not in STILL]
        stops = [(name, algos.DEPLOYMENT_STOP, Request(path={"id": name})) for name in names]
        for name, answer in side_by_side(client, stops):
            if isinstance(answer, Exception):
                problems.append(f"deployment {name} was not stopped: {answer}")
            else:
                report["deployments_stopped"] += 1

    def _cancel(self, client: Client, report: dict[str, Any], problems: list[str]) -> None:
        found: list[dict[str, Any]] = []
        with _noting(problems):
            found = open_orders(client)
        venues = sorted({*_venues_of(found), *_connected(client)})
        tries = [(venue, safety.VENUE_CANCEL_ALL, Request(path={"venue": venue})) for venue in venues]
        cancelled: Counter[str] = Counter()
        errors: dict[str, str] = {}
        for venue, answer in side_by_side(client, tries):
            if isinstance(answer, Exception):
                errors[venue] = str(answer)
            elif isinstance(answer, dict):
                cancelled[venue] += _count(answer.get("cancelled"))
        report["venues"] = [
            {"venue": venue, "cancelled": cancelled[venue], "open": 0, "error": errors.get(venue)}
            for venue in venues
            if cancelled[venue] or venue in errors or venue in _venues_of(found)
        ]

    def _prove(self, client: Client, report: dict[str, Any], problems: list[str]) -> None:
        """Flat is seen when two reads in a row, two seconds apart, find no open order; what they find is cancelled."""
        empty, found = 0, []
        trouble: str | None = None
        for place in range(READS):
            if place:
                client.clock.sleep(APART_S)
            try:
                found, trouble = open_orders(client), None
            except Failure as failure:
                empty, trouble = 0, failure.message
                continue
            report["open_orders"] = len(found)
            empty = 0 if found else empty + 1
            if empty == 2:  # noqa: PLR2004 - two reads
                report["flat"] = True
                break
            side_by_side(client, _cancels(found))
        if trouble is not None:
            problems.append(f"the open orders could not be read: {trouble}")
        still = Counter(venue for order in found for venue in _venues_of([order]))
        rows = {row["venue"]: row for row in report["venues"]}
        for venue in still:
            rows.setdefault(venue, {"venue": venue, "cancelled": 0, "open": 0, "error": None})
        report["venues"] = [row | {"open": still[name]} for name, row in sorted(rows.items())]


@contextlib.contextmanager
def _noting(problems: list[str]) -> Iterator[None]:
    """Go on after whatever goes wrong here, and remember it: half a kill switch must not stop the other half."""
    try:
        yield
    except Failure as failure:
        problems.append(failure.message)
    except KeyboardInterrupt:
        problems.append("interrupted")
    except Exception as error:  # noqa: BLE001 - a nonsense answer must not end it either
        problems.append(f"{type(error).__name__}: {error}")


def open_orders(client: Client) -> list[dict[str, Any]]:
    """Every order that is not in a final state; filtered here, too, since a server may not know the filter.

    Raises Ambiguous for an answer that is not the whole list: what was not read is not flat.
    """
    found: list[dict[str, Any]] = []
    read = 0
    for _page in range(_PAGES):
        query = orders.ListQuery(status="open", limit=_PAGE, offset=read)
        body = client.call(orders.LIST, Request(query=query), urgent=True).body
        rows = _rows(body, "orders")
        read += len(rows)  # a server may give fewer than were asked for
        found += [row for row in rows if str(row.get("status")).upper() not in orders.TERMINAL]
        if isinstance(body, list) or not rows or not (body.get("has_more") or _count(body.get("total")) > read):
            return found
    raise Ambiguous(f"more than {read} orders are listed")


def _rows(body: Any, name: str) -> list[dict[str, Any]]:
    rows = body.get(name) if isinstance(body, dict) else body
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Ambiguous(f"the answer is not a list of {name}", code="BAD_REPLY")
    return rows


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _cancels(found: list[dict[str, Any]]) -> list[tuple[str, Operation, Request]]:
    names = sorted({str(order.get("graph_id")) for order in found})
    return [(name, graphs.CANCEL, Request(path={"graph_id": name})) for name in names]


def side_by_side(client: Client, tries: list[tuple[str, Operation, Request]]) -> list[tuple[str, Any]]:
    """Call all of them at once; each one's JSON, or what went wrong. The embedded exchange takes one at a time."""

    def ask(one: tuple[str, Operation, Request]) -> tuple[str, Any]:
        name, operation, request = one
        try:
            return name, client.call(operation, request, urgent=True).body
        except Exception as failure:  # noqa: BLE001 - one venue's nonsense must not stop the others
            return name, failure

    if client.mode == "local" or len(tries) < 2:  # noqa: PLR2004 - nothing to overlap
        return [ask(one) for one in tries]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=16) as pool:
        return list(pool.map(ask, tries))


def _connected(client: Client) -> list[str]:
    try:
        body = client.call(health.EDGES).body
    except Failure:
        body = None
    names = body.get("connected") if isinstance(body, dict) else None
    if not isinstance(names, list):
        return list(VENUES)
    return [name for name in names if isinstance(name, str) and not name.endswith("-perp")]


def _venues_of(found: list[dict[str, Any]]) -> set[str]:
    legs = [leg for order in found for leg in order.get("legs") or [] if isinstance(leg, dict)]
    return {str(leg.get("venue")) for leg in legs if str(leg.get("status")).upper() not in orders.TERMINAL}
