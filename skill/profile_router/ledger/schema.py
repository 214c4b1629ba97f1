"""The tables of the ledger, and how a file of an older version becomes one of this. `PRAGMA user_version` tells which.

Figures, moments, and names that are settings stand in clear. Such names are those of profiles, models, providers,
rules, threads, and the folder of the workspace. What is said in words (errors, reasons, names of files, commands)
stands in the columns `words`, which `ledger.words` encrypts.
"""

from __future__ import annotations

import fcntl
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from profile_router.state.database import BUSY_S, refuse_newer
from profile_router.state.folder import private_folder

LEDGER_FILE = "ledger.sqlite"
_LOCK = "ledger.lock"

# Version 0 is what was there before versions: reservations of money, and the names of their attempts. It may be empty,
# as a new file is. An index holds nothing of its own, so each is made anew.
_FIRST = """
CREATE TABLE IF NOT EXISTS spending (id INTEGER PRIMARY KEY, day TEXT NOT NULL, thread TEXT NOT NULL,
  profile TEXT NOT NULL, step TEXT NOT NULL, reserved REAL NOT NULL, spent REAL);
CREATE INDEX IF NOT EXISTS by_day ON spending (day);
CREATE TABLE IF NOT EXISTS attempts (name TEXT PRIMARY KEY, spending INTEGER NOT NULL);
ALTER TABLE attempts RENAME TO reservations;
CREATE TABLE runs (id TEXT PRIMARY KEY, kind TEXT NOT NULL, started REAL NOT NULL, ended REAL, day TEXT NOT NULL,
  verdict TEXT NOT NULL, cause TEXT NOT NULL DEFAULT '', profile TEXT NOT NULL DEFAULT '',
  tier TEXT NOT NULL DEFAULT '', rule TEXT NOT NULL DEFAULT '', thread TEXT NOT NULL DEFAULT '',
  workspace TEXT NOT NULL DEFAULT '', attempts INTEGER NOT NULL DEFAULT 0, tokens_in INTEGER NOT NULL DEFAULT 0,
  tokens_out INTEGER NOT NULL DEFAULT 0, cost_usd REAL NOT NULL DEFAULT 0);
DROP INDEX IF EXISTS runs_by_start;
CREATE INDEX runs_by_start ON runs (kind, started);
DROP INDEX IF EXISTS runs_by_moment;
CREATE INDEX runs_by_moment ON runs (started);
DROP INDEX IF EXISTS runs_by_thread;
CREATE INDEX runs_by_thread ON runs (thread, kind, cost_usd);
DROP INDEX IF EXISTS runs_in_groups;
CREATE INDEX runs_in_groups ON runs (kind, day, verdict, profile, tier, workspace, tokens_in, tokens_out, cost_usd,
  started);
CREATE TABLE details (run TEXT PRIMARY KEY, policy TEXT NOT NULL, program TEXT NOT NULL, task TEXT NOT NULL,
  evidence TEXT NOT NULL, estimate TEXT NOT NULL);
CREATE TABLE attempts (run TEXT NOT NULL, number INTEGER NOT NULL, started REAL NOT NULL, ended REAL,
  profile TEXT NOT NULL, model_asked TEXT NOT NULL, model_served TEXT, provider TEXT NOT NULL,
  host TEXT NOT NULL DEFAULT '', runner TEXT NOT NULL,
  step TEXT NOT NULL, tokens_in INTEGER NOT NULL DEFAULT 0, tokens_out INTEGER NOT NULL DEFAULT 0,
  tokens_source TEXT NOT NULL DEFAULT '', cost_usd REAL NOT NULL DEFAULT 0, cost_source TEXT NOT NULL DEFAULT '',
  ttft_s REAL, seconds REAL NOT NULL DEFAULT 0, turns INTEGER NOT NULL DEFAULT 0, outcome TEXT NOT NULL DEFAULT '',
  verdict TEXT NOT NULL, words BLOB, PRIMARY KEY (run, number)) WITHOUT ROWID;
CREATE TABLE steps (run TEXT NOT NULL, number INTEGER NOT NULL, after INTEGER NOT NULL, at REAL NOT NULL,
  step TEXT NOT NULL, cause TEXT NOT NULL, profile TEXT NOT NULL, action TEXT NOT NULL, wait_s REAL NOT NULL,
  words BLOB, PRIMARY KEY (run, number)) WITHOUT ROWID;
CREATE TABLE verifications (run TEXT NOT NULL, after INTEGER NOT NULL, at REAL NOT NULL,
  files_changed INTEGER NOT NULL, lines_added INTEGER NOT NULL, lines_removed INTEGER NOT NULL,
  unverified INTEGER NOT NULL, absent INTEGER NOT NULL, passed INTEGER, exit_code INTEGER, seconds REAL, words BLOB,
  PRIMARY KEY (run, after)) WITHOUT ROWID
"""
_CACHED = "ALTER TABLE attempts ADD COLUMN tokens_cached INTEGER NOT NULL DEFAULT 0"
# The check is run before any work, too: the stage is part of what tells two rows apart.
_STAGE = """
ALTER TABLE verifications RENAME TO verifications_after;
CREATE TABLE verifications (run TEXT NOT NULL, after INTEGER NOT NULL, stage TEXT NOT NULL, at REAL NOT NULL,
  files_changed INTEGER NOT NULL, lines_added INTEGER NOT NULL, lines_removed INTEGER NOT NULL,
  unverified INTEGER NOT NULL, absent INTEGER NOT NULL, passed INTEGER, exit_code INTEGER, seconds REAL, words BLOB,
  PRIMARY KEY (run, stage, after)) WITHOUT ROWID;
INSERT INTO verifications (run, after, stage, at, files_changed, lines_added, lines_removed, unverified, absent, passed,
  exit_code, seconds, words) SELECT run, after, 'after', at, files_changed, lines_added, lines_removed, unverified,
  absent, passed, exit_code, seconds, words FROM verifications_after;
DROP TABLE verifications_after
"""
_SIZED = """
ALTER TABLE attempts ADD COLUMN tier TEXT NOT NULL DEFAULT '';
ALTER TABLE attempts ADD COLUMN size TEXT NOT NULL DEFAULT '';
DROP INDEX IF EXISTS attempts_by_size;
CREATE INDEX attempts_by_size ON attempts (size, started, verdict, runner, tier, turns, tokens_in, tokens_out,
  tokens_cached, seconds);
ALTER TABLE runs ADD COLUMN cost_source TEXT NOT NULL DEFAULT '';
DROP INDEX IF EXISTS runs_by_thread;
CREATE INDEX runs_by_thread ON runs (thread, kind, cost_usd, cost_source);
DROP INDEX IF EXISTS runs_in_groups;
CREATE INDEX runs_in_groups ON runs (kind, day, verdict, profile, tier, workspace, tokens_in, tokens_out, cost_usd,
  started, cost_source)
"""
# `ok` said that a run ended well, not whether anything confirmed it: the last look at its work does.
_VERDICTS = """
UPDATE runs SET verdict = CASE WHEN coalesce((SELECT passed = 1 AND unverified = 0 FROM verifications
  WHERE run = id AND stage = 'after' ORDER BY after DESC LIMIT 1), 0) THEN 'verified' ELSE 'unverified' END
  WHERE verdict = 'ok';
UPDATE runs SET verdict = 'no-change' WHERE verdict = 'failed' AND cause = 'no-change'
"""
_SAVED = """
ALTER TABLE runs ADD COLUMN saved_usd REAL;
ALTER TABLE runs ADD COLUMN if_burst_usd REAL;
ALTER TABLE runs ADD COLUMN saved_by TEXT NOT NULL DEFAULT '';
DROP INDEX IF EXISTS runs_in_groups;
CREATE INDEX runs_in_groups ON runs (kind, day, verdict, profile, tier, workspace, tokens_in, tokens_out, cost_usd,
  started, cost_source, saved_usd)
"""
_UNDOING = "CREATE TABLE undoing (run TEXT PRIMARY KEY, words BLOB NOT NULL)"
_REFUSED = "ALTER TABLE details ADD COLUMN words BLOB"  # `Result.refused`
# One index gives each grouping its order. With one for all, SQLite sorted all runs for each grouping but that by day.
_GROUPED = """
DROP INDEX IF EXISTS runs_in_groups;
DROP INDEX IF EXISTS runs_by_day;
CREATE INDEX runs_by_day ON runs (kind, day, verdict, tokens_in, tokens_out, cost_usd, started, cost_source,
  saved_usd);
DROP INDEX IF EXISTS runs_by_profile;
CREATE INDEX runs_by_profile ON runs (kind, profile, verdict, tokens_in, tokens_out, cost_usd, started, cost_source,
  saved_usd);
DROP INDEX IF EXISTS runs_by_tier;
CREATE INDEX runs_by_tier ON runs (kind, tier, verdict, tokens_in, tokens_out, cost_usd, started, cost_source,
  saved_usd);
DROP INDEX IF EXISTS runs_by_verdict;
CREATE INDEX runs_by_verdict ON runs (kind, verdict, tokens_in, tokens_out, cost_usd, started, cost_source,
  saved_usd);
DROP INDEX IF EXISTS runs_by_workspace;
CREATE INDEX runs_by_workspace ON runs (kind, workspace, verdict, tokens_in, tokens_out, cost_usd, started, cost_source,
  saved_usd)
"""
_PAUSED = "ALTER TABLE runs ADD COLUMN paused_s REAL NOT NULL DEFAULT 0"  # seconds between interruptions and `resume`
MIGRATIONS = (_FIRST, _CACHED, _STAGE, _SIZED, _VERDICTS, _SAVED, _UNDOING, _REFUSED, _GROUPED, _PAUSED)
LEDGER_VERSION = len(MIGRATIONS)
TABLES = ("runs", "details", "attempts", "steps", "verifications", "spending", "reservations")
PARTS = ("details", "attempts", "steps", "verifications", "undoing")  # the tables whose rows go with their run


def make_ready(connection: sqlite3.Connection) -> None:
    """Bring the ledger behind *connection* up to this version, and let readers and writers go on at the same time.

    Raises StateError for the file of a newer version.
    """
    connection.execute(f"PRAGMA busy_timeout = {BUSY_S * 1000:.0f}")
    connection.execute("PRAGMA secure_delete = ON")
    if _version(connection) != LEDGER_VERSION:
        _migrate(connection)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _migrate(connection: sqlite3.Connection) -> None:
    place = Path(connection.execute("PRAGMA database_list").fetchone()[2])
    with (private_folder(place.parent) / _LOCK).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # SQLite lets nobody wait for a change of the journal
        refuse_newer(connection, _version(connection), LEDGER_VERSION)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        for number in range(_version(connection), LEDGER_VERSION):
            for statement in MIGRATIONS[number].split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {LEDGER_VERSION}")
        connection.execute("COMMIT")


def day_of(at: float) -> str:
    """Return the day (UTC, `YYYY-MM-DD`) of the moment *at*, in seconds since 1970."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


def moments(started: float, ended: float | None) -> dict[str, str | None]:
    """Return two moments, in seconds since 1970, as JSON has them: UTC, to the millisecond."""
    return {"started": moment(started), "ended": None if ended is None else moment(ended)}


def moment(at: float) -> str:
    """Return the moment *at*, in seconds since 1970, as `2026-11-03T14:05:09.250Z`."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
