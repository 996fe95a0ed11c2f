"""What the commands that take facts do, between reading their arguments and printing; the service does the same.

Nothing is looked up elsewhere: with a knowledge base that has done each of these once, no file is opened any more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, TextIO

from pyoxigraph import NamedNode

from guiju import engines
from guiju.intake import Limits, Source
from guiju.knowledge import Knowledge
from guiju.paper import Paper
from guiju.pieces import TEXT, as_json, pieces, whole
from guiju.progress import Progress, at, unheard
from guiju.report import Overview, Report
from guiju.submission import Submission, receive
from guiju.verdicts import OUTCOMES, assess, latest_day

# What only one of these does is imported there: who waits for a judgement would wait for it, too.
if TYPE_CHECKING:
    from guiju.graph import Group
    from guiju.proofs import Proofs
    from guiju.show import Library

OWN = Limits(bytes=1 << 40, triples=(1 << 31) - 1)
"""How much is read of whom nobody has to be defended against; memory sets the limit."""
MOST = 50_000
"""Facts that are judged at once: of fewer, a batch costs more than its share of the whole; more take more memory."""


class BadOption(ValueError):
    """An option that cannot be used; the message says why, and what can be."""


def judged(
    sources: Sequence[Source],
    knowledge: Knowledge,
    *,
    as_of: date | None = None,
    documents: Sequence[str] | None = None,
    engine: str = engines.DEFAULT,
    input_format: str | None = None,
    explained: frozenset[str] | None = None,
    progress: Progress = unheard,
) -> Report:
    """The report on facts: read, checked and judged; verdicts are explained of the outcomes given, or of all.

    Raises what :func:`receive` and :func:`assess` raise.
    """
    submission = receive(sources, knowledge, input_format, progress)
    asked = OUTCOMES if explained is None else explained
    return _reported(submission, knowledge, as_of, documents, engine, asked, progress)


def validated(
    sources: Sequence[Source],
    knowledge: Knowledge,
    out: TextIO,
    format_: str,
    outcomes: frozenset[str],
    *,
    as_of: date | None = None,
    documents: Sequence[str] | None = None,
    engine: str = engines.DEFAULT,
    input_format: str | None = None,
    most: int = MOST,
    jobs: int = 1,
    progress: Progress = unheard,
) -> Overview:
    """Write the report on facts, read, checked and judged, and give what it says of all verdicts together.

    ``format_`` is one of ``FORMATS``, or ``text``. More facts than ``most`` are judged in batches, by ``jobs``
    processes. Raises what :func:`receive` and :func:`assess` raise, with nothing written.
    """
    submission = receive(sources, knowledge, input_format, progress, OWN)
    if len(submission.rows) > most:
        # Imported here: few judge as much.
        from guiju.batches import Asked, write

        asked = Asked(as_of or latest_day(submission.columns), tuple(documents or ()) or None, engine, outcomes)
        # Batches are judged in columns of their own.
        submission.columns.told.relations.clear()
        return write(submission, knowledge, asked, out, format_, most=most, jobs=jobs, progress=progress)
    report = _reported(submission, knowledge, as_of, documents, engine, outcomes, progress)
    progress(at("writing"))
    overview = report.overview(outcomes)
    if format_ == TEXT:
        report.print(Paper(out), outcomes)
    else:
        out.writelines(whole(overview, (text for _, text in pieces(report, format_, outcomes)), format_))
    return overview


def _reported(
    submission: Submission,
    knowledge: Knowledge,
    as_of: date | None,
    documents: Sequence[str] | None,
    engine: str,
    explained: Collection[str],
    progress: Progress,
) -> Report:
    """The report on facts that were received, all judged at once."""
    assessment = assess(
        submission.columns,
        knowledge,
        as_of=as_of,
        documents=documents,
        engine=engine,
        explained=explained,
        progress=progress,
    )
    return Report(assessment, submission, knowledge)


def written(report: Report, format_: str, outcomes: frozenset[str], language: str = "zh") -> str:
    """A report as a text for programs; ``format_`` is one of ``FORMATS``, ``language`` that of the cells of CSV."""
    found = (text for _, text in pieces(report, format_, outcomes, language))
    return "".join(whole(report.overview(()), found, format_))


def proved(
    sources: Sequence[Source],
    library: Library,
    *,
    subject: str | None = None,
    norm: str | None = None,
    outcomes: frozenset[str],
    as_of: date | None = None,
    input_format: str | None = None,
    progress: Progress = unheard,
) -> tuple[Report, Proofs]:
    """What was concluded from facts and judged of a subject (or under a norm), with the report that it rests on.

    Raises UnknownKey for a norm that is none, UnknownSubject, and what :func:`judged` raises.
    """
    from guiju.proofs import explained

    key = library.resolve(norm) if norm else None
    report = judged(sources, library.knowledge, as_of=as_of, input_format=input_format, progress=progress)
    progress(at("writing"))
    return report, explained(report, subject, key, outcomes)


def drawn(
    sources: Sequence[Source],
    knowledge: Knowledge,
    *,
    company: str | None = None,
    most: int | None = None,
    input_format: str | None = None,
    progress: Progress = unheard,
) -> tuple[Group, str]:
    """The group of an asset management company, and its picture as SVG. Raises NoPicture, and what reading raises."""
    from guiju.derivation import derive
    from guiju.graph import MOST, company_called, group
    from guiju.picture import svg
    from guiju.proofs import conclusions_store

    submission = receive(sources, knowledge, input_format, progress)
    derived = derive(submission.columns, knowledge, progress)
    progress(at("writing"))
    found = group(conclusions_store(derived, knowledge), knowledge, company_called(company, derived), most or MOST)
    return found, svg(found)


def answered(report: Report, question: str, params: Mapping[str, str], knowledge: Knowledge) -> dict[str, Any]:
    """The answer to a question of the library about judged facts: ``columns``, and ``rows`` of cells.

    A cell is its ``text``, and where it is an IRI, the whole ``iri``. Raises LibraryError.
    """
    from guiju import library as questions

    answer = questions.ask(report.assessment.store, question, params, knowledge.root)
    rows = [
        [{"text": questions.shown(term), "iri": term.value if isinstance(term, NamedNode) else ""} for term in row]
        for row in answer.rows
    ]
    return {"columns": answer.columns, "rows": rows}


def outcomes(text: str) -> frozenset[str]:
    """The outcomes that a text lists, ``failed,cantTell`` or ``all``. Raises BadOption for one that there is not."""
    wanted = frozenset(OUTCOMES if text == "all" else text.split(","))
    if unknown := wanted - set(OUTCOMES):
        raise BadOption(
            f"没有结论 {'、'.join(sorted(unknown))}。 There is no outcome {', '.join(sorted(unknown))}; "
            f"use all, or some of {','.join(OUTCOMES)}."
        )
    return wanted


def run(
    command: str, arguments: Sequence[str], sources: Sequence[Source], library: Library, progress: Progress = unheard
) -> list[str]:
    """What ``validate``, ``explain``, ``graph`` or ``ask`` print for a program.

    ``arguments`` are options of the command, ``--name=value`` each, or ``--why``; the question of ``ask`` is
    ``--question``. There is also ``keep``, which is ``validate`` and gives as a second text what is to be kept of the
    report under ``--id`` (:func:`guiju.keeping.kept`). With ``--patched`` there are two sources: facts that were kept,
    and a patch of them (:mod:`guiju.patch`). Raises ValueError for what cannot be used, options or facts.
    """
    given: dict[str, list[str]] = {}
    for argument in arguments:
        name, _, value = argument.removeprefix("--").partition("=")
        given.setdefault(name, []).append(value)

    def option(name: str) -> str | None:
        return given.get(name, [None])[-1]

    if "patched" in given:
        sources = [_patched(*sources)]
    as_of, wanted = _day(option("as-of")), outcomes(option("outcomes") or "failed,cantTell")
    if command == "graph":
        most = option("most")
        _, picture = drawn(
            sources,
            library.knowledge,
            company=option("company"),
            most=int(most) if most else None,
            progress=progress,
        )
        return [picture]
    if command == "explain":
        report, proofs = proved(
            sources,
            library,
            subject=option("subject"),
            norm=option("norm"),
            outcomes=wanted,
            as_of=as_of,
            progress=progress,
        )
        return [as_json(proofs.json(report.submission, "why" in given))]
    if command in ("validate", "keep", "ask"):
        report = judged(
            sources,
            library.knowledge,
            as_of=as_of,
            documents=given.get("document"),
            engine=option("engine") or engines.DEFAULT,
            explained=wanted if command == "validate" else None,
            progress=progress,
        )
        progress(at("writing"))
        if command == "ask":
            params = dict(text.partition("=")[::2] for text in given.get("param", ()))
            return [as_json(answered(report, option("question") or "", params, library.knowledge))]
        text = written(report, option("format") or "json", wanted, option("language") or "zh")
        if command == "keep":
            from guiju.keeping import kept

            return [text, as_json(kept(report, option("id") or ""))]
        return [text]
    raise BadOption(f"没有命令 {command}。 There is no command {command}.")


def _patched(kept: Source, change: Source) -> Source:
    """Facts, which are N-Triples that were judged before, after a change of them. Raises BadInput."""
    # Imported here: only the service changes what was kept.
    from pyoxigraph import RdfFormat, parse

    from guiju import patch
    from guiju.rdf import ntriples

    assert isinstance(kept, tuple) and isinstance(change, tuple)
    facts = (quad.triple for quad in parse(kept[1], format=RdfFormat.N_TRIPLES))
    return kept[0], ntriples(patch.applied(facts, patch.read(change[0], change[1]))).encode(), "ntriples"


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadOption(f"{text} 不是日期。 {text} is not a day; write it as 2018-12-31.") from None
