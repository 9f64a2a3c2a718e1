"""Trying settings that are not kept yet, and only looking at them: what a form of settings asks the service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from banqup_tui.actions.interface import Context
from banqup_tui.protocol.messages import TestRequest, TestResult

Trying = Callable[[Mapping[str, Any]], Awaitable[TestResult]]


def testing(context: Context, request: TestRequest) -> Trying:
    """Asks the receiver with the values of the form in place of those that are kept."""

    async def test(values: Mapping[str, Any]) -> TestResult:
        return await context.doing.test_connection(msgspec.structs.replace(request, settings=dict(values)))

    return test


def looking(context: Context, request: TestRequest) -> Trying:
    """Checks the values, and says where a document would go; raises where nobody can be asked now."""
    return testing(context, msgspec.structs.replace(request, dry=True))
