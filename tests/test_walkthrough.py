"""The walk-through of the sample group, held to what is really concluded: every table, row by row.

Rows name an entity by its local name in backticks and a norm by its key without the document. Money in the table on
capital is in units of 100 million yuan; "…" after a ratio means that more decimals follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest

from guiju.citations import cite
from guiju.knowledge import Knowledge, select
from guiju.submission import receive
from guiju.verdicts import Assessment, Verdict, assess

SAMPLES = Path(__file__).parents[1] / "src" / "guiju" / "samples"
DOCUMENT = "amc-consolidated-supervision-2011"
UNIT = Decimal(100_000_000)
SCOPE = re.compile(r"art_(8|9|11)__|art_10__para_2\.overdue-exit")
MARKS = {"failed": "✗", "cantTell": "?", "passed": "✓", "inapplicable": "–"}
"""How a verdict is marked; of several on one institution the first in this order is shown."""

Row = list[str]
_GJ = "PREFIX gj: <https://w3id.org/guiju/ontology#>\n"


@pytest.fixture(scope="module")
def assessment(knowledge: Knowledge) -> Assessment:
    facts = receive([str(SAMPLES / "amc-group.ttl")], knowledge).triples
    return assess(facts, knowledge, documents=[DOCUMENT])


@pytest.fixture(scope="module")
def page() -> str:
    return (SAMPLES / "amc-group.md").read_text(encoding="utf-8")


def test_every_institution_is_there_with_its_ground_and_verdict(page: str, assessment: Assessment) -> None:
    rows = [row for table in _tables(page, "为什么 Why") for row in table]
    asked = _by_subject(v for v in assessment.verdicts if SCOPE.match(_norm(v)))
    assert sorted(_code(row[0]) for row in rows) == sorted(asked)
    consolidated = _pairs(assessment, "?fact gj:consolidator ?company ; gj:consolidated ?thing")
    for row in rows:
        name = _code(row[0])
        outcomes = {verdict.outcome for verdict in asked[name]}
        assert row[5].startswith(next(MARKS[outcome] for outcome in MARKS if outcome in outcomes)), row
        assert row[4].startswith("列入") == (name in consolidated), row


def test_every_ground_is_the_one_concluded(page: str, assessment: Assessment) -> None:
    must, may, control = (
        _grounds(assessment, relation) for relation in ("mustConsolidate", "mayLeaveOut", "groupControls")
    )
    for row in (row for table in _tables(page, "为什么 Why") for row in table):
        name = _code(row[0])
        named = set(re.findall(r"`(.+?)`", row[3]))
        if name in must:
            by_control = {norm for norm in must[name] if norm.endswith(".scope-by-control")}
            assert row[2].startswith("应当"), row
            assert named == (must[name] - by_control) | (control[name] if by_control else set()), row
        elif name in may:
            assert row[2].startswith("可以不列入"), row
            assert named == may[name], row
        else:
            assert row[2].startswith(("不必", "不能判断")), row
            assert row[2].startswith("不能判断") == ("?" in row[5]), row
            assert not named, row
        for norm, citation in zip(re.findall(r"`(.+?)`", row[3]), re.findall(r"第\S+", row[3]), strict=True):
            assert citation.removesuffix("<br>") == _citation(norm)


def test_every_transaction_is_of_the_kind_concluded(page: str, assessment: Assessment) -> None:
    (rows,) = _tables(page, "交易 Transaction")
    kinds = {
        "重大": "MajorIntragroupTransaction",
        "一般": "GeneralIntragroupTransaction",
        "集团之外": "TransactionOutsideGroup",
    }
    listed = sorted((_code(row[0]), kinds[row[2].split()[0]], _code(row[3])) for row in rows)
    concluded = [
        (name, kind, norm)
        for kind in kinds.values()
        for name, norms in _grounds(assessment, kind).items()
        for norm in norms
    ]
    assert listed == sorted(concluded)
    for row in rows:
        assert row[3].split()[0] == _citation(_code(row[3]))


@pytest.mark.parametrize(("heading", "outcome"), [("毛病 What is wrong", "failed"), ("为什么不知道", "cantTell")])
def test_what_is_wrong_or_open_is_listed_in_full(page: str, assessment: Assessment, heading: str, outcome: str) -> None:
    (rows,) = _tables(page, heading)
    listed = sorted((_code(row[0]), name) for row in rows for name in re.findall(r"`(.+?)`", row[1]))
    assert listed == sorted((_norm(v), _local(v.subject)) for v in assessment.verdicts if v.outcome == outcome)
    severity = {(_norm(v), _local(v.subject)): v.severity for v in assessment.verdicts}
    for row in rows:
        mark, citation = row[0].split()[:2]
        assert citation == _citation(_code(row[0]))
        mild = severity[_code(row[0]), _code(row[1])] == "warning"
        assert mark == ("?" if outcome == "cantTell" else "△" if mild else "✗")


def test_the_counts_are_right(page: str, assessment: Assessment) -> None:
    counted = {
        outcome: int(number) for outcome, number in re.findall(r"(passed|failed|not known|not applicable) (\d+)", page)
    }
    words = {"passed": "passed", "failed": "failed", "cantTell": "not known", "inapplicable": "not applicable"}
    assert counted == {words[outcome]: number for outcome, number in assessment.summary().items()}


def test_the_capital_worked_by_hand_is_the_capital_computed(page: str, assessment: Assessment) -> None:
    (rows,) = _tables(page, "有效持股 Effective share")
    shares, counted = (
        _figures(assessment, metric) for metric in ("effective-shareholding", "pro-rata-minimum-capital")
    )
    assert {_code(row[0]) for row in rows} == {name for name, amount in counted.items() if amount}
    for row in rows:
        name, share, minimum, part = _code(row[0]), _result(row[1]), Decimal(row[2]), Decimal(row[3])
        assert share == shares[name], row
        assert share * minimum == part, row
        assert part * UNIT == counted[name], row
    whole, less, left = (Decimal(text) for text in re.findall(r"合计([\d.]+)，扣减([\d.]+)，.*? ([\d.]+)。", page)[0])
    assert whole == sum(Decimal(row[3]) for row in rows)
    assert whole - less == left == _figures(assessment, "group-minimum-capital-requirement")["amc"] / UNIT
    core, supplementary, deducted, qualified = map(
        Decimal, re.findall(r"核心(\d+)＋附属(\d+)－扣减(\d+)＝(\d+)", page)[0]
    )
    assert core + supplementary - deducted == qualified == _figures(assessment, "qualified-capital")["amc"] / UNIT


def test_the_leverage_worked_by_hand_is_the_leverage_computed(page: str, assessment: Assessment) -> None:
    (rows,) = _tables(page, "口径 Calibre")
    assert len(rows) == 4
    for row in rows:
        for cell, ratio in ((row[1], "net-asset-ratio"), (row[3], "core-capital-ratio")):
            computed = str(_figures(assessment, f"{_code(row[0])}-{ratio}")["amc"])
            _, shown = cell.split(" = ")
            assert computed == shown or (shown.endswith("…") and computed.startswith(shown.removesuffix("…"))), row


def _tables(page: str, heading: str) -> list[list[Row]]:
    """The rows below each header row with this heading."""
    blocks = [[line for line in block.splitlines() if line.startswith("|")] for block in page.split("\n\n")]
    found = [block for block in blocks if block and heading in block[0]]
    assert found, f"the walk-through has no table with {heading}"
    return [[[cell.strip() for cell in line.strip("|").split("|")] for line in block[2:]] for block in found]


def _code(cell: str) -> str:
    """What stands in backticks."""
    return str(re.findall(r"`(.+?)`", cell)[-1])


def _result(cell: str) -> Decimal:
    """The number after the last equals sign, or the only one."""
    return Decimal(cell.split("=")[-1].strip())


def _norm(verdict: Verdict) -> str:
    return str(verdict.key).split("/", 1)[1]


def _local(iri: str) -> str:
    return iri.rsplit("/", 1)[-1]


def _citation(norm: str) -> str:
    """第八条第一款第（一）项, without the title."""
    return cite(norm.split(".")[0], "", "")[0].removeprefix("《》")


def _by_subject(verdicts: Iterable[Verdict]) -> dict[str, list[Verdict]]:
    found: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        found.setdefault(_local(verdict.subject), []).append(verdict)
    return found


def _pairs(assessment: Assessment, where: str) -> set[str]:
    return {_local(row["thing"].value) for row in select(assessment.store, f"{_GJ}SELECT ?thing WHERE {{ {where} }}")}


def _grounds(assessment: Assessment, relation: str) -> dict[str, set[str]]:
    """Norms under which a relation of the company to each thing was concluded."""
    query = f"{_GJ}SELECT ?thing ?norm WHERE {{ ?c gj:concludes gj:{relation} ; gj:concludedOf ?thing ; gj:underNorm ?norm }}"
    found: dict[str, set[str]] = {}
    for row in select(assessment.store, query):
        found.setdefault(_local(row["thing"].value), set()).add(row["norm"].value.split(f"{DOCUMENT}/")[1])
    return found


def _figures(assessment: Assessment, metric: str) -> dict[str, Decimal]:
    """The computed figures of a metric, by what they are about."""
    query = (
        f"{_GJ}SELECT ?thing ?value WHERE {{ ?figure a gj:ComputedMeasurement ; gj:about ?thing ; gj:standardValue ?value ;"
        f" gj:metric <https://w3id.org/guiju/taxonomy/metric/{metric}> }}"
    )
    return {_local(row["thing"].value): Decimal(row["value"].value) for row in select(assessment.store, query)}
