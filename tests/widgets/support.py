"""A sheet with one widget on it, and its screen as text."""

from __future__ import annotations

from datetime import date
from typing import Any

from textual.app import App, ComposeResult
from textual.widget import Widget

from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.listing import DocumentRow, Sent
from banqup_tui.domain.status import AccountingStatus
from banqup_tui.widgets.sheet import Sheet
from banqup_tui.widgets.theme import register_themes


class OneWidgetSheet(Sheet):
    def __init__(self, widget: Widget | None, panels: tuple[Widget, ...] = ()) -> None:
        super().__init__()
        self.widget, self.panels = widget, panels

    def compose_body(self) -> ComposeResult:
        if self.widget is not None:
            yield self.widget

    def compose_panels(self) -> ComposeResult:
        yield from self.panels

    def on_mount(self) -> None:
        if self.widget is not None and self.widget.can_focus:
            self.set_focus(self.widget)


class Stage(App[None]):
    """Keeps every message of our widgets in `seen`."""

    def __init__(self, widget: Widget | None, *panels: Widget, theme: str = "banqup-dark") -> None:
        super().__init__()
        register_themes(self, theme)
        self._sheet = OneWidgetSheet(widget, panels)
        self.seen: list[Any] = []

    def get_default_screen(self) -> Sheet:
        return self._sheet

    def posted(self, kind: type) -> list[Any]:
        return [message for message in self.seen if isinstance(message, kind)]

    async def _dispatch_message(self, message: Any) -> None:
        if type(message).__module__.startswith("banqup_tui"):
            self.seen.append(message)
        await super()._dispatch_message(message)


def rows(app: App[Any]) -> list[str]:
    """The screen as lines of text."""
    lines = app.screen._compositor.render_strips(app.size)
    return ["".join(segment.text for segment in line).rstrip() for line in lines]


class ManyRows:
    """`total` invented documents; `reads` counts the windows that were read."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.reads = 0
        self.changed: dict[int, DocumentRow] = {}
        self.before: list[DocumentRow] = []

    def count(self) -> int:
        return self.total + len(self.before)

    def window(self, start: int, length: int) -> list[DocumentRow]:
        self.reads += 1
        return [self._row(index) for index in range(start, min(start + length, self.count()))]

    def position(self, document_id: str) -> int | None:
        for index, row in enumerate(self.before):
            if row.id == document_id:
                return index
        index = int(document_id) + len(self.before)
        return index if index < self.count() else None

    def _row(self, index: int) -> DocumentRow:
        if index < len(self.before):
            return self.before[index]
        index -= len(self.before)
        return self.changed.get(index) or invented(index)


def sent(delivered: int, total: int, *, state: DeliveryState = DeliveryState.QUEUED) -> tuple[Sent, ...]:
    """`total` integrations, of which the first `delivered` have the document; the others are in `state`."""
    return tuple(
        Sent(
            integration_id=str(index),
            label=f"Integration {index}",
            state=DeliveryState.DELIVERED if index < delivered else state,
            needs_a_look=index >= delivered and state is DeliveryState.FAILED,
        )
        for index in range(total)
    )


def invented(index: int, **changes: Any) -> DocumentRow:
    values: dict[str, Any] = {
        "id": str(index),
        "date": date(2026, 11, 24),
        "number": f"2026-{index:05d}",
        "counterparty": "Meunerie de Gembloux SA",
        "gross_amount": 121513,
        "currency": "EUR",
        "status": AccountingStatus.READY_TO_PROCESS,
        "client_id": "parvis",
        "folder": Folder.PURCHASE_INVOICES,
        "sent": sent(3, 3),
    }
    return DocumentRow(**{**values, **changes})
