"""Real SPARQL stores on loopback for the tests, and one that lies."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.request import urlopen

from tests.service.server import within


@dataclass(frozen=True)
class Stores:
    """The addresses of a store."""

    query: str
    update: str
    graphs: str


def free_port() -> int:
    """A port of loopback that nothing listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def _running(command: list[str], folder: Path, address: str) -> Iterator[None]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)

    def answers() -> bool:
        if process.poll() is not None:
            return True
        try:
            with urlopen(address, timeout=1):
                return True
        except OSError:
            return False

    try:
        assert within(60, answers) and process.poll() is None, (folder / "log").read_text(errors="replace")
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def oxigraph(folder: Path) -> Iterator[Stores]:
    """An Oxigraph server."""
    port = free_port()
    at = f"http://127.0.0.1:{port}"
    program = shutil.which("oxigraph", path=str(Path(sys.executable).parent)) or "oxigraph"
    command = [program, "serve", "--location", str(folder / "data"), "--bind", f"127.0.0.1:{port}"]
    with _running(command, folder, at):
        yield Stores(f"{at}/query", f"{at}/update", f"{at}/store")


VIRTUOSO = shutil.which("virtuoso-t")
_INI = """[Database]
DatabaseFile = {0}/v.db
ErrorLogFile = {0}/v.log
LockFile = {0}/v.lck
TransactionFile = {0}/v.trx
xa_persistent_file = {0}/v.pxa
[TempDatabase]
DatabaseFile = {0}/t.db
TransactionFile = {0}/t.trx
[Parameters]
ServerPort = 127.0.0.1:{1}
ServerThreads = 4
NumberOfBuffers = 2000
MaxDirtyBuffers = 1200
[HTTPServer]
ServerPort = 127.0.0.1:{2}
ServerRoot = {0}
ServerThreads = 4
[SPARQL]
ResultSetMaxRows = 10000
"""
_GRANTS = ('GRANT SPARQL_UPDATE TO "SPARQL"', "DB.DBA.RDF_DEFAULT_USER_PERMS_SET ('nobody', 7)")


@contextmanager
def virtuoso(folder: Path) -> Iterator[Stores]:
    """A Virtuoso server that lets anyone write, with its usual limit of 10,000 rows."""
    port, own = free_port(), free_port()
    at = f"http://127.0.0.1:{port}"
    (folder / "v.ini").write_text(_INI.format(folder, own, port))
    command = [str(VIRTUOSO), "+configfile", str(folder / "v.ini"), "+foreground"]
    with _running(command, folder, f"{at}/sparql?query=ASK%7B%7D"):
        for grant in _GRANTS:
            isql = ["isql-vt", f"127.0.0.1:{own}", "dba", "dba", f"EXEC={grant}"]
            done = subprocess.run(isql, capture_output=True, check=False)
            assert b"Done." in done.stdout, done.stdout + done.stderr
        yield Stores(f"{at}/sparql", f"{at}/sparql", f"{at}/sparql-graph-crud")


Lie = Callable[[BaseHTTPRequestHandler, bytes], None]
"""Answers a request whose body was read."""


@contextmanager
def lying(lie: Lie) -> Iterator[str]:
    """The address of a server that answers as ``lie`` does."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            lie(self, self.rfile.read(int(self.headers.get("Content-Length", 0))))

        do_POST = do_PUT = do_GET = do_DELETE = _answer

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def says(text: str | bytes, media: str = "application/sparql-results+json", status: int = 200, **more: str) -> Lie:
    """A server that always says this."""

    def lie(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        body = text.encode() if isinstance(text, str) else text
        handler.send_response(status)
        handler.send_header("Content-Type", media)
        headers = {"Content-Length": str(len(body)), **{name.replace("_", "-"): value for name, value in more.items()}}
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return lie


def drips(text: str, seconds: float) -> Lie:
    """A server that says it letter by letter."""

    def lie(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/sparql-results+json")
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        try:
            for letter in text:
                handler.wfile.write(letter.encode())
                handler.wfile.flush()
                time.sleep(seconds)
        except OSError:
            return

    return lie
