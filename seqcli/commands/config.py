"""`seq config`: settings, and where each value came from."""

from typing import Annotated, Any

import typer

from seqcli.commands.grammar import Noun
from seqcli.commands.session import Session
from seqcli.errors import NotFound, Usage
from seqcli.profile import account, edit, paths, settings
from seqcli.views import Result
from seqcli.views import config as tables

command = Noun("config", "Settings, and where each value came from.", examples=("seq config list",))

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Such as output or profiles.prod.timeout.", show_default=False)
]
Value = Annotated[str, typer.Argument(metavar="VALUE", help="Empty: take the setting out.", show_default=False)]


@command.verb("get", "seq config get output")
def get(session: Session, name: Name) -> Result:
    """One value as it is in force, with where it came from."""
    rows = {row["name"]: row for row in _rows(session)}
    if name not in rows:
        raise _unknown(name, rows)
    return Result(body=rows[name], ids=[str(rows[name]["value"] or "")], table=tables.one)


@command.verb("set", "seq config set output table")
def put(session: Session, name: Name, value: Value) -> Result:
    """Set a value in config.toml; comments are kept."""
    if session.options.dry_run:
        return session.said(f"{name} = {value} would be written to {paths.config_file()}")
    if value:
        edit.put(name, value)
    else:
        edit.drop(name)
    body = {"name": name, "value": value or None, "path": str(paths.config_file())}
    return Result(body=body, ids=[name], table=tables.changed)


@command.verb("list", "seq config list")
def listed(session: Session) -> Result:
    """Every setting with its value and its origin, and the account that a command would use."""
    rows = _rows(session)
    return Result(body={"settings": rows}, items="settings", ids=[row["name"] for row in rows], table=tables.listed)


@command.verb("path", "seq config path")
def path(session: Session) -> Result:  # noqa: ARG001 - every command has a session
    """Where settings and state live."""
    body = {
        "config_file": str(paths.config_file()),
        "config_dir": str(paths.config_dir()),
        "state_dir": str(paths.state_dir()),
    }
    return Result(body=body, ids=[body["config_file"]], table=tables.path)


def _rows(session: Session) -> list[dict[str, Any]]:
    chosen = account.choose(session.config, profile=session.options.profile, local=session.options.local)
    found = settings.values(session.config, profile=chosen.profile, flags=session.flags)
    rows = [{"name": value.name, "value": value.value, "origin": value.origin} for value in found.values()]
    rows[0] = {"name": "profile", "value": chosen.profile or chosen.variable, "origin": chosen.origin}
    return rows + [row for profile in session.config.profiles.values() for row in _of_profile(session, profile)]


def _of_profile(session: Session, profile: settings.Profile) -> list[dict[str, Any]]:
    origin = f"config {session.config.path} [profiles.{profile.name}]"
    values = {"base_url": profile.base_url, "key": profile.key} | profile.defaults
    return [
        {"name": f"profiles.{profile.name}.{name}", "value": value, "origin": origin} for name, value in values.items()
    ]


def _unknown(name: str, rows: dict[str, Any]) -> NotFound | Usage:
    failure = settings.unknown(name, name, rows)
    return Usage(failure.message, hint=failure.hint)
