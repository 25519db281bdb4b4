"""The files that are written from the command tree, and which of them are out of date."""

from collections.abc import Iterable
from pathlib import Path

from seqcli.manual import bash, fish, pages, powershell, scripts, tree, zsh

START, END = "<!-- {} -->", "<!-- end of {} -->"


def files() -> dict[str, str]:
    """Path below the root → content of every man page and completion script."""
    root = tree.whole()
    flat = scripts.script(root)
    written = {f"man/{pages.file_name(page)}": pages.roff(page) for page in tree.walk(root)}
    return written | {
        "completions/seq.bash": bash.text(flat),
        "completions/_seq": zsh.text(flat),
        "completions/seq.fish": fish.text(flat),
        "completions/seq.ps1": powershell.text(flat),
    }


def tables() -> dict[str, str]:
    """Name of each table of the README → its lines."""
    root = tree.whole()
    commands = [(f"`seq {' '.join(page.words)}`", page.summary) for page in root.children]
    return {
        "commands": _table(("command", "what it does"), commands),
        "exit statuses": _table(("status", "meaning"), pages.STATUSES),
        "environment": _table(("variable", "meaning"), [(f"`{name}`", text) for name, text in pages.ENVIRONMENT]),
    }


def readme(text: str) -> str:
    """The README with its tables written anew; the rest stays as it is."""
    for name, table in tables().items():
        start, end = START.format(name), END.format(name)
        before, found, rest = text.partition(start)
        _, closed, after = rest.partition(end)
        if found and closed:
            text = f"{before}{start}\n\n{table}\n{end}{after}"
    return text


def stale(root: Path) -> list[str]:
    """Paths that are missing, differ, or are no longer written."""
    wanted = files() | {"README.md": readme(_read(root / "README.md"))}
    differing = [path for path, content in wanted.items() if _read(root / path) != content]
    present = {str(path.relative_to(root)) for folder in ("man", "completions") for path in (root / folder).glob("*")}
    return sorted([*differing, *(present - set(wanted))])


def write(root: Path) -> list[str]:
    """Bring everything up to date; the paths that changed."""
    changed = stale(root)
    wanted = files() | {"README.md": readme(_read(root / "README.md"))}
    for path in changed:
        if path in wanted:
            (root / path).parent.mkdir(exist_ok=True)
            (root / path).write_text(wanted[path], encoding="utf-8")
        else:
            (root / path).unlink()
    return changed


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _table(heads: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
    lines = [f"| {heads[0]} | {heads[1]} |", "|---|---|"]
    return "\n".join([*lines, *(f"| {first} | {second} |" for first, second in rows)]) + "\n"
