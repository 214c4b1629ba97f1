"""Which files a check runs, by the words of its command and of the scripts and targets that those name. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from posixpath import join, normpath

from profile_router.core.language.code_endings import is_source
from profile_router.core.language.set_up_files import MAKEFILES
from profile_router.expressions import expression

TextOf = Callable[[str], bytes | None]  # what the file at this path held before the work; None: there is none

_MOST_FILES = 24
_SPLIT = expression(r"[\s'\"=;&|()]+")
_GOES_TO = expression(r"(?:^|[\s;&|('\"])(?:cd|pushd|-C|--prefix|--directory)[\s=]+['\"]?([\w.@/-]+)")
# What a text runs: the file of an interpreter, a script by its ending, a file where a command begins.
_RUN = expression(
    r"""(?mx)
    (?:^|[\s;&|('"@/-])(?:(?:ba|da|z|k)?sh|source|\.|s?include|import|node|python[\d.]*|ruby|perl|php|bun|tsx|ts-node)
        (?:[ \t]+-[\w=.-]+)*[ \t]+['"]?(?P<read>[\w.@/-]+)
    | (?<![\w./-])(?P<script>[\w./-]+\.(?:sh|bash|zsh|mk))(?![\w.-])
    | (?:^|[;&|('"])[ \t]*[@-]{0,2}(?P<path>\.{1,2}/[\w.@/-]+|(?:[\w.][\w.@-]*/)+[\w-]+)(?=[\s;&|)'"]|$)
    """
)
_TARGET = expression(r"@?([\w./%-][^:=#\n]*)::?(?!=)(.*)")
_FILES = {
    **dict.fromkeys(("make", "gmake"), MAKEFILES),
    "just": ("justfile", "Justfile", ".justfile"),
    **dict.fromkeys(("npm", "yarn", "pnpm", "bun"), ("package.json",)),
}


def names_of(command: str, folder: str, text_of: TextOf) -> frozenset[str]:
    """Return how *command*, run in *folder*, names files: by its words, and by what these scripts and targets run.

    At most 24 files are read; what is named by a variable, a pattern or a program is not known.
    """
    names = {_bare(word) for word in _SPLIT.split(command)}
    folders = dict.fromkeys(("", folder, *(normpath(join(folder, to)) for to in _GOES_TO.findall(command))))
    texts, read = [command], set[str]()
    while texts:
        text = texts.pop()
        words = set(_SPLIT.split(text))
        runs = {*_runs(text), *(names if text is command else ())}
        names |= runs
        orders = {file for word in words for file in _FILES.get(word.rpartition("/")[2], ())}
        for path in (normpath(join(to, name)) for name in sorted({*runs, *orders}) for to in folders):
            if path in read or path.startswith(("..", "/")) or len(read) >= _MOST_FILES:
                continue
            content = text_of(path)
            if content is not None:
                read.add(path)
                if _gives_no_order(path):
                    continue
                written = content.decode("utf-8", "replace")
                name = path.rpartition("/")[2]
                texts.append(_wanted(name, written, words) if name in orders else written)
    return frozenset(names - {"", "."})


def _gives_no_order(path: str) -> bool:
    """Tell whether the file *path* names no command: it is code, yet neither a shell script nor one of Gradle."""
    return path.endswith((".pl", ".o")) or (is_source(path) and not path.endswith(".gradle.kts"))


def is_named(path: str, names: frozenset[str]) -> bool:
    """Tell whether *path*, from the root, is what one of *names* may mean in one of its folders."""
    ends = {path, *(path[at + 1 :] for at, char in enumerate(path) if char == "/")}
    return not names.isdisjoint(ends) or any(name.startswith("/") and name.endswith(f"/{path}") for name in names)


def _runs(text: str) -> Iterator[str]:
    for found in _RUN.finditer(text):
        name = found["read"] or found["script"] or found["path"]
        yield _bare(name)
        yield name if name.startswith("/") else ""


def _bare(word: str) -> str:
    return re.sub(r"^(?:\.{0,2}/)+", "", normpath(word)) if word else ""


def _wanted(name: str, text: str, words: set[str]) -> str:
    """Return what the targets that *words* name run in *text*, the file *name*. Without such a target all count."""
    shared, targets = ("", _scripts(text)) if name == "package.json" else _targets(text)
    wanted, left = set[str](), [word for word in words if word in targets]
    while left:
        target = left.pop()
        if target not in wanted:
            wanted.add(target)
            said = _SPLIT.split(targets[target])
            left += [word for word in (*said, f"pre{target}", f"post{target}") if word in targets]
    return "\n".join((shared, *(body for target, body in targets.items() if not wanted or target in wanted)))


def _scripts(text: str) -> dict[str, str]:
    try:
        package = json.loads(text)
    except (ValueError, RecursionError):
        return {"": text}
    scripts = package.get("scripts") if isinstance(package, Mapping) else None
    return {name: body for name, body in scripts.items() if isinstance(body, str)} if isinstance(scripts, dict) else {}


def _targets(text: str) -> tuple[str, dict[str, str]]:
    """Return the lines of a Makefile or justfile that stand in no target, and each target's."""
    shared, targets, now = list[str](), dict[str, str](), list[str]()
    for line in text.splitlines():
        if line[:1] in {" ", "\t"} or not line:
            for target in now:
                targets[target] += f"{line.strip()}\n"
            if not now:
                shared.append(line)
        elif found := _TARGET.match(line):
            now = found[1].split()
            for target in now:
                targets[target] = f"{targets.get(target, '')}: {found[2]}\n"
        else:
            now = []
            shared.append(line)
    return "\n".join(shared), targets
