"""The process that runs strangers' queries: it holds the data, and nothing else.

Started by :mod:`guiju.service.pool` as a script, with the bytes of memory that it may use. The first frame on
its standard input is the data as N-Quads; each further one a query. It opens no file and no socket once
the data is in: the kernel gives it no further descriptor. It needs the standard library and pyoxigraph only.

A frame is a JSON header and a body, each after its length as four bytes.
"""

from __future__ import annotations

import io
import json
import resource
import signal
import struct
import sys
from typing import Any, BinaryIO
from xml.etree import ElementTree

import pyoxigraph as ox

_LENGTHS = struct.Struct(">II")
_TABLES = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}
_GRAPHS = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
}


def main() -> None:
    """Read the data, say so, and answer queries until the input ends."""
    memory = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    _, data = read(source)
    store = ox.Store()
    store.extend(ox.parse(data, format=ox.RdfFormat.N_QUADS))
    del data
    store.optimize()
    # The three standard descriptors are open; the kernel gives no fourth.
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
    # The parent kills at the deadline; should the parent be gone, the alarm does, in whatever code it finds us.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    write(sink, {"ready": len(store)})
    while True:
        try:
            job, query = read(source)
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_REAL, job["deadline"] + 1)
        header, body = answer(store, query.decode(), job)
        signal.setitimer(signal.ITIMER_REAL, 0)
        write(sink, header, body)


def answer(store: ox.Store, query: str, job: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The answer to one query in the format ``job["format"]``, whole, or an error that says why there is none."""
    sink = _Sink(job["bytes"])
    try:
        found = store.query(query, base_iri=job["base"])
        if isinstance(found, ox.QueryTriples):
            ox.serialize(found, sink, format=_GRAPHS[job["format"]], prefixes=job["prefixes"])
        else:
            found.serialize(sink, format=_TABLES[job["format"]])
        body = sink.getvalue()
        if job["format"] == "rdfxml":
            ElementTree.fromstring(body)
    except SyntaxError as error:
        if isinstance(error, ElementTree.ParseError):
            return {"error": "not-as-rdf-xml", "message": str(error)}, b""
        return {"error": "syntax", "message": str(error)}, b""
    except _TooLarge:
        return {"error": "answer-too-large", "message": f"{job['bytes']} bytes"}, b""
    except MemoryError:
        return {"error": "out-of-memory", "message": ""}, b""
    except (OSError, ValueError, RuntimeError) as error:
        return {"error": "evaluation", "message": str(error)}, b""
    return {}, body


class _TooLarge(Exception):
    """The answer has more bytes than it may have."""


class _Sink(io.BytesIO):
    """Takes bytes up to a number, so that an answer is given whole or not at all."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > self.most:
            raise _TooLarge
        return super().write(data)


def frame(header: dict[str, Any], body: bytes = b"") -> bytes:
    """A header and a body as one frame."""
    text = json.dumps(header).encode()
    return _LENGTHS.pack(len(text), len(body)) + text + body


def read(source: BinaryIO) -> tuple[dict[str, Any], bytes]:
    """The next frame; EOFError where the input has ended."""
    lengths = _exactly(source, _LENGTHS.size)
    header, body = _LENGTHS.unpack(lengths)
    return json.loads(_exactly(source, header)), _exactly(source, body)


def write(sink: BinaryIO, header: dict[str, Any], body: bytes = b"") -> None:
    """Send a frame at once."""
    sink.write(frame(header, body))
    sink.flush()


def _exactly(source: BinaryIO, length: int) -> bytes:
    data = source.read(length)
    if len(data) < length:
        raise EOFError
    return data


if __name__ == "__main__":
    main()
