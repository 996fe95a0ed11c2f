"""What others have written is carried unchanged, with its licence, and served at addresses that change with it."""

from __future__ import annotations

import re
from hashlib import sha256

from guiju.service.assets import FOLDER, static
from tests.service.server import Server

_ROW = re.compile(r"\| `(?P<file>[^`]+)` \| \S.* \| \S.* \| \S.* \| `(?P<hash>[0-9a-f]{64})` \|")


def test_every_script_of_others_is_the_one_that_is_named() -> None:
    rows = map(_ROW.fullmatch, (FOLDER / "README.md").read_text(encoding="utf-8").splitlines())
    named = {row["file"]: row["hash"] for row in rows if row}
    carried = {
        file.relative_to(FOLDER).as_posix(): sha256(file.read_bytes()).hexdigest()
        for file in FOLDER.glob("*/**/*")
        if file.is_file() and not file.name.startswith("LICENSE")
    }
    assert carried == named
    for name in carried:
        assert any((FOLDER / name.split("/")[0]).glob("LICENSE*")), f"{name} comes without its licence"


def test_a_script_is_served_for_good(server: Server) -> None:
    address = static("htmx/htmx.min.js", "")
    found = server.get(address)
    assert found.status == 200
    assert found.media == "text/javascript"
    assert "immutable" in found.headers["cache-control"]
    assert found.headers["x-content-type-options"] == "nosniff"
    changed = server.get(address.replace(address.split("/")[2], "000000000000"))
    assert changed.headers["cache-control"] == "no-cache"
