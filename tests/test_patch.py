"""RDF Patch: line after line, exactly what it names."""

from __future__ import annotations

import pytest
from pyoxigraph import RdfFormat, parse

from guiju import patch
from guiju.intake import MAX_PROBLEMS, BadInput

FACTS = """
<urn:x:m> <urn:x:value> "1.00"^^<http://www.w3.org/2001/XMLSchema#decimal> .
<urn:x:m> <urn:x:about> <urn:x:a> .
"""


def _patched(text: str) -> set[str]:
    facts = [quad.triple for quad in parse(FACTS, format=RdfFormat.N_TRIPLES)]
    found = patch.applied(facts, patch.read("p", text.encode()))
    return {f"{t.subject.value.removeprefix('urn:x:')} {t.object.value}" for t in found}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("", {"m 1", "m urn:x:a"}),
        ("H version <urn:x:1> .\r\n# nothing\r\nTX .\r\nTC .\r\n", {"m 1", "m urn:x:a"}),
        ('D <urn:x:m> <urn:x:value> "1.0"^^<http://www.w3.org/2001/XMLSchema#decimal> .', {"m urn:x:a"}),
        ("A <urn:x:n> <urn:x:about> <urn:x:b> .\nD <urn:x:n> <urn:x:about> <urn:x:b> .", {"m 1", "m urn:x:a"}),
        ("D <urn:x:m> <urn:x:about> <urn:x:a> .\nA <urn:x:m> <urn:x:about> <urn:x:a> .", {"m 1", "m urn:x:a"}),
        ("A <urn:x:m> <urn:x:about> <urn:x:a> .\nA <urn:x:m> <urn:x:about> <urn:x:a> .", {"m 1", "m urn:x:a"}),
    ],
)
def test_steps_are_taken_in_their_order(text: str, left: set[str]) -> None:
    assert _patched(text) == left


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("D <urn:x:m> <urn:x:about> <urn:x:b> .", "(?s)p:1: .*not there"),
        ('D <urn:x:m> <urn:x:value> "1.0" .', "not there"),
        ("D <urn:x:m> <urn:x:about> <urn:x:a> .\nD <urn:x:m> <urn:x:about> <urn:x:a> .", "p:2: "),
        ("PA x: <urn:x:> .", "(?s)p:1: .*no change that is read"),
        ("TA .", "no change that is read"),
        ("A <urn:x:m> <urn:x:about> _:b .", "blank node"),
        ("A <urn:x:m> <urn:x:about> <urn:x:a> . <urn:x:m> <urn:x:about> <urn:x:b> .", "one statement|Syntax"),
        ("A <urn:x:m> <urn:x:about> <urn:x:a> <urn:x:graph> .", "graph"),
        ("A\t<urn:x:m>", "no change that is read"),
        ("A ", "no change|one statement|Syntax"),
    ],
)
def test_what_cannot_be_done_is_told_with_its_line(text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        _patched(text)


def test_not_every_wrong_line_is_listed() -> None:
    with pytest.raises(BadInput) as caught:
        _patched("X\n" * 1_000)
    assert len(caught.value.problems) == MAX_PROBLEMS and not caught.value.complete
