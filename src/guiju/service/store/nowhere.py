"""Where nothing is kept, because the operator wants it so or the store could not be opened."""

from __future__ import annotations

from pyoxigraph import NamedNode

from guiju.service.store.base import Refused, Row, StoreError


class Nowhere:
    """Holds nothing. With ``failed``, the error of a store that should be there, every call raises it."""

    def __init__(self, failed: StoreError | None = None) -> None:
        self.failed = failed

    def select(self, query: str) -> list[Row]:
        """See :class:`~guiju.service.store.base.Backend`."""
        if self.failed:
            raise self.failed
        return []

    def put(self, graph: NamedNode, ntriples: bytes) -> None:
        """See :class:`~guiju.service.store.base.Backend`."""
        raise self.failed or Refused(
            "本服务不保存报送（GUIJU_STORE=off）。", "This service keeps no submissions (GUIJU_STORE=off)."
        )

    def graph(self, graph: NamedNode) -> list[bytes]:
        """See :class:`~guiju.service.store.base.Backend`."""
        if self.failed:
            raise self.failed
        return []

    def drop(self, graph: NamedNode) -> None:
        """See :class:`~guiju.service.store.base.Backend`."""

    def close(self) -> None:
        """See :class:`~guiju.service.store.base.Backend`."""
