"""The guide for those who supply data: its examples are received, judged, and come out as it suggests."""

from __future__ import annotations

import re

from guiju.knowledge import Knowledge
from guiju.submission import receive
from guiju.verdicts import assess


def test_the_examples_of_the_guide_are_judged(knowledge: Knowledge) -> None:
    guide = (knowledge.root / "ontology" / "README.md").read_text(encoding="utf-8")
    turtle = "\n".join(re.findall(r"```turtle\n(.*?)```", guide, re.DOTALL))
    submission = receive([("guide.ttl", turtle.encode(), "text/turtle")], knowledge)
    assert not submission.ignored
    verdicts = assess(submission.triples, knowledge).verdicts
    outcome = {str(v.key).split("/")[1]: v.outcome for v in verdicts if v.subject.endswith(("transaction", "company"))}
    assert outcome["art_39__para_2.board-approval"] == "passed"
    assert outcome["art_39__para_2.report-to-supervisory-board"] == "passed"
    assert outcome["art_39__para_2.disclosure"] == "failed"
    assert outcome["art_39__para_1.related-party-policy"] == "passed"
    assert outcome["art_39__para_1.no-better-terms"] == "passed"
    group = {(str(v.key).split("/")[1], v.subject.rsplit("/", 1)[-1]): v.outcome for v in verdicts}
    assert group["art_8__para_1__item_1.majority-of-votes", "leasing"] == "passed"
    assert group["art_8__para_1__item_1.majority-of-votes", "securities"] == "inapplicable"
    assert group["art_8__para_1__item_2__subitem_4.board-votes", "securities"] == "failed"
