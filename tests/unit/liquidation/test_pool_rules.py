"""Pools read from venue files: whose account, which asset, and how long notice is."""

import pytest

from hullmark.core import SECOND_NS
from hullmark.errors import DocumentError
from hullmark.liquidation._pool_rules import PoolRules

VAULT = {"account": 100, "asset": "USDT", "notice_s": "86400.5"}


def test_a_pool_is_an_account_an_asset_and_a_notice():
    found = PoolRules.parse(VAULT)
    assert found == PoolRules(account=100, asset="USDT", notice_ns=172_801 * SECOND_NS // 2)


def test_a_pool_without_a_notice_may_be_left_at_once():
    assert PoolRules.parse({"account": 100, "asset": "USDT"}).notice_ns == 0
    assert PoolRules(account=100, asset="USDT").notice_ns == 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"account": 99}, "account must be a number >= 100, was 99"),
        ({"account": True}, "account must be a number >= 100, was True"),
        ({"account": "100"}, "account must be a number >= 100, was '100'"),
        ({"account": None}, "account must be a number >= 100, was None"),
        ({"asset": 5}, "asset must name an asset, was 5"),
        ({"asset": None}, "asset must name an asset, was None"),
        ({"notice_s": "-1"}, "notice_s must be >= 0, was -1"),
        ({"fee": "1"}, "unknown key 'fee'; known: account, asset, notice_s"),
    ],
)
def test_bad_terms_are_refused_by_name_rule_and_value(changed, message):
    with pytest.raises(DocumentError, match=f"^{message}$"):
        PoolRules.parse(VAULT | changed)
