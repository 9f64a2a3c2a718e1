"""Clients of the copy as their table draws them."""

from __future__ import annotations

from banqup_tui.domain import listing
from banqup_tui.widgets.client_table import ClientRow
from banqup_tui.widgets.count_columns import Counts


def client_row(row: listing.ClientRow) -> ClientRow:
    return ClientRow(
        id=row.client.id,
        name=row.client.name,
        vat_number=row.client.vat_number,
        counts=counts(row.counts),
        newest=row.newest,
        integrations=row.integrations,
    )


def counts(found: listing.Counts) -> Counts:
    return Counts(
        error=found.error,
        queued=found.queued,
        ready=found.ready,
        client=found.client_action_needed,
        total=found.total,
    )
