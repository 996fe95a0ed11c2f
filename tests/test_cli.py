"""The command as a person and as a pipeline use it: what it prints, and with which exit code it ends."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from guiju import cli

SAMPLES = Path(cli.__file__).parent / "samples"
HEAD = """@prefix : <https://example.org/x/> .
@prefix arrangement: <https://w3id.org/guiju/taxonomy/arrangement/> .
@prefix gj: <https://w3id.org/guiju/ontology#> .
@prefix metric: <https://w3id.org/guiju/taxonomy/metric/> .
@prefix unit: <https://w3id.org/guiju/taxonomy/unit/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
:s a gj:Submission ; gj:asOf "2018-12-31"^^xsd:date .
"""
NOTHING = HEAD + ":p a gj:NaturalPerson ; gj:reportedIn :s .\n"
BELOW = (
    HEAD
    + ":a a gj:FinancialAssetInvestmentCompany ; gj:reportedIn :s .\n"
    + ":m a gj:Measurement ; gj:about :a ; gj:metric metric:registered-capital ; gj:basis gj:Solo ; gj:value 9999999999 ;"
    + ' gj:unit unit:CNY ; gj:instant "2018-12-31"^^xsd:date ; gj:reportedIn :s .\n'
)
WARNING = (
    HEAD
    + ":a a gj:FinancialAssetInvestmentCompany ; gj:reportedIn :s .\n"
    + "".join(
        f":m{n} a gj:Measurement ; gj:about :a ; gj:metric metric:{metric} ; gj:basis gj:Solo ; gj:value {value} ;"
        f' gj:unit unit:CNY ; gj:periodStart "2018-01-01"^^xsd:date ; gj:periodEnd "2018-12-31"^^xsd:date ;'
        f" gj:reportedIn :s .\n"
        for n, (metric, value) in enumerate(
            {
                "main-business-income": 49,
                "total-income": 100,
                "main-business-volume": 49,
                "total-business-volume": 100,
            }.items()
        )
    )
)


def _run(*arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "guiju", *arguments],
        input=given, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("turtle", "arguments", "code"),
    [
        (NOTHING, [], cli.OK),
        (BELOW, [], cli.VIOLATIONS),
        (BELOW, ["--fail-on", "violation"], cli.VIOLATIONS),
        (BELOW, ["--as-of", "2018-06-28"], cli.OK),
        (WARNING, [], cli.WARNINGS),
        (WARNING, ["--fail-on", "violation"], cli.OK),
        (WARNING, ["--fail-on", "notknown"], cli.WARNINGS),
        ("", [], cli.BAD_INPUT),
        ("not turtle", [], cli.BAD_INPUT),
        (BELOW, ["--outcomes", "perhaps"], cli.BAD_INPUT),
        (BELOW, ["--document", "no-such-document"], cli.BAD_INPUT),
        (BELOW, ["--engine", "other"], cli.BAD_INPUT),
        (BELOW, ["--no-such-option"], cli.BAD_INPUT),
        (BELOW, ["--out", "verdicts"], cli.BAD_INPUT),
        (BELOW, ["--cluster", "--out", "verdicts", "--jobs", "2"], cli.BAD_INPUT),
    ],
)
def test_the_exit_code_says_what_was_found(turtle: str, arguments: list[str], code: int) -> None:
    done = _run("validate", "-", "--input-format", "turtle", *arguments, given=turtle)
    assert done.returncode == code, done.stdout[-2000:] + done.stderr


def test_a_missing_file_is_bad_input_and_named() -> None:
    done = _run("validate", "no-such-file.ttl")
    assert done.returncode == cli.BAD_INPUT
    assert "no-such-file.ttl" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_report_says_by_how_much_and_how_to_cure_it() -> None:
    done = _run("validate", "-", "--input-format", "turtle", given=BELOW)
    text = re.sub(r"\s+", " ", done.stdout)
    assert "《金融资产投资公司管理办法（试行）》第十一条第一款" in text
    assert "10,000,000,000" in text
    assert re.search(r"提高 1(\.0)? ", text), text[:3000]
    assert "stdin:9" in text


def test_json_on_standard_output_is_nothing_but_json() -> None:
    done = _run("validate", "-", "--input-format", "turtle", "--format", "json", given=BELOW)
    assert json.loads(done.stdout)["summary"]["failed"] >= 1


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.ttl")), ids=lambda file: file.stem)
def test_the_demo_judges_every_sample(sample: Path) -> None:
    done = _run("demo", sample.stem, "--outcomes", "failed")
    assert done.returncode == cli.OK, done.stderr
    assert "结论 Summary" in done.stdout


def test_the_demo_without_a_name_judges_the_company_in_trouble() -> None:
    named, unnamed = (_run("demo", *name, "--format", "json") for name in (("company-in-trouble",), ()))
    assert json.loads(unnamed.stdout)["verdicts"] == json.loads(named.stdout)["verdicts"]


def test_every_engine_gives_the_same_verdicts() -> None:
    definition, columns = (
        json.loads(
            _run("validate", "-", "--input-format", "turtle", "--format", "json", "--engine", name, given=BELOW).stdout
        )["verdicts"]
        for name in ("pyshacl", "columnar")
    )
    assert definition == columns
    assert definition


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["show", "《金融资产投资公司管理办法（试行）》第三十九条第二款"], "10个工作日"),
        (["show", "aic-measures-2018/art_11__para_1.minimum-registered-capital"], "100亿元"),
        (["show", "aic-measures-2018"], "第三章"),
        (["search", "监事"], "art_39__para_2"),
        (["needs", "aic-measures-2018/art_39__para_2"], "act:board-approval"),
        (["coverage"], "aic-measures-2018"),
        (["coverage", "aic-measures-2018"], "art_11__para_1"),
        (["ask"], "norms/"),
        (["ask", "norms/deadlines"], "10"),
        (["bundle"], "sh:ConstraintComponent"),
    ],
)
def test_questions_are_answered(arguments: list[str], says: str) -> None:
    done = _run(*arguments)
    assert done.returncode == cli.OK, done.stderr
    assert says in done.stdout


@pytest.mark.parametrize(
    "arguments", [["show", "第九百条"], ["ask", "no/such"], ["coverage", "nothing"], ["demo", "none"]]
)
def test_what_is_not_there_is_said_without_a_traceback(arguments: list[str]) -> None:
    done = _run(*arguments)
    assert done.returncode == cli.BAD_INPUT
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()


def test_derive_writes_facts_with_conclusions(tmp_path: Path) -> None:
    file = tmp_path / "facts.ttl"
    file.write_text(BELOW, encoding="utf-8")
    done = _run("derive", str(file))
    assert done.returncode == cli.OK
    assert "gj:hasRequirement" in done.stdout


def test_ingest_splits_a_new_regulation(tmp_path: Path) -> None:
    text = tmp_path / "rules.txt"
    text.write_text("第一条 为了示例，制定本办法。\n第二条 机构应当按照前条办理。\n", encoding="utf-8")
    arguments = ["--document", "example-rules", "--title", "示例办法", "--out", str(tmp_path / "out")]
    done = _run("ingest", str(text), *arguments)
    assert done.returncode == cli.OK, done.stderr
    assert any(tmp_path.glob("out/**/art_2.ttl"))
    text.write_text("第一条 甲。\n第三条 乙。\n", encoding="utf-8")
    done = _run("ingest", str(text), *arguments[:-1], str(tmp_path / "other"))
    assert done.returncode == cli.BAD_INPUT
    assert "第二条" in done.stderr


def test_questions_can_be_asked_of_facts() -> None:
    sample = str(SAMPLES / "company-in-trouble.ttl")
    done = _run("ask", "institutions/holdings", "--facts", sample)
    assert done.returncode == cli.OK, done.stderr
    assert "company-in-trouble/bank" in done.stdout
    assert "failed" in _run("ask", "institutions/summary", "--facts", sample).stdout


def test_the_sound_sample_breaks_no_law_that_we_hold() -> None:
    done = _run("validate", str(SAMPLES / "sound-company.ttl"))
    assert done.returncode == cli.OK, done.stdout[-2000:]
