"""A key that must show nowhere, a private environment, and a real keyring on a bus of its own."""

import contextlib
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from seqcli.profile import paths
from seqcli.profile.secret import Secret

CANARY = "CANARY5f0e9d1c7b3a2846canary"
LIVE = f"seq_live_{CANARY}1234"
TEST = f"seq_test_{CANARY}5678"
READY_S = 10


@pytest.fixture
def live() -> Secret:
    return Secret(LIVE)


@pytest.fixture
def config_file() -> Path:
    return paths.config_file()


@pytest.fixture(autouse=True)
def no_keyring_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the suite keeps their keyring: the bus leads nowhere unless a test asks for one."""
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/no-bus")


def write_private(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def every_text_of(error: BaseException | None) -> str:
    """All that a log could print of a failure and of what led to it."""
    texts = []
    while error is not None:
        texts += [str(error), repr(error), repr(error.args), repr(vars(error)), getattr(error, "hint", "") or ""]
        error = error.__cause__ or error.__context__
    return "\n".join(texts)


class Bus(NamedTuple):
    """A session bus with an unlocked gnome-keyring behind it."""

    address: str
    keyring: "subprocess.Popen[bytes]"


@contextlib.contextmanager
def running_bus(home: Path) -> Iterator[Bus]:
    """A bus and a keyring of their own, gone afterwards; skips where the programs are not installed."""
    daemon, keyring = shutil.which("dbus-daemon"), shutil.which("gnome-keyring-daemon")
    if daemon is None or keyring is None:
        pytest.skip("no real keyring here: install dbus and gnome-keyring")
    environ = _environ(home)
    with subprocess.Popen(
        [daemon, "--session", "--nofork", "--nopidfile", "--print-address=1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environ,
        text=True,
    ) as serving:
        assert serving.stdout is not None
        address = serving.stdout.readline().strip()
        keeping = _keyring(keyring, environ | {"DBUS_SESSION_BUS_ADDRESS": address})
        try:
            _wait_until_owned(address)
            yield Bus(address, keeping)
        finally:
            keeping.kill()
            keeping.wait()
            serving.kill()


@pytest.fixture(scope="session")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bus]:
    with running_bus(tmp_path_factory.mktemp("keyring")) as running:
        yield running


@pytest.fixture
def keyring_bus(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> Bus:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
    return bus


def _environ(home: Path) -> dict[str, str]:
    (home / "run").mkdir(mode=0o700)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_RUNTIME_DIR": str(home / "run"),
    }


def _keyring(program: str, environ: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    keeping = subprocess.Popen(
        [program, "--foreground", "--unlock", "--components=secrets"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environ,
    )
    assert keeping.stdin is not None
    keeping.stdin.write(b"password of the test keyring")
    keeping.stdin.close()
    return keeping


def _wait_until_owned(address: str) -> None:
    """Ask the bus, not the service: asking that would start a second one."""
    messages = pytest.importorskip("jeepney.bus_messages")
    blocking = pytest.importorskip("jeepney.io.blocking")
    end = time.monotonic() + READY_S
    with blocking.open_dbus_connection(bus=address) as connection:
        proxy = blocking.Proxy(messages.message_bus, connection)
        while not proxy.NameHasOwner("org.freedesktop.secrets")[0]:
            assert time.monotonic() < end, "the keyring did not start"
            threading.Event().wait(0.02)
