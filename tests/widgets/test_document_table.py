"""The table an accountant works in all day."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.geometry import Region

from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.listing import Sent
from banqup_tui.domain.status import AccountingStatus
from banqup_tui.presentation import formats
from banqup_tui.widgets.document_table.columns import EXTRAS, Widths, columns_at
from banqup_tui.widgets.document_table.table import DocumentTable, Selection
from tests.widgets.support import ManyRows, Stage, invented, rows, sent


async def test_a_row_stands_on_the_grid_at_80_columns() -> None:
    source = ManyRows(3)
    source.changed[0] = invented(0, status=AccountingStatus.ERROR, sent=sent(1, 3, state=DeliveryState.FAILED))
    source.changed[1] = invented(
        1, gross_amount=-21175, number="2026/BTW/000000481", counterparty="Sucrerie Centrale de X"
    )
    source.changed[2] = invented(2, status=AccountingStatus.CLIENT_ACTION_NEEDED, sent=(), currency="USD")
    async with Stage(DocumentTable(source)).run_test(size=(80, 24)) as pilot:
        shown = rows(pilot.app)
        assert shown[2] == "  Date ↓    Number         Supplier                Gross  Status       Sent  ⋮"
        assert shown[3] == "  24/11/26  2026-00000     Meunerie de Gemblo…  1,215.13  × Error      1/3   ⋮"
        assert shown[4] == "  24/11/26  2026/B…000481  Sucrerie Centrale d…  −211.75  ● Ready      3/3   ⋮"
        assert shown[5] == "  24/11/26  2026-00002     Meunerie de Ge…  USD 1,215.13  ◊ Client     –     ⋮"


async def test_a_document_without_a_date_shows_none() -> None:
    source = ManyRows(1)
    source.changed[0] = invented(0, number=None, file_name="scan.pdf", has_issue_date=False)
    async with Stage(DocumentTable(source)).run_test(size=(80, 24)) as pilot:
        assert rows(pilot.app)[3].startswith("  –         scan.pdf")


async def test_a_purchase_to_ask_for_has_its_sign_before_its_number() -> None:
    source = ManyRows(1)
    source.changed[0] = invented(0, to_ask_for=True)
    async with Stage(DocumentTable(source)).run_test(size=(80, 24)) as pilot:
        assert rows(pilot.app)[3].startswith("  24/11/26 ¿2026-00000     ")


async def test_under_70_columns_the_status_is_its_sign() -> None:
    async with Stage(DocumentTable(ManyRows(3))).run_test(size=(67, 24)) as pilot:
        shown = rows(pilot.app)
        assert shown[2] == "  Date ↓    Number        Supplier                     Gross    ⋮"
        assert shown[3] == "  24/11/26  2026-00000    Meunerie de Gembloux SA   1,215.13  ● ⋮"


async def test_a_wide_table_names_where_a_document_was_sent() -> None:
    source = ManyRows(3)
    table = DocumentTable(source)
    table.set_integrations(["Exact", "SFTP", "Dropbox"])
    states = {"Exact": DeliveryState.DELIVERED, "SFTP": DeliveryState.FAILED, "Dropbox": DeliveryState.UNKNOWN}
    sent_to = tuple(Sent(integration_id=name, label=name, state=state) for name, state in states.items())
    source.changed[0] = invented(0, sent=sent_to)
    async with Stage(table).run_test(size=(128, 24)) as pilot:
        shown = rows(pilot.app)
        assert shown[2].endswith("Status       Sent to                    Actions")
        assert shown[3].endswith("● Ready      √ Exact  × SFTP  ? Dropbox       ⋮")


async def test_keys_move_through_a_million_documents_and_only_what_is_seen_is_read() -> None:
    source = ManyRows(1_000_000)
    table = DocumentTable(source)
    async with Stage(table).run_test(size=(120, 40)) as pilot:
        assert source.reads == 1
        await pilot.press("j", "down", "k")
        assert table.cursor == 1
        await pilot.press("G")
        assert table.cursor == 999_999
        assert rows(pilot.app)[37].startswith("  24/11/2026  2026-999999")
        await pilot.press("ctrl+u")
        assert table.cursor == 999_999 - 33
        await pilot.press("g")
        assert (table.cursor, table.top) == (0, 0)
        assert source.reads < 8


def repaints(table: DocumentTable, monkeypatch: pytest.MonkeyPatch) -> list[Region]:
    """Returns a list to which the regions are added that the table repaints; all of it is a region without a size."""
    painted: list[Region] = []
    original = table.refresh

    def refresh(*regions: Region, **options: bool) -> DocumentTable:
        painted.extend(regions or [Region()])
        return original(*regions, **options)

    monkeypatch.setattr(table, "refresh", refresh)
    return painted


async def test_moving_the_cursor_repaints_two_lines_only(monkeypatch: pytest.MonkeyPatch) -> None:
    table = DocumentTable(ManyRows(100))
    async with Stage(table).run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        painted = repaints(table, monkeypatch)
        await pilot.press("down")
        assert [(region.y, region.height) for region in painted] == [(1, 1), (2, 1)]


async def test_space_selects_lines_and_the_count_is_told() -> None:
    table = DocumentTable(ManyRows(100))
    app = Stage(table)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("space", "j", "j", "space")
        assert table.selection == Selection(frozenset({"0", "2"}))
        assert app.posted(DocumentTable.SelectionChanged)[-1].count == 2
        assert rows(app)[4].startswith("■ 24/11/2026")
        await pilot.press("space")
        assert table.selection == Selection(frozenset({"0"}))


async def test_a_range_follows_the_cursor_and_keeps_what_was_selected_before() -> None:
    table = DocumentTable(ManyRows(100))
    async with Stage(table).run_test(size=(120, 40)) as pilot:
        await pilot.press("space", "j", "j", "V", "j", "j", "k", "V", "j")
        assert table.selection == Selection(frozenset({"0", "2", "3"}))


async def test_all_that_match_can_be_selected_but_for_a_few() -> None:
    table = DocumentTable(ManyRows(5000))
    async with Stage(table).run_test(size=(120, 40)) as pilot:
        await pilot.press("A", "space")
        assert table.selected_count == 4999
        assert "1" in table.selection
        assert "0" not in table.selection
        assert table.clear_selection()
        assert not table.clear_selection()
        assert table.selected_count == 0


async def test_enter_and_double_click_open_and_the_dots_and_right_click_ask_for_the_menu() -> None:
    table = DocumentTable(ManyRows(100))
    app = Stage(table)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await pilot.click(offset=(20, 6), times=2)
        assert [message.row.id for message in app.posted(DocumentTable.Opened)] == ["0", "2"]
        await pilot.click(offset=(117, 8))
        await pilot.click(offset=(20, 9), button=3)
        asked = app.posted(DocumentTable.MenuAsked)
        assert [message.row.id for message in asked] == ["4", "5"]
        assert (asked[0].region.x, asked[0].region.y) == (117, 8)


async def test_the_cursor_stays_on_its_document_when_others_come_in_above() -> None:
    source = ManyRows(100)
    table = DocumentTable(source)
    async with Stage(table).run_test(size=(120, 40)) as pilot:
        await pilot.press(*["down"] * 5)
        source.before = [invented(9000 + index, id=f"new{index}") for index in range(3)]
        table.refresh_rows()
        await pilot.pause()
        assert table.row is not None
        assert table.row.id == "5"
        assert table.cursor == 8


async def test_a_change_of_one_document_repaints_its_line_only(monkeypatch: pytest.MonkeyPatch) -> None:
    source = ManyRows(100)
    table = DocumentTable(source)
    async with Stage(table).run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        painted = repaints(table, monkeypatch)
        source.changed[7] = invented(7, status=AccountingStatus.PROCESSED)
        table.refresh_rows()
        await pilot.pause()
        assert [(region.y, region.height) for region in painted] == [(8, 1)]
        assert "√ Processed" in rows(pilot.app)[11]


@pytest.mark.parametrize("name", ["a[/b]c", "\x1b[31mrood\x1b[0m", "\u202egnp.exe", "日本語の会社" * 6, "é" * 60])
async def test_hostile_and_wide_names_keep_the_columns_in_line(name: str) -> None:
    source = ManyRows(2)
    source.changed[0] = invented(0, counterparty=name, number=name)
    async with Stage(DocumentTable(source)).run_test(size=(80, 24)) as pilot:
        line = rows(pilot.app)[3]
        assert "\x1b" not in line
        assert "\u202e" not in line
        assert cell_len(line) == 78
        assert line.endswith("  1,215.13  ● Ready      3/3   ⋮")


@settings(max_examples=60)
@given(st.integers(min_value=49, max_value=300), st.integers(min_value=0, max_value=60))
def test_columns_never_overlap_and_a_document_without_amount_still_has_a_name(width: int, names: int) -> None:
    columns = columns_at(width, Widths(sent_names=names))
    assert columns.number == columns.date + columns.date_width + 2
    assert columns.field == columns.number + columns.number_width + 2
    assert columns.field_end + 2 == columns.status
    assert columns.actions == width - 3
    assert columns.counterparty_width >= 2
    if not columns.is_narrow:
        assert columns.counterparty_width >= 12
        assert columns.status + columns.status_width + 2 == columns.sent


@given(st.integers(min_value=70, max_value=299), st.integers(min_value=0, max_value=40))
def test_a_larger_window_never_shortens_a_name_of_30_letters_and_buys_in_order(width: int, names: int) -> None:
    small, large = (columns_at(at, Widths(sent_names=names)) for at in (width, width + 1))
    if small.is_narrow or large.is_narrow:  # only the status as a word costs letters
        return
    assert min(small.counterparty_width, 30) <= min(large.counterparty_width, 30)
    assert small.extras <= large.extras
    order = [extra for extra in EXTRAS if names or extra != "sent_names"]
    assert large.extras == set(order[: len(large.extras)])


def test_columns_the_user_chose_are_kept_as_long_as_there_is_room() -> None:
    assert "full_date" in columns_at(88, Widths(), wanted={"full_date"}).extras
    assert "full_date" not in columns_at(88, Widths()).extras


async def test_an_empty_folder_says_what_will_come_and_what_to_do() -> None:
    from banqup_tui.widgets.line_list import EmptyNote

    table = DocumentTable(ManyRows(0))
    table.set_empty_note(
        EmptyNote("Nothing matches this filter.", "Without from:zavel 3 documents would match.", [("/", "Change it")])
    )
    async with Stage(table).run_test(size=(80, 24)) as pilot:
        assert rows(pilot.app)[4:9] == [
            "  Nothing matches this filter.",
            "",
            "  Without from:zavel 3 documents would match.",
            "",
            "     /  Change it",
        ]


async def test_without_colours_every_state_can_still_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    table = DocumentTable(ManyRows(10))
    async with Stage(table).run_test(size=(80, 24)) as pilot:
        styles = {segment.style for segment in pilot.app.screen._compositor.render_strips(pilot.app.size)[3]}
        assert any(style.reverse for style in styles if style)


def test_dates_in_the_table_follow_the_users_country() -> None:
    formats.use_locale("de_BE")
    try:
        assert formats.short_date(date(2026, 11, 24)) == "24.11.26"
    finally:
        formats.use_locale("en_GB")
