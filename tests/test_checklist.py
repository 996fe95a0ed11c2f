"""Documents against a lawyer's checklists of them: every row is a norm, enforced or excluded with a reason."""

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


@pytest.mark.skipif(not CHECKLIST.is_dir(), reason=f"no checklists at {CHECKLIST}; set GUIJU_NORMS to their folder")
@pytest.mark.parametrize(
    ("document", "rows"),
    [("aic-measures-2018", 290), ("amc-consolidated-supervision-2011", 224), ("amc-opinions-2025", 87)],
)
def test_every_row_of_the_checklist_is_accounted_for(document: str, rows: int, knowledge: Knowledge) -> None:
    held = Library(knowledge)
    stated = set()
    for key in held.norms(keys.parse(document)):
        norm = keys.parse(key)
        about = held.about[NamedNode(norm.norm)]
        stated.add((norm.provision, int(about[keys.GJ + "ordinal"][0].value)))
    lines = (CHECKLIST / f"{document}.jsonl").read_text(encoding="utf-8").splitlines()
    wanted = [(row["p"], row["n"]) for row in map(json.loads, lines)]
    assert len(wanted) == rows
    assert not [row for row in wanted if row not in stated]


@pytest.mark.parametrize(
    ("document", "provisions"),
    [("aic-measures-2018", 249), ("amc-consolidated-supervision-2011", 285), ("amc-opinions-2025", 37)],
)
def test_a_complete_document_has_no_gap_and_no_contradiction(
    document: str, provisions: int, knowledge: Knowledge
) -> None:
    answer = library.ask(knowledge, "coverage/documents", {})
    rows = {row[0]: dict(zip(answer.columns, row, strict=True)) for row in answer.table()}
    row = rows[document]
    assert (row["complete"], row["gaps"], row["both"]) == ("true", "0", "0")
    assert int(row["norms"]) == int(row["enforcedNorms"]) + int(row["excludedNorms"])
    assert len(library.ask(knowledge, "coverage/provisions", {"document": document}).rows) == provisions
