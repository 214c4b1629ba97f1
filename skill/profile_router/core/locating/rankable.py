"""Which files rank: code, tests, documents, settings; none that a program wrote or that tells of changes. Pure."""

from __future__ import annotations

from typing import Literal

from profile_router.core.language.code_endings import CODE_ENDINGS
from profile_router.core.language.test_files import changes_tests
from profile_router.expressions import expression

Sort = Literal["code", "test", "document", "setting"]
SORTS: tuple[Sort, ...] = ("code", "test", "document", "setting")  # an index keeps a place in it
MOST_RANKED_BYTES = 512 * 1024
_MORE_CODE = (
    "pyx pxd cxx hh hxx m mm erl hs ml mli clj cljs jl bash zsh fish ps1 sql proto graphql css scss sass less html htm "
    "jinja j2 tmpl erb nix zig tf "
)
_CODE = frozenset({*_MORE_CODE.split(), *(ending[1:] for ending in CODE_ENDINGS)})
_DOCUMENTS = frozenset({"md", "rst", "txt", "adoc", "mdx"})
_SETTINGS = frozenset({"toml", "yaml", "yml", "json", "ini", "cfg", "conf", "xml", "gradle", "cmake", "mk", "in"})
_SETTING_NAMES = frozenset({"Makefile", "Dockerfile", "Justfile", "CMakeLists.txt", "Rakefile", "Gemfile", "Procfile"})
# Folders of others' code, of what is built, and of what agents wrote down.
_OTHERS_FOLDERS = (
    "node_modules vendor vendors _vendor vendored third_party third-party thirdparty site-packages bower_components "
    "extern externals dist build target out _build .specstory .aider.chat.history transcripts __snapshots__ "
    "__pycache__ .git .venv venv cassettes "
)
_FOLDERS = frozenset(_OTHERS_FOLDERS.split())
_TELLS_OF_CHANGES = expression(
    r"(?i)(?:^|/)(?:change(?:s|log)?|history|news|releases?|release[-_]notes|whats?[-_]?new)(?:[._-][^/]*)?$"
    r"|(?:^|/)(?:change(?:s|logs?)|news(?:fragments)?|releases?|release[-_]notes|whatsnew|whats_new)/"
)
_WRITTEN_NAMES = expression(
    r"(?i)(?:\.min\.(?:js|css)|(?:-\d+(?:\.\d+)+|_src)\.js|^jquery[\w.-]*\.js|[._-]lock(?:\.json|\.yaml)?|-lock\.ya?ml|\.lockb?|\.map|_pb2(?:_grpc)?\.pyi?|\.pb\.go"
    r"|\.g\.dart|\.generated\.\w+|_generated\.\w+|\.designer\.cs|\.svg|\.ipynb|\.snap|\.po|\.pot)$"
)
_WRITTEN = expression(r"(?i)@generated\b|\bdo not (?:edit|modify)\b|\bauto-?generated\b|\bautomatically generated\b")
_SAID_IN_ALL = ("generated", "do not ")  # one of them stands in each, and is found in a hundredth of the time
_HEAD = 600  # characters in which a program says that it wrote the file
_TEST_FOLDERS = frozenset({"__tests__", "fixtures"})
_TEST_FOLDERS_AT_TOP = frozenset({"testing", "specs"})  # deeper they are as often product code: `numpy/testing/`
_DOCUMENT_FOLDERS = frozenset({"doc", "docs", "documentation", "examples", "example"})


def sort_of(path: str) -> Sort | None:
    """Return what the file at *path* (POSIX) is for; None: it does not rank."""
    *folders, name = path.split("/")
    if not _FOLDERS.isdisjoint(folders) or _WRITTEN_NAMES.search(name):
        return None
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending not in _CODE and _TELLS_OF_CHANGES.search(path):
        return None
    for_tests = not _TEST_FOLDERS.isdisjoint(folders) or not _TEST_FOLDERS_AT_TOP.isdisjoint(folders[:1])
    if changes_tests(path) or (ending in _CODE and for_tests):
        return "test"
    if ending in _DOCUMENTS or (ending in _CODE and not _DOCUMENT_FOLDERS.isdisjoint(folders[:1])):
        return "document"
    if ending in _CODE:
        return "code"
    return "setting" if ending in _SETTINGS or name in _SETTING_NAMES else None


def is_written_by_program(text: str) -> bool:
    """Tell whether a program says, at the beginning of *text*, that it wrote it."""
    head = text[:_HEAD]
    folded = head.lower()
    return any(said in folded for said in _SAID_IN_ALL) and _WRITTEN.search(head) is not None
