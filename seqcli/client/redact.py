"""The one filter before every sink: text, bytes or JSON in, the same with its secrets masked out."""

import json
import re
from collections.abc import Iterator
from typing import Any

_KEY = r"(seq_(?:live|test)_|sk_(?:live|test)_)([A-Za-z0-9_-]+)"
_BEARER = r"(?i)(\bbearer[ \t]+)(?!<none>|seq_(?:live|test)_|sk_(?:live|test)_)[^\s\"',;]+"
_SHOWN = 4
_LONG_ENOUGH = 12  # of a shorter key, the last four would be too much of it
_MASK = "…"
_WORTH_HIDING = 8

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
        "sequence_api_key",
        "signer_private_key",
    }
)
"""Names whose values are secrets, whatever they look like. Source: the bodies that save credentials."""
_OPEN_ENDED = frozenset({"extra_json", "secrets"})
"""What stands in it is a secret unless it is known not to be: a venue may want anything there."""
_SECRET_NAME = re.compile(f'"(?:{"|".join(sorted(SECRET_FIELDS | _OPEN_ENDED))})"'.encode())
_PUBLIC = frozenset({"proxy_address", "vault_address", "chain"})


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
        return {name: _field(name, item) for name, item in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return value


def _field(name: str, item: Any) -> Any:
    if name in SECRET_FIELDS and item not in (None, ""):
        return _MASK
    if name in _OPEN_ENDED and isinstance(item, dict):
        return {part: masked(text) if part in _PUBLIC else _MASK for part, text in item.items()}
    return masked(item)


def hidden(body: bytes | None) -> list[bytes]:
    """The secrets in the body of a request, line by line: what a reply to it must not repeat.

    Shorter ones than eight characters are left out: they would be found where they are not meant.
    """
    if body is None or _SECRET_NAME.search(body) is None:
        return []
    lines = (line.strip() for text in _secrets(json.loads(body)) for line in text.splitlines())
    return sorted({line.encode() for line in lines if len(line) >= _WORTH_HIDING}, key=len, reverse=True)


def _secrets(value: Any, *, inside: bool = False) -> Iterator[str]:
    if isinstance(value, str) and inside:
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _secrets(item, inside=(inside or name in SECRET_FIELDS | _OPEN_ENDED) and name not in _PUBLIC)
    elif isinstance(value, list):
        for item in value:
            yield from _secrets(item, inside=inside)


def _shown(prefix: str, body: str) -> str:
    return f"{prefix}{_MASK}{body[-_SHOWN:]}" if len(body) >= _LONG_ENOUGH else f"{prefix}{_MASK}"
