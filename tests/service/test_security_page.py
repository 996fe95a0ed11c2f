"""SECURITY.md held to the code: what it names is there, and every threat that is listed stands in it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from guiju.service.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
FOLDERS = (ROOT, ROOT / "src" / "guiju", ROOT / "src" / "guiju" / "service")


def test_every_threat_has_a_row() -> None:
    told: set[int] = set()
    for first, last in re.findall(r"(?:^\||,) (\d+)(?:–(\d+))?(?= \||,)", PAGE, re.MULTILINE):
        told |= set(range(int(first), int(last or first) + 1))
    listed = tomllib.loads((ROOT / "tests" / "threats" / "threats.toml").read_text(encoding="utf-8"))["threat"]
    assert {one["number"] for one in listed} <= told
    assert told == set(range(1, 23))


def test_what_it_names_is_there() -> None:
    named = re.findall(r"`([\w/.-]+(?:\.py|\.md|/))`|\]\(([\w/.-]+)\)", PAGE)
    assert len(named) > 30
    missing = [name for pair in named for name in pair if name and not any((at / name).exists() for at in FOLDERS)]
    assert not missing


def test_its_settings_are_settings() -> None:
    named = set(re.findall(rf"{PREFIX}([A-Z_]+)", PAGE))
    known = {name.upper() for name in Settings.model_fields}
    assert named
    assert not {
        one for one in named if one not in known and not (one.endswith("_") and any(k.startswith(one) for k in known))
    }
