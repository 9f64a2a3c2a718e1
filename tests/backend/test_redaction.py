"""What a server repeats of a secret is taken out of its words, in whatever form it repeats it."""

import base64
import html
import json
import logging
import pickle
import quopri
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from banqup_tui.backend.redaction import RedactingFormatter, Redactor
from banqup_tui.connectors.interface import NotSent, Receipt
from banqup_tui.domain.messages import message, text_message
from banqup_tui.domain.secret import MASK, Secret

SECRET = "gé<h>&eim \"w'oord/+42\\x"
PLAIN = "Sk-webdavpw-8c14d2a7f0b3"

FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "percent": lambda text: quote(text, safe=""),
    "form": quote_plus,
    "html": html.escape,
    "html, with numbers": lambda text: "".join(f"&#{ord(one)};" for one in text),
    "json": json.dumps,
    "json, by numbers": lambda text: "".join(f"\\u{ord(one):04x}" for one in text),
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64url": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "Basic": lambda text: base64.b64encode(f"somebody:{text}".encode()).decode(),
    "AUTH PLAIN": lambda text: base64.b64encode(f"\0me\0{text}".encode()).decode(),
    "XOAUTH2": lambda text: base64.b64encode(f"user=me\1auth=Bearer {text}\1\1".encode()).decode(),
    "quoted-printable": lambda text: quopri.encodestring(text.encode()).decode(),
    "folded": lambda text: "\r\n ".join((text[:7], text[7:])),
    "spaced": " ".join,
    "zero-width": "\u200b".join,
    "in capitals": str.upper,
    "in an address": lambda text: f"https://me:{quote(text, safe='')}@example.be/",
}


@pytest.mark.parametrize("secret", [SECRET, PLAIN])
@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_taken_out_in_every_usual_form(form: str, secret: str) -> None:
    shown = Redactor([Secret(secret)]).text(f"example.be refused it: “{FORMS[form](secret)}”.")
    assert MASK in shown
    assert FORMS[form](secret) not in shown
    for part in (secret[:8], secret[-8:], base64.b64encode(f"somebody:{secret}".encode()).decode()[12:-4]):
        assert part not in shown


@pytest.mark.parametrize("length", range(6, len(PLAIN)))
def test_a_secret_that_was_cut_is_taken_out_too(length: int) -> None:
    assert PLAIN[:6] not in Redactor([Secret(PLAIN)]).text(f"“You sent {PLAIN[:length]}…”, it says.")


def test_a_short_password_is_known_by_its_user() -> None:
    basic = base64.b64encode(b"u:p1").decode().rstrip("=")
    assert basic not in Redactor([Secret("p1")], ["u"]).text(f"No: Basic {basic}==")


def test_what_is_no_secret_stays() -> None:
    sentence = "cloud.example did not accept the sign-in: “Wrong password”."
    assert Redactor([Secret(PLAIN), Secret(""), Secret("no")]).text(sentence) == sentence


def test_all_that_an_attempt_says_passes() -> None:
    redactor = Redactor([Secret(PLAIN)])
    error = redactor.error(NotSent(text_message({"en": f"no {PLAIN}", "fr": f"non {PLAIN}"}, f"try {PLAIN}")))
    receipt = redactor.result(Receipt(text=f"/in/{PLAIN}", reference=PLAIN))
    step = redactor.message(message("sftp.not-written", quote=PLAIN, directory=PLAIN))
    for printed in (str(error), str(error.args), str(error.message), repr(receipt), repr(step)):
        assert PLAIN not in printed
        assert MASK in printed


def test_the_address_of_a_webhook_is_taken_out_by_its_parts() -> None:
    redactor = Redactor([Secret("https://hooks.example/services/T0000/B1111/abcdefgh12345678?sig=0123456789")])
    for printed in ("POST /services/T0000/B1111/abcdefgh12345678", "abcdefgh12345678 is unknown", "sig=0123456789"):
        assert "abcdefgh12345678" not in redactor.text(printed)
        assert "0123456789" not in redactor.text(printed)
    assert redactor.text("hooks.example refuses the connection.") == "hooks.example refuses the connection."


def test_no_output_shows_a_secret() -> None:
    secret = Secret(PLAIN)
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r:>40}", f"{[secret]}", "%s" % secret):  # noqa: UP031
        assert PLAIN not in shown
        assert MASK in shown
    assert PLAIN.encode() not in pickle.dumps(secret)
    assert PLAIN not in json.dumps({"a": secret}, default=str)
    assert secret.reveal() == PLAIN
    assert secret == Secret(PLAIN) != Secret("other")


def test_the_log_has_no_secret_that_the_process_holds() -> None:
    secret = Secret(PLAIN)
    try:
        raise RuntimeError(f"the server said {secret.reveal()}")
    except RuntimeError as error:
        record = logging.LogRecord("x", logging.ERROR, "x", 1, "it failed for %s", (PLAIN,), (type(error), error, None))
    line = RedactingFormatter("%(message)s").format(record)
    assert PLAIN not in line
    assert "RuntimeError: the server said" in line
