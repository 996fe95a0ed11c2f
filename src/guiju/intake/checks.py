"""What a statement may say: each term is looked at once, and only statements with a doubtful one by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pyoxigraph as ox
from numpy.typing import NDArray

from guiju.intake import iris, literals, written
from guiju.intake.model import Changed, Ignored, Limits, Problems, Text
from guiju.intake.places import Part
from guiju.intake.terms import IMPORTS, OURS, SHACL, Vocabulary
from guiju.intake.written import Numbers, Rows
from guiju.keys import BASE, OWL, RDF, SH, XSD

_LANG_STRING = RDF + "langString"
_SHACL_TYPE = f'"^^<{SH}'.encode()
_LISTING = Text("其余从略。", "The rest is not listed.")
_SUBJECT, _PREDICATE, _OBJECT, _SHACL, _IMPORTS, _OURS = (1 << bit for bit in range(6))
_ANYWHERE = _SUBJECT | _PREDICATE | _OBJECT
_DOUBTFUL = np.array((_SUBJECT, _PREDICATE, _OBJECT), np.uint8)
_LEFT_OUT = np.array((_SHACL | _OURS, _SHACL | _IMPORTS, _SHACL), np.uint8)
"""By which marks of its subject, predicate and object a statement is left out."""


class Checks:
    """The checks of one reading, and what they found."""

    def __init__(self, known_terms: Callable[[], frozenset[str]] | None, limits: Limits) -> None:
        self.problems = Problems()
        self.changed: list[Changed] = []
        self._limits = limits
        self._vocabulary = Vocabulary(known_terms)
        self._ignored: list[Ignored] = []
        self._ignored_more = 0
        self._iris: dict[str, literals.Trouble | None] = {}
        self._terms: dict[str, literals.Trouble | None] = {}
        self._datatypes: dict[str, bool] = {}

    @property
    def ignored(self) -> list[Ignored]:
        """What was ignored, the last entry counting what is not listed."""
        if not self._ignored_more:
            return self._ignored
        more = self._ignored_more
        return [*self._ignored, Ignored("…", f"另有 {more} 条语句 {more} more statements", _LISTING)]

    def marks(self, text: bytes) -> int:
        """What a term does to a statement: what it is left out for, and as what it calls for a closer look."""
        first = text[:1]
        if first == b"_" or iris.plain(text, self._limits.iri):
            return 0
        if first == b'"':
            if text.startswith(_SHACL_TYPE, text.rindex(b'"')):
                return _SHACL
            return 0 if self._plain(text) else _OBJECT
        if text[:2] == b"<<":
            return _ANYWHERE
        iri = text[1:-1].decode()
        if iri.startswith(SH):
            return _SHACL
        found = _OURS if iri.startswith(BASE) else _IMPORTS if iri == OWL + "imports" else 0
        if iris.trouble(iri, self._limits.iri) is not None:
            return found | _ANYWHERE
        return found if self._vocabulary.has(iri) else found | _PREDICATE | _OBJECT

    def _plain(self, text: bytes) -> bool:
        """Whether a literal can be taken as it is, whatever states it."""
        end = text.rindex(b'"')
        value = _read(text).value if b"\\" in text else text[1:end].decode()
        tail = text[end + 1 :]
        if len(value) > self._limits.literal or literals.control_character(value) is not None:
            return False
        if not value.isascii() and literals.normalised(value) != value:
            return False
        if not tail:
            return iris.disguised_code(value) is None
        if tail[:1] == b"@":
            return b"--" not in tail
        datatype = tail[3:-1].decode()
        if datatype not in self._datatypes:
            self._datatypes[datatype] = iris.trouble(datatype, self._limits.iri) is None and self._vocabulary.has(
                datatype
            )
        return self._datatypes[datatype] and literals.trouble(value, datatype, ours=True) is None

    def leave_out(self, texts: Iterable[list[bytes]], marks: NDArray[np.uint8], part: Part) -> None:
        """Note statements that are left out, by the texts and the marks of their terms."""
        room = max(0, self._limits.ignored - len(self._ignored))
        self._ignored_more += max(0, len(marks) - room)
        for terms, (subject, predicate, value) in zip(texts, marks[:room].tolist(), strict=False):
            said = b" ".join(terms).decode()
            said = said if len(said) <= 300 else said[:297] + "..."
            why = OURS
            if (subject | predicate | value) & _SHACL:
                why = SHACL
            elif predicate & _IMPORTS:
                why = IMPORTS
            self._ignored.append(Ignored(part.of_subject(terms[0].strip(b"<>").decode()), said, why))

    def statement(self, stated: ox.Triple, part: Part) -> ox.Literal | bool:
        """Check one statement: whether it is a fact, or the literal that it states instead of its own."""
        subject, predicate, value = stated.subject, stated.predicate, stated.object
        key = subject.value if isinstance(subject, ox.NamedNode) else str(subject)
        if isinstance(subject, ox.NamedNode):
            self._iri(key, part, key)
        self._iri(predicate.value, part, key)
        self._term(predicate.value, part, key)
        if isinstance(value, ox.NamedNode):
            self._iri(value.value, part, key)
            self._term(value.value, part, key)
        elif isinstance(value, ox.Literal):
            return self._literal(value, predicate.value, part, key)
        elif isinstance(value, ox.Triple):
            return self._no_triple_term(part, key)
        return True

    def _no_triple_term(self, part: Part, subject: str) -> bool:
        self.problems.add(
            part.of_subject(subject),
            Text("含有关于语句的语句（RDF 1.2）。", "It holds a statement about a statement (RDF 1.2)."),
            Text("请改写为普通语句。", "Write plain statements."),
        )
        return False

    def _iri(self, iri: str, part: Part, subject: str) -> None:
        if iri not in self._iris:
            self._iris[iri] = iris.trouble(iri, self._limits.iri)
        if trouble := self._iris[iri]:
            self.problems.add(part.of_term(iri, subject), *trouble)

    def _term(self, iri: str, part: Part, subject: str) -> None:
        if iri not in self._terms:
            self._terms[iri] = self._vocabulary.trouble(iri)
        if trouble := self._terms[iri]:
            self.problems.add(part.of_term(iri, subject), *trouble)

    def _literal(self, literal: ox.Literal, predicate: str, part: Part, subject: str) -> ox.Literal | bool:
        """The literal in NFC where it was not, True where it was or has a problem, which is noted."""
        value, datatype = literal.value, literal.datatype.value
        trouble: literals.Trouble | None = None
        if len(value) > self._limits.literal:
            trouble = (
                Text(
                    f"文字超过 {self._limits.literal} 个字符。",
                    f"A text is longer than {self._limits.literal} characters.",
                ),
                Text("请缩短，或只写出处。", "Shorten it, or give its source instead."),
            )
        elif datatype == XSD + "string":
            trouble = _disguised(value, predicate)
        elif datatype != _LANG_STRING:
            self._iri(datatype, part, subject)
            self._term(datatype, part, subject)
            trouble = literals.trouble(value, datatype, predicate.startswith(BASE))
        character = literals.control_character(value)
        if trouble is None and character:
            trouble = (
                Text(f"文字含有控制字符 {character}。", f"A text holds the control character {character}."),
                Text("请删去。", "Remove it."),
            )
        if trouble is None and literal.direction is not None:
            trouble = (
                Text("文字带有书写方向（RDF 1.2）。", "A text has a base direction (RDF 1.2)."),
                Text("请只写语言标签。", "Give its language alone."),
            )
        if trouble is not None:
            self.problems.add(part.of_literal(value, subject), *trouble)
            return True
        after = literals.normalised(value)
        if after == value:
            return True
        self.changed.append(Changed(part.of_literal(value, subject), value, after))
        if literal.language:
            return ox.Literal(after, language=literal.language)
        return ox.Literal(after, datatype=literal.datatype)


class Statements:
    """What one input states, as rows of numbers, checked as it comes."""

    def __init__(self, part: Part, checks: Checks) -> None:
        self._part, self._checks = part, checks
        self._numbers = Numbers()
        self._texts: list[bytes] = []
        """The terms by their numbers, blank nodes under our names."""
        self._normalised: dict[int, bytes] = {}
        self._marks = bytearray()
        self._rows = [np.empty((0, 3), np.int32)]

    def add(self, lines: list[bytes]) -> None:
        """Take in more statements, as :func:`guiju.intake.written.statements` hands them on."""
        found = written.rows(lines, self._numbers)
        fresh = self._numbers.texts[len(self._texts) :]
        self._texts += [self._part.own(text) if text[:1] == b"_" else text for text in fresh]
        self._marks += bytes(map(self._checks.marks, fresh))
        marks = np.frombuffer(self._marks, np.uint8)[found]
        kept = ~((marks & _LEFT_OUT) != 0).any(axis=1)
        if not kept.all():
            texts = ([self._texts[number] for number in row.tolist()] for row in found[~kept])
            self._checks.leave_out(texts, marks[~kept], self._part)
        for at in np.flatnonzero(kept & ((marks & _DOUBTFUL) != 0).any(axis=1)).tolist():
            kept[at] = self._checked(*found[at].tolist())
        self._rows.append(found[kept])

    def rows(self, numbers: Numbers) -> Rows:
        """All facts that were taken in, their terms numbered with those of other inputs."""
        found = np.concatenate(self._rows)
        # What was only spoken of in statements that were left out is not passed on.
        used = np.zeros(len(self._texts), np.bool_)
        used[found] = True
        own = np.flatnonzero(used).tolist()
        places = np.zeros(len(self._texts), np.int32)
        places[used] = numbers.of(self._normalised.get(number, self._texts[number]) for number in own)
        return places[found]

    def _checked(self, subject: int, predicate: int, value: int) -> bool:
        """Whether a statement is kept; a literal that was normalised stands for the one that was sent from now on."""
        line = b"%b %b %b ." % (self._texts[subject], self._texts[predicate], self._texts[value])
        (stated,) = (quad.triple for quad in ox.parse(line, format=ox.RdfFormat.N_TRIPLES))
        taken = self._checks.statement(stated, self._part)
        if isinstance(taken, ox.Literal):
            self._normalised[value] = str(taken).encode()
        return bool(taken)


def _disguised(value: str, predicate: str) -> literals.Trouble | None:
    plain = iris.disguised_code(value) if predicate.startswith(BASE) else None
    if plain is None:
        return None
    return (
        Text(
            f"代码“{value}”含有全角或易混淆的字符。",
            f'The code "{value}" holds full-width or look-alike characters.',
        ),
        Text(f"是否指“{plain}”？请用半角字符。", f'Did you mean "{plain}"? Use plain characters.'),
    )


def _read(text: bytes) -> ox.Literal:
    """A literal from how N-Triples writes it."""
    (quad,) = ox.parse(b"<urn:x> <urn:x> %b ." % text, format=ox.RdfFormat.N_TRIPLES)
    assert isinstance(quad.object, ox.Literal)
    return quad.object
