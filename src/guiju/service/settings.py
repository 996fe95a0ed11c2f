"""What the operator may set: each setting is an environment variable, its name in capitals after ``GUIJU_``.

The table in README.md beside this file ("Running the service") has a row for every field, and a test compares the two.
"""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, get_args, get_origin

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "GUIJU_"
MIB, GIB = 1024**2, 1024**3
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]


class BadSettings(ValueError):
    """A variable whose value cannot be used; the message names it, its value, and what is allowed."""


class Settings(BaseSettings):
    """Every setting with its default and range; the docstring of a field says what it is, and in which unit."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True, use_attribute_docstrings=True
    )

    keys_file: Path | None = None
    """The file that holds the hash of every key, a line each; without it, only who asks over loopback may write."""
    writing: Literal["on", "off"] = "on"
    """Whether anything may be kept, changed or deleted at all."""
    hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Names by which the server is known, separated by commas, without ports; needed behind a reverse proxy."""
    log: Literal["text", "json"] = "text"
    """How the log is written to standard error."""
    grace: Seconds = 30.0
    """Seconds that work under way may still take when the server is told to end."""
    arrival: Seconds = 60.0
    """Seconds in which a request must arrive: its head (with ``guiju serve``), then its body."""
    bodies: Annotated[int, Field(ge=MIB, le=1024 * GIB)] = 256 * MIB
    """Bytes of the bodies of all requests under way together; where there are more, the last is answered 503."""

    cache: str = ""
    """Where what is compiled of the knowledge base is kept: a folder, or ``off``. Every command reads it for itself."""
    store: str = ""
    """Where submissions are kept: a folder, the query address of a SPARQL store, or ``off``; else the user's data."""
    store_update: str = ""
    """The update address of a SPARQL store."""
    store_graphs: str = ""
    """The Graph Store address of a SPARQL store, preferred to the update address where both are given."""
    store_user: str = ""
    """The user as whom a SPARQL store is asked."""
    store_password: SecretStr = SecretStr("")
    """The password of that user."""
    store_token: SecretStr = SecretStr("")
    """The bearer token with which a SPARQL store is asked, instead of a user."""
    store_deadline: Seconds = 30.0
    """Seconds in which a SPARQL store must answer one request."""

    sparql_workers: Annotated[int, Field(ge=1, le=64)] = 2
    """SPARQL queries that run at the same time."""
    sparql_waiting: Annotated[int, Field(ge=1, le=10_000)] = 16
    """SPARQL queries that may wait for a worker; one more is answered 503."""
    sparql_deadline: Seconds = 20.0
    """Seconds that one SPARQL query may wait, and then run."""
    sparql_memory: Annotated[int, Field(ge=64 * MIB, le=1024 * GIB)] = 2 * GIB
    """Bytes of address space of one worker that runs queries."""
    sparql_bytes: Annotated[int, Field(ge=1, le=4 * GIB - 1)] = 32 * MIB
    """Bytes of one answer of ``/sparql``; a larger one is refused whole."""

    judge_workers: Annotated[int, Field(ge=1, le=64)] = 2
    """Submissions that are judged at the same time."""
    judge_waiting: Annotated[int, Field(ge=1, le=10_000)] = 16
    """Submissions that may wait for a worker; one more is answered 503."""
    judge_deadline: Seconds = 120.0
    """Seconds that one submission may wait, and then be judged."""
    judge_memory: Annotated[int, Field(ge=256 * MIB, le=1024 * GIB)] = 4 * GIB
    """Bytes of address space of one worker that judges."""
    judge_bytes: Annotated[int, Field(ge=1, le=4 * GIB - 1)] = 32 * MIB
    """Bytes of one submission; a larger one is refused."""
    judge_answer: Annotated[int, Field(ge=1, le=4 * GIB - 1)] = 64 * MIB
    """Bytes of what is answered to one submission; a larger answer is refused whole."""
    jobs: Annotated[int, Field(ge=1, le=100_000)] = 256
    """Judgings under way or just done that are held in memory; the oldest that is done makes room."""
    jobs_bytes: Annotated[int, Field(ge=64 * MIB, le=1024 * GIB)] = 512 * MIB
    """Bytes of facts and reports that these hold."""
    jobs_seconds: Seconds = 3600.0
    """Seconds after which a judging that is done and not kept is forgotten."""

    @field_validator("hosts", mode="before")
    @classmethod
    def _split(cls, given: object) -> object:
        names = given.lower().replace(",", " ").split() if isinstance(given, str) else given
        if isinstance(names, list) and not all(re.fullmatch(r"[\w.-]+|[0-9a-f:.]+", name) for name in names):
            raise ValueError("names or addresses separated by commas, without schemes, ports or brackets")
        return names


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings that the environment gives, read once. Raises BadSettings."""
    try:
        return Settings()
    except ValidationError as wrong:
        raise BadSettings("\n".join(_told(each["loc"], each["msg"]) for each in wrong.errors())) from None


def allowed(field: str) -> str:
    """What a field may be: ``1–64`` for a range with its ends, ``>0–86400`` without its lower end, or the words."""
    found = Settings.model_fields[field]
    if get_origin(found.annotation) is Literal:
        return ", ".join(map(str, get_args(found.annotation)))
    limits = {
        name: getattr(each, name) for each in found.metadata for name in ("ge", "gt", "le") if hasattr(each, name)
    }
    if "le" not in limits:
        return ""
    return f"{limits['ge'] if 'ge' in limits else '>' + str(limits['gt'])}–{limits['le']}"


def unknown() -> list[str]:
    """What is said of variables that begin like ours and are none: a misspelt one would be passed over in silence."""
    ours = {PREFIX + name.upper() for name in Settings.model_fields}
    found = []
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in ours:
            near = get_close_matches(name, ours, 1)
            found.append(f"{name}: 没有这个设置。 There is no such setting." + (f" {near[0]}?" if near else ""))
    return found


def _told(where: tuple[int | str, ...], what: str) -> str:
    field = str(where[0]).lower().removeprefix(PREFIX.lower())
    name = PREFIX + field.upper()
    # A secret is not repeated, not even where it is wrong.
    found = Settings.model_fields[field]
    secret = SecretStr in (found.annotation, *get_args(found.annotation))
    value = "…" if secret else repr(os.environ.get(name, ""))
    limits = f" 可用 allowed: {allowed(field)}." if allowed(field) else ""
    return f"{name}={value}: 设置无效。 Cannot be used: {what}.{limits} {found.description}"
