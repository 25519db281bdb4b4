"""One quote and one order over loopback, as whole processes: against curl and the vendor's SDK doing the same."""

import shutil
import subprocess
import sys

import pytest

from tests.profile.conftest import running_bus

ONE = "from sequence_markets import Sequence; s = Sequence(api_key={key!r}, base_url={url!r}); "


@pytest.fixture
def account(served):
    return {"SEQ_API_KEY": served["api_key"], "SEQ_API_URL": served["url"]}


def test_served_quote_and_order(race, tell, seq, sdk, served, account):
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("no curl here")
    one = ONE.format(key=served["api_key"], url=served["url"])
    bearer = ["-H", f"Authorization: Bearer {served['api_key']}"]
    rows = {
        "bare": [sys.executable, "-c", "pass"],
        "curl quote": [curl, "-sf", *bearer, f"{served['url']}/v1/quotes/ETH-USD"],
        "SDK quote": [sdk, "-c", one + "print(s.quote('ETH-USD'))"],
        "seq quote --json": [seq, "quote", "ETH-USD", "--json"],
        "SDK order": [sdk, "-c", one + "print(s.buy('ETH-USD', 0.01))"],
        "seq order buy --json": [seq, "order", "buy", "ETH-USD", "0.01", "--json", "--yes"],
    }
    medians = race(rows, **account)
    for name in list(rows)[1:]:
        tell(f"{name}: {medians[name] / medians['bare']:.2f} × bare, {medians[name] * 1e3:.1f} ms")
    quote, order = "seq quote --json", "seq order buy --json"
    tell(f"{quote}: {medians[quote] / medians['SDK quote']:.2f} × SDK   (aim ≤ 2)")
    tell(f"{order}: {medians[order] / medians['SDK order']:.2f} × SDK")


def test_a_quote_with_the_key_in_a_real_keyring(race, tell, seq, sdk, served, environment, tmp_path):
    home = tmp_path / "keyring"
    home.mkdir()
    with running_bus(home) as bus:
        reached = {"DBUS_SESSION_BUS_ADDRESS": bus.address}
        login = [seq, "creds", "login", "--base-url", served["url"], "--from", "-"]
        subprocess.run(login, input=served["api_key"], env=environment | reached, text=True, check=True)
        one = ONE.format(key=served["api_key"], url=served["url"])
        rows = {
            "SDK quote": [sdk, "-c", one + "print(s.quote('ETH-USD'))"],
            "seq quote": [seq, "quote", "ETH-USD", "--json"],
        }
        medians = race(rows, **reached)
    tell(f"seq quote --json, its key in a keyring: {medians['seq quote'] / medians['SDK quote']:.2f} × SDK   (aim ≤ 3)")
