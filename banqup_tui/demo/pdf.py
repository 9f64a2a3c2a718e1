"""Writes small PDF files of text lines (ISO 32000-1), enough for a receipt, a letter or the picture of an invoice."""

from collections.abc import Sequence

A4 = (595, 842)
RECEIPT = (226, 420)


def text_pdf(lines: Sequence[str], size: tuple[int, int] = A4, title: str = "") -> bytes:
    """Returns a PDF of lines in Helvetica, the first in bold. What windows-1252 lacks becomes `?`."""
    width, height = size
    small = width < 300
    per_page = max(1, (height - 80) // (12 if small else 15))
    pages = [lines[start : start + per_page] for start in range(0, len(lines), per_page)] or [[]]
    objects: list[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>"
        % (b" ".join(b"%d 0 R" % (6 + 2 * at) for at in range(len(pages))), len(pages)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
        b"<< /Title (%s) /Producer (banqup demo) >>" % _escaped(title),
    ]
    for at, page in enumerate(pages):
        content = _content(page, height, small=small, first=at == 0)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>" % (width, height, 7 + 2 * at)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    return _file(objects)


def _content(lines: Sequence[str], height: int, *, small: bool, first: bool) -> bytes:
    size, leading, left = (8, 12, 18) if small else (10, 15, 56)
    parts = [b"BT %d TL %d %d Td" % (leading, left, height - 40)]
    for at, line in enumerate(lines):
        font = b"/F2 %d Tf" % (size + 2) if first and at == 0 else b"/F1 %d Tf" % size
        parts.append(b"%s (%s) Tj T*" % (font, _escaped(line)))
    parts.append(b"ET")
    return b"\n".join(parts)


def _escaped(text: str) -> bytes:
    raw = text.encode("cp1252", "replace")
    return raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _file(objects: Sequence[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)
