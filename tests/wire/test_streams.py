"""The grammar of topics, and streams as data."""

import pytest

from seqcli.wire import catalogue, streams
from seqcli.wire.streams import BadTopic, Topic, topic_of


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("orders", Topic("orders")),
        ("fills", Topic("fills")),
        ("routing", Topic("routing")),
        ("tca", Topic("tca")),
        ("prices:BTC-USD", Topic("prices", symbol="BTC-USD")),
        ("book:xrp/usd", Topic("book", symbol="xrp/usd")),
        ("book:KXBTCZ-26DEC31-T99000:NO", Topic("book", symbol="KXBTCZ-26DEC31-T99000:NO")),
        ("prices:" + "7" * 77, Topic("prices", symbol="7" * 77)),
        (
            "book:https://polymarket.com/event/a-slug?tid=1",
            Topic("book", symbol="https://polymarket.com/event/a-slug?tid=1"),
        ),
        ("traces:dep_01", Topic("traces", scope="dep_01")),
        ("deployment:dep_01", Topic("deployment", scope="dep_01")),
        ("fair_price", Topic("fair_price")),
        ("fair_price:BTC", Topic("fair_price", scope="BTC")),
        ("funding", Topic("funding")),
        ("funding:binance", Topic("funding", scope="binance")),
        ("funding:binance:BTC-USDT", Topic("funding", scope="binance", symbol="BTC-USDT")),
    ],
)
def test_every_documented_topic_is_read(text: str, topic: Topic) -> None:
    assert topic_of(text) == topic


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", streams.UNKNOWN),
        ("order", streams.UNKNOWN),
        ("Orders", streams.UNKNOWN),
        ("orders:", streams.UNKNOWN),
        ("orders:BTC-USD", streams.UNKNOWN),
        ("prices", streams.UNKNOWN),
        ("prices:", streams.BAD_SYMBOL),
        ("prices:BTC USD", streams.BAD_SYMBOL),
        ("prices:BTC-USD\n", streams.BAD_SYMBOL),
        ('book:"', streams.BAD_SYMBOL),
        ("book:" + "A" * 257, streams.BAD_SYMBOL),
        ("book:https://polymarket.com/event/x?\u2028", streams.BAD_SYMBOL),
        ("traces", streams.UNKNOWN),
        ("traces:", streams.UNKNOWN),
        ("fair_price:", streams.UNKNOWN),
        ("fair_price:B T", streams.UNKNOWN),
        ("funding:", streams.UNKNOWN),
        ("funding::BTC-USDT", streams.UNKNOWN),
        ("funding:binance:", streams.BAD_SYMBOL),
        ("x" * 1000, streams.UNKNOWN),
    ],
)
def test_what_is_no_topic_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(BadTopic) as caught:
        topic_of(text)
    assert str(caught.value) == reason


@pytest.mark.parametrize("text", ["prices:BTC-USD", "book:BTC-USD", "fair_price", "funding:binance"])
def test_only_market_data_may_be_conflated(text: str) -> None:
    assert topic_of(text).conflated


@pytest.mark.parametrize("text", ["orders", "fills", "routing", "tca", "traces:a", "deployment:a"])
def test_what_happened_to_an_account_may_not(text: str) -> None:
    assert not topic_of(text).conflated


@pytest.mark.parametrize("stream", list(streams.EVENT_NAMES))
def test_an_event_stream_is_not_taken_for_an_object_of_its_noun(stream: str) -> None:
    found = catalogue.match("GET", f"/v1/{stream}/stream")
    assert found is not None
    assert found[0].name == f"streams.{stream}"
    assert catalogue.match("DELETE", f"/v1/{stream}/stream") is None
