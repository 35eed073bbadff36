"""The rule book of this project: shared parts in one book, to start from."""

from importlib.resources import files as _files

DATA = _files(__name__)  # where the files of this folder's rule books lie

__all__ = ["DATA"]
