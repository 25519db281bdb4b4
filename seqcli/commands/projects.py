"""`seq algo init` and `build`: a project on disk, and the tool-chain that compiles it. Nothing is downloaded."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from seqcli.commands import words
from seqcli.commands.session import Session
from seqcli.errors import NotFound, Refused, Usage
from seqcli.views import Result
from seqcli.views import algos as tables
from seqcli.wire import algos, manifest

TARGET = "wasm32-unknown-unknown"
TOML = "Sequence.toml"
_TEMPLATES = Path(__file__).parent / "templates"
_C_WORDS = ("--target=wasm32", "-O2", "-nostdlib", "-Wall", "-Wl,--no-entry,-z,stack-size=262144,--stack-first,-s")
_RUST_HINT = f"rustup target add {TARGET}, or on Debian: apt install cargo libstd-rust-dev-wasm32"
_C_HINT = "on Debian: apt install clang lld"

Name = Annotated[str, typer.Argument(metavar="NAME", help="The project, and its folder.", show_default=False)]
Lang = Annotated[str, typer.Option("--lang", metavar="rust|c", help="What it is written in.")]
Folder = Annotated[Path | None, typer.Argument(metavar="[DIR]", help="The project; else this folder.")]


def init(session: Session, name: Name, lang: Lang = "rust") -> Result:
    """Make a project that builds as it stands: a market maker to change, and its Sequence.toml."""
    if not manifest.NAME.fullmatch(name):
        raise Usage(f"{name!r} is no name", hint="1 to 64 of A-Z a-z 0-9 _ -")
    source = _TEMPLATES / words.one_of(lang, ("rust", "c"), "a language")
    folder = Path(name)
    if folder.exists():
        raise Usage(f"{folder} is there already", hint="choose another name")
    found = sorted(path.relative_to(source) for path in source.rglob("*") if path.is_file())
    if session.options.dry_run:
        return session.said("\n".join(f"would write {folder / path}" for path in found))
    for path in found:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text((source / path).read_text().replace("@NAME@", name))
    body = {"project": name, "path": str(folder.absolute()), "files": [str(path) for path in found]}
    return Result(body=body, ids=[str(folder)], notes=[f"next: cd {name} && seq algo build"])


def build(session: Session, folder: Folder = None) -> Result:
    """Compile the project, and check what came out against the ABI."""
    where = folder or Path()
    if session.options.dry_run:
        return session.said(" ".join(_command(where)[0]))
    module = compiled(where)
    return Result(body=facts(module), ids=[str(module)], table=tables.built)


def read(folder: Path) -> manifest.Manifest:
    """The project's Sequence.toml. Raises `Usage`, or `NotFound` when there is none."""
    path = folder / TOML
    if not path.is_file():
        raise NotFound(f"there is no {path}", hint="seq algo init NAME makes a project")
    try:
        return manifest.parse(path.read_text(errors="replace"), str(path))
    except manifest.BadManifest as error:
        raise Usage(str(error), hint="seq help algo deploy") from None


def compiled(folder: Path) -> Path:
    """Run the tool-chain; the module it made. Its own words go to stderr."""
    command, made = _command(folder)
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)  # noqa: S603 - the user's own tools
    if done.returncode:
        raise Refused(f"{Path(command[0]).name} ended with status {done.returncode}", code="BUILD", hint="see above")
    found = made if made.is_file() else _only(made.parent)
    if found is None:
        raise Refused(f"the build left no module in {made.parent}", code="BUILD", hint="crate-type must be cdylib")
    return found


def built(folder: Path) -> Path:
    """The module of an earlier build. Raises `NotFound`."""
    made = _command(folder)[1]
    if not made.is_file():
        raise NotFound(f"there is no {made}", hint="leave --skip-build away")
    return made


def facts(module: Path) -> dict[str, Any]:
    """Path, size, hash and callbacks of a module. Raises `Usage` for what is no algorithm."""
    import hashlib

    from seqcli.client import local

    content = words.content(str(module), algos.MODULE_LIMIT)
    shape, fault = local.module_shape(content)
    if fault is not None:
        raise Usage(f"{module}: {fault}", hint="the exports and imports are described in: seq help algo build")
    return {
        "path": str(module),
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "callbacks": shape,
    }


def _command(folder: Path) -> tuple[list[str], Path]:
    """What to run, and where the module will be."""
    if (folder / "Cargo.toml").is_file():
        cargo = shutil.which("cargo")
        if cargo is None or not _has_target(cargo):
            raise NotFound(f"no cargo that can compile for {TARGET}", hint=_RUST_HINT)
        out = folder / "target" / TARGET / "release"
        return [cargo, "build", "--release", "--target", TARGET], out / f"{_crate(folder)}.wasm"
    if (folder / "algo.c").is_file():
        clang = shutil.which("clang")
        if clang is None or shutil.which("wasm-ld") is None:
            raise NotFound("no clang with wasm-ld", hint=_C_HINT)
        return [clang, *_C_WORDS, "-o", "algo.wasm", "algo.c"], folder / "algo.wasm"
    raise NotFound(f"{folder.absolute()} is no project", hint="seq algo init NAME makes one")


def _has_target(cargo: str) -> bool:
    """Whether the compiler that this cargo would use has the target's standard library."""
    rustc = os.environ.get("RUSTC") or str(Path(cargo).with_name("rustc"))
    asked = [rustc, "--print", "target-libdir", "--target", TARGET]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)  # noqa: S603
    except OSError:
        return False
    return done.returncode == 0 and Path(done.stdout.strip()).is_dir()


def _crate(folder: Path) -> str:
    import tomllib

    try:
        table = tomllib.loads((folder / "Cargo.toml").read_text())
    except ValueError as error:
        raise Usage(f"{folder / 'Cargo.toml'}: {error}") from None
    name = table.get("lib", {}).get("name") or table.get("package", {}).get("name") or "algo"
    return str(name).replace("-", "_")


def _only(folder: Path) -> Path | None:
    found = sorted(folder.glob("*.wasm"))
    return found[0] if len(found) == 1 else None
