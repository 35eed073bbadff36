"""Tests of chain files: what they change of a venue file, and what is refused in them."""

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from hullmark.domain import Stage
from hullmark.errors import DocumentError
from hullmark.runtime import read_venue_file
from hullmark.sim._chain_plan import ChainPlan, Members, read_comparison

ROOT = Path(__file__).parents[3]
COMPARISON = ROOT / "scenarios" / "chains.toml"
VENUE = read_venue_file(ROOT / "scenarios" / "oct-2025-venue.toml")
LEAST = {"title": "orders", "liquidation": {"chain": [{"stage": "partial"}]}}
KEEPERS = {"count": "2", "capital_usd": "1000", "margin": "0.01", "reaction_s": "5"}
BOOK = {"accounts": "9", "hedged_share": "0", "fund_share": "0"}
MAKERS = {
    "count": "2", "capital_usd": "1000", "offset": "0.01", "depth_share": "0.5", "hold_s": "60",
}  # fmt: skip


@pytest.fixture(scope="module")
def plan():
    return read_comparison(COMPARISON)


def test_the_shipped_comparison_has_four_chains_and_three_policies_beside_none(plan):
    assert [chain.name for chain in plan.chains] == ["book", "auction", "backstop", "full"]
    assert plan.policies == ("none", "queue", "pro-rata", "least-haircut")
    assert (plan.accounts, plan.hedged_share) == (6_000, Decimal("0.1"))


def test_every_shipped_chain_makes_rules_under_every_policy(plan):
    for chain in plan.chains:
        for policy in plan.policies:
            rules = chain.rules(VENUE, policy)
            assert rules.liquidation.chain
            deleveraging = rules.waterfall.deleveraging
            assert (deleveraging.policy if deleveraging else "none") == policy
            assert ("adl" in rules.waterfall.steps) == (policy != "none")


def test_the_full_chain_has_every_stage_but_the_second_kind_of_orders(plan):
    stages = [stage.stage for stage in plan.chains[-1].rules(VENUE, "queue").liquidation.chain]
    assert stages == [stage for stage in Stage if stage is not Stage.COST_MINIMAL]


def test_sections_are_laid_over_the_venue_key_by_key():
    chain = ChainPlan.parse("x", LEAST | {"waterfall": {"steps": ["bad-debt"]}})
    rules = chain.rules(VENUE, "none")
    assert rules.liquidation.target_nano == 800_000_000  # the venue's own
    assert rules.waterfall.steps == ("bad-debt",)
    assert "chain" not in VENUE["liquidation"]


def test_a_chain_without_deleveraging_is_the_same_under_every_policy():
    chain = ChainPlan.parse("x", LEAST)
    assert chain.rules(VENUE, "queue").text == chain.rules(VENUE, "none").text


def test_a_cast_is_read_whole():
    members = {"members": {"absorber": {"count": "3", "capital_usd": "70"}}}
    tree = LEAST | {"cast": {"keepers": KEEPERS, "makers": MAKERS, "opted_in": "0.5"} | members}
    cast = ChainPlan.parse("x", tree).cast
    assert (cast.keepers.count, cast.keepers.margin, cast.keepers.reaction_s) == (
        2, Decimal("0.01"), 5,
    )  # fmt: skip
    assert (cast.makers.capital_usd, cast.makers.hold_s) == (1_000, 60)
    assert cast.members == (Members(pool="absorber", count=3, capital_usd=70),)
    assert cast.opted_in == Decimal("0.5")


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({}, "must have the key 'title'"),
        (LEAST | {"margin": {}}, "must have no keys but"),
        (LEAST | {"liquidation": []}, "liquidation must be an object"),
        (LEAST | {"cast": {"keepers": KEEPERS | {"count": "0"}}}, "cast.keepers.count must be"),
        (LEAST | {"cast": {"keepers": KEEPERS | {"margin": "1.5"}}}, "margin must be <= 1"),
        (LEAST | {"cast": {"makers": MAKERS | {"depth_share": "0"}}}, "depth_share must be > 0"),
        (LEAST | {"cast": {"opted_in": 0.5}}, "cast.opted_in must be a decimal string"),
    ],
)
def test_a_bad_chain_is_refused_by_name(tree, message):
    with pytest.raises(DocumentError, match=message):
        ChainPlan.parse("x", tree)


def test_a_chain_that_makes_no_venue_file_says_which_it_was():
    chain = ChainPlan.parse("odd", LEAST | {"waterfall": {"steps": ["fund"]}})
    with pytest.raises(DocumentError, match="chain odd, policy none: waterfall: steps must be"):
        chain.rules(VENUE, "none")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"policies": []}, "policies must be distinct names, one at least"),
        ({"chains": ["chains/book.toml"] * 2}, "chains must be distinct names"),
        ({"chains": ["chains/none.toml"]}, "none.toml: it must be readable TOML"),
        (
            {"book": {"accounts": "9", "hedged_share": "2", "fund_share": "0"}},
            "hedged_share must be <= 1",
        ),
    ],
)
def test_a_bad_comparison_is_refused_by_file_and_key(change, message, tmp_path):
    tree = tomllib.loads(COMPARISON.read_text(encoding="utf-8")) | change
    lines = [f"{key} = {tree[key]!r}".replace("'", '"') for key in ("chains", "policies")]
    lines += ["[book]", *(f'{key} = "{value}"' for key, value in tree["book"].items())]
    (tmp_path / "chains").symlink_to(COMPARISON.parent / "chains")
    path = tmp_path / "comparison.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(DocumentError, match=message):
        read_comparison(path)
