"""What the commands that look things up or explain print: Chinese first, the law before what we make of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text as Line

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


def print_entry(console: Console, entry: Entry) -> None:
    """Print what :meth:`guiju.show.Library.show` gave: a document, a provision or a norm."""
    if "contents" in entry:
        _document(console, entry)
    elif "modality" in entry:
        _norm(console, entry, indent="")
    else:
        _provision(console, entry)


def print_hits(console: Console, hits: list[Entry], words: list[str]) -> None:
    """Print search hits, the words marked."""
    kinds = {"term": "术语", "norm": "规范", "provision": "条文"}
    for hit in hits:
        console.print(
            Line.assemble(
                (f"{kinds[hit['kind']]}  ", "cyan"),
                (hit["label"]["zh"] or hit["key"], "bold"),
                f"  {hit['key']}",
            )
        )
        text = Line("      " + excerpt(hit["text"]["zh"], words))
        text.highlight_words([part for word in words for part in word.split()], "bold yellow", case_sensitive=False)
        console.print(text)
    console.print(f"{len(hits)} 条 hits")


def print_needs(console: Console, needed: list[Entry]) -> None:
    """Print the facts that norms need, with Turtle to fill in."""
    if not needed:
        console.print("此处没有由数据检验的规范。 No norm here is tested by data.")
    for need in needed:
        console.print(Line.assemble((need["citation"]["zh"], "bold"), f"  {need['norm']}"))
        subject = need["subject"]["label"]
        console.print(f"  对象 subject: {subject['zh']} {subject['en']}")
        console.print(f"  {need['component']['zh']} {need['component']['en']}：{need['definition']['zh']}")
        for parameter in need["parameters"]:
            label = parameter["label"]
            shown = label["zh"] if label["zh"] == label["en"] else f"{label['zh']} {label['en']}"
            console.print(f"    {parameter['name']}: {shown}")
        console.print(Syntax(prefixed(need["skeleton"]), "turtle", background_color="default"))
        console.print()


def print_proofs(console: Console, proofs: Proofs, why: bool, place: Callable[[str], str | None]) -> None:
    """Print what was concluded and judged; with ``why`` the proofs, as numbered steps.

    A step names the earlier steps and the facts that it rests on, and where each fact stands. What several proofs
    share is printed once; a chain of any length is a list.
    """
    if not proofs.roots:
        console.print("对此没有推导出结论，也没有检验结论。 Nothing was concluded or judged of this.")
    numbers: dict[str, int] = {}
    # They come in the order of the roots, and what is new for a root ends with it.
    statements = iter(proofs.statements.values())
    for number, root in enumerate(proofs.roots, 1):
        conclusion = proofs.statements[root]
        if not why:
            _said(console, f"{number:>3}", conclusion)
            continue
        console.print()
        if root in numbers:
            console.print(Line(f"已见第 {numbers[root]} 步 see step {numbers[root]}：{conclusion.text.zh}"))
            continue
        console.print(Line.assemble(("为什么 Why  ", "cyan"), grouped(conclusion.text.zh)))
        for said in statements:
            if proofs.is_step(said):
                numbers[said.node] = len(numbers) + 1
                _said(console, f"{numbers[said.node]:>3}{' ∴' if said.node == root else ''}", said)
                _grounds(console, said, proofs, numbers, place)
            if said.node == root:
                break


def _said(console: Console, number: str, said: Statement) -> None:
    console.print(Line.assemble(f"{number}  ", (grouped(said.text.zh), "bold"), "  ", (grouped(said.text.en), "dim")))
    for key, cited in said.under:
        console.print(Line.assemble(("     依据 under  ", "cyan"), cited.zh, (f"  {key}", "dim")))


def _grounds(
    console: Console, said: Statement, proofs: Proofs, numbers: dict[str, int], place: Callable[[str], str | None]
) -> None:
    for on in said.on:
        ground = proofs.statements[on]
        if on in said.circular:
            line = Line.assemble(("     循环 circular  ", "red"), f"{ground.text.zh}  {ground.text.en}")
        elif proofs.is_step(ground):
            line = Line.assemble(
                ("     由 from  ", "cyan"), f"第 {numbers[on]} 步 step {numbers[on]}：{grouped(ground.text.zh)}"
            )
        else:
            line = Line.assemble(
                ("     事实 fact  ", "cyan"), grouped(ground.text.zh), (f"  {grouped(ground.text.en)}", "dim")
            )
            if where := place(on):
                line.append(f"  ← {where}", style="blue")
        console.print(line)
    for part, text in said.parts:
        zh, en = _PARTS[part]
        console.print(Line.assemble((f"     {zh} {en}  ", "cyan"), grouped(text.zh), (f"  {grouped(text.en)}", "dim")))


def _document(console: Console, entry: Entry) -> None:
    console.print(Line(f"《{entry['title']['zh']}》", style="bold"))
    console.print(Line(entry["title"]["en"], style="dim"))
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
            console.print(Line.assemble((f"  {label}  ", "cyan"), value))
    for part in entry["contents"]:
        _outline(console, part, 1)


def _outline(console: Console, part: Entry, depth: int) -> None:
    cited = part["citation"]["zh"].split("》", 1)[-1]
    console.print(Line("  " * depth + f"{cited} {part['heading'] or ''}  {part['key']}"))
    for below in part["contents"]:
        _outline(console, below, depth + 1)


def _provision(console: Console, entry: Entry, depth: int = 0) -> None:
    console.print()
    console.print(Line.assemble((entry["citation"]["zh"], "bold"), "  ", (entry["key"], "dim")))
    if entry["heading"]:
        console.print(Line(entry["heading"], style="bold"))
    if entry["text"]:
        console.print(Line(entry["text"]))
    elif entry["summary"]:
        console.print(Line(f"（摘要 summary）{entry['summary']['zh']}"))
    for label, links in (
        ("引用 refers to", entry["refersTo"]),
        ("被引用 referred to by", entry["referredToBy"]),
    ):
        for link in links:
            console.print(Line.assemble((f"  {label}  ", "cyan"), link["citation"]["zh"], (f"  {link['key']}", "dim")))
    for cited in entry["cites"]:
        console.print(Line.assemble(("  援引 cites  ", "cyan"), f"《{cited['zh']}》"))
    for norm in entry["norms"]:
        _norm(console, norm, indent="  ")
    for below in entry["provisions"]:
        _provision(console, below, depth + 1)


def _norm(console: Console, norm: Entry, indent: str) -> None:
    zh = _MODALITY.get(norm["modality"] or "", "")
    head = f"{zh} {norm['modality']}" + (f"，{_FORCE[norm['force']]}" if norm["force"] else "")
    console.print(
        Line.assemble(indent, (f"◆ {norm['label']['zh']}", "bold green"), f"  [{head}]  ", (norm["key"], "dim"))
    )
    console.print(Line(f"{indent}  {norm['definition']['zh']}"))
    console.print(Line(f"{indent}  {norm['definition']['en']}", style="dim"))

    def row(label: str, value: str) -> None:
        console.print(Line.assemble((f"{indent}  {label}  ", "cyan"), value))

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
