"""The clients and what waits on each."""

from datetime import date

from banqup_tui.domain.client import Client
from banqup_tui.domain.listing import ClientRow, Counts
from banqup_tui.widgets.client_table import ClientTable, integration_names
from tests.widgets.support import Stage, rows

CLIENTS = [
    ClientRow(
        client=Client(id="parvis", reference="parvis", name="Boulangerie du Parvis SRL", vat_number="BE0465123710"),
        counts=Counts(error=3, queued=2, ready=38, client_action_needed=4),
        newest=date(2026, 11, 24),
        integrations=("Exact Online", "SFTP", "Dropbox"),
    ),
    ClientRow(
        client=Client(id="asbl", reference="asbl", name="ASBL Maison de quartier des Tanneurs et environs"),
        counts=Counts(error=12, queued=0, ready=104, client_action_needed=0),
    ),
]


async def test_counts_names_and_integrations_stand_on_the_grid_at_120_columns() -> None:
    async with Stage(ClientTable(CLIENTS)).run_test(size=(120, 40)) as pilot:
        shown = rows(pilot.app)
        assert shown[3] == (
            "  Client                           VAT number         × Error↓ → Queued   ● Ready  ◊ Client"
            "    Newest  Integrations"
        )
        assert shown[4] == (
            "  Boulangerie du Parvis SRL        BE 0465.123.710          3         2        38         4"
            "  24/11/26  Exact Online +2"
        )
        assert shown[5].startswith("  ASBL Maison de quartier des Ta…  –  ")


async def test_at_80_columns_counts_keep_their_signs_only() -> None:
    async with Stage(ClientTable(CLIENTS)).run_test(size=(80, 24)) as pilot:
        shown = rows(pilot.app)
        assert shown[2] == "  Client                                         ×↓    →     ●     ◊    Newest"
        assert shown[3] == "  Boulangerie du Parvis SRL                      3     2    38     4  24/11/26"
        assert shown[4].startswith("  ASBL Maison de quartier des Tanneurs et…  ")


async def test_the_cursor_stays_on_its_client_when_the_order_changes() -> None:
    table = ClientTable(CLIENTS)
    app = Stage(table)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("j")
        table.set_rows(list(reversed(CLIENTS)))
        await pilot.pause()
        assert table.row is not None
        assert table.row.client.id == "asbl"
        await pilot.press("enter")
        assert app.posted(ClientTable.Opened)[0].row.client.id == "asbl"


async def test_a_click_on_a_label_asks_to_sort_by_it() -> None:
    app = Stage(ClientTable(CLIENTS))
    async with app.run_test(size=(120, 40)) as pilot:
        for x in (5, 40, 58, 70, 108):
            await pilot.click(offset=(x, 3))
        columns = [message.column for message in app.posted(ClientTable.SortAsked)]
        assert columns == ["name", "vat_number", "error", "queued", "integrations"]


def test_integrations_are_named_as_far_as_they_fit() -> None:
    assert integration_names(("Yuki", "SFTP"), 15) == "Yuki, SFTP"
    assert integration_names(("Exact Online", "SFTP", "Dropbox"), 15) == "Exact Online +2"
    assert integration_names((), 15) == "–"
