"""RDF/XML before the parser: no document type, no entities, no deep nesting."""

from __future__ import annotations

from xml.parsers import expat

from guiju.intake.model import Limits, Problems, Text


class _Refused(Exception):
    pass


def prepare(name: str, data: bytes, limits: Limits, problems: Problems) -> bytes | None:
    """The bytes to parse, or None with a problem noted. No document type declaration is ever read on."""
    parser = expat.ParserCreate(encoding="utf-8")
    depth = 0

    def opened(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > limits.depth:
            problems.add(
                f"{name}:{parser.CurrentLineNumber}",
                Text(f"元素嵌套超过 {limits.depth} 层。", f"Elements nest deeper than {limits.depth}."),
                Text("请用 rdf:about 把实体分开写。", "Write the things apart, with rdf:about."),
            )
            raise _Refused
        if len(attributes) > limits.declared:
            problems.add(
                f"{name}:{parser.CurrentLineNumber}",
                Text(
                    f"一个元素的属性超过 {limits.declared} 个。",
                    f"An element has more than {limits.declared} attributes.",
                ),
                Text("请把属性写成元素。", "Write the properties as elements."),
            )
            raise _Refused

    def closed(tag: str) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*declared: object) -> None:
        problems.add(
            f"{name}:{parser.CurrentLineNumber}",
            Text("含有 DOCTYPE 声明，可能展开出极大的内容。", "It has a DOCTYPE, which can expand without end."),
            Text("请删去 DOCTYPE，把实体引用写成文字。", "Remove the DOCTYPE and write its entities out."),
        )
        raise _Refused

    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(data, True)
    except _Refused:
        return None
    except expat.ExpatError as error:
        problems.add(
            f"{name}:{error.lineno}",
            Text(
                f"不是合格的 XML：{expat.ErrorString(error.code)}。",
                f"It is not well-formed XML: {expat.ErrorString(error.code)}.",
            ),
            Text("请改正此处。", "Correct it there."),
        )
        return None
    return data
