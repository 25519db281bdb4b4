"""The command tree as pages: what each command is called, takes and says. Everything written is made from these."""

from collections.abc import Iterator
from typing import Any

import msgspec
import typer

from seqcli import app
from seqcli.commands import options


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """An argument (no names) or an option. `metavar` is None for a flag; `choices` are the values it takes."""

    names: tuple[str, ...]
    metavar: str | None
    help: str
    required: bool

    @property
    def choices(self) -> tuple[str, ...]:
        """The values, where the metavar lists them: ``gtc|ioc|fok``."""
        plain = self.kind
        return tuple(plain.split("|")) if "|" in plain else ()

    @property
    def kind(self) -> str:
        """The metavar without its decoration: SYMBOL of ``[SYMBOL...]``."""
        return (self.metavar or "").strip("[]").removesuffix("...").strip("[]")


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One command. `words` is what is typed after ``seq``; `every` holds the options that every command takes."""

    words: tuple[str, ...]
    text: str
    examples: tuple[str, ...]
    arguments: tuple[Word, ...]
    options: tuple[Word, ...]
    every: tuple[Word, ...]
    children: tuple["Page", ...]
    alone: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The first line, without its full stop."""
        return self.text.partition("\n")[0].rstrip(".")


def whole() -> Page:
    """The tree from ``seq`` down."""
    return _page(app.root(), (), None)


def walk(page: Page) -> Iterator[Page]:
    """`page` and everything below it, in the order of the help."""
    yield page
    for child in page.children:
        yield from walk(child)


def _page(command: Any, words: tuple[str, ...], parent: typer.Context | None) -> Page:
    context = typer.Context(command, info_name=words[-1] if words else "seq", parent=parent)
    parameters = [_word(parameter, context) for parameter in command.get_params(context) if not parameter.hidden]
    children: tuple[Page, ...] = ()
    if hasattr(command, "list_commands"):
        names = command.list_commands(context)
        children = tuple(_page(command.get_command(context, name), (*words, name), context) for name in names)
    return Page(
        words=words,
        text=(command.help or "").strip(),
        examples=tuple(command.examples),
        arguments=tuple(word for word in parameters if not word.names),
        options=tuple(word for word in parameters if word.names and not _is_global(word)),
        every=tuple(word for word in parameters if word.names and _is_global(word)),
        children=children,
        alone=tuple(getattr(command, "alone", ())),
    )


def _word(parameter: Any, context: typer.Context) -> Word:
    is_argument = parameter.param_type_name == "argument"
    is_flag = bool(getattr(parameter, "is_flag", False) or getattr(parameter, "count", False))
    record = parameter.get_help_record(context)
    return Word(
        names=() if is_argument else (*parameter.opts, *parameter.secondary_opts),
        metavar=None if is_flag else (parameter.metavar or parameter.make_metavar(context)),
        help=" ".join((record[1] if record else parameter.help or "").split()),
        required=bool(parameter.required),
    )


def _is_global(word: Word) -> bool:
    return any(name.lstrip("-").replace("-", "_") in {*options.GLOBAL_NAMES, "help"} for name in word.names)
