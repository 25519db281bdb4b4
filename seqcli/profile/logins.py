"""Logging in and out, and what is known of each profile without showing its key."""

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from seqcli import files
from seqcli.errors import Failure, Usage
from seqcli.profile import account, address, edit, keys, paths, settings, sources
from seqcli.profile.keys import OFF_TERMINAL, Patience
from seqcli.profile.secret import Secret
from seqcli.profile.settings import LOCAL, Config, Profile

Store = Literal["keyring", "file"]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A profile as listed; no key is read for it. `kept` says in words where its key is, None when it has none."""

    name: str
    base_url: str
    kept: str | None
    plaintext: bool
    default: bool


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """A profile with its key looked at: `key` is masked, `problem` says why there is none."""

    name: str | None
    base_url: str
    kept: str | None
    plaintext: bool
    default: bool
    mode: str
    key: str | None = None
    problem: str | None = None
    hint: str | None = None


def login(
    name: str,
    key: Secret,
    *,
    base_url: str = address.HOSTED,
    store: Store = "keyring",
    environ: Mapping[str, str] | None = None,
    patience: Patience = OFF_TERMINAL,
) -> Status:
    """Keep `key` for the profile `name`, bound to `base_url`; the first profile becomes the default.

    `store="file"` writes it as plain text, 0600. An older key of the profile is forgotten. Raises Usage for a name or
    address, keys.Unavailable for the keyring, NotSent when settings can't be written; then nothing is kept.
    """
    base_url = address.base_url(base_url, named="the base URL")
    config = settings.load(_file(environ))
    old = config.profiles.get(settings.profile_name(name), Profile(name=name))
    new = msgspec.structs.replace(old, base_url=base_url, key=store, key_url=base_url, key_file=None)
    _keep(new, config, key, environ, patience)
    try:
        _write(new, config)
    except Failure:
        with contextlib.suppress(Failure):
            _forget(new, config, environ, patience)
        raise
    if (old.key, old.base_url) != (new.key, new.base_url):
        with contextlib.suppress(Failure):  # an old copy in a keyring that is gone is beyond reach
            _forget(old, config, environ, patience)
    return status(name, environ=environ, patience=patience)


def adopt(
    name: str,
    *,
    base_url: str = address.HOSTED,
    key_file: Path | None = None,
    key_helper: tuple[str, ...] | None = None,
    key_env: str | None = None,
    environ: Mapping[str, str] | None = None,
    patience: Patience = OFF_TERMINAL,
) -> Status:
    """Make a profile of a key that lives elsewhere: in a file, behind a helper command or in a variable.

    The key is read once, so that a wrong place is told now. Raises as `login` and the reading do.
    """
    base_url = address.base_url(base_url, named="the base URL")
    config = settings.load(_file(environ))
    given = {"file": key_file, "helper": key_helper, "env": key_env}
    named = [kind for kind, place in given.items() if place is not None]
    if len(named) != 1:
        raise Usage("a key has one place", hint="name a file, a helper command or a variable")
    old = config.profiles.get(settings.profile_name(name), Profile(name=name))
    new = msgspec.structs.replace(
        old,
        base_url=base_url,
        key=named[0],
        key_url=base_url,
        key_file=None if key_file is None else os.path.abspath(key_file),  # noqa: PTH100 -- links stay as named
        key_helper=key_helper,
        key_env=key_env,
    )
    sources.of_profile(new, config, environ=environ, patience=patience)
    _write(new, config)
    with contextlib.suppress(Failure):
        _forget(old, config, environ, patience)
    return status(name, environ=environ, patience=patience)


def logout(name: str, *, environ: Mapping[str, str] | None = None, patience: Patience = OFF_TERMINAL) -> bool:
    """Forget the key of `name` wherever we put it; a file, helper or variable of the user's own stays as it is.

    The profile goes, too, and is the default no longer. False when a key of ours was not there. Raises Usage for a
    profile that is not there and keys.Unavailable, with nothing changed.
    """
    config = settings.load(_file(environ))
    profile = account.find(config, name, "--profile")
    found = _forget(profile, config, environ, patience)
    dropped: dict[tuple[str, ...], Any] = {("profiles", name): None}
    if config.values.get("profile") == name:
        dropped[("profile",)] = None
    edit.change(dropped, config.path)
    return found


def use(name: str, *, environ: Mapping[str, str] | None = None) -> None:
    """Make `name` the default profile; `local` is one, too. Raises Usage for a profile that is not there."""
    config = settings.load(_file(environ))
    if name != LOCAL:
        account.find(config, name, "--profile")
    edit.change({("profile",): name}, config.path)


def listed(config: Config) -> list[Entry]:
    """Every profile, the built-in one last; reads no key and waits on no keyring."""
    default = config.values.get("profile")
    stored = [_entry(profile, config, default) for profile in config.profiles.values()]
    local = Entry(name=LOCAL, base_url=address.LOCAL, kept="built-in", plaintext=False, default=default == LOCAL)
    return [*stored, local]


def status(name: str, *, environ: Mapping[str, str] | None = None, patience: Patience = OFF_TERMINAL) -> Status:
    """What is known of `name`, its key looked at; a key that can't be had is a `problem`, not a failure."""
    config = settings.load(_file(environ), lenient=True)
    if name == LOCAL:
        entry = listed(config)[-1]
        return Status(**msgspec.structs.asdict(entry), mode="local")
    profile = account.find(config, name, "--profile")
    entry = _entry(profile, config, config.values.get("profile"))
    try:
        key = sources.of_profile(profile, config, environ=environ, patience=patience)
    except Failure as failure:
        return Status(**msgspec.structs.asdict(entry), mode="none", problem=failure.message, hint=failure.hint)
    return Status(**msgspec.structs.asdict(entry), mode=key.mode, key=str(key))


def status_of(found: account.Account) -> Status:
    """The status of an account already resolved, one made by SEQ_API_KEY too; its key is not read again."""
    origin = found.origins.get("key", "")
    return Status(
        name=found.profile_name,
        base_url=found.base_url,
        kept=origin,
        plaintext="SEQ_API_KEY_FILE" in origin or "key = 'file'" in origin,
        default=found.origins.get("profile", "").startswith("config "),
        mode=found.mode,
        key=None if found.key is None else str(found.key),
    )


def _file(environ: Mapping[str, str] | None) -> Path:
    return paths.config_file(environ)


def _entry(profile: Profile, config: Config, default: str | None) -> Entry:
    return Entry(
        name=profile.name,
        base_url=profile.base_url,
        kept=_kept(profile, config),
        plaintext=profile.key == "file",
        default=default == profile.name,
    )


def _kept(profile: Profile, config: Config) -> str | None:
    match profile.key:
        case "keyring":
            return "the keyring"
        case "file":
            return f"plain text in {sources.key_file(profile, config)}"
        case "helper":
            return f"the helper {profile.key_helper[0]}" if profile.key_helper else "a helper that is not named"
        case "env":
            return f"the variable {profile.key_env}"
        case _:
            return None


def _keep(profile: Profile, config: Config, key: Secret, environ: Mapping[str, str] | None, patience: Patience) -> None:
    if profile.key == "keyring":
        keys.store(sources.entry(profile, config, environ), key, patience)
        return
    place = sources.key_file(profile, config)
    paths.check_folder(place.parent)
    paths.make(place.parent)
    files.replace(place, f"{key.reveal()}\n".encode())


def _forget(profile: Profile, config: Config, environ: Mapping[str, str] | None, patience: Patience) -> bool:
    """Remove the copy that a login of ours made; False when there was none."""
    if profile.key == "keyring":
        return keys.delete(sources.entry(profile, config, environ), patience)
    if profile.key == "file" and profile.key_file is None:
        place = sources.key_file(profile, config)
        with contextlib.suppress(FileNotFoundError):
            place.unlink()
            files.sync_folder(place.parent)
            return True
    return False


def _write(profile: Profile, config: Config) -> None:
    fields: dict[str, Any] = {"base_url": profile.base_url, "key": profile.key, "key_url": profile.key_url}
    fields |= {
        "key_file": profile.key_file if profile.key == "file" else None,
        "key_helper": list(profile.key_helper or ()) or None if profile.key == "helper" else None,
        "key_env": profile.key_env if profile.key == "env" else None,
    }
    changes: dict[tuple[str, ...], Any] = {("profiles", profile.name, name): value for name, value in fields.items()}
    if config.values.get("profile") is None:
        changes[("profile",)] = profile.name
    edit.change(changes, config.path)
