"""`seq doctor`: is this installation able to trade? Each check on its own; status 3 when one fails."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

from seqcli import __version__
from seqcli.commands.grammar import standalone
from seqcli.commands.session import Session
from seqcli.errors import Failure, Refused
from seqcli.profile import keys, paths
from seqcli.views import Result
from seqcli.views import doctor as tables
from seqcli.wire import health
from seqcli.wire.operation import Request

_LARGE_SKEW_MS = 1000
_MILLION = 1_000_000
Found = tuple[str, str, str | None]
"""ok, warn or fail; what was found; what to type."""


def doctor(session: Session) -> Result:
    """Check this installation, its settings, its key and its reach."""
    rows = [_row(session, name, look) for name, look in _checks(session)]
    failed = [row["check"] for row in rows if row["status"] == "fail"]
    failure = Refused(f"failed: {', '.join(failed)}", code="UNWELL") if failed else None
    return Result(body={"checks": rows}, items="checks", ids=failed, table=tables.checks, failure=failure)


def _checks(session: Session) -> Iterator[tuple[str, Callable[[], Found]]]:
    yield "version", lambda: ("ok", f"seqcli {__version__}, Python {sys.version.split()[0]}", None)
    yield "settings", lambda: _settings(session)
    yield "state", lambda: ("ok", str(paths.state_dir()), None)
    yield "keyring", lambda: ("ok", keys.backend_for(session.config.values.get("keyring")), None)
    yield "account", lambda: _account(session)
    yield "journal", lambda: _journal(session)
    if not session.options.dry_run:
        yield "server", lambda: _server(session)
        yield "key", lambda: _key(session)
        yield "clock", lambda: _clock(session)


def _row(session: Session, name: str, look: Callable[[], Found]) -> dict[str, Any]:
    found, failure = session.tried(look)
    status, sentence, hint = found if failure is None else _failed(failure)
    return {"check": name, "status": status, "found": sentence, "hint": hint}


def _failed(failure: Failure) -> Found:
    return "fail", failure.message, failure.hint


def _settings(session: Session) -> Found:
    if session.config.problems:
        return "fail", session.config.problems[0].message, session.config.problems[0].hint
    return "ok", str(session.config.path), None


def _account(session: Session) -> Found:
    used = session.account
    key = "" if used.key is None else f", {used.key}"
    return "ok", f"{used.profile_name or 'of the environment'}: {used.mode}{key}", None


def _journal(session: Session) -> Found:
    report = session.journal.verify()
    pending = len(session.journal.unsettled())
    if not report.get("sound"):
        return "fail", "damaged", "seq journal verify"
    return ("warn", f"{pending} unsettled", "seq order reconcile") if pending else ("ok", "sound", None)


def _server(session: Session) -> Found:
    session.client.call(health.LIVE, Request())
    return "ok", f"{session.client.base_url} is alive", None


def _key(session: Session) -> Found:
    body = session.client.call(health.CHECK, Request()).body
    state = str(body.get("status"))
    return ("ok" if state == "ok" else "warn", f"accepted; {body.get('environment')}, {state}", None)


def _clock(session: Session) -> Found:
    before = session.client.clock.time_ns()
    told = session.client.call(health.CHECK, Request()).body.get("time_ns")
    after = session.client.clock.time_ns()
    if not isinstance(told, int):
        return "ok", "the server tells no time", None
    skew = max(before - told, told - after, 0) // _MILLION
    if skew > _LARGE_SKEW_MS:
        return "warn", f"this machine and the server differ by {skew} ms", "set this machine's clock"
    return "ok", f"within {max(skew, (after - before) // _MILLION)} ms of the server's", None


command = standalone("doctor", doctor, "seq --local doctor")
command.lenient = True
