"""The one place that prints: a result or a failure, in the form asked for."""

from collections.abc import Sequence
from typing import Any, TextIO

from seqcli.errors import Failure
from seqcli.units import with_twins
from seqcli.views import forms, generic, screen
from seqcli.views.blocks import Block, Pairs
from seqcli.views.result import MACHINE_FORMS, Options, Result

_DETAILS = 20
"""As many as a person reads; a machine form has all."""


def render(result: Result, options: Options, stdout: TextIO, stderr: TextIO) -> int:
    """Print `result`; its exit status.

    Raises `Usage` for an unknown field, BrokenPipeError when the reader went away.
    """
    for sentence in result.notes:
        note(sentence, stderr)
    if result.frames is not None:
        _pass(result.frames, stdout)
    elif options.quiet:
        stdout.writelines(f"{screen.clean(identity)}\n" for identity in result.ids)
    else:
        _WRITERS[options.output](result, options, stdout)
    stdout.flush()
    return render_failure(result.failure, options, stderr) if result.failure else 0


def render_failure(failure: Failure, options: Options, stderr: TextIO) -> int:
    """Print `failure`: a sentence and a hint for people, one JSON object in a machine form."""
    if options.output in MACHINE_FORMS:
        stderr.write(forms.encode(failure.as_json()) + "\n")
    else:
        stderr.write(f"seq: {screen.clean(failure.message)}\n")
        stderr.writelines(f"  {_detail(row)}\n" for row in failure.details[:_DETAILS])
        if len(failure.details) > _DETAILS:
            stderr.write(f"  and {len(failure.details) - _DETAILS} more; --json lists all of them\n")
        if failure.hint:
            stderr.write(f"hint: {screen.clean(failure.hint)}\n")
        if failure.request_id:
            stderr.write(f"request id: {screen.clean(failure.request_id)}\n")
    stderr.flush()
    return failure.exit_status


def _detail(row: dict[str, Any]) -> str:
    return screen.clean(
        f"{row['field']}: {row['message']}" if {"field", "message"} <= row.keys() else forms.encode(row)
    )


def note(sentence: str, stderr: TextIO) -> None:
    """One line beside the results."""
    stderr.write(f"{screen.clean(sentence)}\n")
    stderr.flush()


def planned(requests: Sequence[dict[str, Any]]) -> Result:
    """What would be sent: one object, or several, one a line."""
    if len(requests) == 1:
        return Result(body=requests[0], table=_planned_table, plain=True)
    return Result(body=list(requests), items="", table=_planned_table, plain=True, lines=True)


def _planned_table(body: Any) -> list[Block]:
    blocks: list[Block] = []
    for request in body if isinstance(body, list) else [body]:
        rows: list[Any] = [("method", request["method"]), ("url", request["url"])]
        rows += [(name, str(value)) for name, value in request["headers"].items()]
        rows.append(("body", forms.encode(request["body"]) if request["body"] is not None else "none"))
        blocks.append(Pairs(title="would send", rows=rows))
    return blocks


def _chosen(result: Result, options: Options) -> Any:
    """The body with twins, reduced to the fields asked for."""
    body = result.body if result.plain else with_twins(result.body)
    if options.fields is None:
        return body
    rows = result.rows(body)
    forms.check_fields(options.fields, [body] if rows is None else rows)
    if rows is None:
        return forms.pick(body, options.fields)
    return [forms.pick(row, options.fields) for row in rows]


def _rows(result: Result, options: Options) -> list[Any]:
    chosen = _chosen(result, options)
    if options.fields is None:
        rows = result.rows(chosen)
        return [chosen] if rows is None else rows
    return chosen if isinstance(chosen, list) else [chosen]


def _json(result: Result, options: Options, stdout: TextIO) -> None:
    if result.lines:
        _ndjson(result, options, stdout)
    else:
        stdout.write(forms.encode(_chosen(result, options), None if result.live else 2) + "\n")


def _ndjson(result: Result, options: Options, stdout: TextIO) -> None:
    for row in _rows(result, options):
        stdout.write(forms.encode(row) + "\n")
        stdout.flush()


def _csv(result: Result, options: Options, stdout: TextIO) -> None:
    text = forms.csv_text(_rows(result, options), options.fields, heading=not result.continued)
    if screen.is_terminal(stdout):
        text = "".join(f"{screen.clean(line)}\r\n" for line in text.split("\r\n")[:-1])
    _write_bytes(text.encode(errors="backslashreplace"), stdout)


def _raw(result: Result, options: Options, stdout: TextIO) -> None:
    if result.raw is None:
        _json(result, options, stdout)
    else:
        _write_bytes(result.raw + (b"\n" if result.live else b""), stdout)


def _pass(lines: Sequence[bytes], stdout: TextIO) -> None:
    """Whole lines at once; a terminal sees no character that could do something to it."""
    content = b"".join(line + b"\n" for line in lines)
    if screen.is_terminal(stdout):
        shown = (screen.clean(line.decode(errors="backslashreplace")) for line in lines)
        content = "".join(f"{line}\n" for line in shown).encode(errors="backslashreplace")
    _write_bytes(content, stdout)


def _write_bytes(content: bytes, stdout: TextIO) -> None:
    """Past the text layer, which on some systems would make something else of a line's end."""
    stream = getattr(stdout, "buffer", None)
    if stream is None:
        stdout.write(content.decode(errors="backslashreplace"))
        return
    stdout.flush()
    stream.write(content)
    stream.flush()


def _table(result: Result, options: Options, stdout: TextIO) -> None:
    if result.live and not screen.is_terminal(stdout):  # a program reads the frames: one a line
        _json(result, options, stdout)
        return
    from seqcli.views import draw

    draw.draw(blocks_of(result, options), options, stdout)


def blocks_of(result: Result, options: Options) -> Sequence[Block]:
    """What a table of `result` is made of; an unexpected shape falls back to a generic one."""
    if options.fields is not None:
        return [generic.grid(_rows(result, options), fields=options.fields)]
    if result.table is not None:
        try:
            return result.table(result.body)
        except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError):
            pass  # an unexpected shape is shown as it is
    rows = result.rows(result.body)
    return generic.blocks(result.body if rows is None else rows)


_WRITERS = {"table": _table, "json": _json, "ndjson": _ndjson, "csv": _csv, "raw": _raw}
