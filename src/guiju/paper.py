"""Where commands write text to be read: in colours and laid out to its width on a terminal, and elsewhere as it is."""

from __future__ import annotations

import sys
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console

Said = str | tuple[str, str]
"""A piece of text, or one with its style as rich names it: ``bold``, ``dim``, ``cyan``."""


class Paper:
    """A file, by default standard output, that lines are written to."""

    def __init__(self, file: TextIO | None = None) -> None:
        self._file = sys.stdout if file is None else file
        self.terminal = self._file.isatty()

    @cached_property
    def console(self) -> Console:
        """The terminal, for what is more than lines."""
        # Imported here: elsewhere than on a terminal nobody waits for it.
        from rich.console import Console

        return Console(file=self._file, highlight=False)

    def write(self, *said: Said) -> None:
        """A line, or several with the breaks that they have."""
        if self.terminal:
            from rich.text import Text

            self.console.print(Text.assemble(*said))
        else:
            print("".join(piece if isinstance(piece, str) else piece[0] for piece in said), file=self._file)

    def rule(self, title: str) -> None:
        """A heading."""
        if self.terminal:
            from rich.text import Text

            self.console.rule(Text(title, style="bold"))
        else:
            print(f"── {title} ──", file=self._file)
