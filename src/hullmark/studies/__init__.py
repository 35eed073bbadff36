"""Studies: what a run of the engine says, told to a person.

The crash replay's report is read from the tree of ``report.json`` and from nothing else, so that
the numbers a program reads and those on the page are the same. Running the replay is
:mod:`hullmark.sim`'s business. Money is a decimal string in USD up to the line that prints it.
Laws:

1. Equal reports give equal text, and equal bytes on disk (under one version of matplotlib).
2. A report that breaks its schema, or contradicts itself, is refused by the name of its key.
3. The page asks nothing of the network.
"""

from hullmark.studies._chains import (
    PUBLISHED,
    SOURCES,
    ChainsReport,
    ComparedRun,
    PublishedEstimate,
    read_chains,
)
from hullmark.studies._chains_picture import draw_chains
from hullmark.studies._dynamics import (
    TENOR_DAYS,
    Components,
    Dynamics,
    LargeMoves,
    Regression,
    TermPower,
    VolChanges,
    VolSnapshot,
    vol_changes,
    vol_snapshots,
)
from hullmark.studies._dynamics_picture import draw_dynamics
from hullmark.studies._examples import example_document
from hullmark.studies._export import export_journal
from hullmark.studies._export_readme import Export, TableNote
from hullmark.studies._manipulation import (
    MarketManipulation,
    draw_manipulation,
    manipulation_study,
)
from hullmark.studies._margin_map import draw_margin_maps, margin_map
from hullmark.studies._measured_moves import MeasuredMove, fit_move, measured_moves, move_shape
from hullmark.studies._report import write_report
from hullmark.studies._report_read import Report, read_report
from hullmark.studies._smiles import draw_smiles
from hullmark.studies._stress import (
    ParticipantLoss,
    ScenarioLoss,
    StressStudy,
    stress_study,
    suggested_fund_usd,
)
from hullmark.studies._stress_book import StressBook, document_book, venue_book
from hullmark.studies._stress_picture import draw_stress
from hullmark.studies._stress_scenarios import (
    STANDARD_MOVES,
    StressScenario,
    parse_scenarios,
    read_scenarios,
    standard_scenarios,
)
from hullmark.studies._summary import summary

__all__ = [
    "PUBLISHED",
    "SOURCES",
    "STANDARD_MOVES",
    "TENOR_DAYS",
    "ChainsReport",
    "ComparedRun",
    "Components",
    "Dynamics",
    "Export",
    "LargeMoves",
    "MarketManipulation",
    "MeasuredMove",
    "ParticipantLoss",
    "PublishedEstimate",
    "Regression",
    "Report",
    "ScenarioLoss",
    "StressBook",
    "StressScenario",
    "StressStudy",
    "TableNote",
    "TermPower",
    "VolChanges",
    "VolSnapshot",
    "document_book",
    "draw_chains",
    "draw_dynamics",
    "draw_manipulation",
    "draw_margin_maps",
    "draw_smiles",
    "draw_stress",
    "example_document",
    "export_journal",
    "fit_move",
    "manipulation_study",
    "margin_map",
    "measured_moves",
    "move_shape",
    "parse_scenarios",
    "read_chains",
    "read_report",
    "read_scenarios",
    "standard_scenarios",
    "stress_study",
    "suggested_fund_usd",
    "summary",
    "venue_book",
    "vol_changes",
    "vol_snapshots",
    "write_report",
]
