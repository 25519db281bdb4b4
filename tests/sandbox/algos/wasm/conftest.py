"""Real modules: compiled by clang and rustc where they are, written as text where a shape is what matters."""

import shutil
import subprocess
from pathlib import Path

import pytest

ALGOS = Path(__file__).parents[3] / "algos"


def rustc() -> str | None:
    """A Rust compiler that has the standard library for WebAssembly."""
    for name in (shutil.which("rustc"), "/usr/bin/rustc"):
        if name and Path(name).exists():
            asked = [name, "--print", "target-libdir", "--target", "wasm32-unknown-unknown"]
            done = subprocess.run(asked, capture_output=True, text=True, check=False)
            if done.returncode == 0 and Path(done.stdout.strip()).exists():
                return name
    return None


@pytest.fixture(scope="session")
def c_maker(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The market maker in C."""
    clang = shutil.which("clang")
    if clang is None or shutil.which("wasm-ld") is None:
        pytest.skip("no clang with wasm-ld: apt install clang lld")
    made = tmp_path_factory.mktemp("c") / "maker.wasm"
    words = ["--target=wasm32", "-O2", "-nostdlib", "-Wl,--no-entry", "-Wall", "-Wextra", "-Werror"]
    subprocess.run([clang, *words, "-o", str(made), str(ALGOS / "maker.c")], check=True)
    return made.read_bytes()


@pytest.fixture(scope="session")
def rust_taker(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The taker in Rust."""
    compiler = rustc()
    if compiler is None:
        pytest.skip("no rustc for wasm32-unknown-unknown: apt install rustc libstd-rust-dev-wasm32")
    made = tmp_path_factory.mktemp("rust") / "taker.wasm"
    words = ["--target", "wasm32-unknown-unknown", "--crate-type", "cdylib", "-O", "-D", "warnings"]
    words += ["-C", "strip=symbols", "-C", "panic=abort"]
    subprocess.run([compiler, *words, "-o", str(made), str(ALGOS / "taker.rs")], check=True)
    return made.read_bytes()
