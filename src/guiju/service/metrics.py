"""Numbers for Prometheus, at ``/metrics``; labels are templates of routes, kinds and states, never what was sent.

They are of this one process. Who may write may read them; where no keys are set, whoever asks over loopback.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fastapi import APIRouter, Depends, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from starlette.types import Scope

from guiju.service import openapi
from guiju.service.access import trusted
from guiju.service.pool import Pool

router = APIRouter()
REGISTRY = CollectorRegistry()
REQUESTS = Counter("guiju_requests", "Requests answered.", ["route", "method", "status"], registry=REGISTRY)
SECONDS = Histogram(
    "guiju_request_seconds",
    "Seconds from the request to the end of its answer.",
    ["route", "method"],
    registry=REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60, 120, 300),
)
BODIES = Gauge("guiju_body_bytes", "Bytes of the bodies of requests under way.", registry=REGISTRY)
ProcessCollector(registry=REGISTRY)
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def method_of(scope: Scope) -> str:
    """The method of a request; ``other`` for one that is no method of HTTP but a text of whoever sent it."""
    return str(scope["method"]) if scope["method"] in _METHODS else "other"


def answered(route: str, method: str, status: int, seconds: float) -> None:
    """Count an answer; ``route`` is a template of ours, ``method`` as ``method_of`` has it."""
    REQUESTS.labels(route, method, str(status)).inc()
    SECONDS.labels(route, method).observe(seconds)


class _Looked:
    """What is looked up when it is asked for."""

    def __init__(self) -> None:
        self.pools: dict[str, Pool] = {}
        self.submissions: Callable[[], float] | None = None

    def collect(self) -> Iterator[Metric]:
        workers = GaugeMetricFamily("guiju_workers", "Workers, by what they do.", labels=["kind", "state"])
        waiting = GaugeMetricFamily("guiju_waiting", "Jobs that wait for a worker.", labels=["kind"])
        refused = CounterMetricFamily(
            "guiju_refused", "Jobs refused: the queue was full, or the wait too long.", labels=["kind"]
        )
        ended = CounterMetricFamily("guiju_jobs", "Jobs that a worker had, by how they ended.", labels=["kind", "end"])
        started = CounterMetricFamily(
            "guiju_workers_started", "Workers started, the first ones included.", labels=["kind"]
        )
        for kind, pool in self.pools.items():
            busy = max(0, min(pool.inside, pool.limits.workers - pool.idle))
            for state, number in (
                ("busy", busy),
                ("idle", pool.idle),
                ("starting", pool.limits.workers - pool.idle - busy),
            ):
                workers.add_metric([kind, state], number)
            waiting.add_metric([kind], pool.inside - busy)
            refused.add_metric([kind], pool.counts.busy)
            started.add_metric([kind], pool.counts.started)
            for end in ("done", "too_slow", "died", "cancelled"):
                ended.add_metric([kind, end], getattr(pool.counts, end))
        yield from (workers, waiting, refused, ended, started)
        if self.submissions:
            yield GaugeMetricFamily("guiju_submissions", "Submissions that are kept.", value=self.submissions())


_LOOKED = _Looked()
REGISTRY.register(_LOOKED)


@contextmanager
def watched(kind: str, pool: Pool) -> Iterator[None]:
    """Tell of a pool while it runs; ``kind`` is its label."""
    _LOOKED.pools[kind] = pool
    try:
        yield
    finally:
        # Of two apps in one process the one that was started last is told of.
        if _LOOKED.pools.get(kind) is pool:
            del _LOOKED.pools[kind]


def kept(total: Callable[[], float] | None) -> None:
    """Tell how many submissions are kept, as ``total`` says whenever it is asked; None where none can be."""
    _LOOKED.submissions = total


@router.get(
    "/metrics",
    response_class=Response,
    dependencies=[Depends(trusted)],
    tags=["service"],
    summary="运行指标 Numbers for Prometheus",
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
        **openapi.problems(401, 403, 503),
    },
)
def metrics() -> Response:
    """Counters, gauges and histograms in the text format of Prometheus."""
    return Response(
        generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"}
    )
