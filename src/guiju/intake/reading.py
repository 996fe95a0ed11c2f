"""Reading: from sources to facts, with every guard on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyoxigraph as ox

from guiju.intake import iris, json_ld, literals, rdf_xml
from guiju.intake.model import Changed, Facts, Ignored, InputInfo, Limits, Problems, Text
from guiju.intake.scan import Lines, too_deep, too_many_bases
from guiju.intake.source import FORMATS, Source, Taken, take
from guiju.intake.terms import Vocabulary, reason_to_ignore
from guiju.keys import BASE, RDF, XSD

_LANG_STRING = RDF + "langString"
_LISTING = Text("其余从略。", "The rest is not listed.")


def read(
    sources: Sequence[Source],
    *,
    known_terms: Callable[[], frozenset[str]] | None = None,
    input_format: str | None = None,
    limits: Limits | None = None,
) -> Facts:
    """Read and check every source, and merge them into one graph.

    ``known_terms`` gives the IRIs of our classes, properties and concepts, so that a misspelt one
    is refused; without it they are not checked. ``input_format`` is the format of all sources,
    whatever their names say. Relative IRIs are refused unless the file itself states a base.

    Raises BadInput with what is wrong, where, and what to do.
    """
    reading = _Reading(known_terms, limits or Limits())
    if not sources:
        reading.problems.add(
            "输入 input",
            Text("没有输入。", "There is no input."),
            Text("请给出文件，或用 - 读标准输入。", "Name a file, or - for standard input."),
        )
    for source in sources:
        taken = take(source, input_format, reading.limits, reading.problems)
        if taken is not None:
            reading.add(taken)
    reading.problems.settle()
    return Facts(list(reading.triples), reading.inputs, reading.listed(), reading.changed, _Places(reading.parts))


class _Part:
    """One input: its text, what it states things about, and how its blank nodes are called."""

    def __init__(self, taken: Taken, number: int) -> None:
        self.name = taken.name
        self.number = number
        self.subjects: set[str] = set()
        self.labels: dict[str, str] = {}
        """From our name of a blank node to the sender's."""
        self._text = taken.text if taken.format in {"turtle", "trig", "ntriples", "nquads"} else None
        self._lines: Lines | None = None

    @property
    def lines(self) -> Lines | None:
        if self._lines is None and self._text is not None:
            self._lines = Lines(self._text, iris.BASE_IRI)
        return self._lines

    def of_subject(self, subject: str) -> str:
        lines = self.lines
        line = lines.subjects.get(self.labels.get(subject, subject)) if lines else None
        return f"{self.name}:{line}" if line else self.name

    def of_term(self, iri: str, subject: str) -> str:
        line = self.lines.mentions.get(iri) if self.lines else None
        return f"{self.name}:{line}" if line else self.of_subject(subject)

    def of_literal(self, value: str, subject: str) -> str:
        line = self.lines.of_literal(value) if self.lines else None
        return f"{self.name}:{line}" if line else self.of_subject(subject)


class _Places:
    def __init__(self, parts: list[_Part]) -> None:
        self._parts = parts

    def __call__(self, subject: str) -> str | None:
        return next((part.of_subject(subject) for part in self._parts if subject in part.subjects), None)


class _Reading:
    def __init__(self, known_terms: Callable[[], frozenset[str]] | None, limits: Limits) -> None:
        self.limits = limits
        self.problems = Problems()
        self.triples: dict[ox.Triple, None] = {}
        self.inputs: list[InputInfo] = []
        self.changed: list[Changed] = []
        self.parts: list[_Part] = []
        self._ignored: list[Ignored] = []
        self._ignored_more = 0
        self._vocabulary = Vocabulary(known_terms)
        self._good_iris: set[str] = set()
        self._good_terms: set[str] = set()
        self._count = 0

    def listed(self) -> list[Ignored]:
        """What was ignored, the last entry counting what is not listed."""
        if not self._ignored_more:
            return self._ignored
        more = self._ignored_more
        return [*self._ignored, Ignored("…", f"另有 {more} 条语句 {more} more statements", _LISTING)]

    def add(self, taken: Taken) -> None:
        """Parse one input and take what it states."""
        part = _Part(taken, len(self.parts) + 1)
        self.parts.append(part)
        data = self._prepare(taken)
        if data is None:
            return
        count = 0
        kept = 0
        names: dict[str, ox.BlankNode] = {}
        try:
            for quad in ox.parse(data, format=FORMATS[taken.format], base_iri=iris.BASE_IRI):
                count += 1
                self._count += 1
                if self._count > self.limits.triples:
                    self.problems.add(
                        part.name,
                        Text(
                            f"语句超过 {self.limits.triples} 条。",
                            f"There are more than {self.limits.triples} statements.",
                        ),
                        Text("请分成几次提交。", "Send it in parts."),
                    )
                    self.problems.settle()
                kept += self._statement(quad, part, names)
        except SyntaxError as error:
            self._syntax(part, error)
            return
        except MemoryError as error:
            # The parser says so of one letter too many; where there is no memory left, that is another matter.
            if "buffer" not in str(error):
                raise
            self.problems.add(
                part.name,
                Text("有一处值、名称或注释超过 16 MiB。", "A value, name or comment is longer than 16 MiB."),
                Text("请分开书写。", "Write it in parts."),
            )
            return
        if not count or (not kept and not len(self.problems)):
            self.problems.add(
                part.name,
                Text("没有可用的语句。", "It holds no statement to use."),
                Text("请核对文件内容和格式。", "Check what is in the file, and its format."),
            )
        self.inputs.append(InputInfo(part.name, taken.sha256, count, taken.format))

    def _prepare(self, taken: Taken) -> bytes | None:
        if taken.format == "rdfxml":
            return rdf_xml.prepare(taken.name, taken.text, self.limits, self.problems)
        if too_deep(taken.text, taken.format, self.limits.depth):
            self.problems.add(
                taken.name,
                Text(f"括号嵌套超过 {self.limits.depth} 层。", f"Brackets nest deeper than {self.limits.depth}."),
                Text("请给内层的实体命名，分开书写。", "Name the inner things and write them apart."),
            )
            return None
        if too_many_bases(taken.text, taken.format, self.limits.declared):
            self.problems.add(
                taken.name,
                Text(f"@base 超过 {self.limits.declared} 个。", f"It states more than {self.limits.declared} bases."),
                Text("请用前缀，或写完整的 IRI。", "Use prefixes, or write whole IRIs."),
            )
            return None
        if taken.format == "jsonld":
            return json_ld.prepare(taken.name, taken.text, self.problems)
        return taken.text.encode("utf-8")

    def _syntax(self, part: _Part, error: SyntaxError) -> None:
        line = error.lineno
        said = str(error.msg or error)
        self.problems.add(
            f"{part.name}:{line}" if line else part.name,
            Text(f"语法错误：{said}。", f"Syntax error: {said}."),
            Text("请改正此处，或核对格式。", "Correct it there, or check the format."),
        )

    def _statement(self, quad: ox.Quad | ox.Triple, part: _Part, names: dict[str, ox.BlankNode]) -> bool:
        """Check one statement; True where it became a fact."""
        subject, predicate, value = quad.subject, quad.predicate, quad.object
        why = reason_to_ignore(subject, predicate.value, value)
        if isinstance(subject, ox.BlankNode):
            subject = _rename(subject, part, names)
        if isinstance(value, ox.BlankNode):
            value = _rename(value, part, names)
        key = subject.value if isinstance(subject, ox.NamedNode) else str(subject)
        if why is not None:
            if len(self._ignored) < self.limits.ignored:
                said = f"{subject} {predicate} {value}"
                said = said if len(said) <= 300 else said[:297] + "..."
                self._ignored.append(Ignored(part.of_subject(key), said, why))
            else:
                self._ignored_more += 1
            return False
        part.subjects.add(key)
        if isinstance(subject, ox.NamedNode):
            self._iri(key, part, key)
        elif not isinstance(subject, ox.BlankNode):
            return self._no_triple_term(part, key)
        self._iri(predicate.value, part, key)
        self._term(predicate.value, part, key)
        if isinstance(value, ox.NamedNode):
            self._iri(value.value, part, key)
            self._term(value.value, part, key)
        elif isinstance(value, ox.Literal):
            value = self._literal(value, predicate.value, part, key)
        elif not isinstance(value, ox.BlankNode):
            return self._no_triple_term(part, key)
        self.triples[ox.Triple(subject, predicate, value)] = None
        return True

    def _no_triple_term(self, part: _Part, subject: str) -> bool:
        self.problems.add(
            part.of_subject(subject),
            Text("含有关于语句的语句（RDF 1.2）。", "It holds a statement about a statement (RDF 1.2)."),
            Text("请改写为普通语句。", "Write plain statements."),
        )
        return False

    def _iri(self, iri: str, part: _Part, subject: str) -> None:
        if iri in self._good_iris:
            return
        trouble = iris.trouble(iri, self.limits.iri)
        if trouble is None:
            self._good_iris.add(iri)
        else:
            self.problems.add(part.of_term(iri, subject), *trouble)

    def _term(self, iri: str, part: _Part, subject: str) -> None:
        if iri in self._good_terms:
            return
        trouble = self._vocabulary.trouble(iri)
        if trouble is None:
            self._good_terms.add(iri)
        else:
            self.problems.add(part.of_term(iri, subject), *trouble)

    def _literal(self, literal: ox.Literal, predicate: str, part: _Part, subject: str) -> ox.Literal:
        """The literal in NFC, with problems noted."""
        value, datatype = literal.value, literal.datatype.value
        trouble: literals.Trouble | None = None
        if len(value) > self.limits.literal:
            trouble = (
                Text(
                    f"文字超过 {self.limits.literal} 个字符。",
                    f"A text is longer than {self.limits.literal} characters.",
                ),
                Text("请缩短，或只写出处。", "Shorten it, or give its source instead."),
            )
        elif datatype == XSD + "string":
            trouble = self._text(value, predicate)
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
            return literal
        after = literals.normalised(value)
        if after == value:
            return literal
        self.changed.append(Changed(part.of_literal(value, subject), value, after))
        if literal.language:
            return ox.Literal(after, language=literal.language)
        return ox.Literal(after, datatype=literal.datatype)

    def _text(self, value: str, predicate: str) -> literals.Trouble | None:
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


def _rename(node: ox.BlankNode, part: _Part, names: dict[str, ox.BlankNode]) -> ox.BlankNode:
    if node.value not in names:
        made = ox.BlankNode(f"f{part.number}b{len(names) + 1}")
        names[node.value] = made
        part.labels[str(made)] = str(node)
    return names[node.value]
