"""The measures against a lawyer's checklist of them: every row is a norm, enforced or excluded with a reason."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from pyoxigraph import NamedNode

from guiju import keys, library
from guiju.knowledge import Knowledge
from guiju.show import Library

CHECKLIST = Path(os.environ.get("GUIJU_NORMS", Path(__file__).parents[2] / "shared" / "norms"))
ROWS = CHECKLIST / "aic-measures-2018.jsonl"


@pytest.mark.skipif(not ROWS.is_file(), reason=f"no checklist at {ROWS}; set GUIJU_NORMS to its folder")
def test_every_row_of_the_checklist_is_accounted_for(knowledge: Knowledge) -> None:
    held = Library(knowledge)
    stated = set()
    for key in held.norms(keys.parse("aic-measures-2018")):
        norm = keys.parse(key)
        about = held.about[NamedNode(norm.norm)]
        stated.add((norm.provision, int(about[keys.GJ + "ordinal"][0].value)))
    rows = [json.loads(line) for line in ROWS.read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 290
    assert not [(row["p"], row["n"]) for row in rows if (row["p"], row["n"]) not in stated]


def test_the_measures_have_no_gap_and_no_contradiction(knowledge: Knowledge) -> None:
    answer = library.ask(knowledge, "coverage/documents", {})
    row = dict(zip(answer.columns, answer.table()[0], strict=True))
    assert row["document"] == "aic-measures-2018"
    assert (row["gaps"], row["both"]) == ("0", "0")
    assert int(row["norms"]) == int(row["enforcedNorms"]) + int(row["excludedNorms"])
    states = library.ask(knowledge, "coverage/provisions", {"document": "aic-measures-2018"}).rows
    assert len(states) == 249
