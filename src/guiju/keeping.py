"""A judged submission as statements to be kept, and what was kept as facts and report again.

Everything is said without blank nodes and in N-Triples, a statement a line, so that what is kept can be taken apart by
lines: those about the kept submission itself (``urn:uuid:…``, an IRI that nobody knew before) and about verdicts
(``urn:guiju:verdict:…``, which :mod:`guiju.submission` takes out of facts) are ours; all others are the facts.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Store, Triple, parse, serialize

from guiju import __version__, keys
from guiju.report import Report

_FINGERPRINT = NamedNode(keys.GJ + "fingerprint")
_REPORTED_AS = NamedNode(keys.GJ + "reportedAs")
_AS_TEXT = f" <{_REPORTED_AS.value}> ".encode()
_JSON = NamedNode(keys.RDF + "JSON")


def kept(report: Report, id_: str) -> dict[str, Any]:
    """What is to be kept of a report under an id (a UUID): ``graph``, its statements, and what lists say of it.

    ``asOf``, ``engine``, ``version`` and ``summary`` are as in the report, ``institution`` is that which most verdicts
    that apply are about, with its ``name``, or None where nothing applies.
    """
    said = report.json()
    store = Store()
    # The store spells values in one way and has each statement once.
    store.bulk_extend(Quad(*triple) for triple in _statements(report, said, f"urn:uuid:{id_}"))
    return {
        "asOf": said["asOf"],
        "engine": said["engine"],
        "version": __version__,
        "summary": said["summary"],
        "institution": _institution(said["verdicts"]),
        "graph": (serialize((quad.triple for quad in store), format=RdfFormat.N_TRIPLES) or b"").decode(),
    }


def facts(lines: Iterable[bytes], id_: str) -> list[bytes]:
    """Those lines of a submission's graph that are the facts as they were judged."""
    ours = _ours(id_)
    return [line for line in lines if not line.startswith(ours)]


def statements(lines: Iterable[bytes], id_: str) -> list[bytes]:
    """Those that machines read: all but the report's own texts."""
    ours = _ours(id_)
    return [line for line in lines if _AS_TEXT not in line or not line.startswith(ours)]


def report(lines: Iterable[bytes], id_: str) -> list[bytes]:
    """Those that are the report in SHACL and EARL, with the description of the submission."""
    ours = _ours(id_)
    return [line for line in statements(lines, id_) if line.startswith(ours)]


def named(lines: Iterable[bytes], id_: str) -> bytes:
    """The lines as N-Quads, in the graph of the submission."""
    graph = f"<urn:uuid:{id_}>".encode()
    return b"".join(b"%s %s .\n" % (line.removesuffix(b" ."), graph) for line in lines)


def report_json(lines: Iterable[bytes], id_: str) -> dict[str, Any]:
    """The report in JSON, as it was when the submission was judged. ValueError where it is not among the lines."""
    head, verdicts, ours = None, [], _ours(id_)
    for line in lines:
        if not line.startswith(ours) or _AS_TEXT not in line:
            continue
        (triple,) = (quad.triple for quad in parse(line, format=RdfFormat.N_TRIPLES))
        assert isinstance(triple.object, Literal)
        part = json.loads(triple.object.value)
        if "verdicts" in part:
            head = part
        else:
            verdicts.append(part)
    if head is None or head["verdicts"] != len(verdicts):
        raise ValueError("the report is not whole")
    verdicts.sort(key=lambda part: part.pop("position"))
    return {**head, "verdicts": verdicts}


def _ours(id_: str) -> tuple[bytes, ...]:
    return f"<urn:uuid:{id_}>".encode(), f"<urn:uuid:{id_}#".encode(), b"<urn:guiju:verdict:"


def _statements(report: Report, said: dict[str, Any], node: str) -> Iterator[Triple]:
    named: dict[BlankNode, NamedNode] = {}
    results = []

    def name(term: Any) -> Any:
        if isinstance(term, BlankNode):
            return named.setdefault(term, NamedNode(f"{node}#{len(named)}"))
        return term

    yield from report.submission.triples
    for triple in report.triples():
        if triple.predicate.value == keys.EARL + "result":
            results.append(name(triple.object))
        yield Triple(name(triple.subject), triple.predicate, name(triple.object))
    yield Triple(NamedNode(node), _REPORTED_AS, _text({**said, "verdicts": len(said["verdicts"])}))
    for position, (result, verdict) in enumerate(zip(results, said["verdicts"], strict=True)):
        yield Triple(result, _REPORTED_AS, _text({**verdict, "position": position}))
        yield Triple(result, _FINGERPRINT, Literal(_fingerprint(verdict)))


def _text(part: dict[str, Any]) -> Literal:
    return Literal(json.dumps(part, ensure_ascii=False, separators=(",", ":")), datatype=_JSON)


def _fingerprint(verdict: dict[str, Any]) -> str:
    """The same for two verdicts that say the same, whatever else was reported and in which line it stood."""
    said = [verdict[part] for part in ("limit", "remedy", "because")]
    said += [sorted((each["zh"], each["en"]) for each in verdict[part]) for part in ("facts", "missing")]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def _institution(verdicts: list[dict[str, Any]]) -> dict[str, str] | None:
    """The entity that most verdicts are about; one without an IRI of its own cannot be found again."""
    counted = Counter(
        (each["entity"], each["entityName"])
        for each in verdicts
        if each["outcome"] != "inapplicable" and not each["entity"].startswith("urn:guiju:")
    )
    if not counted:
        return None
    (iri, name), _ = min(counted.items(), key=lambda item: (-item[1], item[0]))
    return {"iri": iri, "name": name}
