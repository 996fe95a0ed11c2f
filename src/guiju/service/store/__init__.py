"""Submissions that last: each is one named graph that holds its description, its facts, and the report on them.

:class:`Submissions` is what the service uses. Where the graphs are is a :class:`~guiju.service.store.base.Backend`:
a folder (:mod:`~guiju.service.store.embedded`) or any SPARQL 1.1 store (:mod:`~guiju.service.store.remote`). The
questions asked of either are those in ``queries/submissions``.
"""

from guiju.service.store.base import Backend, Refused, Row, StoreError
from guiju.service.store.record import Record, iri_of
from guiju.service.store.submissions import Submissions

__all__ = ["Backend", "Record", "Refused", "Row", "StoreError", "Submissions", "iri_of"]
