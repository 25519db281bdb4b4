"""The key in a real keyring, and every way in which a keyring can fail, hang or be swapped."""

import contextlib
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from seqcli.profile import keys
from seqcli.profile.keys import OFF_TERMINAL, SECRET_SERVICE, Entry, Patience, Unavailable
from seqcli.profile.secret import BadKey, Secret
from seqcli.profile.settings import BACKENDS
from tests.profile.conftest import CANARY, LIVE, TEST, Bus, every_text_of, running_bus

ENTRY = Entry("https://api.sequencemkts.com", "prod")
STUCK = Entry("https://api.sequencemkts.com", "stuck")
BRIEF = Patience(0.3, may_ask=False)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def silent_bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A bus that takes the call and never says a word."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "silent"))
        listening.listen()
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/silent")
        yield


@pytest.fixture
def stopped_keyring(keyring_bus: Bus) -> Iterator[None]:
    """The real keyring, its process stopped: the bus passes every call on, and no answer ever comes."""
    keyring_bus.keyring.send_signal(signal.SIGSTOP)
    yield
    keyring_bus.keyring.send_signal(signal.SIGCONT)


@pytest.mark.usefixtures("keyring_bus")
def test_a_key_is_stored_read_replaced_and_deleted():
    assert keys.read(ENTRY, OFF_TERMINAL) is None
    keys.store(ENTRY, Secret(LIVE), OFF_TERMINAL)
    assert keys.read(ENTRY, OFF_TERMINAL) == Secret(LIVE)
    keys.store(ENTRY, Secret(TEST), OFF_TERMINAL)
    assert keys.read(ENTRY, OFF_TERMINAL) == Secret(TEST)
    assert keys.delete(ENTRY, OFF_TERMINAL) is True
    assert keys.read(ENTRY, OFF_TERMINAL) is None
    assert keys.delete(ENTRY, OFF_TERMINAL) is False


@pytest.mark.usefixtures("keyring_bus")
def test_the_cheap_reading_finds_what_keyring_s_own_class_finds(live: Secret):
    keys.store(ENTRY, live, OFF_TERMINAL)
    assert keys._read(ENTRY, OFF_TERMINAL) == LIVE
    assert keys._read_secret_service(ENTRY, OFF_TERMINAL) == LIVE.encode()
    keys.delete(ENTRY, OFF_TERMINAL)


@pytest.mark.usefixtures("keyring_bus")
def test_a_key_is_bound_to_its_base_url_and_profile(live: Secret):
    keys.store(ENTRY, live, OFF_TERMINAL)
    assert keys.read(Entry("https://evil.example.com", "prod"), OFF_TERMINAL) is None
    assert keys.read(Entry(ENTRY.base_url, "other"), OFF_TERMINAL) is None
    assert keys.read(ENTRY, OFF_TERMINAL) == live
    keys.delete(ENTRY, OFF_TERMINAL)


@pytest.mark.usefixtures("keyring_bus")
def test_what_is_in_the_keyring_is_checked_for_shape():
    backend = keys._made(SECRET_SERVICE)
    backend.set_password(ENTRY.service, ENTRY.profile, f"{LIVE} and more")
    with pytest.raises(BadKey, match="not a key") as caught:
        keys.read(ENTRY, OFF_TERMINAL)
    assert CANARY not in every_text_of(caught.value)
    keys.delete(ENTRY, OFF_TERMINAL)


@pytest.mark.usefixtures("keyring_bus")
def test_reading_a_key_imports_no_keyring_library(live: Secret):
    keys.store(ENTRY, live, OFF_TERMINAL)
    script = f"""
import sys
from seqcli.profile import keys
print(keys.read(keys.Entry({ENTRY.base_url!r}, {ENTRY.profile!r}), keys.OFF_TERMINAL))
print("keyring" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(live), "False"]
    keys.delete(ENTRY, OFF_TERMINAL)


def test_a_bus_that_is_not_there_is_a_sentence():
    with pytest.raises(Unavailable, match="the Secret Service can't be used") as caught:
        keys.read(ENTRY, OFF_TERMINAL)
    assert "SEQ_API_KEY_FILE" in str(caught.value.hint)
    assert caught.value.exit_status == 4


def test_no_bus_at_all_is_a_sentence(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    with pytest.raises(Unavailable, match=r"the Secret Service can't be used: .+"):
        keys.read(ENTRY, OFF_TERMINAL)


@pytest.mark.usefixtures("silent_bus")
@pytest.mark.parametrize("act", ["read", "store", "delete"])
def test_a_bus_that_never_answers_is_not_waited_for(act: str, live: Secret):
    calls = {
        "read": lambda: keys.read(ENTRY, BRIEF),
        "store": lambda: keys.store(ENTRY, live, BRIEF),
        "delete": lambda: keys.delete(ENTRY, BRIEF),
    }
    with pytest.raises(Unavailable, match=r"did not answer within 0\.3 s") as caught:
        calls[act]()
    assert CANARY not in every_text_of(caught.value)


@pytest.mark.usefixtures("stopped_keyring")
@pytest.mark.parametrize("act", ["read", "store", "delete"])
def test_a_keyring_that_never_answers_is_not_waited_for(act: str, live: Secret):
    calls = {
        "read": lambda: keys.read(STUCK, BRIEF),
        "store": lambda: keys.store(STUCK, live, BRIEF),
        "delete": lambda: keys.delete(STUCK, BRIEF),
    }
    with pytest.raises(Unavailable, match=r"did not answer within 0\.3 s") as caught:
        calls[act]()
    assert CANARY not in every_text_of(caught.value)


@pytest.mark.usefixtures("stopped_keyring")
def test_control_without_the_bound_a_stopped_keyring_hangs():
    script = f"""
from seqcli.profile import keys
keys.within = lambda seconds, call: (call(), None)
keys.read(keys.Entry({ENTRY.base_url!r}, {ENTRY.profile!r}), keys.Patience(0.3, may_ask=False))
"""
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=False, timeout=2)


@pytest.mark.usefixtures("stopped_keyring")
def test_a_process_ends_while_a_call_still_hangs():
    script = f"""
from seqcli.profile import keys
try:
    keys.read(keys.Entry({ENTRY.base_url!r}, {ENTRY.profile!r}), keys.Patience(0.1, may_ask=False))
except keys.Unavailable as failure:
    print(failure)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=20
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "the Secret Service did not answer within 0.1 s\n"


@pytest.fixture
def locked_bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, live: Secret) -> Iterator[None]:
    """A keyring that holds a key and is locked."""
    import secretstorage

    with running_bus(tmp_path) as running:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", running.address)
        keys.store(ENTRY, live, OFF_TERMINAL)
        assert keys.read(ENTRY, OFF_TERMINAL) == live
        with contextlib.closing(secretstorage.dbus_init()) as connection:
            secretstorage.get_default_collection(connection).lock()
        yield


@pytest.mark.usefixtures("locked_bus")
def test_a_locked_keyring_is_a_sentence_off_a_terminal_and_bounded_on_one(live: Secret):
    for call in (lambda: keys.read(ENTRY, OFF_TERMINAL), lambda: keys.store(ENTRY, live, OFF_TERMINAL)):
        with pytest.raises(Unavailable, match="the Secret Service is locked") as caught:
            call()
        assert CANARY not in every_text_of(caught.value)
    # With a person to ask, a window would open; here nothing can show one.
    with pytest.raises(Unavailable, match=r"is locked|did not answer within 1 s|can't be used"):
        keys.read(ENTRY, Patience(1.0, may_ask=True))


def test_each_allowed_class_is_the_one_its_path_names():
    for path in BACKENDS:
        module, _, name = path.rpartition(".")
        source = ROOT.joinpath(*module.split("."))
        assert not source.exists()  # keyring's own, not a room of ours
        assert name in ("Keyring", "WinVaultKeyring", "DBusKeyring")
    made = keys._made(SECRET_SERVICE)
    assert f"{type(made).__module__}.{type(made).__qualname__}" == SECRET_SERVICE


REFUSED = [
    "keyring.backends.null.Keyring",
    "keyring.backends.fail.Keyring",
    "keyring.backends.chainer.ChainerBackend",
    "keyrings.alt.file.PlaintextKeyring",
    "keyrings.alt.file.EncryptedKeyring",
    "keyring.backends.SecretService.KeyringX",
    "evil.Keyring",
]


@pytest.mark.parametrize("path", REFUSED)
def test_a_backend_of_the_environment_is_refused_by_name(path: str):
    with pytest.raises(Unavailable, match="PYTHON_KEYRING_BACKEND") as caught:
        keys.backend_for(None, {"PYTHON_KEYRING_BACKEND": path})
    assert path in str(caught.value)


@pytest.mark.parametrize("path", REFUSED)
def test_a_backend_of_keyringrc_is_refused_by_name(path: str, tmp_path: Path):
    folder = tmp_path / "python_keyring"
    folder.mkdir()
    (folder / "keyringrc.cfg").write_text(f"[backend]\nDefault-Keyring: {path}\n")
    with pytest.raises(Unavailable, match=r"keyringrc\.cfg names") as caught:
        keys.backend_for(None, {"XDG_CONFIG_HOME": str(tmp_path)})
    assert path in str(caught.value)


@pytest.mark.parametrize("path", REFUSED)
def test_a_backend_of_the_settings_is_refused_by_name(path: str):
    with pytest.raises(Unavailable, match="the setting keyring") as caught:
        keys.backend_for(path, {})
    assert path in str(caught.value)


@pytest.mark.parametrize("path", REFUSED)
def test_a_refused_class_is_not_even_made(path: str):
    with pytest.raises((Unavailable, ImportError, AttributeError)):
        keys._made(path)


def test_control_an_allowed_backend_passes_everywhere():
    for path in BACKENDS:
        assert keys.backend_for(path, {"PYTHON_KEYRING_BACKEND": path}) == path


def test_variables_set_no_property_of_the_backend(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KEYRING_PROPERTY_SCHEME", "KeePassXC")
    monkeypatch.setenv("KEYRING_PROPERTY_PREFERRED_COLLECTION", "/evil")
    made = keys._made(SECRET_SERVICE)
    assert vars(made) == {}


def test_a_class_under_another_name_is_refused(monkeypatch: pytest.MonkeyPatch):
    from keyring.backends import SecretService, null

    monkeypatch.setattr(SecretService, "Keyring", null.Keyring)
    with pytest.raises(Unavailable, match="not what its name says"):
        keys._made(SECRET_SERVICE)


def test_no_search_for_backends_is_made(monkeypatch: pytest.MonkeyPatch, live: Secret):
    """keyring's search loads whatever is installed and starts processes."""
    import keyring.backend
    import keyring.core

    def searched(*_: object) -> None:
        raise AssertionError("keyring searched for backends")

    monkeypatch.setattr(keyring.backend, "_load_plugins", searched)
    monkeypatch.setattr(keyring.core, "init_backend", searched)
    with pytest.raises(Unavailable, match="can't be used"):
        keys.store(ENTRY, live, OFF_TERMINAL)
    with pytest.raises(Unavailable, match="can't be used"):
        keys.delete(ENTRY, OFF_TERMINAL)
