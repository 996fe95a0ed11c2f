"""The command ``guiju``. Each command reads its arguments, calls the library and prints; nothing else.

Exit codes: 0 nothing failed, 1 only warnings (or, when asked for, outcomes that are not known),
2 violations, 3 bad input or a wrong call, 4 our own fault.
"""

from __future__ import annotations

import gc
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from typer.exceptions import TyperException

if TYPE_CHECKING:
    from guiju.intake import Source
    from guiju.library import Answer
    from guiju.progress import Progress
    from guiju.report import Report
    from guiju.show import Library

OK, WARNINGS, VIOLATIONS, BAD_INPUT, OUR_FAULT = range(5)
WIDE = 6
"""Columns beyond which a terminal shows rows one below the other."""
DEMO = "company-in-trouble"
"""The sample that is judged when none is named: one company, and a story in a few pages."""

app = typer.Typer(
    name="guiju",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="规矩：中国金融监管规则的数据。 Chinese financial regulation as data.",
)
out = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
err = Console(stderr=True, highlight=False, soft_wrap=True)


class Format(StrEnum):
    """How an answer is written."""

    TEXT = "text"
    JSON = "json"


class ReportFormat(StrEnum):
    """How a report is written."""

    TEXT = "text"
    JSON = "json"
    TURTLE = "turtle"
    NTRIPLES = "ntriples"
    JSONLD = "jsonld"
    CSV = "csv"


class FailOn(StrEnum):
    """The mildest finding for which the exit code is not 0."""

    VIOLATION = "violation"
    WARNING = "warning"
    NOT_KNOWN = "notknown"


Files = Annotated[list[str], typer.Argument(help="RDF 文件，- 为标准输入。 RDF files, or - for standard input.")]
AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="适用哪一天的法律。 The day whose law is applied."),
]
InputFormat = Annotated[
    str | None,
    typer.Option(help="turtle, ntriples, nquads, trig, jsonld 或 or rdfxml；默认看文件名 by the file's name."),
]
Engine = Annotated[str, typer.Option(help="oxigraph、columnar 或 or pyshacl。")]


@app.command()
def validate(
    files: Annotated[list[str] | None, typer.Argument(help="RDF 文件，- 为标准输入。 RDF files, or -.")] = None,
    as_of: AsOf = None,
    document: Annotated[
        list[str] | None, typer.Option(help="只问这些文件的规范。 Only norms of these documents.")
    ] = None,
    outcomes: Annotated[str, typer.Option(help="failed,cantTell,passed,inapplicable 或 or all。")] = "failed,cantTell",
    format: Annotated[
        ReportFormat, typer.Option(help="text、json、turtle、ntriples、jsonld 或 or csv。")
    ] = ReportFormat.TEXT,
    fail_on: Annotated[
        FailOn, typer.Option(help="退出码不为零的最轻程度。 The mildest finding that is not exit code 0.")
    ] = FailOn.WARNING,
    engine: Engine = "oxigraph",
    input_format: InputFormat = None,
    sparql_endpoint: Annotated[
        str | None, typer.Option(help="事实在这个 SPARQL 存储中。 The facts lie in the SPARQL store at this address.")
    ] = None,
    graph: Annotated[
        str | None, typer.Option(help="存储中的图，否则为默认图。 The store's graph, or else its default graph.")
    ] = None,
    cluster: Annotated[
        bool, typer.Option("--cluster", help="在 Apache Spark 上检验。 On Apache Spark; needs guiju[spark].")
    ] = False,
    out_dir: Annotated[
        str | None,
        typer.Option("--out", help="集群：结论（Parquet）写到哪里。 On a cluster: where verdicts are written."),
    ] = None,
    reference: Annotated[
        list[Path] | None,
        typer.Option(help="集群：各组共用的事实。 On a cluster: facts that every group needs, and none connects."),
    ] = None,
    bucket: Annotated[
        int | None,
        typer.Option(min=1, help="集群：一次检验多少语句。 On a cluster: statements that are judged at once."),
    ] = None,
) -> None:
    """检验事实，逐条说明结论与依据。 Judge facts, and say why."""
    from guiju.tasks import outcomes as listed

    wanted = listed(outcomes)
    sources: list[Source] = list(files or ())
    if bool(sources) == bool(sparql_endpoint):
        raise _Wrong("请给出文件，或 --sparql-endpoint。 Name files, or --sparql-endpoint, and not both.")
    if sparql_endpoint:
        if cluster:
            raise _Wrong("--cluster 读文件。 --cluster reads files, not an endpoint.")
        sources, input_format = [_fetched(sparql_endpoint, graph)], None
    if cluster:
        if out_dir is None:
            raise _Wrong("--cluster 须有 --out。 --cluster needs --out: the folder for the verdicts.")
        raise typer.Exit(
            _on_cluster(
                files or [],
                out_dir,
                reference or [],
                _day(as_of),
                document or [],
                engine,
                input_format,
                bucket,
                fail_on,
            )
        )
    report = _report(sources, as_of, document, engine, input_format, wanted)
    _write(report, format, wanted)
    raise typer.Exit(exit_code(((v.outcome, v.severity) for v in report.assessment.verdicts), fail_on))


@app.command()
def demo(
    name: Annotated[
        str, typer.Argument(help="样例名，见 guiju/samples/README.md。 A sample; they are described there.")
    ] = DEMO,
    format: Annotated[
        ReportFormat, typer.Option(help="text、json、turtle、ntriples、jsonld 或 or csv。")
    ] = ReportFormat.TEXT,
    outcomes: Annotated[str, typer.Option(help="同 validate。 As for validate.")] = "failed,cantTell",
) -> None:
    """检验随附的样例。 Judge a bundled sample. The exit code is 0 whatever the verdicts are."""
    from guiju.paths import samples as bundled
    from guiju.tasks import outcomes as listed

    samples = bundled()
    if name not in samples:
        raise _Wrong(f"没有样例 {name}。 There is no sample {name}; there are {', '.join(samples)}.")
    wanted = listed(outcomes)
    file = samples[name]
    report = _report([(file.name, file.read_bytes(), "turtle")], None, None, "oxigraph", None, wanted)
    _write(report, format, wanted)
    if format is ReportFormat.TEXT:
        out.print(f"\n样例 samples: {', '.join(samples)}；guiju demo NAME")


@app.command()
def explain(
    files: Files,
    subject: Annotated[
        str | None, typer.Option(help="主体或行为：名称、IRI 或其末段。 A name, an IRI or its last part.")
    ] = None,
    norm: Annotated[
        str | None, typer.Option(help="只说依此条文或规范的。 Only under this provision or norm: a key or citation.")
    ] = None,
    why: Annotated[bool, typer.Option("--why", help="逐步证明，直到事实。 Prove it, down to the facts.")] = False,
    outcomes: Annotated[str, typer.Option(help="同 validate。 As for validate.")] = "failed,cantTell",
    as_of: AsOf = None,
    format: Annotated[Format, typer.Option(help="text 或 or json。")] = Format.TEXT,
    input_format: InputFormat = None,
) -> None:
    """推导出了什么，为什么；指明主体时也说检验结论。 What was concluded, and why; of a subject also its verdicts."""
    from guiju.console import print_proofs
    from guiju.tasks import outcomes as listed
    from guiju.tasks import proved

    wanted = listed(outcomes)
    with _status() as progress:
        report, found = proved(
            files,
            _library(),
            subject=subject,
            norm=norm,
            outcomes=wanted,
            as_of=_day(as_of),
            input_format=input_format,
            progress=progress,
        )
    if format is Format.JSON:
        _json(found.json(report.submission, why))
    else:
        print_proofs(out, found, why, report.submission.place)


@app.command()
def graph(
    files: Files,
    company: Annotated[
        str | None, typer.Option(help="哪家公司：名称、IRI 或其末段。 Which company, where there are several.")
    ] = None,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="写到哪个文件，否则为标准输出。 A file, or else standard output.")
    ] = None,
    most: Annotated[int | None, typer.Option(min=1, help="至多画几个主体。 How many entities at most.")] = None,
    input_format: InputFormat = None,
) -> None:
    """资产管理公司集团图（SVG）：谁持有谁，谁应当并表。 A group as SVG: who holds whom, what is in scope and why."""
    from guiju.compiled import Compiled
    from guiju.tasks import drawn

    with _status() as progress:
        found, picture = drawn(
            files, Compiled(), company=company, most=most, input_format=input_format, progress=progress
        )
    if out_file is None:
        print(picture, end="")
        return
    out_file.write_text(picture, encoding="utf-8")
    shown = f"{len(found.entities)} 个主体 entities，{len(found.links)} 条关系 links → {out_file}"
    err.print(shown + (f"；未画出 not shown: {found.left_out}" if found.left_out else ""), markup=False)


@app.command()
def derive(files: Files, input_format: InputFormat = None) -> None:
    """写出事实及由其推导的结论（Turtle）。 Write the facts with all that follows from them."""
    from guiju import rdf
    from guiju.compiled import Compiled
    from guiju.derivation import derive as run
    from guiju.submission import receive

    knowledge = Compiled()
    print(rdf.turtle(run(receive(files, knowledge, input_format).triples, knowledge).triples))


@app.command()
def bundle() -> None:
    """写出本体、组件与完整形状为一个 Turtle 文件。 Write ontology, components and completed shapes as one file."""
    from guiju import rdf
    from guiju.compiled import Compiled

    knowledge = Compiled()
    print(rdf.turtle([*knowledge.triples, *knowledge.shapes]))


@app.command()
def show(
    key: Annotated[str, typer.Argument(help="键、IRI 或引文，如 第三十九条第二款。 A key, IRI or citation.")],
    format: Annotated[Format, typer.Option(help="text 或 or json。")] = Format.TEXT,
) -> None:
    """一处法律的原文、规范、解读、形状、样例与引用。 The law at a place and all that is held under it."""
    library = _library()
    found = library.show(library.resolve(key))
    if format is Format.JSON:
        _json(found)
    else:
        from guiju.console import print_entry

        print_entry(out, found)


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(help="词语，全部须出现；两个字也可以。 Words that must all occur.")],
    limit: Annotated[int, typer.Option(min=1, help="至多几条。 How many at most.")] = 20,
    format: Annotated[Format, typer.Option(help="text 或 or json。")] = Format.TEXT,
) -> None:
    """在原文、规范与术语中查找。 Search law, norms and terms."""
    found = _library().search(" ".join(words), limit)
    if format is Format.JSON:
        _json(found)
        return
    from guiju.console import print_hits

    print_hits(out, found, words)


@app.command()
def needs(
    key: Annotated[str, typer.Argument(help="条文或规范的键或引文。 A provision or norm.")],
    format: Annotated[Format, typer.Option(help="text 或 or json。")] = Format.TEXT,
) -> None:
    """检验所需的事实与可填写的 Turtle。 The facts a norm needs, and a Turtle skeleton to fill in."""
    library = _library()
    found = library.needs(library.resolve(key))
    if format is Format.JSON:
        _json(found)
        return
    from guiju.console import print_needs

    print_needs(out, found)


@app.command()
def ask(
    query: Annotated[
        str | None, typer.Argument(help="问题名；不写则列出全部。 A question; without one, all are listed.")
    ] = None,
    param: Annotated[list[str] | None, typer.Option(help="名=值。 name=value.")] = None,
    facts: Annotated[
        list[str] | None, typer.Option(help="就这些事实及其结论而问。 Ask of these facts and their verdicts.")
    ] = None,
    format: Annotated[Format, typer.Option(help="text 或 or json。")] = Format.TEXT,
) -> None:
    """问题库。 The query library; the questions under institutions/ are asked of facts."""
    from guiju import library
    from guiju.compiled import Compiled

    knowledge = Compiled()
    if query is None:
        for question in library.catalogue(knowledge.root):
            out.print(f"[bold]{question.name}[/]  {question.zh} [dim]{question.en}[/]")
            for parameter in question.params:
                default = "" if parameter.default is None else f"（默认 default {parameter.default}）"
                out.print(f"    --param {parameter.name}=…  {parameter.type}  {parameter.about}{default}")
        return
    params = dict(_pair(text) for text in param or ())
    source = _report(facts, None, None, "oxigraph", None).assessment.store if facts else knowledge
    answer = library.ask(source, query, params, knowledge.root)
    _answer(answer, format)


@app.command()
def coverage(
    document: Annotated[
        str | None,
        typer.Argument(help="文件的键；不写则为全部文件的概要。 A document; without one, a summary of all."),
    ] = None,
    format: Annotated[Format, typer.Option(help="text 或 or json。")] = Format.TEXT,
) -> None:
    """每一条文的编码状态。 What is encoded, what is not and why."""
    from guiju import library
    from guiju.compiled import Compiled

    knowledge = Compiled()
    name = "coverage/provisions" if document else "coverage/documents"
    answer = library.ask(knowledge, name, {"document": document} if document else {})
    _answer(answer, format)


@app.command()
def ingest(
    file: Annotated[
        Path, typer.Argument(help="法规文本，UTF-8。 The text of a regulation.", exists=True, dir_okay=False)
    ],
    document: Annotated[str, typer.Option(help="文件的键，如 example-rules-2024。 Its key.")],
    title: Annotated[str, typer.Option(help="中文标题。 Its Chinese title.")],
    out_dir: Annotated[Path, typer.Option("--out", help="写到哪个文件夹。 The folder to write.")],
    title_en: Annotated[str | None, typer.Option(help="英文标题。 Its English title.")] = None,
    in_force_from: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="施行日期。 In force from.")
    ] = None,
) -> None:
    """把法规文本拆成条文的 Turtle。 Split a regulation into provisions, as Turtle."""
    from guiju.ingest import DocumentMeta, ingest_text, known_titles, write_turtle
    from guiju.paths import data_root

    provisions = ingest_text(file.read_text(encoding="utf-8"), document)
    meta = DocumentMeta(document, title, title_en, in_force_from=in_force_from.date() if in_force_from else None)
    titles = known_titles(data_root() / "ontology" / "documents")
    written = write_turtle(provisions, meta, out_dir, titles=titles)
    out.print(f"{len(provisions)} 条文 provisions → {len(written.files)} 文件 files in {out_dir}")
    for open_reference in written.unresolved:
        out.print(f"未解析 unresolved {open_reference.provision}: {open_reference.words} ({open_reference.why})")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="地址。 Address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口。 Port.")] = 8000,
) -> None:
    """网页与 HTTP 接口。 The pages and the HTTP API; settings are environment variables, README lists them."""
    from guiju.service import running

    running.run(host, port)


@app.command()
def key(
    name: Annotated[str, typer.Argument(help="密钥的名称，会写入日志。 A name for it; the log will have it.")],
) -> None:
    """新的密钥，用于写入：guiju key NAME >> keys。 A new key for writing; prints its line for GUIJU_KEYS_FILE."""
    from guiju.service.access import new_key

    secret, line = new_key(name)
    err.print(f"密钥，只显示这一次。 The key, shown this once: {secret}", markup=False)
    print(line)


def exit_code(verdicts: Iterable[tuple[str, str]], fail_on: FailOn) -> int:
    """The exit code for verdicts, each an outcome and a severity.

    Violations 2, warnings 1, and 1 for not known where that is asked for.
    """
    found = set(verdicts)
    if ("failed", "violation") in found:
        return VIOLATIONS
    if ("failed", "warning") in found and fail_on is not FailOn.VIOLATION:
        return WARNINGS
    unknown = any(outcome == "cantTell" for outcome, _ in found)
    return WARNINGS if unknown and fail_on is FailOn.NOT_KNOWN else OK


def main() -> None:
    """Run the command; turn what goes wrong into a message and an exit code."""
    # What a command reads it keeps to its end; to look through it for garbage at the usual rate finds none.
    gc.set_threshold(50_000)
    try:
        code = app(standalone_mode=False)
    except Exception as error:  # the one place where anything may arrive
        code = _failed(error)
    sys.exit(code or OK)


def _failed(error: Exception) -> int:
    if isinstance(error, (ValueError, FileNotFoundError, FileExistsError, TyperException)):
        err.print("[bold red]错误 error[/] ", end="")
        err.print(str(error), markup=False)
        return BAD_INPUT
    err.print_exception()
    err.print("这是规矩自身的错误，请附上述信息报告。 This is our own fault; please report it with the above.")
    return OUR_FAULT


class _Wrong(ValueError):
    """A call whose arguments cannot be used."""


def _report(
    sources: Sequence[Source],
    as_of: datetime | None,
    documents: list[str] | None,
    engine: str,
    input_format: str | None,
    explained: frozenset[str] | None = None,
) -> Report:
    from guiju.compiled import Compiled
    from guiju.tasks import judged

    with _status() as progress:
        return judged(
            sources,
            Compiled(),
            as_of=_day(as_of),
            documents=documents,
            engine=engine,
            input_format=input_format,
            explained=explained,
            progress=progress,
        )


def _fetched(address: str, graph: str | None) -> Source:
    """The facts of a store. Who needs a name there gives it in the environment, which no list of processes shows."""
    from pyoxigraph import NamedNode

    from guiju.endpoint import facts
    from guiju.remote import Access, Remote, RemoteError

    access = Access(*(os.environ.get(f"SPARQL_{name}", "") for name in ("USER", "PASSWORD", "TOKEN")))
    remote = Remote(address, access=access, seconds=300)
    try:
        with _status() as progress:
            return facts(remote, NamedNode(graph) if graph else None, progress)
    except RemoteError as error:
        raise _Wrong(f"{address}: {error}") from None
    finally:
        remote.close()


def _on_cluster(
    files: list[str],
    out_dir: str,
    reference: list[Path],
    as_of: date | None,
    documents: list[str],
    engine: str,
    input_format: str | None,
    bucket: int | None,
    fail_on: FailOn,
) -> int:
    try:
        from guiju.cluster.run import BUCKET, judge, session
    except ImportError as missing:
        raise _Wrong(f"缺少 {missing.name}。 {missing.name} is missing: pip install 'guiju[spark]'.") from None
    shared = [(str(file), file.read_bytes(), None) for file in reference]
    done = judge(
        session(), files, out_dir,
        as_of=as_of, documents=documents, reference=shared, engine=engine, input_format=input_format,
        bucket=bucket or BUCKET,
    )  # fmt: skip
    for (outcome, severity), count in sorted(done.verdicts.items()):
        out.print(f"{count:>12,}  {outcome} {severity}")
    out.print(f"{done.units:,} 份 parts，{done.groups:,} 组 groups → {out_dir}")
    for where in done.refused:
        err.print(f"未检验 not judged: {where}", markup=False)
    return BAD_INPUT if done.refused else exit_code(done.verdicts, fail_on)


@contextmanager
def _status() -> Iterator[Progress]:
    """What takes the progress of work on facts, and shows it on a terminal."""
    with err.status("读取 reading") as status:
        yield lambda step: status.update(str(step))


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _write(report: Report, format: ReportFormat, outcomes: frozenset[str]) -> None:
    from guiju.tasks import written

    if format is ReportFormat.TEXT:
        report.print(out, outcomes)
    else:
        print(written(report, format, outcomes), end="")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise _Wrong(f"参数 {text} 应写成 名=值。 Write the parameter {text} as name=value.")
    return name, value


def _library() -> Library:
    from guiju.compiled import Compiled
    from guiju.show import Library

    return Library(Compiled())


def _json(value: Any) -> None:
    from guiju.tasks import as_json

    print(as_json(value), end="")


def _answer(answer: Answer, format: Format) -> None:
    if format is Format.JSON:
        _json(answer.records())
        return
    rows = answer.table()
    if not out.is_terminal:
        for row in [answer.columns, *rows]:
            print("\t".join(re.sub(r"\s+", " ", value) for value in row))
        return
    if len(answer.columns) > WIDE:
        for row in rows:
            for name, value in zip(answer.columns, row, strict=True):
                out.print(f"[cyan]{name:>20}[/]  {escape(value)}")
            out.print()
    else:
        table = Table(*answer.columns, header_style="bold")
        for row in rows:
            table.add_row(*map(escape, row))
        out.print(table)
    out.print(f"{len(rows)} 行 rows")
