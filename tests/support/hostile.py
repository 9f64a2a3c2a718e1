"""Small files that cost a reader without limits gigabytes or hours."""

from __future__ import annotations

import zlib


def pdf_with_file(filters: bytes, packed: bytes, names: int = 1) -> bytes:
    """A PDF with one embedded file under so many names."""
    listed = b" ".join(b"(f%d.xml) %d 0 R" % (index, 5 + index) for index in range(names))
    stream = b"<< /Type /EmbeddedFile /Filter %s /Length %d >>\nstream\n%s\nendstream" % (filters, len(packed), packed)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Names [%s] >> >> >>" % listed,
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 10 10] >>",
        stream,
        *(b"<< /Type /Filespec /F (f%d.xml) /EF << /F 4 0 R >> >>" % index for index in range(names)),
    ]
    written, places = b"%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    count = len(objects) + 1
    table = b"xref\n0 %d\n0000000000 65535 f \n" % count + b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, len(written))
    return written + table + end


def pdf_bomb() -> bytes:
    """Less than 20 kB; 4 GB once its streams are unpacked. The same bytes each time."""
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)  # the first one has a header of its own
    inner = b"\x78\xda" + block * 4096 + b"\x03\x00" + bytes(4)
    return pdf_with_file(b"[/FlateDecode /FlateDecode]", zlib.compress(inner, 9))


def punycode_xml(size: int = 160_000) -> bytes:
    """Python's decoder of this encoding takes time in the square of the length."""
    half = size // 2
    return b'<?xml version="1.0" encoding="punycode"?><a>' + b"A" * half + b"</a>-" + b"a" * half
