"""A file of orders that was not sent to its end goes on where it stopped: the same lines get the same ids.

A run belongs to a file and an account. Its token is kept until every line has gone out; a line's id is made of the
token and of the line itself, so a line that was corrected in between is new and the others are not sent twice.
"""

import hashlib
from collections import Counter
from pathlib import Path

import msgspec

from seqcli import files
from seqcli.errors import Usage
from seqcli.profile import paths

FOLDER = "runs"


class Record(msgspec.Struct):
    """What is kept of an unfinished run."""

    token: str
    source: str
    begun_ns: int


class Run:
    """Ids for the lines of one file; `resumed` says whether an earlier run was not finished."""

    def __init__(self, record: Record, path: Path | None, *, resumed: bool) -> None:
        self.record = record
        self.resumed = resumed
        self._path = path
        self._seen: Counter[str] = Counter()

    def graph_id(self, line: str) -> str:
        """The id of a line without one; equal lines get different ids, in their order."""
        self._seen[line] += 1
        digest = hashlib.sha256(f"{self._seen[line]}\n{line}".encode()).hexdigest()
        return f"sq-{self.record.token}-{digest[:24]}"

    def finish(self) -> None:
        """Every line has gone out: the next run is a new one."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def begin(source: str, account: str, now_ns: int, token: str, *, anew: bool) -> Run:
    """The unfinished run of `source`, or a new one; stdin is always new. Raises `Usage` for a damaged record."""
    fresh = Record(token=token, source=source, begun_ns=now_ns)
    if source == "-":
        return Run(fresh, None, resumed=False)
    name = hashlib.sha256(f"{account}\n{Path(source).absolute()}".encode()).hexdigest()[:32]
    path = paths.state_dir() / FOLDER / name
    known = None if anew else _read(path)
    if known is None:
        files.replace(path, msgspec.json.encode(fresh))
    return Run(known or fresh, path, resumed=known is not None)


def _read(path: Path) -> Record | None:
    try:
        return msgspec.json.decode(files.read_private(path), type=Record)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise Usage(f"{path} is damaged: {error}", hint="--anew begins a new run") from None
