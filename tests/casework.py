"""The cases of all shapes: where they are, what their names promise, and their facts."""

from __future__ import annotations

from pathlib import Path

from pyoxigraph import NamedNode, RdfFormat, Triple, parse

from guiju import keys
from guiju.submission import skolemised

CASES = Path(__file__).parent / "cases"
FOLDERS = sorted(folder for folder in CASES.glob("*/*") if folder.is_dir())
NAMESPACE = "https://example.org/cases/"
_OUTCOME = {"good": "passed", "bad": "failed", "unknown": "cantTell", "inapplicable": "inapplicable"}


def name(folder: Path) -> str:
    """The key of a folder's shape."""
    return f"{folder.parent.name}/{folder.name}"


def shape(folder: Path) -> str:
    """The IRI of a folder's shape."""
    return keys.parse(name(folder)).shape


def expected(subject: str) -> str | None:
    """The outcome that a subject's name promises, or None where it promises nothing."""
    return _OUTCOME.get(subject.rsplit("/", 1)[-1].split("-")[0])


def facts(folder: Path) -> list[Triple]:
    """The facts of a folder, apart from those of every other: its own IRIs, and no blank nodes."""
    own = f"{NAMESPACE}{name(folder)}/"

    def renamed(term: object) -> object:
        if isinstance(term, NamedNode) and term.value.startswith(NAMESPACE):
            return NamedNode(own + term.value.removeprefix(NAMESPACE))
        return term

    found = [
        Triple(renamed(quad.subject), quad.predicate, renamed(quad.object))  # type: ignore[arg-type]
        for file in sorted(folder.glob("*.ttl"))
        for quad in parse(path=str(file), format=RdfFormat.TURTLE, rename_blank_nodes=True)
    ]
    return skolemised(found)


def subjects(triples: list[Triple]) -> set[str]:
    """The subjects whose names promise an outcome."""
    return {t.subject.value for t in triples if isinstance(t.subject, NamedNode) and expected(t.subject.value)}


def mistakes(triples: list[Triple], outcomes: dict[str, str]) -> dict[str, str]:
    """What of the outcomes differs from the names of the subjects, by name; and what fails though no name promises it.

    ``outcomes`` are those of one shape for the facts of its folder, by subject.
    """
    wrong = {
        subject: outcomes.get(subject, "not a subject of the shape")
        for subject in subjects(triples)
        if outcomes.get(subject) != expected(subject)
    }
    stray = {s: outcome for s, outcome in outcomes.items() if outcome == "failed" and expected(s) != "failed"}
    return {subject.rsplit("/", 1)[-1]: outcome for subject, outcome in {**wrong, **stray}.items()}


def shapes_in(triples: list[Triple]) -> list[str]:
    """The shapes of norms among completed shapes, without their companions."""
    enforces = keys.GJ + "enforces"
    return sorted(
        t.subject.value for t in triples if t.predicate.value == enforces and isinstance(t.subject, NamedNode)
    )
