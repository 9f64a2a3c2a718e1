"""The routes of the service, made once in a process and copied for each service: to make them takes 60 ms of CPU."""

import copy
from functools import cache
from typing import Any
from unittest import mock

from litestar import Litestar
from litestar.datastructures import State

from banqup_tui.backend.api import application

_made = application.routes_of


def prepared_routes() -> Any:
    """Within this context services get copies, each with a state of its own. The routes are the same for all."""
    return mock.patch.object(application, "routes_of", _copied)


@cache
def prepare() -> Litestar:
    return _made(State())


def _copied(state: State) -> Litestar:
    copied = copy.copy(prepare())
    copied.state = state
    return copied
