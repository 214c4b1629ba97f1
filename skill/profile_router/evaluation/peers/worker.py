"""The far side of a peer: it runs in the peer's environment, and answers each line of JSON with another.

It uses the standard library and the peer's package alone. Its jail was made before this Python started. What the
package prints goes to stderr.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

_MOST_FILE, _MOST = 1_000_000, 20
_Answer = dict[str, Any]
_Ask = Callable[[Mapping[str, Any]], _Answer]


def main() -> None:
    """Answer until the input ends. The peer's name is the only argument."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    name = sys.argv[1]
    package, make = _PEERS[name]
    ask = make()
    print(json.dumps({"ready": version(package)}), file=out, flush=True)
    for line in sys.stdin:
        try:
            answer = ask(json.loads(line))
        except Exception as error:  # a peer's own: said, and the next row is asked
            answer = {"problem": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(answer), file=out, flush=True)


def _litellm() -> _Ask:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    where = "litellm.router_strategy.complexity_router.complexity_router"
    kind = importlib.import_module(where).ComplexityRouter
    tiers = {name: f"model-{name}" for name in ("SIMPLE", "MEDIUM", "COMPLEX", "REASONING")}
    router = kind("auto", _AnyRouter(), {"tiers": tiers}, derive_savings_baseline=False)
    order = {"SIMPLE": 0.0, "MEDIUM": 1.0, "COMPLEX": 2.0, "REASONING": 3.0}

    def ask(row: Mapping[str, Any]) -> _Answer:
        tier, score, _ = router.classify(row["text"])
        return {"signals": {"score": float(score), "tier": order.get(str(getattr(tier, "value", tier)), 0.0)}}

    return ask


class _AnyRouter:
    """Stands for the router that LiteLLM's asks about its models: it has none."""

    def __getattr__(self, name: str) -> Any:
        return None


def _cascadeflow() -> _Ask:
    router = importlib.import_module("cascadeflow.routing.pre_router").PreRouter()
    words = ("trivial", "simple", "moderate", "hard", "expert")

    def ask(row: Mapping[str, Any]) -> _Answer:
        told = asyncio.run(router.route(row["text"]))
        word = str(told.metadata.get("complexity", "")).lower().rpartition(".")[2]
        direct = "cascade" not in str(told.strategy).lower()
        rank = float(words.index(word)) if word in words else 0.0
        return {"signals": {"complexity": rank, "direct": float(direct)}}

    return ask


def _bm25() -> _Ask:
    bm25s = importlib.import_module("bm25s")
    seen: dict[tuple[str, int, int], list[str]] = {}

    def words(folder: Path, path: str) -> list[str]:
        place = folder / path
        about = place.stat()
        key = (path, about.st_mtime_ns, about.st_size)
        if key not in seen:
            text = f"{path} {path.replace('/', ' ')}\n{_read(place)}"
            seen[key] = bm25s.tokenize([text], stopwords="en", return_ids=False, show_progress=False)[0]
        return seen[key]

    def ask(row: Mapping[str, Any]) -> _Answer:
        folder, files = Path(row["folder"]), row["files"]
        index = bm25s.BM25()
        index.index([words(folder, path) for path in files], show_progress=False)
        query = bm25s.tokenize([row["text"]], stopwords="en", return_ids=False, show_progress=False)
        found, _ = index.retrieve(query, k=min(_MOST, len(files)), show_progress=False)
        return {"paths": [files[int(number)] for number in found[0]]}

    return ask


def _aider() -> _Ask:
    kind = importlib.import_module("aider.repomap").RepoMap
    kind.TAGS_CACHE_DIR = os.path.abspath("tags")  # noqa: PTH100 - in our home: the tree itself is read-only here

    def ask(row: Mapping[str, Any]) -> _Answer:
        folder, text = row["folder"], row["text"]
        ranker = kind(map_tokens=1_024, root=folder, main_model=_Counts(), io=_Reads(), refresh="always")
        files = [str(Path(folder, path)) for path in row["files"]]
        idents = set(re.split(r"\W+", text))
        names = {word.strip(",.!;:?\"'`*_()[]{}") for word in text.split()}
        named = {path for path in row["files"] if path in names or path.rpartition("/")[2] in names}
        tags = ranker.get_ranked_tags([], files, named, idents)
        return {"paths": list(dict.fromkeys(_paths(tags)))[:_MOST]}

    return ask


def _paths(tags: Any) -> Iterator[str]:
    for tag in tags:
        yield str(tag[0])  # the path relative to the root, of a tag or of a file without tags


class _Counts:
    """Stands for a model: the ranking asks it for the length of a text alone."""

    def token_count(self, text: str) -> int:
        return len(text) // 4


class _Reads:
    """Stands for aider's terminal: reads files, says nothing."""

    def read_text(self, path: str, **_: Any) -> str:
        return _read(Path(path))

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_FILE).decode("utf-8", "replace")
    except OSError:
        return ""


_PEERS: Mapping[str, tuple[str, Callable[[], _Ask]]] = {
    "litellm": ("litellm", _litellm),
    "cascadeflow": ("cascadeflow", _cascadeflow),
    "bm25": ("bm25s", _bm25),
    "aider": ("aider-chat", _aider),
}

if __name__ == "__main__":
    main()
