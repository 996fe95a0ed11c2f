"""The server as ``guiju serve`` runs it: told to end, it lets work under way finish, and exits with 0.

A signal (SIGTERM, SIGINT) closes the door at once: new connections are refused, which every proxy understands.
What was asked before has ``GUIJU_GRACE`` seconds; then it is ended, and the workers with it. A second signal ends all
at once. Should the server itself be killed, the kernel ends its workers.
"""

from __future__ import annotations

import math
import os
from types import FrameType

import uvicorn

from guiju.service import access
from guiju.service.settings import settings


def run(host: str, port: int) -> None:
    """Serve until told to end. BadSettings for a start that would not be safe."""
    access.check(host)
    config = uvicorn.Config(
        "guiju.api:app",
        host=host,
        port=port,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=math.ceil(settings().grace),
    )
    _Server(config).run()


class _Server(uvicorn.Server):
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            os._exit(128 + sig)
        # Not passed on to the default handler afterwards, which would end an orderly end with a signal.
        self.should_exit = True
