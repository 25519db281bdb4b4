"""The one gate: every request passes here before any handler, whatever carried it (HTTP, SSE, WebSocket,
this process).

Order of checks: host and origin → key (401) → permission (403) → rate (429) → route (404) → media type,
size and JSON
(400) → values (400) → the handler. Every refusal is the error envelope with a request id.
"""

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import msgspec

from seqcli.sandbox.ids import random_id
from seqcli.sandbox.log import clean
from seqcli.sandbox.service import timing
from seqcli.sandbox.service.bodies import read_body, read_query
from seqcli.sandbox.service.inbound import MAX_ID, Inbound, check_media, no_route, too_large
from seqcli.sandbox.service.limiter import Limiter, Verdict
from seqcli.sandbox.serving import NOBODY, Answer, Call, Caller, Following, Paused, Problem, handler_for, whole
from seqcli.sandbox.storage.damage import CannotWrite
from seqcli.sandbox.storage.keys import LIVE_PREFIX, Key
from seqcli.wire import catalogue, strict
from seqcli.wire.envelope import envelope
from seqcli.wire.operation import Access, Operation

if TYPE_CHECKING:
    from seqcli.sandbox.box import OpenBox
    from seqcli.wire.streams import Socket

__all__ = ["Admitted", "Entrance", "Gate", "Inbound", "Outbound", "refusal"]

MAX_KEY = 512
_STILL = frozenset({"quotes", "market", "health", "docs", "credentials", "algos", "backtests", "api_keys"})
"""Nouns that neither show nor change what the exchange holds; what they store is durable when they return."""
_ROLES = {
    Access.READ: ("read", "trader", "admin"),
    Access.TRADE: ("trader", "admin"),
    Access.ADMIN: ("admin",),
    Access.SANDBOX: ("trader", "admin"),
}


class Admitted(msgspec.Struct):
    """A request that may go on; `body_limit` bytes of body are worth reading. `received` on the gate's own clock."""

    inbound: Inbound
    request_id: str
    operation: Operation
    path: dict[str, str]
    caller: Caller
    headers: dict[str, str]
    received: int = 0
    timed: Callable[[], Any] | None = None

    @property
    def body_limit(self) -> int:
        """Bytes."""
        return self.operation.body_limit


class Entrance(msgspec.Struct):
    """A socket that may be opened."""

    socket: "Socket"
    request_id: str
    caller: Caller
    headers: dict[str, str]


class Outbound(msgspec.Struct):
    """A whole reply, or the head of one that goes on (`following`). It may leave once event `durable_seq` is on
    disk.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    durable_seq: int = 0
    following: Following | None = None


class Gate:
    """`hosts` are the exact Host values that are ours; `log` takes one line or one traceback, cleaned of
    keys here.
    """

    def __init__(
        self,
        box: "OpenBox",
        *,
        hosts: frozenset[str],
        clock_ns: Callable[[], int],
        log: Callable[[str], None],
        make_id: Callable[[], str] | None = None,
    ) -> None:
        self._box = box
        self._hosts = hosts
        self._origins = frozenset(f"http://{host}" for host in hosts)
        self._clock_ns = clock_ns
        self._limiter = Limiter(clock_ns)
        self._write_log = log
        self._make_id = make_id or random_id
        self.closing = False

    def handle(self, inbound: Inbound, body: bytes) -> Outbound:
        """The whole way of one request whose body is known."""
        admitted = self.admit(inbound)
        return admitted if isinstance(admitted, Outbound) else self.answer(admitted, body)

    def admit(self, inbound: Inbound) -> Admitted | Outbound:
        """Every check that the head alone decides; the body need not have been read."""
        received = self._clock_ns()
        request_id = self._request_id(inbound)
        headers = {"X-Request-Id": request_id}
        try:
            admitted = self._admit(inbound, request_id, headers)
        except Problem as problem:
            return refusal(problem, headers)
        except Exception:  # noqa: BLE001 - whatever a bug raises, the caller gets the envelope
            return self._bug(inbound, headers)
        admitted.received = received
        return admitted

    def enter(self, inbound: Inbound) -> Entrance | Outbound:
        """Every check of a request to open a WebSocket, before anything is opened."""
        request_id = self._request_id(inbound)
        headers = {"X-Request-Id": request_id}
        try:
            return self._enter(inbound, request_id, headers)
        except Problem as problem:
            return refusal(problem, headers)
        except Exception:  # noqa: BLE001 - whatever a bug raises, the caller gets the envelope
            return self._bug(inbound, headers)

    def answer(self, admitted: Admitted, body: bytes) -> Outbound:
        """Check the body, call the handler, and put its events on their way to disk."""
        return whole(self.steps(admitted, body))

    def steps(self, admitted: Admitted, body: bytes) -> Paused[Outbound]:
        """The same with a pause wherever a long question has one: others may be answered meanwhile."""
        try:
            reply = yield from self._answer(admitted, body)
        except Problem as problem:
            reply = refusal(problem, admitted.headers)
        except Exception as error:  # noqa: BLE001 - whatever a bug raises, the caller gets the envelope
            reply = self._failure(error, admitted)
        if admitted.operation.noun not in _STILL:
            reply.durable_seq = self._box.sequencer.stage()
            if admitted.timed is not None:
                self._box.sequencer.timed(admitted.timed)
        return reply

    def refuse(self, admitted: Admitted, problem: Problem) -> Outbound:
        """`problem` as the reply to a request that had been admitted."""
        return refusal(problem, admitted.headers)

    def unavailable(self, request_id: str, reason: str) -> Outbound:
        """503 in the envelope."""
        problem = Problem("SERVICE_UNAVAILABLE", f"service unavailable: {reason}")
        return refusal(problem, {"X-Request-Id": request_id})

    def _request_id(self, inbound: Inbound) -> str:
        given = inbound.headers.get("x-request-id", "")
        usable = 0 < len(given) <= MAX_ID and given.isascii() and given.isprintable()
        return given if usable else self._make_id()

    def _admit(self, inbound: Inbound, request_id: str, headers: dict[str, str]) -> Admitted:
        self._check_address(inbound)
        routes = catalogue.at_path(inbound.path)
        found = next((row for row in routes if row[0].method == inbound.method), None)
        caller = NOBODY
        if found is None or found[0].access is not Access.PUBLIC:
            caller = self._caller(inbound, found and found[0], headers)
        if found is None:
            raise no_route(inbound, routes)
        operation, path = found
        check_media(inbound, operation)
        return Admitted(inbound, request_id, operation, path, caller, headers)

    def _enter(self, inbound: Inbound, request_id: str, headers: dict[str, str]) -> Entrance:
        from seqcli.wire.streams import SOCKETS

        self._check_address(inbound)
        caller = self._caller(inbound, None, headers, ticketed=True)
        socket = SOCKETS.get(inbound.path)
        if socket is None or inbound.method != "GET":
            raise no_route(inbound, catalogue.at_path(inbound.path))
        if self.closing or self._box.sequencer.halted is not None:
            raise Problem("SERVICE_UNAVAILABLE", "service unavailable: stopping")
        return Entrance(socket, request_id, caller, headers)

    def _check_address(self, inbound: Inbound) -> None:
        if inbound.headers.get("host", "").lower() not in self._hosts:
            raise Problem("FORBIDDEN", "forbidden: host: not an address of this exchange")
        origin = inbound.headers.get("origin")
        if origin is not None and origin.lower() not in self._origins:
            raise Problem("FORBIDDEN", "forbidden: origin: pages of other sites may not call")

    def _caller(
        self, inbound: Inbound, operation: Operation | None, headers: dict[str, str], *, ticketed: bool = False
    ) -> Caller:
        key = self._key(inbound, ticketed=ticketed or (operation is not None and operation.path.endswith("/stream")))
        caller = self._box.keys.caller(key)
        key.last_used_ns = self._box.sequencer.stamp()
        if operation is not None and caller.role not in _ROLES[operation.access]:
            raise Problem("FORBIDDEN", f"forbidden: {operation.name}: a {caller.role} key may not do that")
        verdict = self._limiter.take(key.key_id, key.qps)
        if verdict is not None:
            _tell(verdict, headers)
            if verdict.wait_s:
                raise Problem("RATE_LIMITED", "rate limit exceeded", headers={"Retry-After": str(verdict.wait_s)})
        return caller

    def _key(self, inbound: Inbound, *, ticketed: bool) -> Key:
        authorization = inbound.headers.get("authorization", "")
        if ticketed and not authorization and inbound.query:
            return self._key_of_ticket(inbound.query)
        scheme, _, raw = authorization.partition(" ")
        raw = raw.strip()
        if scheme.lower() != "bearer" or not raw:
            raise Problem("UNAUTHORIZED", "unauthorized: key: missing; send Authorization: Bearer seq_test_…")
        if raw.startswith(LIVE_PREFIX):
            raise Problem("UNAUTHORIZED", "unauthorized: key: this is a sandbox; it takes no live key")
        key = self._box.keys.find(raw) if len(raw) <= MAX_KEY else None
        if key is None:
            raise Problem("UNAUTHORIZED", "unauthorized: key: unknown or revoked")
        return key

    def _key_of_ticket(self, query: str) -> Key:
        from urllib.parse import parse_qs

        given = parse_qs(query)
        if "ticket" not in given:
            also = "; a key in the address is not taken" if "api_key" in given else ""
            raise Problem("UNAUTHORIZED", f"unauthorized: key: missing; send Authorization: Bearer seq_test_…{also}")
        box = self._box
        key = box.tickets.use(given["ticket"][-1], box.keys, box.sequencer.stamp())
        if key is None:
            raise Problem("UNAUTHORIZED", "unauthorized: ticket: unknown, used or expired")
        return key

    def _answer(self, admitted: Admitted, raw: bytes) -> Paused[Outbound]:
        operation = admitted.operation
        if len(raw) > operation.body_limit:
            raise too_large(operation)
        body = read_body(operation, raw)
        query = read_query(operation, admitted.inbound.query)
        sequencer = self._box.sequencer
        if sequencer.halted is not None:
            raise Problem("SERVICE_UNAVAILABLE", "service unavailable: the store cannot be written")
        if self.closing and operation.noun == "health":
            raise Problem("SERVICE_UNAVAILABLE", "service unavailable: stopping")
        validated = self._clock_ns()
        now_ns = sequencer.stamp() if operation.noun in _STILL else self._box.catch_up()
        call = Call(operation, admitted.path, query, body, raw, admitted.caller, now_ns, admitted.request_id)
        result = handler_for(operation)(self._box, call)
        if isinstance(result, Generator):
            result = yield from result
        if operation.name in timing.WHAT:
            ticks = (admitted.received, validated, self._clock_ns())
            admitted.timed = timing.step(call, result, ticks, self._clock_ns)
        return _reply(operation, result, admitted.headers)

    def _failure(self, error: Exception, admitted: Admitted) -> Outbound:
        if isinstance(error, CannotWrite):
            self._box.sequencer.halted = error.message
            self.report(error.message)
            return self.unavailable(admitted.request_id, "the store cannot be written")
        return self._bug(admitted.inbound, admitted.headers)

    def _bug(self, inbound: Inbound, headers: dict[str, str]) -> Outbound:
        from traceback import format_exc

        request_id = headers["X-Request-Id"]
        self.report(f"request {request_id} {inbound.method} {inbound.path}\n{format_exc()}")
        return refusal(Problem("INTERNAL_ERROR", "internal error: see the server's log"), headers)

    def report(self, text: str) -> None:
        """A line or a traceback for the operator."""
        self._write_log(clean(text))


def refusal(problem: Problem, headers: dict[str, str]) -> Outbound:
    """`problem` in the envelope; `headers` hold the request id."""
    body = strict.encode(envelope(problem.code, problem.message, headers["X-Request-Id"], problem.details))
    told = {"Content-Type": "application/json", **headers, **problem.headers}
    if problem.code == "SERVICE_UNAVAILABLE":
        told.setdefault("Retry-After", "1")
    return Outbound(problem.status, told, body)


def _reply(operation: Operation, result: Any, headers: dict[str, str]) -> Outbound:
    answer = result if isinstance(result, Answer) else Answer(result)
    if isinstance(answer.body, Following):
        return Outbound(200, headers, b"", following=answer.body)
    body = answer.body if isinstance(answer.body, bytes) else strict.encode(answer.body)
    status = answer.status or operation.success[0]
    return Outbound(status, {"Content-Type": "application/json", **headers, **answer.headers}, body)


def _tell(verdict: Verdict, headers: dict[str, str]) -> None:
    headers["X-RateLimit-Limit"] = str(verdict.limit)
    headers["X-RateLimit-Remaining"] = str(verdict.remaining)
    headers["X-RateLimit-Reset"] = str(verdict.reset_s)
