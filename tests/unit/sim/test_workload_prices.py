"""What the simulated venue asks of its prices: every part, and nothing that a venue refuses."""

from random import Random

from hullmark.clearing import Rules
from hullmark.sim._workload_prices import draw_actions, draw_policy
from hullmark.sim._workload_rules import founding_tree, vary

PARTS = {
    "mark", "redemption", "growth_cap", "average", "delay_s", "stable", "reopen", "weight_min",
    "deviation_max", "dissent_max", "distinct", "confidence_multiple",
}  # fmt: skip
SOURCE = {
    "weight", "origin", "heartbeat_s", "confidence_max", "price_min", "price_max", "jump_max",
}  # fmt: skip


def test_all_rules_that_are_drawn_can_be_adopted():
    for seed in range(60):
        chance = Random(seed)
        rules = Rules.parse(founding_tree(chance))
        assert Rules.parse(vary(rules, chance)).takes_away(rules) is None


def test_every_part_of_a_policy_and_of_a_source_is_drawn():
    policies = [draw_policy(Random(n), "BTC-PERP", "60") for n in range(200)]
    assert set().union(*policies) >= PARTS
    tables = [tree["sources"] for tree in policies if isinstance(tree["sources"], dict)]
    assert set().union(*(source for table in tables for source in table.values())) == SOURCE


def test_some_venues_have_their_own_actions_and_some_of_those_a_grace():
    drawn = [draw_actions(Random(n)) for n in range(40)]
    assert {} in drawn
    assert {bool(tree.get("grace_s")) for tree in drawn if tree} == {True, False}
