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
from seqcli.client.roundtrip import RoundTrip
from seqcli.errors import Ambiguous, NotSent, Unreachable, Usage
from tests.client.conftest import HEAD, KEY, QUOTE, get

LATE_S = 2.0  # far below what the server would take


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
    closed = threading.Event()
    server = serve(say.goodbye(closed), say.reply())
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
    failure = RoundTrip._failure

    def listen(self, deadline_s):
        heard.append(str(self._error))
        return failure(self, deadline_s)

    monkeypatch.setattr(module, "_check", lambda _headers: None)
    monkeypatch.setattr(RoundTrip, "_failure", listen)
    server = serve(say.reply())
    with pytest.raises(Unreachable) as caught:
        transport.send("GET", f"{server.url}/", {"Authorization": f"Bearer {KEY}\n"}, None, 5.0)
    assert KEY in heard[0]
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None
