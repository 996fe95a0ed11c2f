"""The query library: every question that can be asked, found on disk, described by its header, and asked.

A file in ``queries/`` is one question; its folder and stem are its name, ``norms/binding``. Its header is
all its documentation::

    # 某类机构在某日受哪些规范约束？ Which norms bind a kind of institution on a day?
    #
    # Prose: what counts, what does not.
    # @param institution iri       the class of the institution
    # @param on          xsd:date  the day
    # @param document    key       only norms of this document = *
    # @returns norm, citation

A parameter's type is ``iri``, ``key``, ``text``, ``xsd:date`` or ``xsd:integer``. What stands behind `` = ``
is its default, ``*`` for "any": the variable stays free, and a text is empty. The SELECT projects its
parameters too, since that is how they are bound; an answer has the columns of ``@returns`` only. A bound
parameter is seen in triple patterns and filters, not in BIND or BOUND. No question is known here by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from pyoxigraph import BlankNode, Literal, NamedNode, QuerySolutions, Store, Triple, Variable

from guiju import keys
from guiju.knowledge import Knowledge

Term = NamedNode | BlankNode | Literal | Triple
TYPES = {
    "iri": "FinancialAssetInvestmentCompany, metric:net-assets or https://w3id.org/guiju/...",
    "key": "aic-measures-2018/art_39__para_2",
    "text": "关联交易",
    "xsd:date": "2018-07-01",
    "xsd:integer": "10",
}
ANY = "*"
_NOT_QUESTIONS = ("derive", "explain", "intake", "submissions")
"""Folders of queries that are not asked of a knowledge base: steps of a judgement, and what is asked of kept graphs."""
_PREFIXES = {keys.EARL: "earl:", keys.ELI: "eli:", keys.SH: "sh:", keys.XSD: "xsd:", keys.SKOS: "skos:"}
_TITLE = re.compile(r"# (?P<zh>.+？) (?P<en>.+\?)")
_PARAM = re.compile(r"@param\s+(?P<name>\w+)\s+(?P<type>\S+)\s+(?P<about>.+?)(?:\s+=\s+(?P<default>.+))?")
_LOCAL = re.compile(r"[A-Za-z][\w.-]*")
_CURIE = re.compile(r"(?P<prefix>[a-z]+):(?P<name>[\w.-]+)")


class LibraryError(ValueError):
    """A question that cannot be asked as it was; ``zh`` and ``en`` say why and what to write."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} {en}")
        self.zh, self.en = zh, en


class UnknownQuestion(LibraryError):
    """There is no question of that name."""


class BadParameter(LibraryError):
    """What is wrong with one ``parameter``, by its name."""

    def __init__(self, parameter: str, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.parameter = parameter


class MissingParameter(BadParameter):
    """A parameter without default was not given."""


class UnknownParameter(BadParameter):
    """The question has no such parameter."""


class BadValue(BadParameter):
    """A parameter's value is not of its type, or names nothing in the data."""


class BadHeader(LibraryError):
    """A query file's header does not follow the form above."""


@dataclass(frozen=True)
class Param:
    """One parameter; ``default`` is None where it must be given, and ``*`` where leaving it out means any."""

    name: str
    type: str
    about: str
    default: str | None = None


@dataclass(frozen=True)
class Question:
    """One question, as its header describes it; ``text`` is its SPARQL."""

    name: str
    zh: str
    en: str
    about: str
    params: tuple[Param, ...]
    returns: tuple[str, ...]
    text: str

    @property
    def about_facts(self) -> bool:
        """Whether it is asked of facts that were reported; without any there is no answer."""
        return self.name.startswith("institutions/")


@dataclass(frozen=True)
class Answer:
    """The rows of an answer, no two alike: terms in the order of ``columns``, None for no value."""

    columns: tuple[str, ...]
    rows: list[tuple[Term | None, ...]]

    def table(self) -> list[tuple[str, ...]]:
        """The same rows as text, our IRIs as keys and short names; "" where there is no value."""
        return [tuple(shown(term) for term in row) for row in self.rows]

    def records(self) -> list[dict[str, str]]:
        """The rows of the table by the names of their columns."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.table()]

    def objects(self) -> list[dict[str, str | None]]:
        """The same, with None where there is no value."""
        texts = ((None if term is None else shown(term) for term in row) for row in self.rows)
        return [dict(zip(self.columns, row, strict=True)) for row in texts]


def catalogue(root: Path) -> list[Question]:
    """All questions under ``root/queries``, by name.

    Raises BadHeader for a file whose header is not of the form.
    """
    return list(_questions(root).values())


@cache
def _questions(root: Path) -> dict[str, Question]:
    """Read once in a process: a worker opens no file any more when it is asked."""
    files = sorted((root / "queries").glob("*/*.rq"))
    names = {file.relative_to(root / "queries").with_suffix("").as_posix(): file for file in files}
    return {name: read(file, name) for name, file in names.items() if file.parent.name not in _NOT_QUESTIONS}


def read(file: Path, name: str) -> Question:
    """One question from its file. Raises BadHeader where the header is not of the form."""
    text = file.read_text(encoding="utf-8")
    lines = list(_header(text))
    title = _TITLE.fullmatch(lines[0]) if lines else None
    if not title:
        raise BadHeader(
            f"{file}：首行应为“# 中文问句？ English question?”。",
            f"{file}: the first line should be '# 中文问句？ English question?'.",
        )
    prose, params, returns = [], [], ()
    for line in (line.removeprefix("#").strip() for line in lines[1:]):
        if line.startswith("@param"):
            params.append(_param(line, file))
        elif line.startswith("@returns"):
            returns = tuple(re.findall(r"\w+", line.removeprefix("@returns")))
        else:
            prose.append(line)
    if not returns:
        raise BadHeader(f"{file}：缺少“# @returns 列名”。", f"{file}: '# @returns columns' is missing.")
    about = "\n".join(prose).strip()
    return Question(name, title["zh"], title["en"], about, tuple(params), returns, text)


def ask(source: Knowledge | Store, name: str, params: Mapping[str, str], root: Path | None = None) -> Answer:
    """Ask the question ``name`` of a knowledge base, or of a store that holds a submission with it.

    ``params`` are texts, as in a URL or on a command line; a ``key`` is a key or an IRI, an ``iri`` may also
    be a class's name or a concept's short name (``metric:net-assets``). ``root`` is the data folder, needed
    where ``source`` is a store. Raises a LibraryError where the question cannot be asked.
    """
    store = source.store if isinstance(source, Knowledge) else source
    if root is None:
        root = source.root if isinstance(source, Knowledge) else Knowledge().root
    question = find(root, name)
    found = store.query(question.text, substitutions=bind(question, params, store))
    if not isinstance(found, QuerySolutions):
        raise BadHeader(f"{name}：不是 SELECT 查询。", f"{name}: not a SELECT query.")
    rows = (tuple(solution[column] for column in question.returns) for solution in found)
    return Answer(question.returns, list(dict.fromkeys(rows)))


def find(root: Path, name: str) -> Question:
    """The question of that name. Raises UnknownQuestion, with the nearest names, where there is none."""
    names = _questions(root)
    if name in names:
        return names[name]
    near = get_close_matches(name, names, 3, 0.4) or [other for other in names if name and name in other]
    zh = f"最接近的是：{'、'.join(near)}。" if near else f"共有 {len(names)} 个查询，见目录。"
    en = f"The nearest are {', '.join(near)}." if near else f"The catalogue has {len(names)} others."
    raise UnknownQuestion(f"没有名为“{name}”的查询。{zh}", f"There is no query {name!r}. {en}")


def bind(question: Question, params: Mapping[str, str], store: Store) -> dict[Variable, Term]:
    """The values of a question's parameters as terms; parameters that are left at ``*`` stay free."""
    known = {param.name for param in question.params}
    for name in params:
        if name not in known:
            zh, en = "、".join(sorted(known)) or "（无）", ", ".join(sorted(known)) or "none"
            raise UnknownParameter(
                name,
                f"{question.name} 没有参数“{name}”；它的参数是：{zh}。",
                f"{question.name} has no parameter {name!r}; it has {en}.",
            )
    bound: dict[Variable, Term] = {}
    for param in question.params:
        value = params.get(param.name) or param.default
        if value is None:
            raise MissingParameter(
                param.name,
                f"{question.name} 缺少参数“{param.name}”（{param.type}），例如 {TYPES[param.type]}。",
                f"{question.name} needs the parameter {param.name!r} ({param.type}: {param.about}), "
                f"for example {TYPES[param.type]}.",
            )
        if value != ANY or param.default != ANY:
            bound[Variable(param.name)] = _term(param, value, store)
        elif param.type == "text":
            bound[Variable(param.name)] = Literal("")
    return bound


def shown(term: Term | None) -> str:
    """A term as text: keys for places and norms, ``shape:`` keys for shapes, short names for our terms."""
    if term is None:
        return ""
    if isinstance(term, Triple):
        return str(term)
    text = term.value
    if isinstance(term, NamedNode):
        for namespace, prefix in ((keys.ID, ""), (keys.NORM, ""), (keys.SHAPE, "shape:"), (keys.GJ, "")):
            if text.startswith(namespace):
                return prefix + text.removeprefix(namespace)
        if text.startswith(keys.TAXONOMY):
            return text.removeprefix(keys.TAXONOMY).replace("/", ":", 1)
        for namespace, prefix in _PREFIXES.items():
            text = text.replace(namespace, prefix)
    return text


def _header(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if not line.startswith("#"):
            return
        yield line


def _param(line: str, file: Path) -> Param:
    match = _PARAM.fullmatch(line)
    if not match or match["type"] not in TYPES:
        types = ", ".join(TYPES)
        raise BadHeader(
            f"{file}：参数行应为“@param 名称 类型 说明”，类型为 {types} 之一：{line}",
            f"{file}: a parameter reads '@param name type what', with a type out of {types}: {line}",
        )
    return Param(match["name"], match["type"], match["about"], match["default"])


def _term(param: Param, value: str, store: Store) -> NamedNode | Literal:
    if param.type == "text":
        return Literal(value)
    if param.type == "xsd:integer":
        if not re.fullmatch(r"-?\d+", value, re.ASCII):
            raise _bad(param, value, "不是整数", "is not a whole number")
        return Literal(value, datatype=NamedNode(keys.XSD + "integer"))
    if param.type == "xsd:date":
        try:
            # Python reads other forms of a date as well.
            day = date.fromisoformat(value if len(value) == len("2018-07-01") else "")
        except ValueError:
            raise _bad(param, value, "不是日期", "is not a day") from None
        return Literal(day.isoformat(), datatype=NamedNode(keys.XSD + "date"))
    iri = _key(param, value) if param.type == "key" else _iri(param, value)
    known = next(store.quads_for_pattern(iri, None, None, None), None) or next(
        store.quads_for_pattern(None, None, iri, None), None
    )
    if not known:
        raise _bad(param, value, "在数据中不存在", "names nothing in the data")
    return iri


def _key(param: Param, value: str) -> NamedNode:
    if value.startswith(("external/", "agent/")):
        return NamedNode(keys.ID + value)
    if "://" in value and not value.startswith((keys.ID, keys.NORM, keys.SHAPE)):
        return _node(param, value)
    if value.startswith((keys.ID + "external/", keys.ID + "agent/", keys.SHAPE)):
        return _node(param, value)
    try:
        key = keys.parse(value)
    except ValueError:
        raise _bad(param, value, "不是键或 IRI", "is neither a key nor an IRI") from None
    return NamedNode(key.norm if key.slug else key.place)


def _iri(param: Param, value: str) -> NamedNode:
    curie = _CURIE.fullmatch(value)
    if curie and curie["prefix"] == "gj":
        return NamedNode(keys.GJ + curie["name"])
    if curie and curie["prefix"] not in ("urn", "http", "https"):
        return NamedNode(f"{keys.TAXONOMY}{curie['prefix']}/{curie['name']}")
    if _LOCAL.fullmatch(value):
        return NamedNode(keys.GJ + value)
    return _node(param, value)


def _node(param: Param, value: str) -> NamedNode:
    if ":" in value:
        try:
            return NamedNode(value)
        except ValueError:
            pass
    raise _bad(param, value, "不是 IRI", "is not an IRI")


def _bad(param: Param, value: str, zh: str, en: str) -> BadValue:
    example, value = TYPES[param.type], value[:100]
    return BadValue(
        param.name,
        f"参数“{param.name}”的值“{value}”{zh}；应为 {param.type}，例如 {example}。",
        f"The value {value!r} of {param.name!r} {en}; write a value of type {param.type}, such as {example}.",
    )
