"""`python -m seqcli.manual` writes the manual; with `check` it only says what is out of date: status 1."""

import sys
from pathlib import Path

from seqcli.manual import written


def main(arguments: list[str]) -> int:
    """Write or check the tree around this package."""
    root = Path(__file__).parents[2]
    if arguments == ["check"]:
        stale = written.stale(root)
        sys.stdout.writelines(f"{path} is out of date: python -m seqcli.manual\n" for path in stale)
        return int(bool(stale))
    sys.stdout.writelines(f"{path}\n" for path in written.write(root))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
