"""A request that is refused, as the API's error envelope says it: raised by the exchange and by handlers alike."""

from collections.abc import Sequence

from seqcli.wire.envelope import HTTP_STATUS


class Problem(Exception):
    """A reply in the error envelope.

    `code` is one of `HTTP_STATUS`; `message` as ``conflict: kill_switch: engaged``; `details`
    (``{"field", "message"}`` each) only with VALIDATION_ERROR.
    """

    def __init__(
        self,
        code: str,
        message: str,
        details: Sequence[dict[str, str]] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = list(details)
        self.headers = headers or {}

    @property
    def status(self) -> int:
        """The HTTP status of the code."""
        return HTTP_STATUS[self.code]


def invalid(*violations: tuple[str, str]) -> Problem:
    """VALIDATION_ERROR for ``(field, message)`` pairs; the sentence names the first, `details` all."""
    field, reason = violations[0]
    details = [{"field": name, "message": text} for name, text in violations]
    return Problem("VALIDATION_ERROR", f"validation error: {field}: {reason}", details)


def not_found(kind: str, identity: str) -> Problem:
    """``not found: order: <id>``."""
    return Problem("NOT_FOUND", f"not found: {kind}: {identity}")


def conflict(subject: str, reason: str) -> Problem:
    """``conflict: graph_id: used with different parameters``."""
    return Problem("CONFLICT", f"conflict: {subject}: {reason}")
