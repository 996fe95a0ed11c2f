"""Engines are compared by what they find; one that cannot be run, or that differs, is named with the reason."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from tests.benchmarks.peers import differences, measure
from tests.benchmarks.plot import Line, plot


def test_differences_are_counted_with_an_example_of_each_kind(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("a\t1\t1\nb\t1\t1\nd\t1\t1\n")
    other.write_text("b\t1\t1\nc\t1\t1\nd\t1\t1\ne\t1\t1\n")
    assert differences(one, other) == "1 too many, such as a 1 1; 2 missing, such as c 1 1"
    assert differences(one, one) == ""


def test_an_engine_is_measured_in_a_process_of_its_own(tmp_path: Path) -> None:
    facts, found = tmp_path / "facts.nt", tmp_path / "found"
    facts.write_text("<urn:a> <urn:b> <urn:c> .\n")
    done = measure("parsing", facts, facts, found, 1, 60)
    assert (done.problem, done.triples, done.results) == ("", 1, 0)
    assert done.cpu is not None and done.cpu >= 0 and done.memory
    assert "KeyError: 'no-such-engine'" in measure("no-such-engine", facts, facts, found, 1, 60).problem
    assert measure("parsing", facts, facts, found, 1, 0.001).problem == "ended after 0 s"
    facts.write_text("no triple\n")
    assert "SyntaxError" in measure("parsing", facts, facts, found, 1, 60).problem


def test_a_plot_names_each_line_at_its_end() -> None:
    picture = plot([Line("one", [(10, 0.5), (100, 7)], strong=True), Line("<two>", [(10, 3)])], "n", "s")
    texts = {element.text: element.attrib for element in ElementTree.fromstring(picture).iter() if element.text}
    assert {"one", "<two>", "n", "s", "0.1", "100"} <= texts.keys()
    assert float(texts["one"]["x"]) > float(texts["<two>"]["x"])
    assert float(texts["one"]["y"]) < float(texts["<two>"]["y"])
