"""`seq creds venue`: with which the exchange trades at a venue. Secrets are never words of a command."""

import os
from typing import Annotated

import typer

from seqcli.commands import secret_files, speaking, words
from seqcli.commands.grammar import Noun
from seqcli.commands.session import Session
from seqcli.errors import Usage
from seqcli.views import Result
from seqcli.views import creds as tables
from seqcli.wire import credentials, venue_keys
from seqcli.wire.operation import Request
from seqcli.wire.venue_keys import Field

command = Noun(
    "venue",
    "Credentials of venues. Give keys that may read and trade, never withdraw.",
    alone=("list",),
    examples=("seq --local creds venue list",),
)

Venue = Annotated[str, typer.Argument(metavar="VENUE", help="Such as kraken.", show_default=False)]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="FILE|-", help="JSON or TOML: api_key, api_secret, passphrase and the like."),
]
FromEnv = Annotated[
    bool, typer.Option("--from-env", help="Read VENUE_API_KEY, VENUE_API_SECRET, VENUE_PASSPHRASE and the like.")
]
_PEM_END = "-----END"
_INSTEAD = "--from FILE, --from - for stdin, or --from-env"
_REMINDER = "give the exchange keys that may read and trade, never keys that may withdraw"


@command.verb("list", "seq --local creds venue list")
def listed(session: Session) -> Result:
    """Venues with saved credentials; secrets are never shown."""
    return session.read(credentials.LIST, Request(), items="credentials", ids="venue", table=tables.venues)


@command.verb("add", "seq --local creds venue add kraken --from kraken.json")
def add(session: Session, venue: Venue, *, source: From = None, from_env: FromEnv = False) -> Result:
    """Save a venue's credentials: asked for without echo, or read from a file or the environment. Again overwrites."""
    name = _connectable(venue)
    if source is not None and from_env:
        raise Usage("--from and --from-env both say where the credentials are", hint="take one of them away")
    if from_env:
        body = venue_keys.assembled(name, _environment(name))
    elif source is not None:
        body = _read(source, name)
    else:
        body = _asked(session, name)
    _check(name, body)
    request = Request(path={"venue": name}, body=body)
    return session.change(credentials.SAVE, request, ids="venue").but(notes=[_REMINDER])


@command.verb("remove", "seq --local creds venue remove kraken")
def remove(session: Session, venue: Venue) -> Result:
    """Remove a venue's credentials; its open orders stay."""
    request = Request(path={"venue": _connectable(venue)})
    return session.change(credentials.REMOVE, request, ids="venue")


def _connectable(text: str) -> str:
    name = "dex_ethereum" if text.lower() == "dex" else text.lower()
    return words.one_of(name, credentials.CONNECTABLE, "a venue that takes credentials")


def _check(venue: str, body: credentials.Save) -> None:
    """Refuse what the venue can't take, before anything leaves."""
    bad = venue_keys.violations(venue, body)
    if bad:
        wanted = ", ".join(field.path + ("" if field.required else " (optional)") for field in _fields(venue))
        faults = "; ".join(f"{field}: {message}" for field, message in bad)
        raise Usage(f"{venue}: {faults}", hint=f"{venue} takes {wanted}", details=[_detail(*each) for each in bad])


def _detail(field: str, message: str) -> dict[str, str]:
    return {"field": field, "message": message}


def _fields(venue: str) -> tuple[Field, ...]:
    return venue_keys.fields_of(venue)


def _read(source: str, venue: str) -> credentials.Save:
    value = secret_files.read(source, 'api_key = "…"')
    known = {"api_key", "api_secret", "passphrase", "extra_json", "builder", *(each.name for each in _fields(venue))}
    for name, kept in value.items():
        if name not in known:
            raise Usage(f"{source}: {venue} takes no {name!r}", hint=f"it takes {', '.join(sorted(known))}")
        if name not in ("extra_json", "builder") and not isinstance(kept, str | None):
            raise Usage(f"{source}: {name} must be text")
    if not isinstance(value.get("extra_json") or {}, dict):
        raise Usage(f"{source}: extra_json must be an object")
    return venue_keys.assembled(venue, value)


def _environment(venue: str) -> dict[str, str]:
    prefix = venue.upper()
    found = {each.name: os.environ.get(f"{prefix}_{each.name.upper()}", "") for each in _fields(venue)}
    if not any(found.values()):
        names = ", ".join(f"{prefix}_{each.name.upper()}" for each in _fields(venue))
        raise Usage(f"none of {names} is set", hint="or give --from FILE")
    return found


def _asked(session: Session, venue: str) -> credentials.Save:
    if not session.terminal:
        raise Usage("nobody can be asked here", hint=f"give {_INSTEAD}")
    values: dict[str, str] = {}
    with speaking.unseen():  # also between two questions, where the rest of a paste may arrive
        for field in _fields(venue):
            label = field.label if field.required else f"{field.label}, if there is one"
            if field.label not in {known.label for known in _fields(venue) if known.name in values}:
                values[field.name] = _block(session, label) if field.many else session.ask(label, _INSTEAD).strip()
    return venue_keys.assembled(venue, values)


def _block(session: Session, prompt: str) -> str:
    """A token of one line, or a PEM block to its end, as it would stand in a file."""
    typed = session.ask(prompt, _INSTEAD, lambda text: text.lstrip().startswith("-----BEGIN") and _PEM_END not in text)
    lines = [line.strip() for line in typed.splitlines() if line.strip()]
    return lines[0] if len(lines) == 1 else "".join(f"{line}\n" for line in lines)
