"""Imports all that a process of the program imports, for the fork server of `forked_process`."""

import gc
import importlib
import pkgutil

import banqup_tui
from banqup_tui.formats import parsing
from tests.support.prepared_routes import prepare

# Imported late by libraries, in every process that serves or asks.
_OF_LIBRARIES = (
    "anyio._backends._asyncio",
    "httpx",
    "litestar.exceptions.responses",
    "litestar.middleware._internal.exceptions",
    "sqlite_utils",
    "uvicorn.lifespan.off",
    "uvloop",
)

gc.disable()
for _module in pkgutil.walk_packages(banqup_tui.__path__, "banqup_tui."):
    if not _module.name.endswith("__main__"):
        importlib.import_module(_module.name)
for _name in (*_OF_LIBRARIES, "tests.backend.ledger.harness", "tests.support.forked_process"):
    importlib.import_module(_name)
parsing.load_all()
prepare()
gc.freeze()  # a collection in a fork would copy every page of what was imported
gc.enable()
