"""How long the aggregates of many orders take, and what a report costs the order it is made for."""

import random
import time
from pathlib import Path

from seqcli.sandbox.analysis import statistics
from seqcli.sandbox.serving import whole
from seqcli.sandbox.storage import costs
from seqcli.sandbox.storage.store import open_store

MANY = 100_000
DAY = 86_400 * 10**9


def test_aggregates_over_many_orders(tell, tmp_path: Path) -> None:
    chance = random.Random(1)
    store = open_store(tmp_path / "exchange.db", 1)
    for place in range(MANY):
        bps = [chance.randrange(-5000, 30_000) for _ in range(6)]
        name, at_ns = f"graph:g{place}:order:1", place * DAY // 4000
        notional = str(chance.randrange(10**12, 10**15))
        head = ("me", name, at_ns, False, True, "ETH-USD", 1 + place % 3, ",kraken,", "measured", notional)
        report = (*head, *bps, "1000000000", 10**6, f"g{place}", b"{}" + b" " * 1000)
        leg = ("me", name, "kraken", at_ns, True, "ETH-USD", 1, "FILLED", True, 1000, notional, 1, bps[0], bps[1])
        store.stage_rows([(costs.REPORT, report), (costs.LEG, leg)])
    store.commit()
    which = costs.Which(client_id="me", since_ns=0, until_ns=1 << 62)
    with store.snapshot() as disk:
        asked = {
            "tca": lambda: whole(statistics.tca(whole(costs.measured(disk.rows, which, costs.FIGURES)))),
            "by day": lambda: statistics.points(whole(costs.measured(disk.rows, which)), DAY),
            "by venue": lambda: statistics.venue_costs(whole(costs.legs(disk.rows, which))),
            "by version": lambda: statistics.versions(whole(costs.measured(disk.rows, which))),
        }
        for name, ask in asked.items():
            start = time.process_time()
            assert ask()
            spent = time.process_time() - start
            tell(f"analytics over {MANY} orders, {name}: {spent:.2f} s of one core   (aim ≤ 1)")
    store.close()
