"""The failure tree: each failure knows a stable code, a sentence, a hint and an exit status.

Failure                 1   a bug of ours, or one of:
├─ Usage                2   bad words, bad numbers, a missing --yes; nothing was sent
├─ Refused              3   the exchange said no, definitely; nothing is open because of this call
│  └─ PolicyRefused     3   the local policy said no; nothing was sent
├─ Denied               4   no key, bad key, not permitted
├─ NotFound             5   no such thing
├─ RateLimited          6   after the allowed retries
├─ Unreachable          7   nothing was changed
│  ├─ NotSent           7   nothing left this machine (or no byte of the request did)
│  └─ Ambiguous         7   sent, and no readable answer: a desk turns it into OutcomeUnknown where it matters
├─ Unfinished           8   accepted, not ended when the wait ran out
├─ OutcomeUnknown       9   the order may exist; the hint is the command that settles it
├─ Partial             10   some of it was done
└─ Interrupted        130   by the user

HTTP status and API code → failure: `from_reply`.
"""

from collections.abc import Sequence
from typing import Any, ClassVar


class Failure(Exception):
    """A failure with everything a person or a script needs to act on it."""

    code: ClassVar[str] = "BUG"
    exit_status: ClassVar[int] = 1
    readable = False  # true where the server said so in its own words, not a proxy in HTML

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        code: str | None = None,
        request_id: str | None = None,
        details: Sequence[dict[str, Any]] = (),
        http_status: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.stable_code = code or type(self).code
        self.request_id = request_id
        self.details = list(details)
        self.http_status = http_status
        self.retry_after_s = retry_after_s

    def as_json(self) -> dict[str, Any]:
        """The machine form: ``{"error": {code, message, hint, request_id, details, exit_status}}``."""
        return {
            "error": {
                "code": self.stable_code,
                "message": self.message,
                "hint": self.hint,
                "request_id": self.request_id,
                "details": self.details,
                "exit_status": self.exit_status,
            }
        }


class Usage(Failure):
    """Bad words or numbers; nothing was sent."""

    code, exit_status = "USAGE", 2


class Refused(Failure):
    """A definite no; nothing is open because of this call."""

    code, exit_status = "REFUSED", 3


class PolicyRefused(Refused):
    """A line of the local policy said no; nothing was sent."""

    code = "POLICY"


class Denied(Failure):
    """No key, a bad key, or a key without the permission."""

    code, exit_status = "UNAUTHORIZED", 4


class NotFound(Failure):
    """No such symbol, order, graph or path."""

    code, exit_status = "NOT_FOUND", 5


class RateLimited(Failure):
    """Too many requests, after the allowed retries."""

    code, exit_status = "RATE_LIMITED", 6


class Unreachable(Failure):
    """No usable answer, and nothing was changed."""

    code, exit_status = "UNREACHABLE", 7


class NotSent(Unreachable):
    """No byte of the request left this machine."""

    code = "NOT_SENT"


class Ambiguous(Unreachable):
    """Sent, and no readable answer came back."""

    code = "NO_ANSWER"


class Unfinished(Failure):
    """Accepted, and not ended when the wait ran out."""

    code, exit_status = "UNFINISHED", 8


class OutcomeUnknown(Failure):
    """The order may exist; the hint names the command that settles it."""

    code, exit_status = "OUTCOME_UNKNOWN", 9


class Partial(Failure):
    """Some of it was done."""

    code, exit_status = "PARTIAL", 10


class Interrupted(Failure):
    """Stopped by the user."""

    code, exit_status = "INTERRUPTED", 130


BY_CODE: dict[str, type[Failure]] = {
    "BAD_REQUEST": Refused,
    "VALIDATION_ERROR": Refused,
    "CONFLICT": Refused,
    "UNAUTHORIZED": Denied,
    "FORBIDDEN": Denied,
    "NOT_FOUND": NotFound,
    "RATE_LIMITED": RateLimited,
    "INTERNAL_ERROR": Ambiguous,
    "SERVICE_UNAVAILABLE": Ambiguous,
}
"""The API's nine codes. Source: the vendor's overview page."""

BY_HTTP_STATUS: dict[int, str] = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    409: "CONFLICT",
    422: "VALIDATION_ERROR",
    429: "RATE_LIMITED",
    500: "INTERNAL_ERROR",
    503: "SERVICE_UNAVAILABLE",
}
"""What a status means when the body names no known code."""
