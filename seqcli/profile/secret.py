"""An API key that no text shows: its shape is checked before anything carries it, and printing masks it."""

import re
from typing import NoReturn

from seqcli.errors import Denied

_SHAPE = re.compile(r"seq_(live|test)_[A-Za-z0-9_-]{1,200}")
_KEYLIKE = r"(seq_(?:live|test)_|sk_(?:live|test)_)[^\s\"'<>]+"
_SHOWN = 4
_LONG_ENOUGH = 12  # of a shorter key, the last four would be too much of it
MODES = {"live": "live", "test": "sandbox"}
"""What a key's prefix says: `seq_live_` is LIVE, `seq_test_` is the exchange's sandbox."""


class BadKey(Denied):
    """Text that can't be a key; the text itself is never part of the sentence."""

    code = "BAD_KEY"


class Secret:
    """A key: `seq_(live|test)_` and 1–200 of `[A-Za-z0-9_-]`, after one trailing newline is stripped.

    `str` and `repr` show prefix and last four; only `reveal()` gives the key. Raises BadKey, naming `source`.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str | bytes, *, source: str = "the key") -> None:
        self._text = _checked(text, source)

    def reveal(self) -> str:
        """The key itself, for the Authorization header and the place it is kept in."""
        return self._text

    @property
    def mode(self) -> str:
        """`live` or `sandbox`, by the prefix."""
        return MODES[self._text.split("_", 2)[1]]

    @property
    def fingerprint(self) -> str:
        """Sixteen hex digits that tell two keys apart and give neither away."""
        import hashlib

        return hashlib.sha256(self._text.encode()).hexdigest()[:16]

    def __str__(self) -> str:
        return masked(self._text)

    def __repr__(self) -> str:
        return f"Secret({self})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("a key is not copied or pickled")


def masked(key: str) -> str:
    """`seq_live_…1234`; a short key shows its prefix alone."""
    body = key.split("_", 2)[-1]
    prefix = key.removesuffix(body)
    return f"{prefix}…{body[-_SHOWN:]}" if len(body) >= _LONG_ENOUGH else f"{prefix}…"


def shown(text: object) -> str:
    """Any text with whatever looks like a key masked, for sentences that quote the user."""
    return re.sub(_KEYLIKE, lambda found: masked(found.group()), str(text))


def _checked(text: str | bytes, source: str) -> str:
    decoded = text if isinstance(text, str) else text.decode("ascii", "replace")
    line = decoded.removesuffix("\n").removesuffix("\r") if decoded.endswith("\n") else decoded
    if _SHAPE.fullmatch(line):
        return line
    raise BadKey(f"{source} {_fault(line)}", hint="keys are made in the web console under Settings → API Keys")


def _fault(line: str) -> str:
    if not line:
        return "is empty"
    if line.strip() != line or "\n" in line:
        return "has spaces or more than one line; give the key alone"
    if line.startswith(("sk_live_", "sk_test_")):
        return "is of the old form sk_…; make a new one"
    if line.startswith(("'", '"', "Bearer ")):
        return "has quotes or the word Bearer around it; give the key alone"
    return "is not a key: seq_live_… or seq_test_…, then up to 200 letters, digits, - and _"
