"""Typing: the filter line and forms."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from banqup_tui.widgets.document_table import DocumentTable
from banqup_tui.widgets.editor import LineEditor
from banqup_tui.widgets.filter_line import FilterLine, Problem
from banqup_tui.widgets.form import Field, FieldError, Form, FormNote, Option
from banqup_tui.widgets.panel import Button
from tests.widgets.support import ManyRows, Stage, rows

FIELDS = [
    Field(name="host", label="Host", inherited="sftp.cabinet.example"),
    Field(name="port", label="Port", kind="number", inherited="22"),
    Field(name="password", label="Password", kind="secret", has_secret=True, inherited=""),
    Field(name="path", label="Path", value="/in/[foldr]"),
    Field(
        name="folders",
        label="Folders",
        kind="choices",
        value=frozenset({"sales"}),
        options=(Option("sales", "Sales invoices"), Option("other", "Other documents")),
        shows_origin=False,
    ),
]
BUTTONS = [Button("test", "Test connection"), Button("activate", "Activate", enabled=False), Button("cancel", "Cancel")]


async def test_the_filter_takes_the_titles_row_and_its_error_the_row_below():
    line = FilterLine()
    app = Stage(DocumentTable(ManyRows(50)), line)
    async with app.run_test(size=(80, 24)) as pilot:
        line.open_line("status:error dte:2026-11")
        line.set_problem(Problem(13, 16, "unknown field; did you mean date: ?"))
        line.set_right("8 of 34")
        await pilot.pause()
        shown = rows(app)
        assert shown[1].startswith("  /  status:error dte:2026-11")
        assert shown[1].endswith("8 of 34")
        assert shown[2] == "                  ^^^ unknown field; did you mean date: ?"
        assert shown[3].startswith("  24/11/26")


async def test_typing_filters_enter_applies_and_escape_brings_back_what_was():
    line = FilterLine()
    app = Stage(DocumentTable(ManyRows(50)), line)
    async with app.run_test(size=(80, 24)) as pilot:
        line.open_line("status:error")
        await pilot.pause()
        await pilot.press("space", "j", "A")
        assert app.said(FilterLine.Changed)[-1].text == "status:error jA"
        await pilot.press("escape")
        assert (app.said(FilterLine.Closed)[-1].text, app.said(FilterLine.Closed)[-1].applied) == (
            "status:error",
            False,
        )
        line.open_line("", history=["from:zavel"], complete=lambda text, caret: (text + "!", caret + 1))
        await pilot.pause()
        await pilot.press("up", "tab", "enter")
        assert app.said(FilterLine.Closed)[-1].text == "from:zavel!"
        assert isinstance(app.screen.focused, DocumentTable)


@given(st.text(max_size=40), st.integers(0, 40), st.integers(1, 30))
def test_a_field_is_always_as_wide_as_it_was_given(text, caret, width):
    editor = LineEditor()
    editor.insert(text)
    editor.caret = min(caret, len(editor.text))
    pieces = editor.pieces(width, Style(), Style(reverse=True))
    assert sum(cell_len(piece) for piece, _style in pieces) == width


async def test_a_form_shows_where_each_value_comes_from_and_never_a_secret():
    app = Stage(Form(FIELDS, BUTTONS))
    async with app.run_test(size=(120, 40)):
        text = rows(app)
        assert text[4] == "  Host            sftp.cabinet.example                       from the firm"
        assert text[8].startswith("  Password       " + " kept, never shown")
        assert text[10].rstrip().endswith("this client")
        assert "[x] Sales invoices" in text[12]
        assert "[ ] Other documents" in text[13]


async def test_typing_another_value_makes_it_the_clients_and_emptying_gives_the_firms_back():
    form = Form(FIELDS, BUTTONS)
    app = Stage(form)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("x")
        assert form.values["host"] == "sftp.cabinet.examplex"
        await pilot.press("ctrl+u")
        assert form.values["host"] is None
        assert form.value_of("host") == "sftp.cabinet.example"
        await pilot.press("tab", "a", "3")
        assert form.values["port"] == "223"


async def test_a_typed_secret_is_shown_as_stars_only():
    form = Form(FIELDS, BUTTONS)
    app = Stage(form)
    async with app.run_test(size=(120, 40)) as pilot:
        form.go_to("password")
        await pilot.press(*"hunter")
        await pilot.pause()
        assert form.values["password"] == "hunter"
        assert "hunter" not in "\n".join(rows(app))


async def test_space_ticks_and_enter_presses_a_button_that_can_be_pressed():
    form = Form(FIELDS, BUTTONS)
    app = Stage(form)
    async with app.run_test(size=(120, 40)) as pilot:
        form.go_to("folders")
        await pilot.press("down", "space")
        assert form.values["folders"] == frozenset({"sales", "other"})
        await pilot.press("tab", "tab", "enter")
        assert [message.button_id for message in app.said(Form.Pressed)] == ["cancel"]


async def test_an_error_stands_under_the_characters_it_is_about():
    form = Form(FIELDS, BUTTONS)
    app = Stage(form)
    async with app.run_test(size=(120, 40)) as pilot:
        form.set_errors({"path": FieldError("unknown; did you mean [folder]?", 4, 11)})
        form.set_notes("Test", [FormNote("error", "error", "No file could be written")])
        form.set_buttons(BUTTONS, "Correct the path first")
        await pilot.pause()
        text = rows(app)
        at = text[10].index("[foldr]")
        assert text[11] == " " * at + "^^^^^^^ unknown; did you mean [folder]?"
        assert any(line.startswith("  Test            × No file could be written") for line in text)
        assert any(line.rstrip().endswith("Cancel   Correct the path first") for line in text)


async def test_a_long_form_scrolls_so_that_the_field_one_is_in_is_seen():
    many = [Field(name=f"f{index}", label=f"Field {index}") for index in range(60)]
    form = Form(many, BUTTONS)
    app = Stage(form)
    async with app.run_test(size=(80, 24)) as pilot:
        form.go_to("f50")
        await pilot.pause()
        assert any("Field 50" in line for line in rows(app))
