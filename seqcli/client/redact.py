"""The one filter before every sink: text, bytes or JSON in, the same with its secrets masked out."""

import re
from typing import Any

_KEY = r"(seq_(?:live|test)_|sk_(?:live|test)_)([A-Za-z0-9_-]+)"
_BEARER = r"(?i)(\bbearer[ \t]+)(?!<none>|seq_(?:live|test)_|sk_(?:live|test)_)[^\s\"',;]+"
_SHOWN = 4
_LONG_ENOUGH = 12  # of a shorter key, the last four would be too much of it
_MASK = "…"

SECRET_FIELDS = frozenset(
    {
        "api_key",
        "api_secret",
        "builder",
        "mnemonic",
        "passphrase",
        "password",
        "private_key",
        "secret",
        "signer_private_key",
    }
)
"""Names whose values are secrets, whatever they look like. Source: the bodies that save credentials."""


def redact(text: str) -> str:
    """`text` with every key as prefix and last four (`seq_live_…1a2b`) and every other bearer as `…`."""
    if "_" not in text and "earer" not in text.lower():
        return text
    return re.sub(_BEARER, rf"\1{_MASK}", re.sub(_KEY, lambda found: _shown(*found.groups()), text))


def redact_bytes(raw: bytes) -> bytes:
    """The same for bytes that are not to be decoded; keys are ASCII."""
    return re.sub(_KEY.encode(), lambda found: redact(found.group().decode("ascii")).encode(), raw)


def masked(value: Any) -> Any:
    """A copy of a JSON value with secret fields as `…` and every key in any text masked."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {
            name: _MASK if name in SECRET_FIELDS and item not in (None, "") else masked(item)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [masked(item) for item in value]
    return value


def _shown(prefix: str, body: str) -> str:
    return f"{prefix}{_MASK}{body[-_SHOWN:]}" if len(body) >= _LONG_ENOUGH else f"{prefix}{_MASK}"
