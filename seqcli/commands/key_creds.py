"""`seq creds key`: the exchange's own keys. A new key is shown once, or goes straight into the keyring."""

from typing import Annotated, Any

import typer

from seqcli.commands import words
from seqcli.commands.grammar import Noun
from seqcli.commands.session import Session
from seqcli.errors import Partial, Usage
from seqcli.profile import logins, settings
from seqcli.profile.secret import Secret
from seqcli.views import Result
from seqcli.views import creds as tables
from seqcli.wire import api_keys
from seqcli.wire.operation import Operation, Request

command = Noun(
    "key",
    "Keys of the account: create, list, rotate, revoke. Needs an admin key.",
    alone=("list",),
    examples=("seq --local creds key list",),
)

Label = Annotated[str, typer.Argument(metavar="LABEL", help="What it is for, such as ci.", show_default=False)]
Id = Annotated[str, typer.Argument(metavar="KEY_ID", help="From: seq creds key list.", show_default=False)]
Role = Annotated[str | None, typer.Option("--role", metavar="ROLE", help="read, trader (default) or admin.")]
Paper = Annotated[bool, typer.Option("--paper", help="A seq_test_ key, for paper trading only.")]
SaveAs = Annotated[
    str | None,
    typer.Option("--save-as", metavar="NAME", help="Keep it in the keyring as this profile, and do not show it."),
]
Plain = Annotated[bool, typer.Option("--plaintext", help="With --save-as: in a file of mode 0600 instead.")]
_LOOK = "look with: seq creds key list; revoke a key that you don't know"


@command.verb("list", "seq --local creds key list")
def listed(session: Session) -> Result:
    """Keys without their text, revoked ones too."""
    return session.read(api_keys.LIST, Request(), items="api_keys", ids="key_id", table=tables.keys)


@command.verb("create", "seq --local creds key create ci --role read")
def create(
    session: Session,
    label: Label,
    *,
    role: Role = None,
    paper: Paper = False,
    save_as: SaveAs = None,
    plain: Plain = False,
) -> Result:
    """Make a key: its text is printed once, or with --save-as stored and not shown."""
    fault = api_keys.label_fault(label)
    if fault:
        raise Usage(f"LABEL {fault}", hint="for example: seq creds key create ci")
    wanted = words.optional_one_of(role, api_keys.ROLES, "a role")
    sandbox = paper or session.account.mode != "live"
    body = api_keys.Create(label=label, sandbox=sandbox, role=wanted)
    return _made(session, api_keys.CREATE, Request(body=body), save_as, plain=plain)


@command.verb("rotate", "seq creds key rotate key_0123456789abcdef0123 --save-as ci")
def rotate(session: Session, key_id: Id, *, save_as: SaveAs = None, plain: Plain = False) -> Result:
    """Replace a key's text; the old one stops working at once."""
    request = Request(path={"key_id": words.identity(key_id)})
    if not session.options.dry_run:
        session.confirm(f"Rotate {key_id}? Whatever uses its present text stops working.")
    return _made(session, api_keys.ROTATE, request, save_as, plain=plain)


@command.verb("revoke", "seq creds key revoke key_0123456789abcdef0123 --yes")
def revoke(session: Session, key_id: Id) -> Result:
    """Revoke a key for good; again is not an error."""
    request = Request(path={"key_id": words.identity(key_id)})
    if not session.options.dry_run:
        session.confirm(f"Revoke {key_id} for good?")
    return session.change(api_keys.REVOKE, request, ids="key_id")


def _made(session: Session, operation: Operation, request: Request, save_as: str | None, *, plain: bool) -> Result:
    if plain and save_as is None:
        raise Usage("--plaintext says how --save-as keeps it", hint="add --save-as NAME")
    if save_as is not None:
        settings.profile_name(save_as)
        if session.account.local:
            raise Usage(
                "a key of the embedded exchange has no address to be saved with",
                hint="serve it with: seq sandbox start, and use a profile or SEQ_API_URL for its address",
            )
    if session.options.dry_run:
        return session.planned((operation, request))
    body = session.changed(operation, request, look=_LOOK).body
    if save_as is None:
        note = "this is the only time the key is shown; keep it in a keyring: seq creds login --from -"
        return Result(body=body, ids=[str(body.get("key_id"))], table=tables.new_key, notes=[note])
    return _kept(session, body, save_as, "file" if plain else "keyring")


def _kept(session: Session, body: dict[str, Any], name: str, store: logins.Store) -> Result:
    """Put the new key away; one that can't be kept is revoked again, since nobody would have it."""
    key_id = str(body.get("key_id"))
    shown = {**body, "api_key": None, "profile": name}

    def keep() -> logins.Status:
        key = Secret(str(body.get("api_key")), source="the reply")
        return logins.login(name, key, base_url=session.account.base_url, store=store, patience=session.patience)

    kept, failure = session.tried(keep)
    if failure is None:
        return Result(body={**shown, "api_key": kept.key, "kept": kept.kept}, ids=[key_id], table=tables.new_key)
    revoke = Request(path={"key_id": key_id})
    _, left = session.tried(lambda: session.changed(api_keys.REVOKE, revoke))
    end = "it was revoked again" if left is None else f"revoke it: seq creds key revoke {key_id} --yes"
    told = Partial(f"{key_id} was made and could not be stored: {failure.message}; {end}", hint=failure.hint)
    return Result(body=shown, ids=[key_id], table=tables.new_key, failure=told)
