"""What the JSON of the API looks like: the schemas of its description at ``/openapi.json``.

The answers are made by :mod:`guiju.show` and the questions of the library; the tests hold them to these.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Whole(BaseModel):
    """An object with these members, all of them, and no others."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Text(_Whole):
    """A text in Chinese and English."""

    zh: str
    en: str


class Term(_Whole):
    """A class, concept or authority with its name."""

    iri: str
    label: Text


class InForce(_Whole):
    """Whether something was in force on a day."""

    on: str = Field(json_schema_extra={"format": "date"})
    state: Literal["in-force", "not-yet", "no-longer", "not-known"]
    since: str | None = Field(json_schema_extra={"format": "date"})
    """Its first day."""
    until: str | None = Field(json_schema_extra={"format": "date"})
    """The day before which it ended."""
    said: Text


class Dated(_Whole):
    """What can be asked of a day: ``inForce`` is null where no day was given."""

    inForce: InForce | None


class DocumentEntry(_Whole):
    """A document without its provisions."""

    key: str
    iri: str
    title: Text
    kind: Term | None
    issuer: Term | None
    number: str | None
    issued: str | None
    inForceFrom: str | None
    status: Term | None


class Outline(_Whole):
    """A part of a document with the parts of it, down to articles."""

    key: str
    citation: Text
    heading: str | None
    contents: list[Outline]


class Document(DocumentEntry, Dated):
    """A document and its structure."""

    norms: int
    contents: list[Outline]


class Link(_Whole):
    """A provision that is referred to."""

    key: str
    citation: Text


class Parameter(_Whole):
    """What a shape says: a limit, a period, a concept."""

    name: str
    value: str
    label: Text


class Component(_Whole):
    """One of the sentences that a shape is written in."""

    component: Text
    iri: str
    definition: Text
    parameters: list[Parameter]


class ShapeBody(_Whole):
    """The completed shape of a norm."""

    key: str
    iri: str
    target: Term | None
    scope: Term | None
    severity: str
    requires: list[str]
    components: list[Component]
    cases: list[str]
    """The files of its cases, in the source tree."""


class Shape(ShapeBody, Dated):
    """The completed shape of a norm, and whether the norm was in force."""


class NormBody(_Whole):
    """One duty, ban, permission, power, condition, definition or derivation, and where it is stated."""

    key: str
    iri: str
    modality: str | None
    force: str | None
    bearer: Term | None
    label: Text
    definition: Text
    reading: Text | None
    citation: Text
    provision: str
    notEncoded: Term | None
    exclusionNote: Text | None
    relations: dict[str, list[str]]
    relatedFrom: dict[str, list[str]]
    shape: ShapeBody | None


class Norm(NormBody, Dated):
    """A norm with its reading, relations, shape and cases."""


class ProvisionBody(_Whole):
    """A provision: its words, its norms, its references, and all below it."""

    key: str
    iri: str
    citation: Text
    kind: Term | None
    heading: str | None
    text: str | None
    """The official text, word for word."""
    summary: Text | None
    """Our own words, where the text is somebody's publication."""
    refersTo: list[Link]
    cites: list[Text]
    referredToBy: list[Link]
    norms: list[NormBody]
    provisions: list[ProvisionBody]


class Provision(ProvisionBody, Dated):
    """A provision, all below it, its norms, and its references in both directions."""


class Need(Component):
    """The facts that a component of a norm's shape asks for, with Turtle to fill in."""

    norm: str
    citation: Text
    subject: Term
    skeleton: str


class Hit(_Whole):
    """Something found."""

    kind: Literal["term", "norm", "provision"]
    key: str
    iri: str
    label: Text
    text: Text


class Concept(_Whole):
    """A metric, an arrangement, a kind of act or another concept, with every norm that uses it."""

    key: str
    iri: str
    scheme: str
    label: Text
    definition: Text
    broader: list[str]
    narrower: list[str]
    norms: list[dict[str, str | None]]
    """The answer of the question norms/serving."""


class QuestionParameter(_Whole):
    """A parameter of a question; ``default`` is null where it must be given, and ``*`` where it may be anything."""

    name: str
    type: str
    about: str
    default: str | None


class Question(_Whole):
    """A question of the library."""

    name: str
    zh: str
    en: str
    about: str
    parameters: list[QuestionParameter]
    returns: list[str]


class Health(_Whole):
    """That the server answers."""

    status: Literal["ok"]
    version: str


class Conclusion(_Whole):
    """The norm under which something was concluded."""

    norm: str
    citation: Text


class StatementPart(_Whole):
    """What else there is to say of a statement: its limit, its facts, its cure."""

    part: str
    zh: str
    en: str


class Statement(_Whole):
    """A conclusion, a verdict or a fact in words, with the statements that it rests on."""

    node: str
    zh: str
    en: str
    under: list[Conclusion]
    parts: list[StatementPart]
    restsOn: list[str]
    circular: list[str]
    place: str | None


class Proofs(_Whole):
    """Proofs of ``roots``: every statement once, each after those that it rests on."""

    roots: list[str]
    statements: list[Statement]


class Institution(_Whole):
    """The institution that most verdicts of a submission are about."""

    iri: str
    name: str


class Counts(_Whole):
    """How many verdicts there are of each outcome."""

    passed: int = Field(ge=0)
    failed: int = Field(ge=0)
    cantTell: int = Field(ge=0)
    inapplicable: int = Field(ge=0)


class Kept(_Whole):
    """A submission that is kept."""

    id: str = Field(json_schema_extra={"format": "uuid"})
    graph: str
    """The IRI of its graph, by which ``/sparql`` can be asked of it."""
    name: str
    received: str = Field(json_schema_extra={"format": "date-time"})
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    """Of the bytes that were sent."""
    bytes: int = Field(ge=0)
    form: str
    """The media type under which they were sent."""
    asOf: str | None = Field(json_schema_extra={"format": "date"})
    """The day whose law was applied."""
    documents: list[str]
    """The documents whose norms were asked; all where there is none."""
    engine: str
    version: str
    """The version of Guiju that judged."""
    counts: Counts
    institution: Institution | None


class Stage(_Whole):
    """How far a judging is."""

    stage: str
    zh: str
    en: str
    done: float = Field(ge=0, le=1)


class Failure(_Whole):
    """Why a submission could not be judged or kept."""

    status: int
    detail: str
    code: str


class Submission(_Whole):
    """A submission: how far it is while it is judged (``progress``), or what is kept of it (``kept``)."""

    id: str = Field(json_schema_extra={"format": "uuid"})
    state: Literal["waiting", "running", "done", "failed", "kept"]
    progress: Stage | None
    problem: Failure | None
    until: str | None
    """When it is forgotten, if it is not kept."""
    kept: Kept | None


class ReportPart(_Whole):
    """A fact, a gap or a step in an explanation."""

    zh: str
    en: str
    node: str | None
    place: str | None


class Side(_Whole):
    """What a verdict said in one of two submissions."""

    outcome: Literal["passed", "failed", "cantTell", "inapplicable"]
    because: str | None
    facts: list[ReportPart]
    missing: list[ReportPart]
    limit: Text | None
    remedy: Text | None


class Change(_Whole):
    """A verdict that changed; ``before`` is null where it is new, ``after`` where it is gone."""

    change: Literal["worse", "better", "new", "gone", "value", "other"]
    norm: str
    provision: str
    subject: str
    subjectName: str
    entity: str
    entityName: str
    citation: Text
    message: Text
    before: Side | None
    after: Side | None


class Changed(_Whole):
    """How many verdicts changed in each way."""

    worse: int
    better: int
    new: int
    gone: int
    value: int
    """The outcome is the same, but not a limit, fact, gap or cure."""
    other: int
    """From passed to not applicable, or back."""


class Changes(_Whole):
    """What changed from one kept submission to another, in the order of the law."""

    since: Kept
    to: Kept
    counts: Changed
    changes: list[Change]


class WrongParameter(_Whole):
    """A parameter that is not as it should be."""

    where: list[str]
    what: str


class ProblemDetails(BaseModel):
    """An error (RFC 9457)."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    type: str
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    """What is wrong and what to do: Chinese, then English, or the one that Accept-Language prefers."""
    code: str = ""
    """The problem's name for programs, where it has one."""
    errors: list[WrongParameter] = []
    """The parameters that are not as they should be, where it is about them."""
    request: str = ""
    """The id under which the log has the request."""
