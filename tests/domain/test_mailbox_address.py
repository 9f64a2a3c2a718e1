"""The address of a mailbox, as a person gives it and as it is stored."""

import pytest

from banqup_tui.domain.mailbox_address import MailboxAddress, MailboxSecurity, WrongMailboxAddress, read_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (
            "imaps://facturen@kantoor.be@imap.kantoor.be:993/INBOX",
            MailboxAddress(host="imap.kantoor.be", port=993, user="facturen@kantoor.be"),
        ),
        (
            "imap+starttls://facturen@[2001:db8::7]:143/Factures/Reçues",
            MailboxAddress(
                host="2001:db8::7",
                port=143,
                user="facturen",
                folder="Factures/Reçues",
                security=MailboxSecurity.STARTTLS,
            ),
        ),
        (
            "imap://x@127.0.0.1:1143/INBOX",
            MailboxAddress(host="127.0.0.1", port=1143, user="x", security=MailboxSecurity.NONE),
        ),
    ],
)
def test_an_address_is_read_as_it_is_written(text: str, address: MailboxAddress) -> None:
    assert read_address(text) == address
    assert address.text == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "imaps://kantoor.be:993/INBOX",
        "imaps://x@kantoor.be/INBOX",
        "imaps://x@kantoor.be:0/INBOX",
        "imaps://x@kantoor.be:70000/INBOX",
        "imaps://x@kantoor.be:993/",
        "imaps://x@kantoor.be:993/IN\r\nBOX",
        "imaps://x\nA1 DELETE INBOX@kantoor.be:993/INBOX",
        "imap+starttls://x@kantoor.be:993/INBOX",
        "imap://x@kantoor.be:143/INBOX",
        "imap://x@localhost:143/INBOX",
        "pop3://x@kantoor.be:995/INBOX",
    ],
)
def test_what_is_no_address_or_would_be_readable_on_its_way_is_refused(text: str) -> None:
    with pytest.raises(WrongMailboxAddress):
        read_address(text)
