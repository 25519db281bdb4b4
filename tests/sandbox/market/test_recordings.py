"""Reading a tape: exact to the digit, or refused with a sentence naming the file and the line."""

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcli.errors import Usage
from seqcli.sandbox.market.books import Print
from seqcli.sandbox.market.recordings import exactly, read

BOOK = {"bids": [["99.50", "1.5"], ["99.40", "2"]], "asks": [["100.00", "0.25"]]}


def book(ts_ns: int, venue: str = "kraken", symbol: str = "ETH-USD", **sides: Any) -> dict[str, Any]:
    return {"channel": f"book:{symbol}", "venue": venue, "data": {**BOOK, **sides, "ts_ns": ts_ns}}


def trade(ts_ns: int, px: str = "100.00", sz: str = "0.25", side: str = "buy") -> dict[str, Any]:
    data = {"px": px, "sz": sz, "side": side, "ts_ns": ts_ns}
    return {"channel": "trades:ETH-USD", "venue": "kraken", "data": data}


def tape(folder: Path, *frames: dict[str, Any] | str) -> str:
    lines = [frame if isinstance(frame, str) else json.dumps(frame) for frame in frames]
    path = folder / "one.ndjson.gz"
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode()))
    return str(path)


def refusal(path: str) -> str:
    with pytest.raises(Usage) as caught:
        read(path)
    assert path in caught.value.message
    assert caught.value.hint
    return caught.value.message.removeprefix(f"tape {path}: ")


def test_a_tape_is_read_to_the_digit(tmp_path):
    recording = read(tape(tmp_path, book(1000), trade(1000), book(2000, asks=[])))
    (series,) = recording.series
    assert (recording.first_ns, recording.last_ns) == (1000, 2000)
    assert (series.symbol, series.venue) == ("ETH-USD", "kraken")
    assert series.books == [
        (
            1000,
            ((99_500_000_000, 150_000_000), (99_400_000_000, 200_000_000)),
            ((100_000_000_000, 25_000_000),),
        ),
        (2000, ((99_500_000_000, 150_000_000), (99_400_000_000, 200_000_000)), ()),
    ]
    assert series.prints == [Print(1000, 100_000_000_000, 25_000_000, "buy")]
    assert (series.price_digits, series.qty_digits) == (1, 2)


@pytest.mark.parametrize(
    ("venue", "symbol", "ours"),
    [
        ("bybit", "ETH-USDT", ("bybit", "ETH-USDT-PERP")),
        ("binance_futures", "ETH-USDT", ("binance", "ETH-USDT-PERP")),
        ("dydx", "ETH-USD", ("dydx", "ETH-USD-PERP")),
        ("binance", "ETH-USDT", ("binance", "ETH-USDT")),
        ("gemini", "eth/usd", ("gemini", "ETH-USD")),
    ],
)
def test_a_recorded_perpetual_gets_its_name_and_its_venue(tmp_path, venue, symbol, ours):
    (series,) = read(tape(tmp_path, book(1, venue, symbol))).series
    assert (series.venue, series.symbol) == ours


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        ("{", "Input data was truncated"),
        ("[]", "Expected `object`"),
        ("", "Input data was truncated"),
        (book(5, bids=[["1.0000000001", "1"]]), "'1.0000000001' has more than 9 decimals"),
        (book(5, bids=[["1", "1.000000001"]]), "'1.000000001' has more than 8 decimals"),
        (book(5, bids=[["1e3", "1"]]), "'1e3' is no decimal number"),
        (book(5, bids=[["-1", "1"]]), "'-1' is no decimal number"),
        (book(5, bids=[["1.", "1"]]), "'1.' is no decimal number"),
        (book(5, bids=[["٣", "1"]]), "'٣' is no decimal number"),
        (book(5, bids=[["1", "0.000"]]), "'0.000' is zero"),
        (book(5, bids=[["9223372037", "1"]]), "'9223372037' is too large"),
        (book(5, bids=[["9" * 30, "1"]]), "is too large"),
        (book(5, bids=[[1, "1"]]), "Expected `str`, got `int`"),
        (book(5, bids=[["1"]]), "at `$.bids[0]`"),
        (book(5, bids=[["1", "1"], ["2", "1"]]), "not best price first"),
        (book(5, bids=[["1", "1"], ["1", "1"]]), "not best price first"),
        (book(5, asks=[["100", "1"], ["99.9", "1"]]), "not best price first"),
        (book(5, bids=[["100", "1"]]), "crossed"),
        (book(0), "no time"),
        (book(2**63), "no time"),
        (book(0.5), "Expected `int`, got `float`"),  # type: ignore[arg-type]
        (book(5, "Kraken!"), "'Kraken!' is no venue"),
        (book(5, symbol="A B"), "' '"),
        (book(5, symbol="ETH"), "no pair"),
        ({**book(5), "channel": "quotes:ETH-USD"}, "'quotes' is neither book nor trades"),
        (trade(5, side="both"), "Invalid enum value 'both'"),
        (trade(5, sz="0.1234567891"), "more than 8 decimals"),
        (trade(2), "earlier than the line before it (3)"),
        (book(2), "earlier than the line before it (3)"),
    ],
)
def test_a_bad_line_is_named_with_its_number_and_what_is_wrong(tmp_path, frame, why):
    said = refusal(tape(tmp_path, book(3), frame))
    assert said.startswith("line 2: ")
    assert why in said


def test_zeros_beyond_the_last_decimal_we_keep_are_no_rounding(tmp_path):
    (series,) = read(tape(tmp_path, book(1, bids=[["1.5000000000000", "2.250000000000"]]))).series
    assert series.books[0][1] == ((1_500_000_000, 225_000_000),)


def test_a_file_that_is_missing_a_folder_empty_no_tape_or_without_books_is_refused(tmp_path):
    plain = tmp_path / "plain.txt"
    plain.write_text("a book")
    assert refusal(str(tmp_path / "none.gz")) == "no such file or directory"
    assert refusal(str(tmp_path)) == "is a directory"
    assert refusal(str(plain)) == "it is neither NDJSON nor gzip-compressed"
    assert refusal(tape(tmp_path)) == "it is empty"
    assert refusal(tape(tmp_path, trade(1))) == "it holds no order book of ETH-USD on kraken"


def test_a_cut_or_damaged_file_is_refused_with_the_line_where_it_broke(tmp_path):
    path = Path(tape(tmp_path, *(book(number, bids=[[f"{number}.5", "1"]], asks=[]) for number in range(1, 5000))))
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    assert refusal(str(path)).startswith("it is cut off in line ")
    path.write_bytes(whole[: len(whole) // 2] + b"\xff" * 40 + whole[len(whole) // 2 + 40 :])
    assert "line " in refusal(str(path))
    path.write_bytes(whole[:-8] + b"\0" * 8)
    assert refusal(str(path)) == "it is damaged in line 5000"


def kept(ts_ns: int, bids: str, asks: str, symbol: str = "ETH-USD") -> str:
    """A book as a stream tells it, kept with the time it came."""
    data = f'{{"bids":{bids},"asks":{asks},"ts_ns":{ts_ns}}}'
    return f'{{"channel":"book:{symbol}","seq":1,"data":{data},"recorded_ns":99}}'


def test_a_kept_stream_is_a_tape_of_one_venue_and_exact(tmp_path):
    lines = [
        '{"channel":"prices:ETH-USD","data":{"bid":1.5},"recorded_ns":1}',
        '{"type":"gap","topic":"prices:ETH-USD","expected":2,"got":9,"ts_ns":5,"recorded_ns":1}',
        '{"channel":"fills","data":{"fill_id":"f1"},"recorded_ns":1}',
        kept(2000, "[[2323.83,21.87581379],[2323.8,1e-3]]", "[[2324.58,30.0]]"),
        kept(1500, "[[2323.9,1.0]]", "[]"),
        kept(3000, "[[5,1]]", "[[6,1]]", "BTC-USD-PERP"),
    ]
    ours, perpetual = read(tape(tmp_path, *lines)).series
    assert (ours.venue, ours.symbol, perpetual.symbol) == ("consolidated", "ETH-USD", "BTC-USD-PERP")
    assert ours.books == [
        (2000, ((2323_830_000_000, 2_187_581_379), (2323_800_000_000, 100_000)), ((2324_580_000_000, 30 * 10**8),)),
        (2000, ((2323_900_000_000, 10**8),), ()),
    ]
    plain = tmp_path / "kept.ndjson"
    plain.write_text("\n".join(lines))
    assert read(str(plain)).series[0].books == ours.books


def test_venues_that_cross_are_parted_and_no_level_is_changed(tmp_path):
    (series,) = read(
        tape(tmp_path, kept(1, "[[101,1],[100,2],[99,3]]", "[[99.5,4],[101,5],[102,6]]"), kept(2, "[[2,1]]", "[[1,1]]"))
    ).series
    assert series.books == [(1, ((99 * 10**9, 3 * 10**8),), ((102 * 10**9, 6 * 10**8),)), (2, (), ())]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"channel":"boks:ETH-USD","data":{}}', "none of a stream's"),
        ('{"data":{}}', "none of a stream's"),
        (kept(2, "[[1.0000000001,1]]", "[]"), "more than 9 decimals"),
        (kept(2, "[[1,1],[2,1]]", "[]"), "not best price first"),
        (kept(2, "[]", "[]", "KXBTC"), "no pair"),
    ],
)
def test_a_bad_line_of_a_stream_is_refused_too(tmp_path, line, why):
    assert why in refusal(tape(tmp_path, kept(1, "[[1,1]]", "[[2,1]]"), line))


def test_more_than_one_symbol_may_stand_in_a_file(tmp_path):
    recording = read(tape(tmp_path, book(1), book(1, symbol="BTC-USD"), book(2)))
    assert [(each.symbol, len(each.books)) for each in recording.series] == [("ETH-USD", 2), ("BTC-USD", 1)]


@given(st.decimals("0.00000001", "90000000000", places=8))
def test_decimal_text_is_read_as_a_decimal_reads_it(number):
    value, digits = exactly(f"{number:f}", 8)
    assert value == number * 10**8
    assert digits == max(0, -int(Decimal(number).normalize().as_tuple().exponent))


def test_every_recording_at_hand_is_exact(tapes):
    """Each price and size of each file, written out again, is the recorded string but for trailing zeros."""
    files = sorted(tapes.glob("*.ndjson.gz"))
    assert files
    for path in files:
        recording = read(str(path))
        (series,) = recording.series
        frames = [json.loads(line)["data"] for line in gzip.decompress(path.read_bytes()).splitlines()]
        written = [frame for frame in frames if "bids" in frame]
        assert [at for at, _, _ in series.books] == [frame["ts_ns"] for frame in written]
        assert len(series.prints) == len(frames) - len(written)
        for (_, bids, asks), frame in zip(series.books[::20], written[::20], strict=True):
            assert [_text(*level) for level in bids] == [_plain(row) for row in frame["bids"]]
            assert [_text(*level) for level in asks] == [_plain(row) for row in frame["asks"]]


def _text(price_1e9: int, qty_1e8: int) -> tuple[Decimal, Decimal]:
    return Decimal(price_1e9).scaleb(-9), Decimal(qty_1e8).scaleb(-8)


def _plain(row: list[str]) -> tuple[Decimal, Decimal]:
    return Decimal(row[0]), Decimal(row[1])
