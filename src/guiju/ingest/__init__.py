"""From the text of a regulation to its provisions, and to Turtle.

>>> [p.id for p in ingest_text("第一条 为规范甲，制定本办法。", "toy-rules")]
['art_1', 'art_1__para_1']
"""

from __future__ import annotations

import re

from .references import References, Unresolved, references
from .split import Form, IngestError, Provision, Split, split
from .titles import known_titles
from .write import DocumentKind, DocumentMeta, Written, write_turtle

__all__ = [
    "DocumentKind",
    "DocumentMeta",
    "Form",
    "IngestError",
    "Provision",
    "References",
    "Split",
    "Unresolved",
    "Written",
    "ingest_text",
    "known_titles",
    "references",
    "split",
    "write_turtle",
]


def ingest_text(text: str, document: str, *, kind: Form = "auto") -> list[Provision]:
    """The provisions of a text, in order, parents first.

    ``document`` is the id that the document is to have, such as ``aic-measures-2018``; ``kind`` is
    how the text is built (see `Form`), found from the text by default. Raises IngestError where the
    id is not one, and where the text cannot be split without guessing: a missing or doubled number,
    two provisions with one address, no provision at all.
    """
    if not re.fullmatch(r"[a-z][a-z0-9-]*", document):
        raise IngestError(
            None,
            f"文件标识 {document!r} 不合格式；请用小写字母、数字和连字符，如 aic-measures-2018。",
            f"{document!r} is not a document id; use small letters, digits and hyphens, as in aic-measures-2018.",
        )
    return list(split(text, kind).provisions)
