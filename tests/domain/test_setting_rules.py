"""What one would be told while typing a setting, and again by the service that keeps it."""

import pytest

from banqup_tui.domain.days import read_day
from banqup_tui.domain.messages import message
from banqup_tui.domain.setting_rules import example_of, flaw_of, kind_of, value_of
from banqup_tui.domain.settings_needed import needed


def looking_like(look: str, **more: object) -> dict[str, object]:
    return {"type": "string", "x-look": look, **more}


@pytest.mark.parametrize(
    ("look", "text"),
    [
        ("email", "compta@parvis.be"),
        ("email", "é.b+c@exämple.be"),
        ("host", "sftp.example.be"),
        ("host", "localhost"),
        ("host", "10.0.0.7"),
        ("host", "2001:db8::1"),
        ("url", "https://example.be/in?x=1"),
        ("url", "http://localhost:8000/"),
        ("url", "http://127.0.0.1:9/dav"),
        ("path", "/in/[external_id]/[year]"),
        ("text", "two\nlines"),
    ],
)
def test_what_is_right_is_let_through(look: str, text: str) -> None:
    assert flaw_of(looking_like(look, **({"x-template": True} if look == "path" else {})), text) is None


@pytest.mark.parametrize(
    ("look", "text", "marked", "code"),
    [
        ("email", "compta", "a", "setting.no-at"),
        ("email", "a@b.be, c@d.be", ", c@d.be", "setting.one-address"),
        ("email", "a b@c.be", " ", "setting.space"),
        ("email", "a@parvis", "parvis", "setting.dot-after-at"),
        ("email", "@parvis.be", "@", "setting.nothing-before-at"),
        ("host", "https://sftp.example.be", "https://", "setting.scheme-in-host"),
        ("host", "sftp.example.be:22", ":22", "setting.port-in-host"),
        ("host", "sftp.example.be/in", "/in", "setting.path-in-host"),
        ("host", "me@sftp.example.be", "me@", "setting.user-in-host"),
        ("host", "999.1.1.1", "999.1.1.1", "setting.no-such-server"),
        ("url", "example.be", "example.be", "setting.scheme-missing"),
        ("url", "http://example.be", "http", "setting.https-needed"),
        ("url", "https://me:pw@example.be", "me:pw@", "setting.user-in-address"),
        ("url", "https://example.be:99999", "example.be:99999", "setting.no-such-server"),
        ("text", "a\u202eb", "\u202e", "setting.unseen"),
    ],
)
def test_what_is_wrong_is_marked_at_its_place(look: str, text: str, marked: str, code: str) -> None:
    flaw = flaw_of(looking_like(look), text)
    assert flaw is not None
    assert text[flaw.start : flaw.end] == marked
    assert flaw.message.code == code


def test_several_addresses_only_where_the_schema_says_so() -> None:
    many = looking_like("email", **{"x-many": True})
    assert flaw_of(many, "a@b.be; c@d.be") is None
    flaw = flaw_of(many, "a@b.be; c")
    assert flaw is not None
    assert flaw.start == 8


@pytest.mark.parametrize("text", ["0", "65536", "22a", "-1", "2.5"])
def test_a_port_is_a_number_from_1_to_65535(text: str) -> None:
    flaw = flaw_of({"type": "integer", "x-look": "port"}, text)
    assert flaw is not None
    assert flaw.message == message("setting.number-from-to", least=1, most=65535)
    assert flaw_of({"type": "integer", "x-look": "port"}, "65535") is None


def test_values_come_in_the_type_of_the_schema_also_where_it_may_be_left_out() -> None:
    maybe = {"anyOf": [{"type": "integer", "minimum": 3}, {"type": "null"}], "default": None}
    assert kind_of(maybe) == "number"
    assert value_of(maybe, " 7 ") == 7
    assert flaw_of(maybe, "2") is not None
    assert value_of({"enum": [1, 2]}, "2") == 2
    assert value_of({"type": "boolean"}, "true") is True
    assert flaw_of({"enum": ["a", "b"]}, "c") is not None
    assert kind_of({"type": "string", "writeOnly": True}) == "secret"


def test_an_error_always_has_an_example_of_a_right_value_that_is_right() -> None:
    for look in ("email", "host", "port", "url"):
        schema = looking_like(look)
        assert example_of(schema)
        assert flaw_of(schema, example_of(schema)) is None
    assert example_of(looking_like("host", **{"x-example": "ftp.ici.be"})) == "ftp.ici.be"


def test_what_is_needed_still_counts_both_levels_and_kept_secrets() -> None:
    schema = {
        "properties": {
            "host": looking_like("host"),
            "password": {"type": "string", "writeOnly": True},
            "port": {"type": "integer", "default": 22},
            "to": looking_like("email"),
        },
        "required": ["host", "password", "port", "to"],
    }
    assert needed(schema, {}) == ["host", "password", "to"]
    assert needed(schema, {"host": "a.be", "to": "nobody"}, ["password"]) == ["to"]
    assert needed(schema, {"host": "a.be", "to": "a@b.be"}, ["password"]) == []


def test_what_is_not_asked_is_not_needed() -> None:
    schema = {
        "properties": {
            "by": {"enum": ["password", "browser"], "default": "password"},
            "password": {"type": "string", "writeOnly": True, "x-when": {"by": ["password"]}},
            "sign_in": {"type": "string", "x-look": "sign-in", "writeOnly": True, "x-when": {"by": ["browser"]}},
        },
        "required": ["password", "sign_in"],
    }
    assert needed(schema, {}) == ["password"]
    assert needed(schema, {"by": "browser"}) == ["sign_in"]
    assert needed(schema, {"by": "browser"}, ["sign_in"]) == []


@pytest.mark.parametrize("text", ["01/10/2026", "1.10.26", "2026-10-01"])
def test_a_day_is_read_as_people_write_it(text: str) -> None:
    day = read_day(text)
    assert day is not None
    assert day.isoformat() == "2026-10-01"
    assert read_day("31/02/2026") is read_day("tomorrow") is None
