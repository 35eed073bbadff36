"""The shipped parameters against the files they were fitted on."""

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from hullmark.sim._population_parameters import load_parameters

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("DATA", ROOT.parent / "shared" / "data"))
FOLDERS = [DATA / "hyperliquid_accounts_2023", DATA / "aave_steth_accounts_2023"]

pytestmark = pytest.mark.skipif(
    not all(folder.is_dir() for folder in FOLDERS), reason=f"no account data in {DATA}"
)


@pytest.fixture(scope="module")
def fitting():
    spec = importlib.util.spec_from_file_location(
        "fit_population", ROOT / "tools" / "fit_population.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_shipped_parameters_are_what_the_program_writes(fitting):
    shipped = (ROOT / "src/hullmark/sim/population.toml").read_text(encoding="utf-8")
    assert fitting.fit(DATA) == shipped


def test_the_tables_reproduce_the_quantiles_of_the_users(fitting):
    users, parameters = fitting.read_users(FOLDERS[0]), load_parameters()
    at = np.linspace(0.05, 0.95, 37)  # between the knots too
    for real, table in (
        (users.leverage, parameters.leverage),
        (users.equity_usd, parameters.equity_usd),
    ):
        fitted = np.exp(np.interp(at, parameters.quantiles, np.log(table)))
        np.testing.assert_allclose(fitted, np.quantile(real, at), rtol=0.25)


def test_the_tail_is_within_half_of_the_largest_accounts(fitting):
    net_equity, parameters = fitting.read_net_equity(FOLDERS[1]), load_parameters()
    start = np.quantile(net_equity, parameters.tail_start)
    bound = 1 - parameters.tail_ratio_max**-parameters.tail_exponent
    for quantile in (0.96, 0.975, 0.99, 0.995):
        beyond = (quantile - parameters.tail_start) / (1 - parameters.tail_start)
        fitted = (1 - beyond * bound) ** (-1 / parameters.tail_exponent)
        assert abs(np.log(fitted * start / np.quantile(net_equity, quantile))) < np.log(1.5)


def test_the_correlation_is_that_of_an_independent_program(fitting):
    users = fitting.read_users(FOLDERS[0])
    theirs = stats.spearmanr(users.leverage, users.equity_usd).statistic
    assert abs(load_parameters().rank_correlation - theirs) < 1e-4
