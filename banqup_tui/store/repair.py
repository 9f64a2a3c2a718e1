"""Readers of the copy that meet damage: the copy is begun again in its place, and they read that one."""

import functools
from collections.abc import Callable
from inspect import CO_GENERATOR
from types import FunctionType
from typing import Any, TypeVar

from banqup_tui.store.faults import LocalFault

_C = TypeVar("_C", bound=type)


def heals(cls: _C) -> _C:
    """For a class that reads `self._copy`: each public method is called once more after the copy was begun again.

    What it gives then is of an empty copy, which the sync fills. Generators are not wrapped, they call what is.
    """
    for name, member in list(vars(cls).items()):
        if (
            not name.startswith("_")
            and isinstance(member, FunctionType)
            and not member.__code__.co_flags & CO_GENERATOR
        ):
            setattr(cls, name, healing(member))
    return cls


def healing(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except LocalFault as fault:
            if not self._copy.heal(fault):
                raise
        except (LookupError, ValueError, TypeError):
            # No such day, status or client, no JSON: what was written was sound, so it was damaged since.
            if not self._copy.heal_value():
                raise
        return method(self, *args, **kwargs)

    return call
