"""Kept submissions: the same behaviour in every store, and none lost or halved when the process is killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse, serialize

from guiju.remote import Remote
from guiju.service.store import Backend, StoreError, Submissions, iri_of
from guiju.service.store.embedded import Embedded
from guiju.service.store.remote import Elsewhere
from tests.service import stores
from tests.service.keeper import EACH, invented
from tests.service.server import SRC
from tests.service.stores import Stores

KILLS = 100
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def oxigraph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    with stores.oxigraph(tmp_path_factory.mktemp("oxigraph")) as found:
        yield found


@pytest.fixture(scope="module")
def virtuoso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    if not stores.VIRTUOSO:
        pytest.skip("no virtuoso-t on this machine: apt-get install virtuoso-opensource-7-bin")
    with stores.virtuoso(tmp_path_factory.mktemp("virtuoso")) as found:
        yield found


@pytest.fixture(params=["folder", "oxigraph-graphs", "oxigraph-update", "virtuoso-graphs"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    """Every kind of store: a folder, and servers, written by the Graph Store Protocol or by updates."""
    name, _, way = str(request.param).partition("-")
    if not way:
        return Embedded(tmp_path / "kept")
    at: Stores = request.getfixturevalue(name)
    return Elsewhere(Remote(at.query, **{way: getattr(at, way)}))


@pytest.fixture
def kept(backend: Backend) -> Iterator[Submissions]:
    opened = Submissions(backend)
    yield opened
    for each in opened.list(100):
        opened.delete(each.id)
    opened.close()


def _opened(folder: Path) -> closing[Submissions]:
    return closing(Submissions(Embedded(folder)))


def _lines(seed: int) -> list[bytes]:
    """What the graph of an invented submission holds."""
    record, statements = invented(seed)
    triples = list(record.triples()) + [quad.triple for quad in parse(statements, format=RdfFormat.N_TRIPLES)]
    count = Literal(str(len(triples) + 1), datatype=NamedNode("http://www.w3.org/2001/XMLSchema#integer"))
    triples.append(Triple(iri_of(record.id), NamedNode("http://rdfs.org/ns/void#triples"), count))
    return sorted((serialize(triples, format=RdfFormat.N_TRIPLES) or b"").splitlines())


def test_a_submission_is_found_as_it_was_added(kept: Submissions) -> None:
    for seed in (1, 3, 5):
        record, statements = invented(seed)
        assert kept.add(record, statements)
        assert kept.find(record.id) == record
        assert kept.lines(record.id) == _lines(seed)
    assert kept.total() == 3
    assert [each.sha256[-1] for each in kept.list(10)] == ["5", "3", "1"]
    assert [each.sha256[-1] for each in kept.list(1, offset=1)] == ["3"]


def test_the_graph_is_named_by_the_submission(kept: Submissions) -> None:
    record, statements = invented(1)
    kept.add(record, statements)
    quads = list(parse(kept.graph(record.id), format=RdfFormat.N_QUADS))
    assert len(quads) == len(_lines(1))
    assert {str(quad.graph_name) for quad in quads} == {f"<urn:uuid:{record.id}>"}


def test_what_is_added_twice_stays_as_it_was(kept: Submissions) -> None:
    record, statements = invented(1)
    assert kept.add(record, statements)
    assert not kept.add(record, invented(2)[1])
    assert kept.lines(record.id) == _lines(1)


def test_what_is_deleted_before_it_is_added_is_not_added(kept: Submissions) -> None:
    late = invented(1)[0]
    assert not kept.delete(late.id)
    assert not kept.add(*invented(1))
    assert kept.find(late.id) is None and kept.total() == 0


def test_deleted_is_gone_and_nothing_else(kept: Submissions) -> None:
    for seed in (1, 2):
        kept.add(*invented(seed))
    gone, stays = invented(1)[0], invented(2)[0]
    assert kept.delete(gone.id)
    assert not kept.delete(gone.id)
    assert kept.find(gone.id) is None and kept.graph(gone.id) == b"" and kept.lines(gone.id) == []
    assert kept.list(10) == [stays] and kept.lines(stays.id) == _lines(2)


@pytest.mark.parametrize("id_", [UNKNOWN, "", "x", "../../etc/passwd", UNKNOWN.upper().replace("0", "A"), "1> } } #"])
def test_nothing_is_kept_under_an_unknown_or_unsound_id(kept: Submissions, id_: str) -> None:
    kept.add(*invented(1))
    assert kept.find(id_) is None and kept.graph(id_) == b"" and kept.earlier(id_) is None and not kept.delete(id_)
    assert kept.total() == 1


def test_the_earlier_one_is_the_last_of_the_same_institution(kept: Submissions) -> None:
    for seed, institution in ((1, "a"), (2, "b"), (3, "a"), (4, "a"), (5, "a"), (6, "b")):
        kept.add(*invented(seed, f"https://example.org/{institution}"))
    ids = {seed: invented(seed)[0].id for seed in range(1, 7)}
    found = {seed: kept.earlier(id_) for seed, id_ in ids.items()}
    # The fifth names no institution.
    assert found == {1: None, 2: None, 3: ids[1], 4: ids[3], 5: None, 6: ids[2]}


def test_a_graph_speaks_for_its_own_submission_only(kept: Submissions) -> None:
    """Statements of one submission about another neither change it nor add one to the list."""
    victim, invention = invented(1)[0], invented(3)[0]
    kept.add(*invented(1))
    forged = serialize([*victim.triples(), *invention.triples()], format=RdfFormat.N_TRIPLES) or b""
    kept.add(invented(2)[0], forged.replace(b"2023", b"2024"))
    assert [each.id for each in kept.list(10)] == [invented(2)[0].id, victim.id]
    assert kept.find(victim.id) == victim and kept.find(invention.id) is None


def test_a_graph_that_lost_statements_is_not_given(kept: Submissions) -> None:
    record, statements = invented(1)
    kept.add(record, statements)
    lines = kept.lines(record.id)
    kept.backend.drop(iri_of(record.id))
    kept.backend.put(iri_of(record.id), b"".join(line + b"\n" for line in lines[1:]))
    assert kept.find(record.id) == record
    for read in (kept.lines, kept.graph):
        with pytest.raises(StoreError, match=record.id):
            read(record.id)


LONG = "长" * 3_000
LARGE = "".join(
    f'<https://example.org/{number // 7}> <https://example.org/says> "{number} {LONG if number % 50 == 0 else ""}" .\n'
    for number in range(10_500)
).encode()


def test_a_graph_larger_than_a_page_and_than_some_stores_give_at_once(kept: Submissions) -> None:
    record, _ = invented(1)
    kept.add(record, LARGE)
    assert set(kept.lines(record.id)) >= set(LARGE.splitlines())


def test_what_a_store_does_not_take_is_an_error_and_leaves_nothing(virtuoso: Stores) -> None:
    """Virtuoso takes an update of a few thousand statements at most; its Graph Store takes more."""
    with closing(Submissions(Elsewhere(Remote(virtuoso.query, update=virtuoso.update)))) as kept:
        small, large = invented(1)[0], invented(2)[0]
        kept.add(*invented(1))
        with pytest.raises(StoreError, match="http-400"):
            kept.add(large, LARGE)
        assert kept.list(10) == [small] and kept.lines(large.id) == []
        assert kept.delete(small.id)


def test_one_process_holds_a_folder(tmp_path: Path) -> None:
    first = Embedded(tmp_path)
    with pytest.raises(StoreError, match="GUIJU_STORE"):
        Embedded(tmp_path)
    code = "import sys, pathlib; from guiju.service.store.embedded import Embedded; Embedded(pathlib.Path(sys.argv[1]))"
    command = [sys.executable, "-c", code, str(tmp_path)]
    other = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(SRC)}, capture_output=True, check=False)
    assert other.returncode and b"GUIJU_STORE" in other.stderr
    first.close()
    Embedded(tmp_path).close()
    with pytest.raises(StoreError):
        first.select("SELECT * { }")


def test_the_folder_is_its_owners(tmp_path: Path) -> None:
    Embedded(tmp_path / "a" / "b").close()
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match="file"):
        Embedded(tmp_path / "file")


def test_what_was_deleted_is_out_of_the_files_when_the_store_is_opened_again(tmp_path: Path) -> None:
    secret, statements = invented(1)
    with _opened(tmp_path) as kept:
        kept.add(secret, statements + b'<https://example.org/x> <https://example.org/says> "a-secret-in-files" .\n')
        kept.add(*invented(2))
    assert _in_files(tmp_path, b"a-secret-in-files")
    with _opened(tmp_path) as kept:
        kept.delete(secret.id)
    with _opened(tmp_path) as kept:
        assert not _in_files(tmp_path, b"a-secret-in-files")
        assert kept.list(10) == [invented(2)[0]] and kept.lines(invented(2)[0].id) == _lines(2)


def _in_files(folder: Path, text: bytes) -> bool:
    return any(text in file.read_bytes() for file in folder.rglob("*") if file.is_file())


@pytest.mark.parametrize("left", [("graphs.new",), ("graphs.old",), ("graphs.new", "graphs.old")])
def test_a_rewriting_that_was_interrupted_is_taken_up_again(tmp_path: Path, left: tuple[str, ...]) -> None:
    with _opened(tmp_path) as kept:
        kept.add(*invented(1))
    if left == ("graphs.new", "graphs.old"):
        # Killed between the two renamings: the old files are the whole ones that are known to be.
        (tmp_path / "graphs").rename(tmp_path / "graphs.old")
    for name in left:
        (tmp_path / name).mkdir(exist_ok=True)
    with _opened(tmp_path) as kept:
        assert kept.list(10) == [invented(1)[0]] and kept.lines(invented(1)[0].id) == _lines(1)
    assert {each.name for each in tmp_path.iterdir()} == {"graphs", "lock"}


def test_killed_a_hundred_times_every_submission_is_whole_or_absent(tmp_path: Path) -> None:
    chance = random.Random(20180629)
    command = [sys.executable, "-m", "tests.service.keeper", str(tmp_path)]
    paths = os.pathsep.join([str(SRC), str(SRC.parent)])
    starter = subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": paths}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    state: dict[int, str] = {}
    seen = set()
    try:
        assert starter.stdin and starter.stdout
        for kill in range(KILLS):
            print(kill * EACH, file=starter.stdin, flush=True)
            said: dict[str, int] = {}
            while not {"process", "opening"} <= said.keys():
                word, number = starter.stdout.readline().split()
                said[word] = int(number)
            time.sleep(chance.uniform(0, 0.25))
            os.kill(said["process"], signal.SIGKILL)
            last, here = "opening", set()
            while (line := starter.stdout.readline().split())[0] != "gone":
                last = line[0]
                state[int(line[1])] = last
                here.add(int(line[1]))
            seen.add(last)
            with _opened(tmp_path) as kept:
                for seed in here:
                    state[seed] = _state(kept, seed, state[seed])
                assert kept.total() == sum(word == "added" for word in state.values())
    finally:
        starter.kill()
        starter.communicate()
    # It was killed while it opened, while it added and while it deleted.
    assert {"opening", "adding", "deleting"} <= seen
    with _opened(tmp_path) as kept:
        for seed, word in state.items():
            assert _state(kept, seed, word) == word
    assert sum(word == "added" for word in state.values()) > KILLS / 10


def _state(kept: Submissions, seed: int, word: str) -> str:
    """What has become of a submission after the crash; fails where that cannot be after what was last said of it."""
    record, _ = invented(seed)
    found = kept.find(record.id)
    lines = kept.lines(record.id)
    assert (found, lines) in ((record, _lines(seed)), (None, [])), f"{seed} is there in part"
    now = "added" if found else "deleted"
    assert word not in {"added", "deleted"} or word == now, f"{seed} was {word}, and is not"
    return now
