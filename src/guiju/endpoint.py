"""Facts that lie in a SPARQL store, taken from it to be judged here: what the shapes can read of them, and all of that.

Each predicate is read by itself, page by page, and counted before and after (see :mod:`guiju.remote`); an answer that
is cut, or data that change meanwhile, are an error and never fewer facts.
"""

from __future__ import annotations

from pyoxigraph import BlankNode, NamedNode, RdfFormat, Triple, serialize

from guiju import keys
from guiju.progress import Progress, at, unheard
from guiju.remote import PAGE, Remote, RemoteError, Row

_READ = (keys.GJ, keys.RDF + "type", keys.RDFS + "label")
"""How the predicates begin that a derivation, a shape or a report reads in facts."""


def facts(remote: Remote, graph: NamedNode | None, progress: Progress = unheard) -> tuple[str, bytes, str]:
    """The facts of a graph, or of the default graph, as a source for :func:`guiju.submission.receive`.

    Raises RemoteError for a store that does not answer as it must, and ValueError where it holds nothing to be judged,
    or has blank nodes in more than one page: their names change from answer to answer.
    """
    name = f"{remote.query} {graph or ''}".strip()
    where = f"GRAPH {graph} {{ ?s ?p ?o }}" if graph else "?s ?p ?o"
    counted = remote.select(f"SELECT ?p (COUNT(*) AS ?n)\nWHERE {{ {where} }} GROUP BY ?p ORDER BY ?p")
    wanted = {_predicate(row): int(row["n"].value) for row in counted if _predicate(row).value.startswith(_READ)}
    if not wanted:
        raise ValueError(
            f"{name}: 没有可检验的事实，请核对图的 IRI。 "
            "There are no facts to be judged; check the IRI of the graph (--graph)."
        )
    total, found = sum(wanted.values()), list[Triple]()
    if remote.count(graph) <= PAGE:
        # One answer, in which a blank node has one name.
        found = [triple for triple in remote.graph(graph) if triple.predicate in wanted]
    else:
        for predicate in wanted:
            progress(at("fetching", len(found), total))
            found += remote.graph(graph, predicate)
        if any(isinstance(term, BlankNode) for triple in found for term in (triple.subject, triple.object)):
            raise ValueError(
                f"{name}: 超过 {PAGE} 条语句的图含有空白节点，分页读取时无法对应；请改用 IRI。 "
                f"A graph of more than {PAGE} statements has blank nodes, whose names change from page to page; "
                "give them IRIs."
            )
    if len(found) != total:
        raise RemoteError(
            "changed",
            f"读取期间数据有变动：先计 {total} 条，后得 {len(found)} 条。请重试。",
            f"The data changed while they were read: {total} statements before, {len(found)} after; try again.",
        )
    return name, serialize(found, format=RdfFormat.N_TRIPLES) or b"", "ntriples"


def _predicate(row: Row) -> NamedNode:
    found = row["p"]
    if not isinstance(found, NamedNode):
        raise RemoteError("unsound", "谓词不是 IRI。", "A predicate is no IRI.")
    return found
