"""The built wheel, installed away from the checkout, carries everything and judges its sample."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from guiju.paths import samples
from tests.service.server import Server, within
from tests.service.stores import free_port

ROOT = Path(__file__).parents[1]


def _run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    _run(sys.executable, "-m", "build", "--wheel", "--outdir", out, ROOT, cwd=out)
    return next(out.glob("*.whl"))


def test_the_wheel_carries_all_data(wheel: Path) -> None:
    carried = set(zipfile.ZipFile(wheel).namelist())
    for folder, ending in (("ontology", "ttl"), ("shapes", "ttl"), ("queries", "rq"), ("tests/cases", "ttl")):
        here = {f"guiju/data/{file.relative_to(ROOT).as_posix()}" for file in (ROOT / folder).rglob(f"*.{ending}")}
        assert here
        assert here <= carried, sorted(here - carried)[:5]
    assert {"guiju/report.schema.json", "guiju/py.typed"} <= carried
    assert any(name.startswith("guiju/samples/") for name in carried)
    served = {file.relative_to(ROOT / "src").as_posix() for file in (ROOT / "src" / "guiju" / "service").rglob("*.*")}
    assert {name for name in served if not name.endswith(".pyc")} <= carried


def test_an_installed_guiju_needs_no_checkout(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    _run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel, cwd=tmp_path)
    command = tmp_path / "env" / "bin" / "guiju"
    report = json.loads(_run(command, "demo", "--format", "json", cwd=tmp_path).stdout)
    assert report["summary"]["failed"] >= 40
    assert "第三十九条第二款" in _run(command, "show", "aic-measures-2018/art_39__para_2", cwd=tmp_path).stdout
    _serves(command, tmp_path)
    installed = json.loads(_run(python, "-m", "pip", "list", "--format", "json", cwd=tmp_path).stdout)
    assert "owlready2" not in {package["name"].lower() for package in installed}, "the default install has grown"


def _serves(command: Path, folder: Path) -> None:
    """What the default install serves: verdicts, and of a picture what it needs to be drawn."""
    port = free_port()
    facts = samples()["sound-company"].read_bytes()
    turtle = {"Content-Type": "text/turtle"}
    environment = {**os.environ, "GUIJU_STORE": str(folder / "store"), "GUIJU_CACHE": "off"}
    with (folder / "log").open("w+b") as log:
        process = subprocess.Popen([command, "serve", f"--port={port}"], cwd=folder, env=environment, stderr=log)
        server = Server(port, process, log)
        try:
            assert within(60, lambda: _healthy(server)), server.log()
            judged = server.ask("POST", "/api/v1/submissions", turtle, facts)
            assert judged.status == 201, judged.text + server.log()
            report = server.get(f"/api/v1/submissions/{json.loads(judged.body)['id']}/report")
            assert json.loads(report.body)["summary"]["failed"] == 0
            drawn = server.ask("POST", "/api/v1/graph", turtle, samples()["amc-group"].read_bytes())
            assert (drawn.status, "guiju[graph]" in drawn.text) == (400, True), drawn.text
        finally:
            process.terminate()
            assert process.wait(60) == 0
        assert "Traceback" not in server.log(), server.log()


def _healthy(server: Server) -> bool:
    try:
        return server.get("/api/v1/health").status == 200
    except OSError:
        return False
