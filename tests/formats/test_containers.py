"""A file that holds others is opened by its content: its parts come out, each with its place, or with what is wrong."""

from __future__ import annotations

import gzip
import io
import struct
import subprocess
import sys
import zipfile
from datetime import UTC, datetime

import pytest

from banqup_tui.formats import Container, ContainerKind, ContentKind, UnreadableDocument, open_file, read
from banqup_tui.presentation.messages import sentence_of
from tests.formats import format_documents as make
from tests.formats.container_files import PDF, archive, base64_text, envelope, invoice, mail
from tests.support.compound_file import compound_file, message


def container(data: bytes, name: str = "") -> Container:
    found = open_file(data, name)
    assert isinstance(found, Container)
    return found


def numbers(found: Container) -> list[str]:
    contents = [read(part.data).invoice for part in found.parts if part.name.endswith(".xml")]
    return [content.number for content in contents if content is not None]


def refusal(data: bytes, name: str = "") -> str:
    with pytest.raises(UnreadableDocument) as caught:
        open_file(data, name)
    assert sentence_of(caught.value.message)
    return caught.value.message.code


def refusals(found: Container) -> list[tuple[str, str]]:
    return [(part.name, part.refusal.code if part.refusal else "") for part in found.parts]


def test_a_document_is_read_by_the_same_question() -> None:
    assert open_file(make.ubl().encode(), "a.zip") == read(make.ubl().encode())
    assert open_file(b"a text", "a.eml") == read(b"a text")


# ZIP


def test_an_archive_gives_its_files_with_their_directories() -> None:
    data = archive(("2026/", b""), ("2026/AP/één.xml", invoice("1").encode()), ("scan.pdf", PDF))
    found = container(data, "maart.dat")
    assert found.kind is ContainerKind.ZIP
    assert [(part.name, part.path, part.position) for part in found.parts] == [
        ("één.xml", "2026/AP/één.xml", "1"),
        ("scan.pdf", "scan.pdf", "2"),
    ]
    assert [part.data for part in found.parts] == [invoice("1").encode(), PDF]


def test_what_a_desktop_leaves_in_an_archive_is_no_file_of_the_sender() -> None:
    link = zipfile.ZipInfo("shortcut.pdf")
    link.external_attr = 0o120777 << 16
    buffer = io.BytesIO(archive(("__MACOSX/._a.pdf", b"x"), (".DS_Store", b"x"), ("b/Thumbs.db", b"x"), ("a.pdf", PDF)))
    with zipfile.ZipFile(buffer, "a") as file:
        file.writestr(link, "/etc/passwd")
    assert refusals(container(buffer.getvalue())) == [("a.pdf", "")]


def test_a_path_inside_leads_nowhere() -> None:
    names = ("../../etc/a.pdf", "/b.pdf", "C:\\Facturen\\c.pdf", "x/../\x1b[2Jd.pdf")
    found = container(archive(*((name, PDF) for name in names)))
    assert [part.path for part in found.parts] == ["etc/a.pdf", "b.pdf", "Facturen/c.pdf", "x/d.pdf"]


@pytest.mark.parametrize("encoding", ["utf-8", "cp850", "cp437", "cp1252"])
def test_a_name_without_the_flag_for_utf8_is_in_the_letters_that_were_meant(encoding: str) -> None:
    data = archive(("factur_.pdf", PDF), compression=zipfile.ZIP_STORED)
    raw = "é".encode(encoding)
    found = container(data.replace(b"factur_", b"facture"[: 7 - len(raw)] + raw))
    assert found.parts[0].name == "facture"[: 7 - len(raw)] + "é.pdf"


def test_a_file_that_cannot_be_taken_out_waits_with_its_reason_and_the_others_come() -> None:
    locked = bytearray(archive(("locked.pdf", PDF), ("a.pdf", PDF), compression=zipfile.ZIP_STORED))
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    damaged = bytes(locked).replace(PDF, PDF.replace(b"Root", b"Boot"), 2).replace(b"Boot", b"Root", 1)
    assert refusals(container(damaged)) == [("locked.pdf", "file.encrypted-part"), ("a.pdf", "file.damaged-archive")]


def test_documents_that_are_kept_in_an_archive_are_not_opened() -> None:
    for names in (
        ("[Content_Types].xml", "xl/workbook.xml"),
        ("mimetype", "content.xml"),
        ("META-INF/signatures.xml",),
    ):
        data = archive(*((name, b"x") for name in names), compression=zipfile.ZIP_STORED)
        assert not isinstance(open_file(data), Container)


def test_archives_inside_archives_are_opened_to_a_depth_of_three() -> None:
    data = PDF
    for number in (1, 2, 3):
        data = archive((f"{number}.zip" if number > 1 else "a.pdf", data))
    assert [(part.position, part.name) for part in container(data).parts] == [("1/1/1", "a.pdf")]
    assert refusals(container(archive(("4.zip", data)))) == [("2.zip", "file.too-nested")]


def test_an_archive_that_holds_nothing_or_is_broken_is_refused_as_such() -> None:
    assert refusal(archive()) == "file.nothing-inside"
    assert refusal(archive((".DS_Store", b"x"))) == "file.nothing-inside"
    whole = archive(("a.pdf", PDF))
    assert refusal(whole[:-30]) == "file.incomplete"
    assert refusal(whole.replace(b"PK\x01\x02", b"PK\x01\x03")) == "file.damaged-archive"


def test_an_archive_that_is_cut_off_is_not_taken_for_one_inside_it() -> None:
    inside = archive(("a.pdf", PDF))
    outside = archive(("first.pdf", PDF), ("inside.zip", inside), compression=zipfile.ZIP_STORED)
    cut = outside[: outside.index(inside) + len(inside) + 10]
    assert refusal(cut) == "file.incomplete"


def test_each_limit_is_named() -> None:
    many = archive(*((f"{number}.txt", b"x") for number in range(501)))
    assert refusal(many) == "file.too-many-parts"
    nested = archive(*((f"{number}.zip", archive(*((f"{n}.txt", b"x") for n in range(300)))) for number in range(2)))
    assert refusal(nested) == "file.too-many-parts"
    bomb = archive(("zeros.txt", bytes(20 * 2**20)), ("a.pdf", PDF))
    assert refusals(container(bomb)) == [("zeros.txt", "file.compressed-too-much"), ("a.pdf", "")]
    large = archive(("large.txt", bytes(51 * 2**20)), ("a.pdf", PDF), compression=zipfile.ZIP_STORED)
    assert refusals(container(large)) == [("large.txt", "file.part-too-large"), ("a.pdf", "")]


def test_archives_that_were_written_as_a_stream_or_for_large_files_are_opened() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w") as file:
        for name in ("a.pdf", "b.pdf"):
            with file.open(name, "w", force_zip64=True) as inside:
                inside.write(PDF)
    assert refusals(container(pipe.getvalue())) == [("a.pdf", ""), ("b.pdf", "")]
    changed = io.BytesIO(pipe.getvalue())
    with zipfile.ZipFile(changed, "a") as file:
        file.writestr("c.pdf", PDF)
    assert [name for name, _ in refusals(container(changed.getvalue() + b"\r\n"))] == ["a.pdf", "b.pdf", "c.pdf"]


def test_files_that_share_their_bytes_are_a_bomb() -> None:
    first = archive(("a.txt", b"x" * 5000), compression=zipfile.ZIP_STORED)
    start, end = first.index(b"PK\x01\x02"), first.index(b"PK\x05\x06")
    directory = first[start:end] * 9
    record = bytearray(first[end:])
    record[8:12] = (9).to_bytes(2, "little") * 2
    record[12:16] = len(directory).to_bytes(4, "little")
    assert refusal(first[:start] + directory + bytes(record)) == "file.overlapping-archive"


# gzip


def test_a_gzip_gives_the_file_inside_of_all_its_members() -> None:
    data = invoice("7").encode()
    found = container(gzip.compress(data[:900]) + gzip.compress(data[900:]) + bytes(512), "factuur.xml.gz")
    assert (found.kind, numbers(found), found.parts[0].name) == (ContainerKind.GZIP, ["7"], "factuur.xml")


def test_a_gzip_that_is_cut_off_damaged_or_a_bomb_is_refused() -> None:
    packed = gzip.compress(invoice("7").encode())
    assert refusal(packed[:-20]) == "file.incomplete"
    assert refusal(packed[:40] + b"\xff\xff\xff" + packed[43:]) == "file.damaged-archive"
    assert refusal(gzip.compress(bytes(30 * 2**20))) == "file.compressed-too-much"


# Mail


def test_a_mail_gives_its_attachments_and_says_where_it_came_from() -> None:
    letter = mail(("é 1.xml", "application/xml", invoice("M-1").encode()), ("M-1.pdf", "application/pdf", PDF))
    found = container(letter.as_bytes(), "mail.eml")
    assert (found.kind, [part.name for part in found.parts]) == (ContainerKind.MAIL, ["é 1.xml", "M-1.pdf"])
    assert found.mail is not None
    assert found.mail.sender == "Bakkerij De Korst <facturen@korst.example>"
    assert found.mail.recipients == ("inbox@firm.example", "in+zonnehof@firm.example", "els@firm.example")
    assert (found.mail.subject, found.mail.message_id) == ("Factuur é", "<7@korst.example>")
    assert found.mail.sent_at == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert found.parts[0].mail == found.mail


def test_letters_and_the_pictures_of_a_signature_are_no_documents() -> None:
    letter = mail(html='<p>Hallo <img src="cid:logo@korst"></p>')
    logo = b"\x89PNG\r\n\x1a\n" + bytes(20_000) + b"IEND\xae\x42\x60\x82"
    letter.get_payload()[1].add_related(logo, "image", "png", cid="<logo@korst>", filename="image001.png")  # type: ignore[union-attr, index]
    letter.add_attachment(b"BEGIN:VCALENDAR", maintype="text", subtype="calendar")
    found = container(letter.as_bytes())
    assert found.parts == ()
    photo = b"\xff\xd8\xff\xe0\x00\x04ab" + bytes(200_000) + b"\xff\xd9"
    letter.add_attachment(photo, maintype="image", subtype="jpeg", disposition="inline")
    assert [part.name for part in container(letter.as_bytes(), "bon.eml").parts] == ["bon.jpg"]


def test_a_document_is_known_by_its_content_not_by_what_the_mail_calls_it() -> None:
    letter = mail()
    letter.add_attachment(make.pdf(), maintype="application", subtype="octet-stream", disposition="inline")
    letter.add_attachment(invoice("T-1"), subtype="plain", disposition="inline")
    found = container(letter.as_bytes(), "post.eml")
    assert [part.name for part in found.parts] == ["post-1.pdf", "post-2.xml"]
    assert numbers(found) == ["T-1"]


def test_a_mail_in_a_mail_is_opened_and_is_the_origin_of_its_parts() -> None:
    inner = mail(("scan.pdf", "application/pdf", PDF), subject="origineel")
    outer = mail(subject="Fwd: origineel")
    outer.add_attachment(inner)
    found = container(outer.as_bytes())
    assert [(part.position, part.name) for part in found.parts] == [("1/1", "scan.pdf")]
    assert found.parts[0].mail is not None
    assert found.parts[0].mail.subject == "origineel"


def test_broken_headers_of_a_mail_are_read_as_far_as_they_go() -> None:
    whole = mail(("a.pdf", "application/pdf", PDF)).as_bytes()
    for broken in (
        b"From: =?utf-8?q?=ff?= <@>,,<a@b\r\nTo: undisclosed-recipients:;\r\nDate: yesterday\r\n",
        b"From: \xe9\xe8 <a@b.be>\r\nSubject: =?x-unknown?b?AAAA?=\r\nMessage-ID: <[>\r\n",
        b'From: a@b.be\r\nTo: a@[\r\nCc: "\r\nSubject: =?utf-8?b?w?=\r\n',
    ):
        head = whole.index(b"MIME-Version")
        found = container(broken + whole[head:])
        assert [part.name for part in found.parts] == ["a.pdf"]
        assert found.mail is not None


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_letters_beyond_ascii_in_the_fields_of_a_mail_are_read_without_being_encoded(encoding: str) -> None:
    whole = mail(("factuur.pdf", "application/pdf", PDF), subject="Facture X").as_bytes()
    raw = whole.replace(b"Facture X", "Facture été".encode(encoding)).replace(b"factuur", "réçu".encode(encoding))
    found = container(raw)
    assert found.mail is not None
    assert (found.mail.subject, found.parts[0].name) == ("Facture été", "réçu.pdf")


def test_a_mail_that_ends_before_its_attachments_is_not_whole() -> None:
    whole = mail(("a.pdf", "application/pdf", PDF)).as_bytes()
    assert refusal(whole[: whole.index(b"In bijlage") + 5]) == "file.incomplete"


def test_a_mail_that_a_mail_program_wrote_out_is_opened_and_a_mailbox_is_not() -> None:
    whole = mail(("a.pdf", "application/pdf", PDF)).as_bytes()
    line = b"From facturen@korst.example Mon Mar  2 10:00:00 2026\n"
    assert refusals(container(line + whole)) == [("a.pdf", "")]
    assert not isinstance(open_file(line + whole + b"\n" + line + whole), Container)


def test_an_encrypted_mail_waits_with_its_reason() -> None:
    found = container(mail(("smime.p7m", "application/pkcs7-mime", b"0\x82")).as_bytes())
    assert refusals(found) == [("smime.p7m", "file.secured-mail")]


# Outlook


def test_a_message_of_outlook_gives_its_attachments_and_those_of_messages_inside() -> None:
    logo = b"\x89PNG\r\n\x1a\n" + bytes(20_000) + b"IEND\xae\x42\x60\x82"
    inner = message(("scan.pdf", PDF), is_root=False)
    outer = message(
        ("één.xml", invoice("O-1").encode()),
        ("Fwd.msg", inner),
        ("logo@korst", logo),
        html=b"<img src='cid:logo@korst'>",
    )
    found = container(compound_file(outer), "post.msg")
    assert found.kind is ContainerKind.OUTLOOK_MAIL
    assert [(part.position, part.name) for part in found.parts] == [("1", "één.xml"), ("2/1", "scan.pdf")]
    assert numbers(found) == ["O-1"]
    assert found.parts[1].data == PDF
    assert found.mail is not None
    assert (found.mail.sender, found.mail.recipients) == ("De Korst <facturen@korst.example>", ("in@firm.example",))
    assert (found.mail.subject, found.mail.message_id) == ("Factuur é", "<7@korst.example>")
    assert found.mail.sent_at == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert found.parts[1].mail == found.mail


def test_the_head_that_a_message_of_outlook_came_with_is_believed_first() -> None:
    head = "From: <other@korst.example>\r\nTo: a@firm.example\r\nMessage-ID: <8@korst.example>\r\n"
    found = container(compound_file(message(("a.pdf", PDF), head=head)))
    assert found.mail is not None
    assert (found.mail.sender, found.mail.message_id) == ("other@korst.example", "<8@korst.example>")


def test_a_damaged_message_of_outlook_is_refused() -> None:
    whole = compound_file(message())
    name = "__recip_version1.0_#00000000".encode("utf-16-le")
    assert container(whole).parts == ()
    entry = whole.index(name)
    assert refusal(whole[: entry + 76] + b"\x7f\x7f\0\0" + whole[entry + 80 :]) == "file.damaged-mail"


def winmail(*attributes: tuple[int, bytes]) -> bytes:
    return b"\x78\x9f\x3e\x22\x01\x00" + b"".join(
        struct.pack("<BII", 2, attribute, len(value)) + value + b"\x00\x00" for attribute, value in attributes
    )


def test_what_outlook_packs_into_winmail_dat_comes_out() -> None:
    attachment = ((0x00069002, bytes(14)), (0x00018010, b"factuur.pdf\x00"), (0x0006800F, PDF))
    long_name = "een lange naam.pdf\0".encode("utf-16-le")
    properties = struct.pack("<I", 1) + b"\x1f\x00\x07\x37" + struct.pack("<II", 1, len(long_name)) + long_name
    second = ((0x00069002, bytes(14)), (0x00018010, b"EENLAN~1.PDF\x00"), (0x0006800F, PDF), (0x00069005, properties))
    packed = winmail((0x00069007, struct.pack("<II", 1252, 0)), *attachment, *second, (0x00069002, bytes(14)))
    found = container(mail(("winmail.dat", "application/ms-tnef", packed)).as_bytes())
    assert [(part.position, part.name) for part in found.parts] == [
        ("1/1", "factuur.pdf"),
        ("1/2", "een lange naam.pdf"),
        ("1/3", "winmail-3"),
    ]
    assert [part.data for part in found.parts] == [PDF, PDF, b""]
    assert refusals(found)[2] == ("winmail-3", "file.winmail")
    assert container(mail(("winmail.dat", "application/ms-tnef", winmail())).as_bytes()).parts == ()


# XML


@pytest.mark.parametrize("prefix", ["", "sh"])
def test_an_envelope_gives_each_invoice_and_what_its_header_says(prefix: str) -> None:
    found = container(envelope(invoice("1", declaration=""), invoice("2", declaration=""), prefix=prefix), "peppol.xml")
    assert (found.kind, numbers(found)) == (ContainerKind.ENVELOPE, ["1", "2"])
    assert [part.name for part in found.parts] == ["peppol-1.xml", "peppol-2.xml"]
    origin = found.envelope
    assert origin is not None
    assert (origin.sender, origin.receiver) == ("0208:0465123710", "0208:0403227515")
    assert (origin.process_id, origin.document_type_id) == ("urn:process:01:1.0", "busdox::Invoice##2.1")
    assert (origin.message_id, origin.created_at) == ("7d5c-11", datetime(2026, 3, 2, 9, tzinfo=UTC))
    assert found.parts[1].envelope == origin


def test_an_invoice_in_an_envelope_is_cut_out_byte_for_byte_with_the_namespaces_it_needs() -> None:
    text = invoice("1", declaration="")
    found = container(envelope(text), "peppol.xml")
    assert found.parts[0].name == "peppol.xml"
    assert found.parts[0].data.partition(b"\n")[2].startswith(text[:9].encode())
    assert found.parts[0].data.endswith(text[9:].encode())
    outside = f'xmlns:cbc="{make.CBC}"'
    moved = envelope(text.replace(f" {outside}", "")).replace(
        b"<StandardBusinessDocument ", b"<StandardBusinessDocument %s " % outside.encode()
    )
    assert numbers(container(moved)) == ["1"]


def test_a_root_that_only_gathers_invoices_gives_each() -> None:
    inside = "".join(invoice(number, declaration="") for number in ("1", "2"))
    found = container(f"<Export><Sent>2026</Sent><Invoices>{inside}</Invoices></Export>".encode())
    assert (found.kind, numbers(found)) == (ContainerKind.BATCH, ["1", "2"])


def test_documents_of_other_kinds_that_a_root_gathers_are_not_left_out() -> None:
    order = f'<Order xmlns="{make.UBL}:Order-2"><ID>9</ID>{invoice("2", declaration="")}</Order>'
    found = container(f"<Batch>{invoice('1', declaration='')}{order}</Batch>".encode(), "b.xml")
    assert [part.name for part in found.parts] == ["b-1.xml", "b-2.xml"]
    with pytest.raises(UnreadableDocument) as caught:
        read(found.parts[1].data)
    assert caught.value.message.code == "file.other-ubl-document"
    with pytest.raises(UnreadableDocument) as caught:
        open_file(order.encode())
    assert caught.value.message.code == "file.other-ubl-document"


ENVELOPE_CONTENT = "http://peppol.eu/xsd/ticc/envelope/1.0"


def test_what_is_no_xml_is_unpacked_from_an_envelope() -> None:
    payloads = (
        f'<BinaryContent xmlns="{ENVELOPE_CONTENT}" mimeType="application/pdf">{base64_text(PDF)}</BinaryContent>',
        f'<TextContent xmlns="{ENVELOPE_CONTENT}" mimeType="text/plain">een brief</TextContent>',
        f'<BinaryContent xmlns="{ENVELOPE_CONTENT}">%%%</BinaryContent>',
    )
    found = container(envelope(*payloads), "p.xml")
    assert [part.name for part in found.parts] == ["p-1.pdf", "p-2.txt", "p-3"]
    assert [part.data for part in found.parts] == [PDF, b"een brief", b""]
    assert refusals(found)[2] == ("p-3", "file.damaged-attachment")


def attached(inside: str) -> bytes:
    return (
        f'<AttachedDocument xmlns="{make.UBL}:AttachedDocument-2" xmlns:cac="{make.CAC}" xmlns:cbc="{make.CBC}">'
        f"<cbc:ID>A</cbc:ID><cac:Attachment>{inside}</cac:Attachment></AttachedDocument>"
    ).encode()


def test_a_ubl_document_that_has_another_attached_gives_it_in_base64_or_as_text() -> None:
    packed = base64_text(invoice("7").encode())
    name = 'mimeCode="text/xml" filename="C:\\in\\7.xml"'
    binary = f"<cbc:EmbeddedDocumentBinaryObject {name}>{packed}</cbc:EmbeddedDocumentBinaryObject>"
    description = f"<cbc:Description><![CDATA[{invoice('8')}]]></cbc:Description>"
    text = f"<cac:ExternalReference>{description}</cac:ExternalReference>"
    for inside, number in ((binary, "7"), (binary.replace(packed, f"data:text/xml;base64,{packed}"), "7"), (text, "8")):
        found = container(attached(inside), "a.xml")
        assert (found.kind, numbers(found)) == (ContainerKind.ATTACHED_DOCUMENT, [number])
        assert found.parts[0].name == ("a.xml" if number == "8" else "7.xml")
    assert refusal(attached("")) == "file.nothing-inside"


@pytest.mark.parametrize(
    "uri", ["http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"]
)
def test_the_body_of_a_soap_message_is_opened_whatever_lies_around_the_document(uri: str) -> None:
    wrapped = f"<SendRequest>{invoice('1', declaration='')}</SendRequest>"
    peppol = envelope(invoice("2", declaration="")).decode().partition("\n")[2]
    for body, number in ((invoice("1", declaration=""), "1"), (wrapped, "1"), (peppol, "2")):
        message = f'<s:Envelope xmlns:s="{uri}"><s:Header/><s:Body>{body}</s:Body></s:Envelope>'
        found = container(message.encode())
        assert (found.kind, numbers(found)) == (ContainerKind.SOAP, [number])


def test_whole_documents_one_after_another_in_a_file_are_each_taken_for_itself() -> None:
    statement = make.camt(make.camt_entry("1.00"))
    plain = f"<?xml version='1.0'?>{statement}"
    for whole in (f"{plain}\r\n{plain}\x00\x1a", f"\ufeff{statement}\ufeff{statement}", f"{plain}{plain}"):
        found = container(whole.encode(), "camt.xml")
        assert (found.kind, [part.name for part in found.parts]) == (ContainerKind.SERIES, ["camt-1.xml", "camt-2.xml"])
        assert [len(read(part.data).statements) for part in found.parts] == [1, 1]
    latin = invoice("é", declaration="<?xml version='1.0' encoding='ISO-8859-1'?>")
    assert numbers(container((latin * 2).encode("latin-1"))) == ["é", "é"]
    assert refusal(f"{plain}\n{plain[:-40]}".encode()) == "file.incomplete"
    assert refusal(f"{plain} and a text".encode()) == "file.not-well-formed"


def test_a_document_type_is_refused_wherever_it_stands() -> None:
    doctype = '<!DOCTYPE a [<!ENTITY b "bbbb">]>'
    for data in (f"{doctype}<a>&b;</a>", f"{doctype}{envelope(invoice('1', declaration='')).decode()[39:]}"):
        assert refusal(data.encode()) == "file.has-dtd"
    inside = container(archive(("a.xml", f"{doctype}<Unknown>&b;</Unknown>".encode()), ("b.pdf", PDF)))
    assert refusals(inside) == [("a.xml", "file.has-dtd"), ("b.pdf", "")]


def test_an_envelope_that_was_kept_before_shows_its_first_invoice() -> None:
    found = read(envelope(invoice("1", declaration=""), invoice("2", declaration="")))
    assert found.kind is ContentKind.INVOICE
    assert found.invoice is not None
    assert found.invoice.number == "1"
    assert [warning.message.code for warning in found.warnings] == ["content.several-invoices"]


def test_the_reader_needs_no_module_for_a_container_that_it_has_not_loaded_before_it_was_confined() -> None:
    program = (
        "import sys\n"
        "from banqup_tui.formats import parsing\n"
        "parsing.load_all()\n"
        "files = [bytes.fromhex(line) for line in sys.stdin.read().split()]\n"
        "before = set(sys.modules)\n"
        "count = 0\n"
        "for data in files:\n"
        "    container, parts = parsing.opened(data)\n"
        "    count += len(list(parts))\n"
        "print(count, sorted(set(sys.modules) - before))\n"
    )
    outer = mail(("a.xml", "text/xml", invoice("1").encode()), html="<p>x</p>")
    outer.add_attachment(mail(("b.pdf", "application/pdf", PDF)))
    packed = archive(("a.eml", outer.as_bytes()), ("b.xml", envelope(invoice("1", declaration=""))), compression=14)
    files = [packed, gzip.compress(packed), archive(("c.txt", b"x"), compression=12)]
    lines = "\n".join(data.hex() for data in files)
    done = subprocess.run([sys.executable, "-c", program], input=lines, capture_output=True, text=True, check=True)
    assert done.stdout == "7 []\n"
