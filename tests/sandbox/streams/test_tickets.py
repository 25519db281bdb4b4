"""A ticket opens once, within half a minute, for a key that is still what it was."""

import msgspec
import pytest

from seqcli.sandbox.storage.keys import Key, Keys, digest_of
from seqcli.sandbox.streams import tickets
from seqcli.sandbox.streams.tickets import TICKET_NS, Tickets

NOW = 1_785_240_000_000_000_000


def key_of(name: str) -> Key:
    return Key(
        key_id=name,
        client_id="cl",
        label=name,
        prefix="seq_test_",
        role="trader",
        sandbox=True,
        digest=digest_of(name),
        qps=0,
        created_ns=NOW,
    )


def test_once_and_no_later_than_it_says() -> None:
    key, given = key_of("one"), Tickets()
    keys = Keys([key])
    raw, expires_ns = given.give(key, NOW)
    assert (raw[:4], len(raw), expires_ns) == ("wst_", 36, NOW + 30 * 10**9)
    assert given.use(raw, keys, expires_ns - 1) is key
    assert given.use(raw, keys, expires_ns - 1) is None
    late, expires_ns = given.give(key, NOW)
    assert given.use(late, keys, expires_ns) is None


@pytest.mark.parametrize("raw", ["", "wst_", "wst_" + "0" * 32, "x" * 10_000, "wst_é"])
def test_what_was_not_given_opens_nothing(raw: str) -> None:
    key, given = key_of("one"), Tickets()
    given.give(key, NOW)
    assert given.use(raw, Keys([key]), NOW) is None


@pytest.mark.parametrize("change", ["rotated", "revoked"])
def test_it_falls_with_its_key(change: str) -> None:
    key, given = key_of("one"), Tickets()
    raw, _ = given.give(key, NOW)
    changed = key.rotated("another", NOW) if change == "rotated" else key.revoked(NOW)
    assert given.use(raw, Keys([changed]), NOW) is None


def test_no_text_of_one_is_kept_and_old_ones_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "_MOST", 3)
    key, given = key_of("one"), Tickets()
    keys = Keys([key])
    raws = [given.give(key, NOW + at)[0] for at in range(5)]
    assert [given.use(raw, keys, NOW + 5) is not None for raw in raws] == [False, False, True, True, True]
    first, _ = given.give(key, NOW)
    given.give(key, NOW + TICKET_NS)
    assert len(given._given) == 1
    assert first.encode() not in repr([msgspec.to_builtins(row) for row in given._given.values()]).encode()
