"""Which markets a share of the depth closes to makers: those that have declared none."""

import copy

import pytest

from hullmark.clearing import Rules, markets_without_depth

from .bank import TREE

TOLD = (
    "CALL: depth_usd must name it, or no maker takes any of it under the depth_share of the "
    "backstop, was left out"
)


def rules(*stages, **depth_usd):
    tree = copy.deepcopy(TREE)
    chain = [{"stage": "partial"}, *stages]
    tree["liquidation"] |= {"chain": chain, "depth_usd": depth_usd}
    return Rules.parse(tree)


def contracts():
    return [i["symbol"] for i in TREE["instruments"] if i["kind"] != "spot"]


def test_every_contract_without_a_depth_is_told():
    deep = dict.fromkeys(contracts(), "1000000")
    del deep["CALL"]
    backstop = {"stage": "backstop", "depth_share": "0.5"}
    assert markets_without_depth(rules(backstop, **deep)) == (TOLD,)
    told = markets_without_depth(rules(backstop))
    assert [line.split(":")[0] for line in told] == contracts()


@pytest.mark.parametrize(
    "stages",
    [
        (),
        ({"stage": "backstop"},),
        ({"stage": "backstop", "capital_share": "2"},),
        ({"stage": "backstop", "depth_share": "0"},),  # no maker takes anything anywhere
    ],
)
def test_where_no_share_of_the_depth_is_asked_nothing_is_told(stages):
    assert markets_without_depth(rules(*stages)) == ()
