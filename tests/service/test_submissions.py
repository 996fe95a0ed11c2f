"""Kept submissions of a running server: sent, listed, read, compared, asked of, deleted; and kept over its end."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator
from pydantic import SecretStr
from pyoxigraph import RdfFormat, parse

from guiju import keys
from guiju.knowledge import Knowledge
from guiju.service.access import new_key
from guiju.service.settings import BadSettings, Settings
from guiju.service.store import Refused, StoreError, Submissions
from guiju.service.store.embedded import Embedded
from guiju.service.store.nowhere import Nowhere
from guiju.service.store.opening import opened
from guiju.service.store.remote import Elsewhere
from guiju.submission import receive
from tests.service.keeper import invented
from tests.service.server import SRC, Answer, Server, serving, within
from tests.service.stores import free_port

PLACE = "/api/v1/submissions"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
COMPANY = "https://example.org/kept/company"
CAPITAL = f"{keys.NORM}aic-measures-2018/art_11__para_1.minimum-registered-capital"
REPORT = Draft202012Validator(json.loads((SRC / "guiju" / "report.schema.json").read_text(encoding="utf-8")))
ONE_EACH = {"GUIJU_JUDGE_WORKERS": "1", "GUIJU_SPARQL_WORKERS": "1"}
LEAST = 10_000_000_000


def _facts(year: int, capital: int | None, company: str = COMPANY) -> bytes:
    """A company and its registered capital, of which there must be ten thousand million."""
    text = f"""@prefix gj: <{keys.GJ}> . @prefix metric: <{keys.TAXONOMY}metric/> . @prefix xsd: <{keys.XSD}> .
    @prefix unit: <{keys.TAXONOMY}unit/> . @prefix rdfs: <{keys.RDFS}> . @prefix : <https://example.org/kept/{year}/> .
    :submission a gj:Submission ; gj:asOf "{year}-12-31"^^xsd:date .
    <{company}> a gj:FinancialAssetInvestmentCompany ; rdfs:label "某公司 <b>"@zh ; gj:reportedIn :submission .
    """
    if capital is not None:
        text += f"""[] a gj:Measurement ; gj:about <{company}> ; gj:metric metric:registered-capital ;
        gj:basis gj:Solo ; gj:instant "{year}-12-31"^^xsd:date ; gj:value {capital}.0 ; gj:unit unit:CNY ;
        gj:reportedIn :submission ."""
    return text.encode()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(**ONE_EACH) as found:
        yield found


def _send(server: Server, facts: bytes, query: str = "", **headers: str) -> Answer:
    given = {"Content-Type": "text/turtle", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return server.ask("POST", PLACE + query, given, facts)


def _kept(server: Server, facts: bytes, query: str = "") -> dict[str, Any]:
    sent = _send(server, facts, query)
    assert sent.status == 201, sent.text
    found: dict[str, Any] = json.loads(sent.text)
    return found


def _json(answer: Answer) -> Any:
    assert answer.status == 200, answer.text
    return json.loads(answer.text)


@pytest.fixture(scope="module")
def first(server: Server) -> dict[str, Any]:
    """A kept submission with too little capital."""
    return _kept(
        server, _facts(2019, LEAST - 1), f"?name={quote('二〇一九 <i>')}&document=aic-measures-2018&as-of=2020-01-01"
    )


@pytest.fixture(scope="module")
def second(server: Server, first: dict[str, Any]) -> dict[str, Any]:
    """A later one of the same company, with enough of it."""
    return _kept(server, _facts(2020, LEAST), "?document=aic-measures-2018")


def test_what_is_kept_is_described(server: Server, first: dict[str, Any]) -> None:
    kept, facts = first["kept"], _facts(2019, LEAST - 1)
    assert UUID(first["id"]).version == 4 and first["state"] == "kept"
    assert kept["graph"] == f"urn:uuid:{first['id']}"
    assert (kept["name"], kept["asOf"], kept["documents"]) == ("二〇一九 <i>", "2020-01-01", ["aic-measures-2018"])
    assert (kept["sha256"], kept["bytes"], kept["form"]) == (sha256(facts).hexdigest(), len(facts), "text/turtle")
    assert kept["institution"]["iri"] == COMPANY and kept["counts"]["failed"] == 1
    got = server.get(f"{PLACE}/{first['id']}")
    assert _json(got) == first and got.headers["cache-control"] == "no-store"


def test_the_report_is_that_of_the_day(server: Server, first: dict[str, Any]) -> None:
    """What is shown is what validate says, word for word, but for what the facts were called."""
    report = _json(server.get(f"{PLACE}/{first['id']}/report"))
    REPORT.validate(report)
    query = "?document=aic-measures-2018&as-of=2020-01-01"
    said = server.ask("POST", f"/api/v1/validate{query}", {"Content-Type": "text/turtle"}, _facts(2019, LEAST - 1))
    again = _json(said)
    name = report["inputs"][0]["name"]
    assert json.loads(json.dumps(report, ensure_ascii=False).replace(f'"{name}', '"stdin')) == again
    assert report["summary"] == first["kept"]["counts"]


@pytest.mark.parametrize(
    "media, form",
    [("text/turtle", RdfFormat.TURTLE), ("application/n-triples", RdfFormat.N_TRIPLES), ("application/ld+json", RdfFormat.JSON_LD), ("application/rdf+xml", RdfFormat.RDF_XML)],
)  # fmt: skip
def test_report_and_facts_as_graphs(
    server: Server, first: dict[str, Any], knowledge: Knowledge, media: str, form: RdfFormat
) -> None:
    got = server.get(f"{PLACE}/{first['id']}/facts", media)
    assert (got.status, got.media) == (200, media)
    judged = receive([("facts", _facts(2019, LEAST - 1), "turtle")], knowledge).triples
    # The name of a blank node says where it stood; the rest is what was sent.
    assert {quad.predicate for quad in parse(got.body, format=form)} == {triple.predicate for triple in judged}
    assert len(list(parse(got.body, format=form))) == len(set(judged))
    got = server.get(f"{PLACE}/{first['id']}/report", media)
    assert (got.status, got.media) == (200, media)
    triples = [quad.triple for quad in parse(got.body, format=form)]
    outcomes = [t.object for t in triples if t.predicate.value == keys.EARL + "outcome"]
    assert len(outcomes) == sum(first["kept"]["counts"].values())
    results = [t for t in triples if t.predicate.value == keys.SH + "focusNode"]
    assert [str(t.object) for t in results] == [f"<{COMPANY}>"]
    assert not [t for t in triples if t.predicate.value == keys.GJ + "reportedAs"]


def test_what_cannot_be_had(server: Server, first: dict[str, Any]) -> None:
    assert server.get(f"{PLACE}/{first['id']}/facts", "text/csv").status == 406
    for id_ in (UNKNOWN, "x", "%2E%2E%2Fapi", first["id"].upper()):
        for part in ("", "/report", "/facts", "/changes"):
            assert server.get(f"{PLACE}/{id_}{part}").status == 404
        assert server.ask("DELETE", f"{PLACE}/{id_}").status == 404
    assert server.get(f"{PLACE}/{'a' * 37}").status == 422
    assert server.get(f"{PLACE}?offset=-1").status == 422


def test_the_list_has_the_newest_first_and_comes_in_parts(
    server: Server, first: dict[str, Any], second: dict[str, Any]
) -> None:
    whole = server.get(PLACE)
    ids = [each["id"] for each in _json(whole)]
    assert ids.index(second["id"]) < ids.index(first["id"])
    assert whole.headers["x-total-count"] == str(len(ids))
    part = server.get(f"{PLACE}?limit=1&offset={ids.index(first['id'])}")
    assert _json(part) == [first["kept"]] and 'rel="prev"' in part.headers["link"]
    assert first["id"] in server.get(PLACE, "text/csv").text


def test_what_got_better(server: Server, first: dict[str, Any], second: dict[str, Any]) -> None:
    found = _json(server.get(f"{PLACE}/{second['id']}/changes"))
    assert (found["since"], found["to"]) == (first["kept"], second["kept"])
    (change,) = [each for each in found["changes"] if each["norm"] == CAPITAL]
    assert (change["change"], change["subject"]) == ("better", COMPANY)
    assert (change["before"]["outcome"], change["after"]["outcome"]) == ("failed", "passed")
    assert change["before"]["remedy"]["zh"] and change["after"]["remedy"] is None
    assert "第十一条" in change["citation"]["zh"] and change["citation"]["en"]
    assert found["counts"]["better"] == 1 and found["counts"]["worse"] == 0


def test_what_got_worse_is_the_same_the_other_way(
    server: Server, first: dict[str, Any], second: dict[str, Any]
) -> None:
    found = _json(server.get(f"{PLACE}/{first['id']}/changes?since={second['id']}"))
    assert {each["norm"] for each in found["changes"] if each["change"] == "worse"} == {CAPITAL}


def test_the_same_facts_have_not_changed(server: Server, first: dict[str, Any]) -> None:
    again = _kept(server, b"\n\n" + _facts(2019, LEAST - 1), "?document=aic-measures-2018&as-of=2020-01-01")
    found = _json(server.get(f"{PLACE}/{again['id']}/changes?since={first['id']}"))
    assert found["changes"] == [] and set(found["counts"].values()) == {0}
    assert server.ask("DELETE", f"{PLACE}/{again['id']}").status == 204


def test_a_value_that_changed_under_the_same_outcome_and_what_is_new_or_gone(
    server: Server, first: dict[str, Any]
) -> None:
    less = _kept(server, _facts(2019, LEAST - 2), "?document=aic-measures-2018&as-of=2020-01-01")
    found = _json(server.get(f"{PLACE}/{less['id']}/changes?since={first['id']}"))["changes"]
    assert {each["change"] for each in found} == {"value"}
    (change,) = [each for each in found if each["norm"] == CAPITAL]
    assert change["before"]["facts"] != change["after"]["facts"]
    other = _kept(server, _facts(2019, LEAST, "https://example.org/kept/other"), "?document=aic-measures-2018")
    assert server.get(f"{PLACE}/{other['id']}/changes").status == 404
    found = _json(server.get(f"{PLACE}/{other['id']}/changes?since={first['id']}"))
    assert found["counts"]["new"] == found["counts"]["gone"] > 0
    assert {each["before"] and each["before"]["outcome"] for each in found["changes"]} <= {
        None,
        "failed",
        "passed",
        "cantTell",
    }
    for each in (less, other):
        assert server.ask("DELETE", f"{PLACE}/{each['id']}").status == 204


def test_changes_come_in_the_order_of_the_law(server: Server, second: dict[str, Any], knowledge: Knowledge) -> None:
    none = _kept(server, _facts(2021, None), "?document=aic-measures-2018&document=amc-opinions-2025")
    found = _json(server.get(f"{PLACE}/{none['id']}/changes?since={second['id']}"))["changes"]
    places = [(each["provision"].split("/")[0], knowledge.position(keys.parse(each["provision"]))) for each in found]
    assert places and places == sorted(places)
    (change,) = [each for each in found if each["norm"] == CAPITAL]
    assert change["change"] == "worse" and change["after"]["missing"]
    assert server.ask("DELETE", f"{PLACE}/{none['id']}").status == 204


def _ask(server: Server, query: str) -> list[list[str]]:
    got = server.get(f"/sparql?query={quote(query)}", "text/csv")
    assert got.status == 200, got.text
    return [line.split(",") for line in got.text.split()[1:]]


def test_a_query_sees_the_submissions_that_it_names(
    server: Server, first: dict[str, Any], second: dict[str, Any]
) -> None:
    one, two = f"<{first['kept']['graph']}>", f"<{second['kept']['graph']}>"
    failed = f"PREFIX earl: <{keys.EARL}> PREFIX gj: <{keys.GJ}> SELECT ?norm {{ GRAPH %s {{ ?v earl:result/earl:outcome earl:failed ; gj:onNorm ?norm }} ?norm gj:force gj:Strict }}"
    assert _ask(server, failed % one) == [[CAPITAL]]
    assert _ask(server, failed % two) == []
    both = f"SELECT ?g (COUNT(*) AS ?n) {{ VALUES ?g {{ {one} {two} }} GRAPH ?g {{ ?s a <{keys.GJ}Submission> }} }} GROUP BY ?g"
    assert sorted(_ask(server, both)) == sorted([[first["kept"]["graph"], "1"], [second["kept"]["graph"], "1"]])


def test_a_query_sees_no_other_submission_and_the_next_query_none(
    server: Server, first: dict[str, Any], second: dict[str, Any]
) -> None:
    every = "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }"
    assert _ask(server, f"{every} # <{first['kept']['graph']}>") == [[first["kept"]["graph"]]]
    for _ in range(4):
        assert _ask(server, every) == []
    here = f"ASK {{ ?s a <{keys.GJ}Submission> }} # <{first['kept']['graph']}>"
    assert json.loads(server.get(f"/sparql?query={quote(here)}", "application/json").text)["boolean"] is False
    assert _ask(server, f"SELECT ?s {{ GRAPH <urn:uuid:{UNKNOWN}> {{ ?s ?p ?o }} }}") == []


def test_too_many_submissions_at_once_are_refused(server: Server) -> None:
    named = " ".join(f"<urn:uuid:00000000-0000-4000-8000-00000000000{number}>" for number in range(9))
    got = server.get(
        f"/sparql?query={quote(f'SELECT * {{ VALUES ?g {{ {named} }} GRAPH ?g {{ ?s ?p ?o }} }}')}", "text/csv"
    )
    assert (got.status, json.loads(got.text)["code"]) == (403, "graphs-too-large")


def test_with_respond_async_the_address_comes_at_once(server: Server) -> None:
    sent = _send(server, _facts(2022, LEAST), Prefer="wait=9, respond-async")
    assert (sent.status, sent.headers["preference-applied"]) == (202, "respond-async")
    place, states = sent.headers["location"], []

    def done() -> bool:
        states.append(_json(server.get(place)))
        return states[-1]["state"] in {"kept", "failed"}

    assert within(60, done)
    assert states[-1]["state"] == "kept" and {each["state"] for each in states} <= {
        "waiting",
        "running",
        "done",
        "kept",
    }
    progress = [each["progress"]["done"] for each in states if each["progress"]]
    assert progress == sorted(progress)
    assert server.get(f"{place}/report").status == 200
    assert server.ask("DELETE", place).status == 204 and server.get(place).status == 404


def test_what_is_under_way_has_no_report_yet_and_can_be_ended(server: Server) -> None:
    place = _send(server, _facts(2022, LEAST), Prefer="respond-async").headers["location"]
    got = server.get(f"{place}/report")
    assert (got.status, json.loads(got.text)["code"]) == (409, "under-way")
    assert server.ask("DELETE", place).status == 204
    assert server.get(place).status == 404


def test_facts_that_cannot_be_used_are_not_kept(server: Server) -> None:
    before = server.get(PLACE).headers["x-total-count"]
    sent = _send(server, b"<a> <b>")
    assert (sent.status, json.loads(sent.text)["code"]) == (400, "bad-input")
    place = _send(server, b"<a> <b>", Prefer="respond-async").headers["location"]
    assert within(30, lambda: _json(server.get(place))["state"] == "failed")
    assert _json(server.get(place))["problem"]["code"] == "bad-input"
    assert server.get(f"{place}/report").status == 409
    assert _send(server, _facts(2019, 1), "?document=no-such-document").status == 400
    assert _send(server, _facts(2019, 1), "?asof=2020-01-01").status == 422
    assert server.get(PLACE).headers["x-total-count"] == before


def test_verdicts_that_a_stranger_made_up_are_not_kept(server: Server) -> None:
    made_up = f"""<urn:guiju:verdict:0> a <{keys.GJ}Verdict> ; <{keys.EARL}result> <urn:x> .
    <urn:x> <{keys.EARL}outcome> <{keys.EARL}passed> .""".encode()
    kept = _kept(server, _facts(2019, LEAST - 1) + made_up, "?document=aic-measures-2018")
    facts = server.get(f"{PLACE}/{kept['id']}/facts", "application/n-triples").text
    assert "urn:guiju:verdict:0" not in facts and "<urn:x>" in facts
    assert "urn:guiju:verdict:0" in server.get(f"{PLACE}/{kept['id']}/report").text
    assert server.ask("DELETE", f"{PLACE}/{kept['id']}").status == 204


def test_kept_with_a_key_over_the_end_of_the_server_for_one_server_at_a_time(tmp_path: Path) -> None:
    key, line = new_key("pipeline")
    (tmp_path / "keys").write_text(line + "\n")
    (tmp_path / "keys").chmod(0o600)
    settings = {
        **ONE_EACH,
        "GUIJU_GRACE": "80",
        "GUIJU_STORE": str(tmp_path / "kept"),
        "GUIJU_KEYS_FILE": str(tmp_path / "keys"),
    }
    with serving(**settings) as one:
        assert _send(one, _facts(2019, LEAST)).status == 401
        assert one.get(PLACE).status == 401
        sent = _send(one, _facts(2019, LEAST), Authorization=f"Bearer {key}")
        assert sent.status == 201
        place = sent.headers["location"]
        assert one.ask("DELETE", place).status == 401
        later = _send(one, _facts(2020, LEAST), Authorization=f"Bearer {key}").headers["location"]
        # Who has the address of one is not shown the other.
        assert one.get(f"{later}/changes").status == 401
        assert one.get(f"{later}/changes?since={place.rsplit('/')[-1]}").status == 200
        assert one.get(f"{later}/changes", Authorization=f"Bearer {key}").status == 200
        report = _json(one.get(f"{place}/report"))
        with pytest.raises(AssertionError, match="GUIJU_STORE"), serving(**settings):
            pytest.fail("a second server started on the same folder")
        os.kill(one.pid, signal.SIGKILL)
    with serving(**settings) as one:
        assert _json(one.get(f"{place}/report")) == report
        assert len(_json(one.get(PLACE, Authorization=f"Bearer {key}"))) == 2
        sent = _send(one, _facts(2021, LEAST), Authorization=f"Bearer {key}", Prefer="respond-async")
        assert sent.status == 202
        one.process.terminate()
        one.process.wait(90)
    # Told to end, the server has first judged and kept what it had accepted.
    with closing(Submissions(Embedded(tmp_path / "kept"))) as kept:
        assert kept.find(sent.headers["location"].rsplit("/")[-1]) and kept.total() == 3


def test_judging_goes_on_without_a_store_and_what_was_to_be_kept_says_why_it_is_not() -> None:
    at = f"http://127.0.0.1:{free_port()}/"
    with serving(**ONE_EACH, GUIJU_STORE=f"{at}query", GUIJU_STORE_GRAPHS=f"{at}store") as alone:
        sent = _send(alone, _facts(2019, LEAST), Prefer="respond-async")
        assert sent.status == 202
        place = sent.headers["location"]
        assert within(60, lambda: _json(alone.get(place))["state"] == "done")
        assert _json(alone.get(place))["problem"]["code"] == "store"
        assert alone.get(f"{place}/report").status == 409
        assert alone.get(PLACE).status == alone.get(f"{PLACE}/{UNKNOWN}").status == 503
        assert "guiju_submissions NaN" in alone.get("/metrics").text
        assert alone.get(place.removeprefix("/api/v1"), "text/html").status == 200


def test_a_service_that_keeps_nothing() -> None:
    kept = opened(Settings(store="off"))
    assert kept.list(10) == [] and kept.total() == 0 and kept.find(UNKNOWN) is None and not kept.delete(UNKNOWN)
    with pytest.raises(Refused, match="GUIJU_STORE=off"):
        kept.add(*invented(1))


def test_a_store_that_should_be_there_and_is_not_is_no_empty_one() -> None:
    kept = Submissions(Nowhere(StoreError("打不开。", "It could not be opened.")))
    for ask in (lambda: kept.list(10), kept.total, lambda: kept.find(UNKNOWN), lambda: kept.add(*invented(1))):
        with pytest.raises(StoreError, match="opened"):
            ask()


@pytest.mark.parametrize(
    "given",
    [
        {"store": "http://127.0.0.1:1/query"},
        {"store": "http://user:word@127.0.0.1:1/query", "store_update": "http://127.0.0.1:1/update"},
        {"store": "http://127.0.0.1:1/query", "store_graphs": "file:///tmp"},
        {"store": "/dev/null/kept"},
    ],
)
def test_settings_that_name_no_store_stop_the_start(given: dict[str, Any]) -> None:
    with pytest.raises(BadSettings, match="GUIJU_STORE") as error:
        opened(Settings(**given))
    assert "word" not in str(error.value)


def test_a_store_elsewhere_is_opened_with_what_lets_us_in() -> None:
    at = "http://127.0.0.1:1/"
    kept = opened(Settings(store=f"{at}q", store_graphs=f"{at}g", store_user="u", store_password=SecretStr("p")))
    assert isinstance(kept.backend, Elsewhere)
    remote = kept.backend.remote
    assert (remote.query, remote.update, remote.graphs) == (f"{at}q", "", f"{at}g")
    with pytest.raises(StoreError, match="unreachable"):
        kept.total()
    kept.close()


def _patched(server: Server, id_: str, patch: bytes) -> Answer:
    return server.ask("POST", f"{PLACE}/{id_}/changes", {"Content-Type": "application/rdf-patch"}, patch)


def _lines_of(server: Server, id_: str) -> list[str]:
    return server.get(f"{PLACE}/{id_}/facts", "application/n-triples").text.splitlines()


def test_a_submission_is_changed_into_a_new_one(server: Server, first: dict[str, Any]) -> None:
    facts = _lines_of(server, first["id"])
    (old,) = (line for line in facts if f"<{keys.GJ}value>" in line)
    new = old.replace(str(LEAST - 1), str(LEAST))
    patch = f"H id <urn:x> .\nTX .\nD {old}\nA {new}\nTC .\n".encode()
    answer = _patched(server, first["id"], patch)
    assert answer.status == 201, answer.text
    changed = json.loads(answer.text)
    to = changed["to"]
    assert answer.headers["location"] == f"{PLACE}/{to['id']}"
    assert changed["since"] == first["kept"] and to["id"] != first["id"]
    assert (to["name"], to["documents"]) == (first["kept"]["name"], ["aic-measures-2018"])
    sent = (sha256(patch).hexdigest(), len(patch), "application/rdf-patch")
    assert (to["sha256"], to["bytes"], to["form"]) == sent
    capital = next(each for each in changed["changes"] if each["norm"] == CAPITAL)
    outcomes = (capital["before"]["outcome"], capital["after"]["outcome"])
    assert (capital["change"], *outcomes) == ("better", "failed", "passed")
    assert sorted(_lines_of(server, to["id"])) == sorted({*facts, new} - {old})
    assert _json(server.get(f"{PLACE}/{to['id']}/changes?since={first['id']}")) == changed
    assert _lines_of(server, first["id"]) == facts
    assert server.ask("DELETE", f"{PLACE}/{to['id']}").status == 204


@pytest.mark.parametrize(
    ("patch", "says"),
    [
        (b'D <https://example.org/kept/company> <https://example.org/x> "there" .', "patch:1: "),
        (b"\nA _:b0 <https://example.org/x> <https://example.org/y> .", "patch:2: "),
        (b"A <https://example.org/x> <https://example.org/y> .", "Syntax error"),
        (b"DELETE WHERE { ?s ?p ?o }", "no change that is read"),
        (
            b"A <https://example.org/x> <https://example.org/y> <https://example.org/z> <https://example.org/g> .",
            "graph",
        ),
        (f'A <{COMPANY}> <{keys.GJ}valeu> "1" .'.encode(), "gj:valeu"),
        (b"\xff", "UTF-8"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused(
    patch: bytes, says: str, server: Server, first: dict[str, Any]
) -> None:
    before = server.get(PLACE).text
    answer = _patched(server, first["id"], patch)
    assert (answer.status, json.loads(answer.text)["code"]) == (400, "bad-input")
    assert says in json.loads(answer.text)["detail"]
    assert server.get(PLACE).text == before


def test_only_a_patch_of_what_is_kept_is_taken(server: Server, first: dict[str, Any]) -> None:
    update = {"Content-Type": "application/sparql-update"}
    assert server.ask("POST", f"{PLACE}/{first['id']}/changes", update, b"CLEAR ALL").status == 415
    assert _patched(server, UNKNOWN, b"").status == 404
