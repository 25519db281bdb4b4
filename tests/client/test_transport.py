"""What a server can do to a request, on real sockets."""

import gzip
import os
import socket
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import pytest

from seqcli.client import transport as module
from seqcli.client.transport import HttpTransport
from seqcli.errors import Ambiguous, NotSent, Unreachable, Usage

KEY = "seq_test_" + "k" * 60 + "1a2b"
QUOTE = b'{"symbol":"ETH-USD","bid_price_1e9":3000000000000,"mid":3000.10}'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
LIMIT_S = 0.3
LATE_S = 2.0  # far beyond the limit, and far below what an unlimited server would take


def get(transport: HttpTransport, url: str, deadline_s: float = 5.0):
    return transport.send("GET", url, {"Authorization": f"Bearer {KEY}"}, None, deadline_s)


def end_of_exchange(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when the thread of an exchange is through, whether anybody waits for it or not."""
    ended, run = threading.Event(), module._Exchange._run

    def watched(self, request):
        run(self, request)
        ended.set()

    monkeypatch.setattr(module._Exchange, "_run", watched)
    return ended


def test_an_answer_comes_back_as_it_was_sent(transport, serve, say):
    server = serve(say.reply(x_request_id="abc"))
    status, headers, body = get(transport, f"{server.url}/v1/quotes/ETH-USD?depth=3")
    assert (status, headers["x-request-id"], body) == (200, "abc", QUOTE)
    assert server.requests[0].startswith(b"GET /v1/quotes/ETH-USD?depth=3 HTTP/1.1\r\n")
    assert f"Bearer {KEY}".encode() in server.requests[0]
    assert b"gzip, identity" in server.requests[0]


def test_body_and_percent_signs_arrive_untouched(transport, serve, say):
    server = serve(say.reply())
    transport.send("POST", f"{server.url}/v1/x%2Fy%3A1?a=b%2Cc,d", {}, b'{"a":1}', 5.0)
    assert server.requests[0].startswith(b"POST /v1/x%2Fy%3A1?a=b%2Cc,d HTTP/1.1\r\n")
    assert server.requests[0].endswith(b'\r\n\r\n{"a":1}')


def test_ipv6_loopback_and_localhost_are_this_machine(transport, serve, say):
    server = serve(say.reply())
    assert get(transport, f"http://localhost:{server.port}/")[0] == 200
    assert f"host: 127.0.0.1:{server.port}".encode() in server.requests[0].lower()
    if socket.has_ipv6:
        try:
            other = serve(say.reply(), family=socket.AF_INET6)
        except OSError:
            pytest.skip("no IPv6 on this machine")
        assert get(transport, f"{other.url}/")[0] == 200


def test_a_connection_is_kept_and_used_again(transport, serve, say):
    server = serve(say.reply())
    for _ in range(5):
        get(transport, f"{server.url}/")
    assert (len(server.requests), server.connections) == (5, 1)


def test_each_thread_has_a_connection_of_its_own(transport, serve, say):
    server = serve(say.reply())
    failures = []

    def work():
        try:
            for _ in range(10):
                get(transport, f"{server.url}/")
        except BaseException as error:  # noqa: BLE001 - collected
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (failures, len(server.requests), server.connections) == ([], 80, 8)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(lambda say: say.silence, id="silence"),
        pytest.param(lambda say: say.drip(b"HTTP/1.1 200 OK\r\n", b"x-a: b\r\n"), id="headers drip"),
        pytest.param(lambda say: say.drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), id="interim replies drip"),
        pytest.param(lambda say: say.drip(HEAD + b"content-length: 99999\r\n\r\n", b" "), id="body drips"),
        pytest.param(
            lambda say: say.drip(HEAD + b"transfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
            id="chunks drip",
        ),
    ],
)
def test_the_deadline_is_wall_clock_whatever_trickles_in(transport, serve, say, stopwatch, step):
    server = serve(step(say))
    with pytest.raises(Ambiguous, match=r"did not answer within 0\.3 s"):
        get(transport, f"{server.url}/", LIMIT_S)
    assert stopwatch() < LATE_S


def test_control_without_the_waiting_thread_a_drip_passes_the_deadline(transport, serve, say, monkeypatch, stopwatch):
    monkeypatch.setattr(module._Exchange, "_wait", lambda self, seconds: self._done.wait(seconds + 1.0))
    server = serve(say.drip(b"HTTP/1.1 200 OK\r\n", b"x-a: b\r\n"))
    with pytest.raises(Ambiguous):
        get(transport, f"{server.url}/", LIMIT_S)
    assert stopwatch() > LIMIT_S + 0.9


def test_after_a_deadline_the_connection_is_hung_up_and_the_next_request_has_a_new_one(transport, serve, say):
    server = serve(say.drip(b"HTTP/1.1 200 OK\r\n", b"x-a: b\r\n"), say.reply())
    with pytest.raises(Ambiguous):
        get(transport, f"{server.url}/", LIMIT_S)
    assert get(transport, f"{server.url}/")[2] == QUOTE
    assert server.connections == 2


def test_a_request_too_large_to_be_taken_ends_at_the_deadline(transport, stopwatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(Ambiguous, match="did not answer within"):
            transport.send("POST", url, {}, b" " * (32 << 20), LIMIT_S)
    assert stopwatch() < LATE_S


def test_300_megabytes_are_given_up_at_16(transport, serve, say):
    server = serve(say.flood(HEAD + b"\r\n", b" " * 65536, 300 << 20))
    with pytest.raises(Ambiguous, match=r"answered with more than 16 MiB") as caught:
        get(transport, f"{server.url}/", 20.0)
    assert caught.value.stable_code == "BAD_REPLY"


def test_a_declared_300_megabytes_are_given_up_at_once(transport, serve, say, stopwatch):
    server = serve(say.drip(HEAD + b"content-length: 314572800\r\n\r\n", b" "))
    with pytest.raises(Ambiguous, match="more than 16 MiB"):
        get(transport, f"{server.url}/", 20.0)
    assert stopwatch() < LATE_S


def test_a_gzip_bomb_is_stopped_before_it_unfolds(transport, serve, say):
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(300)) + packer.flush()
    server = serve(say.reply(body=bomb, content_encoding="gzip"))
    with pytest.raises(Ambiguous, match="more than 16 MiB"):
        get(transport, f"{server.url}/", 20.0)


def test_gzip_is_unpacked(transport, serve, say):
    server = serve(say.reply(body=gzip.compress(QUOTE), content_encoding="gzip"))
    assert get(transport, f"{server.url}/")[2] == QUOTE


@pytest.mark.parametrize(
    "case",
    [
        ("br", b"x", "coding that was not asked for"),
        ("gzip, gzip", gzip.compress(gzip.compress(QUOTE)), "coding that was not asked for"),
        ("gzip", QUOTE, "broken gzip"),
        ("gzip", gzip.compress(QUOTE)[:-9], "half a gzip"),
    ],
)
def test_a_coding_that_is_broken_or_unasked_is_no_answer(transport, serve, say, case):
    coding, body, sentence = case
    server = serve(say.reply(body=body, content_encoding=coding))
    with pytest.raises(Ambiguous, match=sentence):
        get(transport, f"{server.url}/")


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(lambda say: say.cut(), id="closed without a word"),
        pytest.param(lambda say: say.reset, id="reset"),
        pytest.param(lambda say: say.cut(b"HTTP/1.1 200"), id="half a status line"),
        pytest.param(lambda say: say.cut(HEAD + b"content-length: 99\r\n\r\n{"), id="half a body"),
        pytest.param(lambda say: say.cut(b"SSH-2.0-OpenSSH_9.2\r\n"), id="not HTTP"),
        pytest.param(lambda say: say.raw(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 100_000), id="endless headers"),
    ],
)
def test_whatever_breaks_after_sending_is_ambiguous(transport, serve, say, step):
    server = serve(step(say))
    with pytest.raises(Ambiguous) as caught:
        get(transport, f"{server.url}/")
    assert not isinstance(caught.value, NotSent)
    assert len(server.requests) == 1


def test_a_kept_connection_that_is_reset_is_ambiguous_too_and_not_tried_again(transport, serve, say):
    server = serve(say.reply(), say.reset)
    get(transport, f"{server.url}/")
    with pytest.raises(Ambiguous):
        get(transport, f"{server.url}/")
    assert (len(server.requests), server.connections) == (2, 1)


def test_a_kept_connection_closed_meanwhile_is_replaced_before_anything_is_sent(transport, serve, say):
    def goodbye(connection):
        say.reply()(connection)
        connection.shutdown(socket.SHUT_RDWR)
        closed.set()

    closed = threading.Event()
    server = serve(goodbye, say.reply())
    get(transport, f"{server.url}/")
    assert closed.wait(5)
    assert get(transport, f"{server.url}/")[0] == 200
    assert (len(server.requests), server.connections) == (2, 2)


def test_a_refused_connection_sent_nothing(transport):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NotSent, match=rf"127.0.0.1:{port} refused the connection"):
        get(transport, f"http://127.0.0.1:{port}/")


def test_a_name_that_is_not_there_sent_nothing(transport, monkeypatch):
    def unknown(*_args, **_options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(NotSent, match=r"nowhere\.invalid is not found"):
        get(transport, "https://nowhere.invalid/")


def test_a_resolver_that_hangs_ends_at_the_deadline_and_nothing_is_sent_later(
    transport, serve, say, monkeypatch, stopwatch
):
    server = serve(say.reply())
    resolve, late = socket.getaddrinfo, threading.Event()
    ended = end_of_exchange(monkeypatch)

    def slow(*args, **options):
        late.wait(5)
        return resolve(*args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with pytest.raises(NotSent, match=r"did not answer within 0\.3 s"):
        get(transport, f"{server.url}/", LIMIT_S)
    assert stopwatch() < LATE_S
    late.set()
    assert ended.wait(5)
    assert server.requests == []


def test_control_without_the_lock_s_word_the_late_request_would_leave(transport, serve, say, monkeypatch):
    watch = module._Exchange.watch

    def deaf(self, event, facts):
        if not event.endswith("send_request_headers.started"):
            abandoned, self.abandoned = self.abandoned, False
            watch(self, event, facts)
            self.abandoned = abandoned

    server = serve(say.reply())
    resolve, late = socket.getaddrinfo, threading.Event()
    ended = end_of_exchange(monkeypatch)

    def slow(*args, **options):
        late.wait(5)
        return resolve(*args, **options)

    monkeypatch.setattr(module._Exchange, "watch", deaf)
    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with pytest.raises(NotSent):
        get(transport, f"{server.url}/", LIMIT_S)
    late.set()
    assert ended.wait(5)
    assert len(server.requests) == 1


def test_a_connection_nobody_accepts_ends_at_the_deadline_with_nothing_sent(transport, stopwatch):
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        with pytest.raises(NotSent, match="did not answer within"):
            get(transport, f"http://127.0.0.1:{address[1]}/", LIMIT_S)
        for one in waiting:
            one.close()
    assert stopwatch() < LATE_S


def test_an_interrupt_of_the_user_is_not_held_back(transport, serve, say, monkeypatch, stopwatch):
    def interrupt(_self, _seconds):
        raise KeyboardInterrupt

    server = serve(say.silence)
    monkeypatch.setattr(module._Exchange, "_wait", interrupt)
    with pytest.raises(KeyboardInterrupt):
        get(transport, f"{server.url}/", 20.0)
    assert stopwatch() < LATE_S


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "http://127.0.0.1.example.com/",
        "http://localhost.example.com/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://127.1/",
        "http://[::ffff:127.0.0.1]/",
        "http://10.0.0.1/",
        "http://user@127.0.0.1/",
        "http://127.0.0.1@example.com/",
        "ftp://127.0.0.1/",
        "https://example.com\n.evil.com/",
        "//127.0.0.1/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1/v1/../admin",
        "http://127.0.0.1/v1/%2e%2E/admin",
    ],
)
def test_plain_http_goes_to_a_loopback_address_only_and_urls_are_not_guessed(transport, monkeypatch, url):
    monkeypatch.setattr(socket, "create_connection", lambda *_args, **_options: pytest.fail("connected"))
    with pytest.raises(Usage):
        get(transport, url)


def test_the_environment_has_no_say(serve, say, tmp_path):
    """Proxies, CA files, netrc and key logs of the environment are not used, each watched on its own."""
    server, proxy = serve(say.reply()), serve(say.reply())
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login who password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    log = tmp_path / "keys.log"
    script = (
        "from seqcli.client.transport import HttpTransport\n"
        "from seqcli.client import tls\n"
        f"print(HttpTransport().send('GET', '{server.url}/', {{}}, None, 5.0)[0])\n"
        "print(len(tls.context().get_ca_certs()) >= 0, tls.context().keylog_filename)\n"
    )
    names = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy")
    environment = os.environ | dict.fromkeys(names, proxy.url)
    environment |= {
        "HOME": str(tmp_path),
        "NETRC": str(tmp_path / ".netrc"),
        "SSLKEYLOGFILE": str(log),
        "SSL_CERT_FILE": str(tmp_path / "absent.pem"),
        "SSL_CERT_DIR": str(tmp_path),
        "NO_PROXY": "",
    }
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment, cwd=Path(module.__file__).parents[2], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.split() == ["200", "True", "None"], done.stderr
    assert (proxy.requests, len(server.requests), log.exists()) == ([], 1, False)
    assert b"authorization" not in server.requests[0].lower()


def test_the_library_is_imported_without_its_command_line():
    script = (
        "import sys\n"
        "from seqcli.client import transport\n"
        "assert not {'httpx', 'ssl', 'httpcore'} & set(sys.modules)\n"
        "transport._httpx()\n"
        "print('click' in sys.modules, 'rich' in sys.modules, 'httpx._main' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(module.__file__).parents[2], capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["False", "False", "False"]


def test_a_library_that_can_not_be_loaded_is_a_sentence_and_nothing_was_sent(transport, serve, say, monkeypatch):
    server = serve(say.reply())
    module._httpx.cache_clear()
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "httpx", None)
        with pytest.raises(NotSent, match="httpx can't be used") as caught:
            get(transport, f"{server.url}/")
    assert (caught.value.stable_code, server.requests) == ("NO_HTTP", [])


def test_a_broken_header_never_reaches_the_library_and_is_never_quoted(transport, serve, say):
    server = serve(say.reply())
    with pytest.raises(NotSent, match="the header Authorization holds") as caught:
        transport.send("GET", f"{server.url}/", {"Authorization": f"Bearer {KEY}\n"}, None, 5.0)
    assert KEY not in str(caught.value)
    assert (server.requests, server.connections) == ([], 0)


def test_control_without_that_check_the_library_quotes_the_key_and_our_sentence_still_does_not(
    transport, serve, say, monkeypatch
):
    heard = []
    failure = module._Exchange._failure

    def listen(self, deadline_s):
        heard.append(str(self._error))
        return failure(self, deadline_s)

    monkeypatch.setattr(module, "_check", lambda _headers: None)
    monkeypatch.setattr(module._Exchange, "_failure", listen)
    server = serve(say.reply())
    with pytest.raises(Unreachable) as caught:
        transport.send("GET", f"{server.url}/", {"Authorization": f"Bearer {KEY}\n"}, None, 5.0)
    assert KEY in heard[0]
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None
