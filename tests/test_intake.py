"""Reading facts: the same from every format, with their places, and clear about what was wrong."""

from __future__ import annotations

import hashlib
import io
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guiju.intake import FORMATS, BadInput, Changed, Facts, read
from guiju.keys import GJ, TAXONOMY, XSD

TURTLE = """\
@prefix ex: <https://example.org/> .
@prefix gj: <https://w3id.org/guiju/ontology#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

# ex:net-assets is named here first, but not stated
ex:net-assets a gj:Measurement ;
    gj:entity ex:aic ;
    gj:value "12500000000.50"^^xsd:decimal ;
    gj:count 8 ;
    gj:exact true ;
    gj:on "2018-09-20"^^xsd:date ;
    gj:leg [ gj:amount 8.5 ] .

ex:aic gj:name "某金融资产投资公司"@zh, "An AIC"@en .
"""
N_TRIPLES = """\
<https://example.org/net-assets> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://w3id.org/guiju/ontology#Measurement> .
<https://example.org/net-assets> <https://w3id.org/guiju/ontology#entity> <https://example.org/aic> .
<https://example.org/net-assets> <https://w3id.org/guiju/ontology#value> "12500000000.50"^^<http://www.w3.org/2001/XMLSchema#decimal> .
<https://example.org/net-assets> <https://w3id.org/guiju/ontology#count> "8"^^<http://www.w3.org/2001/XMLSchema#integer> .
<https://example.org/net-assets> <https://w3id.org/guiju/ontology#exact> "true"^^<http://www.w3.org/2001/XMLSchema#boolean> .
<https://example.org/net-assets> <https://w3id.org/guiju/ontology#on> "2018-09-20"^^<http://www.w3.org/2001/XMLSchema#date> .
<https://example.org/net-assets> <https://w3id.org/guiju/ontology#leg> _:leg .
_:leg <https://w3id.org/guiju/ontology#amount> "8.5"^^<http://www.w3.org/2001/XMLSchema#decimal> .
<https://example.org/aic> <https://w3id.org/guiju/ontology#name> "\\u67D0金融资产投资公司"@zh .
<https://example.org/aic> <https://w3id.org/guiju/ontology#name> "An AIC"@en .
"""
TRIG = TURTLE.replace("# ex:net", "ex:graph {\n# ex:net") + "}\n"
JSON_LD = """\
{"@context": {
    "@version": 1.1,
    "@vocab": "https://w3id.org/guiju/ontology#",
    "ex": "https://example.org/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "id": "@id", "type": "@type", "text": "@value",
    "entity": {"@type": "@id"},
    "on": {"@type": "xsd:date"},
    "name": {"@container": "@language"}},
 "@graph": [
    {"id": "ex:net-assets", "type": "Measurement", "entity": "ex:aic", "value": 12500000000.50, "count": 8,
     "exact": true, "on": "2018-09-20", "leg": {"amount": {"text": 8.5}}, "note": null},
    {"id": "ex:aic", "name": {"zh": "某金融资产投资公司", "en": "An AIC"}}]}
"""
RDF_XML = """\
<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="https://w3id.org/guiju/ontology#">
  <Measurement rdf:about="https://example.org/net-assets">
    <entity rdf:resource="https://example.org/aic"/>
    <value rdf:datatype="http://www.w3.org/2001/XMLSchema#decimal">12500000000.50</value>
    <count rdf:datatype="http://www.w3.org/2001/XMLSchema#integer">8</count>
    <exact rdf:datatype="http://www.w3.org/2001/XMLSchema#boolean">true</exact>
    <on rdf:datatype="http://www.w3.org/2001/XMLSchema#date">2018-09-20</on>
    <leg rdf:parseType="Resource">
      <amount rdf:datatype="http://www.w3.org/2001/XMLSchema#decimal">8.5</amount>
    </leg>
  </Measurement>
  <rdf:Description rdf:about="https://example.org/aic">
    <name xml:lang="zh">某金融资产投资公司</name>
    <name xml:lang="en">An AIC</name>
  </rdf:Description>
</rdf:RDF>
"""
ALL = {
    "turtle": TURTLE,
    "ntriples": N_TRIPLES,
    "nquads": N_TRIPLES.replace(" .\n", " <https://example.org/graph> .\n"),
    "trig": TRIG,
    "jsonld": JSON_LD,
    "rdfxml": RDF_XML,
}


def one(text: str, format_: str = "turtle", name: str = "facts") -> Facts:
    return read([(name, text.encode(), format_)])


def canonical(facts: Facts) -> ox.Dataset:
    dataset = ox.Dataset(ox.Quad(*triple) for triple in facts.triples)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return dataset


@pytest.mark.parametrize("format_", FORMATS)
def test_the_same_facts_in_every_format(format_: str) -> None:
    facts = one(ALL[format_], format_)
    assert canonical(facts) == canonical(one(N_TRIPLES, "ntriples"))
    assert [(each.name, each.triples, each.format) for each in facts.inputs] == [("facts", 10, format_)]
    assert facts.inputs[0].sha256 == hashlib.sha256(ALL[format_].encode()).hexdigest()
    assert not facts.ignored
    assert not facts.changed


IRIS = st.sampled_from([f"https://example.org/{name}" for name in ("a", "b-2", "机构/一", "x#y")]).map(ox.NamedNode)
NODES = IRIS | st.sampled_from(["x", "y"]).map(ox.BlankNode)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"], include_characters="\t\n"), max_size=12)
LITERALS = st.one_of(
    TEXTS.map(ox.Literal),
    st.builds(lambda text, tag: ox.Literal(text, language=tag), TEXTS, st.sampled_from(["zh", "en", "zh-hant"])),
    st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12).map(
        lambda number: ox.Literal(f"{number:f}", datatype=ox.NamedNode(XSD + "decimal"))
    ),
    st.integers(1 - 10**18, 10**18 - 1).map(
        lambda number: ox.Literal(str(number), datatype=ox.NamedNode(XSD + "integer"))
    ),
    st.dates().map(lambda day: ox.Literal(day.isoformat(), datatype=ox.NamedNode(XSD + "date"))),
    st.booleans().map(lambda each: ox.Literal(str(each).lower(), datatype=ox.NamedNode(XSD + "boolean"))),
)
PREDICATES = st.sampled_from([GJ + "value", GJ + "name", "https://example.org/p"]).map(ox.NamedNode)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.builds(ox.Triple, NODES, PREDICATES, NODES | LITERALS), min_size=1, max_size=8))
def test_any_facts_are_the_same_in_every_format(triples: list[ox.Triple]) -> None:
    read_back = []
    for name, format_ in FORMATS.items():
        quads = [ox.Quad(*triple) for triple in triples]
        data = ox.serialize(quads if format_.supports_datasets else triples, format=format_)
        assert data is not None
        try:
            read_back.append(canonical(read([(name, data, name)])))
        except BadInput as refused:
            # The texts are any: one may be a code in disguise. All formats refuse it then.
            assert "look-alike" in str(refused)
            read_back.append(ox.Dataset())
    assert all(dataset == read_back[0] for dataset in read_back)


@pytest.mark.parametrize(
    ("name", "format_", "lines"),
    [
        ("f.ttl", "turtle", (6, 14)),
        ("f.trig", "trig", (7, 15)),
        ("f.nt", "ntriples", (1, 9)),
        ("f.nq", "nquads", (1, 9)),
        ("f.jsonld", "jsonld", None),
        ("f.rdf", "rdfxml", None),
    ],
)
def test_place(name: str, format_: str, lines: tuple[int, int] | None) -> None:
    facts = one(ALL[format_], format_, name)
    places = [facts.place(ox.NamedNode(f"https://example.org/{each}")) for each in ("net-assets", "aic")]
    assert places == ([f"{name}:{line}" for line in lines] if lines else [name, name])
    assert facts.place("https://example.org/nothing") is None


def test_place_of_blank_nodes() -> None:
    facts = one("@prefix : <https://example.org/> .\n:a :p _:x .\n\n_:x :p [] .\n", name="f.ttl")
    assert facts.place(ox.BlankNode("f1b1")) == "f.ttl:4"
    assert facts.place("_:f1b1") == "f.ttl:4"


def test_place_reads_what_turtle_may_write() -> None:
    text = (
        "BASE <https://example.org/>\nPREFIX e: <x/>\n@prefix : <#> .\n"
        'e:a.b e:p """\n. e:no e:p 1 .\n""", \'.\' , 1.5, e:c .\n'
        "<r> e:p ( e:l ) ; e:p [ e:q e:m ] . :s\\,t e:p <\\u0041> .\n"
        "[] e:p e:o .\n_:b.1 e:p 1 . # e:z e:p 1 .\ne:ü e:p 2 .\n"
    )
    facts = one(text, name="f.ttl")
    expected = {"x/a.b": 4, "r": 7, "#s,t": 7, "x/ü": 10}
    assert {each: facts.place("https://example.org/" + each) for each in expected} == {
        each: f"f.ttl:{line}" for each, line in expected.items()
    }
    assert facts.place("https://example.org/x/no") is None


def test_files_are_merged_and_blank_nodes_kept_apart(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text("<https://e.org/a> <https://e.org/p> _:x . _:x <https://e.org/q> 1 .", "utf-8")
    (tmp_path / "b.nt").write_text(
        "<https://e.org/a> <https://e.org/p> _:x .\n<https://e.org/a> <https://e.org/p> _:x ."
    )
    facts = read([tmp_path / "a.ttl", str(tmp_path / "b.nt")])
    assert [str(triple) for triple in facts.triples] == [
        "<https://e.org/a> <https://e.org/p> _:f1b1",
        '_:f1b1 <https://e.org/q> "1"^^<http://www.w3.org/2001/XMLSchema#integer>',
        "<https://e.org/a> <https://e.org/p> _:f2b1",
    ]
    assert [each.triples for each in facts.inputs] == [2, 2]
    assert facts.place("https://e.org/a") == f"{tmp_path / 'a.ttl'}:1"


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TURTLE.encode())))
    facts = read(["-"], input_format="ttl")
    assert facts.inputs[0].name == "stdin"
    assert facts.place("https://example.org/aic") == "stdin:14"
    with pytest.raises(BadInput, match="--input-format"):
        read(["-"])


@pytest.mark.parametrize(
    ("stated", "format_"),
    [
        ("text/turtle; charset=utf-8", "turtle"),
        ("application/n-triples", "ntriples"),
        ("application/n-quads", "nquads"),
        ("application/trig", "trig"),
        ("application/ld+json", "jsonld"),
        ("application/rdf+xml", "rdfxml"),
        ("TTL", "turtle"),
    ],
)
def test_media_types(stated: str, format_: str) -> None:
    assert one(ALL[format_], stated).inputs[0].format == format_


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (("a.csv", b"a,b", None), "format cannot be told"),
        (("a", b"a,b", "text/csv"), "'text/csv' is not known"),
        ("/no/such/file.ttl", "cannot be read"),
        (("a.ttl", b"<https://e.org/a> <https://e.org/p> .\n", None), "Syntax error"),
        (("a.jsonld", b'{"a": 1,}', None), "not well-formed JSON"),
    ],
)
def test_what_cannot_be_read(source: str | tuple[str, bytes, str | None], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read([source])


def test_no_source() -> None:
    with pytest.raises(BadInput, match="There is no input"):
        read([])


def test_all_problems_of_all_inputs_are_told() -> None:
    prefixes = f"@prefix gj: <{GJ}> . @prefix xsd: <{XSD}> .\n"
    bad = prefixes + '<https://e.org/a> gj:value "x"^^xsd:decimal,\n 1e0 .\n'
    with pytest.raises(BadInput) as caught:
        read([("a.ttl", bad.encode(), None), ("b.csv", b"", None), ("c.ttl", b"<", None)])
    assert [each.where for each in caught.value.problems] == ["a.ttl:2", "a.ttl:3", "b.csv", "c.ttl:1"]
    assert caught.value.complete
    assert str(caught.value).startswith("a.ttl:2: “x”不是合格的 xsd:decimal。请用半角字符书写")


def test_byte_order_mark() -> None:
    assert one("\ufeff" + TURTLE).place("https://example.org/aic") == "facts:14"


def test_texts_are_normalised_and_it_is_said() -> None:
    facts = one('<https://e.org/a> <https://e.org/p> "cafe\u0301"@fr .\n', name="f.ttl")
    assert facts.triples[0].object == ox.Literal("café", language="fr")
    assert facts.changed == [Changed("f.ttl:1", "cafe\u0301", "café")]


def value_of(json_ld: str) -> ox.Literal:
    context = '{"@context": {"gj": "https://w3id.org/guiju/ontology#", "xsd": "http://www.w3.org/2001/XMLSchema#", '
    found = one(context + json_ld, "jsonld").triples[0].object
    assert isinstance(found, ox.Literal)
    return found


@pytest.mark.parametrize(
    ("written", "value", "kind"),
    [
        ('"v": "gj:v"}, "v": 8.5}', "8.5", "decimal"),
        ('"v": "gj:v"}, "v": 10}', "10", "integer"),
        ('"v": "gj:v"}, "v": -0.10}', "-0.10", "decimal"),
        ('"v": "gj:v"}, "v": 123456789012345678.123456789}', "123456789012345678.123456789", "decimal"),
        ('"v": {"@id": "gj:v", "@type": "xsd:decimal"}}, "v": 10}', "10", "decimal"),
        ('"v": {"@id": "gj:v", "@type": "xsd:decimal"}}, "v": "10"}', "10", "decimal"),
        ('"v": {"@id": "gj:v", "@type": "@id"}}, "v": 8.5}', "8.5", "decimal"),
        ('"v": {"@id": "gj:v", "@type": "xsd:decimal"}}, "v": {"@value": 8}}', "8", "integer"),
        ('"v": "gj:v"}, "v": {"@value": 10, "@type": "xsd:decimal"}}', "10", "decimal"),
        ('"v": {"@id": "gj:v", "@container": "@set"}}, "v": [8.5]}', "8.5", "decimal"),
        ('"v": {"@id": "gj:v", "@container": "@index"}}, "v": {"x": 8.5}}', "8.5", "decimal"),
        (
            '"v": "gj:v"}, "@graph": [{"@context": {"v": {"@id": "gj:v", "@type": "xsd:decimal"}}, "v": 8}]}',
            "8",
            "decimal",
        ),
        ('"v": "gj:v"}, "v": true}', "true", "boolean"),
    ],
)
def test_json_numbers_are_exact(written: str, value: str, kind: str) -> None:
    assert value_of(written) == ox.Literal(value, datatype=ox.NamedNode(XSD + kind))


def test_floats_of_other_vocabularies_are_kept() -> None:
    facts = one("<https://e.org/a> <http://www.w3.org/2003/01/geo/wgs84_pos#lat> 3.12e1 .")
    assert facts.triples[0].object == ox.Literal("3.12e1", datatype=ox.NamedNode(XSD + "double"))


def test_known_terms_are_asked_for_once_and_only_if_needed() -> None:
    asked = []

    def known() -> frozenset[str]:
        asked.append(1)
        return frozenset({GJ + "name", TAXONOMY + "metric/assets"})

    read([("a.ttl", b"<https://e.org/a> <https://e.org/p> 1 .", None)], known_terms=known)
    assert not asked
    text = f"<https://e.org/a> <{GJ}name> <{TAXONOMY}metric/assets>, <https://e.org/b> ."
    read([("a.ttl", text.encode(), None)], known_terms=known)
    assert asked == [1]
    with pytest.raises(BadInput, match="no term metric:xyz"):
        read([("a.ttl", f"<https://e.org/a> <{GJ}name> <{TAXONOMY}metric/xyz> .".encode(), None)], known_terms=known)


JUNK = st.sampled_from(
    ['"', "'''", "<", "[", "}", "\\", "#", "\\u0041", "@id", "NaN", "_:x", "<<", "&a;", "]]>", "\ufeff"]
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(ALL)), st.sampled_from(sorted(ALL)), JUNK, st.floats(0, 1), st.integers(0, 20))
def test_damaged_input_is_refused_and_never_crashes(
    text: str, format_: str, junk: str, place: float, removed: int
) -> None:
    whole = ALL[text]
    at = int(place * len(whole))
    try:
        facts = one(whole[:at] + junk + whole[at + removed :], format_)
        assert all(facts.place(triple.subject) for triple in facts.triples if not isinstance(triple.subject, ox.Triple))
    except BadInput as refused:
        assert refused.problems
