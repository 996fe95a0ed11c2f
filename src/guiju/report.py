"""Reports: an assessment as JSON (see ``report.schema.json``), as a SHACL and EARL report, or to be read."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, lru_cache, partial
from itertools import count, groupby
from typing import Any, NamedTuple
from uuid import uuid4

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from guiju import keys, rdf
from guiju.completion import CITATION
from guiju.engines import Left, Result, added
from guiju.intake import Ignored, InputInfo, Text
from guiju.knowledge import Knowledge
from guiju.paper import Paper, Said
from guiju.submission import Submission
from guiju.tables import as_csv
from guiju.verdicts import OUTCOMES, Assessment, Part, Verdict

REPORT = BlankNode("report")
"""The report itself, in what it states."""
MOST_WANTED = 8
"""How many missing facts the summary of a report names."""
_MARK = {
    "failed": ("✗ 不符合", "failed", "bold red"),
    "cantTell": ("? 不能判断", "not known", "yellow"),
    "passed": ("✓ 符合", "passed", "green"),
    "inapplicable": ("– 不适用", "not applicable", "dim"),
}
_PARTS = (
    ("limit", "要求", "limit"),
    ("facts", "事实", "fact"),
    ("missing", "欠缺", "missing"),
    ("remedy", "改正", "cure"),
    ("chain", "推导", "derived"),
)


@dataclass(frozen=True)
class Overview:
    """What a report says of its submission and of all verdicts together; those of parts of the facts add up."""

    inputs: list[InputInfo]
    ignored: list[Ignored]
    as_of: date | None
    engine: str
    counted: Counter[tuple[str, str]]
    """How many verdicts there are of each outcome and severity."""
    missing: Counter[Text]
    """What is missing, and for how many of the verdicts that are written."""
    proved: bool
    """Whether one of the verdicts that are written rests on conclusions."""
    left: tuple[Left, ...] = ()
    """What was judged by pySHACL in place of the engine."""

    def __add__(self, other: Overview) -> Overview:
        return replace(
            self,
            counted=self.counted + other.counted,
            missing=self.missing + other.missing,
            proved=self.proved or other.proved,
            left=added(self.left, other.left),
        )

    @property
    def summary(self) -> dict[str, int]:
        """How many verdicts of each outcome."""
        return {o: sum(count for (said, _), count in self.counted.items() if said == o) for o in OUTCOMES}

    def json(self) -> dict[str, Any]:
        """All of a report as JSON data but its verdicts."""
        return {
            "asOf": self.as_of.isoformat() if self.as_of else None,
            "engine": self.engine,
            "inputs": [{"name": info.name, "sha256": info.sha256, "triples": info.triples} for info in self.inputs],
            "ignored": [{"where": item.where, "what": item.what, "why": item.why._asdict()} for item in self.ignored],
            "left": [{"shape": each.shape, "targets": each.targets, "why": each.text._asdict()} for each in self.left],
            "summary": self.summary,
        }

    def triples(self) -> Iterator[Triple]:
        """What a report says of itself."""
        yield Triple(REPORT, NamedNode(keys.RDF + "type"), NamedNode(keys.SH + "ValidationReport"))
        yield Triple(REPORT, NamedNode(keys.SH + "conforms"), Literal(not self.summary["failed"]))
        if self.as_of:
            day = Literal(self.as_of.isoformat(), datatype=NamedNode(keys.XSD + "date"))
            yield Triple(REPORT, NamedNode(keys.GJ + "asOf"), day)
        for each in self.left:
            for language, text in each.text._asdict().items():
                said = Literal(f"<{each.shape}> {text}", language=language)
                yield Triple(REPORT, NamedNode(keys.RDFS + "comment"), said)

    def print(self, paper: Paper) -> None:
        """Write the summary, to be read."""
        paper.write()
        paper.rule("结论 Summary")
        if self.as_of:
            paper.write(f"法律基准日 Law as of {self.as_of}；引擎 engine: {self.engine}")
        for info in self.inputs:
            paper.write(f"输入 input {info.name}  {info.triples} triples  sha256 {info.sha256[:16]}…")
        for item in self.ignored:
            paper.write((f"已忽略 ignored {item.where}  {item.what}  {item.why}", "yellow"))
        for each in self.left:
            paper.write((f"{each.shape.removeprefix(keys.SHAPE)}  {each.text}", "yellow"))
        if len(self.missing) > MOST_WANTED and max(self.missing.values()) > 2:
            paper.write("最缺的事实 What is missing most:")
            # Those that are missing as often stand in one order, whatever was judged first.
            for text, count in sorted(self.missing.items(), key=lambda item: (-item[1], item[0]))[:MOST_WANTED]:
                paper.write((f"{count:>6}  ", "yellow"), text.zh, (f"  {text.en}", "dim"))
        for outcome, count in self.summary.items():
            zh, en, style = _MARK[outcome]
            paper.write((f"{count:>6}  {zh}", style), f"  {en}")
        if self.proved:
            paper.write(("推导的逐步证明 To prove what was derived: guiju explain FILE --subject NAME --why", "dim"))


@dataclass(frozen=True)
class Report:
    """An assessment, the submission it judges and the knowledge it rests on, ready to be written."""

    assessment: Assessment
    submission: Submission
    knowledge: Knowledge

    def overview(self, outcomes: Collection[str] = OUTCOMES) -> Overview:
        """What is said of all verdicts; what is missing or proved, of those of the outcomes given."""
        verdicts = self._of(outcomes)
        return Overview(
            self.submission.inputs,
            self.submission.ignored,
            self.assessment.as_of,
            self.assessment.engine,
            self.assessment.judgement.counted,
            Counter(part.text for verdict in verdicts for part in verdict.missing),
            any(verdict.chain for verdict in verdicts),
            self.assessment.validation.left,
        )

    def json(self, outcomes: Collection[str] = OUTCOMES) -> dict[str, Any]:
        """The report as JSON data; only verdicts of the outcomes given, the summary always of all."""
        return {**self.overview(()).json(), "verdicts": list(self.verdicts(outcomes))}

    def verdicts(self, outcomes: Collection[str] = OUTCOMES) -> Iterator[dict[str, Any]]:
        """The verdicts of some outcomes as JSON data, by submission, then in the order of the law."""
        names = self._names(outcomes)
        for verdict in self._of(outcomes):
            common = (item for said in self._common(verdict, names) for item in said.items())
            yield {**dict(common), **self._explanation(verdict)}

    def lines(self, outcomes: Collection[str] = OUTCOMES) -> Iterator[tuple[str, Iterator[str]]]:
        """Each submission with its verdicts, in the same order and as JSON, each on a line of its own.

        What many verdicts have is written once and put together, which takes a fraction of the time.
        """
        names = self._names(outcomes)

        def line(verdict: Verdict) -> str:
            common = ", ".join([said.inner for said in self._common(verdict, names)])
            return f"{{{common}, {self._explanation_line(verdict)}}}"

        for submission, verdicts in groupby(self._of(outcomes), lambda verdict: verdict.submission):
            yield submission, map(line, verdicts)

    def turtle(self, outcomes: Collection[str] = OUTCOMES) -> str:
        """A ``sh:ValidationReport`` of what failed, and an ``earl:Assertion`` for every verdict."""
        return rdf.turtle(self.triples(outcomes))

    def csv(self, outcomes: Collection[str] = OUTCOMES, language: str = "zh") -> str:
        """A row for every verdict, its texts in ``zh`` or ``en``; several facts or places stand in one cell."""
        return as_csv(COLUMNS, (row(verdict, language) for verdict in self.verdicts(outcomes)))

    def print(self, paper: Paper, outcomes: Collection[str]) -> None:
        """Write the report to be read: by entity, then in the order of the law; Chinese first."""
        for _, said in self.entities(outcomes):
            said(paper)
        self.overview(outcomes).print(paper)

    def entities(self, outcomes: Collection[str]) -> Iterator[tuple[str, Callable[[Paper], None]]]:
        """Each entity of whom there are verdicts, in order, and what writes what is to be read of it."""
        names = self._names(outcomes)

        def said(entity: str, verdicts: list[Verdict], paper: Paper) -> None:
            paper.write()
            paper.rule(names[entity].title if entity in names else entity)
            for verdict in verdicts:
                # What is written at once is laid out at once, which takes half the time.
                paper.write(*self._said(verdict, names[verdict.subject]))

        for entity, verdicts in groupby(self._grouped(outcomes, names), lambda v: names[v.subject].entity):
            yield entity, partial(said, entity, list(verdicts))

    def _grouped(self, outcomes: Collection[str], names: dict[str, _Named]) -> list[Verdict]:
        wanted = self._of(outcomes)
        return sorted(wanted, key=lambda v: names[v.subject].entity)

    def _said(self, verdict: Verdict, named: _Named) -> Iterator[Said]:
        """A verdict in lines; the first begins with a break."""
        zh, en, style = _MARK[verdict.outcome]
        if verdict.outcome == "failed" and verdict.severity != "violation":
            zh, style = (
                ("△ 与原则要求不一致", "bold yellow") if verdict.severity == "warning" else ("○ 未达鼓励目标", "cyan")
            )
            en = verdict.severity
        norm = self._norm(verdict)
        citation, definition = norm.citation, norm.definition
        yield from (("\n" + zh, style), " ", (citation.zh, "bold"), "  ", (f"[{en}]", style))
        about = f"{named.title}：" if named.entity != verdict.subject else ""
        yield from (f"\n  {about}{definition.zh}", (f"\n  {definition.en}", "dim"))
        for attribute, label, _ in _PARTS:
            for zh_text, en_text, places in _merged(getattr(verdict, attribute)):
                if verdict.outcome == "cantTell" and attribute not in {"missing", "chain"}:
                    continue
                yield from ((f"\n  {label}  ", "cyan"), grouped(zh_text), (f"  {grouped(en_text)}", "dim"))
                found = (self.submission.place(node) for node in places)
                if where := "、".join(dict.fromkeys(place for place in found if place)):
                    yield (f"  ← {where}", "blue")
        if norm.reading:
            yield from (("\n  解读  ", "cyan"), norm.reading.zh)
        if verdict.outcome == "failed" and norm.law:
            yield from (("\n  原文  ", "cyan"), (norm.law, "italic"))
        yield (f"\n  {norm.key}", "dim")

    def _common(self, verdict: Verdict, names: dict[str, _Named]) -> tuple[_Said, ...]:
        """What is said of a verdict as JSON data, but for its explanation; most is said of other verdicts, too."""
        said, norm, outcome = self._shared, verdict.norm, verdict.outcome
        return (
            said.get((norm, verdict.shape)) or self._of_shape(verdict),
            said.get(verdict.subject) or self._of_subject(verdict.subject, names),
            said.get(("submission", verdict.submission)) or self._alone("submission", verdict.submission),
            said.get((norm, outcome, verdict.severity)) or self._of_outcome(verdict),
            said.get(("because", verdict.because)) or self._alone("because", verdict.because),
        )

    def _of_shape(self, verdict: Verdict) -> _Said:
        said = {"norm": verdict.norm, "shape": verdict.shape, "provision": self._norm(verdict).provision}
        return self._shared.setdefault((verdict.norm, verdict.shape), _Said(said))

    def _of_subject(self, subject: str, names: dict[str, _Named]) -> _Said:
        named = names[subject]
        said = {
            "subject": subject,
            "subjectName": named.title,
            "entity": named.entity,
            "entityName": names[named.entity].title if named.entity in names else named.entity,
        }
        return self._shared.setdefault(subject, _Said(said))

    def _of_outcome(self, verdict: Verdict) -> _Said:
        norm = self._norm(verdict)
        said = {
            "outcome": verdict.outcome,
            "severity": verdict.severity,
            "citation": norm.citation._asdict(),
            "message": norm.definition._asdict(),
            "text": norm.law,
            "reading": norm.reading._asdict() if norm.reading else None,
        }
        return self._shared.setdefault((verdict.norm, verdict.outcome, verdict.severity), _Said(said))

    def _alone(self, name: str, value: str | None) -> _Said:
        return self._shared.setdefault((name, value), _Said({name: value}))

    def _explanation(self, verdict: Verdict) -> dict[str, list[_Said] | _Said | None]:
        return {
            name: self._joined(parts) if name in _JOINED else [self._part(part) for part in parts]
            for name, parts in zip(_EXPLANATION, _parts(verdict), strict=True)
        }

    def _explanation_line(self, verdict: Verdict) -> str:
        """The JSON of the same, without the braces."""
        facts, missing, limit, remedy, chain = _parts(verdict)
        if not (facts or missing or limit or remedy or chain):
            return _UNEXPLAINED
        part, joined = self._part, self._joined
        return _EXPLAINED % (
            ", ".join([part(each).line for each in facts]),
            ", ".join([part(each).line for each in missing]),
            said.line if (said := joined(limit)) else "null",
            said.line if (said := joined(remedy)) else "null",
            ", ".join([part(each).line for each in chain]),
        )

    def _part(self, part: Part) -> _Said:
        # They live as long as the verdicts, which are kept, and verdicts that say the same have the same.
        found = self._shared.get(id(part))
        if found is None:
            place = self.submission.place(part.node) if part.node else None
            found = self._shared[id(part)] = _Said({**part.text._asdict(), "node": part.node, "place": place})
        return found

    def _joined(self, parts: Sequence[Part]) -> _Said | None:
        if not parts:
            return None
        key = tuple(map(id, parts))
        found = self._shared.get(key)
        if found is None:
            texts = [(zh, en) for zh, en, _ in _merged(parts)]
            joined = {"zh": "；".join(zh for zh, _ in texts), "en": "; ".join(en for _, en in texts)}
            found = self._shared[key] = _Said(joined)
        return found

    def _norm(self, verdict: Verdict) -> _Norm:
        if verdict.norm not in self._norms:
            key, own = verdict.key, self.knowledge.said(verdict.norm)
            reading = own.get(keys.GJ + "reading", {})
            self._norms[verdict.norm] = _Norm(
                key,
                str(keys.Key(key.document, key.provision)),
                _text(self.knowledge, key.place, CITATION.value),
                _text(self.knowledge, verdict.norm, keys.SKOS + "definition"),
                self.knowledge.said(key.place).get(keys.GJ + "text", {}).get("zh"),
                Text(reading["zh"], reading.get("en", "")) if reading.get("zh") else None,
            )
        return self._norms[verdict.norm]

    def _of(self, outcomes: Collection[str]) -> list[Verdict]:
        """The verdicts of some outcomes, made once for all that is written of them."""
        wanted = frozenset(outcomes)
        if wanted not in self._made:
            self._made[wanted] = self.assessment.of(wanted)
        return self._made[wanted]

    @cached_property
    def _norms(self) -> dict[str, _Norm]:
        return {}

    @cached_property
    def _shared(self) -> dict[object, _Said]:
        return {}

    @cached_property
    def _made(self) -> dict[frozenset[str], list[Verdict]]:
        return {}

    def _names(self, outcomes: Collection[str]) -> dict[str, _Named]:
        named: dict[str, _Named] = {}
        for row in self.assessment.judgement.select(self.knowledge.query("subjects"), outcomes):
            iri = row["subject"].value
            name = row["name"].value if "name" in row else ""
            kind = f"{row['zh'].value} {row['en'].value}".strip()
            day = row["date"].value if "date" in row else ""
            short = "" if iri.startswith("urn:guiju:") else keys.local(iri)
            title = " ".join(part for part in (name or kind or short, day, f"<{short}>" if short else "") if part)
            named.setdefault(iri, _Named(row["entity"].value, title))
        return named

    def triples(self, outcomes: Collection[str] = OUTCOMES) -> Iterator[Triple]:
        """The statements of :meth:`turtle`; the results of the verdicts come in the order of :meth:`json`."""
        yield from self.overview(()).triples()
        for _, said in self.stated(outcomes):
            yield from rdf.read(said)

    def stated(self, outcomes: Collection[str] = OUTCOMES) -> Iterator[tuple[str, str]]:
        """N-Triples about the verdicts on each submission, in order, and then about what shapes found."""
        # Texts are put together: a Python object for each statement takes ten times as long.
        blank = f"_:{uuid4().hex}"
        names = (f"{blank}{number}" for number in count())
        for submission, verdicts in groupby(self._of(outcomes), lambda verdict: verdict.submission):
            yield f"0 {submission}", "".join(map(_stated, verdicts, names))
        if "failed" in outcomes:
            found = (result for result in self.assessment.results if result.severity.startswith(keys.SH))
            yield "1", "".join(map(self._found, found, names))

    def _found(self, found: Result, node: str) -> str:
        duty = _text(self.knowledge, keys.parse(found.shape).norm, keys.SKOS + "definition")
        return (
            f"{REPORT} <{keys.SH}result> {node} .\n"
            f"{node} <{keys.RDF}type> <{keys.SH}ValidationResult> .\n"
            f"{node} <{keys.SH}focusNode> <{found.focus}> .\n"
            f"{node} <{keys.SH}value> <{found.focus}> .\n"
            f"{node} <{keys.SH}resultSeverity> <{found.severity}> .\n"
            f"{node} <{keys.SH}sourceShape> <{found.shape}> .\n"
            f"{node} <{keys.SH}sourceConstraintComponent> <{found.component}> .\n"
            f"{node} <{keys.SH}resultMessage> {_words(duty.zh, 'zh')} .\n"
            f"{node} <{keys.SH}resultMessage> {_words(duty.en, 'en')} .\n"
        )


def _stated(verdict: Verdict, result: str) -> str:
    """N-Triples about a verdict; ``result`` is the name of a blank node of its own."""
    node = f"<{verdict.iri}>"
    said = (
        f"{node} <{keys.RDF}type> <{keys.EARL}Assertion> .\n"
        f"{node} <{keys.RDF}type> <{keys.GJ}Verdict> .\n"
        f"{node} <{keys.EARL}subject> <{verdict.subject}> .\n"
        f"{node} <{keys.EARL}test> <{verdict.shape}> .\n"
        f"{node} <{keys.GJ}onNorm> <{verdict.norm}> .\n"
        f"{node} <{keys.EARL}result> {result} .\n"
        f"{result} <{keys.RDF}type> <{keys.EARL}TestResult> .\n"
        f"{result} <{keys.EARL}outcome> <{keys.EARL}{verdict.outcome}> .\n"
    )
    for attribute, _, label in _PARTS:
        for part in getattr(verdict, attribute):
            said += f"{result} {_INFO} {_words(part.text.zh, 'zh')} .\n"
            said += f"{result} {_INFO} {_words(f'{label}: {part.text.en}', 'en')} .\n"
    return said


@lru_cache(maxsize=1 << 14)
def _words(text: str, language: str) -> str:
    """A text as N-Triples writes it: most are said again and again."""
    return str(Literal(text, language=language))


_INFO = f"<{keys.EARL}info>"
_LINE = json.JSONEncoder(ensure_ascii=False).encode
COLUMNS = (
    "outcome", "severity", "citation", "norm", "entity", "entityName", "subject", "subjectName", "submission",
    "message", "limit", "facts", "missing", "remedy", "derivation", "places", "because", "reading", "text",
)  # fmt: skip


def row(verdict: dict[str, Any], language: str) -> list[str]:
    """A verdict as the cells of a table."""
    joint = "；" if language == "zh" else "; "
    places: dict[str, None] = {}
    cells = dict.fromkeys(COLUMNS, "")
    for name, value in verdict.items():
        if isinstance(value, list):
            cells[name] = joint.join([part[language] for part in value])
            places |= {part["place"]: None for part in value if part["place"]}
        elif value and name in cells:
            cells[name] = value[language] if isinstance(value, dict) else value
    cells["norm"], cells["places"] = _key(verdict["norm"]), "; ".join(places)
    return list(cells.values())


@lru_cache(maxsize=1 << 12)
def _key(norm: str) -> str:
    return str(keys.parse(norm))


class _Said(dict[str, Any]):
    """A part of what is said of a verdict, with its JSON, which is made once."""

    @cached_property
    def line(self) -> str:
        return _LINE(self)

    @cached_property
    def inner(self) -> str:
        """The JSON without the braces."""
        return self.line[1:-1]


_EXPLANATION, _JOINED = ("facts", "missing", "limit", "remedy", "derivation"), ("limit", "remedy")
_EXPLAINED = ", ".join(f'"{name}": {"%s" if name in _JOINED else "[%s]"}' for name in _EXPLANATION)
_UNEXPLAINED = _EXPLAINED % ("", "", "null", "null", "")


def _parts(verdict: Verdict) -> tuple[Sequence[Part], ...]:
    """What explains a verdict, in the order of ``_EXPLANATION``."""
    return verdict.facts, verdict.missing, verdict.limit, verdict.remedy, verdict.chain


class _Norm(NamedTuple):
    """What is said of a norm, whoever is judged by it."""

    key: keys.Key
    provision: str
    citation: Text
    definition: Text
    law: str | None
    reading: Text | None


@dataclass(frozen=True)
class _Named:
    entity: str
    title: str


def grouped(text: str) -> str:
    """The same text with digits of amounts in groups of three; dates and short numbers stay as they are."""
    return re.sub(r"(?<![\d.])(?<!\d-)\d{5,}(?![\d\-])", lambda match: f"{int(match[0]):,}", text)


def _merged(parts: Sequence[Part]) -> list[tuple[str, str, list[str]]]:
    merged: dict[tuple[str, str], list[str]] = {}
    for part in parts:
        nodes = merged.setdefault((part.text.zh, part.text.en), [])
        if part.node:
            nodes.append(part.node)
    return [(zh, en, nodes) for (zh, en), nodes in merged.items()]


def _text(knowledge: Knowledge, iri: str, predicate: str) -> Text:
    found = knowledge.said(iri).get(predicate, {})
    return Text(found.get("zh", iri), found.get("en", iri))
