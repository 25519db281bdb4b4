"""`seq creds venue`: with which the exchange trades at a venue. Secrets are never words of a command."""

from typing import Annotated, Any

import typer

from seqcli.commands import words
from seqcli.commands.grammar import Noun
from seqcli.commands.session import Session
from seqcli.errors import Usage
from seqcli.views import Result
from seqcli.views import creds as tables
from seqcli.wire import credentials
from seqcli.wire.operation import Request

command = Noun(
    "venue",
    "Credentials of venues. Give keys that may read and trade, never withdraw.",
    alone=("list",),
    examples=("seq --local creds venue list",),
)

Venue = Annotated[str, typer.Argument(metavar="VENUE", help="Such as kraken.", show_default=False)]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="FILE|-", help="JSON: api_key, api_secret, passphrase, extra_json."),
]
_PASSPHRASE = ("okx", "coinbase", "cryptocom", "bitget", "hyperliquid")
_NAMES = {
    "kalshi": ("Key id", "RSA private key (PEM)"),
    "hyperliquid": ("Agent wallet address", "Agent wallet private key"),
    "dex_ethereum": ("Address", "Private key"),
    "solana": ("Address", "Private key"),
}
_PEM_END = "-----END"


@command.verb("list", "seq --local creds venue list")
def listed(session: Session) -> Result:
    """Venues with saved credentials; secrets are never shown."""
    return session.read(credentials.LIST, Request(), items="credentials", ids="venue", table=tables.venues)


@command.verb("add", "seq --local creds venue add kraken --from kraken.json")
def add(session: Session, venue: Venue, source: From = None) -> Result:
    """Save a venue's credentials: asked for without echo, or read from a file. Again overwrites."""
    name = _connectable(venue)
    body = _asked(session, name) if source is None else _read(source)
    return session.change(credentials.SAVE, Request(path={"venue": name}, body=body), ids="venue")


@command.verb("remove", "seq --local creds venue remove kraken")
def remove(session: Session, venue: Venue) -> Result:
    """Remove a venue's credentials; its open orders stay."""
    request = Request(path={"venue": _connectable(venue)})
    return session.change(credentials.REMOVE, request, ids="venue")


def _connectable(text: str) -> str:
    name = "dex_ethereum" if text.lower() == "dex" else text.lower()
    return words.one_of(name, credentials.CONNECTABLE, "a venue that takes credentials")


def _read(source: str) -> credentials.Save:
    value = words.json(words.content(source, 1 << 16), source)
    if not isinstance(value, dict):
        raise Usage(f"{source} is not a JSON object", hint='{"api_key": "…", "api_secret": "…"}')
    empty = {"api_key": "", "api_secret": ""} if "extra_json" in value else {}
    saved: credentials.Save = words.typed(empty | value, credentials.Save, source)
    return saved


def _asked(session: Session, venue: str) -> credentials.Save:
    if venue == "polymarket":
        extra: dict[str, Any] = {"signer_private_key": _ask(session, "Signer private key")}
        proxy = _ask(session, "Proxy address, if there is one")
        return credentials.Save(
            api_key="", api_secret="", extra_json=extra | ({"proxy_address": proxy} if proxy else {})
        )
    key_name, secret_name = _NAMES.get(venue, ("API key", "API secret"))
    key = _ask(session, key_name)
    secret = _pem(session, secret_name) if venue == "kalshi" else _ask(session, secret_name)
    passphrase = _ask(session, "Passphrase, if there is one") if venue in _PASSPHRASE else ""
    return credentials.Save(api_key=key, api_secret=secret, passphrase=passphrase or None)


def _ask(session: Session, prompt: str) -> str:
    return session.ask(prompt, "--from FILE, or --from - for stdin")


def _pem(session: Session, prompt: str) -> str:
    lines = [_ask(session, prompt)]
    while lines[-1] and not lines[-1].startswith(_PEM_END):
        lines.append(_ask(session, ""))
    return "\n".join(lines) + "\n"
