"""What all tests share: hypothesis takes the same examples each time, but for campaigns; bytecode is cached."""

import os
import sys

import pytest
from hypothesis import settings

# The tests start some 500 processes of the program. Without cached bytecode each of them compiles 600 files anew:
# 2.4 s of CPU for a backend instead of 0.8 s.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("campaign", deadline=None, max_examples=2_000)
settings.load_profile(os.environ.get("BANQUP_HYPOTHESIS", "same"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-pictures", action="store_true", help="write the pictures of tests/screens anew")
