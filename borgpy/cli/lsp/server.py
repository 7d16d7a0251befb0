"""The language server itself: which message of the protocol leads to which answer."""

import asyncio
import logging
from collections import defaultdict
from pathlib import Path

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from borgpy import __version__
from borgpy.bcl.diagnostics import Source, Span
from borgpy.bcl.editing.rename import RenameRefused
from borgpy.bcl.evaluate import Evaluated
from borgpy.cli.lsp.answers import Answers, actions
from borgpy.cli.lsp.checking import PATIENCE_SECONDS, Report, check, shown
from borgpy.cli.lsp.positions import UTF16, Positions
from borgpy.cli.lsp.projects import Desk, Document, Project
from borgpy.clock import Clock

PAUSE_SECONDS = 0.2
"""Typing has to pause so long before a file is looked through."""

_REQUEST_FAILED = -32803  # the protocol's own number

_Published = dict[str, list[types.Diagnostic]]


class Server(LanguageServer):
    """A session with one editor."""

    def __init__(self, clock: Clock) -> None:
        super().__init__("borgcfg", __version__, types.TextDocumentSyncKind.Full)
        self._clock = clock
        self._desk = Desk()
        self._checking = asyncio.Lock()
        self._found: dict[str, _Published] = {}
        """For each open file, the diagnostics of all files that came from looking through it."""
        self._evaluated: dict[str, tuple[int, Evaluated | None]] = {}

    def answers(self, uri: str) -> Answers:
        """What can be said about an open file."""
        project, name = self._locate(uri)
        revision, evaluated = self._evaluated.get(uri, (0, None))
        current = evaluated if revision == project.open[name].revision else None
        return Answers(project, name, self._encoding, current)

    @property
    def has_snippets(self) -> bool:
        document = self.client_capabilities.text_document
        item = document.completion.completion_item if document and document.completion else None
        return bool(item and item.snippet_support)

    async def opened(self, uri: str, text: str) -> None:
        project, name = self._locate(uri)
        project.open[name] = Document(name, text)
        await self._look_through_with_others(project, name)

    async def changed(self, uri: str, text: str) -> None:
        project, name = self._locate(uri)
        project.open[name].change(text)
        revision = project.open[name].revision
        await asyncio.sleep(PAUSE_SECONDS)
        document = project.open.get(name)
        if document is None or document.revision != revision:
            return
        await self._look_through_with_others(project, name)

    def closed(self, uri: str) -> None:
        project, name = self._locate(uri)
        project.open.pop(name, None)
        self._evaluated.pop(uri, None)
        self._publish(self._found.pop(uri, {}))

    async def look_through(self, uri: str) -> None:
        """Evaluates a file beside the event loop, and publishes what is wrong; not if it changes meanwhile."""
        project, name = self._locate(uri)
        async with self._checking:
            document = project.open.get(name)
            if document is None:
                return
            revision = document.revision
            until = self._clock.steady_seconds() + PATIENCE_SECONDS

            def alarm() -> bool:
                is_over = self._clock.steady_seconds() > until
                return is_over or document.revision != revision

            report = await asyncio.to_thread(check, document.source, project.files(), alarm)
            if document.revision != revision or project.open.get(name) is not document:
                return
        before = self._found.get(uri, {})
        self._evaluated[uri] = revision, report.evaluated
        self._found[uri] = self._diagnostics(project, name, report)
        self._publish({**before, **self._found[uri]})

    async def _look_through_with_others(self, project: Project, name: str) -> None:
        """A file, and then those of its project that may import it."""
        for each in [name, *(other for other in project.open if other != name)]:
            await self.look_through(self._uri(project, each))

    async def look_through_all(self) -> None:
        for project, name in list(self._desk.documents()):
            await self.look_through(self._uri(project, name))

    @property
    def _encoding(self) -> str:
        return self.workspace.position_encoding or UTF16

    def _locate(self, uri: str) -> tuple[Project, str]:
        path = to_fs_path(uri)
        return self._desk.locate(Path(path) if path else Path.cwd() / "untitled.borg")

    def _uri(self, project: Project, name: str) -> str:
        return (project.root / name).as_uri()

    def _diagnostics(self, project: Project, name: str, report: Report) -> _Published:
        """By URI, with an empty list for the file itself if all is well."""
        sources: dict[str, Source] = {}

        def range_of(span: Span) -> types.Range:
            source = sources.setdefault(span.file, project.source(span.file))
            return Positions(source, self._encoding).range_of(span)

        found: defaultdict[str, list[types.Diagnostic]] = defaultdict(list)
        found[self._uri(project, name)] = []
        for finding in report.findings:
            diagnostic = shown(finding, range_of, lambda file: self._uri(project, file))
            found[self._uri(project, finding.span.file)].append(diagnostic)
        return found

    def _publish(self, touched: _Published) -> None:
        """What all open files together have found about each of these."""
        for uri in touched:
            every = [each for found in self._found.values() for each in found.get(uri, ())]
            once = {(str(d.range), d.code, d.message): d for d in every}
            self.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(uri, list(once.values()))
            )


def server(clock: Clock) -> Server:
    """A server that is ready to speak; `start_io` makes it."""
    logging.getLogger("pygls.protocol.json_rpc").addFilter(_is_no_refusal)
    made = Server(clock)
    _follow_documents(made)
    _answer_questions(made)
    _change_texts(made)
    return made


def _is_no_refusal(record: logging.LogRecord) -> bool:
    """A request that is refused is answered so; only what nobody foresaw belongs on stderr."""
    return not (record.exc_info and isinstance(record.exc_info[1], JsonRpcException))


def _follow_documents(made: Server) -> None:
    @made.feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def did_open(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
        await ls.opened(params.text_document.uri, params.text_document.text)

    @made.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        await ls.changed(uri, ls.workspace.get_text_document(uri).source)

    @made.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
        ls.closed(params.text_document.uri)

    @made.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def files_changed(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
        await ls.look_through_all()


def _answer_questions(made: Server) -> None:
    @made.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
        return ls.answers(params.text_document.uri).hover(params.position)

    @made.feature(types.TEXT_DOCUMENT_DEFINITION)
    def definition(ls: Server, params: types.DefinitionParams) -> list[types.Location]:
        return ls.answers(params.text_document.uri).definitions(params.position)

    @made.feature(types.TEXT_DOCUMENT_REFERENCES)
    def references(ls: Server, params: types.ReferenceParams) -> list[types.Location]:
        return ls.answers(params.text_document.uri).references(params.position)

    @made.feature(
        types.TEXT_DOCUMENT_COMPLETION,
        types.CompletionOptions(trigger_characters=[".", "%", '"', "'", "/"]),
    )
    def completion(ls: Server, params: types.CompletionParams) -> types.CompletionList:
        answers = ls.answers(params.text_document.uri)
        return answers.completion(params.position, snippets=ls.has_snippets)

    @made.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def symbols(ls: Server, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        return ls.answers(params.text_document.uri).symbols()


def _change_texts(made: Server) -> None:
    @made.feature(types.TEXT_DOCUMENT_FORMATTING)
    def formatting(ls: Server, params: types.DocumentFormattingParams) -> list[types.TextEdit]:
        return ls.answers(params.text_document.uri).formatting()

    @made.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]),
    )
    def code_action(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
        return actions(params.context.diagnostics)

    @made.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    def prepare_rename(ls: Server, params: types.PrepareRenameParams) -> types.Range | None:
        try:
            return ls.answers(params.text_document.uri).rename_range(params.position)
        except RenameRefused as refused:
            raise JsonRpcException(str(refused), _REQUEST_FAILED) from refused

    @made.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    def rename(ls: Server, params: types.RenameParams) -> types.WorkspaceEdit | None:
        try:
            answers = ls.answers(params.text_document.uri)
            return answers.rename(params.position, params.new_name)
        except RenameRefused as refused:
            raise JsonRpcException(str(refused), _REQUEST_FAILED) from refused
