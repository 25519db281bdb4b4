"""Real recordings as the market: quoted to the digit, and a market order's fills computed by hand from the book."""

import gzip
import json
from decimal import Decimal
from fractions import Fraction

TAPE = "BINANCE-BTC-USDT-2021-04-04.ndjson.gz"
TAKER_BPS = 10


def books_of(path):
    with gzip.open(path, "rt") as stream:
        frames = [json.loads(line) for line in stream]
    return [frame["data"] for frame in frames if frame["channel"].startswith("book:")]


def pairs(levels):
    return [(Decimal(price), Decimal(size)) for price, size in levels]


def test_the_recorded_book_is_quoted_to_the_digit(tapes, serve, shell):
    recorded = books_of(tapes / TAPE)
    server = serve("--tape", str(tapes / TAPE))
    line = "seq quote BTC-USDT --depth 20 -o raw"
    done = shell(line, SEQ_API_KEY=server["api_key"], SEQ_API_URL=server["url"])
    assert done.returncode == 0, done.stderr
    body = json.loads(done.stdout, parse_float=Decimal, parse_int=Decimal)
    bids, asks = (pairs(body["book"][side]) for side in ("bids", "asks"))
    assert any((pairs(book["bids"])[:20], pairs(book["asks"])[:20]) == (bids, asks) for book in recorded)
    assert (body["nbbo"]["bid"], body["nbbo"]["ask"]) == (bids[0][0], asks[0][0])
    assert list(body["venues"]) == ["binance"]


def test_a_market_order_equals_a_hand_computation_from_that_book(tapes, serve, shell):
    last = books_of(tapes / TAPE)[-1]
    server = serve("--tape", str(tapes / TAPE), "--tape-once", "--tape-speed", "1000")
    account = {"SEQ_API_KEY": server["api_key"], "SEQ_API_URL": server["url"]}
    ask = f"{pairs(last['asks'])[0][0]:f}".rstrip("0").rstrip(".")
    wait = f"until seq quote BTC-USDT -o csv --fields nbbo.ask | grep -x '{ask}.' >/dev/null; do :; done"
    assert shell(wait, **account).returncode == 0
    quantity = Decimal("1.25")
    done = shell(f"seq order buy BTC-USDT {quantity} --wait --json; seq fills -o json --all", **account)
    assert done.returncode == 0, done.stderr
    decoder = json.JSONDecoder()
    result, end = decoder.raw_decode(done.stdout)
    fills = decoder.raw_decode(done.stdout[end:].lstrip())[0]["fills"]
    left, expected = quantity, []
    for price, size in pairs(last["asks"]):
        taken = min(left, size)
        if taken:
            expected.append((int(price * 10**9), int(taken * 10**8)))
        left -= taken
    assert left == 0
    assert sorted((fill["price_1e9"], fill["qty_1e8"]) for fill in fills) == sorted(expected)
    order = result["orders"][0]
    average = Fraction(sum(price * size for price, size in expected), sum(size for _, size in expected))
    assert order["avg_fill_price_1e9"] == round(average)
    fees = sum(round(Fraction(price * size * TAKER_BPS, 10**8 * 10_000)) for price, size in expected)
    assert order["fees_usd_1e9"] == fees


def test_several_tapes_play_together_and_other_symbols_are_unavailable(tapes, serve, shell):
    names = [TAPE, "BINANCE-ETH-USDT-2021-04-04.ndjson.gz", "BYBIT-ETH-USDT-2021-04-17.ndjson.gz"]
    words = [word for name in [*names, "GEMINI-BTC-USD-2021-04-17.ndjson.gz"] for word in ("--tape", str(tapes / name))]
    server = serve(*words)
    account = {"SEQ_API_KEY": server["api_key"], "SEQ_API_URL": server["url"]}
    done = shell("seq quote BTC-USDT ETH-USDT ETH-USDT-PERP BTC-USD --json", **account)
    assert done.returncode == 0, done.stderr
    quotes = {quote["symbol"]: quote for quote in json.loads(done.stdout)["quotes"]}
    assert list(quotes["ETH-USDT-PERP"]["venues"]) == ["bybit"]
    assert list(quotes["BTC-USD"]["venues"]) == ["gemini"]
    assert shell("seq quote SOL-USD", **account).returncode == 5
