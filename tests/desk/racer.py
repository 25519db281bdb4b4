"""One of several processes that mean the same order at the same time: `racer.py FOLDER PLACE`, told when on stdin."""

import sys
from pathlib import Path

from seqcli.desk import journal as journals
from seqcli.desk import policy
from seqcli.desk.journal import Intent, Journal
from seqcli.errors import PolicyRefused


def allow(inside: Journal, meant: Intent) -> None:
    if policy.duplicates(inside, meant):
        raise PolicyRefused("twin")


def race(folder: str, place: int) -> str:
    journals.BUSY_S = 20.0
    meant = Intent(
        graph_id=f"sq-{place}",
        account="acc",
        mode="sandbox",
        kind="place",
        target="t",
        body=b"{}",
        symbol="ETH-USD",
        side="buy",
        qty_1e8=1,
        created_ns=10**12 + place,
        deadline_ns=10**12 + place + 1,
    )
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    try:
        Journal(Path(folder) / "journal.sqlite3").intend(meant, lambda inside: allow(inside, meant))
    except PolicyRefused:
        return "refused"
    return "in"


sys.stdout.write(race(sys.argv[1], int(sys.argv[2])) + "\n")
