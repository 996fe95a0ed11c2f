"""Reading: from sources to facts, with every guard on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from guiju.columnar.terms import once
from guiju.intake import iris, json_ld, rdf_xml, written
from guiju.intake.checks import Checks, Statements
from guiju.intake.model import Facts, InputInfo, Limits, Text
from guiju.intake.places import Part, Places
from guiju.intake.scan import too_deep, too_many_bases
from guiju.intake.source import FORMATS, Source, Taken, take
from guiju.intake.written import Numbers


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
    return reading.facts()


class _Reading:
    def __init__(self, known_terms: Callable[[], frozenset[str]] | None, limits: Limits) -> None:
        self.limits = limits
        self._checks = Checks(known_terms, limits)
        self.problems = self._checks.problems
        self._numbers = Numbers()
        self._rows = [np.empty((0, 3), np.int32)]
        self._inputs: list[InputInfo] = []
        self._parts: list[Part] = []
        self._count = 0

    def facts(self) -> Facts:
        """All that was read."""
        places = Places(self._parts, self._numbers)
        rows = np.concatenate(self._rows)
        return Facts(self._numbers.texts, rows, self._inputs, self._checks.ignored, self._checks.changed, places)

    def add(self, taken: Taken) -> None:
        """Parse one input and take what it states."""
        part = Part(taken, len(self._parts) + 1)
        self._parts.append(part)
        data = self._prepare(taken)
        if data is None:
            return
        before = self._count
        stated = Statements(part, self._checks)
        try:
            written.statements(data, FORMATS[taken.format], iris.BASE_IRI, partial(self._take, stated, part))
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
        rows = stated.rows(self._numbers)
        part.subjects = once(rows[:, 0])
        self._rows.append(rows)
        count = self._count - before
        if not count or (not len(rows) and not len(self.problems)):
            self.problems.add(
                part.name,
                Text("没有可用的语句。", "It holds no statement to use."),
                Text("请核对文件内容和格式。", "Check what is in the file, and its format."),
            )
        self._inputs.append(InputInfo(part.name, taken.sha256, count, taken.format))

    def _take(self, stated: Statements, part: Part, lines: list[bytes]) -> None:
        room = self.limits.triples - self._count
        self._count += len(lines)
        stated.add(lines[:room])
        if len(lines) > room:
            self.problems.add(
                part.name,
                Text(
                    f"语句超过 {self.limits.triples} 条。",
                    f"There are more than {self.limits.triples} statements.",
                ),
                Text("请分成几次提交。", "Send it in parts."),
            )
            self.problems.settle()

    def _prepare(self, taken: Taken) -> bytes | None:
        if taken.format == "rdfxml":
            return rdf_xml.prepare(taken.name, taken.data, self.limits, self.problems)
        if too_deep(taken, self.limits.depth):
            self.problems.add(
                taken.name,
                Text(f"括号嵌套超过 {self.limits.depth} 层。", f"Brackets nest deeper than {self.limits.depth}."),
                Text("请给内层的实体命名，分开书写。", "Name the inner things and write them apart."),
            )
            return None
        if too_many_bases(taken, self.limits.declared):
            self.problems.add(
                taken.name,
                Text(f"@base 超过 {self.limits.declared} 个。", f"It states more than {self.limits.declared} bases."),
                Text("请用前缀，或写完整的 IRI。", "Use prefixes, or write whole IRIs."),
            )
            return None
        if taken.format == "jsonld":
            return json_ld.prepare(taken.name, taken.text, self.problems)
        return taken.data

    def _syntax(self, part: Part, error: SyntaxError) -> None:
        line = error.lineno
        said = str(error.msg or error)
        self.problems.add(
            f"{part.name}:{line}" if line else part.name,
            Text(f"语法错误：{said}。", f"Syntax error: {said}."),
            Text("请改正此处，或核对格式。", "Correct it there, or check the format."),
        )
