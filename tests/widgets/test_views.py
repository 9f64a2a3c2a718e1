"""A document as on paper, where it was sent, tabs and progress."""

from datetime import date, datetime

from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.widgets.deliveries_view import AttemptRow, DeliveriesView, DeliveryRow
from banqup_tui.widgets.document_view import (
    DocumentView,
    InvoicePicture,
    PicturedLine,
    PicturedVat,
)
from banqup_tui.widgets.progress import Progress
from banqup_tui.widgets.tabs import Tab, Tabs
from tests.widgets.support import Stage, rows

PICTURE = InvoicePicture(
    title="Invoice 2026-11874",
    issue_date=date(2026, 11, 24),
    due_date=date(2026, 12, 24),
    seller=("Meunerie de Gembloux SA", "Rue du Moulin 14", "BE 0438.220.759"),
    buyer=("Boulangerie du Parvis SRL",),
    lines=(
        PicturedLine("Farine de froment T65, sac 25 kg", 44160, "24", "sac", "18.40", 6),
        PicturedLine("a[/b]c \x1b[31m" + "very long " * 20, -2045, "", "", "", 6),
    ),
    vat=(PicturedVat(6, 100215, 6013, "Reduced"),),
    net=113715,
    vat_total=7798,
    gross=121513,
    payable=121513,
    communication="+++026/1187/40032+++",
    warnings={"communication": "check digits should be 59"},
)


def view() -> DocumentView:
    from banqup_tui.widgets.document_view import invoice_blocks

    return DocumentView(invoice_blocks(PICTURE))


async def test_an_invoice_is_drawn_at_most_100_columns_wide_with_amounts_in_line():
    app = Stage(view())
    async with app.run_test(size=(150, 40)):
        text = rows(app)
        assert text[3].startswith("  Invoice 2026-11874")
        assert text[3].endswith("1,215.13\u00a0EUR")
        assert len(text[3]) == 102
        assert text[4] == "  24/11/2026, due 24/12/2026" + " " * 68 + "to pay"
        assert text[6].index("To") == 53
        assert text[12].endswith("24 sac        18.40     6%      441.60")
        assert all(len(line) <= 102 for line in text[3:38])


async def test_wrong_check_digits_are_pointed_out_in_place():
    app = Stage(view())
    async with app.run_test(size=(120, 40)):
        assert any("+++026/1187/40032+++  ! check digits should be 59" in line for line in rows(app))


async def test_in_a_pane_of_60_the_parties_stand_under_one_another_and_there_is_no_unit_price():
    app = Stage(view())
    async with app.run_test(size=(60, 40)):
        text = "\n".join(rows(app))
        assert "  From  Meunerie de Gembloux SA" in text
        assert "  To    Boulangerie du Parvis SRL" in text
        assert "Unit price" not in text
        assert "24     6%      441.60" in text
        assert all(len(line) <= 58 for line in rows(app)[3:38])


async def test_a_long_document_scrolls_and_stops_at_its_end():
    widget = view()
    app = Stage(widget)
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.press("G")
        await pilot.pause()
        assert any("Communication" in line for line in rows(app))
        await pilot.press("g", "k")
        await pilot.pause()
        assert rows(app)[2].startswith("  Invoice 2026-11874")


DELIVERIES = [
    DeliveryRow(
        id="1", integration="Exact Online", state=DeliveryState.DELIVERED, attempts=1, receipt="Document 4f1c…9a27",
        heading="delivered",
    ),
    DeliveryRow(
        id="2",
        integration="SFTP",
        state=DeliveryState.FAILED,
        attempts=4,
        last_attempt=datetime(2026, 11, 24, 9, 12),
        heading="failed",
        facts=(("What happened", "The server has no room."), ("What to do", "Ask the receiver to make room. " * 5)),
        log=(AttemptRow(datetime(2026, 11, 24, 9, 12), "0.8 s", "retry", "552 disk quota exceeded"),),
    ),
]  # fmt: skip


async def test_deliveries_say_of_the_one_i_am_on_what_happened_and_what_to_do():
    widget = DeliveriesView(DELIVERIES, today=date(2026, 11, 25))
    app = Stage(widget)
    async with app.run_test(size=(120, 40)) as pilot:
        assert "√ Delivered" in rows(app)[4]
        await pilot.press("down")
        await pilot.pause()
        text = rows(app)
        assert text[5] == "  SFTP            × Failed            4  24/11/2026 09:12   –"
        assert text[7] == "  SFTP  failed"
        assert text[8] == "  What happened     The server has no room."
        assert text[9].startswith("  What to do        Ask the receiver")
        assert any("552 disk quota exceeded" in line for line in text)
        assert app.said(DeliveriesView.CursorMoved)[-1].row.id == "2"


async def test_tabs_show_counts_and_what_failed_and_can_be_clicked():
    tabs = Tabs([Tab("d", "Document"), Tab("l", "Lines", 6), Tab("s", "Deliveries", failed=1)])
    app = Stage(tabs)
    async with app.run_test(size=(80, 24)) as pilot:
        assert rows(app)[2] == "  Document   Lines 6   Deliveries ×1"
        await pilot.click(offset=(14, 2))
        tabs.step(-1)
        await pilot.pause()
        assert [message.tab_id for message in app.said(Tabs.TabAsked)] == ["l", "s"]


async def test_the_first_copy_shows_how_far_it_is_and_then_goes():
    bar = Progress()
    app = Stage(bar)
    async with app.run_test(size=(80, 24)) as pilot:
        bar.set_progress(3210, 12840, "Copying, newest first. You can start working.")
        await pilot.pause()
        assert rows(app)[3] == "  " + "█" * 6 + "░" * 18 + "  Copying, newest first. You can start working."
        bar.finish()
        await pilot.pause()
        assert not bar.display
