"""Gives keys to the app one after another, each after the one before has done what it does.

Textual forwards a key to the widget that has the focus at once, and the widget handles it later. Keys that come in one
packet, as they do over a slow line, would all go to the same widget: of `/octopus` the letters would be commands of the
list before the line to search by has the focus.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Set
from typing import Any

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.screen import Screen
from textual.worker import Worker

from banqup_tui.widgets.focus import FrontWidget

Typed = events.Key | events.Paste

SECONDS_AT_MOST = 0.5
"""Longest wait for what a key does, as a slow action must not block all keys after it."""

_SECONDS_TO_LOOK_AGAIN = 0.005
_GROUPS = frozenset({"panel", "action"})
"""The groups of the workers that a key may start and that open a panel, a form or another place."""


class KeyQueue:
    """What was typed and is not handled yet. All methods run on the app's event loop.

    Args:
        handle: Handles one event as Textual does.
    """

    def __init__(self, app: App[Any], handle: Callable[[Typed], Awaitable[None]]) -> None:
        self._app = app
        self._handle = handle
        self._waiting: deque[Typed] = deque()
        self._number = 0
        self._is_under_way = False
        self._limit: asyncio.TimerHandle | None = None
        self._workers_before: Set[Worker[Any]] = frozenset()
        self._screen_before: Screen[Any] | None = None

    async def put(self, event: Typed) -> None:
        """Handles an event now, or after those before it."""
        self._waiting.append(event)
        if not self._is_under_way:
            await self._next()

    async def _next(self) -> None:
        if not self._waiting or not self._app.is_running or not self._app.screen_stack:
            self._is_under_way = False
            return
        event = self._waiting.popleft()
        self._is_under_way = True
        self._number += 1
        number = self._number
        self._limit = asyncio.get_running_loop().call_later(SECONDS_AT_MOST, self._give_up, number)
        self._workers_before, self._screen_before = frozenset(self._app.workers), self._app.screen
        target = self._app.focused or self._app.screen
        await self._handle(event)
        self._follow(target, number)

    def _follow(self, node: DOMNode | None, number: int) -> None:
        """Goes the way of the key, from the widget up to the app, through the same queues, so always behind it."""
        if node is None or node is self._app or not node.call_later(self._follow, node.parent, number):
            self._app.call_later(self._look, number)

    async def _look(self, number: int) -> None:
        """Handles the next event unless the last one is still opening something that will take the focus."""
        if number != self._number or not self._is_under_way:
            return
        if self._is_opening():
            asyncio.get_running_loop().call_later(_SECONDS_TO_LOOK_AGAIN, self._app.call_later, self._look, number)
            return
        await self._done(number)

    def _is_opening(self) -> bool:
        if not self._app.is_running or not self._app.screen_stack:
            return False
        focused = self._app.screen.focused
        if focused is None:
            return True
        if isinstance(focused, FrontWidget):
            return not focused.is_open
        if self._app.screen is not self._screen_before:
            return False
        started = [one for one in self._app.workers if one not in self._workers_before and one.group in _GROUPS]
        return any(not one.is_finished for one in started)

    def _give_up(self, number: int) -> None:
        self._app.call_later(self._done, number)

    async def _done(self, number: int) -> None:
        if number != self._number or not self._is_under_way:
            return
        if self._limit is not None:
            self._limit.cancel()
        await self._next()
