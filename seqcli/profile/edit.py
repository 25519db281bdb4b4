"""Changing `config.toml`: one value at a time, comments kept, checked before a byte is written."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqcli import files
from seqcli.errors import Usage
from seqcli.profile import kinds, paths, settings
from seqcli.profile.secret import shown

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

_MADE_BY_LOGIN = ("key_url",)


def put(name: str, text: str, path: Path | None = None) -> None:
    """Set `name` (`output`, `profiles.prod.timeout`, …) to what `text` says. Raises Usage; NotSent on a full disk."""
    steps, kind = _place(name)
    if "seq_live_" in text or "seq_test_" in text:
        raise Usage(f"{name} would hold a key", hint="keys go in by: seq creds login")
    try:
        value = kind.parse(text)
    except kinds.Wrong as wrong:
        raise Usage(f"{name} {settings.said(text)}", hint=f"give {wrong.expected}") from None
    change({steps: value}, path)


def drop(name: str, path: Path | None = None) -> bool:
    """Take `name` out; False when it was not there."""
    steps, _ = _place(name)
    return change({steps: None}, path)


def change(values: Mapping[tuple[str, ...], Any], path: Path | None = None) -> bool:
    """Set or, with None, take out several values at once, in one replaced file; False when nothing changed."""
    path = paths.config_file() if path is None else path
    settings.load(path)  # a file that can't be read is not written over
    document = _document(path)
    before = document.as_string()
    for steps, value in values.items():
        _change(document, steps, value)
    after = document.as_string()
    if after == before:
        return False
    settings.check(path, document.unwrap())
    paths.make(path.parent)
    files.replace(path, after.encode())
    return True


def _place(name: str) -> tuple[tuple[str, ...], kinds.Kind]:
    """Where a dotted name lives and what it may be. A profile's name may have dots of its own."""
    allowed = {key: setting.kind for key, setting in settings.BY_NAME.items() if setting.stored}
    if not name.startswith("profiles."):
        if name not in allowed:
            raise settings.unknown(shown(name), name, allowed)
        return (name,), allowed[name]
    profile, _, field = name.removeprefix("profiles.").rpartition(".")
    if not profile:
        raise Usage(f"{shown(name)} names no setting", hint="for example profiles.prod.timeout")
    fields = settings.profile_kinds()
    if field not in fields or field in _MADE_BY_LOGIN:
        raise settings.unknown(shown(name), field, {key: None for key in fields if key not in _MADE_BY_LOGIN})
    return ("profiles", settings.profile_name(profile), field), fields[field]


def _document(path: Path) -> "TOMLDocument":
    import tomlkit

    try:
        return tomlkit.parse(files.read_private(path).decode())
    except FileNotFoundError:
        return tomlkit.document()


def _change(document: "TOMLDocument", steps: tuple[str, ...], value: Any) -> None:
    import tomlkit

    table: Any = document
    for index, step in enumerate(steps[:-1]):
        if step not in table:
            if value is None:
                return
            table[step] = tomlkit.table(is_super_table=index == 0)
        table = table[step]
    if value is None:
        table.pop(steps[-1], None)
    else:
        table[steps[-1]] = value
