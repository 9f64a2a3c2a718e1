"""Whose a mail is, as its head says it."""

import pytest

from banqup_tui.domain.origin import MailOrigin
from banqup_tui.sources.mail_hints import directory_of, is_from

OWN = "facturen@kantoor.example"


def mail(*recipients: str, sender: str = "Jan <Jan@Bakkerij.example>") -> MailOrigin:
    return MailOrigin(sender=sender, recipients=recipients)


@pytest.mark.parametrize(
    ("recipients", "directory"),
    [
        ([OWN], "jan@bakkerij.example"),
        (["facturen+PARVIS@kantoor.example"], "PARVIS/jan@bakkerij.example"),
        (["facturen+PARVIS+achats@kantoor.example"], "PARVIS/achats/jan@bakkerij.example"),
        # The first is what the server has written down itself; what the sender wrote comes after it.
        (["facturen+PARVIS@kantoor.example", "facturen+LEMAIRE@kantoor.example"], "PARVIS/jan@bakkerij.example"),
        ([OWN, "Parvis@kantoor.example"], "parvis/jan@bakkerij.example"),
        (["documents@kantoor.example"], "jan@bakkerij.example"),
        (["parvis@elders.example"], "jan@bakkerij.example"),
        (["facturen+../../etc@kantoor.example"], "_.._etc/jan@bakkerij.example"),
        (["facturen+..@kantoor.example"], "jan@bakkerij.example"),
        (["facturen+@kantoor.example"], "jan@bakkerij.example"),
    ],
)
def test_the_address_names_the_client_and_the_sender_comes_after_it(recipients: list[str], directory: str) -> None:
    assert directory_of(mail(*recipients), OWN) == directory


@pytest.mark.parametrize("sender", ["", "nobody", '"a/b"@x.example', "Jan <jan@bakkerij.example/../x>", "a b@c d"])
def test_a_sender_that_is_no_usual_address_is_left_out(sender: str) -> None:
    assert directory_of(mail(OWN, sender=sender), OWN) == ""


def test_the_firms_people_are_no_senders_by_whom_a_client_could_be_known() -> None:
    assert directory_of(mail(OWN, sender="an@kantoor.example"), OWN) == ""


@pytest.mark.parametrize(
    ("sender", "is_own"),
    [
        (f"Kantoor <{OWN}>", True),
        ("FACTUREN+PARVIS@Kantoor.example", True),
        ("an@kantoor.example", False),
        ("jan@bakkerij.example", False),
        ("", False),
    ],
)
def test_a_mail_from_the_mailbox_itself_is_known_by_its_sender(sender: str, is_own: bool) -> None:
    assert is_from(mail(OWN, sender=sender), OWN) is is_own
    assert not is_from(mail("facturen", sender=sender), "facturen")
