"""Where settings and state live: `SEQ_CONFIG_DIR`, `SEQ_STATE_DIR`, else what each system expects. Folders are 0700."""

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from seqcli import files
from seqcli.errors import NotSent, Usage

APPLICATION = "seqcli"
SYMBOLS = "symbols"
"""In the state folder: one symbol a line, for completions."""


def config_dir(environ: Mapping[str, str] | None = None) -> Path:
    """The folder of `config.toml` and `policy.toml`; checked when it is there, made by the first write."""
    return _checked(_folder("SEQ_CONFIG_DIR", "XDG_CONFIG_HOME", ".config", environ))


def state_dir(environ: Mapping[str, str] | None = None) -> Path:
    """The folder of the journal, the latch and the embedded exchange; made here when it is missing."""
    path = _checked(_folder("SEQ_STATE_DIR", "XDG_STATE_HOME", ".local/state", environ))
    make(path)
    return path


def config_file(environ: Mapping[str, str] | None = None) -> Path:
    """`config.toml`, present or not."""
    return config_dir(environ) / "config.toml"


def make(path: Path) -> None:
    """Make a folder and its missing parents, each 0700; raises NotSent where that can't be done."""
    try:
        files.make_folder(path)
    except OSError as error:
        hint = "set SEQ_CONFIG_DIR and SEQ_STATE_DIR to folders that can be written"
        raise NotSent(f"cannot make the folder {path}: {error.strerror}", hint=hint, code="CANNOT_WRITE") from error


def check_folder(path: Path) -> None:
    """Refuse a folder that is not ours or that others can enter."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise files.Unsafe(f"{path}: {error.strerror}") from error
    if not stat.S_ISDIR(status.st_mode):
        raise files.Unsafe(f"{path} is not a folder")
    if os.name == "nt":
        return
    if status.st_uid != os.getuid():
        raise files.Unsafe(
            f"{path} belongs to another user", hint="set SEQ_CONFIG_DIR and SEQ_STATE_DIR to folders of yours"
        )
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise files.Unsafe(f"{path} can be read by other users", hint=f"chmod 700 {path}")


def _checked(path: Path) -> Path:
    check_folder(path)
    return path


def _folder(own: str, xdg: str, fallback: str, environ: Mapping[str, str] | None) -> Path:
    environ = os.environ if environ is None else environ
    named = environ.get(own)
    if named is not None:
        return _named(own, named)
    if not sys.platform.startswith("linux"):
        return _by_platform(own)
    # By hand: importing platformdirs costs more than starting Python does.
    base = environ.get(xdg, "")
    if base.startswith("/"):  # the specification says that a relative one is ignored
        return Path(base) / APPLICATION
    return _home(environ) / fallback / APPLICATION


def _named(variable: str, text: str) -> Path:
    if not text:
        raise Usage(f"{variable} is set but empty", hint=f"name a folder, or: unset {variable}")
    return Path(os.path.abspath(text))  # noqa: PTH100 -- resolve() would follow links, absolute() would keep the dots


def _home(environ: Mapping[str, str]) -> Path:
    home = environ.get("HOME")
    if home:
        return Path(home)
    try:
        return Path.home()
    except RuntimeError:
        raise Usage(
            "there is no home folder to keep settings in",
            hint="set HOME, or SEQ_CONFIG_DIR and SEQ_STATE_DIR",
        ) from None


def _by_platform(own: str) -> Path:
    import platformdirs

    place = platformdirs.user_config_path if own == "SEQ_CONFIG_DIR" else platformdirs.user_state_path
    return place(APPLICATION, appauthor=False)
