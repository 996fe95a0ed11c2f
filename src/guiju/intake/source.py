"""Where bytes come from, and in which format they are."""

from __future__ import annotations

import hashlib
import sys
from codecs import BOM_UTF8
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath
from typing import BinaryIO

import pyoxigraph as ox

from guiju.intake.model import Limits, Problems, Text

Source = Path | str | tuple[str, bytes, str | None]
"""A path, ``-`` for standard input, or (name, bytes, media type or format)."""

_PIECE = 1 << 24
"""Bytes that are read at once."""

FORMATS: dict[str, ox.RdfFormat] = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "nquads": ox.RdfFormat.N_QUADS,
    "trig": ox.RdfFormat.TRIG,
    "jsonld": ox.RdfFormat.JSON_LD,
    "rdfxml": ox.RdfFormat.RDF_XML,
}
"""The formats that are read, under the names that ``--input-format`` takes."""

NAMES = {name: name for name in FORMATS} | {
    "ttl": "turtle",
    "nt": "ntriples",
    "n-triples": "ntriples",
    "nq": "nquads",
    "n-quads": "nquads",
    "json": "jsonld",
    "json-ld": "jsonld",
    "rdf": "rdfxml",
    "owl": "rdfxml",
    "xml": "rdfxml",
    "rdf/xml": "rdfxml",
    "text/turtle": "turtle",
    "application/n-triples": "ntriples",
    "application/n-quads": "nquads",
    "application/trig": "trig",
    "application/ld+json": "jsonld",
    "application/json": "jsonld",
    "application/rdf+xml": "rdfxml",
    "application/xml": "rdfxml",
    "text/xml": "rdfxml",
}
"""The formats by all that they are called: their names, media types and the endings of files."""


@dataclass(frozen=True)
class Taken:
    """An input as it was received: UTF-8, without a byte order mark."""

    name: str
    data: bytes
    format: str
    sha256: str

    @property
    def text(self) -> str:
        return self.data.decode("utf-8")


def take(source: Source, input_format: str | None, limits: Limits, problems: Problems) -> Taken | None:
    """Read one source whole. None, with a problem noted, where it cannot be read or is no text."""
    stated: str | None = None
    if isinstance(source, tuple):
        name, sent, stated = source
        receive = _sent(sent)
    elif str(source) == "-":
        name, receive = "stdin", partial(_some, sys.stdin.buffer)
    else:
        name, receive = str(source), _reader(Path(source))
    format_ = _format(name, stated, input_format, problems)
    if format_ is None:
        return None
    try:
        data = receive(limits.bytes + 1)
    except OSError as error:
        problems.add(
            name,
            Text(f"读不到：{error.strerror}。", f"It cannot be read: {error.strerror}."),
            Text("请核对路径和权限。", "Check the path and the permissions."),
        )
        return None
    if len(data) > limits.bytes:
        problems.add(
            name,
            Text(f"超过 {limits.bytes} 字节。", f"It is larger than {limits.bytes} bytes."),
            Text("请分成几次提交。", "Send it in parts."),
        )
        return None
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.add(
            name,
            Text(f"第 {error.start} 字节处不是 UTF-8。", f"Byte {error.start} is not UTF-8."),
            Text("请另存为 UTF-8。", "Save it as UTF-8."),
        )
        return None
    if b"\0" in data:
        problems.add(
            name,
            Text("含有空字符，不是文本文件。", "It holds a NUL character, so it is no text file."),
            Text("请核对文件。", "Check that it is the right file."),
        )
        return None
    return Taken(name, data.removeprefix(BOM_UTF8), format_, hashlib.sha256(data).hexdigest())


def _sent(data: bytes) -> Callable[[int], bytes]:
    return lambda size: data[:size]


def _reader(path: Path) -> Callable[[int], bytes]:
    def receive(size: int) -> bytes:
        with path.open("rb") as stream:
            return _some(stream, size)

    return receive


def _some(stream: BinaryIO, size: int) -> bytes:
    """At most so many bytes of a stream; memory is taken for those that there are, not for those asked for."""
    found = []
    while size and (piece := stream.read(min(size, _PIECE))):
        found.append(piece)
        size -= len(piece)
    return b"".join(found)


def _format(name: str, stated: str | None, asked: str | None, problems: Problems) -> str | None:
    """The format asked for, else the one stated, else the one that the name's ending means."""
    for written in (asked, stated):
        if written:
            found = NAMES.get(written.split(";")[0].strip().lower())
            if found:
                return found
            problems.add(
                name,
                Text(f"不认识格式 {written!r}。", f"The format {written!r} is not known."),
                Text(f"可用：{'、'.join(FORMATS)}。", f"Use one of {', '.join(FORMATS)}."),
            )
            return None
    found = NAMES.get(PurePath(name).suffix.lower().lstrip(".")) if name != "stdin" else None
    if found is None:
        problems.add(
            name,
            Text("看不出格式。", "Its format cannot be told."),
            Text(
                f"请用 --input-format 写明（{'、'.join(FORMATS)}），或用 .ttl .nt .nq .trig .jsonld .rdf 为扩展名。",
                f"State it with --input-format ({', '.join(FORMATS)}), or end the name in "
                ".ttl, .nt, .nq, .trig, .jsonld or .rdf.",
            ),
        )
    return found
