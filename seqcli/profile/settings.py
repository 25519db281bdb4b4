"""The settings: `config.toml`, the environment and the flags, and where each value came from.

Precedence: flag > environment > the profile's table > the top of `config.toml` > built-in. Neither a key nor a
mode is ever in the file: the key is kept where the profile says, and the mode follows the key.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from seqcli import files
from seqcli.errors import Usage
from seqcli.profile import address, kinds, paths
from seqcli.profile.secret import shown

LOCAL = "local"
"""The built-in profile: the exchange in the box."""
BACKENDS = {
    "keyring.backends.macOS.Keyring": "the macOS keychain",
    "keyring.backends.Windows.WinVaultKeyring": "the Windows credential vault",
    "keyring.backends.SecretService.Keyring": "the Secret Service",
    "keyring.backends.libsecret.Keyring": "the Secret Service through libsecret",
    "keyring.backends.kwallet.DBusKeyring": "KWallet",
}
"""The only keyring classes that are ever used, and what people call them."""


class Setting(msgspec.Struct, frozen=True):
    """One value a user may set. `environment` overrides the file; `stored` says whether the file may hold it."""

    name: str
    kind: kinds.Kind
    default: Any
    meaning: str
    environment: str | None = None
    stored: bool = True


SETTINGS = (
    Setting("profile", kinds.PROFILE, None, "the profile used when none is named", "SEQ_PROFILE"),
    Setting(
        "output",
        kinds.choice("table", "json", "ndjson", "csv", "raw"),
        "table",
        "the form of results",
        "SEQ_OUTPUT",
    ),
    Setting("timeout", kinds.SECONDS, 20.0, "seconds an operation may take, retries included", "SEQ_TIMEOUT"),
    Setting("color", kinds.choice("auto", "always", "never"), "auto", "when tables have colour"),
    Setting("no_input", kinds.FLAG, False, "never ask a question", "SEQ_NO_INPUT"),
    Setting("yes", kinds.FLAG, False, "answer yes to a confirmation", "SEQ_YES", stored=False),
    Setting("proxy", kinds.PROXY_URL, None, "the HTTP proxy to the exchange"),
    Setting("ca_file", kinds.PATH, None, "certificates to trust instead of the system's"),
    Setting("policy", kinds.PATH, None, "the local trading policy, if not policy.toml beside config.toml"),
    Setting("keyring", kinds.choice(*BACKENDS), None, "the keyring class, if not this system's own"),
)
PROFILE_FIELDS = {
    "base_url": kinds.BASE_URL,
    "key": kinds.choice("keyring", "file", "helper", "env"),
    "key_file": kinds.PATH,
    "key_helper": kinds.WORDS,
    "key_env": kinds.VARIABLE,
    "key_url": kinds.BASE_URL,
}
"""What a profile's table holds beside its own defaults. `key_url` is the address the key was stored for."""
BY_NAME = {setting.name: setting for setting in SETTINGS}
NOT_IN_PROFILES = ("profile",)
_QUOTABLE = 60


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One table of `config.toml`: an address, where its key is kept (None: nowhere yet), and defaults."""

    name: str
    base_url: str = address.HOSTED
    key: str | None = None
    key_file: str | None = None
    key_helper: tuple[str, ...] | None = None
    key_env: str | None = None
    key_url: str | None = None
    defaults: dict[str, Any] = {}


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """`config.toml` as read: checked values and profiles and, when read leniently, what was wrong with it."""

    path: Path
    values: dict[str, Any] = {}
    profiles: dict[str, Profile] = {}
    problems: tuple[Usage, ...] = ()
    readable: bool = True


class Value(msgspec.Struct, frozen=True):
    """A setting as it is in force, and its origin in words: `flag --output`, `environment SEQ_OUTPUT`, …"""

    name: str
    value: Any
    origin: str


def load(path: Path | None = None, *, lenient: bool = False) -> Config:
    """Read `config.toml`; no file is an empty one. Raises Usage, naming file and line or key.

    `lenient` never raises: what can't be read is left out and told in `problems`, for those who must work anyway.
    """
    try:
        path = paths.config_file() if path is None else path
        tables = _tables(path)
    except (Usage, files.Unsafe) as failure:
        if not lenient:
            raise
        problem = Usage(failure.message, hint=failure.hint)
        return Config(path=path or Path("config.toml"), problems=(problem,), readable=False)
    return _checked(path, tables, lenient=lenient)


def check(path: Path, tables: Mapping[str, Any]) -> Config:
    """What `tables` would mean as the content of `path`; raises Usage like `load`."""
    return _checked(path, tables, lenient=False)


def values(
    config: Config,
    *,
    profile: str | None = None,
    flags: Mapping[str, str | None] | None = None,
    environ: Mapping[str, str] | None = None,
) -> dict[str, Value]:
    """Every setting by name. `profile` is the one in use; `flags` are the words typed, None where not given."""
    environ = os.environ if environ is None else environ
    flags = {} if flags is None else flags
    own = config.profiles.get(profile or "")
    return {setting.name: _value(setting, config, own, flags, environ) for setting in SETTINGS}


def _value(
    setting: Setting,
    config: Config,
    own: Profile | None,
    flags: Mapping[str, str | None],
    environ: Mapping[str, str],
) -> Value:
    name = setting.name
    flag = flags.get(name)
    if flag is not None:
        option = f"--{name.replace('_', '-')}"
        return Value(name, _parse(setting.kind, flag, option), f"flag {option}")
    from_environment = _from_environment(setting, environ)
    if from_environment is not None:
        return from_environment
    if own is not None and name in own.defaults:
        return Value(name, own.defaults[name], f"config {config.path} [profiles.{own.name}]")
    if name in config.values:
        return Value(name, config.values[name], f"config {config.path}")
    return Value(name, setting.default, "built-in")


def _from_environment(setting: Setting, environ: Mapping[str, str]) -> Value | None:
    if setting.name == "color":
        return _color(environ)
    if setting.environment is None or setting.environment not in environ:
        return None
    variable = setting.environment
    value = _parse(setting.kind, environ[variable], variable)
    return Value(setting.name, value, f"environment {variable}")


def _color(environ: Mapping[str, str]) -> Value | None:
    """NO_COLOR wins over FORCE_COLOR; by their conventions, each counts when it is not empty."""
    for variable, value in (("NO_COLOR", "never"), ("FORCE_COLOR", "always")):
        if environ.get(variable):
            return Value("color", value, f"environment {variable}")
    return None


def _parse(kind: kinds.Kind, text: str, named: str) -> Any:
    try:
        return kind.read(kind.parse(text))
    except kinds.Wrong as wrong:
        raise Usage(f"{named} {said(text)}", hint=f"give {wrong.expected}") from None


def _tables(path: Path) -> dict[str, Any]:
    try:
        content = files.read_private(path)
    except FileNotFoundError:
        return {}
    import tomllib

    try:
        return tomllib.loads(content.decode())
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _broken(path, f"line {line} is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise _broken(path, shown(error)) from None
    except RecursionError:
        raise _broken(path, "nested too deeply") from None


def _broken(path: Path, reason: str) -> Usage:
    return Usage(f"{path} is not TOML: {reason}", hint="correct it in an editor, or move it away to begin afresh")


def _checked(path: Path, tables: Mapping[str, Any], *, lenient: bool) -> Config:
    problems: list[Usage] = []
    plain = {name: value for name, value in tables.items() if name != "profiles"}
    allowed = {name: setting.kind for name, setting in BY_NAME.items() if setting.stored}
    checked = _each(path, "", plain, allowed, problems)
    profiles = _profiles(path, tables.get("profiles", {}), problems)
    if problems and not lenient:
        raise problems[0]
    return Config(path=path, values=checked, profiles=profiles, problems=tuple(problems))


def _profiles(path: Path, tables: object, problems: list[Usage]) -> dict[str, Profile]:
    if not isinstance(tables, dict):
        problems.append(Usage(f"{path}: profiles is not a table", hint="write [profiles.NAME]"))
        return {}
    found = {name: _profile(path, name, table, problems) for name, table in tables.items()}
    return {name: profile for name, profile in found.items() if profile is not None}


def _profile(path: Path, name: str, table: object, problems: list[Usage]) -> Profile | None:
    try:
        profile_name(name)
    except Usage as failure:
        problems.append(Usage(f"{path}: {failure.message}", hint=failure.hint))
        return None
    if not isinstance(table, dict):
        problems.append(Usage(f"{path}: profiles.{name} is not a table", hint=f"write [profiles.{name}]"))
        return None
    checked = _each(path, f"profiles.{name}.", table, profile_kinds(), problems)
    if "base_url" in table and "base_url" not in checked:
        return None  # its key must not go to the standard address instead
    fields = {field: checked.pop(field) for field in PROFILE_FIELDS if field in checked}
    return Profile(name=name, defaults=checked, **fields)


def profile_kinds() -> dict[str, kinds.Kind]:
    """Everything a profile's table may hold, by name."""
    return PROFILE_FIELDS | {
        name: setting.kind for name, setting in BY_NAME.items() if setting.stored and name not in NOT_IN_PROFILES
    }


def profile_name(name: str) -> str:
    """`name`, if a stored profile may be called so; raises Usage."""
    if name == LOCAL:
        raise Usage("the profile local is the built-in sandbox; it can't be stored", hint="choose another name")
    if shown(name) != name:
        raise Usage("a profile has the name of a key", hint="choose another name; keys go in by: seq creds login")
    try:
        return str(kinds.PROFILE.read(name))
    except kinds.Wrong as wrong:
        raise Usage(f"{shown(name)!r} can't be a profile's name", hint=f"give {wrong.expected}") from None


def _each(
    path: Path,
    prefix: str,
    table: Mapping[str, Any],
    allowed: Mapping[str, kinds.Kind],
    problems: list[Usage],
) -> dict[str, Any]:
    checked = {}
    for name, value in table.items():
        if name not in allowed:
            problems.append(unknown(f"{path}: {prefix}{shown(name)}", name, allowed))
            continue
        try:
            checked[name] = allowed[name].read(value)
        except kinds.Wrong as wrong:
            problems.append(_wrong(path, prefix + name, value, wrong))
    return checked


def _wrong(path: Path, name: str, value: object, wrong: kinds.Wrong) -> Usage:
    if "seq_live_" in str(value) or "seq_test_" in str(value):
        return Usage(f"{path}: {name} holds a key", hint="take it out; keys go in by: seq creds login")
    return Usage(f"{path}: {name} {said(value)}", hint=f"give {wrong.expected}")


def said(value: object) -> str:
    """The value in a sentence; one that is long, or an address with a password in it, is not repeated."""
    if value == "":
        return "is empty"
    text = shown(value)
    if isinstance(value, list | dict) or len(text) > _QUOTABLE or "@" in text:
        return "has a value that can't be used"
    return f"can't be {text!r}" if isinstance(value, str) else f"can't be {text}"


def unknown(named: str, name: str, allowed: Mapping[str, Any]) -> Usage:
    """The sentence for a setting that there is not, with the nearest one that there is."""
    import difflib

    near = difflib.get_close_matches(name, allowed, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(allowed)}"
    return Usage(f"{named} is not a setting", hint=hint)
