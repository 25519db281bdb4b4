"""The command tree. A command's module is imported when its name is typed, and not before."""

from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any

import typer

from seqcli.commands import grammar
from seqcli.commands.topics import ALIASES, NOT_HERE
from seqcli.errors import Usage

COMMANDS: dict[str, str] = {
    "quote": "NBBO and each venue's touch; --depth, --watch",
    "order": "Buy, sell, amend, cancel and follow orders",
    "graph": "Execution graphs: list, show, cancel, resume",
    "fills": "What was executed, newest first",
    "portfolio": "Positions, balances and profit and loss",
    "market": "Books, prices of the past, funding, symbols, fees, venues, pools",
    "predict": "Prediction markets: search, settlement, redeem, rewards",
    "stream": "What happens, as it happens: quotes, books, fills, orders",
    "analytics": "What trading cost, how it was executed, how venues served",
    "execution": "Forecast, simulate, follow and review an order",
    "risk": "The exchange's limits and their use",
    "killswitch": "Stop new risk, cancel everything, prove it flat",
    "creds": "Keys, profiles and venue credentials",
    "algo": "Write, deploy, start and stop algorithms",
    "strategy": "Programs of your own that the exchange runs",
    "health": "Is the exchange well, and are its edges connected?",
    "sandbox": "The exchange in the box: serve, reset, seed, faults",
    "journal": "What was sent from this machine, and how it ended",
    "config": "Settings, and where each value came from",
    "doctor": "Check this installation, its keys and its reach",
    "api": "Call any path of the API",
    "help": "Help on a command or a topic",
}
"""Each name with the line shown beside it. The module of that name in `seqcli.commands` holds it as `command`."""

Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="[COMMAND...|TOPIC]", help="A command's words, or a topic.", show_default=False),
]
_TEXT = """Trade Sequence Markets from a shell: quote, order, fill, position.

Without a key, --local trades on the exchange in the box: no account, no network.

Topics: seq help aliases · exit-status · environment · graph-files · strategy-files · sweep-files
"""


class Root(grammar.Noun):
    """`seq` itself: nouns by name, and the vendor's words."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the framework's signature
        """Names in the order a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the framework's signature
        """Import the command's module."""
        return load(cmd_name) if cmd_name in COMMANDS else None

    def words_of(self, words: list[str]) -> list[str]:
        """The words, an alias of one or two words spelled out. Raises `Usage` for a word that can't be honoured."""
        if words and words[0] in NOT_HERE:
            why, instead = NOT_HERE[words[0]]
            raise Usage(f"{words[0]}: {why}", hint=instead)
        for count in (2, 1):
            ours = ALIASES.get(" ".join(words[:count])) if len(words) >= count else None
            if ours is not None:
                return [*ours, *words[count:]]
        return words

    def known(self, ctx: Any) -> list[str]:
        """Commands and aliases."""
        return [*self.list_commands(ctx), *ALIASES]

    def short_helps(self, ctx: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - as its parent's
        """From the table above: no module is imported."""
        return list(COMMANDS.items())


def load(name: str) -> Any:
    """The command called `name`: a noun with verbs, or a verb."""
    if name == "help":
        return grammar.build(name, show_help, ("seq help order buy", "seq help aliases"))
    return import_module(f"seqcli.commands.{name}").command


def show_help(session: Any, words: Words = None) -> Any:
    """Help on a command, or on a topic: aliases, exit-status, environment, graph-files, strategy-files, sweep-files."""
    from seqcli.commands import topics

    return session.said((topics.of(words[0]) if words else None) or help_of(words or []))


def help_of(words: Sequence[str]) -> str:
    """The help of the command that `words` name. Raises `Usage` when there is none."""
    command: Any = root()
    context = command.make_context("seq", [], resilient_parsing=True)
    for word in words:
        inner = command.get_command(context, word) if isinstance(command, grammar.Noun) else None
        if inner is None:
            raise grammar.unknown(word, command, context)
        context = inner.make_context(word, [], parent=context, resilient_parsing=True)
        command = inner
    text: str = context.get_help()
    return text


def root() -> Root:
    """The whole tree."""
    return Root("seq", _TEXT, examples=("seq --local quote ETH-USD", "seq --local order buy ETH-USD 1.0 --wait"))


def run(arguments: Sequence[str], *, name: str = "seq") -> int:
    """Run one command line; its exit status. Raises the failure tree."""
    command = root()
    try:
        with command.make_context(name, list(arguments)) as context:
            return command.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    except typer.TyperException as error:
        raise grammar.usage(error) from None
    except typer.Abort:
        raise KeyboardInterrupt from None
