"""Lines for the operator, with everything shaped like a key masked."""

import re
import sys

_KEY = re.compile(r"seq_(live|test)_[A-Za-z0-9_-]+")


def clean(text: str) -> str:
    """`text` with each key cut down to its prefix and last four characters."""
    return _KEY.sub(lambda found: f"seq_{found[1]}_…{found[0][-4:]}", text)


def to_stderr(text: str) -> None:
    """One line (or one traceback) for whoever runs the exchange."""
    sys.stderr.write(clean(text) + "\n")
    sys.stderr.flush()
