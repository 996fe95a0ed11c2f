"""The data held to its own rules: every query in ``queries/hygiene`` returns no rows, and what SPARQL cannot see.

Each query is shown to find what it is for: ``tests/golden/defects`` plants one defect a query.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from guiju import completion, keys, library
from guiju.knowledge import Knowledge
from tests.toy import GOLDEN, Toy

ROOT = Path(__file__).parent.parent
QUESTIONS = [question.name for question in library.catalogue(ROOT) if question.name.startswith("hygiene/")]
LAW = sorted((ROOT / "ontology" / "documents").glob("*/*.ttl"))
SHAPES = sorted((ROOT / "shapes").glob("*/*.ttl"))
EXCEPTIONS = ROOT / "ontology" / "hygiene-exceptions.ttl"


@pytest.mark.parametrize("name", QUESTIONS)
def test_returns_no_rows(name: str, knowledge: Knowledge) -> None:
    found = library.ask(knowledge, name, {}).table()
    question = library.find(ROOT, name)
    shown = "\n".join("  ".join(row) for row in found[:30])
    assert not found, f"{question.zh} {question.en}\n{question.about}\n{len(found)}:\n{shown}"


@pytest.fixture(scope="module")
def toy() -> Toy:
    return Toy()


@pytest.mark.parametrize("name", QUESTIONS)
def test_finds_a_planted_defect(name: str, toy: Toy) -> None:
    planted = Toy([GOLDEN / "defects" / f"{name.removeprefix('hygiene/')}.ttl"])
    before, after = (set(library.ask(store, name, {}).table()) for store in (toy.store, planted.store))
    assert after - before, "the query does not find what it is for"


@pytest.mark.parametrize("name", QUESTIONS)
def test_header_says_problem_and_cure(name: str) -> None:
    about = library.find(ROOT, name).about
    assert about.startswith("Problem: ")
    assert "\nCure: " in about


# Files and IRIs: whoever knows the citation can guess the file.


def _subjects(file: Path) -> set[str]:
    return {
        quad.subject.value
        for quad in parse(path=str(file), format=RdfFormat.TURTLE)
        if isinstance(quad.subject, NamedNode)
    }


@pytest.mark.parametrize("file", LAW, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_law_file_holds_its_own_keys_only(file: Path) -> None:
    found = [keys.parse(subject) for subject in _subjects(file)]
    assert {key.document for key in found} == {file.parent.name}
    if file.stem != "document":
        assert {_file_of(key, file) for key in found} == {file.stem}


def _file_of(key: keys.Key, file: Path) -> str | None:
    """The stem of the file that holds a key: its article, or its part or chapter where those are the files."""
    whole = key.provision == file.stem or (key.provision or "").startswith(f"{file.stem}__")
    return file.stem if whole else key.article


@pytest.mark.parametrize("file", SHAPES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_shape_file_holds_its_own_keys_only(file: Path) -> None:
    found = _subjects(file)
    assert found
    assert all(subject.startswith(keys.SHAPE) for subject in found), "only shapes"
    held = {keys.parse(subject) for subject in found}
    assert {key.document for key in held} == {file.parent.name}
    assert {_file_of(key, file) for key in held} == {file.stem}
    assert (ROOT / "ontology" / "documents" / file.parent.name / file.name).is_file(), "no law file of that name"


@pytest.mark.parametrize("file", sorted((ROOT / "ontology" / "taxonomies").glob("*.ttl")), ids=lambda file: file.stem)
def test_taxonomy_file_holds_one_scheme(file: Path) -> None:
    schemes = {subject.removeprefix(keys.TAXONOMY).split("/")[0] for subject in _subjects(file)}
    assert len(schemes) == 1, f"one scheme a file, not {schemes}"


# The language of regulation: the traps that engines lose results in.


@pytest.fixture(scope="module")
def index(knowledge: Knowledge) -> completion.Index:
    return completion.index(knowledge.authored_shapes)


Node = NamedNode | BlankNode


def _objects(index: completion.Index, subject: Node, name: str) -> list[completion.Term]:
    return index[subject].get(name, [])


def _components(index: completion.Index) -> list[NamedNode]:
    return [
        subject
        for subject in index
        if isinstance(subject, NamedNode) and completion.COMPONENT in _objects(index, subject, keys.RDF + "type")
    ]


def _paths(index: completion.Index, component: NamedNode) -> list[str]:
    return [
        path.value
        for parameter in _objects(index, component, keys.SH + "parameter")
        if isinstance(parameter, (NamedNode, BlankNode))
        for path in _objects(index, parameter, keys.SH + "path")
    ]


def _queries(index: completion.Index, component: NamedNode) -> dict[str, str]:
    found = {
        name: text.value
        for name in ("notKnownWhen", "notTriggeredWhen")
        for text in _objects(index, component, keys.GJ + name)
    }
    for validator in _objects(index, component, keys.SH + "nodeValidator"):
        if isinstance(validator, (NamedNode, BlankNode)):
            found["validator"] = _objects(index, validator, keys.SH + "select")[0].value
    return found


def test_a_parameter_belongs_to_one_component(index: completion.Index) -> None:
    counted = Counter(path for component in _components(index) for path in _paths(index, component))
    assert not [path for path, count in counted.items() if count > 1]


def test_parameters_say_what_they_expect(index: completion.Index, knowledge: Knowledge) -> None:
    for component in _components(index):
        parameters = _objects(index, component, keys.SH + "parameter")
        assert parameters, component
        for parameter in parameters:
            assert isinstance(parameter, (NamedNode, BlankNode))
            expects = _objects(index, parameter, keys.GJ + "expects")
            assert len(expects) == 1, f"{component.value}: one gj:expects for each parameter"
            assert len(_objects(index, parameter, keys.SH + "path")) == 1
            value = expects[0].value
            assert not value.startswith(keys.GJ) or value in knowledge.terms, f"{value} is not defined"


_FORBIDDEN = {
    r"\bVALUES\b": "VALUES",
    r"\bMINUS\b": "MINUS",
    r"\bGROUP\s+BY\b|\b(COUNT|SUM|MIN|MAX|AVG|SAMPLE|GROUP_CONCAT)\s*\(": "aggregates",
    r"\bxsd:date\s*\(": "a date cast (use STRDT)",
    r"\$shapesGraph|\$currentShape": "$shapesGraph",
    r"\bSERVICE\b|\bGRAPH\b|\bFROM\b": "other graphs",
    r"\?value\b": "?value, which pySHACL binds to the focus node",
    r"\bORDER\s+BY\b|\bLIMIT\b": "ORDER BY or LIMIT",
}


def test_validators_keep_to_what_all_engines_run(index: completion.Index) -> None:
    wrong = []
    for component in _components(index):
        queries = _queries(index, component)
        assert {"validator", "notKnownWhen"} <= set(queries), f"{component.value}: validator and notKnownWhen"
        for name, text in queries.items():
            where = f"{component.value.removeprefix(keys.GJ)} {name}"
            wrong += [f"{where}: {what}" for pattern, what in _FORBIDDEN.items() if re.search(pattern, text)]
            if not re.match(r"\s*SELECT\s+\$this\s+WHERE\s*\{", text) or text.upper().count("SELECT") != 1:
                wrong.append(f"{where}: project $this only, without sub-select")
            wrong += [f"{where}: {problem}" for problem in _unions(text)]
            used = set(re.findall(r"\$(\w+)", text)) - {"this"}
            stranger = used - {path.removeprefix(keys.GJ) for path in _paths(index, component)}
            wrong += [f"{where}: ${name} is not a parameter" for name in stranger]
    assert not wrong


def _unions(text: str) -> list[str]:
    """Branches of a UNION that do not bind a variable of their own by a triple pattern."""
    wrong = []
    for match in re.finditer(r"\}\s*UNION\s*\{", text):
        left = text[: match.start()]
        right = text[match.end() :]
        for branch in (_back(left), _forward(right)):
            if not re.search(r"[?$]\w+\s+(?!=|!=|<|>|\|\||&&)\S+\s+\S+", re.sub(r"FILTER.*", "", branch, flags=re.S)):
                wrong.append(f"a UNION branch without triple pattern: {branch.strip()}")
    return wrong


def _back(text: str) -> str:
    depth = 1
    for place in range(len(text) - 1, -1, -1):
        depth += {"}": 1, "{": -1}.get(text[place], 0)
        if not depth:
            return text[place + 1 :]
    return text


def _forward(text: str) -> str:
    depth = 1
    for place, letter in enumerate(text):
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if not depth:
            return text[:place]
    return text


def test_components_carry_no_message(index: completion.Index) -> None:
    for component in _components(index):
        assert not _objects(index, component, keys.SH + "message")
        assert not _objects(index, component, keys.SH + "labelTemplate")


def test_components_have_skeleton_and_explanation(index: completion.Index) -> None:
    for component in _components(index):
        assert _objects(index, component, keys.GJ + "skeleton"), component
        name = component.value.removeprefix(keys.GJ).removesuffix("Component")
        assert (ROOT / "queries" / "explain" / f"{name}.rq").is_file(), f"no explanation of {name}"


def test_a_duty_to_be_set_off_stands_alone_in_its_shape(index: completion.Index) -> None:
    """Two components in one shape, one of which may be untriggered, would let the one hide the other."""
    owner = {path: component for component in _components(index) for path in _paths(index, component)}
    for shape, about in index.items():
        used = {owner[name] for name in about if name in owner}
        triggered = [one for one in used if "notTriggeredWhen" in _queries(index, one)]
        assert not triggered or len(used) == 1, shape


# Terms that nothing uses.


def _exceptions() -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for quad in parse(path=str(EXCEPTIONS), format=RdfFormat.TURTLE):
        if quad.predicate.value == keys.GJ + "unusedBecause" and isinstance(quad.subject, NamedNode):
            found[quad.subject.value] += 1
    return found


def _text(*patterns: str) -> str:
    return "\n".join(file.read_text(encoding="utf-8") for pattern in patterns for file in sorted(ROOT.glob(pattern)))


def _short(iri: str) -> str:
    if iri.startswith(keys.GJ):
        return "gj:" + iri.removeprefix(keys.GJ)
    scheme, _, name = iri.removeprefix(keys.TAXONOMY).partition("/")
    return f"{scheme}:{name}"


_ABOUT_ITSELF = {keys.RDFS + "isDefinedBy", keys.SKOS + "inScheme"}


def _unused(knowledge: Knowledge) -> set[str]:
    """Terms of the vocabulary and taxonomies that no data, query, case or program uses.

    A concept whose broader concept is used counts as used: facts may name it.
    """
    triples: list[Triple] = [*knowledge.triples, *knowledge.authored_shapes]
    used = {triple.predicate.value for triple in triples}
    broader: dict[str, set[str]] = defaultdict(set)
    for triple in triples:
        subject, predicate, thing = triple.subject, triple.predicate.value, triple.object
        if not isinstance(thing, NamedNode) or predicate in _ABOUT_ITSELF or subject == thing:
            continue
        if predicate == keys.SKOS + "broader" and isinstance(subject, NamedNode):
            broader[subject.value].add(thing.value)
        used.add(thing.value)
    words = _text("queries/**/*.rq", "tests/cases/**/*.ttl", "ontology/calendars/*.ttl")
    words += "".join(t.object.value for t in knowledge.authored_shapes if isinstance(t.object, Literal))
    named = set(re.findall(r"[a-z]+:[A-Za-z][\w-]*", words))
    named |= {f"gj:{name}" for name in re.findall(r"keys\.GJ \+ \"(\w+)\"", _text("src/guiju/**/*.py"))}

    def is_used(term: str, seen: frozenset[str] = frozenset()) -> bool:
        if term in used or _short(term) in named:
            return True
        return any(is_used(wider, seen | {term}) for wider in broader[term] - seen)

    data = {t.subject.value for t in triples if t.object == NamedNode(keys.GJ + "Requirement")}  # type: ignore[union-attr]
    return {term for term in knowledge.terms - data if not term.endswith("/scheme") and not is_used(term)}


def test_every_term_is_used_or_says_why_not(knowledge: Knowledge) -> None:
    unused = {_short(term) for term in _unused(knowledge) - _exceptions().keys()}
    assert not unused, f"use them, drop them, or give gj:unusedBecause in {EXCEPTIONS.name}: {sorted(unused)}"


def test_exceptions_are_needed_and_bilingual(knowledge: Knowledge) -> None:
    exceptions = _exceptions()
    assert not {_short(term) for term in exceptions.keys() - _unused(knowledge)}, "used after all: drop the exception"
    assert set(exceptions.values()) <= {2}, "a reason in Chinese and one in English"


# Bridges to other vocabularies: ours on the left, terms seen in their own files on the right, nothing imported.

_BRIDGES = {
    *(keys.SKOS + name for name in ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch")),
    *(keys.RDFS + name for name in ("subClassOf", "subPropertyOf")),
    *(keys.OWL + name for name in ("equivalentClass", "equivalentProperty")),
}


@pytest.mark.parametrize("file", sorted((ROOT / "ontology" / "alignments").glob("*.ttl")), ids=lambda file: file.stem)
def test_bridge_runs_from_our_terms_to_known_ones(file: Path, knowledge: Knowledge) -> None:
    known = set((GOLDEN / "foreign-terms.txt").read_text(encoding="utf-8").split())
    triples = list(parse(path=str(file), format=RdfFormat.TURTLE))
    assert triples
    for triple in triples:
        assert isinstance(triple.subject, NamedNode)
        assert triple.subject.value in knowledge.terms, f"{triple.subject} is not ours"
        assert triple.predicate.value in _BRIDGES, f"{triple.predicate} is no bridge"
        assert isinstance(triple.object, NamedNode)
        assert triple.object.value in known, f"{triple.object} is not in tests/golden/foreign-terms.txt"
