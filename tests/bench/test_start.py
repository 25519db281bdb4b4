"""What a command costs to start, as a whole process, against a bare interpreter."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_start(race, tell, seq):
    script = f"source {ROOT}/completions/seq.bash; COMP_WORDS=(seq order b); COMP_CWORD=2; _seq"
    rows = {
        "bare": [sys.executable, "-c", "pass"],
        "--version": [seq, "--version"],
        "--help": [seq, "--help"],
        "order buy --help": [seq, "order", "buy", "--help"],
        "a TAB in bash": ["bash", "-c", script],
        "--local quote --json": [seq, "--local", "quote", "ETH-USD", "--json"],
        "--local order buy --json": [seq, "--local", "order", "buy", "ETH-USD", "0.01", "--json"],
    }
    medians = race(rows)
    tell(f"bare python -c pass: {medians['bare'] * 1e3:.1f} ms")
    aims = {"--version": "1.5", "--help": "7", "--local quote --json": "9"}
    for name in list(rows)[1:]:
        aim = f"   (aim ≤ {aims[name]})" if name in aims else ""
        tell(f"{name}: {medians[name] / medians['bare']:.2f} × bare, {medians[name] * 1e3:.1f} ms{aim}")
