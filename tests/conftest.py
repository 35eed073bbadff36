"""Settings shared by all tests."""

import os

from hypothesis import settings

# No deadline: the first call of a kernel compiles it. On a branch the search is reproducible; at
# night it is random and long, and what it finds comes back as an explicit example.
settings.register_profile("branch", deadline=None, derandomize=True)
settings.register_profile("night", deadline=None, max_examples=5_000)
settings.load_profile(os.environ.get("HULLMARK_TESTS", "branch"))
