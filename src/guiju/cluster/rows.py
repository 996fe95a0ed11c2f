"""What was handed in, as rows of units: the smallest parts of the input that are never divided.

A unit is a file; or, in N-Quads and in Parquet, a named graph, and what stands in no graph by its subject.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import PurePath
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyoxigraph as ox
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from guiju import intake
from guiju.groups import things
from guiju.intake import BadInput, Problem, Text
from guiju.intake.source import NAMES
from guiju.verdicts import stated_day

ROWS = (
    "unit string, source string, content binary, form string, size long, day string, nodes array<string>, "
    "problems array<array<string>>"
)
"""A unit or a line of one: where it came from, what it says, its statements, its latest day, what it speaks of, and
why it cannot be read."""
_SCHEMA = pa.schema(
    [
        ("unit", pa.string()),
        ("source", pa.string()),
        ("content", pa.binary()),
        ("form", pa.string()),
        ("size", pa.int64()),
        ("day", pa.string()),
        ("nodes", pa.list_(pa.string())),
        ("problems", pa.list_(pa.list_(pa.string()))),
    ]
)
_LINES = frozenset({"nquads", "ntriples"})
_PACKED = frozenset({".gz", ".bz2", ".zst"})

Row = dict[str, object]


def rows(
    spark: SparkSession,
    paths: Iterable[str],
    known: frozenset[str],
    words: frozenset[str],
    input_format: str | None,
) -> DataFrame:
    """The rows of every path: a folder of files, a file, N-Quads or N-Triples by lines, or Parquet of quads.

    ``known`` are the things that reference data describes: to speak of one of them connects nobody; ``words`` are as
    :func:`guiju.groups.things` takes them. A Parquet of quads
    has the columns subject, predicate, object and, where there is one, graph, each as N-Triples writes it.
    """
    found = spark.createDataFrame([], ROWS)
    for path in paths:
        name = PurePath(path.rstrip("/"))
        ending = PurePath(name.stem).suffix if name.suffix in _PACKED else name.suffix
        form = input_format or NAMES.get(ending.lstrip(".").lower())
        if ending == ".parquet":
            read, taken = _quads(spark.read.parquet(path)), partial(_of_lines, known, words)
        elif form in _LINES and ending:
            lines = spark.read.text(path).withColumn("source", F.input_file_name())
            read, taken = lines.select("source", "value"), partial(_of_lines, known, words)
        else:
            files = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(path)
            read, taken = files.select("path", "content"), partial(_of_files, known, words, input_format)
        found = found.unionAll(read.mapInArrow(taken, ROWS))
    return found


def _quads(table: DataFrame) -> DataFrame:
    terms = [F.col(name) for name in ("subject", "predicate", "object", "graph") if name in table.columns]
    return table.select(F.input_file_name().alias("source"), F.concat_ws(" ", *terms, F.lit(".")).alias("value"))


def _of_files(
    known: frozenset[str], words: frozenset[str], input_format: str | None, batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """A row for each file."""

    def row(path: str, content: bytes) -> Row:
        name = _named(path)
        try:
            triples = intake.read([(name, content, input_format)]).triples
        except BadInput as wrong:
            return _row(name, name, b"", "", 0, "", (), wrong.problems)
        nodes = {node for triple in triples for node in _nodes(triple, name, known, words)}
        return _row(name, name, content, input_format or "", len(triples), max(map(stated_day, triples)), nodes)

    return _written(batches, row)


def _of_lines(
    known: frozenset[str], words: frozenset[str], batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """A row for each statement, which stands on a line of its own."""

    def row(path: str, line: str) -> Row | None:
        source, content = _named(path), f"{line}\n".encode()
        try:
            found = next(iter(ox.parse(content, format=ox.RdfFormat.N_QUADS)), None)
        except SyntaxError as error:
            said = Text(f"语法错误：{error.msg}。", f"Syntax error: {error.msg}.")
            do = Text(f"请改正此行：{line[:300]}", f"Correct this line: {line[:300]}")
            return _row(source, source, b"", "", 0, "", (), [Problem(source, said, do)])
        if found is None:
            return None
        graph, subject = found.graph_name, found.subject
        unit = _node(subject if isinstance(graph, ox.DefaultGraph) else graph, source)
        return _row(
            unit, source, content, "nquads", 1, stated_day(found.triple), _nodes(found.triple, source, known, words)
        )

    return _written(batches, row)


def _written(batches: Iterable[pa.RecordBatch], row: Callable[..., Row | None]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        made = (row(path, content) for path, content in zip(*(each.to_pylist() for each in batch.columns), strict=True))
        yield pa.RecordBatch.from_pylist([each for each in made if each is not None], schema=_SCHEMA)


def _row(
    unit: str,
    source: str,
    content: bytes,
    form: str,
    size: int,
    day: str,
    nodes: Iterable[str],
    problems: Iterable[Problem] = (),
) -> Row:
    return {
        "unit": unit,
        "source": source,
        "content": content,
        "form": form,
        "size": size,
        "day": day or None,
        "nodes": sorted(nodes),
        "problems": [[each.where, *each.what, *each.do] for each in problems],
    }


def _nodes(triple: ox.Triple, source: str, known: frozenset[str], words: frozenset[str]) -> set[str]:
    """Names of what a statement ties together."""
    return {_node(thing, source) for thing in things(triple, words, known)}


def _node(term: object, source: str) -> str:
    """A name for a node: its IRI, or its label with the file in which alone that label means it."""
    return term.value if isinstance(term, ox.NamedNode) else f"{term} {source}"


def _named(path: str) -> str:
    """A path as a person writes it, where it is one of this machine."""
    parts = urlsplit(path)
    return unquote(parts.path) if parts.scheme in {"", "file"} else path
