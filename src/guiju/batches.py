"""Large data on one machine: judged in batches of whole groups, so that what is held at once is bounded.

What is read is held as columns, some hundred bytes a fact; what follows from it, results, verdicts and explanations
are many times that, and are held for one batch at a time. The verdicts are those of judging everything at once: no
group is divided (:mod:`guiju.groups`), and all are judged by the law of one day. Several processes share what was
read, and each judges the next batch that is left.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO, TypeVar

from guiju import engines
from guiju.columnar.columns import Columns
from guiju.columnar.parts import batches, parts
from guiju.columnar.terms import Rows
from guiju.knowledge import Knowledge
from guiju.pieces import pieces, whole
from guiju.progress import Progress, at, unheard
from guiju.report import Overview, Report
from guiju.submission import Submission
from guiju.verdicts import OUTCOMES, assess, latest_day

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
    most: int,
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
        made = make(_report(submission, submission.rows[found[number]], knowledge, asked))
        # What one batch leaves in circles would else be held with the next ones.
        gc.collect()
        return made

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


def write(
    submission: Submission,
    knowledge: Knowledge,
    asked: Asked,
    out: TextIO,
    format_: str,
    *,
    most: int,
    jobs: int = 1,
    progress: Progress = unheard,
) -> Overview:
    """Write the report on all facts, as :mod:`guiju.pieces` writes it, and give what it says of all verdicts together.

    The verdicts of the outcomes that are explained are written. Nothing is, before all are judged.
    """
    with TemporaryDirectory(prefix="guiju-") as name:
        folder = Path(name)

        def laid_by(report: Report) -> tuple[Overview, list[_Kept]]:
            kept = []
            with (folder / str(os.getpid())).open("ab") as file:
                for name, text in pieces(report, format_, asked.explained):
                    start = file.tell()
                    length = file.write(text.encode())
                    kept.append((name, file.name, start, length))
            return report.overview(asked.explained), kept

        found = judged(submission, knowledge, asked, laid_by, most=most, jobs=jobs, progress=progress)
        overview, index = next(found)
        for more, kept in found:
            overview += more
            index += kept
        progress(at("writing"))
        out.writelines(whole(overview, _texts(sorted(index)), format_))
    return overview


_Kept = tuple[str, str, int, int]
"""The name of a piece, and where it is kept: the file, from where, and how many bytes."""


def _texts(index: list[_Kept]) -> Iterator[str]:
    with ExitStack() as stack:
        files = {name: stack.enter_context(open(name, "rb")) for name in {name for _, name, _, _ in index}}
        for _, name, start, length in index:
            files[name].seek(start)
            yield files[name].read(length).decode()


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
