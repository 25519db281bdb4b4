"""What stands between the gate and the handlers: who calls, what is asked, what is answered, and which
function answers.

A handler is a plain function ``(box, call) -> Answer | Struct | dict | list``. It changes the exchange in
memory at once; the
events it leaves in ``exchange.pending`` are made durable before its answer leaves the process.

One that reads much is a generator of pauses that returns its answer: while it pauses others are answered, so it takes
what it needs of the exchange before its first pause, and the rest from `Store.snapshot`. It changes nothing.
"""

from collections.abc import Callable, Generator, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from seqcli.sandbox.problems import Problem, conflict, invalid, not_found
from seqcli.wire.operation import Operation

if TYPE_CHECKING:
    from seqcli.sandbox.algos.deployments import Deployments
    from seqcli.sandbox.algos.fleet import Fleet
    from seqcli.sandbox.algos.jobs import Jobs
    from seqcli.sandbox.algos.runner import Runner
    from seqcli.sandbox.exchange.exchange import Exchange
    from seqcli.sandbox.market.prediction.catalogue import Catalogue
    from seqcli.sandbox.market.synthetic import Market
    from seqcli.sandbox.storage.keys import Key, Keys
    from seqcli.sandbox.storage.store import Store
    from seqcli.sandbox.storage.vault import Vault
    from seqcli.sandbox.strategies.kept import Strategies
    from seqcli.sandbox.strategies.runs import Runs
    from seqcli.sandbox.streams.hub import Hub
    from seqcli.sandbox.streams.tickets import Tickets

__all__ = [
    "NOBODY",
    "Answer",
    "Box",
    "Call",
    "Caller",
    "Following",
    "Handler",
    "Problem",
    "Settings",
    "conflict",
    "handler_for",
    "invalid",
    "not_found",
    "serves",
    "whole",
]


class Caller(msgspec.Struct, frozen=True):
    """Who calls. `role` is ``admin``, ``trader`` or ``read``; `sandbox` is true for a ``seq_test_`` key."""

    client_id: str
    key_id: str
    role: str
    sandbox: bool


NOBODY = Caller(client_id="", key_id="", role="", sandbox=False)
"""The caller of an operation that needs no key."""


class Call(msgspec.Struct):
    """One request, checked: `query` and `body` are the operation's own types (None when it has none)."""

    operation: Operation
    path: dict[str, str]
    query: Any
    body: Any
    raw: bytes
    caller: Caller
    now_ns: int
    request_id: str


class Answer(msgspec.Struct):
    """A good reply. `body` is a JSON value, a struct, or bytes that are encoded already; `status` None =
    the operation's first.
    """

    body: Any = None
    status: int | None = None
    headers: dict[str, str] = {}


class Following(msgspec.Struct, kw_only=True):
    """The body of an answer that goes on: the events of a `stream`, from after `last_id` if that is given."""

    stream: str
    caller: Caller
    filters: dict[str, str]
    last_id: str | None = None


class Settings(msgspec.Struct, kw_only=True):
    """How this exchange was started."""

    seed: int = 42
    region: str = "NA"
    qps: int = 0
    started_ns: int = 0


class Box(Protocol):
    """What handlers reach. Each part is opened when it is first asked for."""

    settings: Settings
    hub: "Hub | None"
    """Who listens; None when no server runs."""

    @property
    def exchange(self) -> "Exchange":
        """Books, open orders, graphs, accounts: caught up to the call's time."""

    @property
    def market(self) -> "Market":
        """Instruments, prices and books at any instant."""

    @property
    def contracts(self) -> "Catalogue | None":
        """Prediction markets, where the market has some."""

    @property
    def down(self) -> frozenset[str]:
        """Edges that an operator has dropped."""

    def connect(self, edge: str, now_ns: int, *, up: bool) -> None:
        """Drop an edge or bring it back, in this and in later runs."""

    @property
    def deployments(self) -> "Deployments":
        """Algorithms as they are kept."""

    @property
    def fleet(self) -> "Fleet | None":
        """Algorithms that run; None where the exchange is not served."""

    @property
    def strategies(self) -> "Strategies":
        """Hosted strategies as they are kept."""

    @property
    def runs(self) -> "Runs | None":
        """Strategies that run; None where no program may."""

    @property
    def jobs(self) -> "Jobs":
        """Backtests as they are kept."""

    @property
    def runner(self) -> "Runner | None":
        """Backtests that wait or run; None where the exchange is not served."""

    @property
    def store(self) -> "Store":
        """Ended orders, graphs and fills; queries."""

    def reporting(self) -> Iterator[None]:
        """Make every cost report that is due, with pauses; what is staged is on disk afterwards."""

    @property
    def vault(self) -> "Vault":
        """Sealed venue credentials."""

    @property
    def keys(self) -> "Keys":
        """API keys as hashes."""

    @property
    def tickets(self) -> "Tickets":
        """Tickets that were given and not used."""

    def keep_key(self, key: "Key", *, raw: str | None = None) -> None:
        """Store a key, new or changed; `raw` is its new text, if it got one."""


Handler = Callable[[Any, Call], Any]
_Function = TypeVar("_Function", bound=Handler)
_Found = TypeVar("_Found")
Paused = Generator[None, None, _Found]
"""Work with pauses, and what it comes to."""
_HANDLERS: dict[str, Handler] = {}


def whole(work: Paused[_Found]) -> _Found:
    """What work with pauses comes to, without any."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            found: _Found = end.value
            return found


def serves(operation: Operation) -> Callable[[_Function], _Function]:
    """Register the decorated function as the one that answers `operation`; twice is a bug."""

    def register(handler: _Function) -> _Function:
        if operation.name in _HANDLERS:
            raise RuntimeError(f"{operation.name} is served twice")
        _HANDLERS[operation.name] = handler
        return handler

    return register


def handler_for(operation: Operation) -> Handler:
    """The function that answers `operation`; its noun's file is imported at the first call. LookupError
    when there is none.
    """
    handler = _HANDLERS.get(operation.name)
    if handler is None:
        import_module(f"seqcli.sandbox.handlers.{operation.noun}")
        handler = _HANDLERS[operation.name]
    return handler
