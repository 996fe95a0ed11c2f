"""One run on a cluster: read, group, judge, write."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from guiju import engines
from guiju.cluster import work
from guiju.cluster.rows import rows
from guiju.groups import groups, packed
from guiju.intake import MAX_PROBLEMS, BadInput, Problem, Text

BUCKET = 20_000
"""Statements that are judged at once, so that an executor's start is not paid for every small group."""
_TASKS = 4
"""Tasks for each core: a late one does not hold up the whole, and one that is lost costs little."""


@dataclass(frozen=True)
class Done:
    """What a run came to: verdicts by (outcome, severity), and the parts that the input falls into."""

    verdicts: dict[tuple[str, str], int]
    units: int
    groups: int
    buckets: int
    refused: list[str]
    """What kept a group from being judged: the first problems, each with its place and cure."""


def session() -> SparkSession:
    """The session that ``spark-submit`` or the environment describes; else Spark on this machine, all cores."""
    # Workers on this machine run the Python that runs us; elsewhere whoever runs the cluster sets it.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder: SparkSession.Builder = SparkSession.builder
    return builder.appName("guiju").getOrCreate()


def judge(
    spark: SparkSession,
    paths: Iterable[str],
    out: str,
    *,
    as_of: date | None = None,
    documents: Sequence[str] = (),
    reference: Sequence[work.Sent] = (),
    engine: str = engines.DEFAULT,
    input_format: str | None = None,
    bucket: int = BUCKET,
) -> Done:
    """Judge all that stands under ``paths`` and write the verdicts to the folder ``out``, which must not be there.

    ``paths`` are as :func:`guiju.cluster.rows.rows` takes them, ``reference`` is (name, bytes, format) of facts that
    every group needs and none connects, ``bucket`` the statements judged at once. The folder has a part for each
    outcome; ``outcome=refused`` has the problems of groups that could not be judged. Raises BadInput, and writes
    nothing, where an input cannot be read at all: whom it speaks of is then not known.
    """
    known, day = work.described(reference)
    found = rows(spark, paths, known, work.words(), input_format).persist()
    try:
        _readable(found)
        sizes, days = {}, [day] if day else []
        for row in found.groupBy("unit").agg(F.sum("size").alias("size"), F.max("day").alias("day")).toLocalIterator():
            sizes[row["unit"]] = row["size"]
            days += [row["day"]] if row["day"] else []
        if not sizes:
            raise BadInput([Problem("输入 input", Text("没有输入。", "There is no input."), _CHECK)])
        parts = groups(sizes, _shared(found))
        places = packed(parts, sizes, bucket)
        buckets = 1 + max(number for number, _ in places.values())
        options = work.Options(
            # The law of one day for all, as when they are judged at once.
            as_of or (date.fromisoformat(max(days)) if days else None),
            tuple(documents),
            engine,
            tuple(reference),
            known,
        )
        table = pa.table(
            {
                "unit": list(places),
                "bucket": [number for number, _ in places.values()],
                "group": [number for _, number in places.values()],
            }
        )
        tasks = min(buckets, _TASKS * spark.sparkContext.defaultParallelism)
        verdicts = (
            found.join(F.broadcast(spark.createDataFrame(table)), "unit")
            .select("bucket", "group", "unit", "source", "content", "form")
            .repartition(tasks, "bucket")
            .sortWithinPartitions("bucket")
            .mapInArrow(partial(work.judged, options), work.ROWS)
            .unionAll(spark.createDataFrame(work.on_reference(options), work.ROWS))
        )
        verdicts.write.partitionBy("outcome").parquet(out)
        return _done(spark, out, len(sizes), len(parts), buckets)
    finally:
        found.unpersist()


def _readable(found: DataFrame) -> None:
    wrong = found.where(F.size("problems") > 0).select(F.explode("problems").alias("problem"))
    rows = [row["problem"] for row in wrong.sort("problem").limit(MAX_PROBLEMS + 1).collect()]
    if rows:
        problems = [Problem(where, Text(zh, en), Text(do, do_en)) for where, zh, en, do, do_en in rows[:MAX_PROBLEMS]]
        raise BadInput(problems, complete=len(rows) <= MAX_PROBLEMS)


def _shared(found: DataFrame) -> Iterable[list[str]]:
    """The units that speak of one thing, for each thing of which several speak: few, where files are submissions."""
    speak = found.select("unit", F.explode("nodes").alias("node"))
    together = speak.groupBy("node").agg(F.collect_set("unit").alias("units")).where(F.size("units") > 1)
    return (row["units"] for row in together.select("units").distinct().toLocalIterator())


def _done(spark: SparkSession, out: str, units: int, parts: int, buckets: int) -> Done:
    written = spark.read.schema(work.ROWS).parquet(out)
    counted = written.groupBy("outcome", "severity").count().collect()
    wrong = (
        written.where(F.col("outcome") == work.REFUSED).select("subject", "facts", "remedy").sort("subject", "facts")
    )
    refused = [
        Problem(row["subject"], *(Text(part[0]["zh"], part[0]["en"]) for part in (row["facts"], row["remedy"])))
        for row in wrong.limit(MAX_PROBLEMS).collect()
    ]
    return Done(
        {(row["outcome"], row["severity"]): row["count"] for row in counted if row["outcome"] != work.REFUSED},
        units,
        parts,
        buckets,
        list(map(str, refused)),
    )


_CHECK = Text("请核对路径。", "Check the path.")
