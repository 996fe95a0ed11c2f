"""The check of IRIs and codes: nothing relative, nothing that looks like something else."""

from __future__ import annotations

import re
import unicodedata

from guiju.intake.literals import Trouble
from guiju.intake.model import Text
from guiju.keys import BASE, GJ, ID, NORM, NOT_KNOWN, NOT_TRIGGERED, SHAPE, TAXONOMY

RELATIVE = "https://relative.invalid/"
"""Relative IRIs are resolved against a place below this one, so that they can be told and refused."""
BASE_IRI = RELATIVE + "a/b/c/"

SCHEMES = frozenset({"http", "https", "urn", "mailto", "tel", "did", "ark", "info", "tag", "doi"})
"""The IRI schemes that are read."""

_NAMESPACES = (GJ, ID, NORM, SHAPE, TAXONOMY, NOT_KNOWN, NOT_TRIGGERED)
_BAD = re.compile(r"[\x00-\x20<>\"{}|\\^`\x7f-\x9f]|%(?![0-9A-Fa-f]{2})")
_CODE = re.compile(r"(?=.*[0-9])[0-9A-Za-z][0-9A-Za-z ._/:()-]*")
_INVISIBLE = frozenset({"Cf", "Cc", "Co", "Cn", "Zs", "Zl", "Zp", "Nd"})  # and digits of other scripts
_PLAIN = re.compile(rb"<https?://(?!relative)(?!.*(?:/\.|[wW]3))[A-Za-z0-9_~!$&'()*+,;=:@/?#.-]+>")
# Letters of other scripts that are drawn like Latin ones.
_ALIKE = str.maketrans(
    "АВСЕНІЈКМОРЅТХаеорсухіјѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧο",
    "ABCEHIJKMOPSTXaeopcyxijsABEZHIKMNOPTYXo",
)


def plain(written: bytes, longest: int) -> bool:
    """Whether an IRI, as N-Triples writes it, is one of the many in which nothing needs a closer look.

    It has no :func:`trouble`, and is in no namespace of ours or of the W3C.
    """
    return len(written) <= longest and _PLAIN.fullmatch(written) is not None


def trouble(iri: str, longest: int) -> Trouble | None:
    """What is wrong with an IRI of at most ``longest`` characters, or None."""
    if iri.startswith(RELATIVE):
        return (
            Text(
                f"相对地址 <{iri[len(RELATIVE) :].removeprefix('a/b/c/')}> 会随文件而变。",
                f"The relative IRI <{iri[len(RELATIVE) :].removeprefix('a/b/c/')}> would change with the file.",
            ),
            Text(
                "请写完整的 IRI，或在文件开头用 @base。", "Write the whole IRI, or state @base at the top of the file."
            ),
        )
    shown = iri if len(iri) <= 120 else iri[:117] + "..."
    if len(iri) > longest:
        return (
            Text(f"IRI <{shown}> 超过 {longest} 个字符。", f"The IRI <{shown}> is longer than {longest} characters."),
            Text("请缩短。", "Shorten it."),
        )
    scheme, colon, rest = iri.partition(":")
    if scheme.lower() not in SCHEMES or not colon:
        return (
            Text(
                f"<{shown}> 的“{scheme}:”不在可用的协议之列，也可能是没有声明的前缀。",
                f'The scheme "{scheme}:" of <{shown}> is not read; it may be a prefix that was never declared.',
            ),
            Text(
                f"可用：{'、'.join(sorted(SCHEMES))}；是前缀就请声明，并去掉尖括号。",
                f"Use one of {', '.join(sorted(SCHEMES))}; declare a prefix, and write it without < and >.",
            ),
        )
    if _BAD.search(iri) or not rest or re.search(r"/\.{1,2}(?:[/?#]|$)", rest):
        return (
            Text(f"<{shown}> 不是合格的 IRI。", f"<{shown}> is not a well-formed IRI."),
            Text(
                "空格等字符请用百分号编码，不要用 /./ 和 /../。",
                "Percent-encode blanks and the like, and leave out /./ and /../.",
            ),
        )
    if not iri.isascii():
        alike = _alike_in_iri(iri)
        if alike:
            return (
                Text(
                    f"<{shown}> 含有易混淆的字符 {alike}。",
                    f"<{shown}> holds {alike}, which looks like another character.",
                ),
                Text("请改用普通的半角字符，并按 NFC 规范化。", "Use the plain character, in Unicode form NFC."),
            )
    if "w3id.org/guiju" in iri.lower() and not iri.startswith(_NAMESPACES) and iri != BASE + "ontology":
        return (
            Text(f"<{shown}> 不在规矩的任何命名空间中。", f"<{shown}> is in none of Guiju's namespaces."),
            Text(f"词汇的命名空间是 {GJ} 和 {TAXONOMY}。", f"Its terms are in {GJ} and {TAXONOMY}."),
        )
    return None


def disguised_code(value: str) -> str | None:
    """What a code such as an LEI would be in plain characters, where it holds look-alikes; else None."""
    if value.isascii() or len(value) > 64:
        return None
    visible = "".join(character for character in value if unicodedata.category(character) != "Cf")
    plain = _fold(visible)
    disguised = visible != value or any(_fold(character).isalnum() for character in visible if not character.isascii())
    return plain if disguised and _CODE.fullmatch(plain) else None


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).translate(_ALIKE)


def _alike_in_iri(iri: str) -> str | None:
    if not unicodedata.is_normalized("NFC", iri):
        return "NFC ≠"
    for character in iri:
        if not character.isascii():
            category = unicodedata.category(character)
            folded = unicodedata.normalize("NFKC", character)
            if category in _INVISIBLE or (folded.isascii() and folded.isalnum()):
                return f"U+{ord(character):04X}"
    for part in re.split(r"[/#?:.]", iri):
        if re.search("[A-Za-z]", part) or part.translate(_ALIKE).isascii():
            for character in part:
                if not character.isascii() and character.translate(_ALIKE).isascii():
                    return f"U+{ord(character):04X}"
    return None
