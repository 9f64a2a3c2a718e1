"""What all tests share: hypothesis takes the same examples each time, but for campaigns; bytecode is cached."""

import gc
import os
import sys

import pytest
from hypothesis import settings
from hypothesis.internal.conjecture import providers

# The tests start some 500 processes of the program. Without cached bytecode each of them compiles 600 files anew:
# 2.4 s of CPU for a backend instead of 0.8 s.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("campaign", deadline=None, max_examples=2_000)
settings.load_profile(os.environ.get("BANQUP_HYPOTHESIS", "same"))

# Hypothesis also tries constants that it finds in the modules that are loaded. Those are other ones in each worker, so
# the examples would not be the same; and to look for them takes a second. There is no setting for it.
providers._get_local_constants = lambda: providers._local_constants

# Nothing that is loaded while the tests are collected is garbage: a quarter of that time is spent on looking for some.
gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-pictures", action="store_true", help="write the pictures of tests/screens anew")
