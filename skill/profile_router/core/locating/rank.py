"""Rank the files of a repository by how much a task's text points at each: eight signs, weighed and added. Pure.

Each sign is divided by its largest value for this task, then weighed. The weights were set by hand before anything was
measured; learned ones did no better on 466 issues of twelve repositories, so they stand in the policy.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from itertools import accumulate

from profile_router.core.locating.located import Band, LocatedFile
from profile_router.core.locating.rankable import Sort
from profile_router.core.locating.task_terms import TaskTerms
from profile_router.core.locating.terms import STOP_WORDS, TermKind, number_of, parts_of
from profile_router.values import frozen

K1, B = 1.2, 0.75  # BM25's usual ones
SURE_BELOW, LIKELY_BELOW = 0.6, 0.74  # second score over first: right in 93 %, in 80 %, else in 40 %
_FACTORS: Mapping[Sort, float] = {"code": 1.0, "test": 0.45, "document": 0.35, "setting": 0.35}
_WHY = {
    "path": "named", "frame": "in the traceback", "dotted": "named as a module", "definition": "defines {names}",
    "identifier": "has its identifiers", "part": "has its words", "place": "its path has the words",
    "history": "changed by commits like it",
}  # fmt: skip
FEWEST_FILES, FEWEST_SIGNS = 8, 3
_MODULES = ("py", "pyx", "ts", "tsx", "js", "go", "rs", "java", "kt", "rb", "php", "cs", "scala", "ex")
BARE = 0.5  # of a path that was written without a folder
_SHOWN_WHY = 0.15  # of a file's score: a sign that gave less is not told
Scores = dict[int, float]
Posting = Sequence[tuple[int, int]]  # file, times


@frozen
class Corpus:
    """The files that rank, as a task meets them. All sequences go by the number of a file.

    `posting` gives the files that have a term, by its number. `lengths` are how many identifiers and parts a file has.
    """

    paths: Sequence[str]
    sorts: Sequence[Sort]
    lengths: Mapping[TermKind, Sequence[int]]
    posting: Callable[[int], Posting]
    names: Mapping[str, Sequence[int]] = field(default_factory=dict)


def signs_of(task: TaskTerms, corpus: Corpus, like: Mapping[str, float]) -> dict[str, Scores]:
    """Return what each sign gives each file. *like* are the paths that past commits like it changed, weighed."""
    ending = _by_name(corpus.paths)
    numbers = {path: number for number, path in enumerate(corpus.paths)}
    return {
        "path": _named(task.paths, corpus.paths, ending),
        "frame": _framed(task.frames, corpus.paths, ending),
        "dotted": _dotted(task.dotted, corpus.paths, ending),
        "definition": _defining(task, corpus),
        "identifier": _bm25("identifier", task.identifiers, corpus),
        "part": _bm25("part", task.parts, corpus),
        "place": _placed(task, corpus),
        "history": {numbers[path]: score for path, score in like.items() if path in numbers},
    }


def ranked(
    task: TaskTerms, corpus: Corpus, like: Mapping[str, float], weights: Mapping[str, float], most: int
) -> tuple[tuple[LocatedFile, ...], float]:
    """Return the *most* likely files, best first, and the second score over the first (1: no file stands out)."""
    weighed: dict[int, dict[str, float]] = defaultdict(dict)
    for name, scores in signs_of(task, corpus, like).items():
        top = max(scores.values(), default=0.0)
        if top > 0 and weights[name] > 0:
            for number, score in scores.items():
                weighed[number][name] = weights[name] * score / top
    factors = _factors(task)
    total = {
        number: sum(terms.values()) * max(factors[corpus.sorts[number]], 1.0 if "path" in terms else 0.0)
        for number, terms in weighed.items()
    }
    order = sorted(total, key=lambda number: (-total[number], corpus.paths[number]))[:most]
    ratio = total[order[1]] / total[order[0]] if len(order) > 1 and total[order[0]] > 0 else (0.0 if order else 1.0)
    files = [
        LocatedFile(
            path=corpus.paths[number],
            confidence=_band(at, ratio, weighed[number], len(corpus.paths)),
            why=_why(weighed[number], task),
            score=total[number],
            terms=weighed[number],
        )
        for at, number in enumerate(order)
    ]
    return tuple(files), ratio


def _band(at: int, ratio: float, terms: Mapping[str, float], files: int) -> Band:
    """Return how sure the file at place *at* is. Of few files, or by one or two signs, one stands out by chance."""
    if at == 0:
        if "path" not in terms and (files < FEWEST_FILES or len(terms) < FEWEST_SIGNS):
            return "guess"
        return "sure" if ratio < SURE_BELOW else "likely" if ratio < LIKELY_BELOW else "guess"
    return "likely" if "path" in terms else "guess"


def _why(terms: Mapping[str, float], task: TaskTerms) -> tuple[str, ...]:
    least = _SHOWN_WHY * sum(terms.values())
    best = sorted((name for name, given in terms.items() if given >= least), key=lambda name: -terms[name])
    return tuple(_WHY[name].replace("defines {names}", "defines what it names") for name in best)


def _factors(task: TaskTerms) -> Mapping[Sort, float]:
    asked = {"test": task.of_tests, "document": task.of_documents, "setting": task.of_settings}
    return {sort: 1.0 if asked.get(sort) else factor for sort, factor in _FACTORS.items()}


def _by_name(paths: Sequence[str]) -> Mapping[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, path in enumerate(paths):
        found.setdefault(path[path.rfind("/") + 1 :], []).append(number)
    return found


def _named(written: Iterable[str], paths: Sequence[str], ending: Mapping[str, list[int]]) -> Scores:
    """Score the files whose path ends as a path was *written*: among n of them each has 1/n.

    A name without a folder may be another file of the same name: it counts half.
    """
    found: Scores = {}
    for word in written:
        same = [
            number for number in ending.get(word[word.rfind("/") + 1 :], ())
            if paths[number] == word or paths[number].endswith(f"/{word}") or word.endswith(f"/{paths[number]}")
        ]  # fmt: skip
        for number in same:
            whole = "/" in word or word == paths[number]
            found[number] = max(found.get(number, 0.0), (1.0 if whole else BARE) / len(same))
    return found


def _framed(frames: Sequence[str], paths: Sequence[str], ending: Mapping[str, list[int]]) -> Scores:
    """Score the files of a traceback's *frames*: the last, where it broke, counts most."""
    found: Scores = {}
    for place, frame in enumerate(frames, 1):
        best, number = max(
            ((_shared(frame, paths[number]), number) for number in ending.get(frame[frame.rfind("/") + 1 :], ())),
            default=(0, -1),
        )
        if best >= min(2, paths[number].count("/") + 1):
            found[number] = max(found.get(number, 0.0), 0.4 + 0.6 * place / len(frames))
    return found


def _shared(one: str, other: str) -> int:
    count = 0
    for mine, theirs in zip(reversed(one.split("/")), reversed(other.split("/")), strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def _dotted(dotted: Sequence[str], paths: Sequence[str], ending: Mapping[str, list[int]]) -> Scores:
    """Score the modules that the *dotted* names start with: `a.b.C` is found in `src/a/b.py` and `src/a/b/`."""
    found: Scores = {}
    if not dotted:
        return found
    packages: dict[str, list[int]] = {}
    for number in (*ending.get("__init__.py", ()), *ending.get("index.ts", ()), *ending.get("mod.rs", ())):
        folder = paths[number].rpartition("/")[0]
        packages.setdefault(folder[folder.rfind("/") + 1 :], []).append(number)
    for word in dotted:
        names = word.split(".")
        for length in range(len(names), 1, -1):
            tail = "/".join(names[:length])
            last = names[length - 1]
            files = (number for one in _MODULES for number in ending.get(f"{last}.{one}", ()))
            hits = [number for number in files if _module(paths[number]).endswith(f"/{tail}")]
            hits += [n for n in packages.get(last, ()) if _folder(paths[n]).endswith(f"/{tail}")]
            if hits:
                for number in hits:
                    found[number] = max(found.get(number, 0.0), 1.0 / len(hits))
                break
    return found


def _module(path: str) -> str:
    folder, _, name = path.rpartition("/")
    return f"/{folder}/{name.partition('.')[0]}".replace("//", "/")


def _folder(path: str) -> str:
    return "/" + path.rpartition("/")[0]


def _defining(task: TaskTerms, corpus: Corpus) -> Scores:
    """Score the files that define what the task names: a name that many define counts little."""
    found: Scores = defaultdict(float)
    for name, weight in task.identifiers.items():
        if weight < 1:  # a word of prose: many a program defines it
            continue
        files = corpus.posting(number_of("definition", name))
        if files:
            rare = weight * math.log(1 + len(corpus.paths) / len(files)) / math.sqrt(len(files))
            for number, _ in files:
                found[number] += rare
    return dict(found)


def _bm25(kind: TermKind, words: Mapping[str, float], corpus: Corpus) -> Scores:
    lengths = corpus.lengths[kind]
    count = len(corpus.paths)
    mean = max(1.0, sum(lengths) / max(1, count))
    norms = [K1 * (1 - B + B * length / mean) for length in lengths]
    found: Scores = defaultdict(float)
    for word, weight in words.items():
        files = corpus.posting(number_of(kind, word))
        if not files:
            continue
        rare = weight * math.log(1 + (count - len(files) + 0.5) / (len(files) + 0.5)) * (K1 + 1)
        for number, times in files:
            found[number] += rare * times / (times + norms[number])
    return dict(found)


def _placed(task: TaskTerms, corpus: Corpus) -> Scores:
    """Score the files whose path has the task's words: rare ones more, those of the file's name twice."""
    whole = "\n".join(corpus.paths).lower()  # one search in all paths, not one for each
    starts = list(accumulate((len(path) + 1 for path in corpus.paths), initial=0))
    places: dict[str, dict[int, float]] = {}
    for part in task.parts:
        look, at = part.rstrip("y"), -1
        while (at := whole.find(look, at + 1)) >= 0:
            number = bisect_right(starts, at) - 1
            folder, _, name = corpus.paths[number].rpartition("/")
            if part in parts_of(name.partition(".")[0]):
                places.setdefault(part, {})[number] = 2.0
            elif part in parts_of(folder.replace("/", "_")):
                places.setdefault(part, {})[number] = 1.0
            at = starts[number + 1] - 1
    found: Scores = defaultdict(float)
    for part, files in places.items():
        if part in STOP_WORDS:
            continue
        rare = task.parts[part] * math.log(1 + len(corpus.paths) / len(files))
        for number, times in files.items():
            found[number] += rare * times
    return dict(found)
