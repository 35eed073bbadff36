"""The Deribit rule books, slowly and obviously, from the formulas in the docs.

Fifty digits throughout, one loop per sum, no table shared with the package: a document of version 2
with complete parameters in, numbers of mpmath out. Requirements are positive and in the settlement
currency: the coin for an inverse market, USD (key ``"USD"``) for the linear ones.
"""

from mpmath import exp, floor, log, mpf, ncdf, npdf, sign, sqrt, workdps

DIGITS = 50

VOLS = ("up", "same", "down")


def held(account, side=None):
    """List what is held, orders of one side (+1 bids, -1 asks) filled, one line per instrument."""
    lines = [
        {"kind": kind, **line}
        for kind in ("perpetual", "future", "option")
        for line in account.get(kind + "s", [])
    ]
    if side is not None:
        lines += [o for o in account.get("orders", []) if sign(mpf(o["size"])) == side]
    merged = {}
    for line in lines:
        key = tuple(line.get(part) for part in ("kind", "underlying", "expiry", "strike", "type"))
        first = {**line, "entry": line.get("entry", line.get("price")), "size": mpf(0)}
        merged.setdefault(key, first)["size"] += mpf(line["size"])
    return [line for line in merged.values() if line["size"] != 0]


def premium(account):
    """Sum what the option bids would pay, by settlement price units per underlying."""
    paid = {}
    for order in account.get("orders", []):
        if order["kind"] == "option" and mpf(order["size"]) > 0:
            name = order["underlying"]
            paid[name] = paid.get(name, 0) + mpf(order["size"]) * mpf(order["price"])
    return paid


def currency(name, rules):
    return name if rules["settlement"] == "coin" else "USD"


def forward(expiry, move=0):
    return mpf(expiry["forward"]["fixed"]) + mpf(expiry["forward"]["variable"]) * (1 + mpf(move))


def vol(expiry, strike):
    if "svi" not in expiry:
        return mpf(expiry["vols"][strike])
    p = {name: mpf(value) for name, value in expiry["svi"].items()}
    k = log(mpf(strike) / p["forward"]) - p["m"]
    total = p["a"] + p["b"] * (p["rho"] * k + sqrt(k * k + p["sigma"] ** 2))
    return sqrt(total / p["years"])


def years(expiry, parameters):
    return mpf(expiry["seconds"]) / (86400 * mpf(parameters["year_days"]))


def value(kind, f, k, v, t):
    """Price a call or put on a forward, per coin, in USD."""
    if v * sqrt(t) == 0:
        return max(f - k, mpf(0)) if kind == "call" else max(k - f, mpf(0))
    d1 = log(f / k) / (v * sqrt(t)) + v * sqrt(t) / 2
    d2 = d1 - v * sqrt(t)
    return f * ncdf(d1) - k * ncdf(d2) if kind == "call" else k * ncdf(-d2) - f * ncdf(-d1)


def forward_delta(kind, f, k, v, t):
    if v * sqrt(t) == 0:
        return mpf(f > k) if kind == "call" else -mpf(f < k)
    d1 = log(f / k) / (v * sqrt(t)) + v * sqrt(t) / 2
    return ncdf(d1) if kind == "call" else ncdf(d1) - 1


def vega(f, k, v, t):
    """USD per vol point."""
    if v * sqrt(t) == 0:
        return mpf(0)
    return f * npdf(log(f / k) / (v * sqrt(t)) + v * sqrt(t) / 2) * sqrt(t) / 100


def short_option(line, rules, market):
    """Return (initial, maintenance) of one short option, per coin."""
    r = {n: mpf(v) if v[0].isdigit() else v for n, v in rules["option"].items()}
    expiry = market["expiries"][line["expiry"]]
    spot, k = mpf(market["spot"]), mpf(line["strike"])
    call = line["type"] == "call"
    mark = mpf(expiry["marks"][f"{line['strike']}-{'C' if call else 'P'}"])
    unit = mpf(1) if rules["settlement"] == "coin" else spot
    base = forward(expiry) if r["otm_price"] == "forward" else spot
    otm = max(k - base if call else base - k, mpf(0)) / base

    least = r["otm_minimum"] * unit
    if not call and r["put_minimum"] == "index_and_mark":
        least = r["otm_minimum"] * (unit + mark)
    if not call and r["put_minimum"] == "strike":
        least = r["otm_minimum"] * k
    core = max((r["otm_maximum"] - otm) * unit, least)

    by = r["call_maintenance" if call else "put_maintenance"]
    worth = {"index": unit, "index_or_mark": max(unit, mark), "index_or_strike": min(unit, k)}[by]
    maintenance = r["factor"] * r["maintenance"] * worth + mark + r["fee"] * unit
    price = max(mark, mpf(line["entry"])) if r["price"] == "entry_or_mark" else mark
    initial = r["factor"] * core + price
    if r["initial_floor"] == "both" or (r["initial_floor"] == "put" and not call):
        initial = max(initial, maintenance)
    return initial, maintenance


def coins(line, rules, market):
    """Size a perpetual or future in coins."""
    if rules["settlement"] == "cash":
        return line["size"]
    if line["kind"] == "perpetual":
        return line["size"] / mpf(market["perpetual"]["mark"])
    expiry = market["expiries"][line["expiry"]]
    return line["size"] / mpf(expiry["future"]["mark"])


def standard_line(line, rules, market):
    """Return (initial, maintenance) of one position."""
    if line["kind"] == "option":
        if line["size"] > 0:
            return mpf(0), mpf(0)
        return tuple(-line["size"] * x for x in short_option(line, rules, market))
    size = abs(coins(line, rules, market))
    price = mpf(1) if rules["settlement"] == "coin" else mpf(market["spot"])
    ramp = mpf(rules["future"]["per_coin"]) * size
    return tuple(
        size * (mpf(rules["future"][name]) + ramp) * price for name in ("initial", "maintenance")
    )


@workdps(DIGITS)
def standard(tree, account):
    """Return, per settlement currency, initial, maintenance, orders and the list of positions."""
    rules, market = tree["parameters"]["markets"], tree["market"]["underlyings"]
    out = {}
    for name in sorted(rules):
        zeros = dict.fromkeys(("initial", "maintenance", "orders"), mpf(0))
        out[currency(name, rules[name])] = {**zeros, "positions": []}

    def totals(side):
        sums = dict.fromkeys(rules, mpf(0))
        for line in held(account, side):
            name = line["underlying"]
            sums[name] += standard_line(line, rules[name], market[name])[0]
        return sums

    for line in held(account):
        name = line["underlying"]
        initial, maintenance = standard_line(line, rules[name], market[name])
        entry = out[currency(name, rules[name])]
        entry["initial"] += initial
        entry["maintenance"] += maintenance
        entry["positions"].append({**line, "initial": initial, "maintenance": maintenance})
    now, bids, asks = totals(None), totals(1), totals(-1)
    for name, paid in premium(account).items():
        bids[name] += paid
    for name in rules:  # the orders of one underlying fill whatever those of another do
        entry = out[currency(name, rules[name])]
        entry["orders"] += max(mpf(0), bids[name] - now[name], asks[name] - now[name])
    for entry in out.values():
        entry["initial"] += entry["orders"]
    return out


def shocked_vol(v, expiry, rules, which):
    shock = rules["vol_shock"]
    days = mpf(expiry["seconds"]) / 86400
    turn = mpf(30)
    power = mpf(shock["short_power"] if days < turn else shock["long_power"])
    scale = (turn / max(days, mpf(shock["floor_days"]))) ** power
    if which == "up":
        return max(v * (1 + mpf(shock["up"]) * scale), mpf(shock["vol_min"]))
    return max(v * (1 - mpf(shock["down"]) * scale), mpf(0)) if which == "down" else v


def profit(line, rules, market, parameters, move, which):
    """Return the P&L of one position at a move of spot, in the settlement currency."""
    coin = rules["settlement"] == "coin"
    if line["kind"] == "perpetual":
        before, after = mpf(1), 1 + mpf(move)
        price = mpf(market["perpetual"]["mark"])
    else:
        expiry = market["expiries"][line["expiry"]]
        before, after = forward(expiry), forward(expiry, move)
    if line["kind"] != "option":
        if line["kind"] == "future":
            price = mpf(expiry["future"]["mark"])
        size = coins(line, rules, market)
        return size * (1 - before / after) if coin else size * price * (after / before - 1)
    k, t = mpf(line["strike"]), years(expiry, parameters)
    v = vol(expiry, line["strike"])
    old = value(line["type"], before, k, v, t)
    new = value(line["type"], after, k, shocked_vol(v, expiry, rules, which), t)
    return line["size"] * (new / after - old / before if coin else new - old)


def tables(lines, rules, market, parameters):
    """Return the netted P&L of the matrix and of the extended table, before the dampener."""
    span, steps = mpf(rules["matrix"]["range"]), int(rules["matrix"]["steps"])
    matrix = []
    for j in range(-steps, steps + 1):
        for which in VOLS:
            move = span * j / steps
            matrix.append(
                sum((profit(x, rules, market, parameters, move, which) for x in lines), mpf(0))
            )
    extended = []
    for move in map(mpf, rules["matrix"]["extended"]):
        at_edge = (1 + move) / (1 + sign(move) * span) if rules["settlement"] == "coin" else 1
        weight = mpf(rules["matrix"]["extended_factor"]) * span / abs(move) * at_edge
        total = sum((profit(x, rules, market, parameters, move, "up") for x in lines), mpf(0))
        extended.append(weight * total)
    return matrix, extended


def dampened(extended, rules, market):
    """Shrink each entry of the extended table toward zero."""
    span, out = mpf(rules["matrix"]["range"]), []
    for move, x in zip(map(mpf, rules["matrix"]["extended"]), extended, strict=True):
        relief = (max(abs(move) / span, mpf(1)) - 1) * mpf(rules["matrix"]["dampener"])
        if rules["settlement"] == "coin":
            relief /= mpf(market["spot"]) * (1 + sign(move) * span)
        out.append(sign(x) * max(abs(x) - relief, mpf(0)))
    return out


def delta(line, rules, market, parameters):
    """Return the delta of one position in coins."""
    if line["kind"] == "perpetual":
        return coins(line, rules, market)
    expiry = market["expiries"][line["expiry"]]
    f = forward(expiry)
    left = mpf(expiry["forward"]["variable"]) / f
    if line["kind"] == "future":
        return coins(line, rules, market) * left
    k, t, v = mpf(line["strike"]), years(expiry, parameters), vol(expiry, line["strike"])
    d = forward_delta(line["type"], f, k, v, t)
    if rules["settlement"] == "coin" and rules["option_delta"] == "net":
        d -= value(line["type"], f, k, v, t) / f
    return line["size"] * d * left


def roll_shock(lines, rules, market, parameters):
    """Charge the size of each expiry's delta; the perpetual stands alone, with no time."""
    groups = {}
    for line in lines:
        group = line["expiry"] if line["kind"] != "perpetual" else None
        groups[group] = groups.get(group, 0) + delta(line, rules, market, parameters)
    total = mpf(0)
    for group, net in groups.items():
        time = mpf(0) if group is None else years(market["expiries"][group], parameters)
        grown = mpf(rules["roll"]["annual"]) * time
        if rules["roll"]["growth"] == "exponential":
            grown = exp(grown) - 1
        total += abs(net) * max(mpf(rules["roll"]["minimum"]), grown)
    return total


def delta_shock(lines, rules, market, parameters):
    """Charge a large delta; long options may reduce it but not add to it."""
    bought = other = mpf(0)
    for line in lines:
        d = delta(line, rules, market, parameters)
        if line["kind"] == "option" and line["size"] > 0:
            bought += d
        else:
            other += d
    if other < 0:
        charged = -min(max(bought + other, other), mpf(0))
    else:
        charged = max(min(bought + other, other), mpf(0))
    free = mpf(rules["delta"]["threshold"]) / mpf(market["spot"])
    rate = mpf(rules["delta"]["increment"]) * max(charged - free, mpf(0))
    return charged * min(rate, mpf(rules["delta"]["maximum"]))


def contingency(lines, rules, market, parameters):
    """Return the contingencies of the model before 2024, by name."""
    rate = {name: mpf(x) for name, x in rules["contingency"].items()}
    strikes, vegas, sizes = {}, {}, []
    for line in lines:
        if line["kind"] != "option":
            sizes.append(coins(line, rules, market))
            continue
        key = line["expiry"], line["strike"]
        strikes.setdefault(key, []).append(line["size"])
        expiry = market["expiries"][line["expiry"]]
        f, k = forward(expiry), mpf(line["strike"])
        v = vega(f, k, vol(expiry, line["strike"]), years(expiry, parameters))
        v *= line["size"] / (f if rules["settlement"] == "coin" else 1)
        vegas[line["expiry"]] = vegas.get(line["expiry"], 0) + v
    unit = mpf(1) if rules["settlement"] == "coin" else mpf(market["spot"])
    gross = sum((abs(x) for xs in strikes.values() for x in xs), mpf(0))
    shorts = sum((max(-sum(xs), mpf(0)) for xs in strikes.values()), mpf(0))
    long, short = (sum((max(s * x, mpf(0)) for x in sizes), mpf(0)) for s in (1, -1))
    up, down = (sum((max(s * x, mpf(0)) for x in vegas.values()), mpf(0)) for s in (1, -1))
    return {
        "option_short": rate["option_short"] * shorts * unit,
        "option_gross": rate["option_gross"] * gross * unit,
        "future_offset": rate["future_offset"] * min(long, short) * unit,
        "future_gross": rate["future_gross"] * (long + short) * unit,
        "vega_offset": rate["vega_offset"] * min(up, down),
    }


def offset(vector, rules):
    """Keep losses; keep of a gain the venue's share."""
    share = mpf(rules["pnl_offset"])
    return [x if x <= 0 else share * x for x in vector]


def nearest(x, places):
    """Round to the nearest at so many decimals, halves up; None rounds nothing."""
    if places is None:
        return x
    scale = mpf(10) ** int(places)
    return floor(x * scale + mpf(1) / 2) / scale


def underlying(lines, rules, market, parameters):
    """Return every piece of one underlying, by name, in its settlement currency."""
    matrix, extended = tables(lines, rules, market, parameters)
    unit = mpf(1) if rules["settlement"] == "coin" else mpf(market["spot"])
    damped = dampened(extended, rules, market)
    return {
        "matrix_before": matrix,
        "extended_before": extended,
        "matrix": offset(matrix, rules),
        "extended": offset(damped, rules),
        "roll": roll_shock(lines, rules, market, parameters) * unit,
        "delta": delta_shock(lines, rules, market, parameters) * unit,
        "contingency": contingency(lines, rules, market, parameters),
        "mmp": mpf(rules["mmp"]["rate"]) * mpf(rules["mmp"]["quantity"]) * unit,
    }


def requirement(lines, tree):
    """Return, per settlement currency, the matrix margin and its pieces."""
    parameters, market = tree["parameters"], tree["market"]["underlyings"]
    out = {}
    for name, rules in sorted(parameters["markets"].items()):
        mine = [x for x in lines if x["underlying"] == name]
        part = underlying(mine, rules, market[name], parameters)
        entry = out.setdefault(currency(name, rules), {"underlyings": {}})
        entry["underlyings"][name] = part
        vector = part["matrix"] + part["extended"]
        entry["worst"] = entry.get("worst", 0) + max(mpf(0), -min(vector))
    for entry in out.values():
        parts = entry["underlyings"].values()
        for name in ("roll", "delta", "mmp"):
            entry[name] = sum((part[name] for part in parts), mpf(0))
        entry["contingency"] = sum((x for p in parts for x in p["contingency"].values()), mpf(0))
        entry["risk"] = nearest(entry["worst"], parameters.get("rounding")) + (
            entry["roll"] + entry["delta"] + entry["contingency"]
        )
    return out


@workdps(DIGITS)
def portfolio(tree, account):
    """Return, per settlement currency, initial and maintenance margin and all that made them."""
    parameters = tree["parameters"]
    out = requirement(held(account), tree)
    bids, asks = requirement(held(account, 1), tree), requirement(held(account, -1), tree)
    paid = dict.fromkeys(out, mpf(0))
    for name, amount in premium(account).items():
        paid[currency(name, parameters["markets"][name])] += amount
    rate = {name: mpf(x) for name, x in parameters["factors"].items()}
    for name, entry in out.items():
        more = [rate["initial"] * (side[name]["risk"] - entry["risk"]) for side in (bids, asks)]
        entry["orders"] = max(mpf(0), more[0] + paid[name], more[1])
        entry["maintenance"] = rate["maintenance"] * entry["risk"]
        initial = rate["initial"] * entry["risk"] + entry["mmp"] + entry["orders"]
        entry["initial"] = nearest(initial, parameters.get("rounding"))
    return out
