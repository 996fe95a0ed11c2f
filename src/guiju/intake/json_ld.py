"""JSON-LD before the parser: strict JSON, inline contexts only, exact numbers, nothing dropped in silence."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace

from guiju.intake.literals import MAX_NUMBER
from guiju.intake.model import Problems, Text
from guiju.keys import XSD

Json = object
_QUOTE = Text(
    '请加引号并写明类型，如 {"@value": "8.5", "@type": "xsd:decimal"}。',
    'Quote it and give its type, as in {"@value": "8.5", "@type": "xsd:decimal"}.',
)
_INLINE = Text("请把 @context 的内容直接写在文件里。", "Write what the context says into the file itself.")
_KEYWORDS = frozenset(
    (
        "@base",
        "@container",
        "@context",
        "@direction",
        "@graph",
        "@id",
        "@import",
        "@included",
        "@index",
        "@json",
        "@language",
        "@list",
        "@nest",
        "@none",
        "@prefix",
        "@propagate",
        "@protected",
        "@reverse",
        "@set",
        "@type",
        "@value",
        "@version",
        "@vocab",
    )
)
_MAPS = frozenset({"@language", "@index", "@id", "@type", "@graph"})


class _Number(str):
    """A JSON number as it was written."""


class _Refused(Exception):
    pass


@dataclass(frozen=True)
class _Term:
    iri: str | None
    coercion: str | None = None
    containers: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Context:
    """The terms that hold at some place of the document."""

    terms: dict[str, _Term] = field(default_factory=dict)
    vocab: bool = False

    def keyword(self, key: str) -> str:
        """``key``, or the keyword that it stands for."""
        term = self.terms.get(key)
        return term.iri if term and term.iri and term.iri.startswith("@") else key


def prepare(name: str, text: str, problems: Problems) -> bytes | None:
    """The JSON to parse, its numbers made exact typed literals; None, with problems noted, where it is refused."""
    reader = _Reader(name, problems)
    before = len(problems)
    document = reader.load(text)
    if len(problems) > before:
        return None
    made = reader.top(document)
    if len(problems) > before:
        return None
    try:
        return json.dumps(made, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        reader.refuse(
            "$",
            Text("含有残缺的 Unicode 代理对。", "It holds half of a Unicode surrogate pair."),
            Text("请改正 \\u 转义。", "Correct the \\u escape."),
        )
        return None


class _Reader:
    def __init__(self, name: str, problems: Problems) -> None:
        self._name = name
        self._problems = problems

    def refuse(self, path: str, what: Text, do: Text) -> None:
        self._problems.add(f"{self._name} {path}", what, do)

    # Strict JSON

    def load(self, text: str) -> Json:
        """The document, its numbers as they were written; None with a problem noted where it is no strict JSON."""
        try:
            return json.loads(
                text,
                object_pairs_hook=self._pairs,
                parse_int=_Number,
                parse_float=_Number,
                parse_constant=self._constant,
            )
        except json.JSONDecodeError as error:
            self._problems.add(
                f"{self._name}:{error.lineno}",
                Text("不是合格的 JSON。", f"It is not well-formed JSON: {error.msg}."),
                Text("请改正此处。", "Correct it there."),
            )
        except RecursionError:
            self.refuse(
                "$", Text("嵌套过深。", "It nests too deep."), Text("请把实体分开写。", "Write the things apart.")
            )
        return None

    def _constant(self, written: str) -> None:
        self.refuse("$", Text(f"{written} 不是 JSON 数值。", f"{written} is no JSON number."), _QUOTE)

    def _pairs(self, pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        made: dict[str, Json] = {}
        for key, value in pairs:
            if key in made:
                self.refuse(
                    f"“{key}”",
                    Text(f"同一对象中“{key}”出现两次。", f'"{key}" stands twice in one object.'),
                    Text("请合并为一个数组。", "Put both values into one array."),
                )
            made[key] = value
        return made

    # Contexts

    def _extend(self, active: _Context, stated: Json, path: str) -> _Context:
        for context in _listed(stated):
            if context is None:
                active = _Context()
            elif isinstance(context, dict):
                active = self._define(active, context, path)
            else:
                self.refuse(
                    path,
                    Text(
                        f"引用了外部的 @context {context!r}，不会去读取。",
                        f"The context {context!r} is elsewhere and is not fetched.",
                    ),
                    _INLINE,
                )
        return active

    def _define(self, active: _Context, context: dict[str, Json], path: str) -> _Context:
        terms = dict(active.terms)
        vocab = active.vocab
        for key, value in context.items():
            if key == "@import":
                self.refuse(
                    path,
                    Text("@import 引用外部内容，不会去读取。", "@import is elsewhere and is not fetched."),
                    _INLINE,
                )
            elif key == "@vocab":
                vocab = value is not None
            elif key.startswith("@"):
                continue
            elif isinstance(value, dict):
                if "@context" in value:
                    self.refuse(
                        f"{path}.{key}",
                        Text(
                            "词条内另带 @context，读法不止一种。",
                            "A term brings a context of its own, which can be read in two ways.",
                        ),
                        Text("请把其中的词条移到文件开头的 @context。", "Move its terms into the context at the top."),
                    )
                iri = value.get("@id", value.get("@reverse", key))
                coercion = value.get("@type")
                container = value.get("@container")
                terms[key] = _Term(
                    iri if isinstance(iri, str) else None,
                    coercion if isinstance(coercion, str) else None,
                    frozenset(each for each in _listed(container) if isinstance(each, str)),
                )
                if coercion == "@json":
                    self._no_json(f"{path}.{key}")
            else:
                terms[key] = _Term(value if isinstance(value, str) else None)
        return replace(active, terms=terms, vocab=vocab)

    def _no_json(self, path: str) -> None:
        self.refuse(
            path,
            Text("不接受 @json 类型的值。", "Values of type @json are not read."),
            Text("请写成普通的属性。", "Write them as properties."),
        )

    # Nodes

    def top(self, document: Json) -> Json:
        """The document with exact numbers, every key known."""
        return self._nodes(document, _Context(), "$")

    def _nodes(self, value: Json, active: _Context, path: str) -> Json:
        """One node or a list of them, where a bare value would be dropped."""
        if isinstance(value, list):
            return [self._nodes(each, active, f"{path}[{at}]") for at, each in enumerate(value)]
        if isinstance(value, dict):
            return self._object(value, active, path, None)
        self.refuse(
            path,
            Text("此处的值不属于任何实体，会被丢弃。", "A value here belongs to nothing and would be dropped."),
            Text('请写成对象 {"@id": ...}。', 'Write an object, {"@id": ...}.'),
        )
        return None

    def _object(self, node: dict[str, Json], active: _Context, path: str, term: _Term | None) -> dict[str, Json]:
        for key, value in node.items():
            if active.keyword(key) == "@context":
                active = self._extend(active, value, f"{path}.@context")
        keywords = {active.keyword(key): key for key in node}
        made: dict[str, Json] = {}
        for key, value in node.items():
            keyword, here = active.keyword(key), f"{path}.{key}"
            if keyword == "@context":
                made[key] = _plain(value)
            elif keyword == "@value":
                made[key] = self._value(value, "@type" in keywords, made, here)
            elif keyword in {"@graph", "@included"}:
                made[key] = self._nodes(value, active, here)
            elif keyword in {"@list", "@set"}:
                made[key] = self._property(value, active, here, term)
            elif keyword in {"@reverse", "@nest"}:
                made[key] = self._nodes(value, active, here)
            elif keyword.startswith("@"):
                made[key] = self._keyword(keyword, value, here)
            elif self._known(key, active, here):
                made[key] = self._property(value, active, here, active.terms.get(key))
        return made

    def _keyword(self, keyword: str, value: Json, path: str) -> Json:
        if keyword not in _KEYWORDS:
            self.refuse(
                path,
                Text(f"没有关键字 {keyword}。", f"There is no keyword {keyword}."),
                Text("请核对拼写。", "Check its spelling."),
            )
        for each in _listed(value):
            if isinstance(each, _Number) or (keyword in {"@id", "@type"} and (not isinstance(each, str) or not each)):
                self.refuse(
                    path,
                    Text(f"{keyword} 的值应是文字。", f"The value of {keyword} has to be text."),
                    Text("请加引号。", "Quote it."),
                )
            elif keyword == "@id" and isinstance(each, str) and each.startswith("@"):
                self.refuse(
                    path,
                    Text(f"“{each}”不能作标识，会被丢弃。", f'"{each}" cannot be an identifier and would be dropped.'),
                    Text("请写 IRI。", "Write an IRI."),
                )
            elif keyword == "@type" and each == "@json":
                self._no_json(path)
        return value

    def _known(self, key: str, active: _Context, path: str) -> bool:
        term = active.terms.get(key)
        iri = (term.iri or "") if term else key
        if term is not None and term.iri is None:
            return True  # the context says that it means nothing
        if not iri.startswith("_:") and (":" in iri or term is not None or active.vocab):
            return True
        self.refuse(
            path,
            Text(f"“{key}”不在 @context 中，会被丢弃。", f'"{key}" is not in the context and would be dropped.'),
            Text("请核对拼写，或在 @context 中定义。", "Check its spelling, or define it in the context."),
        )
        return False

    def _property(self, value: Json, active: _Context, path: str, term: _Term | None) -> Json:
        if isinstance(value, list):
            return [self._property(each, active, f"{path}[{at}]", term) for at, each in enumerate(value)]
        if isinstance(value, dict):
            if term and term.containers & _MAPS and not any(active.keyword(key).startswith("@") for key in value):
                inner = replace(term, containers=frozenset())
                return {key: self._property(each, active, f"{path}.{key}", inner) for key, each in value.items()}
            return self._object(value, active, path, term)
        if isinstance(value, _Number):
            if term and term.coercion and not term.coercion.startswith("@"):
                return self._digits(value, path)  # the context gives the type
            return {"@value": self._digits(value, path), "@type": _type(value)}
        return value

    def _value(self, value: Json, typed: bool, made: dict[str, Json], path: str) -> Json:
        if not isinstance(value, _Number):
            if isinstance(value, (dict, list)):
                self._no_json(path)
            return value
        if not typed:
            made["@type"] = _type(value)
        return self._digits(value, path)

    def _digits(self, number: _Number, path: str) -> str:
        if not re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", number) or len(number) > MAX_NUMBER:
            shown = number if len(number) <= 60 else number[:57] + "..."
            self.refuse(
                path,
                Text(f"数值 {shown} 用了指数或过长。", f"The number {shown} has an exponent or is too long."),
                _QUOTE,
            )
        return str(number)


def _type(number: _Number) -> str:
    return XSD + ("decimal" if "." in number else "integer")


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _plain(value: Json) -> Json:
    """A context with its numbers as JSON writes them; only ``@version`` has one."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return float(value) if isinstance(value, _Number) else value
