"""The stage before the breach: whom it touches, how much it closes, and what a saviour may do."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from hullmark.errors import InvalidInputError
from hullmark.liquidation import (
    Saved,
    Standing,
    Vault,
    linear_close_factor,
    save_allowed,
    saviour_hook,
    soft_begun,
    soft_lots,
    soft_share_nano,
    top_up_needed,
    top_up_quanta,
    vault_unsafe,
)

NANO = 10**9
TERMS = {"level_nano": 8 * NANO // 10, "share_min_nano": NANO // 10, "share_max_nano": NANO // 2}
amounts = st.integers(-(10**12), 10**12)


def test_the_stage_lies_between_its_level_and_the_breach():
    assert [
        soft_begun(Standing(1_000, n), level_nano=8 * NANO // 10) for n in (800, 801, 1_000)
    ] == [
        False,
        True,
        True,
    ]
    assert not soft_begun(Standing(1_000, 1_001), level_nano=8 * NANO // 10)
    assert not soft_begun(Standing(-1, 0), level_nano=8 * NANO // 10)
    assert not soft_begun(Standing(0, 0), level_nano=8 * NANO // 10)


@given(st.integers(1, 10**9), st.integers(0, 10**9))
def test_the_share_lies_on_a_line_and_is_rounded_down(equity, maintenance):
    found = soft_share_nano(Standing(equity, maintenance), **TERMS)
    if not soft_begun(Standing(equity, maintenance), level_nano=TERMS["level_nano"]):
        assert found == 0
        return
    line = linear_close_factor(
        Decimal(maintenance) / equity, start="0.8", end=1, first="0.1", last="0.5"
    )
    assert 0 <= line * NANO - found < 1 + Decimal("1e-6") * NANO


@given(st.integers(-(10**6), 10**6), st.integers(1, 10**9), st.integers(0, 2 * 10**9))
def test_lots_of_the_stage_are_inside_the_position(lots, equity, maintenance):
    standing = Standing(equity, maintenance)
    found = soft_lots(lots, standing, **TERMS)
    begun = soft_begun(standing, level_nano=TERMS["level_nano"]) and lots != 0
    assert (1 if begun else 0) <= found <= (abs(lots) if begun else 0)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"level_nano": 0}, "level_nano must be > 0"),
        ({"level_nano": NANO}, "level_nano must be > 0 and < "),
        ({"share_max_nano": NANO + 1}, "the shares must rise"),
        ({"share_min_nano": NANO // 2 + 1}, "the shares must rise"),
    ],
)
def test_terms_of_the_stage_must_fit_each_other(change, rule):
    with pytest.raises(InvalidInputError, match=rule):
        soft_share_nano(Standing(10, 9), **(TERMS | change))


@given(amounts, st.integers(0, 10**12), st.integers(1, 2 * NANO), st.integers(0, NANO - 1))
def test_a_top_up_is_the_smallest_that_reaches_the_target(equity, maintenance, target, haircut):
    standing = Standing(equity, maintenance)
    added = top_up_quanta(standing, target_nano=target, haircut_nano=haircut)

    def reaches(amount):
        counted = equity * NANO + amount * (NANO - haircut)
        return maintenance * NANO * NANO <= target * counted

    assert added >= 0
    assert reaches(added)
    assert added == 0 or not reaches(added - 1)
    exact = top_up_needed(
        equity,
        maintenance,
        target=Decimal(target) / NANO,
        haircut=Decimal(haircut) / NANO,
        quantum=1,
    )
    assert added == exact


def test_a_top_up_that_counts_nothing_is_refused():
    with pytest.raises(InvalidInputError, match="haircut must be < 1, was 1"):
        top_up_needed(0, 1, target=1, haircut=1)
    with pytest.raises(InvalidInputError, match="haircut_nano must be in"):
        top_up_quanta(Standing(0, 1), target_nano=1, haircut_nano=NANO)
    with pytest.raises(InvalidInputError, match="target_nano must be > 0"):
        top_up_quanta(Standing(0, 1), target_nano=0)


# Reflexer, geb, src/LiquidationEngine.sol, liquidateSAFE: a hook may fail, and may only add
# collateral or repay debt.
@pytest.mark.parametrize(
    ("after", "vault", "saved"),
    [
        (Vault(11, 5), Vault(11, 5), Saved.SAVED),
        (Vault(10, 4), Vault(10, 4), Saved.SAVED),
        (Vault(10, 5), Vault(10, 5), Saved.NOTHING),
        (None, Vault(10, 5), Saved.FAILED),
        (Vault(9, 1), Vault(10, 5), Saved.REFUSED),
        (Vault(99, 6), Vault(10, 5), Saved.REFUSED),
    ],
)
def test_a_saviour_may_only_improve_a_vault(after, vault, saved):
    assert saviour_hook(Vault(10, 5), after) == (vault, saved)


@given(*(st.integers(0, 10**6) for _ in range(6)))
def test_a_vault_is_never_less_safe_after_its_saviour(c0, d0, c1, d1, price, rate):
    before = Vault(c0, d0)
    after = saviour_hook(before, Vault(c1, d1)).vault
    terms = {"liquidation_price": price, "rate": rate}
    assert vault_unsafe(before, **terms) or not vault_unsafe(after, **terms)


def test_a_vault_at_its_line_and_one_without_a_price_are_safe():
    assert not vault_unsafe(Vault(10, 5), liquidation_price=2, rate=4)
    assert vault_unsafe(Vault(10, 5), liquidation_price=2, rate=5)
    assert not vault_unsafe(Vault(10, 5), liquidation_price=0, rate=5)


def test_a_saviour_of_an_account_brings_equity_or_takes_margin_away():
    before = Standing(90, 100)
    assert save_allowed(before, Standing(90, 100))
    assert save_allowed(before, Standing(91, 99))
    assert not save_allowed(before, Standing(89, 50))
    assert not save_allowed(before, Standing(190, 101))
