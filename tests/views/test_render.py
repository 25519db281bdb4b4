"""One place prints: forms, fields, ids, notes, failures and their status."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

import seqcli
from seqcli.errors import BY_CODE, Failure, OutcomeUnknown, Refused, Usage
from seqcli.views import Options, Result, note, planned, render, render_failure
from seqcli.wire.strict import Number, parse

Show = Callable[..., Any]
HOME = str(Path(seqcli.__file__).parents[1])
MACHINE_FORMS = ["json", "ndjson", "csv", "raw"]

RAW = (
    b'{"orders": [ {"id":"a","qty_1e8":50000000,"mid":1.50,"ts_ns":1705406400000000000},'
    b'{"id":"b","qty_1e8":null} ],"n":2}'
)
BODY = parse(RAW, number=Number)


def test_json_is_the_body_with_twins_beside_their_integers(show: Show) -> None:
    shown = show(BODY, items="orders", output="json")
    assert json.loads(shown.out) == {
        "orders": [
            {
                "id": "a",
                "qty_1e8": 50000000,
                "qty": "0.5",
                "mid": 1.5,
                "ts_ns": 1705406400000000000,
                "ts": "2024-01-16T12:00:00.000000000Z",
            },
            {"id": "b", "qty_1e8": None, "qty": None},
        ],
        "n": 2,
    }
    assert '"mid": 1.50,\n' in shown.out
    assert shown.out.startswith('{\n  "orders": [\n    {\n      "id": "a",\n')
    assert (shown.err, shown.status) == ("", 0)


def test_ndjson_is_the_items_one_a_line(show: Show) -> None:
    assert show(BODY, items="orders", output="ndjson").lines == [
        (
            '{"id":"a","qty_1e8":50000000,"qty":"0.5","mid":1.50,"ts_ns":1705406400000000000,'
            '"ts":"2024-01-16T12:00:00.000000000Z"}'
        ),
        '{"id":"b","qty_1e8":null,"qty":null}',
    ]


def test_a_single_object_is_one_line_of_ndjson_and_one_row_of_csv(show: Show) -> None:
    assert show({"a": 1, "p_1e9": 1_500_000_000}, output="ndjson").out == '{"a":1,"p_1e9":1500000000,"p":"1.5"}\n'
    assert show({"a": 1, "p_1e9": 1_500_000_000}, output="csv").out == "a,p\r\n1,1.5\r\n"


def test_csv_is_a_row_an_item(show: Show) -> None:
    assert show(BODY, items="orders", output="csv").out == (
        "id,qty,mid,ts\r\na,0.5,1.50,2024-01-16T12:00:00.000000000Z\r\nb,,,\r\n"
    )


def test_csv_of_a_lone_surrogate_is_no_crash(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="utf-8") as stream:
        assert render(Result(body=[{"a": "\ud800"}], items=""), Options(output="csv"), stream, io.StringIO()) == 0
    assert (tmp_path / "out").read_bytes() == b"a\r\n\\ud800\r\n"


def test_csv_on_a_terminal_is_cleaned_and_in_a_file_faithful(show: Show) -> None:
    body = [{"a": "x\x1b[2J\u202e"}]
    assert show(body, items="", output="csv", terminal=True).out == "a\r\nx\\u001b[2J\\u202e\r\n"
    assert show(body, items="", output="csv").out == "a\r\nx\x1b[2J\u202e\r\n"


def test_raw_is_the_bytes_untouched(tmp_path: Path) -> None:
    content = b'{"a" :1.50,\r\n "b":"\xc3\xa9"}'
    with (tmp_path / "out").open("w", encoding="latin-1") as stream:
        render(Result(body={"a": 1}, raw=content), Options(output="raw"), stream, io.StringIO())
    assert (tmp_path / "out").read_bytes() == content


def test_raw_of_what_no_server_sent_is_json(show: Show) -> None:
    assert show({"a": 1}, output="raw").out == '{\n  "a": 1\n}\n'


@pytest.mark.parametrize("output", ["table", *MACHINE_FORMS])
def test_quiet_prints_the_ids_in_every_form(show: Show, output: str) -> None:
    assert show(BODY, items="orders", ids=["a", "b\x1b"], quiet=True, output=output).out == "a\nb\\u001b\n"


@pytest.mark.parametrize("output", ["table", *MACHINE_FORMS])
def test_an_empty_list_is_success(show: Show, output: str) -> None:
    shown = show({"orders": []}, items="orders", output=output)
    assert (shown.status, shown.err) == (0, "")


def test_fields_hold_in_every_form_and_are_never_left_out(show: Show) -> None:
    words: dict[str, Any] = {"items": "orders", "fields": ("mid", "qty", "id")}
    assert json.loads(show(BODY, output="json", **words).out)[0] == {"mid": 1.5, "qty": "0.5", "id": "a"}
    assert show(BODY, output="ndjson", **words).lines[0] == '{"mid":1.50,"qty":"0.5","id":"a"}'
    assert show(BODY, output="csv", **words).out == "mid,qty,id\r\n1.50,0.5,a\r\n,,b\r\n"
    assert show(BODY, width=5, **words).lines == [" MID  QTY  ID", "1.50  0.5  a", "           b"]
    assert show({"i": {"a": 1}}, output="csv", fields=("i",)).out == 'i\r\n"{""a"":1}"\r\n'


def test_an_unknown_field_is_a_usage_error_before_anything_is_printed() -> None:
    stdout = io.StringIO()
    with pytest.raises(Usage, match="'nope'") as caught:
        render(Result(body=BODY, items="orders"), Options(fields=("nope",)), stdout, io.StringIO())
    assert stdout.getvalue() == ""
    assert caught.value.hint == "fields: id, qty_1e8, qty, mid, ts_ns, ts"


@pytest.mark.parametrize("output", MACHINE_FORMS)
def test_a_failure_is_one_json_object_on_stderr_in_a_machine_form(show: Show, output: str) -> None:
    details = [{"field": "qty_1e8", "message": "must be positive", "limit": Number("1.50")}]
    failure = Refused("no\x1b – never", hint="less", code="VALIDATION_ERROR", request_id="r-1", details=details)
    shown = show({"a": 1}, failure=failure, output=output)
    assert shown.err == (
        '{"error":{"code":"VALIDATION_ERROR","message":"no\\u001b \\u2013 never","hint":"less","request_id":"r-1",'
        '"details":[{"field":"qty_1e8","message":"must be positive","limit":1.50}],"exit_status":3}}\n'
    )
    assert shown.status == 3
    assert shown.out


def test_a_failure_for_people_is_a_sentence_and_a_hint(show: Show) -> None:
    failure = OutcomeUnknown(
        "it may\nexist \x1b[31m",
        hint="seq order reconcile g",
        request_id="r\u202e",
        details=[{"field": "a", "message": "b"}],
    )
    shown = show({"a": 1}, failure=failure)
    assert shown.err == ("seq: it may exist \\u001b[31m\n  a: b\nhint: seq order reconcile g\nrequest id: r\\u202e\n")
    assert shown.status == 9


def test_details_of_another_shape_are_shown_as_they_are() -> None:
    stderr = io.StringIO()
    render_failure(Refused("no", details=[{"why": 1}]), Options(), stderr)
    assert stderr.getvalue() == 'seq: no\n  {"why":1}\n'


def test_a_person_is_told_twenty_details_and_how_many_more() -> None:
    failure = Refused("no", details=[{"field": f"f{number}", "message": "bad"} for number in range(23)])
    people, machine = io.StringIO(), io.StringIO()
    render_failure(failure, Options(), people)
    render_failure(failure, Options(output="json"), machine)
    lines = people.getvalue().splitlines()
    assert lines[20:] == ["  f19: bad", "  and 3 more; --json lists all of them"]
    assert len(json.loads(machine.getvalue())["error"]["details"]) == 23


@pytest.mark.parametrize("kind", [Failure, Usage, OutcomeUnknown, *dict.fromkeys(BY_CODE.values())])
def test_the_status_is_the_failures(kind: type[Failure]) -> None:
    assert render_failure(kind("x"), Options(), io.StringIO()) == kind.exit_status


def test_notes_go_to_stderr_cleaned(show: Show) -> None:
    shown = show({"a": 1}, output="json", notes=["first\x1b", "second"])
    assert shown.err == "first\\u001b\nsecond\n"
    stderr = io.StringIO()
    note("a\nb", stderr)
    assert stderr.getvalue() == "a b\n"


def test_several_planned_requests_are_ndjson_and_one_is_an_object(show: Show) -> None:
    request = {"method": "GET", "url": "https://x/v1", "headers": {"A": "b"}, "body": {"qty_1e8": 1}}
    one, two = planned([request]), planned([request, request | {"body": None}])
    assert json.loads(show(one.body, plain=one.plain, output="json").out) == request
    lines = show(two.body, **_of(two), output="json").lines
    assert [json.loads(line)["body"] for line in lines] == [{"qty_1e8": 1}, None]
    assert show(one.body, **_of(one)).out == (
        'would send\nmethod  GET\nurl     https://x/v1\nA       b\nbody    {"qty_1e8":1}\n'
    )


def _of(result: Result) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(result).items() if name != "body"}


def test_frames_for_a_program_are_one_line_each_with_one_heading(show: Show) -> None:
    frame = {"symbol": "ETH", "mid": Number("1.50")}
    for words in ({"output": "json"}, {"output": "ndjson"}, {}):
        assert show(frame, live=True, **words).out == '{"symbol":"ETH","mid":1.50}\n'
    assert show(frame, live=True, output="csv").out == "symbol,mid\r\nETH,1.50\r\n"
    assert show(frame, live=True, continued=True, output="csv").out == "ETH,1.50\r\n"
    assert show(frame, live=True, raw=b'{"a":1}', output="raw").out == '{"a":1}\n'


def test_lines_pass_as_they_came_and_are_harmless_on_a_terminal(show: Show) -> None:
    lines = [b'{"a": 1.50, "b":"\xc3\xbc"}', b'{"c":"\xe2\x80\xae\xff"}']
    assert show(frames=lines[:1], output="json").out == '{"a": 1.50, "b":"ü"}\n'
    assert show(frames=lines[:1], quiet=True).out == '{"a": 1.50, "b":"ü"}\n'
    assert show(frames=lines, terminal=True).out == '{"a": 1.50, "b":"ü"}\n{"c":"\\u202e\\xff"}\n'
    assert show(frames=[], notes=["said"]) == ("", "said\n", 0)


class Counting(io.StringIO):
    """Counts lines at each flush."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int] = []

    def flush(self) -> None:
        self.seen.append(self.getvalue().count("\n"))


def test_ndjson_is_flushed_a_line_at_a_time() -> None:
    stream = Counting()
    render(Result(body=[1, 2, 3], items=""), Options(output="ndjson"), stream, io.StringIO())
    assert stream.seen[:3] == [1, 2, 3]


def run(code: str, **words: Any) -> "subprocess.Popen[bytes]":
    """A process whose stdout is buffered, as a user's is: unbuffered, a missing flush would go unseen."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    program = [sys.executable, "-c", "import sys\nfrom seqcli.views import *\n" + code]
    return subprocess.Popen(
        program, env=environment | {"PYTHONPATH": HOME}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **words
    )


def test_a_line_of_ndjson_reaches_the_reader_of_a_pipe_before_the_next_is_made() -> None:
    """The writer waits for a word after each line: were it held back, this would never end."""
    code = """
for place in range(3):
    render(Result(body=[{"line": place}], items=""), Options(output="ndjson"), sys.stdout, sys.stderr)
    sys.stdin.readline()
"""
    with run(code, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for place in range(3):
            assert process.stdout.readline() == b'{"line":%d}\n' % place
            process.stdin.write(b"\n")
            process.stdin.flush()
        process.stdin.close()
        assert process.wait(20) == 0


@pytest.mark.parametrize("rows", [1, 2000])
@pytest.mark.parametrize("output", ["table", "json", "ndjson", "csv", "raw"])
def test_a_reader_that_went_away_is_a_broken_pipe_for_the_caller_to_see(output: str, rows: int) -> None:
    """A long text breaks while it is written, a short one when it is flushed."""
    code = f"""
import os
result = Result(body=[{{"a": "x" * 100}}] * {rows}, items="", raw=b"x" * 100 * {rows})
sys.stdin.readline()
try:
    render(result, Options(output={output!r}), sys.stdout, sys.stderr)
except BrokenPipeError:
    os._exit(141)
os._exit(0)
"""
    with run(code, stdin=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.close()
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.wait(60) == 141


@pytest.mark.parametrize("output", MACHINE_FORMS)
def test_a_machine_form_never_loads_the_table_library(output: str) -> None:
    code = f"""
from seqcli.views import quotes, orders, portfolio
result = Result(body={{"a": 1}}, raw=b"{{}}", table=orders.one)
render(result, Options(output={output!r}), sys.stdout, sys.stderr)
sys.exit(sum(name.partition(".")[0] in {{"rich", "asyncio", "dataclasses"}} for name in sys.modules))
"""
    with run(code) as process:
        assert process.wait(20) == 0


def test_negative_control_a_table_does_load_it() -> None:
    code = 'render(Result(body={"a": 1}), Options(), sys.stdout, sys.stderr)\nsys.exit("rich" in sys.modules)'
    with run(code) as process:
        assert process.wait(20) == 1
