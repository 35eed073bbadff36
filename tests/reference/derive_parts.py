"""What the slow references of Derive's margin models share: prices, and what an account holds.

Fifty digits, nothing rounded, no code of the package. The rules are those of the venue's published
library ``derivexyz/lyra-utils``, ``src/math`` (``Black76.sol`` 759e962, ``SVI.sol`` d43ec45), told
in our own words.
"""

from mpmath.ctx_mp import MPContext

CONTEXT = MPContext()
CONTEXT.dps = 50
number = CONTEXT.mpf
ZERO = number(0)

SECONDS_A_DAY = 86_400
DEVIATION_MAX = 24  # vol * sqrt(years) from which a call is worth its forward
VARIANCE_MAX, WING_DEVIATIONS = 144, 4  # bounds of the SVI slice: of w, and of k in deviations


class Refused(Exception):  # noqa: N818 - it is a refusal, as the venue's `revert` is
    """The venue refuses to compute a margin, or to accept the parameters."""


# --- prices ---


def cdf(x):
    return CONTEXT.erfc(-x / CONTEXT.sqrt(2)) / 2


def black76(forward, strike, years, vol, discount, *, call):
    """Return what an option is worth, discounted; at no deviation, what it would pay."""
    if strike == 0:
        return forward * discount if call else ZERO
    if forward == 0:
        return ZERO if call else strike * discount
    deviation = vol * CONTEXT.sqrt(years)
    if deviation >= DEVIATION_MAX:
        undiscounted = forward
    elif deviation == 0:
        undiscounted = max(forward - strike, ZERO)
    else:
        d1 = CONTEXT.log(forward / strike) / deviation + deviation / 2
        undiscounted = max(forward * cdf(d1) - strike * cdf(d1 - deviation), ZERO)
    if not call:
        undiscounted = max(undiscounted + strike - forward, ZERO)
    return undiscounted * discount


def svi_vol(svi, strike):
    """Return the volatility of a raw SVI slice, its wings flat beyond four deviations."""
    a, b, rho, m, sigma, forward, years = (
        number(svi[name]) for name in ("a", "b", "rho", "m", "sigma", "forward", "years")
    )
    if strike == 0:
        return ZERO
    if forward == 0 or a + b * sigma < 0:
        raise Refused("the slice needs a forward, and a + b sigma must not be negative")
    bound = WING_DEVIATIONS * CONTEXT.sqrt(a + b * sigma)
    k = min(bound, max(-bound, CONTEXT.log(strike / forward)))
    w = a + b * (rho * (k - m) + CONTEXT.sqrt((k - m) ** 2 + sigma**2))
    if w < 0:
        raise Refused(f"total variance must not be negative, was {w}")
    return CONTEXT.sqrt(min(w, number(VARIANCE_MAX)) / years)


def vol_of(expiry, strike):
    if "svi" in expiry:
        return svi_vol(expiry["svi"], strike)
    (vol,) = (number(v) for at, v in expiry["vols"].items() if number(at) == strike)
    return vol


# --- what an account holds ---


def options_by_expiry(account, underlying):
    """Return, per expiry, one entry per instrument held: [strike, is call, net size]."""
    held = {}
    for option in account.get("options", []):
        if option["underlying"] == underlying:
            key = number(option["strike"]), option["type"] == "call"
            sizes = held.setdefault(option["expiry"], {})
            sizes[key] = sizes.get(key, ZERO) + number(option["size"])
    nets = {
        expiry: [[strike, call, size] for (strike, call), size in sizes.items() if size != 0]
        for expiry, sizes in held.items()
    }
    return {expiry: options for expiry, options in nets.items() if options}


def perpetual_of(account, market, underlying):
    """Return the perpetual's size, its mark, and what is to be settled of it in cash."""
    size, settles = ZERO, ZERO
    for perpetual in account.get("perpetuals", []):
        if perpetual["underlying"] == underlying and number(perpetual["size"]) != 0:
            mark = number(market["underlyings"][underlying]["perpetual"]["mark"])
            size += number(perpetual["size"])
            settles += number(perpetual["size"]) * (mark - number(perpetual["entry"]))
            settles += number(perpetual.get("unsettled", "0"))
    mark = number(market["underlyings"][underlying]["perpetual"]["mark"]) if size != 0 else ZERO
    return size, mark, settles


def cash_of(account):
    return sum((number(v) for v in account.get("cash", {}).values()), ZERO)


def collaterals_of(account):
    held = {name: number(size) for name, size in account.get("collaterals", {}).items()}
    if any(size < 0 for size in held.values()):
        raise Refused("a collateral's balance must not be negative")
    return {name: size for name, size in held.items() if size != 0}


def only_underlying(tree):
    """Return the one underlying of a portfolio manager."""
    (name,) = tree["market"]["underlyings"]
    return name


def doubt(confidence, threshold, factor):
    """Return the share of a notional that low confidence costs; nothing at the threshold itself."""
    return (1 - confidence) * factor if confidence < threshold else ZERO


def years_to(expiry, parameters):
    return number(expiry["seconds"]) / (number(parameters["year_days"]) * SECONDS_A_DAY)


def naked(options):
    """Return the short options that no long one at the same strike covers."""
    nets = {}
    for strike, _, size in options:
        nets[strike] = nets.get(strike, ZERO) + size
    return sum((max(-net, ZERO) for net in nets.values()), ZERO)
