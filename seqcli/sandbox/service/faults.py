"""Scripted failures for ``serve --faults FILE``, so that a client can be shown every way a network goes
wrong.

The file is JSON: ``{"seed": 1, "faults": [{"action": "cut", "method": "POST", "path": "/v1/orders", "nth":
[2, 5]}]}``.
A rule counts the requests that fit its `method` and `path` (a prefix; both may be left out) and acts on those
named by `nth` (from 1), on every `every`-th, or on `per_mille` of a thousand by the seed; with none of
these, on all. The
first rule that acts decides. Actions:

late      handled, but `delay_ms` later             slow      handled at once, answered `delay_ms` later
lost      not handled, no answer                    cut       handled, no answer
doubled   handled twice, the second answer is sent  limited   not handled, 429
failed    not handled, 500                          garbled   handled, answered with half a page of HTML

A socket is refused when it is `limited` or `failed`, gets no answer when it is `lost`, and is opened and then cut after
`delay_ms` when it is `cut`; the other actions spare it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import Literal

import msgspec

from seqcli.errors import Usage
from seqcli.sandbox.ids import random_id
from seqcli.sandbox.service.gate import Inbound, Outbound, refusal
from seqcli.sandbox.service.http import Application, Receive, Scope, Send
from seqcli.sandbox.serving import Problem

Action = Literal["late", "slow", "lost", "cut", "doubled", "limited", "failed", "garbled"]
_SIZE_LIMIT = 1 << 20


class Rule(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One line of the script."""

    action: Action
    method: str | None = None
    path: str = "/"
    nth: list[int] = []
    every: int = 0
    per_mille: int = 0
    delay_ms: int = 1000
    retry_after_s: int = 1


class Script(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The file."""

    faults: list[Rule]
    seed: int = 1


class Faults:
    """The script while it plays."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._counts = [0] * len(script.faults)

    def next_for(self, inbound: Inbound) -> Rule | None:
        """The rule that acts on this request."""
        chosen = None
        for at, rule in enumerate(self._script.faults):
            if rule.method in (None, inbound.method) and inbound.path.startswith(rule.path):
                self._counts[at] += 1
                if chosen is None and self._acts(at, rule):
                    chosen = rule
        return chosen

    def at_socket(self, inbound: Inbound) -> Outbound | float | None:
        """See `sockets.Mischief`."""
        rule = self.next_for(inbound)
        if rule is None:
            return None
        if rule.action in _REFUSALS:
            return _REFUSALS[rule.action](rule, inbound)
        return {"lost": 0.0, "cut": rule.delay_ms / 1000}.get(rule.action)

    async def play(self, application: Application, inbound: Inbound, carried: tuple[Scope, Receive, Send]) -> bool:
        """Do to one request what the script says. False = nothing."""
        rule = self.next_for(inbound)
        if rule is None:
            return False
        scope, receive, _ = carried
        reply = await _REPLIES[rule.action](rule, application, inbound, receive)
        if reply is None:
            scope["extensions"]["seq.connection"]["abort"]()
        else:
            await application.deliver(reply, inbound, carried)
        return True

    def _acts(self, at: int, rule: Rule) -> bool:
        count = self._counts[at]
        if rule.nth or rule.every or rule.per_mille:
            drawn = int.from_bytes(sha256(f"{self._script.seed}/{at}/{count}".encode()).digest()[:4], "big")
            by_turn = rule.every > 0 and count % rule.every == 0
            return count in rule.nth or by_turn or drawn % 1000 < rule.per_mille
        return True


def load(path: Path) -> Faults:
    """Read a script. Raises `Usage` naming the file and what is wrong in it."""
    try:
        raw = path.read_bytes()[:_SIZE_LIMIT]
        return Faults(msgspec.json.decode(raw, type=Script))
    except OSError as error:
        raise Usage(f"cannot read {path}: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise Usage(f"{path} is no script of failures: {error}", hint="see seq sandbox faults --help") from error


_Player = Callable[[Rule, Application, Inbound, Receive], Awaitable[Outbound | None]]


async def _late(rule: Rule, application: Application, inbound: Inbound, receive: Receive) -> Outbound:
    await asyncio.sleep(rule.delay_ms / 1000)
    return await application.reply(inbound, receive)


async def _slow(rule: Rule, application: Application, inbound: Inbound, receive: Receive) -> Outbound:
    reply = await application.reply(inbound, receive)
    await asyncio.sleep(rule.delay_ms / 1000)
    return reply


async def _lost(_rule: Rule, _application: Application, _inbound: Inbound, _receive: Receive) -> None:
    return None


async def _cut(_rule: Rule, application: Application, inbound: Inbound, receive: Receive) -> None:
    await application.reply(inbound, receive)


async def _doubled(_rule: Rule, application: Application, inbound: Inbound, receive: Receive) -> Outbound:
    return await application.reply(inbound, receive, times=2)


async def _refused(rule: Rule, _application: Application, inbound: Inbound, _receive: Receive) -> Outbound:
    return _REFUSALS[rule.action](rule, inbound)


def _limited(rule: Rule, inbound: Inbound) -> Outbound:
    headers = {"Retry-After": str(rule.retry_after_s)}
    return refusal(Problem("RATE_LIMITED", "rate limit exceeded", headers=headers), _named(inbound))


def _failed(_rule: Rule, inbound: Inbound) -> Outbound:
    return refusal(Problem("INTERNAL_ERROR", "internal error: scripted"), _named(inbound))


async def _garbled(_rule: Rule, application: Application, inbound: Inbound, receive: Receive) -> Outbound:
    await application.reply(inbound, receive)
    return Outbound(200, {"Content-Type": "text/html"}, b"<html><body><h1>It wor")


_REPLIES: dict[str, _Player] = {
    "late": _late,
    "slow": _slow,
    "lost": _lost,
    "cut": _cut,
    "doubled": _doubled,
    "limited": _refused,
    "failed": _refused,
    "garbled": _garbled,
}

_REFUSALS: dict[str, Callable[[Rule, Inbound], Outbound]] = {"limited": _limited, "failed": _failed}


def _named(inbound: Inbound) -> dict[str, str]:
    return {"X-Request-Id": inbound.headers.get("x-request-id") or random_id()}
