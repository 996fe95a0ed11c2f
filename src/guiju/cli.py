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
from contextlib import contextmanager, suppress
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from guiju.paper import Paper

# What a command needs is imported when it runs: what others need would be felt by who waits for an answer.
if TYPE_CHECKING:
    from guiju.intake import Source
    from guiju.library import Answer
    from guiju.progress import Progress
    from guiju.report import Report
    from guiju.show import Library

OK, WARNINGS, VIOLATIONS, BAD_INPUT, OUR_FAULT = range(5)
INTERRUPTED = 130
"""What a shell says of a command that was stopped by hand."""
WIDE = 6
"""Columns beyond which a terminal shows rows one below the other."""
DEMO = "company-in-trouble"
"""The sample that is judged when none is named: one company, and a story in a few pages."""
FORMATS = ("text", "json")
REPORT_FORMATS = (*FORMATS, "turtle", "ntriples", "jsonld", "csv")
FAIL_ON = ("violation", "warning", "notknown")
"""The mildest finding for which the exit code is not 0."""

_option = partial(click.option, show_default=True)
_path = click.Path(path_type=Path)
_day = click.DateTime(["%Y-%m-%d"])
_files = click.argument("files", nargs=-1, required=True)
_as_of = _option("--as-of", type=_day, help="适用哪一天的法律。 The day whose law is applied.")
_input_format = _option(
    "--input-format", help="turtle, ntriples, nquads, trig, jsonld 或 or rdfxml；默认看文件名 by the file's name."
)
_format = _option("--format", type=click.Choice(FORMATS), default="text", help="怎样写出。 How it is written.")
_report_format = _option(
    "--format", type=click.Choice(REPORT_FORMATS), default="text", help="怎样写出。 How it is written."
)
_outcomes = _option(
    "--outcomes",
    default="failed,cantTell",
    help="failed,cantTell,passed,inapplicable 中的几种 some of these, 或 or all。",
)


class _InOrder(click.Group):
    """Lists its commands as they stand in this file."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=_InOrder, help="规矩：中国金融监管规则的数据。 Chinese financial regulation as data.")
def app() -> None:
    """All commands."""


@app.command()
@click.argument("files", nargs=-1)
@_as_of
@_option("--document", multiple=True, help="只问这些文件的规范。 Only norms of these documents.")
@_outcomes
@_report_format
@_option(
    "--fail-on",
    type=click.Choice(FAIL_ON),
    default="warning",
    help="退出码不为零的最轻程度。 The mildest finding that is not exit code 0.",
)
@_option("--engine", default="columnar", help="columnar，或为准的 or, the definition, pyshacl。")
@_input_format
@_option("--sparql-endpoint", help="事实在这个 SPARQL 存储中。 The facts lie in the SPARQL store at this address.")
@_option("--graph", help="存储中的图，否则为默认图。 The store's graph, or else its default graph.")
@_option("--cluster", is_flag=True, help="在 Apache Spark 上检验。 On Apache Spark; needs guiju[spark].")
@_option("--out", "out_dir", help="集群：结论（Parquet）写到哪里。 On a cluster: where verdicts are written.")
@_option(
    "--reference",
    multiple=True,
    type=_path,
    help="集群：各组共用的事实。 On a cluster: facts that every group needs, and none connects.",
)
@_option(
    "--bucket",
    type=click.IntRange(min=1),
    help="一次检验多少语句。 Statements that are judged at once; groups are not divided.",
)
@_option(
    "--jobs", type=click.IntRange(min=1), default=1, help="数据量大时用几个进程。 Processes, where facts are many."
)
def validate(
    files: tuple[str, ...],
    as_of: datetime | None,
    document: tuple[str, ...],
    outcomes: str,
    format: str,
    fail_on: str,
    engine: str,
    input_format: str | None,
    sparql_endpoint: str | None,
    graph: str | None,
    cluster: bool,
    out_dir: str | None,
    reference: tuple[Path, ...],
    bucket: int | None,
    jobs: int,
) -> int:
    """检验事实，逐条说明结论与依据。 Judge facts, and say why."""
    from guiju.compiled import Compiled
    from guiju.tasks import MOST, validated
    from guiju.tasks import outcomes as listed

    wanted = listed(outcomes)
    sources: list[Source] = list(files)
    if bool(sources) == bool(sparql_endpoint):
        raise _Wrong("请给出文件，或 --sparql-endpoint。 Name files, or --sparql-endpoint, and not both.")
    if sparql_endpoint:
        if cluster:
            raise _Wrong("--cluster 读文件。 --cluster reads files, not an endpoint.")
        sources, input_format = [_fetched(sparql_endpoint, graph)], None
    if cluster:
        if jobs != 1:
            raise _Wrong("--jobs 用于一台机器。 --jobs is for one machine; Spark is told of cores by its settings.")
        if out_dir is None:
            raise _Wrong("--cluster 须有 --out。 --cluster needs --out: the folder for the verdicts.")
        # Spark is left in good order, not all at once.
        sys.exit(
            _on_cluster(files, out_dir, reference, _date(as_of), document, engine, input_format, bucket, fail_on)
        )  # fmt: skip
    if out_dir is not None or reference:
        raise _Wrong("--out 与 --reference 只用于 --cluster。 --out and --reference go with --cluster.")
    with _status() as progress:
        overview = validated(
            sources, Compiled(), sys.stdout, format, wanted,
            as_of=_date(as_of), documents=document, engine=engine, input_format=input_format,
            most=bucket or MOST, jobs=jobs, progress=progress,
        )  # fmt: skip
    return exit_code(overview.counted, fail_on)


@app.command()
@click.argument("name", default=DEMO)
@_report_format
@_outcomes
def demo(name: str, format: str, outcomes: str) -> None:
    """检验随附的样例。 Judge a bundled sample. The exit code is 0 whatever the verdicts are."""
    from guiju.paths import samples as bundled
    from guiju.tasks import outcomes as listed

    samples = bundled()
    if name not in samples:
        raise _Wrong(f"没有样例 {name}。 There is no sample {name}; there are {', '.join(samples)}.")
    wanted = listed(outcomes)
    file = samples[name]
    report = _report([(file.name, file.read_bytes(), "turtle")], None, (), "columnar", None, wanted)
    _write(report, format, wanted)
    if format == "text":
        print(f"\n样例 samples: {', '.join(samples)}；guiju demo NAME")


@app.command()
@_files
@_option("--subject", help="主体或行为：名称、IRI 或其末段。 A name, an IRI or its last part.")
@_option("--norm", help="只说依此条文或规范的。 Only under this provision or norm: a key or citation.")
@_option("--why", is_flag=True, help="逐步证明，直到事实。 Prove it, down to the facts.")
@_outcomes
@_as_of
@_format
@_input_format
def explain(
    files: tuple[str, ...],
    subject: str | None,
    norm: str | None,
    why: bool,
    outcomes: str,
    as_of: datetime | None,
    format: str,
    input_format: str | None,
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
            as_of=_date(as_of),
            input_format=input_format,
            progress=progress,
        )
    if format == "json":
        _json(found.json(report.submission, why))
    else:
        print_proofs(Paper(), found, why, report.submission.place)


@app.command()
@_files
@_option("--company", help="哪家公司：名称、IRI 或其末段。 Which company, where there are several.")
@_option("--out", "out_file", type=_path, help="写到哪个文件，否则为标准输出。 A file, or else standard output.")
@_option("--most", type=click.IntRange(min=1), help="至多画几个主体。 How many entities at most.")
@_input_format
def graph(
    files: tuple[str, ...], company: str | None, out_file: Path | None, most: int | None, input_format: str | None
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
    click.echo(shown + (f"；未画出 not shown: {found.left_out}" if found.left_out else ""), err=True)


@app.command()
@_files
@_input_format
def derive(files: tuple[str, ...], input_format: str | None) -> None:
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
@click.argument("key")
@_format
def show(key: str, format: str) -> None:
    """一处法律的原文、规范、解读、形状、样例与引用。 The law at a place and all that is held under it.

    KEY 为键、IRI 或引文，如 第三十九条第二款。 KEY is a key, an IRI or a citation.
    """
    library = _library()
    found = library.show(library.resolve(key))
    if format == "json":
        _json(found)
    else:
        from guiju.console import print_entry

        print_entry(Paper(), found)


@app.command()
@click.argument("words", nargs=-1, required=True)
@_option("--limit", type=click.IntRange(min=1), default=20, help="至多几条。 How many at most.")
@_format
def search(words: tuple[str, ...], limit: int, format: str) -> None:
    """在原文、规范与术语中查找。 Search law, norms and terms. All words must occur."""
    found = _library().search(" ".join(words), limit)
    if format == "json":
        _json(found)
        return
    from guiju.console import print_hits

    print_hits(Paper(), found, words)


@app.command()
@click.argument("key")
@_format
def needs(key: str, format: str) -> None:
    """检验所需的事实与可填写的 Turtle。 The facts a norm needs, and a Turtle skeleton to fill in.

    KEY 为条文或规范的键或引文。 KEY names a provision or a norm, or cites it.
    """
    library = _library()
    found = library.needs(library.resolve(key))
    if format == "json":
        _json(found)
        return
    from guiju.console import print_needs

    print_needs(Paper(), found)


@app.command()
@click.argument("query", required=False)
@_option("--param", multiple=True, help="名=值。 name=value.")
@_option("--facts", multiple=True, help="就这些事实及其结论而问。 Ask of these facts and their verdicts.")
@_format
def ask(query: str | None, param: tuple[str, ...], facts: tuple[str, ...], format: str) -> None:
    """问题库。 The query library; the questions under institutions/ are asked of facts.

    不写 QUERY 则列出全部问题。 Without QUERY, all questions are listed.
    """
    from guiju import library
    from guiju.compiled import Compiled

    knowledge = Compiled()
    if query is None:
        paper = Paper()
        for question in library.catalogue(knowledge.root):
            paper.write((question.name, "bold"), f"  {question.zh} ", (question.en, "dim"))
            for parameter in question.params:
                default = "" if parameter.default is None else f"（默认 default {parameter.default}）"
                paper.write(f"    --param {parameter.name}=…  {parameter.type}  {parameter.about}{default}")
        return
    params = dict(_pair(text) for text in param)
    source = _report(facts, None, (), "columnar", None).assessment.store if facts else knowledge
    answer = library.ask(source, query, params, knowledge.root)
    _answer(answer, format)


@app.command()
@click.argument("document", required=False)
@_format
def coverage(document: str | None, format: str) -> None:
    """每一条文的编码状态。 What is encoded, what is not and why.

    不写 DOCUMENT 则为全部文件的概要。 Without DOCUMENT, a summary of all.
    """
    from guiju import library
    from guiju.compiled import Compiled

    knowledge = Compiled()
    name = "coverage/provisions" if document else "coverage/documents"
    answer = library.ask(knowledge, name, {"document": document} if document else {})
    _answer(answer, format)


@app.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_option("--document", required=True, help="文件的键，如 example-rules-2024。 Its key.")
@_option("--title", required=True, help="中文标题。 Its Chinese title.")
@_option("--out", "out_dir", required=True, type=_path, help="写到哪个文件夹。 The folder to write.")
@_option("--title-en", help="英文标题。 Its English title.")
@_option("--in-force-from", type=_day, help="施行日期。 In force from.")
def ingest(
    file: Path, document: str, title: str, out_dir: Path, title_en: str | None, in_force_from: datetime | None
) -> None:
    """把法规文本（UTF-8）拆成条文的 Turtle。 Split a regulation into provisions, as Turtle."""
    from guiju.ingest import DocumentMeta, ingest_text, known_titles, write_turtle
    from guiju.paths import data_root

    provisions = ingest_text(file.read_text(encoding="utf-8"), document)
    meta = DocumentMeta(document, title, title_en, in_force_from=_date(in_force_from))
    titles = known_titles(data_root() / "ontology" / "documents")
    written = write_turtle(provisions, meta, out_dir, titles=titles)
    print(f"{len(provisions)} 条文 provisions → {len(written.files)} 文件 files in {out_dir}")
    for open_reference in written.unresolved:
        print(f"未解析 unresolved {open_reference.provision}: {open_reference.words} ({open_reference.why})")


@app.command()
@_option("--host", default="127.0.0.1", help="地址。 Address.")
@_option("--port", default=8000, help="端口。 Port.")
def serve(host: str, port: int) -> None:
    """网页与 HTTP 接口。 The pages and the HTTP API; settings are environment variables, README lists them."""
    from guiju.service import running

    running.run(host, port)
    sys.exit(OK)


@app.command()
@click.argument("name")
def key(name: str) -> None:
    """新的密钥，用于写入：guiju key NAME >> keys。 A new key for writing; prints its line for GUIJU_KEYS_FILE.

    NAME 会写入日志。 The log will have NAME.
    """
    from guiju.service.access import new_key

    secret, line = new_key(name)
    click.echo(f"密钥，只显示这一次。 The key, shown this once: {secret}", err=True)
    print(line)


def exit_code(verdicts: Iterable[tuple[str, str]], fail_on: str) -> int:
    """The exit code for verdicts, each an outcome and a severity; ``fail_on`` is one of ``FAIL_ON``.

    Violations 2, warnings 1, and 1 for not known where that is asked for.
    """
    found = set(verdicts)
    if ("failed", "violation") in found:
        return VIOLATIONS
    if ("failed", "warning") in found and fail_on != "violation":
        return WARNINGS
    unknown = any(outcome == "cantTell" for outcome, _ in found)
    return WARNINGS if unknown and fail_on == "notknown" else OK


def main() -> None:
    """Run the command, and end the process with its exit code."""
    code = run()
    for stream in (sys.stdout, sys.stderr):
        # Whoever read it may have seen enough.
        with suppress(BrokenPipeError):
            stream.flush()
    # All is done. To take everything apart that the system takes back anyway lasts as long as a small judgement.
    os._exit(code)


def run() -> int:
    """Run the command; what goes wrong becomes a message and an exit code."""
    # What a command reads it keeps to its end; to look through it for garbage at the usual rate finds none.
    gc.set_threshold(1_000_000)
    # numpy would start threads for matrices, of which there are none.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        code: int = app(standalone_mode=False) or OK
    except click.Abort:
        code = INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as asked:
        print(asked.format_message())
        code = BAD_INPUT
    except Exception as error:  # the one place where anything may arrive
        code = _failed(error)
    return code


def _failed(error: Exception) -> int:
    if isinstance(error, (ValueError, FileNotFoundError, FileExistsError, click.ClickException)):
        said = error.format_message() if isinstance(error, click.ClickException) else str(error)
        click.echo(click.style("错误 error ", fg="red", bold=True) + said, err=True)
        return BAD_INPUT
    import traceback

    traceback.print_exception(error)
    click.echo(
        "这是规矩自身的错误，请附上述信息报告。 This is our own fault; please report it with the above.", err=True
    )
    return OUR_FAULT


class _Wrong(ValueError):
    """A call whose arguments cannot be used."""


def _report(
    sources: Sequence[Source],
    as_of: datetime | None,
    documents: Sequence[str],
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
            as_of=_date(as_of),
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
    files: Sequence[str],
    out_dir: str,
    reference: Sequence[Path],
    as_of: date | None,
    documents: Sequence[str],
    engine: str,
    input_format: str | None,
    bucket: int | None,
    fail_on: str,
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
        print(f"{count:>12,}  {outcome} {severity}")
    print(f"{done.units:,} 份 parts，{done.groups:,} 组 groups → {out_dir}")
    for where in done.refused:
        click.echo(f"未检验 not judged: {where}", err=True)
    return BAD_INPUT if done.refused else exit_code(done.verdicts, fail_on)


@contextmanager
def _status() -> Iterator[Progress]:
    """What takes the progress of work on facts, and shows it on a terminal."""
    paper = Paper(sys.stderr)
    if not paper.terminal:
        from guiju.progress import unheard

        yield unheard
        return
    with paper.console.status("读取 reading") as status:
        # What is written must not meet what is shown of how it comes about.
        yield lambda step: status.stop() if step.stage == "writing" else status.update(str(step))


def _date(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _write(report: Report, format: str, outcomes: frozenset[str]) -> None:
    if format == "text":
        report.print(Paper(), outcomes)
        return
    from guiju.tasks import written

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
    from guiju.pieces import as_json

    print(as_json(value), end="")


def _answer(answer: Answer, format: str) -> None:
    if format == "json":
        _json(answer.records())
        return
    rows, paper = answer.table(), Paper()
    if not paper.terminal:
        for row in [answer.columns, *rows]:
            print("\t".join(re.sub(r"\s+", " ", value) for value in row))
        return
    if len(answer.columns) > WIDE:
        for row in rows:
            for name, value in zip(answer.columns, row, strict=True):
                paper.write((f"{name:>20}", "cyan"), f"  {value}")
            paper.write()
    else:
        from rich.markup import escape
        from rich.table import Table

        table = Table(*answer.columns, header_style="bold")
        for row in rows:
            table.add_row(*map(escape, row))
        paper.console.print(table)
    paper.write(f"{len(rows)} 行 rows")
