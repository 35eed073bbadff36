"""FTX, November 2022: no flag of an account spares it. Sources: the incident's file."""

import itertools

import msgspec
import pytest

from hullmark.clearing import Rules
from hullmark.core import nano
from hullmark.domain import Mode, Reason, SystemAccount, commands, events
from hullmark.errors import DocumentError

from .incident import ANN, FUND, MAKER, Incident

SYMBOL, PRICE, LOW = "FTT-PERP", "22", 4.0
SIZE, PAID_IN = 10, 110  # of which 180 are lost
FIRST = 1_000
# Everything that can be said of an account, one after the other. Whoever adds a way to tell
# accounts apart adds it here: the test below finds the ones that commands know.
COLLATERAL = ("USD", "FTT")
RESTING, MAKES, EARLIER = (False, True), (False, True), (False, True)
KINDS = tuple(itertools.product(Mode, COLLATERAL, RESTING, MAKES, EARLIER))


def opened(incident, account, kind):
    """Open an account of a kind that is long, with as little as the venue lets it have."""
    mode, asset, rests, makes, earlier = kind
    parent = None
    if mode is Mode.ISOLATED:
        parent = account + 10_000
        incident.open(parent, USD="1000000")  # rich, and not liable
    incident.do(commands.OpenAccount(account=account, mode=mode, parent=parent))
    amount = f"{PAID_IN}" if asset == "USD" else f"{PAID_IN / 22 * 2:.6f}"
    quanta = incident.venue.quanta(asset, amount)
    if parent is None:
        incident.do(commands.Deposit(account=account, asset=asset, quanta=quanta))
    else:
        incident.pay(parent, **{asset: amount})
        incident.do(commands.Transfer(source=parent, target=account, asset=asset, quanta=quanta))
    if earlier:  # it has been here for long: in and out once, at no loss
        incident.do(incident.trade(account, "1", SYMBOL, PRICE))
        incident.do(incident.trade(MAKER, "1", SYMBOL, PRICE, seller=account))
    more = 1 if makes else 0  # which it sells on: it is the other side of somebody's trade
    incident.do(incident.trade(account, f"{SIZE + more}", SYMBOL, PRICE))
    if makes:
        incident.do(incident.trade(ANN, "1", SYMBOL, PRICE, seller=account))
    if rests:
        lots = -incident.venue.lots(SYMBOL, "1")
        order = commands.RestOrder(
            order=account, account=account, instrument=SYMBOL, lots=lots, limit_nano=nano("30")
        )
        incident.do(order)
    return account


@pytest.fixture(scope="module")
def crashed():
    """Return the venue after the fall, with an account of every kind, and what they were."""
    incident = Incident("ftx-2022")
    incident.at(0)
    incident.do(commands.OpenAccount(account=MAKER, mode=Mode.CROSS))
    incident.pay(MAKER, USD="1000000000")
    incident.open(ANN, USD="1000000")
    incident.pay(FUND, USD="1000")
    accounts = {opened(incident, FIRST + n, kind): kind for n, kind in enumerate(KINDS)}
    assert incident.venue.views.breaches() == ()
    for _ in incident.run(10, 120):
        pass
    return incident, accounts


def test_commands_know_no_flag_that_is_not_in_the_list():
    assert commands.OpenAccount.__struct_fields__ == ("account", "mode", "parent")
    with pytest.raises(msgspec.ValidationError, match="allow_negative"):
        msgspec.convert(
            {"account": 1, "mode": "cross", "allow_negative": True}, commands.OpenAccount
        )


# Whoever opts in is liquidated earlier, and never later.
def test_the_only_switch_of_an_account_makes_its_liquidation_softer():
    known = {
        (name, field.name)
        for name, kind in vars(commands).items()
        if isinstance(kind, type) and "account" in getattr(kind, "__struct_fields__", ())
        for field in msgspec.structs.fields(kind)
        if field.type is bool
    }
    assert known <= {("ReportFill", "final"), ("SetSoftTerms", "opted_in")}


@pytest.mark.parametrize("section", ["margin", "liquidation", "actions"])
def test_rules_have_no_place_for_an_exception(section):
    tree = Incident("ftx-2022").rules
    tree[section] = tree.get(section, {}) | {"allow_negative": ["1000"]}
    with pytest.raises(DocumentError, match="allow_negative"):
        Rules.parse(tree)


def test_every_kind_of_account_under_its_margin_is_taken_in_hand(crashed):
    incident, accounts = crashed
    for account in accounts:
        health = incident.venue.health(account)
        assert health.net_value < 0  # a loss of 18 dollars on each of ten
    assert incident.taken_in_hand() == set(accounts)
    incident.check()


def test_whoever_is_rich_enough_is_not(crashed):
    incident, accounts = crashed
    others = set(incident.venue.views.accounts) - set(accounts)
    assert len(others) > len(KINDS) // 3
    assert others.isdisjoint(incident.taken_in_hand())


def test_nobody_gets_out_more_than_there_is(crashed):
    incident, accounts = crashed
    for account in accounts:
        for asset in COLLATERAL:
            assert incident.venue.withdrawable(account, asset).quanta == 0
            assert incident.refused(incident.withdrawal(account, asset, 1)) is not None


def test_the_accounts_of_the_venue_itself_can_hold_no_position(crashed):
    incident, _ = crashed
    for account in SystemAccount:
        trade = incident.trade(account, "1", SYMBOL, f"{LOW}")
        assert incident.refused(trade) is Reason.ACCOUNT_UNKNOWN


# What was published there was a formula on the volume of the day.
def test_the_fund_that_is_published_is_the_balance_of_the_ledger(crashed):
    incident, _ = crashed
    paid = [e for e in incident.happened if isinstance(e, events.DeficitCovered)]
    in_ledger = incident.venue.state.ledger.cash(SystemAccount.FUND, 0)
    assert incident.venue.cash(FUND, "USD").quanta == in_ledger
    assert in_ledger == 1_000 * 10**6 - sum(e.fund_quanta for e in paid)
