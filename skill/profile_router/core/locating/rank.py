"""Rank the files of a repository by how much a task's text points at each: eight signs, weighed and added. Pure.

Each sign is divided by its largest value for this task, then weighed. The weights were set by hand before anything was
measured; learned ones did no better on 466 issues of twelve repositories, so they stand in the policy.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from profile_router.core.locating.located import Band, LocatedFile
from profile_router.core.locating.path_terms import asked_of_paths, module_path, name_in
from profile_router.core.locating.rankable import SORTS, Sort
from profile_router.core.locating.task_terms import TaskTerms
from profile_router.core.locating.terms import TermKind, number_of
from profile_router.values import frozen

K1, B = 1.2, 0.75  # BM25's usual ones
SURE_BELOW, LIKELY_BELOW = 0.6, 0.74  # second score over first; docs/evidence.md has how often each is right
_FACTORS: Mapping[Sort, float] = {"code": 1.0, "test": 0.45, "document": 0.35, "setting": 0.35}
_WHY = {
    "path": "named", "frame": "in the traceback", "dotted": "named as a module", "definition": "defines what it names",
    "identifier": "has its identifiers", "part": "has its words", "place": "its path has the words",
    "history": "changed by commits like it",
}  # fmt: skip
FEWEST_FILES, FEWEST_SIGNS = 8, 3
MOST_TERM_HITS = 60_000  # of words in files. So many take 15 ms; in a tree of 4,000 files a task rarely has more
MOST_TIMES = 63  # that a term counts in a file
BARE_NAME_WEIGHT = 0.5  # of a path that was written without a folder
_SHOWN_WHY = 0.15  # of a file's score: a sign that gave less is not told
Scores = dict[int, float]
Posting = tuple[Sequence[int], Sequence[int]]  # files, and how often the term stands in each of them
NOWHERE: Posting = ((), ())


@frozen
class Corpus:
    """The files that rank, as a task meets them. All sequences go by the number of a file.

    `count` of them rank. `sorts` are places in SORTS. `posting` gives the files whose content has a term, `placed`
    those whose path has it. `commonness` is a lower bound of how many files have a term; of one that too many have,
    `posting` gives none. `lengths` are how many identifiers and parts a file has. `same` pairs a file with the first
    that has the same content. `posting` gives only that first one. `numbers` are those of paths.
    """

    paths: Sequence[str]
    count: int
    sorts: bytes
    lengths: Mapping[TermKind, Sequence[int]]
    posting: Callable[[int], Posting]
    placed: Callable[[int], Posting]
    commonness: Callable[[int], int]
    same: Sequence[tuple[int, int]]
    numbers: Mapping[str, int]


def terms_looked_up(task: TaskTerms) -> list[int]:
    """Return the numbers of all terms that `signs_of` looks up for *task*."""
    names = [number_of("definition", name) for name, weight in task.identifiers.items() if weight >= 1]
    names += [number_of("identifier", name) for name in task.identifiers]
    return [*names, *(number_of("part", part) for part in task.parts), *asked_of_paths(task)]


def signs_of(task: TaskTerms, corpus: Corpus, like: Mapping[str, float]) -> dict[str, Scores]:
    """Return what each sign gives each file. *like* are the paths that past commits like it changed, weighed."""
    numbers = corpus.numbers
    return {
        "path": _named(task.paths, corpus),
        "frame": _framed(task.frames, corpus),
        "dotted": _dotted(task.dotted, corpus),
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
    weighed = {
        name: (weights[name] / top, scores)
        for name, scores in signs_of(task, corpus, like).items()
        if (top := max(scores.values(), default=0.0)) > 0 and weights[name] > 0
    }
    total = _summed(weighed, _factors(task), corpus.sorts)
    least = heapq.nlargest(max(2, most), total.values())[-1:]  # most files score less: they are not put in order
    best = sorted((-score, number) for number, score in total.items() if score >= least[0])
    order = [number for _, number in best[: max(2, most)]]
    ratio = total[order[1]] / total[order[0]] if len(order) > 1 and total[order[0]] > 0 else (0.0 if order else 1.0)
    files = []
    for at, number in enumerate(order[:most]):
        terms = {name: share * scores[number] for name, (share, scores) in weighed.items() if number in scores}
        files.append(
            LocatedFile(
                path=corpus.paths[number],
                confidence=_band(at, ratio, terms, corpus.count),
                why=_why(terms, task),
                score=total[number],
                terms=terms,
            )
        )
    return tuple(files), ratio


def _summed(weighed: Mapping[str, tuple[float, Scores]], factors: Sequence[float], sorts: bytes) -> Scores:
    """Return each file's sum of the *weighed* signs, times the factor of its sort: 1 where the text names it."""
    found = [0.0] * len(sorts)  # a list is faster than a dictionary where a task meets most of the files
    for share, scores in weighed.values():
        for number, score in scores.items():
            found[number] += share * score
    named = weighed["path"][1] if "path" in weighed else {}
    total = {number: score * factors[sorts[number]] for number, score in enumerate(found) if score}
    return total | {number: found[number] for number in named}


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
    return tuple(_WHY[name] for name in best)


def _factors(task: TaskTerms) -> Sequence[float]:
    asked = {"test": task.of_tests, "document": task.of_documents, "setting": task.of_settings}
    return [1.0 if asked.get(sort) else _FACTORS[sort] for sort in SORTS]


def _called(written: str, corpus: Corpus) -> list[int]:
    """Return the files whose name is the last part of the path *written*."""
    return list(corpus.placed(number_of("name", name_in(written)))[0])


def _named(written: Iterable[str], corpus: Corpus) -> Scores:
    """Score the files whose path ends as a path was *written*: among n of them each has 1/n.

    A name without a folder may be another file of the same name: it counts half.
    """
    found: Scores = {}
    paths = corpus.paths
    for word in written:
        same = [
            number for number in _called(word, corpus)
            if paths[number] == word or paths[number].endswith(f"/{word}") or word.endswith(f"/{paths[number]}")
        ]  # fmt: skip
        for number in same:
            whole = "/" in word or word == paths[number]
            found[number] = max(found.get(number, 0.0), (1.0 if whole else BARE_NAME_WEIGHT) / len(same))
    return found


def _framed(frames: Sequence[str], corpus: Corpus) -> Scores:
    """Score the files of a traceback's *frames*: the last, where it broke, counts most."""
    found: Scores = {}
    paths = corpus.paths
    for place, frame in enumerate(frames, 1):
        best, number = max(
            ((_shared(frame, paths[number]), number) for number in _called(frame, corpus)), default=(0, -1)
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


def _dotted(dotted: Sequence[str], corpus: Corpus) -> Scores:
    """Score the modules that the *dotted* names start with: `a.b.C` is found in `src/a/b.py` and `src/a/b/`."""
    found: Scores = {}
    for word in dotted:
        names = word.split(".")
        for length in range(len(names), 1, -1):
            tail = f"/{'/'.join(names[:length])}"
            files, _ = corpus.placed(number_of("module", names[length - 1]))
            if hits := [number for number in files if module_path(corpus.paths[number]).endswith(tail)]:
                for number in hits:
                    found[number] = max(found.get(number, 0.0), 1.0 / len(hits))
                break
    return found


def _defining(task: TaskTerms, corpus: Corpus) -> Scores:
    """Score the files that define what the task names: a name that many define counts little."""
    found: Scores = defaultdict(float)
    for name, weight in task.identifiers.items():
        if weight < 1:  # a word of prose: many a program defines it
            continue
        files, _ = corpus.posting(number_of("definition", name))
        if files:
            rare = weight * math.log(1 + corpus.count / len(files)) / math.sqrt(len(files))
            for number in files:
                found[number] += rare
    return _with_same(found, corpus)


def _with_same(found: Scores, corpus: Corpus) -> Scores:
    """Give what was *found* for contents to every file that has one, and return it."""
    found.update({number: found[first] for number, first in corpus.same if first in found})
    return found


def _bm25(kind: TermKind, words: Mapping[str, float], corpus: Corpus) -> Scores:
    """Score by the *words* that stand in few files first, until they stood in MOST_TERM_HITS: common ones tell least.

    Files and sums do not depend on what else the index holds: see `_rarest_first`.
    """
    lengths, count = corpus.lengths[kind], corpus.count
    mean = max(1.0, sum(lengths) / max(1, count))
    least, each = K1 * (1 - B), K1 * B / mean
    longer = list(map(each.__mul__, lengths))
    found, spent = [0.0] * len(lengths), 0
    lesser = [times + least for times in range(MOST_TIMES + 1)]  # to look up a product is faster than to make it
    for (files, often), weight in _rarest_first(_numbered(kind, words), corpus):
        spent += len(files)
        if spent > MOST_TERM_HITS:
            break
        rare = weight * math.log(1 + (count - len(files) + 0.5) / (len(files) + 0.5)) * (K1 + 1)
        worth = [rare * times for times in range(MOST_TIMES + 1)]
        for number, times in zip(files, often, strict=True):
            found[number] += worth[times] / (lesser[times] + longer[number])
    return _with_same({number: score for number, score in enumerate(found) if score}, corpus)


def _rarest_first(terms: Iterable[tuple[int, float]], corpus: Corpus) -> Iterator[tuple[Posting, float]]:
    """Yield the postings of *terms* with their weights: of few files first, of equally many by the term's number.

    `commonness` is cheap and no more than a lower bound, so it tells which posting to look at next.
    """
    waiting: list[tuple[int, bool, int, float, Posting]] = [
        (corpus.commonness(term), False, term, weight, NOWHERE) for term, weight in terms
    ]
    heapq.heapify(waiting)
    while waiting:
        _, is_known, term, weight, posting = heapq.heappop(waiting)
        if is_known:
            yield posting, weight
        else:
            posting = corpus.posting(term)
            heapq.heappush(waiting, (len(posting[0]), True, term, weight, posting))


def _numbered(kind: TermKind, words: Mapping[str, float]) -> Iterable[tuple[int, float]]:
    return ((number_of(kind, word), weight) for word, weight in words.items())


def _placed(task: TaskTerms, corpus: Corpus) -> Scores:
    """Score the files whose path has the task's words: rare ones more, those of the file's name twice."""
    found: Scores = {}
    for part, weight in task.parts.items():
        files, often = corpus.placed(number_of("place", part))
        if files:
            rare = weight * math.log(1 + corpus.count / len(files))
            for number, times in zip(files, often, strict=True):
                found[number] = found.get(number, 0.0) + rare * times
    return found
