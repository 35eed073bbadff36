"""A simulated market around the real engine: prices by the second, accounts, and a paper venue.

The crash replay founds a venue with a drawn book, plays a path of prices through it, and lets a
paper market with depth, impact and delay fill what the engine orders. Nothing of the engine is
simulated: commands go through the same runtime as live ones, and every fill has a funded account on
its other side. Telling a person about it is :mod:`hullmark.studies`' business.

The soak drives histories that nobody wrote, drawn from a seed, through the same runtime while its
storage fails, and holds every unit to the laws. A seed that fails is printed as one line.

Prices are USD, sizes whole lots, delays whole seconds of the simulated clock. Laws:

1. Equal files and an equal seed give equal journals and an equal state hash; another seed, others.
2. Nothing fills beyond its price limit, and never more than the book holds.
3. The path moves for nobody's orders, unless feedback is on.
4. A maker under its own margin ends the run with an error: its prices would prove nothing.
"""

from hullmark.sim._audit import Audit
from hullmark.sim._auditor import Auditor
from hullmark.sim._chains import ChainRun, ChainsComparison, ChainsRequest, compare_chains
from hullmark.sim._chains_report import chains_report
from hullmark.sim._clock import SimulatedClock
from hullmark.sim._crash import CrashReplay, ReplayRequest, replay_crash
from hullmark.sim._crash_report import crash_report
from hullmark.sim._faults import Fault, FaultyStore, Medium
from hullmark.sim._keeper import Keeper, LotOffer, quantity_wanted
from hullmark.sim._paper_venue import PaperVenue
from hullmark.sim._path import FundingPayment, MarketPath
from hullmark.sim._population import DrawnAccount, Population, describe, draw
from hullmark.sim._population_parameters import PopulationParameters, load_parameters
from hullmark.sim._population_sizes import Listing
from hullmark.sim._replay import Run, RunSettings, run_path
from hullmark.sim._soak import History, soak
from hullmark.sim._soak_report import HistoryReport, SoakFailure, SoakReport, soak_table
from hullmark.sim._workload import Workload

__all__ = [
    "Audit",
    "Auditor",
    "ChainRun",
    "ChainsComparison",
    "ChainsRequest",
    "CrashReplay",
    "DrawnAccount",
    "Fault",
    "FaultyStore",
    "FundingPayment",
    "History",
    "HistoryReport",
    "Keeper",
    "Listing",
    "LotOffer",
    "MarketPath",
    "Medium",
    "PaperVenue",
    "Population",
    "PopulationParameters",
    "ReplayRequest",
    "Run",
    "RunSettings",
    "SimulatedClock",
    "SoakFailure",
    "SoakReport",
    "Workload",
    "chains_report",
    "compare_chains",
    "crash_report",
    "describe",
    "draw",
    "load_parameters",
    "quantity_wanted",
    "replay_crash",
    "run_path",
    "soak",
    "soak_table",
]
