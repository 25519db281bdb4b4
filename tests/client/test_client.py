"""One call: what is sent, what is read, what is tried again, and which failure comes of it."""

import random
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from seqcli import __version__
from seqcli.client import client as module
from seqcli.client.retry import Budget
from seqcli.errors import (
    Ambiguous,
    Denied,
    Failure,
    NotFound,
    NotSent,
    RateLimited,
    Refused,
    Unreachable,
    Usage,
)
from seqcli.wire import strict
from seqcli.wire.operation import Access, Operation, Repeat, Request

KEY = "seq_test_" + "k" * 60 + "1a2b"
READ = Operation(name="quotes.one", method="GET", path="/v1/quotes/{symbol}", summary="")
PUBLIC = Operation(name="health.live", method="GET", path="/v1/live", summary="", access=Access.PUBLIC)
PLACE = Operation(
    name="orders.place",
    method="POST",
    path="/v1/orders",
    summary="",
    success=(201, 200),
    repeat=Repeat.SAME_BYTES,
    access=Access.TRADE,
)
SET = Operation(name="safety.set", method="PUT", path="/v1/kill_switch", summary="", access=Access.TRADE)
DEPLOY = Operation(
    name="algos.deploy",
    method="POST",
    path="/v1/algos/deploy",
    summary="",
    repeat=Repeat.NEVER,
    access=Access.TRADE,
)
PAGE = Operation(name="docs.page", method="GET", path="/docs", summary="", reply=str, access=Access.PUBLIC)
ETH = Request(path={"symbol": "ETH-USD"})
ORDER = b'{"graph_id":"g1", "qty_1e8":100000000}'
ERROR = b'{"error":{"code":"%s","message":"%s","request_id":"theirs"}}'
LATE_S = 2.0


def head(request: bytes) -> dict[str, str]:
    lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


def test_a_read_sends_the_key_and_its_name_and_gives_the_reply_untouched(client, serve, say):
    server = serve(say.reply(x_request_id="theirs"))
    reply = client(server).call(READ, ETH)
    sent = head(server.requests[0])
    assert server.requests[0].startswith(b"GET /v1/quotes/ETH-USD HTTP/1.1\r\n")
    assert sent["authorization"] == f"Bearer {KEY}"
    assert sent["user-agent"] == f"seqcli/{__version__}"
    assert sent["accept"] == "application/json"
    assert "content-type" not in sent
    assert (reply.status, reply.request_id, reply.operation) == (200, "theirs", READ)
    assert reply.raw.endswith(b'"mid":3000.10}')
    assert reply.body["bid_price_1e9"] == 3_000_000_000_000
    assert isinstance(reply.body["mid"], strict.Number)
    assert (reply.body["mid"], reply.body["mid"].literal) == (Decimal("3000.10"), "3000.10")


def test_each_attempt_has_a_request_id_of_ours_a_version_4_uuid_from_the_chance_given(client, serve, say):
    server = serve(say.reply("503 Service Unavailable", b""), say.reply())
    reply = client(server, rng=random.Random(7)).call(READ, ETH)
    ids = [head(request)["x-request-id"] for request in server.requests]
    shape = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    assert len(set(ids)) == 2
    assert all(re.fullmatch(shape, one) for one in ids)
    assert reply.request_id == ids[-1]


def test_what_is_public_is_asked_without_the_key(client, serve, say):
    server = serve(say.reply())
    client(server).call(PUBLIC)
    client(server, key=None).call(PUBLIC)
    assert all(b"authorization" not in request.lower() for request in server.requests)


def test_without_a_key_nothing_is_sent(client, serve, say):
    server = serve(say.reply())
    with pytest.raises(Denied, match="no API key"):
        client(server, key=None).call(READ, ETH)
    assert server.connections == 0


@pytest.mark.parametrize(
    "key",
    [f"{KEY}\n", f"{KEY}\r\nX-Evil: 1", "", "sk_live_abc", "seq_test_", f"seq_test_{'x' * 201}", " " + KEY],
)
def test_a_key_of_another_shape_never_reaches_a_header_or_a_sentence(client, serve, say, key):
    server = serve(say.reply())
    with pytest.raises(Denied) as caught:
        client(server, key=key).call(READ, ETH)
    assert server.connections == 0
    assert KEY not in str(caught.value)


def test_a_key_may_come_in_what_keeps_it(client, serve, say):
    class Keeper:
        def reveal(self) -> str:
            return KEY

    server = serve(say.reply())
    client(server, key=Keeper()).call(READ, ETH)
    assert head(server.requests[0])["authorization"] == f"Bearer {KEY}"


def test_a_write_sends_the_very_bytes_it_is_given(client, serve, say):
    server = serve(say.reply("201 Created"))
    client(server).call(PLACE, body=ORDER)
    client(server).call(PLACE, Request(body=ORDER))
    client(server).call(SET)
    assert [request.partition(b"\r\n\r\n")[2] for request in server.requests] == [ORDER, ORDER, b""]
    assert all(head(request)["content-type"] == "application/json" for request in server.requests)
    assert head(server.requests[2])["content-length"] == "0"


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_a_path_parameter_that_would_change_the_path_is_refused(client, serve, say, value):
    server = serve(say.reply())
    with pytest.raises(Usage):
        client(server).call(READ, Request(path={"symbol": value}))
    assert server.connections == 0


@pytest.mark.parametrize(
    "path", ["v1/account", "@evil.example/", "/v1/a b", "/v1/../x", "/v1/x#y", "/v1\\x", "/v1/\r\nX: 1", "/ü"]
)
def test_a_path_of_the_user_s_own_can_not_leave_the_origin(client, serve, say, path):
    server = serve(say.reply())
    with pytest.raises(Usage):
        client(server).call(Operation(name="api", method="GET", path=path, summary=""))
    assert server.connections == 0


@pytest.mark.parametrize(
    ("status", "body"),
    [("204 No Content", b""), ("200 OK", b""), ("201 Created", b'{"a":1}'), ("299 Odd", b"[1]")],
)
def test_any_good_status_is_read_and_an_empty_body_is_none(client, serve, say, status, body):
    server = serve(say.reply(status, body))
    reply = client(server).call(READ, ETH)
    assert (reply.raw, reply.body) == (body, strict.parse(body) if body else None)


def test_a_page_is_not_read_as_json(client, serve, say):
    server = serve(say.reply(body=b"<html>", content_type="text/html"))
    assert client(server).call(PAGE).raw == b"<html>"


NONSENSE = [
    pytest.param(b"<html>Welcome</html>", "text/html; charset=utf-8", id="HTML"),
    pytest.param(b'"fine"', "text/html", id="JSON that says it is HTML"),
    pytest.param(b'{"bid_price_1e9": 30', "application/json", id="half JSON"),
    pytest.param(b'{"a":1,"a":2}', "application/json", id="a key twice"),
    pytest.param(b'{"a":NaN}', "application/json", id="NaN"),
    pytest.param(b'{"a":-Infinity}', "application/json", id="Infinity"),
    pytest.param(b"[" * 100_000, "application/json", id="too deep"),
    pytest.param(b"1" * 5_000, "application/json", id="an absurd integer"),
    pytest.param(b'{"a":"\xff"}', "application/json", id="not UTF-8"),
    pytest.param(b'{"a":1} trailing', "application/json", id="trailing bytes"),
]


@pytest.mark.parametrize(("body", "kind"), NONSENSE)
def test_a_good_status_with_nonsense_is_unreachable_for_a_read(client, serve, say, body, kind):
    server = serve(say.reply(body=body, content_type=kind))
    with pytest.raises(Unreachable, match="not the API's JSON") as caught:
        client(server).call(READ, ETH)
    assert type(caught.value) is Unreachable
    assert (caught.value.stable_code, caught.value.exit_status, len(server.requests)) == ("BAD_REPLY", 7, 1)
    assert caught.value.request_id == head(server.requests[0])["x-request-id"]


@pytest.mark.parametrize(("body", "kind"), NONSENSE)
def test_the_same_is_ambiguous_for_a_write_and_not_sent_again(client, serve, say, body, kind):
    server = serve(say.reply("201 Created", body, content_type=kind))
    with pytest.raises(Ambiguous) as caught:
        client(server).call(PLACE, body=ORDER)
    assert (caught.value.stable_code, len(server.requests)) == ("BAD_REPLY", 1)


def test_other_shapes_and_types_are_the_caller_s_to_read(client, serve, say):
    server = serve(say.reply(body=b'["bid", null, {"mid": "x"}]', content_type="text/plain"))
    assert client(server).call(READ, ETH).body == ["bid", None, {"mid": "x"}]


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent"])
def test_a_redirect_is_never_followed_so_the_key_stays_with_its_server(client, serve, say, status):
    thief = serve(say.reply())
    server = serve(say.reply(status, b"", location=f"{thief.url}/v1/quotes/ETH-USD"))
    with pytest.raises(Unreachable, match="never followed") as caught:
        client(server).call(READ, ETH)
    assert (caught.value.stable_code, caught.value.http_status) == ("REDIRECT", int(status[:3]))
    with pytest.raises(Ambiguous, match="never followed"):
        client(server).call(PLACE, body=ORDER)
    assert (thief.connections, thief.requests, len(server.requests)) == (0, [], 2)


def test_control_a_client_that_follows_redirects_would_reach_the_second_server(serve, say):
    import httpx

    thief = serve(say.reply())
    server = serve(say.reply("302 Found", b"", location=f"{thief.url}/"))
    with httpx.Client(follow_redirects=True, trust_env=False) as naive:
        naive.get(server.url, headers={"X-Key": KEY})
    assert KEY.encode() in thief.requests[0]


@pytest.mark.parametrize(
    "case",
    [
        ("400 Bad Request", "VALIDATION_ERROR", Refused),
        ("401 Unauthorized", "UNAUTHORIZED", Denied),
        ("403 Forbidden", "FORBIDDEN", Denied),
        ("404 Not Found", "NOT_FOUND", NotFound),
        ("409 Conflict", "CONFLICT", Refused),
    ],
)
def test_an_error_of_the_server_is_its_failure_with_its_words_and_is_not_tried_again(client, serve, say, case):
    status, code, kind = case
    server = serve(say.reply(status, ERROR % (code.encode(), b"in their words")))
    with pytest.raises(kind, match="in their words") as caught:
        client(server).call(READ, ETH)
    assert (caught.value.stable_code, caught.value.request_id) == (code, "theirs")
    assert (caught.value.http_status, len(server.requests)) == (int(status[:3]), 1)


def test_the_flat_form_and_no_form_at_all_are_read_by_status(client, serve, say):
    server = serve(say.reply("404 Not Found", b'{"error":"nothing here"}'), say.reply("403 No", b"<html>"))
    with pytest.raises(NotFound, match="nothing here") as caught:
        client(server).call(READ, ETH)
    assert caught.value.request_id == head(server.requests[0])["x-request-id"]
    with pytest.raises(Denied):
        client(server).call(READ, ETH)


def test_a_5xx_is_never_a_refusal_whatever_its_body_claims(client, serve, say):
    server = serve(say.reply("500 Oops", ERROR % (b"VALIDATION_ERROR", b"no")))
    with pytest.raises(Ambiguous):
        client(server).call(PLACE, body=ORDER, once=True)


# again


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_read_is_asked_again_when_the_server_is_in_trouble(client, serve, say, status):
    server = serve(say.reply(f"{status} Trouble", b"{}"), say.reply())
    assert client(server).call(READ, ETH).status == 200
    assert len(server.requests) == 2


def test_a_read_is_asked_again_after_a_broken_connection(client, serve, say):
    server = serve(say.reset, say.cut(b"HTTP/1.1 2"), say.reply())
    assert client(server).call(READ, ETH).status == 200
    assert len(server.requests) == 3


def test_four_attempts_are_all(client, serve, say):
    server = serve(say.reply("503 Trouble", ERROR % (b"SERVICE_UNAVAILABLE", b"resting")))
    with pytest.raises(Unreachable, match="resting") as caught:
        client(server).call(READ, ETH)
    assert type(caught.value) is Unreachable
    assert (caught.value.stable_code, len(server.requests)) == ("SERVICE_UNAVAILABLE", 4)


def test_once_is_once(client, serve, say):
    server = serve(say.reply("503 Trouble", b""))
    with pytest.raises(Ambiguous):
        client(server).call(PLACE, body=ORDER, once=True)
    assert len(server.requests) == 1


def test_an_order_is_sent_again_with_the_same_bytes_only(client, serve, say):
    server = serve(say.reset, say.reply("503 Trouble", b""), say.reply("201 Created"))
    assert client(server).call(PLACE, body=ORDER).status == 201
    assert [request.partition(b"\r\n\r\n")[2] for request in server.requests] == [ORDER] * 3


@pytest.mark.parametrize("answer", ["cut", "500 Oops", "503 Trouble"])
def test_what_can_not_be_repeated_is_sent_once_when_its_fate_is_not_known(client, serve, say, answer):
    server = serve(say.cut() if answer == "cut" else say.reply(answer, b"", retry_after="0"))
    with pytest.raises(Ambiguous):
        client(server).call(DEPLOY, body=b"{}")
    assert len(server.requests) == 1


def test_control_were_it_marked_safe_it_would_have_been_sent_again(client, serve, say):
    server = serve(say.cut())
    with pytest.raises(Ambiguous):
        client(server).call(SET, body=b"{}")
    assert len(server.requests) == 4


def test_what_can_not_be_repeated_may_be_sent_again_when_it_never_left(client, serve, say):
    server = serve(say.reply())
    real, tries = client(server)._transport, []

    class Refusing:
        def send(self, *arguments):
            tries.append(arguments)
            if len(tries) < 3:
                raise NotSent("refused")
            return real.send(*arguments)

    assert client(server, transport=Refusing()).call(DEPLOY, body=b"{}").status == 200
    assert (len(tries), len(server.requests)) == (3, 1)


def test_a_429_is_definite_so_even_that_is_sent_again(client, serve, say):
    server = serve(say.reply("429 Slow", b"{}"), say.reply())
    assert client(server).call(DEPLOY, body=b"{}").status == 200


def test_a_write_that_may_have_been_applied_stays_ambiguous_through_later_refusals(client, serve, say):
    denied = say.reply("401 No", ERROR % (b"UNAUTHORIZED", b"no"))
    conflict = say.reply("409 No", ERROR % (b"CONFLICT", b"used"))
    for operation, later, kind in (
        (PLACE, conflict, Ambiguous),
        (PLACE, denied, Ambiguous),
        (SET, denied, Ambiguous),
        (SET, conflict, Refused),
    ):
        server = serve(say.reset, later)
        with pytest.raises(kind):
            client(server).call(operation, body=ORDER)
        assert len(server.requests) == 2


def test_nobody_there_is_not_sent_for_all(client, serve, say):
    server = serve(say.reply())
    url = server.url
    server.close()
    for operation in (READ, PLACE):
        with pytest.raises(NotSent, match="refused the connection") as caught:
            client(url).call(operation, ETH)
        assert caught.value.exit_status == 7


def test_retry_after_is_waited_for(client, serve, say, still):
    server = serve(say.reply("429 Slow", b"{}", retry_after="3"), say.reply())
    assert client(server, clock=still).call(READ, ETH).status == 200
    assert sum(still.slept) >= 3.0


def test_retry_after_beyond_the_deadline_is_the_end_at_once(client, serve, say, still):
    server = serve(say.reply("429 Slow", b'{"error":"slow down"}', retry_after="3600"))
    with pytest.raises(RateLimited, match="slow down") as caught:
        client(server, clock=still).call(READ, ETH)
    assert (still.slept, len(server.requests), caught.value.retry_after_s) == ([], 1, 3600.0)


def test_the_deadline_bounds_all_attempts_together(client, serve, say, stopwatch):
    server = serve(say.silence)
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:\d+ did not answer within 0\.3 s") as caught:
        client(server).call(READ, ETH, deadline_s=0.3)
    assert type(caught.value) is Unreachable
    assert stopwatch() < LATE_S
    assert len(server.requests) == 1


def test_a_deadline_already_past_sends_nothing(client, serve, say):
    server = serve(say.reply())
    with pytest.raises(NotSent) as caught:
        client(server).call(READ, ETH, deadline_s=0.0)
    assert (caught.value.stable_code, server.connections) == ("NO_TIME", 0)


def test_one_budget_ends_the_repeats_of_all_clients(client, serve, say):
    server = serve(say.reply("503 Trouble", b""))
    budget = Budget(capacity=4.0)
    for _ in range(5):
        with pytest.raises(Unreachable):
            client(server, budget=budget).call(READ, ETH)
    assert len(server.requests) == 5 + 4


def test_the_local_limit_learned_from_headers_keeps_from_sending(client, serve, say, still):
    limits = {"x_ratelimit_limit": "10", "x_ratelimit_remaining": "0"}
    server = serve(say.reply(**limits))
    mine = client(server, clock=still)
    mine.call(READ, ETH)
    assert still.slept == []
    mine.call(READ, ETH)
    assert still.slept == [pytest.approx(0.2)]
    with pytest.raises(RateLimited):
        mine.call(READ, ETH, deadline_s=0.1)
    mine.call(READ, ETH, deadline_s=0.1, urgent=True)
    mine.call(PUBLIC, deadline_s=0.1)
    assert len(server.requests) == 4


# seen


def test_the_trace_names_requests_and_times_and_holds_neither_key_nor_body(client, serve, say):
    server = serve(say.reply("503 Trouble", b""), say.reply())
    lines: list[str] = []
    api = Operation(name="api", method="PUT", path=f"/v1/x?api_key={KEY}", summary="")
    client(server, trace=lines.append).call(api, body=b'{"api_secret":"hush"}')
    text = "\n".join(lines)
    assert re.search(r"> PUT http://127.*attempt 1 · request id [0-9a-f-]{36}", text)
    assert re.search(r"< SERVICE_UNAVAILABLE.* ms", text)
    assert re.search(r"again in \d\.\d\d s", text)
    assert re.search(r"< 200 · .* ms · \d+ bytes", text)
    assert "seq_test_…1a2b" in text
    assert KEY not in text
    assert "hush" not in text


def test_what_would_be_sent_is_shown_without_a_key_and_with_secrets_masked(client):
    save = Operation(name="c", method="PUT", path="/v1/c", summary="", access=Access.TRADE)
    shown = (
        client("https://api.example", key=None).prepare(save, body=b'{"api_key":"a","api_secret":"b","n":1}').shown()
    )
    assert shown["headers"]["Authorization"] == "Bearer <none>"
    assert shown["url"] == "https://api.example/v1/c"
    assert shown["body"] == {"api_key": "…", "api_secret": "…", "n": 1}
    with_key = client("https://api.example").prepare(READ, ETH).shown()
    assert with_key["headers"]["Authorization"] == "Bearer seq_test_…1a2b"
    assert with_key["body"] is None


def test_failures_carry_a_request_id_always(client, serve, say):
    server = serve(say.cut())
    with pytest.raises(Failure) as caught:
        client(server).call(READ, ETH, once=True)
    assert caught.value.request_id == head(server.requests[0])["x-request-id"]


def test_importing_the_client_costs_no_http_library_and_no_tls():
    heavy = ["asyncio", "dataclasses", "email", "http.client", "httpcore", "httpx", "random", "socket", "ssl"]
    script = f"import sys\nimport seqcli.client.client\nprint(sorted(set({heavy!r}) & set(sys.modules)))"
    root = Path(module.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
