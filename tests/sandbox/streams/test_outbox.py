"""Whatever is put and taken in whatever order: nothing kept is lost, doubled or reordered, the newest of the rest
arrives, and the numbers of a topic have no gap.
"""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcli.sandbox.streams.outbox import Outbox

KEPT, REPLACED = ("orders", "fills"), ("book:A", "funding")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("keep"), st.sampled_from(KEPT)),
        st.tuples(st.just("replace"), st.sampled_from(REPLACED), st.sampled_from(["", "x", "y"])),
        st.tuples(st.just("take"), st.integers(1, 40)),
        st.tuples(st.just("forget"), st.sampled_from(KEPT + REPLACED)),
    ),
    max_size=120,
)


def play(steps: list[tuple[Any, ...]]) -> None:
    """Do the steps, then take everything."""
    woken: list[int] = []
    waiting = Outbox(lambda: woken.append(1))
    put: dict[str, list[int]] = {name: [] for name in KEPT}
    seen: dict[str, list[int]] = {name: [] for name in KEPT}
    newest: dict[tuple[str, str], int] = {}
    numbers: dict[str, int] = {}
    for value, step in enumerate([*steps, ("take", 1 << 30)]):
        was_empty, calls = len(waiting) == 0, len(woken)
        if step[0] == "keep":
            waiting.keep(step[1], b'{"v":%d}' % value)
            put[step[1]].append(value)
        elif step[0] == "replace":
            waiting.replace(step[1], step[2], b'{"v":%d,"row":"%b"}' % (value, step[2].encode()))
            newest[step[1], step[2]] = value
        elif step[0] == "forget":
            waiting.forget(step[1])
            newest = {key: one for key, one in newest.items() if key[0] != step[1]}
        else:
            had = len(waiting)
            messages = [json.loads(text) for text in waiting.take(step[1])]
            assert bool(messages) == bool(had)
            for message in messages:
                channel, data = message["channel"], message["data"]
                assert message["seq"] == numbers.get(channel, 0) + 1
                numbers[channel] = message["seq"]
                if channel in KEPT:
                    seen[channel].append(data["v"])
                else:
                    assert newest.pop((channel, data["row"])) == data["v"]
        grew = step[0] in {"keep", "replace"}
        assert len(woken) - calls == (grew and was_empty)
    assert seen == put
    assert newest == {}
    assert len(waiting) == 0


@given(STEPS)
def test_what_is_kept_arrives_and_of_the_rest_the_newest(steps: list[tuple[Any, ...]]) -> None:
    play(steps)


def test_topics_that_come_and_go_leave_little() -> None:
    waiting = Outbox(lambda: None)
    for at in range(5000):
        waiting.replace(f"book:{at}", "", b"1")
        waiting.take(1)
        waiting.forget(f"book:{at}")
    assert len(waiting._numbers) == len(waiting._dropped) == 1000


def test_an_outbox_that_thins_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    keep = Outbox.keep
    monkeypatch.setattr(Outbox, "keep", lambda self, *words: None if len(self) > 1 else keep(self, *words))
    with pytest.raises(AssertionError):
        play([("keep", "orders")] * 3)
