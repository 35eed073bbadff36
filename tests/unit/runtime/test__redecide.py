"""Deciding again: what the facts do not lead to is listed, whatever the books say."""

import msgspec
import pytest

from hullmark.domain import commands, events
from hullmark.errors import PluginError
from hullmark.runtime import verify

from .forgery import BTC, START_NS, after, deposited, rules


def test_recorded_events_that_no_decision_gives_are_listed(forge):
    deposit = commands.Deposit(account=102, asset="USDT", quanta=5)
    first = after(forge.last, deposited(7), command=deposit)
    second = after(first, command=deposit)
    third = after(second, deposited(5), deposited(5), command=deposit)
    path = forge(first, second, third, after(third, deposited(5), command=deposit))
    found = verify(path, redecide=True)
    assert not found.holds
    assert [d.sequence for d in found.differences] == [first.sequence + k for k in range(3)]
    assert {d.command for d in found.differences} == {"Deposit"}
    assert [d[2:] for d in found.differences] == [
        (repr(deposited(7)), repr(deposited(5))),
        ("nothing", repr(deposited(5))),
        (repr(deposited(5)), "nothing"),
    ]
    assert verify(path).holds  # the books balance all the same


def test_a_long_event_is_shown_around_the_place_that_differs(forge):
    prints = tuple(
        commands.Print(factor=BTC, source=f"s{k}", price_nano=k, observed_ns=START_NS)
        for k in range(9)
    )
    changed = (*prints[:7], msgspec.structs.replace(prints[7], price_nano=70), prints[8])
    observe = commands.ObservePrices(prints=prints)
    unit = after(forge.last, events.PricesAccepted(prints=changed, prices=()), command=observe)
    found, *_ = verify(forge(unit), redecide=True).differences
    for text, price in ((found.recorded, 70), (found.decided, 7)):
        assert f"source='s7', price_nano={price}, observed_ns" in text
        assert text.startswith("... ")
        assert text.endswith(" ...")
        assert len(text) < 200


def without(units, *kinds):
    """Return the units but for those of some commands, numbered anew."""
    kept = [unit for unit in units if not isinstance(unit.command, kinds)]
    new = {unit.sequence: place for place, unit in enumerate(kept, 1)}
    return [
        msgspec.structs.replace(
            unit, sequence=new[unit.sequence], cause=unit.cause and new.get(unit.cause, 1)
        )
        for unit in kept
    ]


def test_a_liquidation_that_was_left_out_is_listed(forge):
    def spare(units):
        for unit in without(units, commands.CureBreach, commands.ReportFill):
            swept = isinstance(unit.command, commands.SweepAccounts)
            yield msgspec.structs.replace(unit, events=() if swept else unit.events)

    found = verify(forge(change=lambda units: list(spare(units))), redecide=True)
    assert [(d.command, d.recorded) for d in found.differences] == [("SweepAccounts", "nothing")]
    assert found.differences[0].decided == "BreachesFound(accounts=(100,))"
    assert found.broken == ()


def test_a_reaction_that_was_left_out_is_listed(forge):
    def spare(units):
        return without(units, commands.CureBreach, commands.ReportFill)

    found = verify(forge(change=spare), redecide=True)
    assert [d.command for d in found.differences] == ["CureBreach"]
    assert found.differences[0].decided == "CureBreach(account=100)"
    assert found.broken == ()


def test_a_reaction_that_nobody_asked_for_is_listed(forge):
    sweep = commands.SweepAccounts()
    unit = after(forge.last, command=sweep, cause=forge.last.sequence)
    (found,) = verify(forge(unit), redecide=True).differences
    assert (found.sequence, found.decided) == (unit.sequence, "nothing was asked for")


def test_a_command_that_cannot_be_decided_on_forged_facts_is_listed(forge):
    terms = {"limit_nano": 1, "deadline_ns": 2 * START_NS, "notional_nano": 1}
    order = events.LiquidationOrdered(order=9, account=102, instrument="NONE", lots=-1, **terms)
    started = events.LiquidationStarted(account=102, asset="USDT", net_quanta=1, trigger_nano={})
    unit = after(forge.last, started, order)
    fill = commands.ReportFill(
        order=9, counterparty=101, lots=-1, price_nano=1, arrival_nano=1, final=True
    )
    found = verify(forge(unit, after(unit, command=fill)), redecide=True)
    told = (unit.sequence + 1, "ReportFill", "nothing", "KeyError: 'NONE'")
    assert found.differences[-1] == told


def test_deciding_again_needs_the_engine_that_the_rules_name(forge):
    adopt = rules(engine="unheard-of")
    path = forge(after(forge.last, events.RulesAdopted(rules=adopt.rules), command=adopt))
    assert verify(path).holds  # a replay runs no engine
    with pytest.raises(PluginError, match="unheard-of"):
        verify(path, redecide=True)
