"""Offices for the tests: each its own home; the large one is furnished once and copied."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.local_setup import LocalSetup, furnish, invoices, setup_in

MANY = 200


@pytest.fixture
def setup(tmp_path: Path) -> Iterator[LocalSetup]:
    with setup_in(tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one client and 200 invoices, its backend ended."""
    root = tmp_path_factory.mktemp("furnished")
    with setup_in(root) as made:
        client_id = made.add_client()
        made.add_documents(client_id, invoices(MANY))
        made.kill_backend(signal.SIGTERM)
    return root


@pytest.fixture
def large_setup(tmp_path: Path, furnished: Path) -> Iterator[LocalSetup]:
    furnish(furnished, tmp_path)
    with setup_in(tmp_path) as made:
        yield made
