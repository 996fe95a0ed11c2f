"""What the commands that look things up or explain print: Chinese first, the law before what we make of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from guiju.paper import Paper, Said
from guiju.proofs import Proofs, Statement
from guiju.report import grouped
from guiju.show import excerpt, prefixed

Entry = dict[str, Any]

_FORCE = {
    "Strict": "应当 strict",
    "InPrinciple": "原则上 in principle",
    "Encouraged": "鼓励 encouraged",
    "Optional": "可以 optional",
}
_MODALITY = {
    "Obligation": "义务", "Prohibition": "禁止", "Permission": "许可", "Encouragement": "鼓励", "Power": "权力",
    "Condition": "条件", "Definition": "定义", "Derivation": "推导", "Statement": "宣示",
}  # fmt: skip
_PARTS = {
    "sum": ("计算", "sum"), "limit": ("要求", "limit"), "facts": ("事实", "fact"), "missing": ("欠缺", "missing"),
    "remedy": ("改正", "cure"),
}  # fmt: skip


def print_entry(paper: Paper, entry: Entry) -> None:
    """Print what :meth:`guiju.show.Library.show` gave: a document, a provision or a norm."""
    if "contents" in entry:
        _document(paper, entry)
    elif "modality" in entry:
        _norm(paper, entry, indent="")
    else:
        _provision(paper, entry)


def print_hits(paper: Paper, hits: list[Entry], words: Sequence[str]) -> None:
    """Print search hits, the words marked."""
    kinds = {"term": "术语", "norm": "规范", "provision": "条文"}
    for hit in hits:
        paper.write((f"{kinds[hit['kind']]}  ", "cyan"), (hit["label"]["zh"] or hit["key"], "bold"), f"  {hit['key']}")
        paper.write("      ", *_marked(excerpt(hit["text"]["zh"], words), words))
    paper.write(f"{len(hits)} 条 hits")


def print_needs(paper: Paper, needed: list[Entry]) -> None:
    """Print the facts that norms need, with Turtle to fill in."""
    if not needed:
        paper.write("此处没有由数据检验的规范。 No norm here is tested by data.")
    for need in needed:
        paper.write((need["citation"]["zh"], "bold"), f"  {need['norm']}")
        subject = need["subject"]["label"]
        paper.write(f"  对象 subject: {subject['zh']} {subject['en']}")
        paper.write(f"  {need['component']['zh']} {need['component']['en']}：{need['definition']['zh']}")
        for parameter in need["parameters"]:
            label = parameter["label"]
            shown = label["zh"] if label["zh"] == label["en"] else f"{label['zh']} {label['en']}"
            paper.write(f"    {parameter['name']}: {shown}")
        _turtle(paper, prefixed(need["skeleton"]))
        paper.write()


def print_proofs(paper: Paper, proofs: Proofs, why: bool, place: Callable[[str], str | None]) -> None:
    """Print what was concluded and judged; with ``why`` the proofs, as numbered steps.

    A step names the earlier steps and the facts that it rests on, and where each fact stands. What several proofs
    share is printed once; a chain of any length is a list.
    """
    if not proofs.roots:
        paper.write("对此没有推导出结论，也没有检验结论。 Nothing was concluded or judged of this.")
    numbers: dict[str, int] = {}
    # They come in the order of the roots, and what is new for a root ends with it.
    statements = iter(proofs.statements.values())
    for number, root in enumerate(proofs.roots, 1):
        conclusion = proofs.statements[root]
        if not why:
            _said(paper, f"{number:>3}", conclusion)
            continue
        paper.write()
        if root in numbers:
            paper.write(f"已见第 {numbers[root]} 步 see step {numbers[root]}：{conclusion.text.zh}")
            continue
        paper.write(("为什么 Why  ", "cyan"), grouped(conclusion.text.zh))
        for said in statements:
            if proofs.is_step(said):
                numbers[said.node] = len(numbers) + 1
                _said(paper, f"{numbers[said.node]:>3}{' ∴' if said.node == root else ''}", said)
                _grounds(paper, said, proofs, numbers, place)
            if said.node == root:
                break


def _said(paper: Paper, number: str, said: Statement) -> None:
    paper.write(f"{number}  ", (grouped(said.text.zh), "bold"), "  ", (grouped(said.text.en), "dim"))
    for key, cited in said.under:
        paper.write(("     依据 under  ", "cyan"), cited.zh, (f"  {key}", "dim"))


def _grounds(
    paper: Paper, said: Statement, proofs: Proofs, numbers: dict[str, int], place: Callable[[str], str | None]
) -> None:
    for on in said.on:
        ground = proofs.statements[on]
        if on in said.circular:
            paper.write(("     循环 circular  ", "red"), f"{ground.text.zh}  {ground.text.en}")
        elif proofs.is_step(ground):
            number = numbers[on]
            paper.write(("     由 from  ", "cyan"), f"第 {number} 步 step {number}：{grouped(ground.text.zh)}")
        else:
            where = place(on)
            paper.write(
                ("     事实 fact  ", "cyan"),
                grouped(ground.text.zh),
                (f"  {grouped(ground.text.en)}", "dim"),
                (f"  ← {where}" if where else "", "blue"),
            )
    for part, text in said.parts:
        zh, en = _PARTS[part]
        paper.write((f"     {zh} {en}  ", "cyan"), grouped(text.zh), (f"  {grouped(text.en)}", "dim"))


def _marked(text: str, words: Sequence[str]) -> Iterator[Said]:
    """A text with some words in it made to stand out."""
    wanted = "|".join(re.escape(part) for word in words for part in word.split())
    for number, piece in enumerate(re.split(f"({wanted})", text, flags=re.IGNORECASE)):
        yield (piece, "bold yellow" if number % 2 else "")


def _turtle(paper: Paper, text: str) -> None:
    if not paper.terminal:
        paper.write(text)
        return
    from rich.syntax import Syntax

    paper.console.print(Syntax(text, "turtle", background_color="default"))


def _document(paper: Paper, entry: Entry) -> None:
    paper.write((f"《{entry['title']['zh']}》", "bold"))
    paper.write((entry["title"]["en"], "dim"))
    for label, value in (
        ("制定机关 issuer", _named(entry["issuer"])),
        ("性质 kind", _named(entry["kind"])),
        ("文号 number", entry["number"]),
        ("发布 issued", entry["issued"]),
        ("施行 in force from", entry["inForceFrom"]),
        ("状态 status", _named(entry["status"])),
        ("规范 norms", str(entry["norms"])),
    ):
        if value:
            paper.write((f"  {label}  ", "cyan"), value)
    for part in entry["contents"]:
        _outline(paper, part, 1)


def _outline(paper: Paper, part: Entry, depth: int) -> None:
    cited = part["citation"]["zh"].split("》", 1)[-1]
    paper.write("  " * depth + f"{cited} {part['heading'] or ''}  {part['key']}")
    for below in part["contents"]:
        _outline(paper, below, depth + 1)


def _provision(paper: Paper, entry: Entry, depth: int = 0) -> None:
    paper.write()
    paper.write((entry["citation"]["zh"], "bold"), "  ", (entry["key"], "dim"))
    if entry["heading"]:
        paper.write((entry["heading"], "bold"))
    if entry["text"]:
        paper.write(entry["text"])
    elif entry["summary"]:
        paper.write(f"（摘要 summary）{entry['summary']['zh']}")
    for label, links in (
        ("引用 refers to", entry["refersTo"]),
        ("被引用 referred to by", entry["referredToBy"]),
    ):
        for link in links:
            paper.write((f"  {label}  ", "cyan"), link["citation"]["zh"], (f"  {link['key']}", "dim"))
    for cited in entry["cites"]:
        paper.write(("  援引 cites  ", "cyan"), f"《{cited['zh']}》")
    for norm in entry["norms"]:
        _norm(paper, norm, indent="  ")
    for below in entry["provisions"]:
        _provision(paper, below, depth + 1)


def _norm(paper: Paper, norm: Entry, indent: str) -> None:
    zh = _MODALITY.get(norm["modality"] or "", "")
    head = f"{zh} {norm['modality']}" + (f"，{_FORCE[norm['force']]}" if norm["force"] else "")
    paper.write(indent, (f"◆ {norm['label']['zh']}", "bold green"), f"  [{head}]  ", (norm["key"], "dim"))
    paper.write(f"{indent}  {norm['definition']['zh']}")
    paper.write((f"{indent}  {norm['definition']['en']}", "dim"))

    def row(label: str, value: str) -> None:
        paper.write((f"{indent}  {label}  ", "cyan"), value)

    if norm["bearer"]:
        row("承担者 bearer", _named(norm["bearer"]) or "")
    if norm["reading"]:
        row("解读 reading", f"{norm['reading']['zh']} {norm['reading']['en']}")
    for name, others in {
        **norm["relations"],
        **{f"← {k}": v for k, v in norm["relatedFrom"].items()},
    }.items():
        row(name, "、".join(others))
    if norm["notEncoded"]:
        note = f"：{norm['exclusionNote']['zh']}" if norm["exclusionNote"] else ""
        row("不编码 not encoded", f"{_named(norm['notEncoded'])}{note}")
    if norm["shape"]:
        _shape(row, norm["shape"])


def _shape(row: Any, shape: Entry) -> None:
    target, scope = _named(shape["target"]), _named(shape["scope"])
    row(
        "检验 tested on",
        (target or "") + (f"（就 {scope} 而问）" if scope and scope != target else "") + f"  {shape['severity']}",
    )
    for component in shape["components"]:
        values = "，".join(f"{p['name']} = {p['label']['zh']}" for p in component["parameters"])
        row(component["component"]["zh"], values)
    for required in shape["requires"]:
        row("须同时满足 requires", required)
    for case in shape["cases"]:
        row("样例 cases", case)


def _named(value: Entry | None) -> str | None:
    return f"{value['label']['zh']} {value['label']['en']}" if value else None
