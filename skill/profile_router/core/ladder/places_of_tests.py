"""Where tests stand, as far as their ids tell: by path, module, class or package. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from profile_router.expressions import expression

_WORDS = expression(r"\w+")
_PATH = expression(r"(?:^|\s)([\w./@-]+\.(?:py|rb|rs|php|pl|t|[cm]?[jt]sx?))(?=::|\s|$)")
_RUST = ".rs"
_OF_CRATE = frozenset({"lib", "main", "mod"})


class FilesOfTests:
    """Files that hold tests. A test is asked for by its id alone."""

    def __init__(self, files: Iterable[str]) -> None:
        """Take the paths of *files*, relative to the workspace."""
        self._paths: Mapping[str, set[str]] = defaultdict(set)
        self._stems: set[str] = set()
        self._packages: set[str] = set()
        self._modules: set[tuple[str, ...]] = set()
        self._root_package = False
        for file in files:
            folder, _, name = file.rpartition("/")
            self._paths[name].add(f"/{file}")
            if name.endswith(".go"):
                self._packages.add(folder.rpartition("/")[2])
                self._root_package = self._root_package or not folder
            elif name.endswith(_RUST):
                self._modules.add(_module_of(file))
            else:
                self._stems.add(name.partition(".")[0])
        self._folded_stems = {_folded(stem) for stem in self._stems}

    def have(self, test: str) -> bool:
        """Tell whether the id *test* is of a test in one of the files."""
        told = _PATH.search(test)
        if told and told[1].endswith(_RUST):
            return self._have_rust(test, told[1])
        if told:
            return self._have_path(told[1])
        words = set(_WORDS.findall(test))
        if self._root_package or self._packages & words or self._stems & words:
            return True
        if "#" in test and {_folded(word) for word in words} & self._folded_stems:  # a class of Ruby
            return True
        return "::" in test and self._have_rust(test, "")

    def _have_path(self, path: str) -> bool:
        path = "/" + path.removeprefix("./").lstrip("/")
        known = self._paths.get(path.rpartition("/")[2], set())
        return any(one.endswith(path) or path.endswith(one) for one in known)

    def _have_rust(self, test: str, path: str) -> bool:
        """Tell it of a test of cargo. One in a source is found by its module, any other by its file."""
        if path and not test.startswith("unittests "):
            return self._have_path(path)
        *modules, _ = test.rpartition(" ")[2].split("::")
        if modules and modules[-1] in ("tests", "test"):
            modules.pop()
        return tuple(modules) in self._modules


def _folded(name: str) -> str:
    return name.replace("_", "").casefold()


def _module_of(file: str) -> tuple[str, ...]:
    """Return the module that the Rust source *file* is. The root of a crate has none, nor has what is not a source."""
    inside = file.rpartition("src/")[2] if "src/" in f"/{file}" else file
    *folders, name = inside.split("/")
    stem = name.removesuffix(_RUST)
    return tuple(folders) if stem in _OF_CRATE else (*folders, stem)
