"""HTTPS on real sockets: who is trusted, and what a proxy sees."""

import socket
import ssl
import threading

import pytest

from seqcli.client import tls
from seqcli.client.transport import HttpTransport
from seqcli.errors import Ambiguous, NotSent

KEY = "seq_live_" + "k" * 60 + "1a2b"
LIMIT_S = 0.3
LATE_S = 2.0


@pytest.fixture
def trusting():
    """Make a transport with settings, closed at the end."""
    made = []

    def make(**settings):
        made.append(HttpTransport(**settings))
        return made[-1]

    yield make
    for one in made:
        one.close()


def get(transport: HttpTransport, url: str, deadline_s: float = 5.0):
    return transport.send("GET", f"{url}/v1/account", {"Authorization": f"Bearer {KEY}"}, None, deadline_s)


def test_a_certificate_of_a_named_authority_is_trusted(trusting, serve, say, authority):
    mine = authority()
    server = serve(say.reply(), context=mine.context)
    transport = trusting(ca_file=str(mine.file))
    assert [get(transport, server.url)[0] for _ in range(2)] == [200, 200]
    assert server.connections == 1


def test_a_stranger_s_certificate_stops_the_request_before_its_first_byte(trusting, serve, say, authority):
    server = serve(say.reply(), context=authority().context)
    with pytest.raises(NotSent, match="certificate that is not trusted: self-signed") as caught:
        get(trusting(), server.url)
    assert (caught.value.stable_code, server.requests) == ("BAD_CERTIFICATE", [])
    assert caught.value.hint is not None


def test_a_certificate_for_another_host_stops_it_too(trusting, serve, say, authority):
    other = authority("127.0.0.2")
    server = serve(say.reply(), context=other.context)
    with pytest.raises(NotSent, match="IP address mismatch"):
        get(trusting(ca_file=str(other.file)), server.url)
    assert server.requests == []


def test_ca_variables_of_the_environment_make_nobody_trusted(trusting, serve, say, authority, monkeypatch):
    mine = authority()
    server = serve(say.reply(), context=mine.context)
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(mine.file))
    control = ssl.create_default_context()
    assert len(control.get_ca_certs()) == 1
    with pytest.raises(NotSent, match="not trusted"):
        get(trusting(), server.url)


def test_no_variable_of_the_environment_logs_session_keys(monkeypatch, tmp_path):
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "log"))
    control = ssl.create_default_context()
    assert control.keylog_filename == str(tmp_path / "log")
    assert tls.context().keylog_filename is None
    assert tls.context().verify_mode is ssl.CERT_REQUIRED
    assert tls.context().check_hostname


def test_an_unreadable_ca_file_is_a_sentence(trusting, tmp_path):
    (tmp_path / "empty.pem").write_text("")
    for name in ("empty.pem", "absent.pem"):
        with pytest.raises(NotSent, match=name) as caught:
            get(trusting(ca_file=str(tmp_path / name)), "https://127.0.0.1:1")
        assert caught.value.stable_code == "BAD_CA"


def test_plain_http_is_given_a_context_that_trusts_nobody():
    context = tls.untrusting()
    assert (context.verify_mode, context.get_ca_certs()) == (ssl.CERT_REQUIRED, [])


def test_a_handshake_that_never_comes_ends_at_the_deadline_with_nothing_sent(trusting, stopwatch):
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(NotSent, match="did not answer"):
        get(trusting(), f"https://127.0.0.1:{listener.getsockname()[1]}", LIMIT_S)
    assert stopwatch() < LATE_S


def test_a_server_that_speaks_no_tls_is_a_sentence(trusting):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.recv(10)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(NotSent, match="can't be spoken to over TLS"):
            get(trusting(), f"https://127.0.0.1:{port}")
        thread.join()


@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("kind", ["drip", "silence"])
def test_a_server_that_is_slow_inside_tls_ends_at_the_deadline(
    trusting, serve, say, authority, stopwatch, before, kind
):
    """On a new connection, and on one that has been used before."""
    mine = authority()
    slow = say.silence if kind == "silence" else say.drip(b"HTTP/1.1 200 OK\r\n", b"x-a: b\r\n")
    server = serve(*[say.reply()] * before, slow, say.reply(), context=mine.context)
    transport = trusting(ca_file=str(mine.file))
    for _ in range(before):
        get(transport, server.url)
    with pytest.raises(Ambiguous, match="did not answer within"):
        get(transport, server.url, LIMIT_S)
    assert stopwatch() < LATE_S
    assert get(transport, server.url)[0] == 200
    assert server.connections == 2


def test_a_proxy_named_in_the_settings_carries_https_and_never_sees_the_key(trusting, serve, say, authority):
    mine, inner = authority(), []

    def tunnel(connection):
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with mine.context.wrap_socket(connection, server_side=True) as secure:
            inner.append(secure.recv(65536))
            say.reply()(secure)

    proxy = serve(tunnel)
    transport = trusting(proxy=proxy.url, ca_file=str(mine.file))
    assert get(transport, "https://127.0.0.1:9")[0] == 200
    assert proxy.requests[0].startswith(b"CONNECT 127.0.0.1:9 HTTP/1.1\r\n")
    assert KEY.encode() not in b"".join(proxy.requests)
    assert KEY.encode() in inner[0]


@pytest.mark.parametrize("status", ["407 Proxy Authentication Required", "302 Found", "502 Bad Gateway"])
def test_a_proxy_that_says_no_sent_nothing(trusting, serve, say, status):
    proxy = serve(say.reply(status, location="https://elsewhere.example"))
    with pytest.raises(NotSent):
        get(trusting(proxy=proxy.url), "https://127.0.0.1:9")
    assert len(proxy.requests) == 1


def test_loopback_http_never_goes_through_a_proxy(trusting, serve, say):
    proxy, server = serve(say.reply()), serve(say.reply())
    assert get(trusting(proxy=proxy.url), server.url)[0] == 200
    assert (proxy.requests, len(server.requests)) == ([], 1)
