"""Where keys come from without a keyring: private files, helper commands, variables, standard input."""

import io
import os
import sys
import time
from pathlib import Path

import pytest

from seqcli import files
from seqcli.errors import Denied, Usage
from seqcli.profile import sources
from seqcli.profile.keys import OFF_TERMINAL, ON_TERMINAL, Patience
from seqcli.profile.secret import BadKey, Secret
from seqcli.profile.settings import Config, Profile
from tests.profile.conftest import CANARY, LIVE, every_text_of, write_private

BRIEF = Patience(0.5, may_ask=False)
CONFIG = Config(path=Path("/nowhere/config.toml"))
posix = pytest.mark.skipif(os.name == "nt", reason="POSIX files and processes")


def helper(script: str) -> tuple[str, ...]:
    return (sys.executable, "-c", script)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_private_file_gives_its_key(mode: int, tmp_path: Path, live: Secret):
    path = write_private(tmp_path / "key", LIVE + "\n", mode)
    assert sources.from_file(path, named="it") == live


@posix
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o602, 0o777])
def test_a_file_open_to_others_is_refused_with_the_chmod(mode: int, tmp_path: Path):
    path = write_private(tmp_path / "key", LIVE, mode)
    with pytest.raises(files.Unsafe) as caught:
        sources.from_file(path, named="it")
    assert caught.value.hint == f"chmod 600 {path}"
    assert CANARY not in every_text_of(caught.value)


@posix
def test_a_link_a_pipe_and_a_folder_are_refused(tmp_path: Path):
    (tmp_path / "link").symlink_to(write_private(tmp_path / "key", LIVE))
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir(0o700)
    for name in ("link", "pipe", "folder"):
        with pytest.raises(files.Unsafe):
            sources.from_file(tmp_path / name, named="it")


@pytest.mark.skipif(os.name == "nt" or os.getuid() != 0, reason="only root can give a file away")
def test_another_user_s_file_is_refused(tmp_path: Path):
    path = write_private(tmp_path / "key", LIVE)
    os.chown(path, 12345, 12345)
    with pytest.raises(files.Unsafe, match="another user"):
        sources.from_file(path, named="it")


def test_a_missing_file_says_what_to_do(tmp_path: Path):
    with pytest.raises(sources.NoKey, match="SEQ_API_KEY_FILE is not there") as caught:
        sources.from_file(tmp_path / "none", named="SEQ_API_KEY_FILE")
    assert "chmod 600" in str(caught.value.hint)


def test_a_large_file_is_not_read_whole(tmp_path: Path):
    with pytest.raises(files.Unsafe, match="larger"):
        sources.from_file(write_private(tmp_path / "key", "x" * 10_000), named="it")


def test_a_variable_that_is_empty_is_a_lost_secret():
    with pytest.raises(sources.NoKey, match="SEQ_API_KEY is set but empty"):
        sources.from_variable("SEQ_API_KEY", {"SEQ_API_KEY": ""})
    with pytest.raises(sources.NoKey, match="SEQ_API_KEY is not set"):
        sources.from_variable("SEQ_API_KEY", {})


def test_standard_input_gives_one_key(live: Secret):
    assert sources.from_stream(io.BytesIO(LIVE.encode() + b"\n")) == live
    for text in (b"", f"{LIVE}\n{LIVE}\n".encode(), b"x" * 10_000):
        with pytest.raises(BadKey) as caught:
            sources.from_stream(io.BytesIO(text))
        assert CANARY not in every_text_of(caught.value)


@pytest.mark.parametrize("patience", [OFF_TERMINAL, ON_TERMINAL])
def test_a_helper_s_output_is_the_key(patience: Patience, live: Secret):
    assert sources.from_helper(helper(f"print({LIVE!r})"), patience) == live


def test_no_shell_reads_the_helper_s_words(tmp_path: Path):
    """Words with shell characters reach the program as they are."""
    words = ("; touch " + str(tmp_path / "made"), "$(id)", "`id`", "> x")
    script = f"import sys; print({LIVE!r} if sys.argv[1:] == {list(words)!r} else 'seq_bad')"
    assert sources.from_helper((*helper(script), *words), OFF_TERMINAL).reveal() == LIVE
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (f"print({LIVE!r}); raise SystemExit(3)", "ended with status 3"),
        (f"print({LIVE!r}, 'and more')", "is not a key|has spaces"),
        ("", "is empty"),
        (f"print({LIVE!r} * 1000)", "printed more than a key"),
        (f"import sys; sys.stdout.buffer.write({LIVE.encode()!r} + bytes([255]))", "is not a key"),
        (f"import sys; sys.stderr.write({LIVE!r}); raise SystemExit(1)", "status 1"),
    ],
)
def test_a_helper_that_fails_is_named_and_its_output_is_not(script: str, says: str):
    with pytest.raises(Denied, match=says) as caught:
        sources.from_helper(helper(script), Patience(20, may_ask=False))
    assert sys.executable in caught.value.message
    assert CANARY not in every_text_of(caught.value)


@pytest.mark.parametrize("program", ["/nowhere/at/all", "no-such-program-here"])
def test_a_helper_that_is_not_there_is_a_sentence(program: str):
    with pytest.raises(Denied, match="can't be started: No such file"):
        sources.from_helper((program,), OFF_TERMINAL)


HANGS = "import time; time.sleep(600)"
PRINTS_AND_HANGS = f"print({LIVE!r}, flush=True); {HANGS}"
LEAVES_A_CHILD = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {HANGS!r}]); print({LIVE!r})"
FLOODS = "import sys\nwhile True: sys.stdout.write('x' * 65536)"
CLOSES_AND_HANGS = f"import os; print({LIVE!r}, flush=True); os.close(1); {HANGS}"


@pytest.mark.parametrize("script", [HANGS, PRINTS_AND_HANGS, LEAVES_A_CHILD, CLOSES_AND_HANGS])
def test_a_helper_that_hangs_is_stopped(script: str):
    before = time.monotonic()
    with pytest.raises(Denied, match=r"did not end within 0\.5 s") as caught:
        sources.from_helper(helper(script), BRIEF)
    assert time.monotonic() - before < 5
    assert CANARY not in every_text_of(caught.value)


def test_a_helper_that_floods_is_stopped():
    with pytest.raises(Denied, match=r"ended with status|more than a key|did not end"):
        sources.from_helper(helper(FLOODS), Patience(5, may_ask=False))


@posix
def test_a_stopped_helper_leaves_no_child_behind(tmp_path: Path):
    note = tmp_path / "child"
    os.mkfifo(note)
    reading = os.open(note, os.O_RDONLY | os.O_NONBLOCK)
    child = f"import time; note = open({str(note)!r}, 'w'); note.write('x'); note.flush(); time.sleep(600)"
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with pytest.raises(Denied):
        sources.from_helper(helper(script), Patience(2, may_ask=False))
    os.set_blocking(reading, True)
    # The pipe ends only when the child's end of it is closed.
    assert os.read(reading, 10) == b"x"
    assert os.read(reading, 10) == b""
    os.close(reading)


def test_control_the_same_helper_in_time_is_taken(live: Secret):
    slow = f"import time; time.sleep(0.2); print({LIVE!r})"
    assert sources.from_helper(helper(slow), Patience(20, may_ask=False)) == live


@pytest.mark.parametrize(("kind", "part"), [("helper", "key_helper"), ("env", "key_env")])
def test_a_profile_with_half_a_source_says_what_is_missing(kind: str, part: str):
    with pytest.raises(Usage, match=part) as caught:
        sources.of_profile(Profile(name="p", key=kind), CONFIG)
    assert f"seq config set profiles.p.{part}" in str(caught.value.hint)


def test_a_profile_without_a_key_names_the_login():
    with pytest.raises(sources.NoKey, match="profile p has no key") as caught:
        sources.of_profile(Profile(name="p"), CONFIG)
    assert caught.value.hint == "seq creds login --profile p"


def test_a_key_is_refused_for_another_address_than_its_own(live: Secret):
    profile = Profile(name="p", key="env", key_env="K", key_url="https://a.example", base_url="https://b.example")
    with pytest.raises(Denied, match=r"stored for https://a\.example, not for https://b\.example"):
        sources.of_profile(profile, CONFIG, environ={"K": LIVE})
    same = Profile(name="p", key="env", key_env="K", key_url="https://a.example", base_url="https://a.example")
    assert sources.of_profile(same, CONFIG, environ={"K": LIVE}) == live
