"""Derive's three margin models, slowly and obviously: one account, loops and dicts, fifty digits.

It reads the tree of a version-2 portfolio document whose ``parameters`` are complete, and knows no
code of the package. Each function returns account values as the venue defines them, so that

    initial = mark_to_market - sum(add_ons["initial"].values()), and likewise for maintenance.

Written from the venue's published contracts, in our own words: ``derivexyz/v2-core``,
``src/risk-managers`` (``PMRM_2.sol`` 57cdd00, ``PMRMLib_2.sol`` a601089, ``PMRMLib.sol`` b02a82d,
``PMRM.sol`` 02ab723, ``StandardManager.sol`` 2579900). The contracts truncate each product at 18
decimals; here nothing is rounded.
"""

import runpy
from pathlib import Path
from types import SimpleNamespace

parts = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("derive_parts.py"))))
number, Refused, ZERO, ONE = parts.number, parts.Refused, parts.ZERO, parts.number(1)

SHORT_TERM_SECONDS = 30 * parts.SECONDS_A_DAY  # the vol shock's power changes just above it
SCENARIOS_MAX = 40
SKEWS = "linear", "absolute"


# --- both portfolio managers ---


def vol_multipliers(expiry, parameters):
    """Return the factors by which volatility goes up and down, larger for short terms."""
    shock, seconds = parameters["vol_shock"], number(expiry["seconds"])
    floor = number(shock["floor_days"]) * parts.SECONDS_A_DAY
    power = number(shock["short_power" if seconds <= SHORT_TERM_SECONDS else "long_power"])
    term = (SHORT_TERM_SECONDS / max(seconds, floor)) ** power
    up, down = 1 + number(shock["up"]) * term, 1 - number(shock["down"]) * term
    return {"up": up, "down": max(down, ZERO), "none": ONE}


def expiry_value(expiry, options, parameters, spot, direction, *, discount):
    """Return what an expiry's options are worth with spot at a factor and volatility shocked."""
    forward = number(expiry["forward"]["fixed"]) + number(expiry["forward"]["variable"]) * spot
    multiplier = vol_multipliers(expiry, parameters)[direction]
    floor = number(parameters["vol_shock"].get("vol_min", "0")) if direction == "up" else ZERO
    years, total = parts.years_to(expiry, parameters), ZERO
    for strike, call, size in options:
        vol = max(floor, parts.vol_of(expiry, strike) * multiplier)
        total += size * parts.black76(forward, strike, years, vol, discount, call=call)
    return total


def basis_loss(expiry, options, parameters, *, discount):
    """Return what the expiry loses when its forward moves alone: never positive."""
    basis, here = parameters["basis"], ("none",)
    now = expiry_value(expiry, options, parameters, ONE, *here, discount=discount)
    moved = [
        expiry_value(expiry, options, parameters, number(basis[way]), *here, discount=discount)
        for way in ("up", "down")
    ]
    factor = number(basis["add"]) + number(basis["per_year"]) * parts.years_to(expiry, parameters)
    return min(moved[0] - now, moved[1] - now, ZERO) * factor


def worst_of(scenarios, basis):
    """Return the least of the basis loss and the P&Ls; the basis, then the earliest, wins a tie."""
    least, worst = basis, len(scenarios)
    for index, pnl in enumerate(scenarios):
        if pnl < least:
            least, worst = pnl, index
    return least, worst


def check_limits(by_expiry, parameters):
    limit = int(parameters["limits"]["expiries"])
    if len(by_expiry) > limit:
        raise Refused(f"an account holds at most {limit} expiries, was {len(by_expiry)}")
    scenarios = parameters["scenarios"]
    if not 0 < len(scenarios) <= SCENARIOS_MAX:
        raise Refused(f"there are 1 to {SCENARIOS_MAX} scenarios, were {len(scenarios)}")
    for skew in SKEWS:
        spots = [number(s["spot"]) for s in scenarios if s["vol"] == skew]
        if len(spots) > 1 or any(spot != 1 for spot in spots):
            raise Refused(f"a {skew} skew stands once and leaves spot alone")


def valued(add_ons, mark_to_market, **others):
    margins = {kind: mark_to_market - sum(into.values()) for kind, into in add_ons.items()}
    return {"mark_to_market": mark_to_market, **margins, "add_ons": add_ons, **others}


# --- PMRM 2 ---


def skewed_value(expiry, options, parameters, skew, *, discount):
    """Return what the options are worth with the smile's wings lifted or tilted."""
    terms, forward = parameters["skew"], sum(number(v) for v in expiry["forward"].values())
    years = parts.years_to(expiry, parameters)
    root = parts.CONTEXT.sqrt(years)
    cap = number(terms[skew]["slope"]) * root + number(terms[skew]["cap"])
    flat_from = root * number(terms["width"])
    flat_from *= number(terms["vol_static"]) + root * number(terms["vol_slope"])
    flat_from = max(number(terms["k_min"]), flat_from)
    total = ZERO
    for strike, call, size in options:
        if strike == 0 or forward == 0 or flat_from == 0:
            raise Refused("a skew needs a strike, a forward and a width above zero")
        k = parts.CONTEXT.log(strike / forward)
        k = abs(k) if skew == "absolute" else k
        tilt = k * cap / flat_from
        multiplier = 1 + (min(cap, tilt) if k >= 0 else max(-cap, tilt))
        vol = parts.vol_of(expiry, strike) * max(multiplier, ZERO)
        total += size * parts.black76(forward, strike, years, vol, discount, call=call)
    return total


def static_discounts(expiry, parameters):
    """Return the factors on a shocked expiry that is worth something, and on one that owes."""
    years, rate = parts.years_to(expiry, parameters), max(number(expiry["rate"]), ZERO)
    growth = {}
    for side in ("long", "short"):
        terms = parameters["discount"][side]
        growth[side] = parts.CONTEXT.exp(
            years * (rate * number(terms["rate_factor"]) + number(terms["rate_add"]))
        )
    owing = number(parameters["discount"]["short"]["base"]) * growth["short"]
    return (
        number(parameters["discount"]["long"]["base"]) / growth["long"],
        min(parts.CONTEXT.exp(rate * years), owing),  # at most back to the undiscounted value
    )


def expiry_pnl_2(expiry, options, parameters, scenario):
    """Return an expiry's P&L in a scenario before its weight; a skew takes its worse side."""
    discount = parts.CONTEXT.exp(
        -max(number(expiry["rate"]), ZERO) * parts.years_to(expiry, parameters)
    )
    spot, vol = number(scenario["spot"]), scenario["vol"]
    now = expiry_value(expiry, options, parameters, ONE, "none", discount=discount)
    if vol in SKEWS:
        shocked = skewed_value(expiry, options, parameters, vol, discount=discount)
    else:
        shocked = expiry_value(expiry, options, parameters, spot, vol, discount=discount)
    worth, owing = static_discounts(expiry, parameters)
    pnl = shocked * (worth if shocked >= 0 else owing) - now
    return -abs(pnl) if vol in SKEWS else pnl


def scenario_pnl_2(tree, account, scenario):
    name = parts.only_underlying(tree)
    market, parameters = tree["market"], tree["parameters"]
    size, mark, _ = parts.perpetual_of(account, market, name)
    spot, weight = number(scenario["spot"]), number(scenario["weight"])
    total = size * mark * (spot - 1) * weight
    for label, options in parts.options_by_expiry(account, name).items():
        expiry = market["underlyings"][name]["expiries"][label]
        total += expiry_pnl_2(expiry, options, parameters, scenario) * weight
    for asset, amount in parts.collaterals_of(account).items():
        if parameters["collaterals"][asset]["risk_cancelling"]:
            total += collateral_value(market, asset, amount) * (spot - 1) * weight
    return total


def collateral_value(market, asset, amount):
    """Return what a collateral is worth in the cash asset."""
    price = number(market["collaterals"][asset]["price"])
    return amount * price / number(market["stable"]["price"])


def add_ons_2(tree, account):
    """Return the contingencies outside the scenarios: initial ones contain maintenance ones."""
    name = parts.only_underlying(tree)
    market, p = tree["market"], tree["parameters"]
    underlying = market["underlyings"][name]
    spot, spot_confidence = number(underlying["spot"]), number(underlying["confidence"])
    size, _, _ = parts.perpetual_of(account, market, name)
    confidence, limits = spot_confidence, p["confidence"]
    if size != 0:
        confidence = min(confidence, number(underlying["perpetual"]["confidence"]))
    threshold, factor = number(limits["threshold"]), number(limits["factor"])
    doubts = parts.doubt(confidence, threshold, factor) * abs(size) * spot
    nakeds, haircuts = ZERO, {"maintenance": ZERO, "initial": ZERO}
    for label, options in parts.options_by_expiry(account, name).items():
        nakeds += parts.naked(options)
        feeds = ("forward_confidence", "rate_confidence", "vol_confidence")
        least = min(confidence, *(number(underlying["expiries"][label][feed]) for feed in feeds))
        count = sum(abs(held) for _, _, held in options)
        doubts += parts.doubt(least, threshold, factor) * count * spot
    for asset, amount in parts.collaterals_of(account).items():
        if asset not in p["collaterals"]:
            raise Refused(f"{asset} is no collateral")
        value = collateral_value(market, asset, amount)
        for kind in haircuts:
            haircuts[kind] += value * number(p["collaterals"][asset][kind])
        own = number(market["collaterals"][asset]["confidence"])
        doubts += (
            parts.doubt(min(own, spot_confidence), threshold, factor) * value
        )  # not the perpetual's
    add_ons = {"maintenance": {}, "initial": {}}
    for kind, into in add_ons.items():
        into["perpetual"] = number(p["perpetual"][kind]) * abs(size) * spot
        into["naked_option"] = number(p["naked_option"][kind]) * nakeds * spot
        into["collateral"] = haircuts[kind]
    for part, amount in add_ons["maintenance"].items():
        add_ons["initial"][part] += amount
    add_ons["initial"]["confidence"] = doubts
    return add_ons


def depeg_factor(tree):
    peg, price = tree["parameters"]["peg"], number(tree["market"]["stable"]["price"])
    return max(number(peg["threshold"]) - price, ZERO) * number(peg["factor"])


def portfolio_2(tree, account):
    """Return the margins of an account under PMRM 2."""
    holder, market, p = tree["accounts"][account], tree["market"], tree["parameters"]
    name = parts.only_underlying(tree)
    by_expiry = parts.options_by_expiry(holder, name)
    check_limits(by_expiry, p)
    mark_to_market = parts.cash_of(holder) + parts.perpetual_of(holder, market, name)[2]
    basis = ZERO
    for label, options in by_expiry.items():
        expiry = market["underlyings"][name]["expiries"][label]
        discount = parts.CONTEXT.exp(-max(number(expiry["rate"]), ZERO) * parts.years_to(expiry, p))
        mark_to_market += expiry_value(expiry, options, p, ONE, "none", discount=discount)
        basis += basis_loss(expiry, options, p, discount=discount)
    for asset, amount in parts.collaterals_of(holder).items():
        mark_to_market += collateral_value(market, asset, amount)
    add_ons = add_ons_2(tree, holder)
    scenarios = [scenario_pnl_2(tree, holder, scenario) for scenario in p["scenarios"]]
    least, worst = worst_of(scenarios, basis)
    for kind, into in add_ons.items():
        into["scenario"] = -least * number(p["factors"][kind])
    add_ons["initial"]["depeg"] = -least * depeg_factor(tree)
    return valued(add_ons, mark_to_market, scenarios=scenarios, worst=worst, basis=basis)


# --- PMRM 1 ---


def scenario_pnl(tree, holder, scenario, base_value):
    name = parts.only_underlying(tree)
    market, p = tree["market"], tree["parameters"]
    size, mark, _ = parts.perpetual_of(holder, market, name)
    spot = number(scenario["spot"])
    total = (size * mark + base_value) * (spot - 1)
    for label, options in parts.options_by_expiry(holder, name).items():
        expiry = market["underlyings"][name]["expiries"][label]
        now = expiry_value(expiry, options, p, ONE, "none", discount=ONE)
        shocked = expiry_value(expiry, options, p, spot, scenario["vol"], discount=ONE)
        terms = p["discount"]["long"]
        rate = max(number(expiry["rate"]), ZERO) * number(terms["rate_factor"])
        decay = parts.CONTEXT.exp(-parts.years_to(expiry, p) * (rate + number(terms["rate_add"])))
        if shocked > 0:
            shocked *= number(terms["base"]) * decay
        total += shocked - now
    return total


def portfolio(tree, account):
    """Return the margins of an account under the first PMRM; its base asset is priced at spot."""
    holder, market, p = tree["accounts"][account], tree["market"], tree["parameters"]
    name = parts.only_underlying(tree)
    underlying = market["underlyings"][name]
    spot, confidence = number(underlying["spot"]), number(underlying["confidence"])
    by_expiry = parts.options_by_expiry(holder, name)
    check_limits(by_expiry, p)
    size, _, settles = parts.perpetual_of(holder, market, name)
    base = sum(parts.collaterals_of(holder).values(), ZERO)
    base_value = base * spot / number(market["stable"]["price"])
    mark_to_market, basis, nakeds = parts.cash_of(holder) + settles + base_value, ZERO, ZERO
    if size != 0:
        confidence = min(confidence, number(underlying["perpetual"]["confidence"]))
    threshold, factor = (number(p["confidence"][part]) for part in ("threshold", "factor"))
    doubts = parts.doubt(confidence, threshold, factor) * (abs(size) + base) * spot
    for label, options in by_expiry.items():
        expiry = underlying["expiries"][label]
        mark_to_market += expiry_value(expiry, options, p, ONE, "none", discount=ONE)
        basis += basis_loss(expiry, options, p, discount=ONE)
        nakeds += parts.naked(options)
        feeds = ("forward_confidence", "rate_confidence", "vol_confidence")
        least = min(confidence, *(number(expiry[feed]) for feed in feeds))
        count = sum(abs(held) for _, _, held in options)
        doubts += parts.doubt(least, threshold, factor) * count * spot
    scenarios = [scenario_pnl(tree, holder, s, base_value) for s in p["scenarios"]]
    least, worst = worst_of(scenarios, basis)
    part, held = p["contingency"], {"perpetual": abs(size), "base": base, "option": nakeds}
    maintenance = {kind: number(part[kind]) * amount * spot for kind, amount in held.items()}
    maintenance["scenario"] = -least
    initial = {k: amount * number(p["factors"]["initial"]) for k, amount in maintenance.items()}
    initial["depeg"] = depeg_factor(tree) * sum(maintenance.values())
    initial["confidence"] = doubts
    add_ons = {"initial": initial, "maintenance": maintenance}
    return valued(add_ons, mark_to_market, scenarios=scenarios, worst=worst, basis=basis)


# --- the standard manager ---


def payoff(options, settlement):
    """Return what an expiry's options pay or owe at a settlement price."""
    total = ZERO
    for strike, call, size in options:
        total += size * max(settlement - strike if call else strike - settlement, ZERO)
    return total


def isolated(option, value, spot, terms, kind):
    """Return the margin of one option by itself, as if cash: none for a long one."""
    strike, call, size = option
    if size > 0:
        return ZERO
    if call:
        maintenance = value + number(terms["call_maintenance"]) * spot * size
    else:
        by_spot = number(terms["put_maintenance"]) * spot * size
        maintenance = value + min(by_spot, number(terms["put_mark_maintenance"]) * value)
    if kind == "maintenance":
        return maintenance
    otm = max(strike - spot if call else spot - strike, ZERO) / spot
    share = max(number(terms["max_spot"]) - otm, number(terms["min_spot"]))
    initial = value + share * spot * size
    return initial if call else min(initial, maintenance * number(terms["put_offset"]))


def expiry_margin(expiry, options, spot, terms, kind, year_days):
    """Return the value of an expiry's options, their isolated margin, and their bounded loss."""
    forward = sum(number(v) for v in expiry["forward"].values())
    if forward == 0:
        raise Refused("an expiry needs a forward above zero")
    years = parts.years_to(expiry, {"year_days": year_days})
    value, alone = ZERO, ZERO
    for option in options:
        strike, call, size = option
        vol = parts.vol_of(expiry, strike)
        worth = size * parts.black76(forward, strike, years, vol, ONE, call=call)
        value += worth
        alone += isolated(option, worth, spot, terms, kind)
    settlements = [ZERO, *(strike for strike, _, _ in options)]
    bounded = min(min(payoff(options, at), ZERO) for at in settlements)
    net_calls = sum((size for _, call, size in options if call), ZERO)
    bounded += number(terms[f"unpaired_{kind}"]) * forward * min(net_calls, ZERO)
    return value, alone, bounded


def market_margin(tree, holder, name, kind, into, expiries):
    """Add one market's requirements to ``into``; return what the market is worth."""
    underlying, p = tree["market"]["underlyings"][name], tree["parameters"]
    terms, spot = p["markets"][name], number(underlying["spot"])
    oracle, confidence = terms["oracle"], number(underlying["confidence"])
    size, mark, settles = parts.perpetual_of(holder, tree["market"], name)
    worth, exposed, factor = settles, abs(size), number(oracle["factor"])
    if size != 0:
        into["perpetual"] += number(terms["perpetual"][kind]) * abs(size) * mark
        least = min(confidence, number(underlying["perpetual"]["confidence"]))
        threshold = number(oracle["perpetual"])
        into["confidence"] += parts.doubt(least, threshold, factor) * abs(size) * spot
    for label, options in parts.options_by_expiry(holder, name).items():
        expiry, year = underlying["expiries"][label], p.get("year_days", "365")
        value, alone, bounded = expiry_margin(expiry, options, spot, terms["option"], kind, year)
        shorts = sum((-held for _, _, held in options if held < 0), ZERO)
        into["option"] += value - max(alone, bounded)
        worth, exposed = worth + value, exposed + shorts
        feeds = ("forward_confidence", "vol_confidence")
        least = min(confidence, *(number(expiry[feed]) for feed in feeds))
        doubts = parts.doubt(least, number(oracle["option"]), factor)
        into["confidence"] += doubts * shorts * spot
        expiries[name, label] = {"isolated": alone, "bounded": bounded}
    peg, price = p["depeg"], number(tree["market"]["stable"]["price"])
    gap = max(number(peg["threshold"]) - price, ZERO)
    into["depeg"] += gap * number(peg["factor"]) * exposed * spot
    return worth


def standard(tree, account):
    """Return the margins of an account under the standard manager, all markets together."""
    holder, market, p = tree["accounts"][account], tree["market"], tree["parameters"]
    names = ("perpetual", "option", "collateral", "confidence", "depeg")
    add_ons, by_expiry = {}, {}
    for kind in ("initial", "maintenance"):
        into = add_ons[kind] = dict.fromkeys(names, ZERO)
        expiries = by_expiry[kind] = {}
        worth = parts.cash_of(holder)
        for name in market["underlyings"]:
            worth += market_margin(tree, holder, name, kind, into, expiries)
        for asset, amount in parts.collaterals_of(holder).items():
            feed, terms = market["collaterals"][asset], p["collaterals"][asset]
            notional = amount * number(feed["price"])
            counted = notional * number(terms["factor"])
            counted *= number(terms["initial_scale"]) if kind == "initial" else ONE
            value = notional / number(market["stable"]["price"])
            worth += value
            into["collateral"] += value - counted  # counted at USD, worth in the cash asset
            if counted != 0:
                threshold, factor = (number(terms[f"oracle_{x}"]) for x in ("threshold", "factor"))
                doubts = parts.doubt(number(feed["confidence"]), threshold, factor)
                into["confidence"] += doubts * notional
    for name in ("confidence", "depeg"):
        del add_ons["maintenance"][name]
    none = {"scenarios": [], "worst": None, "basis": ZERO}
    return valued(add_ons, worth, expiries=by_expiry, **none)
