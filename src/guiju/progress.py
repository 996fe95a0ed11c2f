"""How far work on facts has come: its stages, each with the share of the time that it usually takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Step(NamedTuple):
    """A place in the work; ``done`` is the part of the whole that lies behind it, from 0 to 1."""

    stage: str
    zh: str
    en: str
    done: float

    def __str__(self) -> str:
        return f"{self.zh} {self.en}"


Progress = Callable[[Step], None]


class _Stage(NamedTuple):
    zh: str
    en: str
    unit_zh: str
    unit_en: str
    before: float
    share: float


_STAGES = {
    "fetching": _Stage("取数", "fetching", "条", "statement", 0.0, 0.0),
    "reading": _Stage("读取", "reading", "", "", 0.0, 0.07),
    "checking": _Stage("查验", "checking", "项", "check", 0.07, 0.03),
    "deriving": _Stage("推导", "deriving", "层", "stratum", 0.1, 0.38),
    "validating": _Stage("检验", "validating", "个约束组件", "component", 0.48, 0.1),
    "judging": _Stage("判断", "judging", "批", "batch", 0.58, 0.04),
    "explaining": _Stage("解释", "explaining", "项", "query", 0.62, 0.3),
    "writing": _Stage("写出", "writing", "", "", 0.92, 0.08),
}
DONE = Step("done", "完成", "done", 1.0)
"""The end of all work."""


def unheard(step: Step) -> None:
    """What takes progress that nobody asked for."""


def at(stage: str, number: int = 0, of: int = 0) -> Step:
    """The place in a stage before thing ``number`` of ``of``, counted from 1; without these, its beginning."""
    found = _STAGES[stage]
    if not of:
        return Step(stage, found.zh, found.en, found.before)
    done = round(found.before + found.share * (number - 1) / of, 4)
    return Step(
        stage, f"{found.zh}：第 {number}/{of} {found.unit_zh}", f"{found.en}: {found.unit_en} {number} of {of}", done
    )
