"""How a command line is read: nouns hold verbs, a verb is one function, help opens with an example.

A verb is declared on its noun and built only when it is typed:

    noun = Noun("order", "Buy, sell, follow and cancel orders.", alone=("list", "--open"))

    @noun.verb("buy", "seq --local order buy ETH-USD 1.0")
    def buy(session: Session, symbol: Symbol, ...) -> Result: ...

`session` is opened for the call; every other parameter is an argument or option of the verb.
"""

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup
from typer.main import get_command_from_info
from typer.models import CommandInfo

from seqcli.commands import options
from seqcli.errors import Usage

if TYPE_CHECKING:
    import msgspec

Body = Callable[..., Any]
_Body = TypeVar("_Body", bound=Body)
HELP_WORDS = ["-h", "--help"]
_NEVER = "more words than it takes; secrets are never words of a command"
"""Said where keys are dealt with, instead of a complaint that quotes what may be one."""


class Verb(TyperCommand):
    """One command: its words, its function, an example that can be pasted."""

    examples: tuple[str, ...] = ()
    lenient = False
    """Settings that can't be read do not stop it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words; a complaint learns which command it is about."""
        try:
            return super().parse_args(ctx, args)
        except typer.TyperException as error:
            error.ctx = ctx  # type: ignore[attr-defined]
            raise

    def invoke(self, ctx: Any) -> int:
        """Call the function with a session; the exit status of what it returned."""
        from seqcli.commands.session import Session

        with Session(options.given(ctx), lenient=self.lenient) as session:
            ctx.params["session"] = session
            return session.show(super().invoke(ctx))  # the framework passes `session` on with the words

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The words of the usage line; a required one without braces."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Examples, usage, what it does, arguments, options."""
        write_examples(self.examples, formatter)
        self.format_usage(ctx, formatter)
        self.format_help_text(ctx, formatter)
        write_parameters(self, ctx, formatter)
        self.format_epilog(ctx, formatter)


class Noun(TyperGroup):
    """A thing and its verbs. `alone` is what the noun means without a verb; empty: its help."""

    def __init__(self, name: str, text: str, *, alone: tuple[str, ...] = (), examples: tuple[str, ...] = ()) -> None:
        settings = {"help_option_names": HELP_WORDS, "ignore_unknown_options": bool(alone)}
        super().__init__(
            name=name,
            help=text,
            params=[*options.declared()],
            rich_markup_mode=None,
            context_settings=settings,
        )
        self.alone = alone
        self.lenient = False
        self.examples = examples
        self.short_help = text.partition("\n")[0]
        self._declared: dict[str, tuple[Body | Noun, tuple[str, ...]]] = {}

    def verb(self, name: str, *examples: str) -> Callable[[_Body], _Body]:
        """Declare a verb."""

        def declare(body: _Body) -> _Body:
            self._declared[name] = (body, examples)
            return body

        return declare

    def noun(self, inner: "Noun") -> None:
        """Put a noun inside: ``creds venue add``."""
        self._declared[inner.name or ""] = (inner, ())

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the framework's signature
        """Names in the order they were declared."""
        return list(self._declared)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the framework's signature
        """The verb or inner noun of that name, built now; None when there is none."""
        if cmd_name not in self._declared:
            return None
        body, examples = self._declared[cmd_name]
        return body if isinstance(body, Noun) else build(cmd_name, body, examples, lenient=self.lenient)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the global options; what is left is a verb and its words."""
        rest: list[str] = super(TyperGroup, self).parse_args(ctx, args)
        ctx.args = rest
        return rest

    def invoke(self, ctx: Any) -> int:
        """Find the verb and call it."""
        words = self.words_of(ctx.args)
        if not words:
            typer.echo(ctx.get_help())
            return 0
        command = self.get_command(ctx, words[0])
        if command is None:
            raise unknown(words[0], self, ctx)
        inner = command.make_context(words[0], words[1:], parent=ctx)
        with inner:
            status: int = command.invoke(inner)
        return status

    def words_of(self, words: list[str]) -> list[str]:
        """The verb and its words: `alone` when none was typed."""
        return [*self.alone, *words] if not words or words[0].startswith("-") else words

    def known(self, ctx: Any) -> list[str]:
        """Words that a mistyped one may have meant."""
        return self.list_commands(ctx)

    def short_helps(self, ctx: Any) -> list[tuple[str, str]]:
        """Each verb with the first line of its text; nothing is built for it."""
        rows = []
        for name in self.list_commands(ctx):
            body, _ = self._declared[name]
            text = body.short_help if isinstance(body, Noun) else inspect.getdoc(body)
            rows.append((name, (text or "").partition("\n")[0].rstrip(".")))
        return rows

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Examples, usage, what it is, its verbs, options."""
        write_examples(self.examples, formatter)
        self.format_usage(ctx, formatter)
        self.format_help_text(ctx, formatter)
        with formatter.section("Commands"):
            formatter.write_dl(self.short_helps(ctx))
        if self.alone:
            formatter.write_paragraph()
            formatter.write_text(f"Alone: {ctx.command_path} {' '.join(self.alone)}")
        write_parameters(self, ctx, formatter)
        self.format_epilog(ctx, formatter)


def build(name: str, body: Body, examples: tuple[str, ...], *, lenient: bool = False) -> Verb:
    """The command of a declared function."""
    info = CommandInfo(name, callback=_spread(body), cls=Verb, context_settings={"help_option_names": HELP_WORDS})
    command = get_command_from_info(info, pretty_exceptions_short=False, rich_markup_mode=None)
    assert isinstance(command, Verb)
    command.params.extend(options.declared())
    command.examples, command.lenient = examples, lenient
    return command


def _spread(body: Body) -> Body:
    """`body` with the fields of each struct it takes as words of their own, and without its session."""
    import msgspec

    signature = inspect.signature(body)
    plain: list[inspect.Parameter] = []
    groups: dict[str, type[msgspec.Struct]] = {}
    for parameter in signature.parameters.values():
        kind = parameter.annotation
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            groups[parameter.name] = kind
            plain += _fields(kind)
        elif parameter.name != "session":
            plain.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))

    def call(session: Any, **given: Any) -> Any:
        for name, kind in groups.items():
            given[name] = kind(**{field: given.pop(field) for field in kind.__struct_fields__})
        return body(session, **given)

    call.__doc__, call.__name__ = body.__doc__, body.__name__
    call.__signature__ = signature.replace(parameters=plain)  # type: ignore[attr-defined]
    return call


def _fields(kind: "type[msgspec.Struct]") -> list[inspect.Parameter]:
    import msgspec

    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=field.default,
            annotation=kind.__annotations__[field.name],
        )
        for field in msgspec.structs.fields(kind)
    ]


def standalone(name: str, body: Body, *examples: str) -> Verb:
    """A verb that stands at the top, without a noun."""
    return build(name, body, examples)


def unknown(word: str, command: Any, ctx: Any) -> Usage:
    """The failure for a word that `command` does not know."""
    near = nearest(word, command.known(ctx)) if isinstance(command, Noun) else None
    hint = f"did you mean: {ctx.command_path} {near}" if near else f"see: {ctx.command_path} --help"
    return Usage(f"{word!r} is not a command of {ctx.command_path}", hint=hint)


def nearest(word: str, known: list[str]) -> str | None:
    """The known word most like `word`, if one is."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, known, 1)), None)


def write_examples(examples: tuple[str, ...], formatter: Any) -> None:
    """Lines that can be pasted."""
    if examples:
        with formatter.section("Examples" if len(examples) > 1 else "Example"):
            for example in examples:
                formatter.write(f"  {example}\n")
        formatter.write_paragraph()


def write_parameters(command: Any, ctx: Any, formatter: Any) -> None:
    """Arguments, the command's own options, then those of every command."""
    sections: dict[str, list[tuple[str, str]]] = {
        "Arguments": [],
        "Options": [],
        "Options of every command": [],
    }
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is not None:
            sections[_section_of(parameter)].append(record)
    for title, rows in sections.items():
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows)


def _section_of(parameter: Any) -> str:
    if isinstance(parameter, TyperArgument):
        return "Arguments"
    every = parameter.name in options.GLOBAL_NAMES or parameter.name == "help"
    return "Options of every command" if every else "Options"


def usage(error: typer.TyperException) -> Usage:
    """A complaint of the parser in our words: what was wrong and what to type instead."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "seq"
    help_hint = f"see: {path} --help"
    option = getattr(error, "option_name", None)
    if option is None or "requires" in error.message:
        return Usage(_sentence(error, path), hint=_example_of(context) or help_hint)
    if option[1:2].isdigit():
        return Usage(f"{option} is not an option of {path}; numbers here are positive", hint=help_hint)
    if "creds" in path.split() and not option.strip("-").replace("-", "").isalpha():
        return Usage(f"{path}: {_NEVER}", hint=help_hint)
    near = nearest(option, _options_of(context))
    return Usage(f"{path} has no option {option}", hint=f"did you mean {near}?" if near else help_hint)


def _sentence(error: typer.TyperException, path: str) -> str:
    words = error.format_message().rstrip(".")
    if "unexpected extra argument" in words and "creds" in path.split():
        words = _NEVER
    if "requires" in words and hasattr(error, "option_name"):
        words = f"{error.option_name} needs a value"
    return f"{path}: {words[:1].lower()}{words[1:]}"


def _example_of(context: Any) -> str | None:
    examples = getattr(getattr(context, "command", None), "examples", ())
    return f"for example: {examples[0]}" if examples else None


def _options_of(context: Any) -> list[str]:
    if context is None:
        return []
    return [word for parameter in context.command.get_params(context) for word in parameter.opts]
