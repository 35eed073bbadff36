"""In which order new prints become prices: what is made from others comes after them."""

from collections.abc import Mapping, Sequence

from hullmark.clearing._price_trust import grade_now
from hullmark.clearing._rules import Rules
from hullmark.clearing._state import State
from hullmark.core import NANO, format_scaled
from hullmark.domain import AcceptedPrice, Print
from hullmark.market import Grade, accept, growth_cap_nano, latest_prints


def accepted_prices(
    state: State, by_factor: Mapping[str, Sequence[Print]]
) -> tuple[AcceptedPrice, ...]:
    """Return the prices that new prints lead to, in the order in which they were spoken of.

    A price that is made from another is made anew whenever that one is spoken of, and stands after
    all those that are not.
    """
    dependents = state.in_force.dependents
    policies = state.in_force.prices
    if not dependents:  # nearly always
        known, prices, now_ns = state.prints, state.prices, state.now_ns
        return tuple([
            accept(
                factor,
                latest_prints(known.get(factor, ()), prints, now_ns),
                policy=policies[factor],
                last=prices.get(factor),
                now_ns=now_ns,
            )
            for factor, prints in by_factor.items()
        ])  # fmt: skip
    found = {f: _accepted(state, f, p, {}) for f, p in by_factor.items() if not policies[f].inputs}
    made = dict.fromkeys(f for f in by_factor if policies[f].inputs)
    made |= dict.fromkeys(f for index in found for f in dependents.get(index, ()))
    inputs = {f: p for f, p in found.items() if p.grade == Grade.VALID}
    for factor in dependents:
        if factor not in found and grade_now(state, factor) is Grade.VALID:
            inputs[factor] = state.prices[factor]
    found |= {f: _accepted(state, f, by_factor.get(f, ()), inputs) for f in made}
    return tuple(found.values())


def capped_below(state: State, rules: Rules, at_ns: int) -> str | None:
    """Return which growth cap would begin below the rate that it caps, in words; ``None``: none.

    A cap that is set with a snapshot and a growth that do not fit each other would mark down what
    accounts hold, at once and for no loss. So the set is measured against the last price.
    """
    for factor, policy in rules.prices.items():
        terms, last = policy.growth_cap, state.prices.get(factor)
        if terms is None or last is None or not last.price_nano:
            continue
        base = None if terms.base is None else state.prices.get(terms.base)
        base_nano = NANO if base is None or not base.price_nano else base.price_nano
        rate_nano = last.price_nano * NANO // base_nano
        cap_nano = growth_cap_nano(terms, at_ns)
        if cap_nano * NANO < rate_nano * (NANO - terms.tolerance_nano):
            rate, cap = format_scaled(rate_nano, 9), format_scaled(cap_nano, 9)
            return f"prices.{factor}.growth_cap must begin at the last rate ({rate}), was {cap}"
    return None


def _accepted(
    state: State, factor: str, prints: Sequence[Print], inputs: Mapping[str, AcceptedPrice]
) -> AcceptedPrice:
    return accept(
        factor,
        latest_prints(state.prints.get(factor, ()), prints, state.now_ns),
        policy=state.in_force.prices[factor],
        last=state.prices.get(factor),
        now_ns=state.now_ns,
        inputs=inputs,
    )
