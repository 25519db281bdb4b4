"""The system's own keyring: an allow-list of classes, each made by hand and every call bounded.

keyring's own search for a backend starts processes, can hang on a dead bus, and takes whatever is installed, plain
text and null ones too; so it is never asked. A backend that the environment or keyringrc.cfg names is refused by
name, unless it is on the list. A key is stored under its base URL and its profile: another URL finds nothing.
"""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from seqcli.errors import Denied
from seqcli.profile.bounded import Late, within
from seqcli.profile.secret import Secret, shown
from seqcli.profile.settings import BACKENDS

SECRET_SERVICE = "keyring.backends.SecretService.Keyring"  # noqa: S105 -- the name of a class
_OTHERWISE = "or keep the key in a file of mode 600 named by SEQ_API_KEY_FILE, or set SEQ_API_KEY"
_DEFAULT_COLLECTION = "/org/freedesktop/secrets/aliases/default"


_LOCKED = ("_Locked", "KeyringLocked", "LockedException", "PromptDismissedException")


class Unavailable(Denied):
    """The keyring is absent, locked, silent or not a trusted one; nothing was read, or stored for certain."""

    code = "KEYRING"


class Patience(msgspec.Struct, frozen=True):
    """How long a keyring or a helper may take, and whether it may ask a person."""

    seconds: float
    may_ask: bool


OFF_TERMINAL = Patience(3.0, may_ask=False)
ON_TERMINAL = Patience(30.0, may_ask=True)


class Entry(msgspec.Struct, frozen=True):
    """Where in the keyring a key is: bound to its base URL and profile."""

    base_url: str
    profile: str
    backend: str = SECRET_SERVICE

    @property
    def service(self) -> str:
        """The name that keyring tools show."""
        return f"seqcli:{self.base_url}"


def backend_for(named: str | None, environ: Mapping[str, str] | None = None) -> str:
    """The class path to use: that of the settings, else this system's own. Raises Unavailable with a refused name."""
    environ = os.environ if environ is None else environ
    _refuse("PYTHON_KEYRING_BACKEND", environ.get("PYTHON_KEYRING_BACKEND"))
    path = _keyringrc(environ)
    _refuse(str(path), _named_in(path))
    _refuse("the setting keyring", named)
    if named is not None:
        return named
    return _OF_PLATFORM.get(sys.platform, SECRET_SERVICE)


def read(entry: Entry, patience: Patience) -> Secret | None:
    """The stored key, None when there is none. Raises Unavailable and BadKey."""
    fetch = _read_secret_service if entry.backend == SECRET_SERVICE else _read
    found = _bounded(lambda: fetch(entry, patience), entry.backend, patience)
    return None if found is None else Secret(found, source=f"the key of profile {entry.profile} in the keyring")


def store(entry: Entry, key: Secret, patience: Patience) -> None:
    """Keep `key`, over an older one. Raises Unavailable."""

    def put() -> None:
        backend = _ready(entry, patience)
        backend.set_password(entry.service, entry.profile, key.reveal())

    _bounded(put, entry.backend, patience)


def delete(entry: Entry, patience: Patience) -> bool:
    """Forget the key; False when there was none. Raises Unavailable."""

    def drop() -> bool:
        from keyring.errors import PasswordDeleteError

        backend = _ready(entry, patience)
        try:
            backend.delete_password(entry.service, entry.profile)
        except PasswordDeleteError:
            return False
        return True

    return bool(_bounded(drop, entry.backend, patience))


_OF_PLATFORM = {
    "darwin": "keyring.backends.macOS.Keyring",
    "win32": "keyring.backends.Windows.WinVaultKeyring",
}


def _refuse(origin: str, named: str | None) -> None:
    if named and named not in BACKENDS:
        raise Unavailable(
            f"{origin} names the keyring {shown(named)}, which is not one that keys are trusted to",
            hint=f"take it away there, {_OTHERWISE}",
        )


def _keyringrc(environ: Mapping[str, str]) -> Path:
    """Where the keyring library would look for its own configuration."""
    if sys.platform == "win32":
        return (
            Path(environ.get("LOCALAPPDATA") or environ.get("PROGRAMDATA") or ".") / "Python Keyring" / "keyringrc.cfg"
        )
    home = environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME") or "/") / ".config"
    return Path(home) / "python_keyring" / "keyringrc.cfg"


def _named_in(path: Path) -> str | None:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        name, mark, value = line.replace(":", "=", 1).partition("=")
        if mark and name.strip().lower() == "default-keyring":
            return value.strip()
    return None


def _made(path: str) -> Any:
    """An instance of exactly the class `path` names, with nothing injected from the environment."""
    import importlib

    from keyring.backend import KeyringBackend

    module, _, name = path.rpartition(".")
    found = getattr(importlib.import_module(module), name)
    if path not in BACKENDS or f"{found.__module__}.{found.__qualname__}" != path:
        raise Unavailable(f"the keyring class {path} is not what its name says")
    # KEYRING_PROPERTY_… variables would set any attribute of the instance.
    KeyringBackend.set_properties_from_env = lambda _self: None  # type: ignore[method-assign, assignment]
    return found()


def _ready(entry: Entry, patience: Patience) -> Any:
    backend = _made(entry.backend)
    _ = type(backend).priority  # raises RuntimeError where it can't work here, and says why
    if entry.backend == SECRET_SERVICE:
        _unlocked(patience)
    return backend


def _read(entry: Entry, patience: Patience) -> str | None:
    found: str | None = _ready(entry, patience).get_password(entry.service, entry.profile)
    return found


def _read_secret_service(entry: Entry, patience: Patience) -> bytes | None:
    """What keyring's class does, without importing keyring: that costs twice as much as the whole reading.

    A missing default collection is an absent key; it is not made, for that would open a window.
    """
    import contextlib

    import secretstorage

    with contextlib.closing(secretstorage.dbus_init()) as bus:
        try:
            collection = secretstorage.Collection(bus, _DEFAULT_COLLECTION)
        except secretstorage.ItemNotFoundException:
            return None
        _unlock(collection, patience)
        for item in collection.search_items({"service": entry.service, "username": entry.profile}):
            _unlock(item, patience)
            return item.get_secret()
    return None


def _unlocked(patience: Patience) -> None:
    import contextlib

    import secretstorage

    with (
        contextlib.closing(secretstorage.dbus_init()) as bus,
        contextlib.suppress(secretstorage.ItemNotFoundException),
    ):
        _unlock(secretstorage.Collection(bus, _DEFAULT_COLLECTION), patience)


def _unlock(thing: Any, patience: Patience) -> None:
    """Without a person to ask, a locked keyring is an answer, not a window that nobody sees."""
    if thing.is_locked() and (not patience.may_ask or thing.unlock()):
        raise _Locked


class _Locked(Exception):
    pass


def _bounded(call: Callable[[], Any], backend: str, patience: Patience) -> Any:
    result, error = within(patience.seconds, call)
    if error is not None:
        raise _told(error, backend, patience)
    return result


def _told(error: BaseException, backend: str, patience: Patience) -> Denied:
    """The failure in words; a new one each time, for the old one may hold a key in its frames."""
    if isinstance(error, Denied):
        return error
    name = BACKENDS[backend]
    if isinstance(error, Late):
        return Unavailable(
            f"{name} did not answer within {patience.seconds:g} s", hint=f"unlock or restart it, {_OTHERWISE}"
        )
    if type(error).__name__ in _LOCKED:
        return Unavailable(f"{name} is locked", hint=f"unlock it, {_OTHERWISE}")
    hint = f"run this inside a desktop session, {_OTHERWISE}"
    if isinstance(error, ImportError):
        return Unavailable(f"{name} can't be used: {error.name or 'a library'} is not installed", hint=hint)
    reason = shown(str(error).partition("\n")[0]) or type(error).__name__
    return Unavailable(f"{name} can't be used: {reason}", hint=hint)
