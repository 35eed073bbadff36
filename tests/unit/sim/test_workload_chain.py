"""The chains of simulated venues are rules, whichever are drawn, and follow one another."""

from random import Random

import pytest

from hullmark.clearing import Rules
from hullmark.domain import Stage
from hullmark.sim._workload_chain import add_stages
from hullmark.sim._workload_rules import founding_tree


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_drawn_are_rules_with_pools_and_most_stages(seed):
    chance = Random(seed)
    tree = founding_tree(chance)
    add_stages(tree, chance)
    rules = Rules.parse(tree)
    assert 2 <= len(rules.liquidation.chain) <= len(Stage) - 1
    assert set(rules.pools) == {"vault", "staked"}
    add_stages(tree, chance)
    assert Rules.parse(tree).takes_away(rules) is None
