"""Runs a reader process: `python -m banqup_tui.formats.process PARENT`. It answers on standard input, a socket."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys

from banqup_tui.domain.errors import UnreadableDocument
from banqup_tui.formats import parsing
from banqup_tui.formats.process import confinement
from banqup_tui.formats.process.messages import (
    ANSWER_HEAD,
    MOST_ANSWERED,
    REQUEST_HEAD,
    AttachmentBytes,
    ContainerEnd,
    EmbeddedInvoice,
    MediaType,
    NameMediaType,
    NameRoot,
    OpenFile,
    PartFollows,
    PlainRequest,
    ReadContent,
    ReaderAnswer,
    ReadRequest,
    Refusal,
    Result,
    RootName,
    StatementFile,
    TakeAttachment,
    TakeEmbeddedInvoice,
    TakePdfText,
    TakeStatements,
    TextOfPdf,
    encoder,
    requests,
)
from banqup_tui.formats.refusals import refuse

IDLE_SECONDS = 300
MOST_DOCUMENTS = 5_000
_MUCH_MEMORY = 128 * 2**20
_TO_COLLECT = 16 * 2**20


def main() -> None:
    confinement.end_with(int(sys.argv[1]))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # only the parent ends this process
    parsing.load_all()
    confinement.confine()
    # What is loaded now is never collected; the rest is collected between documents (see `_serve`), not during them.
    gc.freeze()
    gc.disable()
    with socket.socket(fileno=0) as parent:
        _send(parent, b"")
        _serve(parent)


def _serve(parent: socket.socket) -> None:
    """Answers requests one at a time. It ends after one that needed much memory, or after many, for a fresh process."""
    at_start = confinement.peak_memory()
    since_collected = 0
    for count in range(1, MOST_DOCUMENTS + 1):
        signal.alarm(IDLE_SECONDS)  # its default action ends a process that is idle for so long
        length, size = REQUEST_HEAD.unpack(_receive(parent, REQUEST_HEAD.size))
        signal.alarm(0)
        confinement.allow_seconds()
        try:
            result = _result_or_refusal(parent, _receive(parent, length), _receive(parent, size))
            is_last = count == MOST_DOCUMENTS or confinement.peak_memory() - at_start > _MUCH_MEMORY
            answer = _encoded(result, is_last)
        except MemoryError:
            refusal = refuse("file.reader-out-of-memory", limit=confinement.MOST_MEMORY // 2**20)
            is_last, answer = True, _encoded(Refusal(refusal.message), True)
        _send(parent, answer)
        if is_last:
            return
        since_collected += size
        if since_collected > _TO_COLLECT:
            since_collected = 0
            gc.collect()


def _result_or_refusal(parent: socket.socket, encoded_request: bytes, data: bytes) -> Result:
    try:
        request = requests.decode(encoded_request)
        return _opened(parent, request, data) if isinstance(request, OpenFile) else _result(request, data)
    except UnreadableDocument as error:
        return Refusal(error.message)


def _opened(parent: socket.socket, request: OpenFile, data: bytes) -> Result:
    """Returns the content of a document, or sends the parts of a container and returns its end."""
    opened = parsing.opened(data, request.file_name)
    if opened is None:
        return ReadContent(parsing.parsed(data, request.file_name))
    container, parts = opened
    count = 0
    for part in parts:
        origin = (part.refusal, part.mail, part.envelope)
        _send(parent, _encoded(PartFollows(part.name, part.path, part.position, len(part.data), *origin), False))
        _send_all(parent, part.data)
        count += 1
    return ContainerEnd(container.kind, count, container.mail, container.envelope)


def _result(request: PlainRequest, data: bytes) -> Result:
    match request:
        case ReadRequest():
            return ReadContent(parsing.parsed(data, request.file_name))
        case TakeAttachment():
            return AttachmentBytes(parsing.attachment_bytes(data, request.index))
        case TakeStatements():
            return StatementFile(parsing.bank_subset(data, request.indices))
        case TakeEmbeddedInvoice():
            content = parsing.embedded_invoice_xml(data)
            return EmbeddedInvoice(*content) if content else EmbeddedInvoice()
        case TakePdfText():
            return TextOfPdf(parsing.pdf_text(data))
        case NameRoot():
            return RootName(*parsing.root_name(data))
        case NameMediaType():
            return MediaType(parsing.media_type(data))


def _encoded(result: Result, is_last: bool) -> bytes:
    encoded = encoder.encode(ReaderAnswer(result, confinement.cpu_seconds(), is_last))
    if len(encoded) > MOST_ANSWERED:
        refusal = refuse("file.too-much-content", limit=MOST_ANSWERED // 2**20)
        return encoder.encode(ReaderAnswer(Refusal(refusal.message), confinement.cpu_seconds(), is_last))
    return encoded


def _receive(parent: socket.socket, size: int) -> bytes:
    parts = []
    while size > 0:
        part = parent.recv(size, socket.MSG_WAITALL)
        if not part:
            os._exit(0)  # the parent is gone, or closes the pool
        parts.append(part)
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _send(parent: socket.socket, encoded: bytes) -> None:
    _send_all(parent, ANSWER_HEAD.pack(len(encoded)) + encoded)


def _send_all(parent: socket.socket, data: bytes) -> None:
    try:
        parent.sendall(data)
    except OSError:
        os._exit(0)


if __name__ == "__main__":
    main()
