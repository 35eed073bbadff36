"""The rule books of OKX: data only, the rules are shared parts."""

from importlib.resources import files as _files

DATA = _files(__name__)  # where the files of this venue's rule books lie

__all__ = ["DATA"]
