"""Numbers for Prometheus, at ``/metrics``; labels are templates of routes, kinds and states, never what was sent.

They are of this one process. Who may write may read them; where no keys are set, whoever asks over loopback.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from fastapi import APIRouter, Depends, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric

from guiju.service.access import trusted

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
REFUSED = Counter("guiju_refused", "Work refused because the queue was full.", ["kind"], registry=REGISTRY)
KILLED = Counter(
    "guiju_workers_killed",
    "Workers ended before their work was done, by reason.",
    ["kind", "reason"],
    registry=REGISTRY,
)
ProcessCollector(registry=REGISTRY)
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def answered(route: str, method: str, status: int, seconds: float) -> None:
    """Count an answer; ``route`` is a template of ours, and any other method is one."""
    method = method if method in _METHODS else "other"
    REQUESTS.labels(route, method, str(status)).inc()
    SECONDS.labels(route, method).observe(seconds)


class _Looked:
    """Gauges that are looked up when they are asked for."""

    def __init__(self) -> None:
        self.read: dict[str, tuple[str, tuple[str, ...], Callable[[], Iterable[tuple[tuple[str, ...], float]]]]] = {}

    def collect(self) -> Iterator[Metric]:
        for name, (about, labels, read) in self.read.items():
            family = GaugeMetricFamily(name, about, labels=labels)
            for values, number in read():
                family.add_metric(values, number)
            yield family


_LOOKED = _Looked()
REGISTRY.register(_LOOKED)


def gauge(
    name: str, about: str, labels: tuple[str, ...], read: Callable[[], Iterable[tuple[tuple[str, ...], float]]]
) -> None:
    """Have ``read`` give the values of a gauge, each after the values of its labels, whenever it is asked for."""
    _LOOKED.read[name] = (about, labels, read)


@router.get(
    "/metrics",
    response_class=Response,
    dependencies=[Depends(trusted)],
    responses={200: {"content": {"text/plain": {}}}},
)
def metrics() -> Response:
    """Counters, gauges and histograms in the text format of Prometheus."""
    return Response(
        generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"}
    )
