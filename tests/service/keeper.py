"""A process that keeps invented submissions until it is killed, for the test that kills it.

``python -m tests.service.keeper FOLDER`` starts, at each line of its input, a process that opens the folder and adds
submissions, every other one after deleting the first of the process before it. It says what it begins and what is done;
the submissions are numbered from the number on the line.
"""

from __future__ import annotations

import os
import random
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from guiju.service.store import Record, Submissions
from guiju.service.store.embedded import Embedded

EACH = 1_000
"""Numbers of submissions that a process has for itself."""


def invented(seed: int, institution: str = "https://example.org/bank") -> tuple[Record, bytes]:
    """A submission with 5 to 1,500 statements that its seed decides."""
    chance = random.Random(seed)
    id_ = str(UUID(int=chance.getrandbits(128), version=4))
    lines = [
        f'<https://example.org/{seed}/{number}> <https://example.org/says> "第{number}项 {chance.random()}" .\n'
        for number in range(chance.choice((5, 50, 1_500)))
    ]
    record = Record(
        id=id_,
        name=f'报送 "{seed}"\n<第二行> \\ 😀',
        received=datetime.fromtimestamp(1_700_000_000 + seed + 0.25, UTC),
        sha256=f"{seed:064x}",
        bytes=len(lines) * 40,
        form="text/turtle",
        as_of=datetime.fromtimestamp(1_600_000_000 + 86_400 * seed, UTC).date() if seed % 3 else None,
        documents=("aic-measures-2018", "amc-opinions-2025") if seed % 2 else (),
        engine="columnar",
        version="0.1.0",
        counts={"passed": seed, "failed": 1, "cantTell": 2, "inapplicable": 0},
        institution=institution if seed % 5 else None,
        institution_name="某银行 A bank" if seed % 5 else "",
    )
    return record, "".join(lines).encode()


def _keep(folder: Path, start: int) -> None:
    def say(what: str, seed: int) -> None:
        # One write is not interrupted by the end of the process.
        os.write(1, f"{what} {seed}\n".encode())

    say("opening", start)
    kept = Submissions(Embedded(folder))
    if start // EACH % 2:
        say("deleting", start - EACH)
        kept.delete(invented(start - EACH)[0].id)
        say("deleted", start - EACH)
    for seed in range(start, start + EACH):
        say("adding", seed)
        kept.add(*invented(seed))
        say("added", seed)


def main() -> None:
    """Start a process for each line, and say its number; it is for the reader to kill it."""
    for line in sys.stdin:
        process = os.fork()
        if not process:
            _keep(Path(sys.argv[1]), int(line))
            os._exit(0)
        os.write(1, f"process {process}\n".encode())
        os.waitpid(process, 0)
        os.write(1, b"gone 0\n")


if __name__ == "__main__":
    main()
