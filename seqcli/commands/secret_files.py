"""Secrets out of a file or stdin: JSON or TOML, names and text. What stands in it is never part of a sentence."""

import tomllib
from typing import Any

from seqcli.commands import words
from seqcli.errors import Usage

_LARGEST = 1 << 16


def read(source: str, example: str) -> dict[str, Any]:
    """The table in FILE or ``-``. Raises `Usage`, with a line of it as an `example`."""
    content = words.content(source, _LARGEST)
    if content.lstrip()[:1] in (b"{", b"["):
        value = words.json(content, source)
        if not isinstance(value, dict):
            raise Usage(f"{source} is not a JSON object", hint=f"or TOML: {example}")
        return value
    try:
        return tomllib.loads(content.decode())
    except ValueError:  # what tomllib says may quote a line, and lines hold secrets
        raise Usage(f"{source} is neither JSON nor TOML", hint=example) from None
