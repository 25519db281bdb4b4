"""Base URLs: HTTPS, or plain HTTP to this machine itself; no credentials, no path, one spelling."""

import pytest

from seqcli.errors import Usage
from seqcli.profile import address


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("https://api.sequencemkts.com", "https://api.sequencemkts.com"),
        ("HTTPS://API.Sequencemkts.com/", "https://api.sequencemkts.com"),
        ("https://api.example.com:443", "https://api.example.com"),
        ("https://api.example.com:8443/", "https://api.example.com:8443"),
        ("http://localhost:50052", "http://localhost:50052"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://127.9.9.9:1", "http://127.9.9.9:1"),
        ("http://[::1]:50052", "http://[::1]:50052"),
        ("https://10.0.0.1", "https://10.0.0.1"),
        ("https://[fe80::1]", "https://[fe80::1]"),
    ],
)
def test_an_address_has_one_spelling(text: str, normal: str):
    assert address.base_url(text, named="it") == normal
    assert address.base_url(normal, named="it") == normal


@pytest.mark.parametrize(
    "text",
    [
        "http://api.sequencemkts.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://0.0.0.0:50052",
        "http://10.0.0.1",
        "http://0177.0.0.1",
        "http://2130706433",
        "http://127.1",
        "http://[::ffff:127.0.0.1]",
        "http://[::2]",
    ],
)
def test_plain_http_is_for_this_machine_alone(text: str):
    with pytest.raises(Usage, match="SEQ_API_URL is plain http"):
        address.base_url(text, named="SEQ_API_URL")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " https://a.example",
        "https://a.example ",
        "https://",
        "https:///v1",
        "api.sequencemkts.com",
        "ftp://a.example",
        "file:///etc/passwd",
        "https://user:hunter2@a.example",
        "https://hunter2@a.example",
        "http://localhost@evil.example",
        "http://localhost:1@evil.example",
        "https://a.example/v1",
        "https://a.example//",
        "https://a.example/..",
        "https://a.example?x=1",
        "https://a.example#x",
        "https://a.example\\@evil.example",
        "https://a.example\n",
        "https://a_.-.example",
        "https://ä.example",
        "https://a..example",
        "https://a.example.",
        "https://-a.example",
        "https://a.example:",
        "https://a.example:0",
        "https://a.example:65536",
        "https://a.example:+1",
        "https://[::1",
        "https://[:::]",
        "https://[::1%25lo]",
        "https://%61.example",
    ],
)
def test_what_is_not_scheme_host_and_port_is_refused(text: str):
    with pytest.raises(Usage, match="SEQ_API_URL") as caught:
        address.base_url(text, named="SEQ_API_URL")
    assert "hunter2" not in caught.value.message + str(caught.value.hint)


@pytest.mark.parametrize("text", ["http://proxy.example:3128", "https://127.0.0.1:8080"])
def test_a_proxy_is_a_host_and_a_port(text: str):
    assert address.proxy_url(text, named="it") == text


@pytest.mark.parametrize("text", ["http://proxy.example", "socks5://a:1", "http://u:hunter2@a:1", "http://a:1/x"])
def test_a_proxy_has_no_user_and_no_path(text: str):
    with pytest.raises(Usage):
        address.proxy_url(text, named="it")
