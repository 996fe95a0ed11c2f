"""Large data on one machine: judged in batches of whole groups, so that what is held at once is bounded.

What is read is held as columns, some hundred bytes a fact; what follows from it, results, verdicts and explanations
are many times that, and are held for one batch at a time. The verdicts are those of judging everything at once: no
group is divided (:mod:`guiju.groups`), and all are judged by the law of one day. Several processes share what was
read, and each judges the next batch that is left.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

from guiju import engines
from guiju.columnar.columns import Columns
from guiju.columnar.parts import batches, parts
from guiju.columnar.terms import Rows
from guiju.knowledge import Knowledge
from guiju.progress import Progress, at, unheard
from guiju.report import Report
from guiju.submission import Submission
from guiju.verdicts import OUTCOMES, assess, latest_day

MOST = 150_000
"""Facts that are judged at once; below that, a batch costs little more than its share of the whole."""

Made = TypeVar("Made")


@dataclass(frozen=True)
class Asked:
    """How to judge: the law of which day and of which documents, by which engine, and what to explain."""

    as_of: date | None = None
    documents: tuple[str, ...] | None = None
    engine: str = engines.DEFAULT
    explained: Collection[str] = OUTCOMES


def judged(
    submission: Submission,
    knowledge: Knowledge,
    asked: Asked,
    make: Callable[[Report], Made],
    *,
    most: int = MOST,
    jobs: int = 1,
    progress: Progress = unheard,
) -> Iterator[Made]:
    """What ``make`` makes of the report on each batch, in the order of batches; the reports themselves are let go.

    A batch has ``most`` facts, or is a single group of more. With ``jobs`` of more than one, ``make`` is called in as
    many processes, and what it gives is sent back. Raises what :func:`guiju.verdicts.assess` raises.
    """
    asked = replace(asked, as_of=asked.as_of or latest_day(submission.columns))
    found = batches(parts(submission.rows, submission.columns.terms, knowledge.words), most)

    def one(number: int) -> Made:
        return make(_report(submission, submission.rows[found[number]], knowledge, asked))

    with _over(one, jobs) as each:
        for number, made in enumerate(each(range(len(found))), 1):
            progress(at("judging", number, len(found)))
            yield made


def _report(submission: Submission, rows: Rows, knowledge: Knowledge, asked: Asked) -> Report:
    columns = Columns(knowledge.columns)
    # What is concluded in a batch is let go with its dictionary.
    own = columns.terms.taken(rows, submission.columns.terms)
    columns.told.add(own)
    assessment = assess(
        columns,
        knowledge,
        as_of=asked.as_of,
        documents=asked.documents,
        engine=asked.engine,
        explained=asked.explained,
    )
    return Report(assessment, replace(submission, columns=columns, rows=own), knowledge)


_Over = Callable[[range], Iterator[Made]]
_work: Callable[[int], Any]


@contextmanager
def _over(one: Callable[[int], Made], jobs: int) -> Iterator[_Over[Made]]:
    """What calls a function on numbers, here or in processes that see all that is in memory now."""
    if jobs == 1:
        yield lambda numbers: map(one, numbers)
        return
    global _work
    _work = one
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        yield lambda numbers: pool.imap(_worked, numbers)


def _worked(number: int) -> Any:
    return _work(number)
