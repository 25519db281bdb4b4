"""What went wrong on the way, in a sentence: from the chain of an exception, and never in its own words.

An HTTP library's message may quote a header, and with it a key.
"""

import errno
import socket
from collections.abc import Iterator

from seqcli.client.body import BadBody
from seqcli.client.redact import redact

_KEPT = {
    errno.ECONNREFUSED: "refused the connection",
    errno.ECONNRESET: "cut the connection before an answer was complete",
    errno.EPIPE: "cut the connection before an answer was complete",
    errno.EHOSTUNREACH: "can't be reached: no route",
    errno.ENETUNREACH: "can't be reached: no network",
}


def sentence(name: str, error: BaseException, deadline_s: float) -> str:
    """What `error` says of the server `name`."""
    for cause in _chain(error):
        told = _told(cause, deadline_s)
        if told is not None:
            return f"{name} {told}"
    kind = type(error).__name__
    if kind == "RemoteProtocolError":
        return f"{name} closed the connection before an answer was complete, or did not answer in HTTP"
    return f"{name} could not be asked: {kind}"


def _told(cause: BaseException, deadline_s: float) -> str | None:
    if isinstance(cause, BadBody):
        return f"answered {cause}"
    if isinstance(cause, TimeoutError):
        return f"did not answer within {deadline_s:.3g} s"
    if isinstance(cause, socket.gaierror):
        return "is not found: no such host"
    if untrusted(cause):
        return f"has a certificate that is not trusted: {redact(str(getattr(cause, 'verify_message', '')))}"
    if isinstance(cause, OSError):
        return _KEPT.get(cause.errno or 0) or _other(cause)
    return None


def untrusted(cause: BaseException) -> bool:
    """Whether a certificate was refused; `ssl` need not be imported to know."""
    return hasattr(cause, "verify_message")


def code(error: BaseException | None) -> str | None:
    """A code more exact than the class's own, when another attempt can't do better."""
    for cause in _chain(error):
        if isinstance(cause, BadBody):
            return "BAD_REPLY"
        if untrusted(cause):
            return "BAD_CERTIFICATE"
    return None


def hint(error: BaseException | None) -> str | None:
    """What to type next."""
    for cause in _chain(error):
        if isinstance(cause, socket.gaierror):
            return "check the base URL: seq config list"
        if untrusted(cause):
            return "a company's own authority is named with: seq config set ca_file FILE"
        if isinstance(cause, ConnectionRefusedError):
            return "nothing listens there: seq config list shows the base URL, seq sandbox serve starts one"
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen = 0
    while error is not None and seen < 10:  # noqa: PLR2004 - deeper than any library nests
        yield error
        error, seen = error.__cause__ or error.__context__, seen + 1


def _other(error: OSError) -> str:
    if type(error).__module__ == "ssl":
        return f"can't be spoken to over TLS: {(getattr(error, 'reason', None) or 'handshake failed')}"
    return f"can't be reached: {redact(error.strerror or type(error).__name__)}"
