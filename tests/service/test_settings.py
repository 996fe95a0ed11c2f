"""The settings: as the table in the service's README has them, and what a bad one says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from guiju.service.settings import PREFIX, BadSettings, Settings, allowed, settings, unknown

ROOT = Path(__file__).parents[2]
_ROW = re.compile(r"^\| `GUIJU_(\w+)` \|(.*?)\|(.*?)\|(.*?)\|(.*?)\|$", re.MULTILINE)
_UNITS = {"Bytes": "bytes", "Seconds": "seconds"}


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    settings.cache_clear()
    yield
    settings.cache_clear()


def _rows() -> dict[str, tuple[str, ...]]:
    section = (
        (ROOT / "src/guiju/service/README.md")
        .read_text(encoding="utf-8")
        .partition("## Running the service")[2]
        .partition("\n## ")[0]
    )
    found = _ROW.findall(section)
    assert len(found) == len({name for name, *_ in found}), "a setting stands twice in the table"
    return {name.lower(): tuple(cell.strip() for cell in rest) for name, *rest in found}


def test_the_table_has_a_row_for_every_setting_and_no_other() -> None:
    assert set(_rows()) == set(Settings.model_fields)


@pytest.mark.parametrize("field", Settings.model_fields)
def test_the_table_says_what_a_setting_is(field: str) -> None:
    default, limits, unit, what = _rows()[field]
    found = Settings.model_fields[field]
    shown = "" if found.default in (None, ()) else str(found.default)
    assert default.strip("`") == shown
    assert limits.strip("`") == allowed(field)
    assert found.description, "a field says what it is"
    assert unit == _UNITS.get(found.description.split()[0], ""), "the docstring begins with the unit"
    assert what


@pytest.mark.parametrize(
    "name, value",
    [("SPARQL_WORKERS", "0"), ("SPARQL_WORKERS", "two"), ("SPARQL_DEADLINE", "nan"), ("SPARQL_BYTES", "1e3000")],
)
def test_a_bad_value_is_named_with_what_is_allowed(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(BadSettings) as wrong:
        settings()
    assert f"{PREFIX}{name}='{value}'" in str(wrong.value)
    assert allowed(name.lower()) in str(wrong.value)


def test_all_that_is_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUIJU_SPARQL_WORKERS", "many")
    monkeypatch.setenv("GUIJU_SPARQL_MEMORY", "1")
    with pytest.raises(BadSettings, match=r"(?s)SPARQL_WORKERS.*SPARQL_MEMORY"):
        settings()


def test_what_is_set_is_used_and_what_is_empty_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUIJU_SPARQL_DEADLINE", "1.5")
    monkeypatch.setenv("GUIJU_SPARQL_WORKERS", "3")
    monkeypatch.setenv("GUIJU_SPARQL_WAITING", "")
    found = settings()
    assert (found.sparql_deadline, found.sparql_workers, found.sparql_waiting) == (1.5, 3, 16)


def test_a_misspelt_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUIJU_SPARQL_WORKER", "3")
    said = [line for line in unknown() if line.startswith("GUIJU_SPARQL_WORKER:")]
    assert said
    assert "GUIJU_SPARQL_WORKERS?" in said[0]
