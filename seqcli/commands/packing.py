"""A project's folder as one archive: always the same bytes for the same files, and nothing that must stay at home.

Left out: what a `.gitignore` names (the folder's, those inside it, those above it up to the repository), names that
are secrets by custom, and what a tool can make again. A file that holds a key stops it all: it was meant to be left
out, and the program may need it.
"""

import fnmatch
import gzip
import io
import os
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from seqcli.errors import NotFound, Usage
from seqcli.wire import strategies

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

SECRET = (
    ".env", ".env.*", "*.env", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.secret",
    "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", "credentials", "credentials.*", "secrets", "secrets.*",
    ".netrc", ".npmrc", ".pypirc", ".htpasswd", ".aws", ".ssh", ".gnupg", ".kube", ".docker",
)  # fmt: skip
"""Names that by custom hold secrets."""
MADE = (
    ".git", ".hg", ".svn", "__pycache__", "*.pyc", "venv", ".venv", "node_modules", "*.egg-info", ".tox", ".nox",
    ".mypy_cache", ".pytest_cache", ".ruff_cache", ".idea", ".vscode", ".DS_Store",
)  # fmt: skip
"""Names of what tools keep or make again."""
_HELD = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bseq_(?:live|test)_[A-Za-z0-9_-]{16,}")
_MODE, _PROGRAM_MODE = 0o644, 0o755


class Packed(msgspec.Struct):
    """The archive (tar, gzip), what is in it by name and size, and what was left out by name and reason."""

    content: bytes
    files: list[tuple[str, int]]
    left_out: list[tuple[str, str]]


def packed(folder: Path) -> Packed:
    """The folder as an archive. Raises `NotFound` without such a folder, `Usage` for what can't go out."""
    if not folder.is_dir():
        raise NotFound(f"{folder} is not a folder", hint="for example: seq strategy deploy .")
    root = folder.resolve()
    seen = [(_name(root, path), path, reason) for path, reason in _walk(root, root, _above(root))]
    found = {name: path for name, path, reason in seen if reason is None}
    _fits(found)
    contents = sorted((name, _read(name, path), os.access(path, os.X_OK)) for name, path in found.items())
    archive = gzip.compress(_tar(contents), mtime=0)
    if len(archive) > strategies.ARTIFACT_LIMIT:
        raise _large("the archive", len(archive), strategies.ARTIFACT_LIMIT, "bytes")
    left_out = [(name, reason) for name, _, reason in seen if reason is not None]
    return Packed(archive, [(name, len(content)) for name, content, _ in contents], left_out)


def _fits(found: dict[str, Path]) -> None:
    """Counted before anything is read."""
    if len(found) > strategies.FILES_LIMIT:
        raise _large("the folder", len(found), strategies.FILES_LIMIT, "files")
    sizes = {name: path.stat().st_size for name, path in found.items()}
    if sum(sizes.values()) > strategies.UNPACKED_LIMIT:
        most = max(sizes, key=lambda name: sizes[name])
        named = f"the folder ({most}: {sizes[most]})"
        raise _large(named, sum(sizes.values()), strategies.UNPACKED_LIMIT, "bytes")


def _large(what: str, count: int, limit: int, unit: str) -> Usage:
    return Usage(
        f"{what} has {count} {unit}: at most {limit}; nothing was sent", hint="name what is not needed in .gitignore"
    )


def _tar(contents: list[tuple[str, bytes, bool]]) -> bytes:
    """Plain files only: no times, no owners, two modes."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content, runs in contents:
            row = tarfile.TarInfo(name)
            row.size, row.mode = len(content), _PROGRAM_MODE if runs else _MODE
            tar.addfile(row, io.BytesIO(content))
    return whole.getvalue()


def _walk(root: Path, folder: Path, rules: "list[tuple[Path, GitIgnoreSpec]]") -> Iterator[tuple[Path, str | None]]:
    """Each file with None, each left out with its reason; a folder that is left out is not looked into."""
    own = _rules(folder)
    inner = [*rules, (folder, own)] if own else rules
    for path in sorted(folder.iterdir()):
        reason = _reason(root, path, inner)
        if reason is None and path.is_dir():
            yield from _walk(root, path, inner)
        else:
            yield path, reason


def _reason(root: Path, path: Path, rules: "list[tuple[Path, GitIgnoreSpec]]") -> str | None:
    name = path.name.lower()
    if any(fnmatch.fnmatchcase(name, pattern.lower()) for pattern in SECRET):
        return "secret by its name"
    if any(fnmatch.fnmatchcase(name, pattern.lower()) for pattern in MADE):
        return "made by a tool"
    if _ignored(path, rules):
        return ".gitignore"
    if path.is_symlink():
        if not path.resolve().is_relative_to(root) or not path.exists():
            raise Usage(f"{_name(root, path)} is a link out of the project", hint="copy the file in, or ignore it")
        return "a link to a folder" if path.is_dir() else None
    if path.is_dir() and (path / "pyvenv.cfg").is_file():
        return "made by a tool"
    return None if path.is_dir() or path.is_file() else "no file"


def _ignored(path: Path, rules: "list[tuple[Path, GitIgnoreSpec]]") -> bool:
    """By the deepest `.gitignore` that says anything of it."""
    slash = "/" if path.is_dir() and not path.is_symlink() else ""
    for base, spec in reversed(rules):
        said = spec.check_file(path.relative_to(base).as_posix() + slash).include
        if said is not None:
            return said
    return False


def _above(root: Path) -> "list[tuple[Path, GitIgnoreSpec]]":
    """The rules of the folders above, from the repository's own downwards; none outside a repository."""
    top = next((above for above in (root, *root.parents) if (above / ".git").exists()), root)
    between = [above for above in reversed(root.parents) if above.is_relative_to(top)]
    return [(above, rules) for above in between if (rules := _rules(above)) is not None]


def _rules(folder: Path) -> "GitIgnoreSpec | None":
    from pathspec import GitIgnoreSpec

    file = folder / ".gitignore"
    return GitIgnoreSpec.from_lines(file.read_text(errors="replace").splitlines()) if file.is_file() else None


def _read(name: str, path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Usage(f"{name}: {error.strerror}") from None
    if _HELD.search(content):
        raise Usage(
            f"{name} holds a key; nothing was sent",
            hint="name it in .gitignore; what the program needs goes into [hosted] secrets",
        )
    return content


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()
