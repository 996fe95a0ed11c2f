"""Guiju beside other SHACL engines: the same files, in the same run, each engine in a process of its own.

``python -m tests.benchmarks.peers [--profile aic] [--limit SECONDS] [--out FOLDER] [--only NAME,…] [SIZE …]``

For each size (100 and 1,000 institutions where none is given) facts are generated, concluded from, and written as
N-Triples beside the completed shapes in force. Every engine is given these two files, since none of the others derives;
``guiju-whole`` is given the facts without conclusions, and reads, checks, derives, validates, judges, explains what
failed or is not known, and writes the report as JSON. What is measured is told in :mod:`tests.benchmarks.peer`.

Ratios are of seconds of the processor, which other work on the machine disturbs least.

What the engines find is compared with what pySHACL found, or Guiju where pySHACL was not run: as sets of focus node,
shape and component, with an example where they differ. An engine that took so long that the next size would not be done
within the limit is not begun. FOLDER gets the files, the table as JSON and the plot.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path

from tests.benchmarks.peer import PEERS
from tests.benchmarks.plot import Line, plot

LIMIT = 900.0
_OWN = ("parsing", "guiju", "guiju-whole")
_COLUMNS = ("engine", "wall s", "CPU s", "MB", "× parsing", "× guiju", "results", "beside the reference")


@dataclass
class Measured:
    """One engine on so many institutions; ``problem`` says why there is nothing, or what differs."""

    engine: str
    institutions: int
    triples: int
    wall: float | None = None
    cpu: float | None = None
    memory: int | None = None
    results: int | None = None
    problem: str = ""


def measure(engine: str, facts: Path, shapes: Path, found: Path, institutions: int, limit: float) -> Measured:
    """Run one engine in a process of its own, ended after ``limit`` seconds."""
    with facts.open("rb") as file:
        done = Measured(engine, institutions, sum(1 for _ in file))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.peer", engine, str(facts), str(shapes), str(found)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        said, complaint = process.communicate(timeout=limit)
    except BaseException as reason:
        os.killpg(process.pid, signal.SIGKILL)  # and the Java that it may have begun
        process.communicate()
        if not isinstance(reason, subprocess.TimeoutExpired):
            raise
        done.problem = f"ended after {limit:.0f} s"
        return done
    if process.returncode:
        last = complaint.strip().splitlines()[-1:] or [f"ended with {process.returncode}"]
        done.problem = last[0][:300]
        return done
    for name, value in json.loads(said.strip().splitlines()[-1]).items():
        setattr(done, name, value)
    return done


def differences(found: Path, reference: Path) -> str:
    """How two sorted lists of results differ, with an example of each kind; nothing where they do not."""
    more, fewer = list[str](), list[str]()
    counts = [0, 0]
    with found.open(encoding="utf-8") as one, reference.open(encoding="utf-8") as other:
        here, there = next(one, None), next(other, None)
        while here is not None or there is not None:
            if there is None or (here is not None and here < there):
                counts[0], more = counts[0] + 1, more or [str(here)]
                here = next(one, None)
            elif here is None or there < here:
                counts[1], fewer = counts[1] + 1, fewer or [there]
                there = next(other, None)
            else:
                here, there = next(one, None), next(other, None)
    told = [
        f"{count} {word}, such as {' '.join(example[0].split())}"
        for count, word, example in zip(counts, ("too many", "missing"), (more, fewer), strict=True)
        if count
    ]
    return "; ".join(told)


def prepare(profile: str, institutions: int, folder: Path) -> tuple[Path, Path, Path]:
    """The facts, the facts with what is concluded from them, and the shapes; made anew by a process of its own."""
    facts, derived, shapes = (folder / f"{profile}-{institutions}{end}" for end in (".nt", ".derived.nt", ".shapes.nt"))
    subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.benchmarks.derived",
            profile,
            str(institutions),
            *map(str, (facts, derived, shapes)),
        ],
        check=True,
    )
    return facts, derived, shapes


def compare(profile: str, sizes: Sequence[int], engines: Sequence[str], folder: Path, limit: float) -> list[Measured]:
    """Every engine at every size, with what was found compared; printed as it comes."""
    folder.mkdir(parents=True, exist_ok=True)
    every: list[Measured] = []
    for institutions, before in zip_longest(sizes, [0, *sizes[:-1]]):
        facts, derived, shapes = prepare(profile, institutions, folder)
        here: list[Measured] = []
        files = {engine: folder / f"{profile}-{institutions}.{engine}.found" for engine in engines}
        for engine in engines:
            last = next((m for m in every if m.engine == engine and m.institutions == before), None)
            expected = _expected(last, institutions)
            source = facts if engine == "guiju-whole" else derived
            if last is not None and (expected is None or expected > limit):
                said = f"some {expected:,.0f} s by {before}" if expected else f"none at {before}: {last.problem}"
                here.append(Measured(engine, institutions, 0, problem=f"not begun: {said}"))
            else:
                here.append(measure(engine, source, shapes, files[engine], institutions, limit))
            print(f"  {engine} {institutions}: {here[-1].wall or here[-1].problem}", file=sys.stderr, flush=True)
        ran = {m.engine for m in here if m.wall is not None} & set(engines)
        reference = next((engine for engine in ("pyshacl", "guiju") if engine in ran), None)
        for one in here:
            if one.engine in ran - {"parsing", "guiju-whole"} and reference:
                one.problem = differences(files[one.engine], files[reference]) or f"the same as {reference}"
        every += here
        print(_table(here), flush=True)
    return every


def _expected(last: Measured | None, institutions: int) -> float | None:
    return last.wall * institutions / last.institutions if last is not None and last.wall is not None else None


def _table(measured: Sequence[Measured]) -> str:
    by = {one.engine: one for one in measured}
    rows = [_COLUMNS]
    for one in measured:
        rows.append(
            (
                one.engine,
                _number(one.wall),
                _number(one.cpu),
                "" if one.memory is None else f"{one.memory:,}",
                _ratio(one, by.get("parsing")),
                _ratio(one, by.get("guiju")),
                "" if one.results is None or one.engine == "parsing" else f"{one.results:,}",
                one.problem,
            )
        )
    widths = [max(len(row[place]) for row in rows) for place in range(len(_COLUMNS) - 1)]
    head = f"\n{measured[0].institutions:,} institutions, {measured[0].triples:,} triples with conclusions\n"
    return head + "\n".join(
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=False)), row[-1]])
        for row in rows
    )


def _number(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:,.2f}"


def _ratio(one: Measured, other: Measured | None) -> str:
    return "" if other is None or not one.cpu or not other.cpu else f"{one.cpu / other.cpu:,.1f}"


def main() -> None:
    """Read the arguments, compare, and write table and plot."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[100, 1000])
    parser.add_argument("--profile", default="aic")
    parser.add_argument("--limit", type=float, default=LIMIT)
    parser.add_argument("--out", type=Path, default=Path("build/peers"))
    parser.add_argument("--only", default=",".join(PEERS))
    given = parser.parse_args()
    measured = compare(given.profile, sorted(given.sizes), given.only.split(","), given.out, given.limit)
    table = [asdict(one) for one in measured]
    (given.out / f"{given.profile}.json").write_text(json.dumps(table, indent=1, ensure_ascii=False), encoding="utf-8")
    lines = [
        Line(engine, [(m.institutions, m.cpu) for m in measured if m.engine == engine and m.cpu], engine in _OWN)
        for engine in given.only.split(",")
    ]
    picture = plot([line for line in lines if line.points], "institutions", "seconds of the processor, load included")
    (given.out / f"{given.profile}.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
