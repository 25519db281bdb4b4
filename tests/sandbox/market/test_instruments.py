"""Venues, listings, and the one spelling of a symbol."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcli.sandbox.market.instruments import VENUES, canonical, nearest, venue_of, venue_symbol
from seqcli.sandbox.market.listings import listed

LISTED = listed()


def test_the_venues_are_the_fifteen_edges_in_the_order_of_the_vendors_page():
    assert list(VENUES) == [
        *("binance", "bybit", "coinbase", "cryptocom", "dex", "hyperliquid", "kalshi", "kraken", "okx"),
        *("polymarket", "solana", "binance-perp", "bybit-perp", "okx-perp", "bitget"),
    ]


def test_kraken_charges_16_and_26_prediction_venues_by_rate_and_all_others_10():
    fees = {name: (venue.maker_bps, venue.taker_bps, venue.prediction_rate_1e9) for name, venue in VENUES.items()}
    assert fees.pop("kraken") == (16, 26, None)
    assert fees.pop("kalshi") == fees.pop("polymarket") == (0, 150, 30_000_000)
    assert set(fees.values()) == {(10, 10, None)}


def test_enough_is_listed():
    kinds = [instrument.kind for instrument in LISTED.values()]
    assert kinds.count("spot") >= 40
    assert kinds.count("perp") == 10
    assert {each.quote for each in LISTED.values()} == {"USD", "USDT", "USDC"}
    assert "ETH-USDC-ARB" in LISTED
    assert "BTC-USD-PERP" in LISTED


@pytest.mark.parametrize("symbol", LISTED)
def test_an_instrument_is_listed_where_its_kind_is_traded_and_its_figures_agree(symbol):
    instrument = LISTED[symbol]
    assert instrument.symbol == symbol == canonical(symbol)
    assert instrument.venues
    assert all(instrument.kind in VENUES[venue].kinds and not VENUES[venue].parent for venue in instrument.venues)
    assert (instrument.kind == "perp") == symbol.endswith("-PERP")
    assert instrument.tick_size_1e9 == 10 ** (9 - instrument.price_precision)
    assert instrument.lot_size_1e8 == 10 ** (8 - instrument.qty_precision)
    assert instrument.min_qty_1e8 % instrument.lot_size_1e8 == 0
    assert instrument.min_notional_1e9 == 5_000_000_000
    assert instrument.anchor_1e9 % instrument.tick_size_1e9 == 0
    assert instrument.tick_size_1e9 * 5_000 < instrument.anchor_1e9


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("eth-usd", "ETH-USD"),
        ("XRP/USD", "XRP-USD"),
        ("eth-perp", "ETH-USD-PERP"),
        ("ETH-PERP", "ETH-USD-PERP"),
        ("btc-usd-perp", "BTC-USD-PERP"),
        ("BTC/USD/PERP", "BTC-USD-PERP"),
        ("eth-usdt-perp", "ETH-USDT-PERP"),
        ("eth-usdc-arb", "ETH-USDC-ARB"),
        ("nope", "NOPE"),
        ("1inch-usd", "1INCH-USD"),
        ("KXBTCZ-26DEC31-T99000", "KXBTCZ-26DEC31-T99000"),
        ("KXMARKET-FOO:YES", "KXMARKET-FOO:YES"),
        ("btc-updown-5m-1776537600", "btc-updown-5m-1776537600"),
        ("some-slug:yes", "some-slug:yes"),
        ("7" * 70, "7" * 70),
        ("https://polymarket.com/event/will-it-rain?tid=1", "will-it-rain"),
    ],
)
def test_one_resolver_gives_every_spelling_its_canonical_form(written, meant):
    assert canonical(written) == meant


@pytest.mark.parametrize(("written", "meant"), [("BTC-USD", "BTC-USD-PERP"), ("btc-usd-perp", "BTC-USD-PERP")])
def test_a_plain_pair_names_the_perpetual_where_one_is_asked_for(written, meant):
    assert canonical(written, "perp") == meant


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "missing"),
        ("ETH USD", "' '"),
        ("ETH-USD\n", r"'\\n'"),
        ("ETH-ÜSD", "'Ü'"),
        ("ETH--USD", "empty part"),
        ("-USD", "empty part"),
        ("ETH/", "empty part"),
        ("E" * 257, "257"),
        ("https://polymarket.com/markets/x", "empty part"),
    ],
)
def test_a_malformed_symbol_is_refused_with_the_reason(written, reason):
    with pytest.raises(ValueError, match=reason):
        canonical(written)


@given(st.text(max_size=300))
def test_canonical_is_a_refusal_or_a_fixed_point(text):
    try:
        form = canonical(text)
    except ValueError:
        return
    assert canonical(form) == form


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("kraken", ("kraken", None)),
        ("Kraken", ("kraken", None)),
        ("dex_ethereum", ("dex", None)),
        ("binance-perp", ("binance", "perp")),
        ("okx-perp", ("okx", "perp")),
    ],
)
def test_a_venue_has_aliases_and_a_perp_edge_means_its_parent(written, meant):
    assert venue_of(written) == meant


def test_an_unknown_venue_is_refused_with_the_nearest_name():
    with pytest.raises(ValueError, match="did you mean kraken"):
        venue_of("krakken")
    assert venue_of("gemini", ["gemini", "kraken"]) == ("gemini", None)


def test_the_nearest_symbols_are_named():
    assert nearest("ETHUSD", LISTED)[0] == "ETH-USD"
    assert set(nearest("btc-usdd", LISTED)) == {"BTC-USD", "BTC-USDT", "BTC-USDC"}
    assert nearest("%%%%", LISTED) == []


def test_a_venue_has_its_own_spelling_of_a_symbol():
    assert venue_symbol(LISTED["BTC-USD"], "kraken") == "XBT/USD"
    assert venue_symbol(LISTED["BTC-USD"], "coinbase") == "BTC-USD"
    assert venue_symbol(LISTED["BTC-USDT"], "binance") == "BTCUSDT"
    assert venue_symbol(LISTED["BTC-USD-PERP"], "okx") == "BTC-USD-SWAP"
    assert venue_symbol(LISTED["BTC-USD-PERP"], "hyperliquid") == "BTC"
