"""`seq algo backtest --sweep FILE`: many runs side by side, a row each."""

from typing import Any

from seqcli.commands import speaking, sweep_files
from seqcli.commands.session import Session
from seqcli.errors import Partial, Refused
from seqcli.views import Result
from seqcli.views import sweeps as tables


def swept(session: Session, inputs: dict[str, Any], path: str, cluster: str | None) -> Result:
    """Every set of the file, in its order. Status 10 when some could not be run, 3 when none could."""
    from seqcli.client import local

    sets = list(sweep_files.sets(sweep_files.read(path), inputs))
    if session.options.dry_run:
        return session.said("\n".join(f"would run {sweep_files.told(one)}" for one in sets))
    with speaking.share_told(f"{len(sets)} backtests") as tell:
        rows = local.sweep(sets, cluster, tell)
    rows = [{"set": number} | row for number, row in enumerate(rows, 1)]
    bad = [row for row in rows if row["error"] or row["trapped"]]
    failure = None
    if bad:
        first = f"{len(bad)} of {len(rows)} sets failed; set {bad[0]['set']}: {bad[0]['error'] or bad[0]['trapped']}"
        failure = Partial(first) if len(bad) < len(rows) else Refused(first, code="BACKTEST")
    ids = [str(row["set"]) for row in rows]
    return Result(body={"sets": rows, "count": len(rows)}, items="sets", ids=ids, table=tables.sets, failure=failure)
