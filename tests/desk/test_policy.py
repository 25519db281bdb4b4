"""The local policy: every line refuses by its name, on the integers to be sent, before anything leaves."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from seqcli.desk import policy
from seqcli.errors import NotSent, PolicyRefused, Usage
from seqcli.wire import submission
from seqcli.wire.strict import Number

BTC = 10**8
USD = 10**9


@pytest.fixture
def write(tmp_path):
    def lines(text):
        (tmp_path / "config" / "policy.toml").write_text(text)

    return lines


class Market:
    """A quote, open orders, and an exchange that takes everything."""

    def __init__(self, client, clock, make):
        self.client, self.clock, self.make = client, clock, make
        self.bid, self.ask, self.age_s = Number("2999.5"), Number("3000.5"), 1.0
        self.open = []
        self.sent = []
        client.call = self.call

    def call(self, operation, _request=None, *, body=None, **_options):
        from seqcli.client.client import Reply

        if operation.name == "quotes.one":
            updated = self.clock.time_ns() - int(self.age_s * 1e9)
            answer = {"nbbo": {"bid": self.bid, "ask": self.ask}, "last_update_ns": updated}
        elif operation.name == "orders.list":
            answer = {"orders": self.open, "total": len(self.open), "has_more": False}
        else:
            assert operation.name == "orders.place"
            self.sent.append(body)
            answer = self.make.placed(body)
        return Reply(operation, 200, {}, b"", answer, "r")


@pytest.fixture
def market(client, clock, make):
    return Market(client, clock, make)


def notional(make, usd):
    graph = make.order()
    graph.nodes[0].quantity = submission.NodeQuantity(notional=submission.NotionalQuantity(notional_usd_1e9=usd * USD))
    return graph


def test_without_a_file_nothing_is_asked_and_nothing_refused(desk, market, make):
    market.bid = market.ask = None
    assert desk.submit(make.order(qty=10**15)).outcome == "accepted"


@pytest.mark.parametrize(
    ("line", "passes", "refused"),
    [
        ('max_qty = "1.5"', {"qty": 150_000_000}, {"qty": 150_000_001}),
        ("max_qty = 1.5", {"qty": 150_000_000}, {"qty": 150_000_001}),
        ("max_qty = 1", {"qty": 100_000_000}, {"qty": 100_000_001}),
        ('max_order_notional_usd = "3000.5"', {"qty": BTC}, {"qty": BTC + 1}),
        ('max_order_notional_usd = "3100"', {"price": 3100 * USD}, {"price": 3100 * USD + 1}),
        ('max_order_notional_usd = "3000.5"', {"price": 1 * USD}, {"price": 3001 * USD}),
        ('max_order_notional_usd = "2999.5"', {"side": "sell"}, {"side": "sell", "qty": BTC + 1}),
        ("price_collar_bps = 100", {"price": 3030_505_000_000}, {"price": 3030_505_000_001}),
        ("price_collar_bps = 100", {"price": 1}, {"price": 3100 * USD}),
        (
            "price_collar_bps = 100",
            {"side": "sell", "price": 2969_505_000_000},
            {"side": "sell", "price": 2969_504_999_999},
        ),
        ('symbols = ["eth/usd"]', {"symbol": "ETH-USD"}, {"symbol": "BTC-USD"}),
        ('deny_symbols = ["BTC-USD"]', {"symbol": "ETH-USD"}, {"symbol": "btc/usd"}),
        ('deny_symbols = ["ETH-USD-PERP"]', {"symbol": "ETH-USD"}, {"symbol": "eth-perp"}),
        ('venues = ["Kraken"]', {"venue": "kraken"}, {"venue": "okx"}),
        ('venues = ["kraken"]', {"venue": "KRAKEN"}, {}),
    ],
)
def test_a_line_passes_what_it_allows_and_refuses_by_its_name(desk, market, make, write, line, passes, refused):
    write(line + "\n")
    assert desk.submit(make.order(**passes)).outcome == "accepted"
    sent = list(market.sent)
    with pytest.raises(PolicyRefused) as failure:
        desk.submit(make.order(**refused))
    name = line.partition(" ")[0]
    assert f": {name}: " in failure.value.message
    assert failure.value.hint is not None
    assert name in failure.value.hint
    assert failure.value.exit_status == 3
    assert market.sent == sent
    assert len(desk.journal.select("1")) == 1, "what is refused is not journaled as meant"


@pytest.mark.usefixtures("market")
def test_negative_control_a_policy_that_is_not_asked_lets_it_through(desk, make, write, monkeypatch):
    monkeypatch.setattr(policy.Check, "alone", lambda _self: None)
    write('max_qty = "1"\n')
    assert desk.submit(make.order(qty=2 * BTC)).outcome == "accepted"


@pytest.mark.usefixtures("market")
def test_an_order_in_dollars_does_not_slip_past_a_quantity(desk, make, write):
    write('max_qty = "1"\n')
    assert desk.submit(notional(make, 2999)).outcome == "accepted"
    with pytest.raises(PolicyRefused, match="max_qty"):
        desk.submit(notional(make, 3000))


@pytest.mark.usefixtures("market")
def test_an_order_in_dollars_is_worth_its_dollars(desk, make, write):
    write('max_order_notional_usd = "500"\n')
    assert desk.submit(notional(make, 500)).outcome == "accepted"
    with pytest.raises(PolicyRefused, match="max_order_notional_usd"):
        desk.submit(notional(make, 501))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("age_s", 5.001), ("age_s", -5.001), ("bid", None), ("ask", None), ("bid", Number("0")), ("ask", Number("-1")),
        ("ask", "3000.5"), ("ask", 3000.5), ("ask", True), ("bid", Decimal("NaN")), ("ask", Decimal("Infinity")),
    ],
)  # fmt: skip
def test_no_price_a_stale_one_or_no_number_is_refused(desk, market, make, write, field, value):
    write('max_order_notional_usd = "1000000"\n')
    setattr(market, field, value)
    with pytest.raises(PolicyRefused, match=r"price"):
        desk.submit(make.order())
    assert market.sent == []


@pytest.mark.parametrize("age_s", [0.0, 4.999, -4.999])
def test_a_price_within_5_s_is_fresh(desk, market, make, write, age_s):
    write('max_order_notional_usd = "1000000"\n')
    market.age_s = age_s
    assert desk.submit(make.order()).outcome == "accepted"


@pytest.mark.parametrize("symbol", ["ETH-BTC", "eth-btc-arb", "BTC-EUR", "ETH"])
@pytest.mark.usefixtures("market")
def test_an_order_in_another_currency_is_not_taken_for_dollars(desk, make, write, symbol):
    write('max_order_notional_usd = "1000000"\n')
    with pytest.raises(PolicyRefused, match="not priced in dollars"):
        desk.submit(make.order(symbol=symbol))


@pytest.mark.parametrize(
    "symbol", ["ETH-USDT", "ETH-USDC-ARB", "BTC-USD-PERP", "eth-perp", "KXBTCZ-26DEC31-T99000:YES"]
)
@pytest.mark.usefixtures("market")
def test_dollars_in_every_spelling_are_dollars(desk, make, write, symbol):
    write('max_order_notional_usd = "1000000"\n')
    assert desk.submit(make.order(symbol=symbol)).outcome == "accepted"


def test_a_worth_past_all_counting_is_refused_not_a_bug(desk, market, make, write):
    write("price_collar_bps = 100000\n")
    with pytest.raises(PolicyRefused):
        desk.submit(make.order(qty=2**63 - 1))
    assert market.sent == []


@pytest.mark.usefixtures("market")
def test_orders_a_minute_are_counted_over_a_sliding_minute(desk, make, write, clock):
    write("max_orders_per_minute = 2\n")
    for qty in (1, 2):
        desk.submit(make.order(qty=qty))
        clock.sleep(20)
    with pytest.raises(PolicyRefused, match="max_orders_per_minute"):
        desk.submit(make.order(qty=3))
    clock.sleep(20.001)
    assert desk.submit(make.order(qty=3)).outcome == "accepted"


@pytest.mark.usefixtures("market")
def test_a_day_s_notional_ends_at_midnight_utc(desk, make, write, clock):
    write('max_day_notional_usd = "6001"\n')
    for qty in (BTC, BTC - 1):
        desk.submit(make.order(qty=qty))
    with pytest.raises(PolicyRefused, match="max_day_notional_usd"):
        desk.submit(make.order(qty=BTC + 1))
    clock.sleep(86_400 - clock.now % 86_400)
    assert desk.submit(make.order(qty=BTC + 1)).outcome == "accepted"


@pytest.mark.usefixtures("market")
def test_what_was_never_sent_counts_for_nothing(desk, make, write, client):
    write("max_orders_per_minute = 1\n")
    call = client.call

    def refuse(*_words, **_options):
        raise NotSent("refused the connection")

    client.call = refuse
    assert desk.submit(make.order()).outcome == "not_sent"
    client.call = call
    assert desk.submit(make.order(qty=5)).outcome == "accepted"


def test_what_is_open_counts_with_the_new_order(desk, market, make, write, clock):
    write('max_open_notional_usd = "10000"\n')
    market.open = [{"status": "WORKING", "limit_price_1e9": 3500 * USD, "remaining_qty_1e8": 2 * BTC}]
    clock.sleep(1)
    assert desk.submit(make.order(qty=BTC // 2)).outcome == "accepted"
    clock.sleep(1)
    with pytest.raises(PolicyRefused, match="max_open_notional_usd"):
        desk.submit(make.order(qty=BTC))


def test_an_open_order_whose_worth_is_not_known_is_not_worth_nothing(desk, market, make, write):
    write('max_open_notional_usd = "10000"\n')
    market.open = [{"status": "WORKING", "limit_price_1e9": None, "remaining_qty_1e8": 2 * BTC, "node_order_id": "x"}]
    with pytest.raises(PolicyRefused, match="max_open_notional_usd"):
        desk.submit(make.order())


@pytest.mark.usefixtures("market")
def test_what_another_process_has_under_way_counts_as_open(desk, open_desk, make, write, client):
    write('max_open_notional_usd = "4000"\n')
    call = client.call
    inside: list[bool] = []

    def meanwhile(operation, *words, **options):
        if operation.name == "orders.place" and not inside:
            inside.append(True)
            with pytest.raises(PolicyRefused, match="max_open_notional_usd"):
                open_desk().submit(make.order(qty=BTC - 1))
        return call(operation, *words, **options)

    client.call = meanwhile
    assert desk.submit(make.order()).outcome == "accepted"
    assert inside == [True]


@pytest.mark.parametrize(
    "text",
    [
        "max_qty = ", 'max_qtty = "1"', "max_qty = true", 'max_qty = "1e3"', 'max_qty = "0.123456789"', "max_qty = 1e3",
        "max_qty = nan", "max_orders_per_minute = 1.5", 'symbols = "ETH-USD"', "max_day_notional_usd = inf", "\xff",
    ],
)  # fmt: skip
def test_a_policy_that_cannot_be_read_stops_every_order(desk, market, make, tmp_path, text):
    (tmp_path / "config" / "policy.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(Usage, match=r"policy\.toml"):
        desk.submit(make.order())
    assert market.sent == []


@pytest.mark.usefixtures("market")
class TestTheDuplicateGuard:
    def test_on_a_terminal_it_asks_and_no_means_no(self, open_desk, market, make):
        asked: list[str] = []

        def no(question):
            asked.append(question)
            return False

        desk = open_desk(ask=no)
        assert desk.submit(make.order()).outcome == "accepted"
        with pytest.raises(PolicyRefused, match="duplicate_guard"):
            desk.submit(make.order())
        assert len(asked) == len(market.sent) == 1

    def test_on_a_terminal_yes_means_yes(self, open_desk, make):
        desk = open_desk(ask=lambda _question: True)
        for _ in range(3):
            assert desk.submit(make.order()).outcome == "accepted"

    def test_off_a_terminal_it_says_nothing_unless_the_policy_does(self, desk, make, write):
        for _ in range(2):
            assert desk.submit(make.order()).outcome == "accepted"
        write("duplicate_guard = true\n")
        with pytest.raises(PolicyRefused, match="duplicate_guard"):
            desk.submit(make.order())

    def test_where_the_policy_refuses_nobody_is_asked_first(self, open_desk, make, write):
        write("duplicate_guard = true\n")
        desk = open_desk(ask=lambda _question: pytest.fail("asked"))
        desk.submit(make.order())
        with pytest.raises(PolicyRefused):
            desk.submit(make.order())

    def test_false_asks_no_more(self, open_desk, make, write):
        write("duplicate_guard = false\n")
        desk = open_desk(ask=lambda _question: pytest.fail("asked"))
        for _ in range(2):
            desk.submit(make.order())

    def test_another_order_is_none(self, open_desk, make):
        desk = open_desk(ask=lambda _question: pytest.fail("asked"))
        for change in ({}, {"qty": 5}, {"side": "sell"}, {"price": USD}, {"price": 2 * USD}, {"symbol": "BTC-USD"}):
            desk.submit(make.order(**change))

    def test_after_10_s_it_is_another_order(self, open_desk, make, clock):
        desk = open_desk(ask=lambda _question: pytest.fail("asked"))
        desk.submit(make.order())
        clock.sleep(10)
        desk.submit(make.order())

    def test_another_account_s_order_is_none(self, open_desk, make, write):
        write("duplicate_guard = true\n")
        open_desk().submit(make.order())
        assert open_desk(account="another").submit(make.order()).outcome == "accepted"

    def test_the_question_is_asked_while_no_other_process_waits(self, open_desk, make):
        other = open_desk()

        def ask(_question):
            assert other.submit(make.order(qty=7)).outcome == "accepted"
            return True

        desk = open_desk(ask=ask)
        desk.submit(make.order())
        assert desk.submit(make.order()).outcome == "accepted"


def test_of_equal_orders_from_several_processes_at_once_one_gets_in(tmp_path):
    command = [sys.executable, str(Path(__file__).with_name("racer.py")), str(tmp_path / "j")]
    racers = [
        subprocess.Popen([*command, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for place in range(4)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    ends = []
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    for racer in racers:
        told, _ = racer.communicate(timeout=60)
        ends.append(told.strip())
    assert sorted(ends) == ["in", "refused", "refused", "refused"]


def test_a_policy_that_the_settings_name_is_the_one_that_counts_and_must_be_there(open_desk, market, make, tmp_path):
    named = tmp_path / "mine.toml"
    with pytest.raises(Usage, match="there is no such policy"):
        open_desk(policy_file=named).submit(make.order())
    named.write_text("max_qty = 1")
    with pytest.raises(PolicyRefused, match="max_qty"):
        open_desk(policy_file=named).submit(make.order(qty=BTC + 1))
    assert market.sent == []
    assert open_desk(policy_file=named).submit(make.order(qty=BTC)).outcome == "accepted"
