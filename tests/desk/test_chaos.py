"""Orders through an exchange that drops, delays, doubles and lies, sent by processes that are killed at any moment.

Afterwards, whatever happened: no order is there twice, none is there that the journal does not know or says is not
there, and none that was called accepted is missing. A wrong desk must fail the same count.
"""

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from seqcli.desk.journal import Intent, Journal
from tests.desk.lying_venue import Venue

ROOT = Path(__file__).parents[2]
SENDER = Path(__file__).with_name("sender.py")
LANES = 4
SEED = 11
DEADLINE_S = 0.6
KILLED_AT = [
    "before the intent",
    "after the intent",
    "on receipt",
    "applied",
    "looked up",
    "before it is settled",
    "any",
]


class Lane:
    """A process that forks one for each order."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(SENDER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )

    def run(self, job: dict[str, Any], venue: Venue) -> dict[str, Any]:
        """Fork a process for the job, let it run, kill it at its moment; what it told before."""
        self._say(job)
        pid = self._heard()["pid"]
        if "die" in job:
            venue.kills[job["n"]] = (job["die"], pid)
        self._say({})
        ended = self._heard()
        assert ended["killed"] or ended["status"] == 0, "the desk raised what is no failure of ours"
        if "die" in job:
            venue.kills.pop(job["n"], None)
        return ended

    def close(self) -> None:
        self._process.communicate(timeout=10)

    def _say(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def _heard(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        heard: dict[str, Any] = json.loads(self._process.stdout.readline())
        return heard


class Run:
    """Many orders of one kind of desk, right or wrong."""

    def __init__(self, lanes: list[Lane], folder: Path, count: int, control: str | None = None) -> None:
        self._journal = Journal(folder / "journal.sqlite3")
        self._count = count
        self._dice = random.Random(SEED)
        self.venue = Venue(SEED)
        self._lanes = lanes
        self._job = {
            "url": self.venue.url,
            "state": str(folder),
            "deadline_s": DEADLINE_S,
            "seed": SEED,
            "control": control,
        }
        self.kills = 0
        self.told: dict[str, set[str]] = {}

    def go(self) -> dict[str, int]:
        """Send, reconcile, count."""
        plans = [self._plan() for _ in range(self._count)]
        with ThreadPoolExecutor(LANES) as pool:
            list(pool.map(lambda which: self._send(which, plans), range(LANES)))
        self._reconcile()
        return self._counted()

    def close(self) -> None:
        self.venue.close()
        self._journal.close()

    def _plan(self) -> dict[str, Any]:
        """When a process is killed, drawn before anything runs."""
        if self._dice.random() > 0.4:
            return {}
        moment = self._dice.choice(KILLED_AT)
        return {"after_s": self._dice.random() * 0.06} if moment == "any" else {"die": moment}

    def _send(self, which: int, plans: list[dict[str, Any]]) -> None:
        """As a user does: when it died and the journal knows nothing of it, once more."""
        for number in range(which, self._count, LANES):
            for turn in range(3):
                self._run(which, n=number, turn=turn, **(plans[number] if turn == 0 else {}))
                if any(_number(row) == number for row in self._rows()):
                    break

    def _reconcile(self) -> None:
        """While it lies, killed in the middle; then when it tells the truth; then long after."""
        for turn in range(3):
            self._run(0, turn=turn, after_s=0.05 + self._dice.random() * 0.3, resend=True)
        self._run(0, turn=3, resend=True)
        self.venue.settle()
        for turn, offset_s in enumerate((0, 100, 140), 4):
            self._run(0, turn=turn, offset_s=offset_s, resend=not offset_s)

    def _run(self, which: int, **job: Any) -> None:
        ended = self._lanes[which].run(self._job | job, self.venue)
        self.kills += ended["killed"]
        told = ended["told"] or {}
        for row in told.get("rows", [told] if told else []):
            if row.get("graph_id"):
                self.told.setdefault(row["graph_id"], set()).add(row["outcome"])

    def _rows(self) -> list[Intent]:
        return self._journal.select("1")

    def _counted(self) -> dict[str, int]:
        rows = {row.graph_id: row for row in self._rows()}
        applied = {name for names in self.venue.applied.values() for name in names}
        numbers = {_number(row) for row in rows.values()}
        missing = [name for name, row in rows.items() if row.outcome == "accepted" and name not in applied]
        strangers = applied - set(rows)
        denied = {name for name, row in rows.items() if row.outcome in ("rejected", "not_sent")}
        denied |= {name for name, said in self.told.items() if said & {"rejected", "not_sent"}}
        return {
            "duplicates": sum(len(names) - 1 for names in self.venue.applied.values()),
            "lost": len(missing) + len(strangers) + len(set(range(self._count)) - numbers),
            "false rejections": len(denied & applied),
            "unknown": sum(row.outcome in ("pending", "unknown") for row in rows.values()),
        }


def _number(row: Intent) -> int:
    number: int = json.loads(row.body)["metadata"]["n"]
    return number


@pytest.fixture(scope="module")
def lanes() -> Iterator[list[Lane]]:
    made = [Lane() for _ in range(LANES)]
    yield made
    for lane in made:
        lane.close()


@pytest.fixture
def runs(tmp_path: Path, lanes: list[Lane]) -> Iterator[Callable[..., Run]]:
    made: list[Run] = []

    def make(count: int, control: str | None = None) -> Run:
        made.append(Run(lanes, tmp_path, count, control))
        return made[-1]

    yield make
    for run in made:
        run.close()


NOTHING = {"duplicates": 0, "lost": 0, "false rejections": 0, "unknown": 0}


def test_nothing_is_doubled_lost_or_falsely_rejected(runs: Callable[..., Run], full: bool):
    run = runs(1000 if full else 60)
    assert run.go() == NOTHING
    assert run.kills > run._count // 10, "nobody was killed: this shows nothing"
    assert sum(map(len, run.venue.applied.values())) > run._count // 2, "nothing was applied: this shows nothing"


@pytest.mark.parametrize(
    ("control", "sign"),
    [
        ("journal_after_send", "duplicates"),
        ("new_id_on_a_retry", "duplicates"),
        ("refusal_of_a_repeat_is_rejected", "false rejections"),
        ("absent_is_not_sent", "false rejections"),
    ],
)
def test_a_wrong_desk_fails_the_same_count(control: str, sign: str, runs: Callable[..., Run]):
    assert runs(30, control).go()[sign] > 0
