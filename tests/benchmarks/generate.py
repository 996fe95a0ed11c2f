"""Invented submissions of any size, for measuring: the same seed gives the same facts.

``python -m tests.benchmarks.generate PROFILE INSTITUTIONS FILE [SEED]`` writes them, as the file's ending says in
N-Triples or Turtle; what is written is not kept in memory. The profiles:

``full``
    each institution is a financial asset investment company with shareholders, swaps, related-party transactions and
    the rest, and a submission of its own, from some 120 triples to some 3,400; Turtle only
``aic``, ``amc``
    the bundled samples, varied (:mod:`tests.benchmarks.vary`): companies under the 2018 measures, or groups under the
    2011 guideline, some 120 triples an institution
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from tests.benchmarks import vary

_PREFIXES = "".join(
    f"@prefix {scheme}: <https://w3id.org/guiju/taxonomy/{scheme}/> .\n"
    for scheme in ("act", "arrangement", "criterion", "feature", "fund", "metric", "post", "unit")
) + (
    "@prefix : <https://example.org/benchmark/> .\n"
    "@prefix gj: <https://w3id.org/guiju/ontology#> .\n"
    "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n\n"
)
_ARRANGEMENTS = (
    "related-party-transaction-policy", "acquired-claim-monitoring", "funding-strategy", "liquidity-risk-limits",
    "liquidity-contingency-plan", "performance-assessment", "internal-audit", "external-audit", "risk-appetite",
    "equity-management-policy", "holding-strategy", "equity-exit-strategy", "accountability-system", "risk-limits",
    "governance-structure", "consolidated-management", "bank-firewall", "risk-management-framework",
    "capital-management-system", "internal-control-system", "information-system", "swap-business-policies",
)  # fmt: skip
_SHAREHOLDER_METRICS = ("net-profit", "net-assets", "total-assets", "equity-investments")
_LATEST_YEAR = 2020
_FINANCED = ("own-funds", "own-funds", "raised-funds", "bond-proceeds")


def submissions(institutions: int, seed: int = 0, scale: float | None = None) -> str:
    """Turtle of so many submissions.

    ``scale`` is the size of each, 0 for the smallest and 1 for the largest; without it, sizes are drawn, small ones
    more often than large ones.
    """
    return "".join(_full(institutions, seed, scale))


def write(profile: str, institutions: int, path: Path, seed: int = 0) -> None:
    """Write so many institutions' submissions to a file, ``.nt`` or ``.ttl``."""
    if profile == "full":
        texts = _full(institutions, seed, None)
    else:
        texts = vary.submissions(profile, institutions, seed, turtle=path.suffix == ".ttl")
    with path.open("w", encoding="utf-8") as file:
        file.writelines(texts)


def _full(institutions: int, seed: int, scale: float | None) -> Iterator[str]:
    rng = random.Random(seed)
    yield _PREFIXES
    for number in range(institutions):
        yield _Institution(f"i{number}", rng, rng.random() ** 2 if scale is None else scale).turtle()


def institution(name: str, rng: random.Random, scale: float) -> str:
    """Turtle of one submission, of the institution ``name``; ``scale`` as above."""
    return _PREFIXES + _Institution(name, rng, scale).turtle()


class _Institution:
    """One company and all that is reported of it."""

    def __init__(self, name: str, rng: random.Random, scale: float) -> None:
        self._name, self._rng, self._lines = name, rng, list[str]()
        self._count = 0
        company = self._entity("FinancialAssetInvestmentCompany , gj:DomesticLegalPerson , gj:UnlistedCompany")
        banks = [self._entity("CommercialBank , gj:DomesticLegalPerson , gj:ListedCompany") for _ in range(2)]
        owners = [self._entity("NonFinancialEnterprise , gj:DomesticLegalPerson") for _ in range(round(3 * scale))]
        metrics = _SHAREHOLDER_METRICS[: 1 + round(3 * scale)]
        self._shareholders(company, [banks[0], *owners], metrics, years=1 + round(2 * scale))
        for kind in rng.sample(_ARRANGEMENTS, 1 + round(19 * scale)):
            self._fact("Arrangement", f"gj:kind arrangement:{kind}", f"gj:maintainedBy {company}", self._since(2019))
        for _ in range(1 + round(26 * scale)):
            self._swap(company, banks[1])
        for _ in range(1 + round(19 * scale)):
            self._related_party_transaction(company, rng.choice([banks[0], *owners]))
        for number in range(round(8 * scale)):
            self._filing(company, [banks[0], *owners], number)

    def turtle(self) -> str:
        submission = (
            f':{self._name}-report a gj:Submission ; gj:asOf "{_LATEST_YEAR + 1}-03-31"^^xsd:date ;\n'
            "    gj:completeFor gj:Act , gj:Affiliation , gj:Arrangement , gj:Feature , gj:Holding .\n\n"
        )
        return submission + "".join(self._lines)

    def _shareholders(self, company: str, holders: list[str], metrics: tuple[str, ...], years: int) -> None:
        person = self._entity("NaturalPerson")
        self._fact("Position", f"gj:person {person}", "gj:post post:director", f"gj:at {company}", self._since(2018))
        for about in (company, *holders):
            for metric in metrics:
                for year in range(_LATEST_YEAR - years + 1, _LATEST_YEAR + 1):
                    self._measurement(about, metric, year, self._rng.randrange(-1, 60) * 10**9)
        for number, holder in enumerate(holders):
            kind = "OrdinaryShareholding" if number else "MainShareholding"
            share = 0.1 if number else round(1 - 0.1 * (len(holders) - 1), 1)
            self._fact(kind, f"gj:holder {holder}", f"gj:held {company}", f"gj:equityShare {share}", self._since(2018))
            bought = self._act("share-subscription", holder, f"gj:object {company}", year=2018)
            self._leg(bought, "own-funds", holder)
            self._finding(holder, "sound-corporate-governance", 2020)

    def _swap(self, company: str, seller: str) -> None:
        """Claims on an enterprise are bought and converted, and the enterprise is held from then on."""
        enterprise = self._entity("NonFinancialEnterprise , gj:DomesticLegalPerson , gj:NonPublicCompany")
        year = self._rng.choice((2019, 2020))
        self._finding(enterprise, "good-prospects", 2019)
        valuation = self._act("claim-valuation", company, f"gj:object {enterprise}", year=year)
        acquisition = self._act(
            "claim-acquisition", company, f"gj:counterparty {seller}", f"gj:object {enterprise}",
            f"gj:follows {valuation}", "gj:feature feature:for-debt-equity-swap", year=year,
        )  # fmt: skip
        for _ in range(self._rng.choice((1, 1, 2, 3))):
            self._leg(acquisition, self._rng.choice(_FINANCED), company)
        conversion = self._act(
            "claim-conversion", company, f"gj:counterparty {seller}", f"gj:object {enterprise}",
            f"gj:follows {acquisition}", year=year,
        )  # fmt: skip
        self._finding(conversion, "market-based-price", 2020)
        share = self._rng.choice(("0.08", "0.2", "0.35", "0.6"))
        self._fact(
            "Holding", f"gj:holder {company}", f"gj:held {enterprise}", f"gj:equityShare {share}", self._since(year)
        )
        self._measurement(enterprise, "asset-liability-ratio", _LATEST_YEAR, 0.6, unit="pure")

    def _related_party_transaction(self, company: str, counterparty: str) -> None:
        kind = "related-party-transaction"
        done = self._act(kind, company, f"gj:counterparty {counterparty}", year=_LATEST_YEAR)
        self._leg(done, self._rng.choice(_FINANCED), company)
        for step in ("board-approval", "report-to-supervisory-board", "report-to-central-supervisor"):
            if self._rng.random() < 0.9:
                self._act(step, company, f"gj:follows {done}", year=_LATEST_YEAR)
        self._finding(done, "related-party-terms-not-better", _LATEST_YEAR)

    def _filing(self, company: str, parties: list[str], quarter: int) -> None:
        affiliate = self._entity("NonFinancialEnterprise")
        self._fact("Affiliation", f"gj:party {parties[0]}", f"gj:affiliate {affiliate}")
        spoken_of = f"gj:reportsOn {' , '.join([*parties, affiliate])}"
        self._act("periodic-filing", company, spoken_of, year=2019 + quarter // 4)

    def _measurement(self, about: str, metric: str, year: int, value: float, unit: str = "CNY") -> None:
        self._fact(
            "Measurement", f"gj:about {about}", f"gj:metric metric:{metric}", "gj:basis gj:Solo",
            f'gj:periodStart "{year}-01-01"^^xsd:date', f'gj:periodEnd "{year}-12-31"^^xsd:date',
            f"gj:value {float(value):.2f}", f"gj:unit unit:{unit}",
        )  # fmt: skip

    def _finding(self, about: str, criterion: str, year: int) -> None:
        judgement = "Met" if self._rng.random() < 0.9 else "NotMet"
        self._fact(
            "Finding", f"gj:about {about}", f"gj:criterion criterion:{criterion}", f"gj:judgement gj:{judgement}",
            self._date(year),
        )  # fmt: skip

    def _act(self, kind: str, actor: str, *more: str, year: int) -> str:
        return self._fact("Act", f"gj:kind act:{kind}", f"gj:actor {actor}", *more, self._date(year))

    def _leg(self, act: str, source: str, provider: str) -> None:
        amount = self._rng.randrange(1, 90) * 10**7
        self._fact(
            "Leg", f"gj:legOf {act}", f"gj:amount {amount}.0", "gj:unit unit:CNY", f"gj:fundSource fund:{source}",
            f"gj:provider {provider}",
        )  # fmt: skip

    def _entity(self, classes: str) -> str:
        return self._fact(classes)

    def _fact(self, classes: str, *statements: str) -> str:
        self._count += 1
        iri = f":{self._name}-{self._count}"
        described = "".join(
            f" ;\n    {statement}" for statement in (*statements, f"gj:reportedIn :{self._name}-report")
        )
        self._lines.append(f"{iri} a gj:{classes}{described} .\n\n")
        return iri

    def _date(self, year: int) -> str:
        return f'gj:date "{date(year, 1, 2) + timedelta(days=self._rng.randrange(360))}"^^xsd:date'

    def _since(self, year: int) -> str:
        return f'gj:from "{year}-09-01"^^xsd:date'


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]) if len(sys.argv) > 4 else 0)
