"""Decorators for readers of the copy: if the copy proves damaged, it is begun again and the method runs once more."""

import functools
from collections.abc import Callable
from inspect import CO_GENERATOR
from types import FunctionType
from typing import Any, TypeVar

from banqup_tui.store.faults import LocalFault

_C = TypeVar("_C", bound=type)


def retry_all_after_repair(cls: _C) -> _C:
    """Applies `retry_after_repair` to each public method of a class that reads `self._copy`.

    The second call reads an empty copy, which the sync fills. Generators are not wrapped: they call wrapped methods.
    """
    for name, member in list(vars(cls).items()):
        if (
            not name.startswith("_")
            and isinstance(member, FunctionType)
            and not member.__code__.co_flags & CO_GENERATOR
        ):
            setattr(cls, name, retry_after_repair(member))
    return cls


def retry_after_repair(method: Callable[..., object]) -> Callable[..., Any]:
    """Wraps a method so that it begins a damaged copy again and runs once more."""

    @functools.wraps(method)
    def call(self: Any, *args: object, **kwargs: object) -> object:
        try:
            return method(self, *args, **kwargs)
        except LocalFault as fault:
            if not self._copy.repair(fault):
                raise
        except (LookupError, ValueError, TypeError):
            # An impossible day, status or client, or invalid JSON: the value was valid when it was written, so the
            # file has changed since.
            if not self._copy.repair_value():
                raise
        return method(self, *args, **kwargs)

    return call
