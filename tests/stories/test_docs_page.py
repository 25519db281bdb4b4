"""The page at /docs, in a real browser: drawn from this machine's disk, with every operation on it."""

import shutil
import subprocess
import urllib.request

import pytest

from seqcli.wire import catalogue

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--virtual-time-budget=20000", "--dump-dom"),
)


def test_a_browser_draws_every_operation(serve, tmp_path):
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no Chromium here")
    url = serve()["url"]
    done = subprocess.run(
        [browser, *FLAGS, f"--user-data-dir={tmp_path / 'browser'}", f"{url}/docs"],
        capture_output=True,
        text=True,
        check=True,
        timeout=90,
    )
    missing = [row.path for row in catalogue.all_operations() if f'data-path="{row.path}"' not in done.stdout]
    assert missing == []


def test_the_page_asks_nobody_else(serve):
    url = serve()["url"]
    with urllib.request.urlopen(f"{url}/docs") as reply:
        page = reply.read().decode()
        policy = reply.headers.get("Content-Security-Policy", "")
    assert "//" not in page.replace(url, "").replace("<!doctype html>", "")
    assert "http" not in policy
