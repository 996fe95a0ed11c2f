"""A report arranged to be read: what is chosen of its verdicts, by entity, and how many there are of what.

Nothing here is judged: the report is what ``guiju validate --format json`` says, of all outcomes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from guiju import keys
from guiju.service import html
from guiju.service.held import held
from guiju.verdicts import OUTCOMES

Report = dict[str, Any]
PART = 500
"""Verdicts on a page; of more, a page leads to the next."""
FAILING = ("failed", "cantTell")
SEVERITIES = ("violation", "warning", "info")
_LONGEST = 1_000


@dataclass(frozen=True)
class Choice:
    """What of a report is wanted; what is empty stands for any.

    ``words`` are looked for in key, citation and duty; ``entity`` is an IRI, ``document`` a key. ``unfolded`` has
    every verdict open, and ``offset`` is the first verdict of the page.
    """

    outcomes: tuple[str, ...] = FAILING
    entity: str = ""
    document: str = ""
    severity: str = ""
    words: str = ""
    unfolded: bool = False
    offset: int = 0

    @classmethod
    def of(cls, params: QueryParams) -> Choice:
        """The choice that an address makes; what makes no sense in it is passed over."""
        outcomes = tuple(one for one in OUTCOMES if one in params.getlist("outcome"))
        offset = params.get("offset", "0")
        return cls(
            outcomes=outcomes or FAILING,
            entity=params.get("entity", "")[:_LONGEST],
            document=params.get("document", "")[:_LONGEST],
            severity=params["severity"] if params.get("severity") in SEVERITIES else "",
            words=" ".join(params.get("words", "")[:_LONGEST].split()),
            unfolded=params.get("unfolded") == "1",
            offset=int(offset) if offset.isascii() and offset.isdigit() and len(offset) < 9 else 0,
        )

    def address(self, **changed: Any) -> str:
        """The query that makes this choice, with changes; ``?`` where it is the first one there is."""
        wanted = replace(self, **{"offset": 0, **changed})
        pairs: list[tuple[str, str]] = []
        if wanted.outcomes != FAILING:
            pairs += [("outcome", one) for one in wanted.outcomes]
        for field in fields(self):
            value = getattr(wanted, field.name)
            if field.name != "outcomes" and value:
                pairs.append((field.name, "1" if value is True else str(value)))
        return "?" + urlencode(pairs)

    def takes(self, verdict: Mapping[str, Any]) -> bool:
        """Whether a verdict is of the choice."""
        return (
            verdict["outcome"] in self.outcomes
            and self.entity in {"", verdict["entity"]}
            and self.document in {"", keys.parse(verdict["norm"]).document}
            and (not self.severity or (verdict["outcome"] == "failed" and verdict["severity"] == self.severity))
            and all(word in _words(verdict) for word in self.words.casefold().split())
        )


def _words(verdict: Mapping[str, Any]) -> str:
    parts = [verdict["norm"], verdict["subjectName"], *verdict["citation"].values(), *verdict["message"].values()]
    return "\n".join(parts).casefold()


def arranged(report: Report, choice: Choice) -> dict[str, Any]:
    """What a page of a report shows.

    ``entities`` with the chosen verdicts of this page, what fails most first; ``counts`` of all verdicts by
    entity and by document; ``chosen`` how many are chosen; ``before`` and ``after`` the offsets of the other pages.
    """
    entities: dict[str, dict[str, Any]] = {}
    documents: dict[str, Counter[str]] = {}
    for number, verdict in enumerate(report["verdicts"], 1):
        of = entities.setdefault(
            verdict["entity"],
            {"iri": verdict["entity"], "name": verdict["entityName"], "counts": Counter(), "verdicts": []},
        )
        of["counts"][verdict["outcome"]] += 1
        documents.setdefault(keys.parse(verdict["norm"]).document, Counter())[verdict["outcome"]] += 1
        if choice.takes(verdict):
            of["verdicts"].append({**verdict, "number": number, "because": _reason(verdict["because"] or "")})
    ordered = sorted(entities.values(), key=lambda one: (-one["counts"]["failed"], -one["counts"]["cantTell"]))
    chosen = [(entity["iri"], verdict) for entity in ordered for verdict in entity["verdicts"]]
    start = min(choice.offset, max(len(chosen) - 1, 0)) // PART * PART
    shown: dict[str, list[dict[str, Any]]] = {}
    for iri, verdict in chosen[start : start + PART]:
        shown.setdefault(iri, []).append(verdict)
    titles = {one["key"]: one["title"] for one in held().library.documents()}
    return {
        "choice": choice,
        "entities": [{**entity, "verdicts": shown.get(entity["iri"], [])} for entity in ordered],
        "by_document": [(key, titles.get(key, {"zh": key, "en": key}), counts) for key, counts in documents.items()],
        "chosen": len(chosen),
        "start": start,
        "before": start - PART if start else None,
        "after": start + PART if start + PART < len(chosen) else None,
        "severities": SEVERITIES,
    }


def _reason(iri: str) -> dict[str, str]:
    """The class or reason for which a norm does not apply, by its name."""
    if not iri.startswith(keys.GJ):
        return {"zh": iri, "en": iri}
    return html.term(iri.removeprefix(keys.GJ))
