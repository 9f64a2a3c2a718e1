"""Files that hold other files, written for these tests."""

from __future__ import annotations

import base64
import io
import zipfile
from email.message import EmailMessage

from tests.formats import format_documents as make

SBDH = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\nstartxref\n0\n%%EOF\n"


def invoice(number: str, *, declaration: str = '<?xml version="1.0" encoding="UTF-8"?>') -> str:
    return make.ubl(declaration=declaration).replace("2026/17", number)


def archive(*files: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, data in files:
            file.writestr(zipfile.ZipInfo(name), data, compression)
    return buffer.getvalue()


def envelope(*payloads: str, prefix: str = "") -> bytes:
    name = f"{prefix}:" if prefix else ""
    own = f"xmlns:{prefix}" if prefix else "xmlns"
    header = (
        f"<{name}StandardBusinessDocumentHeader><{name}HeaderVersion>1.0</{name}HeaderVersion>"
        f'<{name}Sender><{name}Identifier Authority="iso6523-actorid-upis">0208:0465123710</{name}Identifier>'
        f'</{name}Sender><{name}Receiver><{name}Identifier Authority="iso6523-actorid-upis">0208:0403227515'
        f"</{name}Identifier></{name}Receiver><{name}DocumentIdentification>"
        f"<{name}Standard>urn:oasis:names:specification:ubl:schema:xsd:Invoice-2</{name}Standard>"
        f"<{name}InstanceIdentifier>7d5c-11</{name}InstanceIdentifier><{name}Type>Invoice</{name}Type>"
        f"<{name}CreationDateAndTime>2026-03-02T10:00:00+01:00</{name}CreationDateAndTime>"
        f"</{name}DocumentIdentification><{name}BusinessScope>"
        f"<{name}Scope><{name}Type>DOCUMENTID</{name}Type>"
        f"<{name}InstanceIdentifier>busdox::Invoice##2.1</{name}InstanceIdentifier></{name}Scope>"
        f"<{name}Scope><{name}Type>PROCESSID</{name}Type>"
        f"<{name}InstanceIdentifier>urn:process:01:1.0</{name}InstanceIdentifier></{name}Scope>"
        f"</{name}BusinessScope></{name}StandardBusinessDocumentHeader>"
    )
    body = (
        f"<{name}StandardBusinessDocument {own}='{SBDH}'>{header}{''.join(payloads)}</{name}StandardBusinessDocument>"
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode()


def base64_text(data: bytes) -> str:
    return base64.encodebytes(data).decode()


def mail(*attachments: tuple[str, str, bytes], html: str = "", subject: str = "Factuur é") -> EmailMessage:
    """A mail with attachments of name, media type and bytes."""
    message = EmailMessage()
    message["From"] = "Bakkerij De Korst <facturen@korst.example>"
    message["To"] = "in+zonnehof@firm.example"
    message["Cc"] = "Els <els@firm.example>"
    message["Delivered-To"] = "inbox@firm.example"
    message["Subject"] = subject
    message["Message-ID"] = "<7@korst.example>"
    message["Date"] = "Mon, 02 Mar 2026 10:00:00 +0100"
    message.set_content("In bijlage onze factuur.")
    if html:
        message.add_alternative(html, subtype="html")
    for name, media_type, data in attachments:
        maintype, subtype = media_type.split("/")
        message.add_attachment(data, maintype=maintype, subtype=subtype, filename=name or None)
    return message
