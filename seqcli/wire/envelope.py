"""The error envelope, both ways: what the server answers and what a client makes of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from seqcli import errors
from seqcli.wire import strict

HTTP_STATUS = {code: status for status, code in errors.BY_HTTP_STATUS.items() if code != "VALIDATION_ERROR"} | {
    "VALIDATION_ERROR": 400
}
"""API code → HTTP status. Source: the vendor's overview page."""


def envelope(code: str, message: str, request_id: str, details: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """The body of an error; `details` only with VALIDATION_ERROR."""
    error: dict[str, Any] = {"code": code, "message": message, "request_id": request_id}
    if code == "VALIDATION_ERROR":
        error["details"] = [dict(row) for row in details]
    return {"error": error}


def failure_from_reply(http_status: int, raw: bytes, headers: Mapping[str, str]) -> errors.Failure:
    """The typed failure of a reply that is not a success: the envelope, the flat string form, or neither.

    `headers` has lower-case names.
    """
    error = _error_of(raw)
    if isinstance(error, dict):
        message, code = error.get("message"), error.get("code")
        request_id, details = error.get("request_id"), error.get("details")
    else:
        message, code, request_id, details = error, None, None, None
    known = code if isinstance(code, str) and code in errors.BY_CODE else errors.BY_HTTP_STATUS.get(http_status)
    kind = errors.BY_CODE[known] if known else _kind_of_status(http_status)
    failure = kind(
        message if isinstance(message, str) and message else f"the server answered HTTP {http_status}",
        code=code if isinstance(code, str) and code else known or f"HTTP_{http_status}",
        request_id=request_id if isinstance(request_id, str) else headers.get("x-request-id"),
        details=[row for row in details if isinstance(row, dict)] if isinstance(details, list) else (),
        http_status=http_status,
        hint=_HINTS.get(known or ""),
    )
    failure.readable = isinstance(message, str) and bool(message)
    return failure


_HINTS = {
    "UNAUTHORIZED": "check the key: seq creds status",
    "FORBIDDEN": "this key may not do that: seq creds status",
    "RATE_LIMITED": "wait and try again",
}


def _error_of(raw: bytes) -> Any:
    try:
        body = strict.parse(raw)
    except strict.BadJson:
        return None
    return body.get("error") if isinstance(body, dict) else None


def _kind_of_status(http_status: int) -> type[errors.Failure]:
    if 400 <= http_status < 500:  # noqa: PLR2004 - the class of client errors
        return errors.Refused
    return errors.Ambiguous
