"""Calls an operation: one door for every endpoint; request ids, retries, the rate limit, one deadline.

A `Client` may be used from several threads; its transport gives each a connection of its own.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from seqcli.client import redact, retry
from seqcli.client.clock import Chance, Clock
from seqcli.client.outgoing import Key, Outgoing, outgoing
from seqcli.client.throttle import Throttle
from seqcli.errors import Ambiguous, Denied, Failure, NotSent, RateLimited, Unreachable
from seqcli.wire import strict
from seqcli.wire.envelope import failure_from_reply
from seqcli.wire.operation import Access, Operation, Repeat, Request

if TYPE_CHECKING:
    from seqcli.client.roundtrip import Raw
    from seqcli.client.transport import Transport

Trace = Callable[[str], None]
"""Hears a line a step: what is asked, what came back, after how long; secrets masked, bodies left out."""

_NOTHING = Request()
_MASK = "…".encode()


class Reply(msgspec.Struct):
    """A good answer. `raw`: the body as it came; `body`: its JSON (floats are `strict.Number`) or None."""

    operation: Operation
    status: int
    headers: dict[str, str]
    raw: bytes
    body: Any
    request_id: str


class Client:
    """One account at one base URL.

    `mode` is ``live``, ``sandbox`` or ``local`` and only kept here; `deadline_s` bounds a call with all its
    attempts, in seconds of wall clock; `budget` is the allowance of retries, the process's own unless given.
    """

    def __init__(
        self,
        transport: "Transport",
        *,
        base_url: str,
        key: Key | str | None,
        mode: str,
        clock: Clock,
        rng: Chance,
        throttle: Throttle | None = None,
        deadline_s: float = retry.DEADLINE_S,
        trace: Trace | None = None,
        budget: retry.Budget = retry.BUDGET,
    ) -> None:
        self.base_url = base_url
        self.mode = mode
        self.clock = clock
        self.chance = rng
        self.deadline_s = deadline_s
        self._transport = transport
        self._key = key
        self._throttle = throttle or Throttle(clock)
        self._trace = trace
        self.budget = budget

    def prepare(self, operation: Operation, request: Request = _NOTHING, body: bytes | None = None) -> Outgoing:
        """What `call` would send; for a dry run it needs no key."""
        return outgoing(operation, request, base_url=self.base_url, key=self._key, body=body)

    def call(
        self,
        operation: Operation,
        request: Request = _NOTHING,
        *,
        once: bool = False,
        deadline_s: float | None = None,
        body: bytes | None = None,
        urgent: bool = False,
    ) -> Reply:
        """Send `request`, again as far as the operation and the deadline allow, and read the answer.

        `once` makes a single attempt, for a caller with a loop of its own; `body` is sent instead of the
        request's; `urgent` does not wait for the local rate limit. Raises what the server said, NotSent, or
        Ambiguous for a write and Unreachable for a read.
        """
        outgo = self.prepare(operation, request, body)
        if self._key is None and operation.access is not Access.PUBLIC:
            raise Denied("there is no API key", code="NO_KEY", hint="SEQ_API_KEY, seq creds login, or --local")
        end = self.clock.monotonic() + (self.deadline_s if deadline_s is None else deadline_s)
        earlier: Failure | None = None
        for attempt in range(1, 2 if once else retry.ATTEMPTS + 1):
            try:
                return self._attempt(operation, outgo, attempt, end, urgent=urgent)
            except Failure as failure:
                earlier = _worse(operation, earlier, failure)
                wait = retry.wait_s(attempt, self.chance, failure.retry_after_s)
                if once or not self._may_wait(operation, failure, attempt, end, wait):
                    raise _final(operation, earlier) from None
                self._say(f"  again in {wait:.2f} s")
                self.clock.sleep(wait)
        raise AssertionError

    def close(self) -> None:
        """Let go of the connections."""
        self._transport.close()

    def _may_wait(self, operation: Operation, failure: Failure, attempt: int, end: float, wait: float) -> bool:
        return (
            attempt < retry.ATTEMPTS
            and retry.may_repeat(operation, failure)
            and self.clock.monotonic() + wait < end
            and self.budget.take()
        )

    def _attempt(self, operation: Operation, outgo: Outgoing, attempt: int, end: float, *, urgent: bool) -> Reply:
        if operation.access is not Access.PUBLIC and not urgent:
            self._throttle.acquire(end)
        request_id = _request_id(self.chance)
        start = self.clock.monotonic()
        if start >= end:
            raise NotSent("the deadline had passed before anything was sent", code="NO_TIME")
        self._say(f"> {outgo.method} {outgo.url}", f"attempt {attempt}", f"request id {request_id}")
        headers = outgo.headers | {"X-Request-Id": request_id}
        try:
            raw = self._transport.send(outgo.method, outgo.url, headers, outgo.body, end - start)
            reply = self._read(operation, self._unechoed(raw, outgo.body), request_id)
        except Failure as failure:
            failure.request_id = failure.request_id or request_id
            self._say(f"< {failure.stable_code}: {failure.message}", self._since(start))
            raise
        self._say(
            f"< {reply.status}",
            self._since(start),
            f"{len(reply.raw)} bytes",
            f"request id {reply.request_id}",
        )
        return reply

    def _read(self, operation: Operation, raw: "Raw", request_id: str) -> Reply:
        status, headers, content = raw
        wait = retry.retry_after_s(headers.get("retry-after"), self.clock.time_ns())
        if operation.access is not Access.PUBLIC:
            self._throttle.learn(status, headers, wait)
        request_id = headers.get("x-request-id") or request_id
        if not 200 <= status < 300:  # noqa: PLR2004 - the class of good replies
            failure = _refusal(status, headers, content)
            failure.retry_after_s = wait
            failure.request_id = failure.request_id or request_id
            raise failure
        self.budget.earn()
        body = _parsed(operation, status, headers, content)
        return Reply(operation, status, headers, content, body, request_id)

    def _unechoed(self, raw: "Raw", sent: bytes | None) -> "Raw":
        """The reply with our own key, and the secrets just sent, masked where the server repeats them."""
        secrets = dict.fromkeys(redact.hidden(sent), _MASK)
        if self._key is not None:
            key = self._key if isinstance(self._key, str) else self._key.reveal()
            secrets[key.encode()] = redact.redact(key).encode()
        status, headers, content = raw
        for secret, mask in secrets.items():
            text, shown = secret.decode(), mask.decode()
            if any(text in value for value in headers.values()):
                headers = {name: value.replace(text, shown) for name, value in headers.items()}
            content = content.replace(secret, mask)
        return status, headers, content

    def _since(self, start: float) -> str:
        return f"{(self.clock.monotonic() - start) * 1e3:.1f} ms"

    def _say(self, *words: str) -> None:
        if self._trace is not None:
            self._trace(redact.redact(" · ".join(words)))


def _parsed(operation: Operation, status: int, headers: Mapping[str, str], content: bytes) -> Any:
    if not content or operation.reply in (str, bytes):
        return None
    why = "it is HTML"
    if "html" not in headers.get("content-type", "").lower():
        try:
            return strict.parse(content, number=strict.Number)
        except strict.BadJson as error:
            why = redact.redact(str(error))
    raise Ambiguous(
        f"the server answered HTTP {status} with what is not the API's JSON: {why}",
        code="BAD_REPLY",
        hint="check the base URL: seq config list",
        http_status=status,
    )


def _refusal(status: int, headers: Mapping[str, str], content: bytes) -> Failure:
    if 300 <= status < 400:  # noqa: PLR2004 - the class of redirects
        return Ambiguous(
            f"the server answered HTTP {status}, a redirect; those are never followed with a key",
            code="REDIRECT",
            hint="check the base URL: seq config list",
            http_status=status,
        )
    failure = failure_from_reply(status, content, headers)
    if status >= 500 and not isinstance(failure, Ambiguous):  # noqa: PLR2004 - whatever its body claims
        return Ambiguous(failure.message, code=failure.stable_code, http_status=status)
    return failure


def _worse(operation: Operation, earlier: Failure | None, failure: Failure) -> Failure:
    """What is known after both: a write that may have been applied stays so until the server tells."""
    if not isinstance(earlier, Ambiguous) or _is_read(operation):
        return failure
    silent = isinstance(failure, NotSent | RateLimited | Denied)
    return earlier if silent or operation.repeat is Repeat.SAME_BYTES else failure


def _final(operation: Operation, failure: Failure) -> Failure:
    if not _is_read(operation) or not isinstance(failure, Ambiguous):
        return failure
    return Unreachable(
        failure.message,
        hint=failure.hint,
        code=None if failure.stable_code == Ambiguous.code else failure.stable_code,
        request_id=failure.request_id,
        details=failure.details,
        http_status=failure.http_status,
        retry_after_s=failure.retry_after_s,
    )


def _is_read(operation: Operation) -> bool:
    return operation.method == "GET" or operation.access in (Access.PUBLIC, Access.READ)


def _request_id(chance: Chance) -> str:
    """A UUID, version 4."""
    digits = chance.randbytes(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
