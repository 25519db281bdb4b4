"""Options and fixtures of the whole suite."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import settings


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="the long forms of the safety tests")


def pytest_configure(config: pytest.Config) -> None:
    """The same examples at every run; more of them in the long form."""
    settings.register_profile("suite", max_examples=150 if config.getoption("--full") else 30, derandomize=True)
    settings.load_profile("suite")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Benches run only when they are named: `pytest tests/bench`."""
    named = any("bench" in argument for argument in config.args)
    return True if collection_path.name == "bench" and not named else None


@pytest.fixture(scope="session")
def full(pytestconfig: pytest.Config) -> bool:
    """Whether the long forms were asked for."""
    return bool(pytestconfig.getoption("--full"))


@pytest.fixture(scope="session")
def tapes() -> Path:
    """The folder of real recordings; a test that wants it skips when there is none."""
    named = os.environ.get("SEQ_TEST_TAPES")
    if not named or not Path(named).is_dir():
        pytest.skip("no recordings: set SEQ_TEST_TAPES to their folder")
    return Path(named)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the settings, keys, state or terminal of whoever runs it."""
    for name in list(os.environ):
        if name.startswith("SEQ_") and name != "SEQ_TEST_TAPES":
            monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR", "CI", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, folder in (("SEQ_CONFIG_DIR", "config"), ("SEQ_STATE_DIR", "state")):
        made = tmp_path / folder
        made.mkdir(mode=stat.S_IRWXU)
        monkeypatch.setenv(name, str(made))
