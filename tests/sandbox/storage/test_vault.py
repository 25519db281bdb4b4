"""Venue credentials are sealed, bound to their row, and never come out of the API."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seqcli import files
from seqcli.sandbox.box import OpenBox
from seqcli.sandbox.service.gate import Gate, Inbound, Outbound
from seqcli.sandbox.service.state import State
from seqcli.sandbox.serving import Settings
from seqcli.sandbox.storage.vault import Broken, Identity

NOW = 1_785_240_000_000_000_000
KEY_ID = "0f3b1c2d-0000-4a4a-8b8b-1234567890ab"
SECRETS = {
    "api_key": "KEY-abcdefgh-1234",
    "api_secret": "SECRET-zyxwvuts-9876",
    "passphrase": "PASS-qwertz-5555",
}
KRAKEN = Identity("cl_a", True, "kraken")


class Desk:
    def __init__(self, folder: Path) -> None:
        state = State(folder)
        state.prepare()
        self.lines: list[str] = []
        self.box = OpenBox(state, Settings(), lambda: NOW)
        self.gate = Gate(self.box, hosts=frozenset({"h"}), clock_ns=lambda: NOW, log=self.lines.append)

    def __call__(self, method: str, path: str, body: Any = None) -> Outbound:
        raw = b"" if body is None else json.dumps(body).encode()
        headers = {"host": "h", "authorization": f"Bearer {self.box.api_key}"}
        if raw:
            headers |= {"content-type": "application/json", "content-length": str(len(raw))}
        return self.gate.handle(Inbound(method, path, "", headers), raw)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "box")
    yield desk
    desk.box.store.close()


def test_what_is_sealed_opens_again_and_is_nowhere_in_the_clear(desk: Desk, tmp_path: Path) -> None:
    reply = desk("PUT", "/v1/credentials/kraken", SECRETS)
    assert json.loads(reply.body) == {
        "venue": "kraken",
        "stored": True,
        "replaced": False,
        "status": "unverified",
        "updated_ns": NOW,
    }
    identity = Identity(desk.box.store.client_id, True, "kraken")
    opened = desk.box.vault.open(identity)
    assert opened is not None
    assert json.loads(opened) == SECRETS
    kept = b"".join(file.read_bytes() for file in (tmp_path / "box").iterdir())
    for text in SECRETS.values():
        assert text.encode() not in kept
        assert text not in "".join(desk.lines)


def test_the_list_shows_hints_and_names_only(desk: Desk) -> None:
    desk("POST", "/v1/credentials/okx", SECRETS)
    desk(
        "PUT",
        "/v1/credentials/polymarket",
        {"api_key": "", "api_secret": "", "extra_json": {"signer_private_key": "0x" + "feed" * 16}},
    )
    reply = desk("GET", "/v1/credentials")
    rows = {row["venue"]: row for row in json.loads(reply.body)["credentials"]}
    assert rows["okx"]["api_key_hint"] == "…1234"
    assert rows["okx"]["has_passphrase"] is True
    assert rows["polymarket"]["api_key_hint"] is None
    assert rows["polymarket"]["extra_keys"] == ["signer_private_key"]
    for text in ("abcdefgh", "SECRET", "PASS", "feed"):
        assert text.encode() not in reply.body
    assert desk("GET", "/v1/venues").body == reply.body


def test_later_credentials_replace_and_removed_ones_are_gone(desk: Desk) -> None:
    desk("PUT", "/v1/credentials/kraken", SECRETS)
    assert json.loads(desk("POST", "/v1/credentials/kraken", SECRETS).body)["replaced"] is True
    assert json.loads(desk("DELETE", "/v1/credentials/kraken").body) == {"venue": "kraken", "deleted": True}
    assert desk("DELETE", "/v1/credentials/kraken").status == 404
    assert json.loads(desk("GET", "/v1/credentials").body) == {"credentials": [], "count": 0}


@pytest.mark.parametrize(
    ("venue", "body", "field"),
    [
        ("nowhere", SECRETS, "venue"),
        ("kraken", {"api_key": "", "api_secret": "hush-hush"}, "api_key"),
        ("kraken", {"api_key": "k"}, "api_secret"),
        ("kraken", {"api_key": "k", "api_secret": "hush-hush", "color": 1}, "color"),
        ("kalshi", {"api_key": KEY_ID, "api_secret": "-----BEGIN RSA PRIVATE KEY-----hush-hush"}, "api_secret"),
        ("polymarket", {"api_key": "", "api_secret": ""}, "extra_json.signer_private_key"),
    ],
)
def test_a_bad_body_names_the_field_and_repeats_no_secret(desk: Desk, venue: str, body: Any, field: str) -> None:
    reply = desk("PUT", f"/v1/credentials/{venue}", body)
    assert reply.status == 400
    assert [row["field"] for row in json.loads(reply.body)["error"]["details"]] == [field]
    assert b"hush" not in reply.body


def test_a_whole_rsa_key_is_taken(desk: Desk) -> None:
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem = generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    reply = desk("PUT", "/v1/credentials/kalshi", {"api_key": KEY_ID, "api_secret": pem.decode()})
    assert reply.status == 200


def test_a_row_moved_to_another_venue_does_not_open(desk: Desk) -> None:
    desk.box.vault.save(KRAKEN, b"secret", {}, NOW)
    desk.box.store.write("UPDATE credentials SET venue = 'okx'")
    with pytest.raises(Broken):
        desk.box.vault.open(Identity("cl_a", True, "okx"))


def test_each_seal_has_a_nonce_of_its_own(desk: Desk, tmp_path: Path) -> None:
    seen = set()
    for _ in range(50):
        desk.box.vault.save(KRAKEN, b"secret", {}, NOW)
        with sqlite3.connect(tmp_path / "box" / "exchange.db") as direct:
            seen.add(direct.execute("SELECT nonce, sealed FROM credentials").fetchone())
        direct.close()
    assert len({nonce for nonce, _ in seen}) == len({sealed for _, sealed in seen}) == 50


def test_a_lost_master_key_opens_nothing_and_an_open_one_is_refused(desk: Desk, tmp_path: Path) -> None:
    desk.box.vault.save(KRAKEN, b"secret", {}, NOW)
    master = tmp_path / "box" / "master_key"
    assert master.stat().st_mode & 0o777 == 0o600
    kept = master.read_bytes()
    master.unlink()
    with pytest.raises(Broken):
        desk.box.vault.open(KRAKEN)
    master.write_bytes(kept)
    master.chmod(0o644)
    with pytest.raises(files.Unsafe):
        desk.box.vault.open(KRAKEN)
