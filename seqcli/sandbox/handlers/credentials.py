"""Venue credentials: sealed on the way in; only hints and names come out. No venue is ever asked."""

from typing import Any

import msgspec

from seqcli import files
from seqcli.sandbox.market.instruments import venue_of
from seqcli.sandbox.serving import Box, Call, conflict, invalid, not_found, serves
from seqcli.sandbox.storage.vault import Broken, Identity, Row
from seqcli.wire import credentials, venue_keys

_HINT = 4
_LONG_ENOUGH = 8
"""A key shorter than this gets no hint: four characters of it would be most of it."""


@serves(credentials.LIST)
def show_all(box: Box, call: Call) -> credentials.Credentials:
    """One row a venue."""
    rows = box.vault.rows(call.caller.client_id, sandbox=call.caller.sandbox)
    return credentials.Credentials(credentials=[_row(row, call.now_ns) for row in rows], count=len(rows))


@serves(credentials.LIST_VENUES)
def show_venues(box: Box, call: Call) -> credentials.Credentials:
    """The same, at its older path."""
    return show_all(box, call)


@serves(credentials.SAVE)
def save(box: Box, call: Call) -> credentials.Saved:
    """Seal them; again overwrites."""
    venue = _venue(call.path["venue"])
    bad = venue_keys.violations(venue, call.body)
    if bad:
        raise invalid(*bad)
    identity = Identity(call.caller.client_id, call.caller.sandbox, venue)
    try:
        replaced = box.vault.save(identity, msgspec.json.encode(call.body), _shown(call.body), call.now_ns)
    except Broken as broken:
        reason = f"it does not open what is saved for {broken}; put the right one back, or remove that"
        raise conflict("master key", reason) from None
    except files.Unsafe as unsafe:
        raise conflict("master key", unsafe.message) from None
    return credentials.Saved(venue=venue, stored=True, replaced=replaced, status="unverified", updated_ns=call.now_ns)


@serves(credentials.SAVE_POST)
def save_by_post(box: Box, call: Call) -> credentials.Saved:
    """The same with the other verb."""
    return save(box, call)


@serves(credentials.REMOVE)
def remove(box: Box, call: Call) -> credentials.Removed:
    """Forget them; open orders stay."""
    venue = _venue(call.path["venue"])
    if not box.vault.remove(Identity(call.caller.client_id, call.caller.sandbox, venue)):
        raise not_found("credentials", venue)
    return credentials.Removed(venue=venue, deleted=True)


def _venue(text: str) -> str:
    try:
        return venue_of(text)[0]
    except ValueError as error:
        raise invalid(("venue", str(error))) from None


def _shown(body: credentials.Save) -> dict[str, Any]:
    hint = f"…{body.api_key[-_HINT:]}" if len(body.api_key) >= _LONG_ENOUGH else None
    return {
        "api_key_hint": hint,
        "has_passphrase": bool(body.passphrase),
        "extra_keys": sorted(body.extra_json or {}),
    }


def _row(row: Row, now_ns: int) -> credentials.Credential:
    return credentials.Credential(
        venue=row.venue,
        connected=True,
        status="unverified",
        api_key_hint=row.shown["api_key_hint"],
        has_passphrase=row.shown["has_passphrase"],
        extra_keys=row.shown["extra_keys"],
        last_heartbeat_ns=now_ns,
        created_ns=row.created_ns,
        updated_ns=row.updated_ns,
    )
