"""Settings to fill in."""

from typing import Any

import pytest
from textual import events

from banqup_tui.widgets.buttons import Button
from banqup_tui.widgets.form.view import NO, YES, FormField, FormView, Report, Ticks, Wrong
from tests.widgets.support import Stage, rows

HOSTILE = "a[/b]c ‮ " + "漢" * 300


def no_x(text: str) -> Wrong | None:
    at = text.find("x")
    return Wrong(at, at + 1, "no x here") if at >= 0 else None


def a_form() -> FormView:
    form = FormView()
    form.fill(
        [
            FormField("host", "Host", inherited="sftp.example", required=True),
            FormField("password", "Password", "secret", stored=True),
            FormField("mode", "Mode", "choice", inherited="fast", choices=("fast", "careful")),
            FormField("path", "Path", own="/in", check=no_x),
        ],
        [Ticks("folders", "Folders", [("s", "Sales", True), ("p", "Purchases", False)])],
        [Button("save", "Activate"), Button("cancel", "Cancel")],
    )
    return form


async def test_each_value_says_where_it_comes_from() -> None:
    async with Stage(a_form()).run_test(size=(120, 40)) as pilot:
        shown = "\n".join(rows(pilot.app))
        assert "sftp.example" in shown
        assert shown.count("from the firm") == 3
        assert shown.count("this client") == 1
        assert "kept, never shown" in shown


async def test_what_is_typed_is_this_clients_and_what_is_as_before_is_not_kept() -> None:
    form = a_form()
    async with Stage(form).run_test(size=(120, 40)) as pilot:
        assert form.own_values() == {"path": "/in"}
        await pilot.press("q")
        assert form.own_values() == {"host": "sftp.exampleq", "path": "/in"}
        await pilot.press("backspace")
        assert form.own_values() == {"path": "/in"}
        await pilot.press("ctrl+u")
        assert form.first_wrong() == "Host"


async def test_a_secret_is_never_seen_and_only_sent_when_typed_anew() -> None:
    form = a_form()
    async with Stage(form).run_test(size=(120, 40)) as pilot:
        await pilot.press("tab", "s", "3", "c")
        shown = "\n".join(rows(pilot.app))
        assert "***" in shown
        assert "s3c" not in shown
        assert form.own_values()["password"] == "s3c"


async def test_a_pasted_private_key_keeps_its_lines() -> None:
    form = a_form()
    async with Stage(form).run_test(size=(120, 40)) as pilot:
        await pilot.press("tab")
        form.on_paste(events.Paste("-----BEGIN\nabc\n-----END"))
        assert form.own_values()["password"] == "-----BEGIN\nabc\n-----END"


async def test_a_box_is_ticked_with_space_and_says_whose_it_is() -> None:
    form = FormView()
    form.fill([FormField("tls", "Encrypted", "tick", inherited=YES)], [], [Button("save", "Keep")])
    async with Stage(form).run_test(size=(120, 40)) as pilot:
        assert any("[x]" in row and "from the firm" in row for row in rows(pilot.app))
        assert form.footer() == (("Tab", "Next field"), ("Space", "Tick"))
        await pilot.press("space")
        assert form.own_values() == {"tls": NO}
        assert any("[ ]" in row and "this client" in row for row in rows(pilot.app))


async def test_under_an_empty_field_stands_a_right_value_and_beside_a_wrong_one_too() -> None:
    form = FormView()
    form.fill([FormField("to", "To", check=no_x, example="a@b.be")], [], [Button("save", "Keep")])
    async with Stage(form).run_test(size=(120, 40)) as pilot:
        assert any("For example a@b.be" in row for row in rows(pilot.app))
        await pilot.press("a", "x")
        assert any("^ no x here For example a@b.be" in row for row in rows(pilot.app))


async def test_in_a_long_text_the_mark_stays_below_what_is_wrong() -> None:
    form = FormView()
    form.fill([FormField("path", "Path", own="/in/" + "a" * 40, check=no_x)], [], [Button("save", "Keep")])
    async with Stage(form).run_test(size=(120, 40)) as pilot:
        await pilot.press("x", "b", "b")
        shown = rows(pilot.app)
        at = next(at for at, row in enumerate(shown) if "no x here" in row)
        assert shown[at].index("^") == shown[at - 1].index("x")


async def test_a_choice_is_changed_with_left_and_right() -> None:
    form = a_form()
    async with Stage(form).run_test(size=(120, 40)) as pilot:
        await pilot.press("tab", "tab", "right")
        assert form.own_values()["mode"] == "careful"
        await pilot.press("x")
        assert form.own_values()["mode"] == "careful"
        await pilot.press("left")
        assert "mode" not in form.own_values()


async def test_a_mistake_is_marked_below_its_letters() -> None:
    form = a_form()
    async with Stage(form).run_test(size=(120, 40)) as pilot:
        await pilot.press("tab", "tab", "tab", "x")
        shown = rows(pilot.app)
        at = next(at for at, row in enumerate(shown) if "^ no x here" in row)
        assert shown[at].index("^") == shown[at - 1].index("/inx") + 3
        assert form.first_wrong() == "Path"


async def test_keys_go_through_fields_boxes_and_buttons_and_around() -> None:
    form = a_form()
    app = Stage(form)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press(*["tab"] * 5, "space")
        assert form.ticked("folders") == {"s", "p"}
        await pilot.press("tab", "enter")
        assert [one.button for one in app.posted(FormView.Pressed)] == ["save"]
        await pilot.press("tab", "tab")
        assert form.stop_name == "host"
        await pilot.press("shift+tab")
        assert form.footer() == (("Tab", "Next field"), ("Enter", "Cancel"))


async def test_a_button_with_a_reason_cannot_be_reached() -> None:
    form = a_form()
    app = Stage(form)
    async with app.run_test(size=(120, 40)) as pilot:
        form.set_buttons([Button("save", "Activate", "Path"), Button("cancel", "Cancel")], "Correct first: Path")
        await pilot.press("shift+tab", "enter")
        assert [one.button for one in app.posted(FormView.Pressed)] == ["cancel"]
        assert any("Correct first: Path" in row for row in rows(app))


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40)])
async def test_everything_is_reached_and_seen_in_a_small_window(size: tuple[int, int]) -> None:
    form = a_form()
    async with Stage(form).run_test(size=size) as pilot:
        form.set_report("Test", [Report(True, "Signed in."), Report(False, HOSTILE)])
        for _step in range(9):
            await pilot.press("tab")
            stops = [row.stop for row in form._rows]
            here = form._stops()[form._stop_index]
            at = next(
                at
                for at, row in enumerate(form._rows)
                if row.stop == here or (row.is_buttons and here.kind == "button")
            )
            assert form.scroll_offset.y <= at < form.scroll_offset.y + form.size.height, (here, stops)
        for y in range(form.size.height):
            assert form.render_line(y).cell_length == form.size.width


async def test_hostile_values_keep_to_their_field() -> None:
    form = FormView()
    form.fill(
        [FormField("a", HOSTILE, own=HOSTILE), FormField("b", "B", "choice", own=HOSTILE, choices=(HOSTILE, "x"))],
        [Ticks("t", HOSTILE, [("s", HOSTILE, True)])],
        [Button("save", "Activate")],
    )
    async with Stage(form).run_test(size=(80, 24)) as pilot:
        for _step in range(4):
            await pilot.press("tab")
            for y in range(form.size.height):
                assert form.render_line(y).cell_length == form.size.width
            assert "‮" not in "".join(rows(pilot.app))


def a_sign_in(**more: Any) -> FormView:
    """Asked with two of three ways."""
    form = FormView()
    form.fill(
        [
            FormField("by", "Sign in by", "choice", inherited="password", choices=("password", "browser")),
            FormField("password", "Password", "secret", required=True),
            FormField("page", "Page", own="https://a.be", check=no_x),
            FormField("sign_in", "Sign-in", "sign-in", **more),
        ],
        [],
        [Button("save", "Keep")],
        not_asked=lambda texts: ("page", "sign_in") if texts["by"] == "password" else ("password",),
    )
    return form


async def test_a_field_that_is_not_asked_is_no_reason_and_is_left_as_it_was() -> None:
    form = a_sign_in()
    async with Stage(form).run_test(size=(80, 24)) as pilot:
        assert form.first_wrong() == "Password"
        assert form.own_values() == {"page": "https://a.be"}
        await pilot.press("right")
        assert form.first_wrong() is None
        await pilot.press("tab", "x")
        assert form.first_wrong() == "Page"
        await pilot.press("shift+tab", "left", "tab", "s")
        assert form.first_wrong() is None
        assert form.own_values() == {"page": "https://a.be", "password": "s"}
        await pilot.press("shift+tab", "right")
        assert form.own_values() == {"page": "https://a.bex", "by": "browser"}


async def test_the_keyboard_stays_where_it_is_when_fields_before_it_come_and_go() -> None:
    form = FormView()
    form.fill(
        [FormField("path", "Path"), FormField("on", "On", "tick", inherited=NO)],
        [],
        [Button("save", "Keep")],
        not_asked=lambda texts: () if texts["on"] == YES else ("path",),
    )
    async with Stage(form).run_test(size=(80, 24)) as pilot:
        assert form.stop_name == "on"
        await pilot.press("space")
        assert form.stop_name == "on"
        assert any("Path" in row for row in rows(pilot.app))
        await pilot.press("space")
        assert form.stop_name == "on"


@pytest.mark.parametrize(
    ("more", "word", "origin", "key"),
    [
        ({}, "not signed in", "", "Sign in"),
        ({"stored": True}, "signed in", "from the firm", "Sign in again"),
        ({"stored": True, "own": ""}, "signed in", "this client", "Sign in again"),
    ],
)
async def test_a_sign_in_says_how_it_stands_and_is_asked_for_by_a_key(
    more: dict[str, Any], word: str, origin: str, key: str
) -> None:
    form = a_sign_in(**more)
    stage = Stage(form)
    async with stage.run_test(size=(80, 24)) as pilot:
        await pilot.press("right", "tab", "tab")
        row = next(row for row in rows(pilot.app) if "Sign-in" in row)
        assert row.split(None, 1)[1].split("  ")[0] == word
        assert row.endswith(origin or word)
        assert form.footer()[0] == ("Enter", key)
        await pilot.press("q", "enter", "space")
        assert [message.name for message in stage.posted(FormView.SignInAsked)] == ["sign_in", "sign_in"]
        assert form.own_values() == {"page": "https://a.be", "by": "browser"}
        form.put("sign_in", "s-1")
        await pilot.pause()
        assert any("signed in, not kept yet" in row and row.endswith("this client") for row in rows(pilot.app))
        assert form.own_values()["sign_in"] == "s-1"
