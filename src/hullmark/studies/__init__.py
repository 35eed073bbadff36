"""Studies: what a run of the engine says, told to a person.

The crash replay's report is read from the tree of ``report.json`` and from nothing else, so that
the numbers a program reads and those on the page are the same. Running the replay is
:mod:`hullmark.sim`'s business. Money is a decimal string in USD up to the line that prints it.
Laws:

1. Equal reports give equal text, and equal bytes on disk (under one version of matplotlib).
2. A report that breaks its schema, or contradicts itself, is refused by the name of its key.
3. The page asks nothing of the network.
"""

from hullmark.studies._examples import example_document
from hullmark.studies._report import write_report
from hullmark.studies._report_read import Report, read_report
from hullmark.studies._summary import summary

__all__ = ["Report", "example_document", "read_report", "summary", "write_report"]
