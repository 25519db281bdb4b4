"""The settings of the vendor's own command line: its key, under whatever name (the names are not documented).

Source: ``sequence login`` writes ``~/.sequence/config.toml``.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from seqcli import files
from seqcli.errors import NotFound, Usage
from seqcli.profile.secret import Secret

_ADDRESSES = ("base_url", "api_url", "url")
_KEYLIKE = ("seq_live_", "seq_test_")


class Found(msgspec.Struct, kw_only=True):
    """The key, and the address that stands beside it when one does."""

    key: Secret
    base_url: str | None


def config_file() -> Path:
    """Where the vendor's command line keeps its settings."""
    return Path.home() / ".sequence" / "config.toml"


def read(path: Path | None = None) -> Found:
    """The one key in the file. Raises NotFound without a file or a key, Usage for several or a file of others."""
    path = path or config_file()
    try:
        table = tomllib.loads(files.read_private(path).decode())
    except FileNotFoundError:
        raise NotFound(f"there is no {path}", hint="seq creds login asks for the key") from None
    except ValueError:  # what the reader says may quote the key
        raise Usage(f"{path} is not TOML", hint="seq creds login --from FILE reads a key alone") from None
    found = dict(_texts(table))
    keys = {name: text for name, text in found.items() if text.startswith(_KEYLIKE)}
    if not keys:
        raise NotFound(f"{path} holds no key", hint="seq creds login asks for it")
    if len(set(keys.values())) > 1:
        raise Usage(
            f"{path} holds several keys: {', '.join(keys)}", hint="choose one with: seq creds login --from FILE"
        )
    name, text = next(iter(keys.items()))
    beside = name.rpartition(".")[0]
    near = [f"{beside}.{word}" if beside else word for word in _ADDRESSES]
    address = next((found[each] for each in near if each in found), None)
    return Found(key=Secret(text, source=f"{name} in {path}"), base_url=address)


def _texts(table: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        path = f"{before}.{name}" if before else name
        if isinstance(value, dict):
            yield from _texts(value, path)
        elif isinstance(value, str):
            yield path, value.strip()
