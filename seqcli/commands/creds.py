"""`seq creds`: the key, the profiles that hold keys, and the venues' own credentials."""

import os
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from seqcli.commands import key_creds, venue_creds, wallet_creds, words
from seqcli.commands.grammar import Noun
from seqcli.commands.session import Session
from seqcli.errors import Usage
from seqcli.profile import account, address, logins, settings, vendor
from seqcli.profile.secret import Secret, shown
from seqcli.profile.settings import LOCAL
from seqcli.views import Result
from seqcli.views import creds as tables
from seqcli.wire import account as wire_account
from seqcli.wire import health
from seqcli.wire.operation import Request

command = Noun(
    "creds",
    "Keys and profiles, and the venues' own credentials.",
    examples=("seq --local creds status", "seq creds list"),
)

DEFAULT = "default"
From = Annotated[str | None, typer.Option("--from", metavar="FILE|-", help="Read the key there; - is stdin.")]
Url = Annotated[str | None, typer.Option("--base-url", metavar="URL", help="Of another exchange than the hosted one.")]
Plain = Annotated[bool, typer.Option("--plaintext", help="Keep it in a file of mode 0600 instead of the keyring.")]
NoCheck = Annotated[bool, typer.Option("--no-check", help="Store it without asking the exchange first.")]
KeyFile = Annotated[
    str | None, typer.Option("--key-file", metavar="FILE", help="Leave it in this file of mode 0600; store no copy.")
]
KeyHelper = Annotated[
    str | None, typer.Option("--key-helper", metavar="COMMAND", help="A command that prints it; run without a shell.")
]
KeyEnv = Annotated[
    str | None, typer.Option("--key-env", metavar="VARIABLE", help="An environment variable that holds it.")
]
Import = Annotated[
    bool, typer.Option("--import", help="Take the key from the vendor's own settings, ~/.sequence/config.toml.")
]
Check = Annotated[bool, typer.Option("--check", help="Ask the exchange what the key may do.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="A profile.", show_default=False)]


@command.verb("login", "seq creds login --profile paper --from key.txt")
def login(
    session: Session,
    *,
    source: From = None,
    url: Url = None,
    plain: Plain = False,
    no_check: NoCheck = False,
    key_file: KeyFile = None,
    key_helper: KeyHelper = None,
    key_env: KeyEnv = None,
    imported: Import = False,
) -> Result:
    """Store a key: asked for without echo, or read from a file. The profile is --profile, else `default`."""
    name = settings.profile_name(_named(session) or DEFAULT)
    found = vendor.read() if imported else None
    if found is not None and (source is not None or key_file or key_helper or key_env):
        raise Usage("--import says where the key is", hint="take the other place away")
    base_url = _address(session, name, url or (found.base_url if found else None))
    elsewhere = _elsewhere(key_file, key_helper, key_env)
    if elsewhere:
        if source is not None or plain:
            raise Usage("a key that stays where it is is not stored, too", hint="take --from and --plaintext away")
        return _adopted(session, name, base_url, elsewhere)
    key = found.key if found else _key(session, source)
    store: logins.Store = "file" if plain else "keyring"
    if session.options.dry_run:
        return session.said(f"would store {key} as profile {name} for {base_url}, in the {store}")
    if not no_check:
        session.client_of(base_url, key).call(health.CHECK, Request())
    kept = logins.login(name, key, base_url=base_url, store=store, patience=session.patience)
    return _told(kept, checked=not no_check)


@command.verb("logout", "seq creds logout --profile paper")
def logout(session: Session) -> Result:
    """Forget a profile and its key: --profile, else the default one."""
    name = _named(session) or session.config.values.get("profile")
    if name is None:
        raise Usage("which profile?", hint="name one with --profile; see: seq creds list")
    account.find(session.config, settings.profile_name(name), "--profile")
    if session.options.dry_run:
        return session.said(f"would forget the profile {name} and its key")
    deleted = logins.logout(name, patience=session.patience)
    return Result(body={"profile": name, "forgotten": True, "key_deleted": deleted}, ids=[name])


@command.verb("status", "seq --local creds status")
def status(session: Session, check: Check = False) -> Result:
    """Which account a command would use, where its key is kept, and where each value came from."""
    entry = _chosen(session)
    used, failure = session.tried(lambda: session.account)
    if failure is not None and entry is None:
        raise failure
    known = entry or logins.status_of(used)
    body = _row(known)
    if used is not None:
        body |= {"mode": used.mode, "api_key": None if used.key is None else str(used.key)}
        body |= {f"{name}_from": origin for name, origin in used.origins.items()}
    if check and used is not None:
        body["account"] = session.client.call(wire_account.SHOW, Request()).body
    return Result(body=body, ids=[str(known.name)], table=tables.status, notes=_notes(known), failure=failure)


@command.verb("use", "seq creds use local")
def use(session: Session, name: Name) -> Result:
    """Make a profile the default one."""
    if session.options.dry_run:
        if name != LOCAL:
            account.find(session.config, name, "NAME")
    else:
        logins.use(name)
    return Result(body={"profile": name, "default": True}, ids=[name])


@command.verb("list", "seq creds list")
def listed(session: Session) -> Result:
    """Stored profiles; keys are not read."""
    rows = [msgspec.structs.asdict(entry) for entry in logins.listed(session.config)]
    return Result(
        body={"profiles": rows},
        items="profiles",
        ids=[row["name"] for row in rows],
        table=tables.profiles,
    )


command.noun(venue_creds.command)
command.noun(key_creds.command)
command.noun(wallet_creds.command)


def _named(session: Session) -> str | None:
    """The profile that was named; the settings' default and SEQ_API_KEY name none."""
    return LOCAL if session.options.local else session.options.profile or os.environ.get("SEQ_PROFILE")


def _chosen(session: Session) -> logins.Entry | None:
    """What is known of the profile that a command would use, its key unread; None when that is no stored one."""
    chosen = account.choose(session.config, profile=session.options.profile, local=session.options.local)
    return next((entry for entry in logins.listed(session.config) if entry.name == chosen.profile), None)


def _address(session: Session, name: str, url: str | None) -> str:
    if url is not None:
        return address.base_url(url, named="--base-url")
    known = session.config.profiles.get(name)
    return known.base_url if known else address.HOSTED


def _key(session: Session, source: str | None) -> Secret:
    if source is None:
        return Secret(session.ask("API key (seq_live_… or seq_test_…)", "--from FILE, or --from - for stdin"))
    return Secret(words.content(source, 4096), source="standard input" if source == "-" else source)


def _elsewhere(key_file: str | None, key_helper: str | None, key_env: str | None) -> dict[str, Any]:
    """Where the key is and stays, in the settings' words."""
    import shlex

    for text in filter(None, (key_file, key_helper, key_env)):
        if shown(text) != text:
            raise Usage("a key is never a word of a command", hint="--from FILE, or --from - for stdin")
    try:
        helper = None if key_helper is None else tuple(shlex.split(key_helper))
    except ValueError as error:
        raise Usage(f"--key-helper can't be read: {error}", hint="quote its words as a shell would") from None
    places = {"key_file": None if key_file is None else Path(key_file), "key_helper": helper, "key_env": key_env}
    return {name: place for name, place in places.items() if place is not None}


def _adopted(session: Session, name: str, base_url: str, elsewhere: dict[str, Any]) -> Result:
    if session.options.dry_run:
        return session.said(f"would make the profile {name} for {base_url}, with the key where it is")
    return _told(logins.adopt(name, base_url=base_url, patience=session.patience, **elsewhere), checked=False)


def _told(kept: logins.Status, *, checked: bool) -> Result:
    body = _row(kept) | {"mode": kept.mode, "api_key": kept.key, "checked": checked}
    return Result(body=body, ids=[str(kept.name)], table=tables.status, notes=_notes(kept))


def _row(known: logins.Entry | logins.Status) -> dict[str, Any]:
    return {
        "profile": known.name,
        "mode": "none",
        "base_url": known.base_url,
        "api_key": None,
        "kept": known.kept,
        "plaintext": known.plaintext,
        "default": known.default,
    }


def _notes(known: logins.Entry | logins.Status) -> list[str]:
    if not known.plaintext:
        return []
    whose = f"profile {known.name}" if known.name else "this account"
    return [f"the key of {whose} is kept in a plain file, readable by you only"]
