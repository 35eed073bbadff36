"""The margin of one account, slowly and obviously, from the definitions in the docs.

Written without the tables, brackets or blocks of the package: dictionaries in, exact sums within.
"""

import math


def bracket_usd(notional_usd, tiers, rate):
    """Charge each slice of notional the rate of its own tier."""
    slices = []
    for k, tier in enumerate(tiers):
        ceiling = tiers[k + 1].floor_usd if k + 1 < len(tiers) else math.inf
        width = min(notional_usd, ceiling) - tier.floor_usd
        slices.append(max(width, 0.0) * getattr(tier, rate))
    return math.fsum(slices)


def credit_usd(units, price_usd, haircut, cap_usd):
    """Count a debt in full, and a credit less its haircut up to the cap."""
    value = units * price_usd
    return value if value <= 0 else min(value * (1 - haircut), cap_usd)


def sided(positions, cash, market, check):
    """Return each asset's equity, and its price, at the sides of a check: 0 initial, 1 maintenance.

    The initial check takes of everything the side that is worse for the account, the maintenance
    check the better one.
    """
    choose = (min, max)[check]
    values, prices = market["sides"][check]
    units = [
        held
        + math.fsum(
            choose(s * value for value in values[i])
            for i, s, _ in positions
            if market["settle"][i] == a
        )
        for a, held in enumerate(cash)
    ]
    return units, [
        choose(pair, key=lambda price, held=held: held * price)
        for pair, held in zip(prices, units, strict=True)
    ]


def margin(positions, balance, model, market):
    """Return the columns of `Health` for ``[(instrument, size, quote), ...]``.

    ``market`` has per instrument ``value``, ``settle``, ``notional``, ``risk`` and ``tiers`` (None
    without a schedule), per asset ``price``, ``haircuts``, ``cap`` and ``asset_risk``, and the two
    factors. It may have ``sides``: per instrument ``(low, high)`` values, per asset ``(low, high)``
    prices, the initial check's and the maintenance check's.
    """
    assets = range(len(balance))
    cash = [
        math.fsum([balance[a], *(q for i, _, q in positions if market["settle"][i] == a)])
        for a in assets
    ]
    equity = [
        cash[a]
        + math.fsum(s * market["value"][i] for i, s, _ in positions if market["settle"][i] == a)
        for a in assets
    ]
    price, cap = market["price"], market["cap"]
    net = math.fsum(equity[a] * price[a] for a in assets)
    checks = [
        math.fsum(
            credit_usd(units[a], prices[a], market["haircuts"][a][check], cap[a]) for a in assets
        )
        for check in (0, 1)
        for units, prices in [
            sided(positions, cash, market, check) if "sides" in market else (equity, price)
        ]
    ]
    notionals = [abs(s) * market["notional"][i] for i, s, _ in positions]
    worst, place = 0.0, -1
    if model == "scenario":
        profits = [
            math.fsum(
                [s * market["risk"][i][k] for i, s, _ in positions]
                + [cash[a] * market["asset_risk"][a][k] for a in assets]
            )
            for k in range(len(market["risk"][0]))
        ]
        worst = min(profits)
        place = profits.index(worst)
        needs = [factor * max(0.0, -worst) for factor in market["factors"]]
    else:
        needs = [
            math.fsum(
                bracket_usd(n, market["tiers"][i], rate)
                for n, (i, _, _) in zip(notionals, positions, strict=True)
            )
            for rate in ("initial", "maintenance")
        ]
    at_risk = bool(positions) or min(balance) < 0
    return (net, *checks, *needs, worst, place, math.fsum(notionals), at_risk)
