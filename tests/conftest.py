"""What all tests share: hypothesis takes the same examples each time, but for campaigns."""

import os

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("campaign", deadline=None, max_examples=2_000)
settings.load_profile(os.environ.get("BANQUP_HYPOTHESIS", "same"))
