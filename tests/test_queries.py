"""Every question of the library, asked of an invented knowledge base and compared with its golden answer.

A golden file is ``tests/golden/<question>.tsv``, or ``<question>@<variant>.tsv``: its first line the
parameters, its second the columns, then the rows. ``python -m tests.test_queries`` writes them anew; read
what changed before you keep it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Store

from guiju import keys, library
from guiju.knowledge import Knowledge
from tests.toy import GOLDEN, Toy

ROOT = Path(__file__).parent.parent
AIC = "aic-measures-2018"
QUESTIONS = [question for question in library.catalogue(ROOT) if not question.name.startswith("hygiene/")]
FILES = sorted(GOLDEN.glob("*/*.tsv"))


Assessed = dict[bool, Store]
"""The assessments that questions about institutions are asked of: those about groups of a group of its own."""


def _assessed(toy: Toy) -> Assessed:
    return {False: toy.assessed(), True: toy.assessed(GOLDEN / "groups" / "submission.ttl")}


def _name(file: Path) -> str:
    return file.relative_to(GOLDEN).with_suffix("").as_posix().split("@")[0]


def _params(file: Path) -> dict[str, str]:
    first = file.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("#").split()
    return dict(word.split("=", 1) for word in first)


def _answer(file: Path, toy: Toy, assessed: Assessed) -> list[str]:
    store = assessed[file.name.startswith("group-")] if file.parent.name == "institutions" else toy.store
    answer = library.ask(store, _name(file), _params(file))
    return ["\t".join(row) for row in [answer.columns, *answer.table()]]


@pytest.fixture(scope="module")
def toy() -> Toy:
    return Toy()


@pytest.fixture(scope="module")
def assessed(toy: Toy) -> Assessed:
    return _assessed(toy)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(GOLDEN).as_posix())
def test_answer_is_the_golden_one(file: Path, toy: Toy, assessed: Assessed) -> None:
    wanted = file.read_text(encoding="utf-8").rstrip("\n").split("\n")[1:]
    assert len(wanted) > 1, "a golden answer has rows"
    assert _answer(file, toy, assessed) == wanted


def test_every_question_has_a_golden_answer() -> None:
    assert len(QUESTIONS) >= 28
    assert {question.name for question in QUESTIONS} == {_name(file) for file in FILES}


@pytest.mark.parametrize("question", library.catalogue(ROOT), ids=lambda question: question.name)
def test_question_is_described(question: library.Question) -> None:
    assert question.about, "say what counts and what does not"
    projected = question.text.split("SELECT", 1)[1].split("WHERE", 1)[0]
    for name in [*(param.name for param in question.params), *question.returns]:
        assert f"?{name}" in projected, f"?{name} is not in the SELECT"


_SAMPLES = {
    "document": AIC,
    "place": f"{AIC}/art_39",
    "words": "关联交易",
    "institution": "FinancialAssetInvestmentCompany",
    "on": "2018-07-01",
    "concept": "metric:registered-capital",
    "company": "FinancialAssetManagementCompany",
    "class": "MajorRelatedPartyTransaction",
}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_question_runs_on_the_law(question: library.Question, knowledge: Knowledge) -> None:
    params = {param.name: _SAMPLES[param.name] for param in question.params if param.default is None}
    assert library.ask(knowledge, question.name, params).columns == question.returns


def _column(knowledge: Knowledge, name: str, column: str, **params: str) -> list[str]:
    answer = library.ask(knowledge, name, params)
    place = answer.columns.index(column)
    return [row[place] for row in answer.table()]


def _rows(knowledge: Knowledge, name: str, *columns: str, **params: str) -> set[tuple[str, ...]]:
    answer = library.ask(knowledge, name, params)
    places = [answer.columns.index(column) for column in columns]
    return {tuple(row[place] for place in places) for row in answer.table()}


def test_deadlines_of_the_law(knowledge: Knowledge) -> None:
    found = _rows(knowledge, "norms/deadlines", "norm", "start", "end", "length", "unit", document=AIC)
    assert (
        f"{AIC}/art_39__para_2.report-to-supervisory-board",
        "act:board-approval",
        "act:report-to-supervisory-board",
        "10",
        "WorkingDay",
    ) in found


def test_numbers_of_the_law(knowledge: Knowledge) -> None:
    values = {float(value) for value in _column(knowledge, "norms/numbers", "value", document=AIC)}
    assert {10_000_000_000, 10, 0.5, 24, 60} <= values, "100亿元, 10个工作日, 50%, 2年, 5年"


def test_references_of_the_law_in_both_directions(knowledge: Knowledge) -> None:
    assert f"{AIC}/art_26__para_2" in _column(knowledge, "provisions/referred-by", "source", place=f"{AIC}/art_31")
    assert f"{AIC}/art_31" in _column(knowledge, "provisions/refers-to", "target", place=f"{AIC}/art_26__para_2")
    assert AIC in _column(knowledge, "provisions/referred-by", "source", place="external/company-law")


def test_what_binds_depends_on_class_and_day(knowledge: Knowledge) -> None:
    policy = f"{AIC}/art_39__para_1.related-party-policy"

    def binding(institution: str, on: str) -> list[str]:
        return _column(knowledge, "norms/binding", "norm", institution=institution, on=on)

    assert policy in binding("FinancialAssetInvestmentCompany", "2018-06-29")
    assert policy not in binding("FinancialAssetInvestmentCompany", "2018-06-28")
    assert policy not in binding("CommercialBank", "2018-06-29")
    assert set(binding("CommercialBank", "2018-06-29")) <= set(binding("StateOwnedCommercialBank", "2018-06-29"))


def test_what_the_law_says_of_an_article(knowledge: Knowledge) -> None:
    rows = _rows(knowledge, "provisions/law", "norm", "shape", place=f"{AIC}/art_39")
    key = f"{AIC}/art_39__para_2.disclosure"
    assert (key, f"shape:{key}") in rows


def test_a_norm_not_encoded_says_why(knowledge: Knowledge) -> None:
    rows = _rows(knowledge, "coverage/not-encoded", "norm", "reason", document=AIC)
    assert (f"{AIC}/art_1__para_1.purpose", "exclusion:programme-statement") in rows


def test_search_finds_words(knowledge: Knowledge) -> None:
    assert f"{AIC}/art_39__para_2" in _column(
        knowledge, "provisions/search", "provision", words="10个工作日内报告监事会"
    )


def test_documents_are_listed_with_their_status(knowledge: Knowledge) -> None:
    found = _rows(knowledge, "provisions/documents", "document", "inForce", "status")
    assert (AIC, "2018-06-29", "StatusNotKnown") in found
    assert len(found) == 15


# Errors


def test_unknown_question_names_the_nearest(toy: Toy) -> None:
    with pytest.raises(library.UnknownQuestion, match="norms/binding") as caught:
        library.ask(toy, "norms/bindng", {})
    assert "没有" in caught.value.zh
    assert "no query" in caught.value.en
    with pytest.raises(library.UnknownQuestion):
        library.ask(toy, "../verdicts", {})
    with pytest.raises(library.UnknownQuestion):
        library.ask(toy, "derive/10-kinds", {})


def test_missing_and_unknown_parameters(toy: Toy) -> None:
    with pytest.raises(library.MissingParameter, match="2018-07-01"):
        library.ask(toy, "norms/binding", {"institution": "CommercialBank"})
    with pytest.raises(library.UnknownParameter, match="institution"):
        library.ask(toy, "norms/binding", {"institute": "CommercialBank"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("on", "2018-02-30"),
        ("on", "yesterday"),
        ("institution", "NoSuchClass"),
        ("institution", "gj:NoSuchClass"),
        ("institution", "<script>"),
        ("institution", "https://example.org/a b"),
        ("document", "no-such-document"),
        ("document", "Not A Key"),
        ("document", "https://w3id.org/guiju/id/../x"),
    ],
)
def test_ill_typed_values_are_told_with_an_example(toy: Toy, name: str, value: str) -> None:
    params = {"institution": "CommercialBank", "on": "2020-01-01", name: value}
    with pytest.raises(library.BadValue, match="such as") as caught:
        library.ask(toy, "norms/binding", params)
    assert "例如" in caught.value.zh


def test_keys_iris_and_short_names_mean_the_same(toy: Toy) -> None:
    key = "toy-rules-2019/art_3__para_2"
    by_key = library.ask(toy, "provisions/refers-to", {"place": key})
    assert by_key == library.ask(toy, "provisions/refers-to", {"place": keys.ID + key})
    day = {"on": "2020-01-01"}
    asked = [
        library.ask(toy, "norms/binding", {**day, "institution": name})
        for name in ("CommercialBank", "gj:CommercialBank", keys.GJ + "CommercialBank")
    ]
    assert asked[0].rows
    assert asked[0] == asked[1] == asked[2]


def test_a_value_cannot_reach_into_the_query(toy: Toy) -> None:
    assert not library.ask(toy, "provisions/search", {"words": '") || true || CONTAINS("'}).rows


def test_an_integer_is_an_integer() -> None:
    param = library.Param("n", "xsd:integer", "a number")
    question = library.Question("x", "问？", "?", "", (param,), ("n",), "")
    bound = library.bind(question, {"n": "-10"}, Store())
    assert list(bound.values()) == [Literal("-10", datatype=NamedNode(keys.XSD + "integer"))]
    with pytest.raises(library.BadValue):
        library.bind(question, {"n": "1.5"}, Store())


@pytest.mark.parametrize(
    "header",
    [
        "SELECT",
        "# no question\n# @returns x\n",
        "# 问？ Q?\n# @param x float what\n# @returns x\n",
        "# 问？ Q?\n#\n",
    ],
)
def test_a_bad_header_is_told(header: str, tmp_path: Path) -> None:
    file = tmp_path / "x.rq"
    file.write_text(header, encoding="utf-8")
    with pytest.raises(library.BadHeader):
        library.read(file, "x")


if __name__ == "__main__":
    the_toy = Toy()
    the_assessed = _assessed(the_toy)
    for golden in FILES:
        head = golden.read_text(encoding="utf-8").split("\n", 1)[0]
        lines = [head, *_answer(golden, the_toy, the_assessed)]
        golden.write_text("\n".join(lines) + "\n", encoding="utf-8")
