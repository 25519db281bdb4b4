"""Where a key may go."""

import pytest

from seqcli.client.origin import check_path, split
from seqcli.errors import Usage


@pytest.mark.parametrize(
    ("url", "origin", "path"),
    [
        ("https://api.sequencemkts.com/v1/x?a=b%2F", "https://api.sequencemkts.com", "/v1/x?a=b%2F"),
        ("https://API.example", "https://api.example", "/"),
        ("https://10.0.0.1:8443/", "https://10.0.0.1:8443", "/"),
        ("http://127.0.0.1:50052/a", "http://127.0.0.1:50052", "/a"),
        ("http://127.255.0.3/", "http://127.255.0.3", "/"),
        ("http://[::1]:1/", "http://[::1]:1", "/"),
        ("http://LocalHost:50052/", "http://127.0.0.1:50052", "/"),
    ],
)
def test_good_urls_keep_their_spelling(url, origin, path):
    where, rest = split(url)
    assert (str(where), rest) == (origin, path)


@pytest.mark.parametrize("url", ["https://user:hunter2@host/", "http://who:hunter2@127.0.0.1/", "hunter2", ""])
def test_a_url_that_can_not_be_read_is_never_quoted(url):
    with pytest.raises(Usage) as caught:
        split(url)
    assert "hunter2" not in f"{caught.value.message}{caught.value.hint}"


@pytest.mark.parametrize("path", ["/", "/v1/a..b/.c?x=/../", "/v1/%2F..%2F", "/v1/..."])
def test_dots_inside_a_segment_or_a_query_are_fine(path):
    check_path(path)


@pytest.mark.parametrize("path", ["/..", "/../a", "/a/..", "/a/./b", "/a/%2E", "/a/.%2e?x", "/%2e%2e/"])
def test_a_segment_of_dots_is_refused(path):
    with pytest.raises(Usage):
        check_path(path)
