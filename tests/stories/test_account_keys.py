"""`seq creds key` against a served exchange: shown once, or kept and never shown."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.profile.conftest import Bus, running_bus
from tests.stories.conftest import Shell

Serve = Callable[..., dict[str, Any]]
KEY = re.compile(r"seq_test_[0-9a-f]{64}")


def reach(served: dict[str, Any]) -> dict[str, str]:
    return {"SEQ_API_URL": served["url"], "SEQ_API_KEY": served["api_key"]}


def test_a_key_is_saved_as_a_profile_and_never_shown(serve: Serve, shell: Shell, tmp_path: Path) -> None:
    at = reach(serve())
    made = shell("seq creds key create ci --save-as ci --plaintext --json", **at)
    assert made.returncode == 0, made.stderr
    body = json.loads(made.stdout)
    assert body["profile"] == "ci"
    assert not KEY.search(made.stdout + made.stderr)
    used = shell("seq --profile ci order buy ETH-USD 0.1 --wait --json && seq --profile ci creds key list")
    assert used.returncode == 4, used.stderr  # a trader's key trades, and manages no keys
    assert json.loads(used.stdout)["outcome"] == "accepted"
    kept = [path for path in (tmp_path / "config").rglob("*") if path.is_file() and KEY.search(path.read_text())]
    assert [path.stat().st_mode & 0o777 for path in kept] == [0o600]
    gone = shell(f"seq creds key revoke {body['key_id']} --yes && seq --profile ci portfolio", **at)
    assert gone.returncode == 4


def test_a_key_that_cannot_be_kept_is_revoked_again(serve: Serve, shell: Shell) -> None:
    at = reach(serve())
    bus = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}
    made = shell("seq creds key create ci --save-as ci --json", **at, **bus)
    assert made.returncode == 10
    assert not KEY.search(made.stdout + made.stderr)
    assert "revoked again" in json.loads(made.stderr.splitlines()[-1])["error"]["message"]
    rows = json.loads(shell("seq creds key list --json", **at).stdout)["api_keys"]
    assert [row["status"] for row in rows if row["label"] == "ci"] == ["revoked"]


def test_a_key_is_shown_once_and_a_revoke_needs_a_yes(serve: Serve, shell: Shell) -> None:
    at = reach(serve())
    made = json.loads(shell("seq creds key create ci --role read --json", **at).stdout)
    assert KEY.fullmatch(made["api_key"])
    assert made["api_key"] not in shell("seq creds key list --json", **at).stdout
    refused = shell(f"seq creds key revoke {made['key_id']}", **at)
    assert refused.returncode == 2
    assert shell("seq creds key list -q", **at).stdout.split().count(made["key_id"]) == 1


def test_a_withdrawal_asks_and_the_same_id_pays_once(shell: Shell) -> None:
    made = shell("seq --local creds wallet create --json && seq --local creds wallet list --json")
    assert made.returncode == 0, made.stderr
    listing = json.loads(made.stdout[made.stdout.index('{\n  "wallets"') :])
    to = next(row["address"] for row in listing["wallets"] if row["role"] == "connected")
    words = f"seq --local creds wallet withdraw USDC 12.5 --to {to} --chain arbitrum --json"
    refused = shell(words)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"12.5 USDC on arbitrum to {to}" in refused.stderr
    rows = [json.loads(shell(f"{words} --id one --yes").stdout) for _ in range(2)]
    assert rows[0] == rows[1]
    assert rows[0]["qty"] == "12.5"
    planned = json.loads(shell(f"{words} --dry-run").stdout)["body"]
    assert (planned["qty_1e8"], planned["to_address"]) == (1_250_000_000, to)


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bus]:
    with running_bus(tmp_path_factory.mktemp("keyring")) as running:
        yield running


def test_a_key_made_straight_into_the_keyring_is_in_no_file_and_no_output(
    serve: Serve, shell: Shell, tmp_path: Path, bus: Bus
) -> None:
    served = serve()
    at = reach(served) | {"DBUS_SESSION_BUS_ADDRESS": bus.address}
    made = shell(
        "seq -v creds key create ci --save-as ci --json > made.json"
        " && seq -v --yes creds key rotate $(grep -oE 'key_[0-9a-f]{8,}' made.json | head -1) --save-as ci -o csv"
        " && unset SEQ_API_KEY SEQ_API_URL && seq -v --profile ci creds status --check --json"
        " && seq -v --profile ci order buy ETH-USD 0.1 --json",
        **at,
    )
    assert made.returncode == 0, made.stderr
    assert "keyring" in (tmp_path / "made.json").read_text()
    said = {"stdout": made.stdout, "stderr": made.stderr}
    files = {str(path): path.read_bytes().decode(errors="replace") for path in tmp_path.rglob("*") if path.is_file()}
    found = {place: set(KEY.findall(text)) for place, text in (said | files).items() if KEY.search(text)}
    assert found == {str(tmp_path / "box-0" / "api_key"): {served["api_key"]}}
    assert shell("seq --profile ci creds logout", **at).returncode == 0
