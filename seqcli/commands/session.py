"""One call of one command: its options, its account, its client and its desk, each opened when first needed.

A command asks the session to read, or hands an intent to the desk, and returns what came of it. Under --dry-run
the request is returned instead, exactly as it would be sent, the key masked.
"""

import contextlib
import os
import sys
from collections.abc import Callable, Generator, Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from seqcli import views
from seqcli.client.client import Client, Reply
from seqcli.client.clock import SystemChance, SystemClock
from seqcli.commands import chosen, speaking
from seqcli.errors import Failure, Usage
from seqcli.profile import account, keys, paths, settings
from seqcli.views import Result, Table
from seqcli.views.result import identities
from seqcli.wire.operation import Operation, Request

if TYPE_CHECKING:
    from types import TracebackType

    from seqcli.client.local import LocalTransport
    from seqcli.client.transport import HttpTransport, Transport
    from seqcli.desk.desk import Desk
    from seqcli.desk.journal import Journal
    from seqcli.desk.killswitch import KillSwitch
    from seqcli.wire.submission import GraphOrder

Planned = tuple[Operation, Request]


class Session:
    """`words` are the global options as typed. `lenient`: settings that can't be read do not stop this command."""

    def __init__(self, words: dict[str, Any], *, lenient: bool = False) -> None:
        self._words = words
        self._lenient = lenient
        self._closing: list[Callable[[], None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        while self._closing:
            self._closing.pop()()

    @cached_property
    def config(self) -> settings.Config:
        """The settings file as read."""
        return settings.load(lenient=self._lenient)

    @cached_property
    def options(self) -> chosen.Options:
        """What was asked of every command."""
        return chosen.read(self._words, self.config)

    @cached_property
    def terminal(self) -> bool:
        """Is there a person who can be asked? stdin and stderr are a terminal, and nobody said otherwise."""
        quiet = self.options.no_input or bool(os.environ.get("CI"))
        return not quiet and sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()

    @cached_property
    def account(self) -> account.Account:
        """The account of this call; its notes are told once."""
        chosen = account.resolve(
            self.config,
            terminal=self.terminal,
            profile=self.options.profile,
            local=self.options.local,
            dry_run=self.options.dry_run,
            patience=self.patience,
        )
        for note in chosen.notes:
            self.note(note)
        return chosen

    @cached_property
    def client(self) -> Client:
        """The client of the account."""
        return self.new_client(*self._reach(), self.account.mode)

    def new_client(self, transport: "Transport", base_url: str, key: Any, mode: str) -> Client:
        """A client over `transport`."""
        return Client(
            transport,
            base_url=base_url,
            key=key,
            mode=mode,
            clock=SystemClock(),
            rng=SystemChance(),
            deadline_s=self.options.timeout_s,
            trace=self.note if self.options.verbose else None,
        )

    @cached_property
    def desk(self) -> "Desk":
        """The only door for anything that changes the market."""
        from seqcli.desk.desk import Desk

        named = settings.values(self.config, profile=self.account.profile_name)["policy"].value
        desk = Desk(
            self.client,
            account=self.account.fingerprint,
            state_dir=paths.state_dir(),
            config_dir=paths.config_dir(),
            deadline_s=self.options.timeout_s,
            ask=self.agrees if self.terminal or self.options.yes else None,
            policy_file=Path(named) if named else None,
        )
        self.ending(desk.close)
        return desk

    @cached_property
    def journal(self) -> "Journal":
        """What was sent from this machine; needs no account."""
        from seqcli.desk.desk import JOURNAL
        from seqcli.desk.journal import Journal

        journal = Journal(paths.state_dir() / JOURNAL)
        self.ending(journal.close)
        return journal

    @cached_property
    def killswitch(self) -> "KillSwitch":
        """The latch and the switch; where no account can be read the latch covers every account."""
        from seqcli.desk.desk import LATCH
        from seqcli.desk.killswitch import KillSwitch
        from seqcli.desk.latch import Latch

        self.patience = keys.OFF_TERMINAL  # no keyring's window may hold up a kill switch
        used, failure = self.tried(lambda: self.account)

        def reach() -> Client:
            if failure is not None:
                raise failure
            return self.client

        latch = Latch(paths.state_dir() / LATCH)
        return KillSwitch(latch, used.fingerprint if used else None, SystemClock().time_ns(), reach)

    def ending(self, close: Callable[[], None]) -> None:
        """Have `close` called when the session ends, before what was opened earlier is closed."""
        self._closing.append(close)

    def _reach(self) -> "tuple[Transport, str, Any]":
        if self.account.local:
            from seqcli.client import local

            folder = paths.state_dir() / "sandbox"
            if self.options.dry_run and not folder.exists():
                return self.network(), local.BASE_URL, None
            return self.box, local.BASE_URL, self.box.api_key()
        return self.network(), self.account.base_url, self.account.key

    @cached_property
    def box(self) -> "LocalTransport":
        """The way into the exchange in the box."""
        from seqcli.client.local import LocalTransport

        box = LocalTransport(paths.state_dir() / "sandbox")
        self.ending(box.close)
        return box

    def network(self, *, profile: bool = True) -> "HttpTransport":
        """A way to the network by the account's settings, or by those of no profile."""
        from seqcli.client.transport import HttpTransport

        found = settings.values(self.config, profile=self.account.profile_name if profile else None)
        network = HttpTransport(proxy=found["proxy"].value, ca_file=found["ca_file"].value)
        self.ending(network.close)
        return network

    def read(
        self,
        operation: Operation,
        request: Request,
        *,
        items: str | None = None,
        ids: str | None = None,
        table: Table | None = None,
    ) -> Result:
        """Ask, and show the answer; see `seen`."""
        if self.options.dry_run:
            return self.planned((operation, request))
        reply = self.client.call(operation, request)
        return self.seen(reply.body, raw=reply.raw, items=items, ids=ids, table=table)

    def change(
        self, operation: Operation, request: Request, *, ids: str | None = None, table: Table | None = None
    ) -> Result:
        """Change something that is not an order, and show the answer."""
        if self.options.dry_run:
            return self.planned((operation, request))
        reply = self.changed(operation, request)
        return self.seen(reply.body, raw=reply.raw, ids=ids, table=table)

    def changed(self, operation: Operation, request: Request, *, look: str | None = None) -> Reply:
        """The answer to a change, through the desk; `look` is the hint after an unclear end."""
        return self.desk.send(operation, request, look=look)

    def tried(self, ask: Callable[[], Any]) -> tuple[Any, Failure | None]:
        """What was answered, or the failure: for one of several, where the others go on."""
        try:
            return ask(), None
        except Failure as failure:
            return None, failure

    def attempt(self, ask: Callable[[], Reply]) -> Reply | None:
        """The answer, or None where there is none: for what is only good to know."""
        reply: Reply | None = self.tried(ask)[0]
        return reply

    def dressed(self, graph: "GraphOrder") -> "GraphOrder":
        """The order as the desk would send it."""
        from seqcli.desk import intents

        return intents.dressed(graph, self.client.clock, self.client.chance)

    def new_id(self) -> str:
        """An id of ours, for what the server knows again by it."""
        from seqcli.desk import ids

        return ids.graph_id(self.client.clock, self.client.chance)

    def planned(self, *requests: Planned) -> Result:
        """What would be sent, in order."""
        return views.planned([self.client.prepare(*planned).shown() for planned in requests])

    def note(self, sentence: str) -> None:
        """Say something to the person at the terminal; never on stdout."""
        speaking.note(sentence)

    def said(self, text: str) -> Result:
        """Plain text as a result."""
        return speaking.said(text)

    def confirm(self, question: str, lines: Iterable[str] = ()) -> None:
        """Go on only after a yes. Raises `Usage` where nobody can be asked, or the answer is no."""
        if not self.options.yes and not self.terminal:
            raise Usage(f"{question} Nobody can be asked here", hint="add --yes to say so beforehand")
        if not self.options.yes:
            for line in lines:
                self.note(line)
        if not self.agrees(question):
            raise Usage("not confirmed; nothing was sent")

    def agrees(self, question: str) -> bool:
        """A person's yes; --yes is one given beforehand."""
        return self.options.yes or speaking.agrees(question)

    def ask(self, prompt: str, instead: str, more: Callable[[str], bool] = lambda _text: False) -> str:
        """A secret, typed without echo, on while there is `more`. Raises `Usage`, with what to type `instead`."""
        if not self.terminal:
            raise Usage(f"{prompt}: nobody can be asked here", hint=f"give {instead}")
        return speaking.secret(prompt, more)

    def show(self, outcome: Result | Iterable[Result]) -> int:
        """Render what a command returned, one result or a stream of them; the status of the last."""
        if isinstance(outcome, Result):
            return speaking.show(outcome, self.options)
        status = 0
        with contextlib.ExitStack() as ending:
            if isinstance(outcome, Generator):
                ending.callback(outcome.close)
            frames = ending.enter_context(contextlib.closing(speaking.live(self.options)))
            for place, result in enumerate(outcome):
                status = frames.show(result.but(continued=place > 0) if result.live else result)
        return status

    def emit_line(self, result: Result) -> None:
        """Render one result now, on one line where the form has lines."""
        speaking.show_line(result, self.options)

    def client_of(self, base_url: str, key: Any) -> Client:
        """A client for a key that no profile holds yet."""
        return self.new_client(self.network(profile=False), base_url, key, key.mode)

    def default_to_local(self) -> None:
        """With no account chosen, mean the exchange in the box."""
        if account.choose(self.config, profile=self.options.profile, local=self.options.local) == account.Chosen():
            self.options.local = True

    @cached_property
    def flags(self) -> dict[str, str | None]:
        """The words typed, as the settings take them."""
        return chosen.flags(self._words)

    @cached_property
    def patience(self) -> keys.Patience:
        """How long a keyring or a helper may take."""
        return keys.ON_TERMINAL if self.terminal else keys.OFF_TERMINAL

    def seen(
        self,
        body: Any,
        *,
        raw: bytes | None = None,
        items: str | None = None,
        ids: str | list[str] | None = None,
        table: Table | None = None,
        failure: Failure | None = None,
    ) -> Result:
        """A body as a result; `ids` names the field that identifies a row."""
        return Result(
            body=body,
            raw=raw,
            items=items,
            ids=identities(body, items, ids) if isinstance(ids, str) else ids or [],
            table=table,
            failure=failure,
        )
