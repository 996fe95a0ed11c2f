"""The picture of an asset management company's group: what the questions about groups answer, laid out and drawn.

Who is in it, what was concluded of whom and who holds whom is asked of ``queries/institutions/group-*.rq``. The layout
is igraph's (layered, after Sugiyama): columns from left to right, the company first; its lines run between the columns.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from pyoxigraph import NamedNode, Store

from guiju import keys, library
from guiju.derivation import Derived
from guiju.knowledge import Knowledge
from guiju.proofs import subject_called

MOST = 200
"""Entities that a picture shows; of a larger group, only what is controlled or in scope."""
_LISTED = "报送：已列入并表范围"
_RELATIONS = {
    # What decides how an entity is drawn, the most telling first.
    "mayLeaveOut": "omitted",
    "mustConsolidate": "scope",
    "groupControls": "controlled",
}


class NoPicture(ValueError):
    """What was asked for cannot be drawn; the message says why and what to do."""


@dataclass
class Entity:
    """One box: an entity with its name, kinds and all that is said of it, and how it is drawn."""

    iri: str
    name: str
    english: str
    kinds: str
    standing: str
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Link:
    """One line: a holding, right, agreement or guarantee, from one entity to another."""

    iri: str
    kind: str
    source: str
    target: str
    zh: str
    en: str


@dataclass(frozen=True)
class Group:
    """What a picture shows, and how many entities it leaves out. ``day`` is the latest that the data speak of."""

    company: Entity
    entities: list[Entity]
    links: list[Link]
    documents: list[str]
    left_out: int
    day: str


def company_called(name: str | None, derived: Derived) -> str:
    """The IRI of the asset management company so called (see :func:`guiju.proofs.subject_called`), or of the only one.

    Raises NoPicture where there is none, or several and no name, and UnknownSubject for a name that nothing bears.
    """
    if name is not None:
        return subject_called(name, derived.facts)
    kind = NamedNode(keys.GJ + "FinancialAssetManagementCompany")
    found = sorted({t.subject.value for t in derived.facts if t.object == kind and isinstance(t.subject, NamedNode)})
    if not found:
        raise NoPicture(
            "数据中没有金融资产管理公司（gj:FinancialAssetManagementCompany）。 "
            "There is no asset management company (gj:FinancialAssetManagementCompany) in the data."
        )
    if len(found) > 1:
        raise NoPicture(
            f"数据中有 {len(found)} 家金融资产管理公司，请用 --company 写明一家：{'、'.join(found)}。 "
            f"There are {len(found)} asset management companies; name one with --company: {', '.join(found)}."
        )
    return found[0]


def group(store: Store, knowledge: Knowledge, company: str, most: int = MOST) -> Group:
    """The group of a company, from a store of facts, conclusions and knowledge.

    Of a group of more than ``most`` entities, only what is controlled or in scope, and may be left out, is kept. Raises
    NoPicture where that is still too many, and for something that is no asset management company.
    """
    params = {"company": company}
    members = _rows(store, knowledge, "group-members", params)
    entities = _entities(members)
    if company not in entities:
        raise NoPicture(f"{company} 不是金融资产管理公司。 {company} is no asset management company.")
    documents = _note_standings(entities, store, knowledge, params)
    whole = len(entities)
    if whole > most:
        entities = {iri: entity for iri, entity in entities.items() if entity.standing not in ("invested", "outside")}
    if len(entities) > most:
        raise NoPicture(
            f"集团有 {whole} 个主体，其中受控制或应当并表的 {len(entities)} 个，超过一张图的 {most} 个；"
            f"可用 --most 放宽，或用 guiju ask institutions/group-members 列表。 "
            f"The group has {whole} entities, {len(entities)} of them controlled or in scope, more than the {most} "
            f"of one picture; allow more with --most, or list them with guiju ask institutions/group-members."
        )
    links = [
        Link(row["link"], row["class"], row["source"], row["target"], row["zh"].strip(), row["en"].strip())
        for row in _rows(store, knowledge, "group-links", params)
        if row["source"] in entities and row["target"] in entities
    ]
    day = max((row["day"] for row in members), default="")
    return Group(entities[company], list(entities.values()), links, documents, whole - len(entities), day)


def _entities(members: list[dict[str, str]]) -> dict[str, Entity]:
    found = {}
    for row in members:
        iri = row["entity"]
        ring = {"company": "company", "outside": "outside"}.get(row["ring"], "invested")
        entity = Entity(iri, row["name"] or row["english"] or keys.local(iri), row["english"], row["kinds"], ring)
        if row["votes"] and ring != "company":
            entity.notes.append(f"集团计入表决权 {_percent(row['votes'])}")
        if row["share"] and ring != "company":
            entity.notes.append(f"按持股比例 {_percent(row['share'])}")
        if row["reported"] == "true":
            entity.notes.append(_LISTED)
        found[iri] = entity
    return found


def _note_standings(
    entities: dict[str, Entity], store: Store, knowledge: Knowledge, params: dict[str, str]
) -> list[str]:
    """Say of each entity what was concluded, and set how it is drawn; gives the titles of the documents cited."""
    relations: dict[str, set[str]] = defaultdict(set)
    titles: dict[str, None] = {}
    notes: dict[str, list[str]] = defaultdict(list)
    for row in _rows(store, knowledge, "group-standings", params):
        title, _, place = row["citation"].partition("》")
        titles[title + "》"] = None
        relations[row["entity"]].add(row["relation"])
        notes[row["entity"]].append(f"{row['zh']}：{place}")
    for iri, entity in entities.items():
        entity.notes[:0] = dict.fromkeys(notes[iri])
        if entity.standing != "company":
            entity.standing = next(
                (standing for name, standing in _RELATIONS.items() if name in relations[iri]), entity.standing
            )
    if any(_LISTED in entity.notes for entity in entities.values()):
        for entity in entities.values():
            if entity.standing == "scope" and _LISTED not in entity.notes:
                entity.notes.append("报送：未列入并表范围")
    return list(titles)


def _rows(store: Store, knowledge: Knowledge, question: str, params: dict[str, str]) -> list[dict[str, str]]:
    return library.ask(store, f"institutions/{question}", params, knowledge.root).records()


def _percent(share: str) -> str:
    return f"{(Decimal(share) * 100).normalize():f}%"
