"""Which account a command uses, decided once: flag > SEQ_PROFILE > SEQ_API_KEY > default profile > none.

With none of them a person gets the built-in sandbox and is told so; a script is stopped, since its secret may have
gone missing. A variable that is set and empty counts as a lost secret, too, never as absent.
"""

import os
from collections.abc import Mapping
from typing import Literal, cast

import msgspec

from seqcli.errors import Denied, Usage
from seqcli.profile import address, settings, sources
from seqcli.profile.keys import OFF_TERMINAL, ON_TERMINAL, Patience
from seqcli.profile.secret import Secret, shown
from seqcli.profile.settings import LOCAL, Config, Profile

Mode = Literal["live", "sandbox", "local", "none"]
"""What an order would be: by the key's prefix; `local` is the exchange in the box, `none` an account without a key."""
SANDBOX_NOTE = "no account is set up: this is the built-in sandbox (--local); for the exchange: seq creds login"
_HINT = "set SEQ_API_KEY, run seq creds login, or use the built-in sandbox: --local"


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """Which account, before any key is read: a profile's name, or None with `variable` naming what holds the key.

    Both None: nothing was chosen.
    """

    profile: str | None = None
    variable: str | None = None
    origin: str = "nothing chosen"


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The account of one command. `origins` says of `profile`, `base_url`, `key` and `mode` where each came from.

    `key` is None for the built-in sandbox, and for a dry run that has none. `notes` are sentences for stderr.
    """

    profile_name: str | None
    base_url: str
    key: Secret | None
    mode: Mode
    origins: dict[str, str] = {}
    notes: tuple[str, ...] = ()

    @property
    def local(self) -> bool:
        """Whether this is the exchange in the box."""
        return self.mode == "local"

    @property
    def fingerprint(self) -> str:
        """What the journal calls the account: sixteen hex digits of its key, or the mode where there is no key."""
        return self.mode if self.key is None else self.key.fingerprint


def choose(
    config: Config,
    *,
    profile: str | None = None,
    local: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Chosen:
    """The account's name and why; reads no key. Raises Usage for words that contradict each other."""
    environ = os.environ if environ is None else environ
    if local and profile not in (None, LOCAL):
        raise Usage("--local and --profile name two accounts", hint="keep one of them")
    if local:
        return Chosen(profile=LOCAL, origin="flag --local")
    if profile is not None:
        return Chosen(profile=_named(profile, "--profile"), origin="flag --profile")
    if "SEQ_PROFILE" in environ:
        return Chosen(profile=_named(environ["SEQ_PROFILE"], "SEQ_PROFILE"), origin="environment SEQ_PROFILE")
    variable = _key_variable(environ)
    if variable is not None:
        return Chosen(variable=variable, origin=f"environment {variable}")
    default = config.values.get("profile")
    return Chosen() if default is None else Chosen(profile=default, origin=f"config {config.path}")


def resolve(
    config: Config,
    *,
    terminal: bool,
    profile: str | None = None,
    local: bool = False,
    dry_run: bool = False,
    environ: Mapping[str, str] | None = None,
    patience: Patience | None = None,
) -> Account:
    """The account with its key. `terminal`: a person can be asked and told.

    Raises Denied (no key, bad key, keyring), Usage (names and addresses) and Unsafe (files others can read). A dry
    run needs no key: where none can be had the account goes without, and a note says why.
    """
    environ = os.environ if environ is None else environ
    patience = patience or (ON_TERMINAL if terminal else OFF_TERMINAL)
    chosen = choose(config, profile=profile, local=local, environ=environ)
    if chosen.profile == LOCAL:
        return _local(chosen.origin)
    try:
        if chosen.variable is not None:
            return _ad_hoc(chosen.variable, environ)
        if chosen.profile is not None:
            return _stored(chosen, config, environ, patience)
    except Denied as failure:
        if not dry_run:
            raise
        return _keyless(chosen, config, environ, failure.message)
    if dry_run:
        return _keyless(chosen, config, environ)
    return _nothing_chosen(config, environ, terminal=terminal)


def _named(name: str, origin: str) -> str:
    if not name:
        raise Usage(f"{origin} is empty", hint="name a profile; seq creds list shows them")
    return name


def _key_variable(environ: Mapping[str, str]) -> str | None:
    present = [name for name in ("SEQ_API_KEY", "SEQ_API_KEY_FILE") if name in environ]
    if len(present) > 1:
        raise Usage("SEQ_API_KEY and SEQ_API_KEY_FILE are both set", hint="unset one of them")
    return present[0] if present else None


def _local(origin: str, *notes: str) -> Account:
    built_in = {"base_url": "built-in", "key": "built-in", "mode": "built-in"}
    origins = {"profile": origin} | built_in
    return Account(profile_name=LOCAL, base_url=address.LOCAL, key=None, mode="local", origins=origins, notes=notes)


def _ad_hoc(variable: str, environ: Mapping[str, str]) -> Account:
    if variable == "SEQ_API_KEY":
        key = sources.from_variable(variable, environ)
    else:
        key = sources.from_file(sources.named_file(environ[variable], variable), named=variable)
    base_url, origin = _environment_url(environ) or (address.HOSTED, "built-in")
    named = f"environment {variable}"
    return _keyed(None, base_url, key, {"profile": named, "base_url": origin, "key": named})


def _stored(chosen: Chosen, config: Config, environ: Mapping[str, str], patience: Patience) -> Account:
    assert chosen.profile is not None
    profile = find(config, chosen.profile, chosen.origin)
    _same_url(profile, environ)
    key = sources.of_profile(profile, config, environ=environ, patience=patience)
    table = f"config {config.path} [profiles.{profile.name}]"
    origins = {"profile": chosen.origin, "base_url": table, "key": f"{table} key = {profile.key!r}"}
    return _keyed(profile.name, profile.base_url, key, origins)


def _keyed(name: str | None, base_url: str, key: Secret, origins: dict[str, str]) -> Account:
    mode = cast("Mode", key.mode)
    origins = origins | {"mode": "the key's prefix"}
    return Account(profile_name=name, base_url=base_url, key=key, mode=mode, origins=origins)


def _keyless(chosen: Chosen, config: Config, environ: Mapping[str, str], *notes: str) -> Account:
    """An account for a dry run that has no key; `notes` say why."""
    profile = config.profiles.get(chosen.profile or "")
    base_url, origin = _environment_url(environ) or (address.HOSTED, "built-in")
    if profile is not None:
        base_url, origin = profile.base_url, f"config {config.path} [profiles.{profile.name}]"
    origins = {"profile": chosen.origin, "base_url": origin, "key": "none", "mode": "none"}
    return Account(profile_name=chosen.profile, base_url=base_url, key=None, mode="none", origins=origins, notes=notes)


def _nothing_chosen(config: Config, environ: Mapping[str, str], *, terminal: bool) -> Account:
    if _environment_url(environ) is not None:
        raise Denied("SEQ_API_URL is set and SEQ_API_KEY is not", hint=_HINT, code="NO_KEY")
    if config.problems:
        # Someone with settings has an account: paper instead of it would be a quiet disaster.
        raise Denied(f"no account can be read: {config.problems[0].message}", hint=_HINT, code="NO_KEY")
    if not terminal:
        raise Denied("no account is chosen and there is nobody to ask", hint=_HINT, code="NO_KEY")
    return _local("built-in", SANDBOX_NOTE)


def _environment_url(environ: Mapping[str, str]) -> tuple[str, str] | None:
    text = environ.get("SEQ_API_URL")
    if text is None:
        return None
    return address.base_url(text, named="SEQ_API_URL"), "environment SEQ_API_URL"


def _same_url(profile: Profile, environ: Mapping[str, str]) -> None:
    """A stored key leaves only to its own address, whatever the environment says."""
    found = _environment_url(environ)
    if found is not None and found[0] != profile.base_url:
        raise Denied(
            f"SEQ_API_URL is {found[0]}, and the key of profile {profile.name} is bound to {profile.base_url}",
            hint=f"unset SEQ_API_URL, or seq creds login --profile NAME --base-url {found[0]}",
        )


def find(config: Config, name: str, origin: str) -> Profile:
    """The stored profile called `name`. Raises Usage with the names there are."""
    if name in config.profiles:
        return config.profiles[name]
    if not config.readable:
        # Its key is bound to its address in the keyring, so looking there under the standard one is safe.
        return Profile(name=settings.profile_name(name), key="keyring")
    names = ", ".join([*config.profiles, LOCAL])
    raise Usage(f"{origin} names the profile {shown(name)!r}, which is not there", hint=f"there are: {names}")
