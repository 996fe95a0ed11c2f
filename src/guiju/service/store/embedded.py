"""Submissions in a folder of this machine: an Oxigraph store that one process holds.

A submission is added in one transaction of the store and written through to the disk before it is acknowledged, so
that a crash leaves it whole or not at all. The store's table of texts only grows: what was deleted is gone from
every answer at once, and from the files when the store is next opened, which writes them anew.
"""

from __future__ import annotations

import fcntl
import logging
import shutil
import threading
from pathlib import Path
from typing import IO

from platformdirs import user_data_path
from pyoxigraph import Literal, NamedNode, QuerySolutions, RdfFormat, Store, serialize

from guiju.service.store.base import Row, StoreError

_LOG = logging.getLogger(__name__)
_DATA, _FRESH, _OLD, _DELETED, _LOCK = "graphs", "graphs.new", "graphs.old", "deleted", "lock"


def default_folder() -> Path:
    """Where submissions are kept if the operator says nothing: below the user's own data."""
    return user_data_path("guiju", appauthor=False) / "submissions"


class Embedded:
    """A store in a folder, which is made where there is none, for its owner only.

    StoreError where another process holds it, or where it cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._writing = threading.Lock()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = _locked(folder)
        except OSError as error:
            raise _not_opened(folder, error) from None
        try:
            self._held: Store | None = _opened(folder)
        except OSError as error:
            self._lock.close()
            raise _not_opened(folder, error) from None

    @property
    def _store(self) -> Store:
        if self._held is None:
            raise StoreError("存储已关闭。", "The store is closed.")
        return self._held

    def select(self, query: str) -> list[Row]:
        """See :class:`~guiju.service.store.base.Backend`."""
        try:
            found = self._store.query(query)
            assert isinstance(found, QuerySolutions)
            names = [variable.value for variable in found.variables]
            return [
                {name: value for name, value in zip(names, row, strict=True) if isinstance(value, (NamedNode, Literal))}
                for row in found
            ]
        except OSError as error:
            raise _failed(error) from None

    def put(self, graph: NamedNode, ntriples: bytes) -> None:
        """See :class:`~guiju.service.store.base.Backend`."""
        with self._writing:
            try:
                self._store.load(ntriples, RdfFormat.N_TRIPLES, to_graph=graph)
                self._store.flush()
            except OSError as error:
                raise _failed(error) from None

    def graph(self, graph: NamedNode) -> list[bytes]:
        """See :class:`~guiju.service.store.base.Backend`."""
        try:
            triples = (quad.triple for quad in self._store.quads_for_pattern(None, None, None, graph))
            return sorted((serialize(triples, format=RdfFormat.N_TRIPLES) or b"").splitlines())
        except OSError as error:
            raise _failed(error) from None

    def drop(self, graph: NamedNode) -> None:
        """See :class:`~guiju.service.store.base.Backend`."""
        with self._writing:
            try:
                # Before the graph goes, so that a crash between the two costs work and not secrecy.
                (self.folder / _DELETED).touch()
                self._store.remove_graph(graph)
                self._store.flush()
            except OSError as error:
                raise _failed(error) from None

    def close(self) -> None:
        """See :class:`~guiju.service.store.base.Backend`."""
        with self._writing:
            self._held = None
            self._lock.close()


def _locked(folder: Path) -> IO[bytes]:
    """The lock of the folder, held until it is closed or this process ends. BlockingIOError where another holds it."""
    lock = (folder / _LOCK).open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise
    return lock


def _opened(folder: Path) -> Store:
    """The store, after what a crash interrupted has been undone, and written anew where something was deleted."""
    data, fresh, old, deleted = (folder / name for name in (_DATA, _FRESH, _OLD, _DELETED))
    if old.exists() and not data.exists():
        old.rename(data)
    for left in (fresh, old):
        if left.exists():
            shutil.rmtree(left)
    if deleted.exists():
        _copy(data, fresh)
        data.rename(old)
        fresh.rename(data)
        shutil.rmtree(old)
        deleted.unlink()
    return Store(data)


def _copy(source: Path, target: Path) -> None:
    """What a store holds as a new one; both are closed again when it is done."""
    copy = Store(target)
    copy.bulk_extend(Store.read_only(str(source)).quads_for_pattern(None, None, None, None))
    copy.flush()


def _not_opened(folder: Path, error: OSError) -> StoreError:
    if isinstance(error, BlockingIOError):
        return StoreError(
            f"{folder} 正被另一进程使用。一个文件夹只能由一个服务进程使用：请另设 GUIJU_STORE，或改用远程存储。",
            f"{folder} is held by another process. One folder serves one process: set GUIJU_STORE to another folder, "
            "run a single worker, or use a remote store.",
        )
    return StoreError(
        f"不能打开 {folder}：{error}。请检查权限与磁盘，或另设 GUIJU_STORE。",
        f"{folder} cannot be opened: {error}. Look at its permissions and the disk, or set GUIJU_STORE to another.",
    )


def _failed(error: OSError) -> StoreError:
    _LOG.error("the store failed: %s", error)
    return StoreError("存储出错，请稍后再试。", "The store failed; try again later. The server's log says more.")
