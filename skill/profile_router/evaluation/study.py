"""A whole evaluation: read the rows, ask every method, and make the report."""

from __future__ import annotations

import hashlib
import os
import platform
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import field, replace
from functools import cache
from pathlib import Path

import profile_router
from profile_router import __version__
from profile_router.digests import content_digest, policy_digest
from profile_router.errors import UsageError
from profile_router.evaluation.answers import Methods, RowAnswers, Scorer, ask_all
from profile_router.evaluation.clones import Clones
from profile_router.evaluation.kept import KeptAnswers
from profile_router.evaluation.located import located
from profile_router.evaluation.locators import FilesNamedInText, Locator, OurIndex
from profile_router.evaluation.peers.asked import Peer
from profile_router.evaluation.peers.catalogue import PeerPackage
from profile_router.evaluation.peers.environment import NoPeer, python_of
from profile_router.evaluation.predicted import ROUTE, limits, predicted
from profile_router.evaluation.rows import KnownRow, Outcome, digest_of, read_outcomes, read_rows
from profile_router.evaluation.worth import market_of, worth
from profile_router.folders import our_folder
from profile_router.pages.report import Report, Section
from profile_router.policies.file import SHIPPED, find_policy, read_policy
from profile_router.values import frozen

_TITLE = "How hermes-profile-router measures up"
_OURS = ("size", "centrality")  # of what our ranking tells, these speak of the task's size and worth
TellProgress = Callable[[str], None]


@frozen
class Study:
    """What is asked for. `most`: rows of each set, 0 for all; `errors`: false accepts and rejects of a check.

    `peer_rows` says how many rows of each set a peer that ranks files is asked about, by its name.
    """

    data: Sequence[Path]
    repos: Path | None = None
    policy: str | None = None
    against: Sequence[PeerPackage] = ()
    peer_rows: Mapping[str, int] = field(default_factory=dict)
    outcomes: Path | None = None
    local_model: str | None = None
    burst_model: str | None = None
    free_local: bool = False
    errors: Sequence[tuple[float, float]] = ()
    most: int = 0
    fresh: bool = False


@frozen
class AskedStudy:
    """What came of asking every method. `locators` are the names of those that rank files, *ours* first."""

    answers: Sequence[RowAnswers]
    locators: Sequence[str]
    about: Mapping[str, str]
    run: Mapping[str, str]
    notes: Sequence[str]

    @property
    def ours(self) -> str:
        """Return the name of our own ranking."""
        return self.locators[0]

    def report(self, sections: Sequence[Section]) -> Report:
        """Return the report with these *sections*."""
        return Report(title=_TITLE, about=self.about, run=self.run, notes=self.notes, sections=sections)


def run_study(study: Study, environ: Mapping[str, str], told: TellProgress) -> Report:
    """Return the report of *study*; *told* hears of progress. Raises RouterError for what is wrong with its input."""
    outcomes = read_outcomes(study.outcomes) if study.outcomes else {}
    asked = ask_study(study, environ, told)
    return asked.report(list(_sections(asked, study, outcomes)))


def ask_study(study: Study, environ: Mapping[str, str], told: TellProgress, *, routes: bool = True) -> AskedStudy:
    """Return what every method says of the rows of *study*; our route only with *routes*. Raises RouterError."""
    began = time.monotonic()
    rows = sample(read_rows(study.data), study.most)
    policy = find_policy(study.policy, environ)
    source = read_policy(policy).source
    store = KeptAnswers(our_folder("CACHE", environ) / "evaluate", fresh=study.fresh)
    notes = list(_first_notes(rows, study))
    with _methods(study, policy, environ, notes) as found:
        methods = replace(found, route_key=found.route_key if routes else "", sampled=_sampled(rows, study))
        if methods.clones:
            notes += _absent(rows, methods.clones)
        answers = ask_all(rows, methods, store, told)
    return AskedStudy(
        answers=answers,
        locators=[locator.name for locator in methods.locators],
        about={
            "rows": f"{len(rows):,} ({_splits(rows)}), data {digest_of(rows)[:12]}",
            "policy": f"{_named(policy, source)}, {policy_digest(policy.read_bytes())}",
            "program": f"hermes-profile-router {__version__}, sources {_sources()[:12]}",
            "intervals": "95 %, bootstrap over rows, seeded",
        },
        run={
            "machine": _machine(),
            "date": time.strftime("%Y-%m-%d", time.gmtime()),
            "took": f"{time.monotonic() - began:,.0f} s; {_share(store, [*store.asked])} answers were kept before",
            "kept": ", ".join(f"{name} {_share(store, [key])}" for name, key in methods.keys),
        },
        notes=(*notes, *_problems(answers)),
    )


def sample(rows: Sequence[KnownRow], most: int) -> Sequence[KnownRow]:
    """Return at most *most* rows of each set (0: all), chosen by the digest of the row: always the same."""
    if not most:
        return rows
    chosen: Counter[str] = Counter()
    found = []
    for row in sorted(rows, key=lambda one: one.digest):
        chosen[row.set] += 1
        if chosen[row.set] <= most:
            found.append(row)
    return found


@contextmanager
def _methods(study: Study, policy: Path, environ: Mapping[str, str], notes: list[str]) -> Iterator[Methods]:
    """Yield who is asked; peers that cannot be had are noted and left out."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="profile-router-evaluate-")))
        peers = list(_peers(study, scratch, environ, notes, stack))
        key = f"{_sources()} {content_digest(policy.read_bytes())}"
        index = OurIndex(
            key=f"ours {key}",
            rules=read_policy(policy).repository,
            cache=our_folder("CACHE", environ) / "evaluate" / "repositories",
        )
        locators: list[Locator] = [index, FilesNamedInText(key=f"named files {key}")]
        scorers: list[Scorer] = [peer for peer, package in peers if package.does == "scores"]
        locators += [peer for peer, package in peers if package.does == "ranks"]
        yield Methods(
            policy=policy.absolute(),
            route_key=key,
            scratch=scratch,
            index=index,
            clones=Clones(study.repos, scratch) if study.repos else None,
            locators=locators,
            scorers=scorers,
        )


def _peers(
    study: Study, scratch: Path, environ: Mapping[str, str], notes: list[str], stack: ExitStack
) -> Iterator[tuple[Peer, PeerPackage]]:
    for package in study.against:
        try:
            python = python_of(package, our_folder("CACHE", environ) / "evaluate", environ)
            peer = Peer(package, python, scratch)
        except NoPeer as why:
            notes.append(f"{why}; the run goes on without it")
            continue
        stack.callback(peer.close)
        yield peer, package


def _sections(asked: AskedStudy, study: Study, outcomes: Mapping[str, Mapping[str, Outcome]]) -> Iterator[Section]:
    answers = asked.answers
    found = [
        located(answers, asked.ours, asked.locators),
        predicted(answers, [ROUTE, *(f"{asked.ours} {name}" for name in _OURS)]),
        limits(answers),
    ]
    known = outcomes or {answer.row.id: answer.row.models for answer in answers if answer.row.models}
    if known:
        market = market_of(known, study.local_model, study.burst_model, study.errors, free_local=study.free_local)
        found.append(worth(answers, known, market))
    yield from (section for section in found if section is not None)


def _sampled(rows: Sequence[KnownRow], study: Study) -> Mapping[str, frozenset[str]]:
    return {name: frozenset(row.digest for row in sample(rows, most)) for name, most in study.peer_rows.items()}


def _share(store: KeptAnswers, who: Sequence[str]) -> str:
    """Return how many of the answers that were looked up for *who* were kept before."""
    return f"{sum(store.found[one] for one in who):,} of {sum(store.asked[one] for one in who):,}"


def _first_notes(rows: Sequence[KnownRow], study: Study) -> Iterator[str]:
    if study.repos is None:
        yield "no --repos: localisation is not measured, and our route sees no repository"
    elif not study.repos.is_dir():
        raise UsageError(f"--repos {study.repos} is not a folder; give the folder that holds clones as OWNER/NAME")
    for name, most in study.peer_rows.items():
        yield f"{name} is asked for at most {most:,} rows of each file, and compared with the others on those alone"
    if {row.split for row in rows} != {"dev"}:
        yield "rows that are not of the dev split are among these: tune nothing on them"


def _absent(rows: Sequence[KnownRow], clones: Clones) -> Iterator[str]:
    wanted = Counter(row.repo for row in rows if row.repo)
    gone = {repo: count for repo, count in wanted.items() if not clones.has(repo)}
    if gone:
        told = ", ".join(f"{repo} ({count} rows)" for repo, count in sorted(gone.items()))
        yield f"no clone below --repos, so left out of localisation: {told}"


def _problems(answers: Sequence[RowAnswers]) -> Iterator[str]:
    said = Counter(answer.route.problem for answer in answers if answer.route.problem)
    for problem, count in said.most_common(3):
        yield f"our route could not say for {count} rows: {problem}"


def _splits(rows: Sequence[KnownRow]) -> str:
    return ", ".join(f"{count} {split}" for split, count in sorted(Counter(row.split for row in rows).items()))


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _named(policy: Path, source: str) -> str:
    """Return what the *policy* is called, which its caller named by *source*: a copy of the shipped one is that."""
    return "the shipped one" if policy.read_bytes() == SHIPPED.read_bytes() else source


@cache
def _sources() -> str:
    """Return what names this program: the digest of its sources, so that a change of it asks every row anew."""
    home = Path(profile_router.__file__).parent
    found = hashlib.sha256()
    for path in sorted(home.rglob("*.py")):
        if "cli" not in path.relative_to(home).parts[:1]:
            found.update(path.read_bytes())
    return found.hexdigest()
