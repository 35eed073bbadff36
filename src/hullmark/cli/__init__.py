"""The ``hullmark`` command: each subcommand parses, calls the library once, and prints.

Results go to stdout, everything else to stderr: one line per error, and a progress bar where stderr
is a terminal. The exit status is 0 if all is well, 1 for a failure, 2 for misuse, and 3 if an
account is in breach. Nothing here computes: whatever a command prints can be had from Python.
"""

from hullmark.cli._main import COMMANDS, ExitStatus, main

__all__ = ["COMMANDS", "ExitStatus", "main"]
