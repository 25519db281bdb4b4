"""`seq stream`: frames as they came, ends that are asked for, recordings, and words refused before anything is sent."""

import gzip
import stat
from pathlib import Path
from typing import Any

import pytest

Seq = Any
PRICES = "prices:ETH-USD"


def test_frames_are_lines_and_the_asked_number_ends_it(seq: Seq) -> None:
    done = seq("--local", "stream", PRICES, "book:ETH-USD", "--max-events", "3", "--json")
    assert (done.status, done.err) == (0, "")
    assert len(done.rows) == 3
    assert {row["channel"] for row in done.rows} == {PRICES, "book:ETH-USD"}
    assert next(row["seq"] for row in done.rows if row["channel"] == PRICES) == 1


def test_a_table_for_nobody_is_lines_too(seq: Seq) -> None:
    done = seq("--local", "stream", PRICES, "--max-events", "1")
    assert done.rows[0]["channel"] == PRICES


def test_the_asked_time_ends_it_well_even_if_nothing_came(seq: Seq) -> None:
    done = seq("--local", "stream", "fills", "orders", "--for", "0.2s", "--json")
    assert (done.status, done.out, done.err) == (0, "", "")


def test_other_forms_read_the_frames(seq: Seq) -> None:
    done = seq("--local", "stream", PRICES, "--max-events", "2", "--fields", "seq,data.bid", "-o", "csv")
    heading, *rows = done.out.splitlines()
    assert heading == "seq,data.bid"
    assert [row.split(",")[0] for row in rows] == ["1", "2"]
    assert seq("--local", "stream", PRICES, "--max-events", "2", "-q").out.splitlines() == [PRICES, PRICES]


def test_what_happened_is_told_once_whoever_asks(seq: Seq) -> None:
    assert seq("--local", "order", "buy", "ETH-USD", "1").status == 0
    done = seq("--local", "stream", "fills", "--for", "0.2s", "--json")
    assert done.rows == [], "what was before is not news"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ((), "which topics?"),
        (("prices",), "'prices': unknown topic"),
        (("prices:",), "'prices:': bad symbol"),
        (("prices:ETH USD",), "bad symbol"),
        (("fils",), "'fils': unknown topic"),
        (("fills", "--max-events", "0"), "--max-events"),
        (("fills", "--for", "0"), "--for"),
        (("fills", "--speed", "2"), "--speed needs a --replay"),
        (("fills", "--replay", "x"), "--replay plays a file"),
        (("--replay", "x", "--speed", "0"), "--speed '0'"),
        (("--replay", "x", "--speed", "fast"), "--speed"),
        (tuple(f"prices:S{number}" for number in range(501)), "501 topics"),
    ],
)
def test_bad_words_are_refused_before_anything_is_opened(seq: Seq, words: tuple[str, ...], shown: str) -> None:
    done = seq("stream", *words, "--json")
    assert done.status == 2
    assert shown in done.error["message"]
    assert done.out == ""


def test_the_help_lists_the_topics(seq: Seq) -> None:
    shown = seq("stream", "--help").out
    for word in (
        "prices:SYMBOL",
        "book:SYMBOL",
        "orders, fills",
        "fair_price",
        "funding",
        "traces:ID",
        "deployment:ID",
    ):
        assert word in shown


def test_a_dry_run_shows_the_subscription_and_masks_the_key(seq: Seq, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEQ_API_KEY", "seq_test_" + "z" * 64)
    body = seq("stream", "fills", PRICES, "fills", "--dry-run", "--json").body
    assert body["body"] == {"subscribe": ["fills", PRICES]}
    assert body["url"].endswith("/v1/stream")
    assert "zzzzz" not in body["headers"]["Authorization"]


@pytest.mark.parametrize("name", ["kept.ndjson", "kept.ndjson.gz"])
def test_a_recording_plays_back_to_the_byte(seq: Seq, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    words = ("stream", PRICES, "book:ETH-USD", "--max-events", "4", "--record", str(path), "--json")
    live = seq("--local", *words)
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IRUSR | stat.S_IWUSR
    raw = gzip.decompress(path.read_bytes()) if name.endswith("gz") else path.read_bytes()
    assert [b'"recorded_ns":' in line for line in raw.splitlines()].count(False) == 0
    again = seq("stream", "--replay", str(path), "--speed", "max", "--json", "--max-events", "4")
    assert (again.status, again.out) == (0, live.out)
    assert seq("--local", *words).status == 2, "a recording is never overwritten"


def test_where_nothing_came_no_recording_is_left(seq: Seq, tmp_path: Path) -> None:
    path = tmp_path / "none.ndjson.gz"
    assert seq("--local", "stream", "fills", "--for", "0.1s", "--record", str(path)).status == 0
    assert not path.exists()


def test_a_recording_is_played_at_its_own_pace(seq: Seq, tmp_path: Path) -> None:
    path = tmp_path / "slow.ndjson"
    path.write_text(
        '{"channel":"fills","data":{"ts_ns":1000000000}}\n{"channel":"fills","data":{"ts_ns":901000000000}}\n'
    )
    words = ("stream", "--replay", str(path), "--json", "--for", "0.3s")
    assert len(seq(*words).rows) == 1, "the second is a quarter of an hour later"
    assert len(seq(*words, "--speed", "max").rows) == 2
    assert len(seq("stream", "--replay", str(path), "--json", "--for", "5s", "--speed", "1000").rows) == 2


@pytest.mark.parametrize(
    ("content", "shown"),
    [(b"not json\n", "line 1"), (b'{"channel":"a","data":{}}\n{"chan', "line 2"), (b"\x1f\x8bxx", "")],
)
def test_a_file_that_is_no_recording_is_refused_with_its_line(
    seq: Seq, tmp_path: Path, content: bytes, shown: str
) -> None:
    path = tmp_path / "bad"
    path.write_bytes(content)
    done = seq("stream", "--replay", str(path), "--json", "--speed", "max")
    assert done.status == 2
    assert shown in done.error["message"]
    assert "bad" in done.error["message"]


def test_a_replay_without_a_file_says_so(seq: Seq, tmp_path: Path) -> None:
    done = seq("stream", "--replay", str(tmp_path / "none"), "--json")
    assert done.status == 2
    assert "No such file" in done.error["message"]
