"""Where a key comes from: the keyring, a private file, a helper command, a variable or standard input."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from seqcli import files
from seqcli.errors import Denied, Usage
from seqcli.profile import keys
from seqcli.profile.bounded import within
from seqcli.profile.keys import OFF_TERMINAL, Entry, Patience
from seqcli.profile.secret import Secret
from seqcli.profile.settings import BACKENDS, Config, Profile

if TYPE_CHECKING:
    import subprocess

_T = TypeVar("_T")
_LONGEST = 4096
"""Bytes that are read of anything that should hold a key."""


class NoKey(Denied):
    """A profile without a key, or one whose key is not where it should be."""

    code = "NO_KEY"


def of_profile(
    profile: Profile,
    config: Config,
    *,
    environ: Mapping[str, str] | None = None,
    patience: Patience = OFF_TERMINAL,
) -> Secret:
    """The key of `profile`. Raises Denied (no key, bad key, keyring, helper) and Unsafe for an open file."""
    environ = os.environ if environ is None else environ
    check_bound(profile)
    match profile.key:
        case "keyring":
            return _from_keyring(profile, config, environ, patience)
        case "file":
            return from_file(key_file(profile, config), named=f"the key file of profile {profile.name}")
        case "helper":
            return from_helper(_part(profile, profile.key_helper, "key_helper"), patience)
        case "env":
            return from_variable(_part(profile, profile.key_env, "key_env"), environ)
        case _:
            raise NoKey(f"the profile {profile.name} has no key", hint=_login(profile))


def check_bound(profile: Profile) -> None:
    """Refuse a key that was stored for another address than the one its profile now has."""
    if profile.key_url is not None and profile.key_url != profile.base_url:
        raise Denied(
            f"the key of profile {profile.name} was stored for {profile.key_url}, not for {profile.base_url}",
            hint=_login(profile),
        )


def entry(profile: Profile, config: Config, environ: Mapping[str, str] | None = None) -> Entry:
    """The profile's place in the keyring. Raises keys.Unavailable for a keyring class that is not allowed."""
    named = profile.defaults.get("keyring", config.values.get("keyring"))
    return Entry(profile.base_url, profile.name, keys.backend_for(named, environ))


def key_file(profile: Profile, config: Config) -> Path:
    """The profile's key file: its own, or the one that a plain-text login writes."""
    return Path(profile.key_file) if profile.key_file else config.path.parent / "keys" / profile.name


def from_file(path: Path, *, named: str) -> Secret:
    """The key in a file: regular, ours, 0600, no link. Raises Unsafe, NoKey and BadKey."""
    try:
        content = files.read_private(path, limit=_LONGEST)
    except FileNotFoundError:
        raise NoKey(f"{named} is not there: {path}", hint="write the key into it, then: chmod 600 FILE") from None
    return Secret(content, source=f"{path}")


def named_file(text: str, variable: str) -> Path:
    """The path in a variable. Raises NoKey when it is empty."""
    if not text:
        raise NoKey(f"{variable} is set but empty", hint=f"name a file of mode 600, or: unset {variable}")
    return Path(text)


def from_variable(variable: str, environ: Mapping[str, str] | None = None) -> Secret:
    """The key in an environment variable. One that is set and empty is a lost secret, not an absent one."""
    environ = os.environ if environ is None else environ
    text = environ.get(variable)
    if text is None:
        raise NoKey(f"{variable} is not set", hint=f"put the key into {variable}")
    if not text:
        raise NoKey(f"{variable} is set but empty", hint=f"put the key into it, or: unset {variable}")
    return Secret(text, source=variable)


def from_stream(stream: BinaryIO) -> Secret:
    """The key on standard input, to its end."""
    return Secret(stream.read(_LONGEST), source="standard input")


def from_helper(command: tuple[str, ...], patience: Patience) -> Secret:
    """What a command prints: no shell, bounded, exit status 0. Raises Denied, never with what it printed."""
    output, fault = _helped(command, patience)
    if fault is not None:
        raise Denied(f"the credential helper {command[0]} {fault}", hint="run it by hand to see", code="HELPER")
    return Secret(output, source=f"what the credential helper {command[0]} printed")


def _helped(command: tuple[str, ...], patience: Patience) -> tuple[bytes, str | None]:
    import subprocess

    reading, writing = os.pipe()
    try:
        process = subprocess.Popen(  # noqa: S603 -- the command is the user's own, in a file only they can write
            command,
            stdin=None if patience.may_ask else subprocess.DEVNULL,
            stdout=writing,
            stderr=None if patience.may_ask else subprocess.DEVNULL,
            # Off a terminal in a session of its own, so that its children are stopped with it.
            start_new_session=not patience.may_ask,
        )
    except (OSError, ValueError) as error:
        os.close(reading)
        return b"", f"can't be started: {getattr(error, 'strerror', None) or error}"
    finally:
        os.close(writing)
    try:
        return _collected(process, reading, patience)
    finally:
        _stop(process, whole=not patience.may_ask)


def _collected(process: "subprocess.Popen[bytes]", reading: int, patience: Patience) -> tuple[bytes, str | None]:
    """What the helper printed, or what is wrong. It may never close its output: another thread owns the reading."""

    def run() -> tuple[bytes, int]:
        with open(reading, "rb") as output:
            content = output.read(_LONGEST + 1)
        return content, process.wait()

    result, error = within(patience.seconds, run)
    if error is not None:
        return b"", f"did not end within {patience.seconds:g} s"
    content, status = result
    if len(content) > _LONGEST:
        return b"", "printed more than a key"
    return (content, None) if status == 0 else (b"", f"ended with status {status}")


def _stop(process: "subprocess.Popen[bytes]", *, whole: bool) -> None:
    """Kill what is left of the helper, with its whole session where it has one."""
    import contextlib
    import signal

    with contextlib.suppress(ProcessLookupError, PermissionError):
        if whole and os.name != "nt":
            os.killpg(process.pid, signal.SIGKILL)
        elif process.poll() is None:
            process.kill()
    process.wait()


def _part(profile: Profile, value: _T | None, name: str) -> _T:
    if value is None:
        raise Usage(
            f"the profile {profile.name} says key = {profile.key!r} and has no {name}",
            hint=f"seq config set profiles.{profile.name}.{name} …",
        )
    return value


def _login(profile: Profile) -> str:
    return f"seq creds login --profile {profile.name}"


def _from_keyring(profile: Profile, config: Config, environ: Mapping[str, str], patience: Patience) -> Secret:
    place = entry(profile, config, environ)
    found = keys.read(place, patience)
    if found is None:
        raise NoKey(
            f"{BACKENDS[place.backend]} holds no key of profile {profile.name} for {profile.base_url}",
            hint=_login(profile),
        )
    return found
