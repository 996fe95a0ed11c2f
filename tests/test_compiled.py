"""The kept knowledge base: the same content, made again when anything changes, and never trusted blindly."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pyoxigraph import CanonicalizationAlgorithm, Dataset, Quad, Triple

from guiju import keys, sparql, tasks
from guiju.columnar import parser, plans, prepared
from guiju.columnar.terms import Unsupported
from guiju.compiled import OFF, STATES, VARIABLE, Compiled
from guiju.knowledge import Knowledge
from guiju.paths import data_root, samples

DOCUMENT = "ontology/documents/aic-measures-2018"
ARTICLE = "art_48.ttl"
PROVISION = "aic-measures-2018/art_48"
MORE = "<urn:a> <urn:b> <urn:c> .\n"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where things are kept in a test: a folder that is not there yet."""
    folder = tmp_path / "cache"
    monkeypatch.setenv(VARIABLE, str(folder))
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small data folder: the vocabulary, one document with an article and its shapes, and some queries."""
    here, there = data_root(), tmp_path / "data"
    for part in ("ontology/guiju.ttl", f"{DOCUMENT}/document.ttl", f"{DOCUMENT}/{ARTICLE}", "shapes/components.ttl",
                 f"shapes/aic-measures-2018/{ARTICLE}", "queries/verdicts.rq", "queries/subjects.rq",
                 "queries/shapes-in-force.rq", "ontology/calendars/weekly-rest.ttl", "ontology/calendars/2018.ttl"):  # fmt: skip
        (there / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(here / part, there / part)
    return there


def _content(knowledge: Knowledge) -> list[object]:
    """All that a knowledge base holds; blank nodes by what is said of them, for their names are new each time."""
    columns = knowledge.columns
    shapes = columns.shapes
    return [
        *(_alike(triples) for triples in (knowledge.background, knowledge.documents, knowledge.shapes)),
        *(_alike(columns.terms.decoded(part.rows())) for part in (columns.vocabulary, columns.asked)),
        [columns.terms.names(numbers) for numbers in (shapes.numbers, shapes.severities)],
        [columns.terms.names((shapes.targets & 0xFFFFFFFF).astype(np.int32)), (shapes.targets >> 32).tolist()],
        [
            [uses.component, uses.parameters, uses.text, uses.refused, uses.shapes.tolist()]
            + [[str(term) for term in columns.terms.terms(of.tolist())] for of in (uses.reported, *uses.values)]
            for uses in shapes.uses
        ],
        [shapes.names, shapes.refused, shapes.beside],
        [knowledge.periods, knowledge.terms, knowledge.concluded],
        {text.subject: knowledge.said(str(text.subject)[1:-1]) for text in knowledge.documents},
        knowledge.position(keys.parse(PROVISION)),
        knowledge.queries,
    ]


def _alike(triples: list[Triple]) -> set[str]:
    dataset = Dataset(Quad(*triple) for triple in triples)
    dataset.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return set(map(str, dataset))


def _made(knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What a knowledge base holds where nothing may be read from the data."""
    with monkeypatch.context() as patch:
        for name in ("knowledge._read", "completion.complete", "calendar.read", "columnar.columns.Known.of"):
            patch.setattr(f"guiju.{name}", _never)
        return _content(knowledge)


def _never(*_: object) -> None:
    raise AssertionError("compiled again")


def test_what_is_kept_is_what_is_compiled(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = _content(Knowledge(root))
    assert _content(Compiled(root)) == plain
    assert _made(Compiled(root), monkeypatch) == plain
    assert cache.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in cache.iterdir()} == {0o600}


def test_a_judgement_opens_nothing_but_what_is_kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No Turtle, no triple of the knowledge base, no store, no query that is taken apart."""
    file = samples()["company-in-trouble"]
    sources = [(file.name, file.read_bytes(), "turtle")]
    told = tasks.judged(sources, Compiled()).json()
    parser.parse.cache_clear()
    monkeypatch.setattr(sparql, "_read_by", {})
    monkeypatch.setattr(prepared, "PLANS", {})
    monkeypatch.setattr(parser, "PLANS", prepared.PLANS)
    monkeypatch.setattr("guiju.compiled.PLANS", prepared.PLANS)
    monkeypatch.setattr("guiju.columnar.kept.PLANS", prepared.PLANS)
    for name in ("knowledge._read", "knowledge.fill", "completion.index", "compiled.parse", "sparql._tokens",
                 "columnar.parser._Parser"):  # fmt: skip
        monkeypatch.setattr(f"guiju.{name}", _never)
    assert tasks.judged(sources, Compiled()).json() == told
    parser.parse.cache_clear()


def test_a_plan_is_kept_whole(knowledge: Knowledge) -> None:
    texts = [(text, frozenset[str]()) for text in knowledge.queries.values()]
    texts += [(uses.text, uses.given) for uses in knowledge.columns.shapes.uses]
    refused = 0
    for text, given in texts:
        try:
            plan = parser.parse(text, given)
        except Unsupported as why:
            refused += 1
            with pytest.raises(Unsupported, match=re.escape(str(why))):
                plans.read(parser.written(text, given))
        else:
            assert plans.read(parser.written(text, given)) == plan
    assert 0 < refused < len(texts) / 2


def test_what_a_query_reads_is_kept(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = Compiled(root).queries["verdicts"]
    expected = sparql.reads(text)
    monkeypatch.setattr(sparql, "_read_by", {})
    assert Compiled(root).queries["verdicts"] == text
    monkeypatch.setattr(sparql, "_tokens", _never)
    assert sparql.reads(text) == expected


def _longer(file: Path, text: str) -> None:
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


def _same_size_and_time(file: Path) -> None:
    stat = file.stat()
    file.write_bytes(file.read_bytes().replace("一".encode(), "二".encode()))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))


CHANGES: dict[str, Callable[[Path], object]] = {
    "an article": lambda root: _longer(root / DOCUMENT / ARTICLE, MORE),
    "of the same size and time": lambda root: _same_size_and_time(root / DOCUMENT / ARTICLE),
    "a new file": lambda root: (root / DOCUMENT / "more.ttl").write_text(MORE),
    "a file less": lambda root: (root / DOCUMENT / ARTICLE).unlink(),
    "a shape": lambda root: _longer(root / "shapes" / "components.ttl", MORE),
    "a query": lambda root: _longer(root / "queries" / "verdicts.rq", "# more\n"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_it_is_made_again_when_anything_changes(change: Callable[[Path], object], root: Path, cache: Path) -> None:
    before = _content(Compiled(root))
    change(root)
    after = _content(Compiled(root))
    assert after == _content(Knowledge(root))
    assert after != before


def test_another_version_makes_its_own(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(STATES + 2):
        monkeypatch.setattr("guiju.compiled.__version__", f"9.{number}")
        _content(Compiled(root))
        for file in cache.iterdir():
            os.utime(file, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns - 10**9))
    states = {file.name.partition("-")[0] for file in cache.iterdir()}
    assert len(states) == STATES
    assert Compiled(root)._state in states


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda body: b"",
    "cut off after a line": lambda body: body[: body.rfind(b"\n", 0, len(body) // 2) + 1],
    "one letter": lambda body: body[: len(body) // 2] + b"~" + body[len(body) // 2 + 1 :],
    "a line more": lambda body: body + MORE.encode(),
    "without its head": lambda body: body.partition(b"\n")[2],
    "binary": lambda body: bytes(range(256)) * 10,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_what_is_damaged_is_made_again(
    damage: Callable[[bytes], bytes], root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = _content(Compiled(root))
    for file in cache.iterdir():
        file.write_bytes(damage(file.read_bytes()))
    assert _content(Compiled(root)) == plain
    assert _made(Compiled(root), monkeypatch) == plain


def _file(folder: Path) -> None:
    folder.write_text("not a folder")


def _open_to_others(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o755)


def _elsewhere(folder: Path) -> None:
    (folder.parent / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(folder.parent / "elsewhere")


@pytest.mark.parametrize("make", [_file, _open_to_others, _elsewhere])
def test_a_folder_that_cannot_be_used_is_named_and_left_alone(
    make: Callable[[Path], None], root: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make(cache)
    with caplog.at_level(logging.WARNING):
        assert _content(Compiled(root)) == _content(Knowledge(root))
    assert [str(cache) in record.getMessage() for record in caplog.records] == [True]
    assert not cache.is_dir() or not list(cache.iterdir())


def test_nobody_elses_folder_is_used(
    root: Path, cache: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.mkdir(mode=0o700)
    monkeypatch.setattr(os, "getuid", lambda: cache.stat().st_uid + 1)
    assert Compiled(root).documents
    assert str(cache) in caplog.text
    assert not list(cache.iterdir())


def test_a_full_disk_is_no_reason_to_fail(
    root: Path, cache: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert _content(Compiled(root)) == _content(Knowledge(root))
    assert caplog.text.count("No space left") == 1
    assert not list(cache.iterdir())


def test_it_can_be_turned_off(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, OFF)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.chdir(tmp_path)
    assert _content(Compiled(root)) == _content(Knowledge(root))
    assert not (tmp_path / "xdg").exists()
    assert not (tmp_path / OFF).exists()


def test_many_at_once(root: Path, cache: Path) -> None:
    """Processes that start together on a cache that is damaged half the time all have the whole knowledge base."""
    script = (
        "import sys; from pathlib import Path; from guiju.compiled import Compiled\n"
        "for turn in range(12):\n"
        "    held = Compiled(Path(sys.argv[1]))\n"
        "    print(len(held.background), len(held.documents), len(held.shapes), len(held.queries))\n"
        "    if turn % 2:\n"
        "        for file in [file for file in held._folder.iterdir() if not file.name.startswith('new-')]:\n"
        "            file.unlink(missing_ok=True)\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(root)], stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    plain = Knowledge(root)
    expected = [len(plain.background), len(plain.documents), len(plain.shapes), len(plain.queries)]
    for process in running:
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert [list(map(int, line.split())) for line in out.splitlines()] == [expected] * 12
