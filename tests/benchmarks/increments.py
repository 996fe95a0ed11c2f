"""What a change of a kept session costs, beside judging everything; and that its verdicts are those of judging anew.

``python -m tests.benchmarks.increments [INSTITUTIONS] [CHANGES] [--profile amc] [--seed N] [--every N]`` begins a session
with so many institutions (1,000) and changes it so often (200), at random (:mod:`tests.changing`). At the end, and
after every Nth change where that is asked for, all facts are judged anew and all verdicts compared with what the session
has told of since it began; a difference stays one, whatever changes later.

Times are seconds of the processor, which other work on the machine disturbs least; memory is the most that was held.
"""

from __future__ import annotations

import random
import resource
import sys
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Callable, Iterable
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from statistics import mean, quantiles
from tempfile import TemporaryDirectory
from time import process_time
from typing import TypeVar

from guiju.compiled import Compiled
from guiju.groups import parted
from guiju.intake import BadInput
from guiju.judgement import PARTS
from guiju.knowledge import Knowledge
from guiju.submission import Submission, receive
from guiju.validator import Changed, Validator
from guiju.verdicts import Verdict, assess
from tests.benchmarks import generate, vary
from tests.changing import Changes

Made = TypeVar("Made")

_FURTHER = 40
"""How many institutions' submissions are there to arrive."""
_SEEN = 250_000
"""How many facts changes are drawn from."""


class Mirror:
    """All verdicts that a session has told of, as one number: the sum of what each says."""

    def __init__(self, verdicts: Iterable[Verdict]) -> None:
        self.sum = sum(map(_number, verdicts))

    def follow(self, changed: Changed) -> None:
        """Do what a change says."""
        self.sum += sum(map(_number, changed.new)) - sum(map(_number, changed.gone))
        self.sum += sum(_number(after) - _number(before) for before, after in changed.differing)


def _number(verdict: Verdict) -> int:
    parts = [[(*part.text, part.node) for part in getattr(verdict, name)] for name in PARTS]
    said = (
        verdict.shape,
        verdict.subject,
        verdict.submission,
        verdict.outcome,
        verdict.severity,
        verdict.because,
        parts,
    )
    return int.from_bytes(blake2b(repr(said).encode(), digest_size=16).digest())


def main(institutions: int, changes: int, profile: str, seed: int, every: int) -> None:
    """Print what was measured; ends with AssertionError where a verdict is other than judged anew."""
    knowledge = Compiled()
    _ = knowledge.columns, knowledge.periods, knowledge.queries
    submission, reading = _timed(lambda: _facts(knowledge, profile, institutions, seed))
    further = parted(_facts(knowledge, profile, _FURTHER, seed + 1, "further/").triples, knowledge.words)
    session, beginning = _timed(lambda: Validator(submission, knowledge))
    print(
        f"{institutions} institutions ({profile}), {sum(session.summary().values())} verdicts: read and checked in "
        f"{reading:.1f} s, judged and kept in {beginning:.1f} s, {_memory():.0f} MB",
        flush=True,
    )
    drawn = Changes(list(islice(session.facts(), _SEEN)), random.Random(seed), further)
    mirror, times, refused = Mirror(session.verdicts()), defaultdict[str, list[float]](list), 0
    told = 0
    while sum(map(len, times.values())) < changes:
        change = drawn.draw()
        started = process_time()
        try:
            changed = session.change(change.added, change.removed)
        except BadInput:
            refused += 1
            continue
        times[change.kind.rpartition("undo ")[2]].append(process_time() - started)
        drawn.took(change)
        mirror.follow(changed)
        told += len(changed)
        done = sum(map(len, times.values()))
        if every and done % every == 0:
            assert mirror.sum == Mirror(assess(session.facts(), knowledge).verdicts).sum, change
            print(f"  {done} changes: as judged anew", file=sys.stderr, flush=True)
    all_ = [time for kind in times.values() for time in kind]
    for kind, own in sorted(times.items()):
        print(f"  {kind:22} {len(own):>5} changes, {mean(own):.3f} s each, at most {max(own):.3f} s")
    middle, most = quantiles(all_, n=100)[49], quantiles(all_, n=100)[98]
    print(
        f"{len(all_)} changes ({refused} more refused), {told} verdicts told: {mean(all_):.3f} s each, half within "
        f"{middle:.3f} s, 99 of 100 within {most:.3f} s; a change costs 1/{(reading + beginning) / mean(all_):.0f} of "
        f"the whole, in the middle 1/{(reading + beginning) / middle:.0f}; {_memory():.0f} MB"
    )
    anew = Validator(session.facts(), knowledge)
    assert anew.summary() == session.summary()
    assert Mirror(anew.verdicts()).sum == mirror.sum == Mirror(session.verdicts()).sum
    print("every verdict is as judged anew" + (f", after every {every} changes, too" if every else ""))


def _facts(knowledge: Knowledge, profile: str, institutions: int, seed: int, place: str = "") -> Submission:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "facts.nt"
        generate.write(profile, institutions, file, seed)
        if place:
            file.write_text(file.read_text().replace(vary.NAMESPACE, vary.NAMESPACE + place))
        return receive([str(file)], knowledge)


def _timed(make: Callable[[], Made]) -> tuple[Made, float]:
    started = process_time()
    return make(), process_time() - started


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("institutions", type=int, nargs="?", default=1_000)
    parser.add_argument("changes", type=int, nargs="?", default=200)
    parser.add_argument("--profile", choices=("aic", "amc"), default="aic")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=0)
    given = parser.parse_args()
    main(given.institutions, given.changes, given.profile, given.seed, given.every)
