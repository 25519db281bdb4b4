"""A sweep file: every combination once, in an order that can be told, and each fault by its place."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from seqcli.commands.sweep_files import MOST_SETS, read, sets
from seqcli.errors import Usage

INPUTS: dict[str, Any] = {
    "module": b"",
    "symbols": ["SOL-USD"],
    "seed": 42,
    "params": [{"slot": 0, "type": "bps", "value": 99}, {"slot": 7, "type": "bool", "value": 1}],
}


def written(folder: Path, text: str) -> str:
    (folder / "sweep.toml").write_text(text)
    return str(folder / "sweep.toml")


def test_every_combination_is_one_set_parameters_slowest_then_symbols_then_seeds(tmp_path):
    path = written(
        tmp_path,
        """
        seeds = [1, 2]
        symbols = ["ETH-USD", "BTC-USD"]
        [[params]]
        slot = 3
        type = "i64"
        range = { from = 1, to = 9, step = 4 }
        [[params]]
        slot = 0
        type = "bps"
        values = [5, 20]
        """,
    )
    found = list(sets(read(path), INPUTS))
    told = [
        (row["params"][1]["value"], row["params"][0]["value"], row["symbols"], row["seed"])
        for row in found
        if [one["slot"] for one in row["params"]] == [0, 3, 7]
    ]
    assert told == list(product([1, 5, 9], [5, 20], [["ETH-USD"], ["BTC-USD"]], [1, 2]))
    assert all(row["params"][2] == {"slot": 7, "type": "bool", "value": 1} for row in found)


def test_what_is_not_varied_stays(tmp_path):
    found = list(sets(read(written(tmp_path, "seeds = [7, 8]")), INPUTS))
    assert [row["seed"] for row in found] == [7, 8]
    assert all(row | {"seed": 42} == INPUTS for row in found)


PARAM = '[[params]]\nslot = 0\ntype = "i64"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("seeds = [", "sweep.toml"),
        ("seed = [1, 2]", "unknown field `seed`"),
        ("seeds = [1]", "nothing is varied"),
        ("", "nothing is varied"),
        ('seeds = ["a", "b"]', "Expected `int`"),
        ("seeds = [-1, 2]", "seeds"),
        ('symbols = ["", "ETH-USD"]', "symbol"),
        (PARAM, "params[0]: either values or range"),
        (f"{PARAM}values = [1]\nrange = {{ from = 1, to = 2 }}", "params[0]: either values or range"),
        (f"{PARAM}values = []", "params[0]: has no value"),
        (f"{PARAM}values = [1, 1]", "params[0]: has a value twice"),
        (f"{PARAM}values = [1.5]", "Expected `int`"),
        (f"{PARAM}range = {{ from = 1, to = 5, step = 0 }}", "params[0]: a step is 1 or more"),
        (f"{PARAM}values = [1, 2]\n{PARAM}values = [1, 2]", "params[1]: slot 0 is varied twice"),
        (PARAM.replace("i64", "euro") + "values = [1, 2]", "params[0]: 'euro' is no type"),
        (f"seeds = [1, 2]\n{PARAM}range = {{ from = 1, to = {MOST_SETS} }}", "4000 sets are too many"),
        (f"{PARAM}range = {{ from = 1, to = {10**15} }}", f"params[0]: {10**15} values are too many"),
    ],
)
def test_a_fault_is_named(tmp_path, text, told):
    with pytest.raises(Usage) as caught:
        list(sets(read(written(tmp_path, text)), INPUTS))
    assert told in caught.value.message
