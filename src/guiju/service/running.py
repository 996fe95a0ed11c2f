"""The server as ``guiju serve`` runs it: told to end, it lets work under way finish, and exits with 0.

A signal (SIGTERM, SIGINT) closes the door at once: new connections are refused, which every proxy understands.
What was asked before has ``GUIJU_GRACE`` seconds, and what is judged to be kept as long again; then it is ended, with
the workers. A second signal ends all at once. Should the server itself be killed, the kernel ends its workers.

A connection on which no request begins within ``GUIJU_ARRIVAL`` seconds, or only drips, is closed: the server's
descriptors are not for whoever opens the most connections.
"""

from __future__ import annotations

import math
import os
import resource
import time
from types import FrameType
from typing import Any
from weakref import WeakKeyDictionary

import uvicorn

from guiju.service import access
from guiju.service.settings import settings

_TICKS = 10
"""Ticks of the server's clock, each a tenth of a second, between two looks at the connections."""
_DESCRIPTORS = 65_536


def run(host: str, port: int) -> None:
    """Serve until told to end. BadSettings for a start that would not be safe."""
    access.check(host)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if most == resource.RLIM_INFINITY else min(most, _DESCRIPTORS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    config = uvicorn.Config(
        "guiju.api:app",
        host=host,
        port=port,
        ws="none",
        access_log=False,
        # The app sees to the log, from the first line on.
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=math.ceil(settings().grace),
    )
    _Server(config).run()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._quiet: WeakKeyDictionary[Any, float] = WeakKeyDictionary()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            os._exit(128 + sig)
        # Not passed on to the default handler afterwards, which would end an orderly end with a signal.
        self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS == 0:
            self._close_quiet()
        return await super().on_tick(counter)

    def _close_quiet(self) -> None:
        """Close the connections on which there has been no whole request for too long."""
        now = time.monotonic()
        for connection in list(self.server_state.connections):
            cycle = getattr(connection, "cycle", None)
            if cycle is not None and not cycle.response_complete:
                self._quiet.pop(connection, None)
            elif now - self._quiet.setdefault(connection, now) > settings().arrival:
                connection.transport.abort()
