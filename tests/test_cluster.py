"""Judged on a real Spark with executors of their own: the same verdicts as on one machine, however it is divided."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyoxigraph import parse

from guiju.groups import groups, packed
from guiju.intake import FORMATS
from guiju.knowledge import Knowledge
from guiju.submission import receive
from guiju.verdicts import Verdict, assess
from tests.benchmarks.generate import institution

pyarrow = pytest.importorskip("pyarrow", reason="Spark is not installed (guiju[spark])")
parquet = pytest.importorskip("pyarrow.parquet")
pytest.importorskip("pyspark", reason="Spark is not installed (guiju[spark])")
pytestmark = pytest.mark.skipif(not shutil.which("java"), reason="Spark needs a Java, and there is none")

DOCUMENT = "aic-measures-2018"
_PREFIXES = (
    "@prefix : <https://example.org/benchmark/> .\n@prefix gj: <https://w3id.org/guiju/ontology#> .\n"
    "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
)
PARTS = ("facts", "missing", "limit", "remedy", "chain")
SRC = Path(__file__).parents[1] / "src"
Seen = Counter[tuple[object, ...]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four institutions, a file each, and a file more that makes a group of two of them; all speak of one bank."""
    found = tmp_path_factory.mktemp("submissions")
    rng = random.Random(5)
    (found / "sub").mkdir()
    for number in range(4):
        affiliation = f":i{number}-more a gj:Affiliation ; gj:party :shared ; gj:affiliate :i{number}-2 ; "
        (found / ("sub" if number % 2 else ".") / f"i{number}.ttl").write_text(
            institution(f"i{number}", rng, 0.02) + affiliation + f"gj:reportedIn :i{number}-report .\n"
        )
    (found / "z.ttl").write_text(
        _PREFIXES
        + ":joins a gj:Holding ; gj:holder :i1-1 ; gj:held :i3-1 ; gj:equityShare 0.6 ; gj:votingShare 0.6 ;\n"
        '    gj:from "2018-07-01"^^xsd:date ; gj:reportedIn :i3-report .\n'
    )
    return found


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bank that every institution speaks of, reported on for itself."""
    found = tmp_path_factory.mktemp("reference") / "shared.ttl"
    found.write_text(
        _PREFIXES + ":shared a gj:CommercialBank , gj:DomesticLegalPerson ; gj:reportedIn :shared-report .\n"
        ':shared-report a gj:Submission ; gj:asOf "2021-03-31"^^xsd:date .\n'
    )
    return found


@pytest.fixture(scope="module")
def alone(folder: Path, reference: Path) -> Seen:
    """The verdicts on all of it at once."""
    knowledge = Knowledge()
    submission = receive([str(reference), *sorted(map(str, folder.rglob("*.ttl")))], knowledge)
    found = assess(submission.triples, knowledge, documents=[DOCUMENT])
    return Counter(_of(verdict, str(found.as_of)) for verdict in found.verdicts)


def _of(verdict: Verdict, as_of: str) -> tuple[object, ...]:
    parts = (tuple((*part.text, part.node) for part in getattr(verdict, name)) for name in PARTS)
    return (verdict.submission, verdict.norm, verdict.subject, verdict.outcome, verdict.because, as_of, *parts)


def _written(out: Path) -> Seen:
    assert (out / "_SUCCESS").exists()
    rows = parquet.ParquetDataset(out).read().to_pylist()
    return Counter(
        (
            row["submission"], row["norm"], row["subject"], row["outcome"], row["because"], str(row["asOf"]),
            *(tuple((part["zh"], part["en"], part["node"]) for part in row[name]) for name in PARTS),
        )
        for row in rows
    )  # fmt: skip


def _command(executors: int, paths: list[Path], out: Path, *more: str) -> subprocess.Popen[str]:
    """The command, on as many executors with one core each; with none, in threads of the driver."""
    master = f"local-cluster[{executors},1,1024]" if executors else "local[1]"
    submit = (
        f"--master {master} --conf spark.ui.enabled=false --conf spark.driver.host=127.0.0.1 "
        f"--conf spark.executorEnv.PYTHONPATH={SRC} pyspark-shell"
    )
    return subprocess.Popen(
        [sys.executable, "-m", "guiju", "validate", *map(str, paths), "--cluster", f"--out={out}",
         f"--document={DOCUMENT}", *more],
        env={**os.environ, "PYTHONPATH": str(SRC), "PYSPARK_SUBMIT_ARGS": submit, "SPARK_LOCAL_IP": "127.0.0.1",
             "SPARK_WORKER_DIR": str(out.parent / "work")},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def _ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    output, errors = process.communicate(timeout=500)
    return process.returncode, output, errors


def test_a_folder_of_files_is_judged_group_by_group(folder: Path, reference: Path, alone: Seen, tmp_path: Path) -> None:
    options = ("--bucket=400", f"--reference={reference}")
    code, output, errors = _ended(_command(2, [folder], tmp_path / "out", *options))
    assert code == 2, errors
    assert _written(tmp_path / "out") == alone
    # Five files, two of which a third one joins; what all speak of joins nobody.
    assert "5 份" in output
    assert "3 组" in output


def test_an_executor_that_is_killed_loses_and_doubles_nothing(
    folder: Path, reference: Path, alone: Seen, tmp_path: Path
) -> None:
    process = _command(4, [folder], tmp_path / "out", "--bucket=1", f"--reference={reference}")
    killed = _kill_one(process.pid, tmp_path / "out")
    code, _, errors = _ended(process)
    assert killed, errors
    assert code == 2, errors
    assert _written(tmp_path / "out") == alone


def _kill_one(driver: int, out: Path) -> int:
    """End an executor's process once verdicts are being written; its number, 0 where the run was over before."""
    end = time.monotonic() + 300
    while time.monotonic() < end and _alive(driver):
        if (out / "_temporary").exists():
            for executor in _executors(driver):
                os.kill(executor, signal.SIGKILL)
                return executor
        time.sleep(0.1)
    return 0


def _alive(process: int) -> bool:
    return Path(f"/proc/{process}/exe").exists()


def _executors(driver: int) -> Iterator[int]:
    """The executors that came of a driver: those of no other run."""
    parents, names = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            parents[int(folder.name)], names[int(folder.name)] = int(stat[1]), (folder / "cmdline").read_bytes()
        except OSError:
            continue
    for process, name in names.items():
        above = process
        while above not in {0, driver}:
            above = parents.get(above, 0)
        if above and b"CoarseGrainedExecutorBackend" in name and name.startswith((b"/", b"java")):
            yield process


def test_quads_of_both_kinds_are_judged_by_their_graphs(
    folder: Path, reference: Path, alone: Seen, tmp_path: Path
) -> None:
    quads, table = tmp_path / "some.nq", tmp_path / "others.parquet"
    lines: list[str] = []
    rows: list[dict[str, str]] = []
    for file in sorted(folder.rglob("*.ttl")):
        for quad in parse(path=str(file), format=FORMATS["turtle"]):
            # The two files of one group stand in different kinds of input.
            if file.stem in {"i0", "i1"}:
                lines.append(f"{quad.subject} {quad.predicate} {quad.object} <urn:graph:{file.stem}> .\n")
            else:
                terms = {"subject": quad.subject, "predicate": quad.predicate, "object": quad.object}
                rows.append({**{name: str(term) for name, term in terms.items()}, "graph": f"<urn:graph:{file.stem}>"})
    quads.write_text("# some\n" + "".join(lines))
    parquet.write_table(pyarrow.Table.from_pylist(rows), table)
    code, output, errors = _ended(_command(1, [quads, table], tmp_path / "out", f"--reference={reference}"))
    assert code == 2, errors
    assert _written(tmp_path / "out") == alone
    assert "3 组" in output


def test_what_is_wrong_is_said_and_nobody_is_judged_without_what_is_said_of_him(
    folder: Path, reference: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "in"
    shutil.copytree(folder, bad)
    (bad / "z.ttl").write_text((bad / "z.ttl").read_text().replace("gj:equityShare", "gj:equityShares"))
    code, _, errors = _ended(_command(0, [bad], tmp_path / "out", f"--reference={reference}"))
    assert code == 3, errors
    assert "z.ttl" in errors
    assert "equityShares" in errors
    judged = {row[0] for row in _written(tmp_path / "out") if row[3] != "refused"}
    names = "i0", "i2", "shared"
    assert judged == {f"https://example.org/benchmark/{name}-report" for name in names}
    (bad / "z.ttl").write_text("this is no Turtle")
    code, _, errors = _ended(_command(0, [bad], tmp_path / "none", f"--reference={reference}"))
    assert code == 3
    assert "z.ttl:1" in errors
    assert not (tmp_path / "none").exists()


def test_groups_are_found_through_others_and_packed_in_order() -> None:
    found = groups("edcba", [["b", "d"], ["e", "d"]])
    assert found == [["a"], ["b", "d", "e"], ["c"]]
    sizes = dict(zip("abcde", (3, 1, 1, 1, 1), strict=True))
    assert packed(found, sizes, 4) == {"a": (0, 0), "b": (1, 1), "d": (1, 1), "e": (1, 1), "c": (1, 2)}
    # A group that is larger than a bucket is not divided.
    assert packed(found, sizes, 1) == {"a": (0, 0), "b": (1, 1), "d": (1, 1), "e": (1, 1), "c": (2, 2)}
