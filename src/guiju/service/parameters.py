"""The parameters that several routes of the API share, under the names that the command has for them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BeforeValidator

from guiju.verdicts import OUTCOMES


def _day(text: Any) -> date:
    if isinstance(text, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise ValueError("应为日期，例如 2018-12-31。 a day, such as 2018-12-31")


Day = Annotated[date, BeforeValidator(_day)]
"""A day as ISO 8601 has it with hyphens; no other form of a date is read."""
AsOf = Annotated[
    Day | None,
    Query(alias="as-of", description="哪一天的法律。 The law of which day.", examples=["2018-12-31"]),
]
Documents = Annotated[
    list[Annotated[str, Query(max_length=200)]] | None,
    Query(
        alias="document",
        description="只问这些文件的规范，可重复。 Only norms of these documents; may be repeated.",
        examples=[["aic-measures-2018"]],
    ),
]
Outcome = Literal["passed", "failed", "cantTell", "inapplicable"]
Outcomes = Annotated[
    str,
    Query(
        pattern=rf"^(all|(?:{'|'.join(OUTCOMES)})(?:,(?:{'|'.join(OUTCOMES)}))*)$",
        max_length=80,
        description="列出哪些结论，以逗号分隔，或 all。 Which outcomes to list, separated by commas, or all.",
    ),
]
NAME = r"^[^\x00-\x1f\x7f]{1,1000}$"
"""What a name may consist of: no control characters."""


@dataclass(frozen=True)
class Judging:
    """How facts are to be judged: the law of which day, norms of which documents, by which engine."""

    as_of: date | None
    documents: Sequence[str]
    engine: str

    def arguments(self) -> list[str]:
        """The same as arguments of the command."""
        found = [f"--document={name}" for name in self.documents]
        found += [f"--as-of={self.as_of.isoformat()}"] if self.as_of else []
        return [*found, f"--engine={self.engine}"]


def _judging(
    as_of: AsOf = None,
    document: Documents = None,
    engine: Annotated[
        Literal["columnar", "pyshacl"],
        Query(description="SHACL 引擎；pyshacl 为准，但慢。 The SHACL engine; pyshacl is the definition, and slow."),
    ] = "columnar",
) -> Judging:
    return Judging(as_of, document or (), engine)


JudgedSo = Annotated[Judging, Depends(_judging)]
"""The type of a route's parameter for how facts are to be judged."""


def only_known(request: Request) -> None:
    """A dependency of routes: a parameter that a route's description does not have is refused, not passed over (422).

    So nobody who misspells ``as-of`` is told the law of another day.
    """
    described = request.app.openapi()["paths"][request.scope["route"].path_format][request.method.lower()]
    refuse_unknown(request, {each["name"] for each in described.get("parameters", ()) if each["in"] == "query"})


def refuse_unknown(request: Request, known: set[str]) -> None:
    """Refuse (422) a request with a parameter that is not among those known."""
    names = ", ".join(sorted(known))
    said = f"没有这个参数；有：{names}。 There is no such parameter; there is {names}."
    if not known:
        said = "此处没有参数。 There are no parameters here."
    wrong = [name for name in request.query_params if name not in known]
    if wrong:
        raise RequestValidationError([{"loc": ("query", name), "msg": said, "type": "unknown"} for name in wrong])
