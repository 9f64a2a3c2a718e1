"""Makes a bank file of some of the statements of a bank file, with the bytes that it has for them.

What the standard calls a statement is what is cut at: in CODA a logical file from its header (0) to its trailer (9), in
CAMT a `Stmt`, `Rpt` or `Ntfctn`, in MT940 a message from its `:20:` on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from banqup_tui.domain.errors import UnreadableDocument
from banqup_tui.domain.statement import Statement
from banqup_tui.formats import camt, coda, mt940, xml
from banqup_tui.formats.containers.xml_elements import Element, cut_out, in_utf8
from banqup_tui.formats.detect import read_content
from banqup_tui.formats.refusals import refuse
from banqup_tui.formats.text_encoding import decoded_pieces, undeclared_encoding


def subset(data: bytes, indices: Sequence[int]) -> bytes:
    """Returns a file of the statements at these positions of `Content.statements`, in the order of the file.

    It is read before it is returned, so it has these statements and no others. Raises `UnreadableDocument`.
    """
    chosen = sorted(set(indices))
    statements = read_content(data).statements
    if not chosen or chosen[0] < 0 or chosen[-1] >= len(statements):
        raise refuse("file.not-separable")
    if len(chosen) == len(statements):
        return data
    made = _made(data, set(chosen), statements[0].syntax)
    try:
        found = read_content(made).statements
    except UnreadableDocument as error:
        raise refuse("file.not-separable") from error
    if list(map(_identity, found)) != [_identity(statements[index]) for index in chosen]:
        raise refuse("file.not-separable")
    return made


def _identity(statement: Statement) -> tuple[object, ...]:
    """Returns what tells a statement; its warnings may change, where they speak of the file."""
    balances = (statement.opening_balance, statement.closing_balance)
    return (statement.account, statement.currency, statement.number, *balances, statement.movements)


def _made(data: bytes, chosen: Collection[int], syntax: str) -> bytes:
    if syntax.startswith("CAMT"):
        return _camt(data, chosen)
    if b"\x00" in data[:200]:
        data = "".join(decoded_pieces(data, undeclared_encoding(data))).encode()
    return _coda(data, chosen) if syntax == "CODA" else _mt940(data, chosen)


def _camt(data: bytes, chosen: Collection[int]) -> bytes:
    def is_statement(element: Element) -> bool:
        around = element.around
        return len(around) == 2 and camt.MESSAGES.get(around[1][1], ("",))[0] == element.name

    utf8 = xml.utf8_of(data)
    pieces, start = [], 0
    for index, cut in enumerate(cut_out(utf8, is_statement)):
        if index not in chosen:
            pieces.append(utf8[start : cut.start].rstrip())
            start = cut.end
    return in_utf8(b"".join((*pieces, utf8[start:])))


def _coda(data: bytes, chosen: Collection[int]) -> bytes:
    """Returns the header, the chosen statements and the trailer of each logical file that has any of them."""
    pieces: list[bytes] = []
    index = -1
    for lines in _logical_files(_coda_lines(data)):
        header = [line for line in lines[: _first(lines, b"1")] if not line.startswith(b"9")]
        written: list[bytes] = []
        is_in_statement = is_chosen = False
        for line in lines:
            if line.startswith(b"1"):
                index += 1
                is_in_statement, is_chosen = True, index in chosen
            elif line.startswith(b"9"):
                is_in_statement, is_chosen = False, bool(written)
            if is_chosen and (is_in_statement or written):
                written.append(line)
        pieces += [*header, *written] if written else []
    return b"".join(pieces)


def _first(lines: list[bytes], kind: bytes) -> int:
    return next((number for number, line in enumerate(lines) if line.startswith(kind)), len(lines))


def _coda_lines(data: bytes) -> list[bytes]:
    """Returns the lines with their ends; the records of a file that has no line ends."""
    lines = data.removeprefix(b"\xef\xbb\xbf").splitlines(keepends=True)
    if len(lines) != 1 or len(data) <= coda.WIDTH:
        return lines
    if len(data) % coda.WIDTH == 0:
        return [data[start : start + coda.WIDTH] for start in range(0, len(data), coda.WIDTH)]
    text = data.decode("utf-8", "surrogateescape")
    records = (text[start : start + coda.WIDTH] for start in range(0, len(text), coda.WIDTH))
    return [record.encode("utf-8", "surrogateescape") for record in records]


def _logical_files(lines: list[bytes]) -> list[list[bytes]]:
    files: list[list[bytes]] = []
    for line in lines:
        if line.startswith(b"0") or not files:
            files.append([])
        files[-1].append(line)
    return files


def _mt940(data: bytes, chosen: Collection[int]) -> bytes:
    lines = data.lstrip(b"\xef\xbb\xbf\r\n\x00\x1a").splitlines(keepends=True)
    starts = mt940.statement_lines(data)
    bounds = [0, *(_before(lines, line - 1) for line in starts[1:]), len(lines)]
    return b"".join(b"".join(lines[bounds[index] : bounds[index + 1]]) for index in sorted(chosen))


def _before(lines: list[bytes], start: int) -> int:
    """Returns where what belongs to a message begins: behind the end of the one before it, a line of `-`.

    Where messages have no such end, only the header of SWIFT, in braces, is taken from the lines before.
    """
    for index in range(start - 1, max(start - 10, 0), -1):
        line = lines[index].strip()
        if line == b"-" or line.startswith(b"-}"):
            return index + 1
        if line.startswith(b":"):
            break
    while start > 0 and lines[start - 1].startswith(b"{"):
        start -= 1
    return start
