"""Many quotes at once from a served exchange: the whole process, against one quote and against a bare interpreter."""

import sys

SYMBOLS = ("BTC-USD", "ETH-USD", "SOL-USD", "XRP-USD", "DOGE-USD")


def test_two_thousand_quotes(tell, race, seq, served):
    account = {"SEQ_API_KEY": served["api_key"], "SEQ_API_URL": served["url"]}
    many = [seq, "quote", *SYMBOLS * 400, "-o", "json"]
    times = race(
        {
            "bare": [sys.executable, "-c", "pass"],
            "one": [seq, "quote", "BTC-USD", "-o", "json"],
            "2,000": many,
            "2,000, touch only": [*many, "--depth", "1"],
            "6,000": [seq, "quote", *SYMBOLS * 1_200, "-o", "json", "--depth", "1"],
        },
        **account,
    )
    ratios = {name: seconds / times["one"] for name, seconds in times.items() if name != "bare"}
    told = ", ".join(f"{name} {ratio:.1f}" for name, ratio in ratios.items())
    tell(f"quotes, x one of them ({times['one'] / times['bare']:.1f} x bare): {told}")
