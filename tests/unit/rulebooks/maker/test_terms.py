"""Maker's terms as decimal strings, and what the contracts hold of them."""

import pytest

from hullmark.domain import Node
from hullmark.errors import DocumentError
from hullmark.liquidation import validate_reward
from hullmark.rulebooks.maker import (
    ETH_A,
    RAD,
    RAY,
    WAD,
    Bark,
    ExponentialDecrease,
    LinearDecrease,
    MakerTerms,
    Urn,
    bark,
    kick,
    take,
    trip_breaker,
)

TREE = {
    "curve": {"kind": "linear", "tau_s": "3600"},
    "buffer": "1.2",
    "cusp": "0.4",
    "tolerance": "0.5",
    "tail_s": "8400",
    "chip": "0.001",
    "chop": "1.13",
    "tip": "300",
    "dust": "15000",
    "hole": "65000000",
    "hole_total": "100000000",
}


# MakerDAO, spells-mainnet, src/test/config.sol [f7f6dba], ETH-A.
def test_the_terms_of_ether_are_those_of_the_contracts():
    clipper = ETH_A.clipper()
    assert (clipper.buf, clipper.cusp, clipper.tail) == (11 * RAY // 10, 45 * RAY // 100, 7200)
    assert (clipper.tip, clipper.chip) == (250 * RAD, WAD // 1000)
    assert clipper.chost == 8475 * RAD  # dust of 7500 with a penalty of 13 %
    assert ETH_A.dog().Hole == 70_000_000 * RAD
    ilk = ETH_A.ilk(rate=RAY, spot=1379 * RAY)
    assert (ilk.dust, ilk.chop, ilk.hole) == (7500 * RAD, 113 * WAD // 100, 40_000_000 * RAD)
    assert trip_breaker(ETH_A.mom(), cur=2000 * WAD, nxt=999 * WAD, now=1).stopped == 2


def test_the_rewards_of_ether_cannot_be_farmed():
    validate_reward(tip=250, chip="0.001", penalty="0.13", debt_min=7500)


# The price meets the oracle's in the tenth step: 1.1 * 0.99**10 is 0.9948.
def test_a_vault_goes_from_breach_to_the_return_of_its_rest():
    found = bark(
        ETH_A.dog(), ETH_A.ilk(rate=RAY, spot=1379 * RAY), Urn(ink=12 * WAD, art=17 * 10**21)
    )
    assert isinstance(found, Bark)
    sale = kick(ETH_A.clipper(), tab=found.tab, lot=found.dink, usr="a", val=2000 * WAD, now=0)
    assert sale.coin == 250 * RAD + found.tab // 1000
    bought = take(sale.clipper, 1, amt=12 * WAD, price_max=2000 * RAY, now=900)
    assert bought.price // RAY == 1989
    assert bought.ended
    assert bought.owe == bought.digs == found.tab == 19_210 * RAD
    assert bought.slice + bought.returned == 12 * WAD


def test_every_kind_of_curve_is_read():
    assert MakerTerms.parse(Node("gold", TREE)).curve == LinearDecrease(3600)
    tree = TREE | {"curve": {"kind": "exponential", "cut": "0.999"}}
    assert MakerTerms.parse(Node("gold", tree)).curve == ExponentialDecrease(999 * RAY // 1000)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"curve": {}}, "gold.curve must have the key 'kind'"),
        ({"curve": {"kind": "round"}}, "gold.curve.kind must be one of exponential, linear, stair"),
        ({"curve": {"kind": "linear"}}, "gold.curve must have the key 'tau_s'"),
        ({"curve": {"kind": "linear", "tau_s": "0.5"}}, "gold.curve.tau_s must be a whole number"),
        ({"curve": {"kind": "exponential", "cut": "1.1"}}, "gold.curve.cut must be <= "),
        ({"tail_s": "0.5"}, "gold.tail_s must be a whole number, was '0.5'"),
        ({"buffer": 1.2}, "gold.buffer must be a decimal string"),
        ({"chop": "0.9"}, "gold: Dog/file-chop-lt-WAD"),
        ({"chip": "20"}, "gold: chip must fit in 64 bits"),
        ({"colour": "1"}, "gold must have no keys but"),
    ],
)
def test_terms_that_no_contract_holds_are_refused_with_their_path(change, rule):
    with pytest.raises(DocumentError, match=rule):
        MakerTerms.parse(Node("gold", TREE | change))
