"""The options every command takes, before or after its verb: declared once."""

import sys
from typing import Any

import typer
from typer.core import TyperOption

from seqcli import __version__

_GIVEN = "seqcli.given"
_DECLARED: tuple[tuple[tuple[str, ...], bool, str | None, str], ...] = (
    (("--profile",), False, "NAME", "Which stored profile: key, address, defaults (SEQ_PROFILE)."),
    (("--local",), True, None, "The built-in sandbox exchange: no account, no network."),
    (("-o", "--output"), False, "table|json|ndjson|csv|raw", "Form of the result (SEQ_OUTPUT)."),
    (("--json",), True, None, "The same as -o json."),
    (("--csv",), True, None, "The same as -o csv."),
    (("--fields",), False, "A,B.C", "Only these fields, in this order."),
    (("-q", "--quiet"), True, None, "Ids only, one a line."),
    (("-n", "--dry-run"), True, None, "Build, check and print the request; send nothing."),
    (("-y", "--yes"), True, None, "Answer yes to a confirmation (SEQ_YES=1)."),
    (("--no-input",), True, None, "Never ask (SEQ_NO_INPUT=1)."),
    (
        ("--timeout",),
        False,
        "SECONDS",
        "Limit of each operation, retries included; default 20 (SEQ_TIMEOUT).",
    ),
    (("-v", "--verbose"), True, None, "Requests and timings on stderr, secrets masked."),
    (("--color",), False, "auto|always|never", "Colour in tables (NO_COLOR, FORCE_COLOR)."),
)
GLOBAL_NAMES = frozenset(word.lstrip("-").replace("-", "_") for row in _DECLARED for word in row[0][-1:]) | {"version"}


def declared() -> list[TyperOption]:
    """New option objects for one command."""
    options = [
        TyperOption(
            param_decls=list(words),
            is_flag=flag,
            default=False if flag else None,
            type=None if flag else str,
            metavar=metavar,
            help=text,
            expose_value=False,
            callback=_keep,
        )
        for words, flag, metavar, text in _DECLARED
    ]
    version = TyperOption(
        param_decls=["--version"],
        is_flag=True,
        default=False,
        help="Print the version and stop.",
        expose_value=False,
        is_eager=True,
        callback=_print_version,
    )
    return [*options, version]


def _keep(context: typer.Context, parameter: Any, value: Any) -> Any:
    """Remember what was typed; of two the last one wins."""
    source = context.get_parameter_source(parameter.name)
    if source is not None and source.name == "COMMANDLINE":
        words = context.meta.setdefault(_GIVEN, {})
        words |= {"output": parameter.name} if parameter.name in ("json", "csv") else {parameter.name: value}
    return value


def _print_version(_context: typer.Context, _parameter: Any, value: bool) -> None:
    if value:
        sys.stdout.write(f"seqcli {__version__}\n")
        raise typer.Exit


def given(context: typer.Context) -> dict[str, Any]:
    """The global words typed so far."""
    words: dict[str, Any] = context.meta.get(_GIVEN, {})
    return words
