"""Keep the policy that a file was read as. The next call then reads no YAML, and tries no expression again.

Each policy has one JSON file in a folder of the user's cache (`state.kept_files`). A file of another version does not
count: the policy file is read. What is kept is trusted, as the policy is.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from profile_router import __version__
from profile_router.core import policy
from profile_router.core.language.anchored import Anchored
from profile_router.core.language.kinds import KindPatterns
from profile_router.core.language.phrases import Phrases
from profile_router.core.policy import Policy, early_promotion, failing, private, rules, spending
from profile_router.digests import blake2b, sha256
from profile_router.state.kept_files import keep_file, kept_file

NOT_IN_THE_FILE = ("digest", "source", "local_only_by", "workspace_private")  # fields of Policy that no file sets
# Whose classes a policy is made of. Where one is missing, no policy is kept: the test of the second call fails.
_POLICY_MODULES = (policy, early_promotion, failing, private, rules, spending)
_CLASSES: Mapping[str, Any] = {
    made.__name__: made for module in _POLICY_MODULES for made in vars(module).values() if isinstance(made, type)
} | {made.__name__: made for made in (Anchored, KindPatterns, Phrases)}
_OURS, _TOP = "profile_router.", Path(__file__).parents[1]
_READ_BY = (  # modules that refuse, compile or make a value; a test names what is missing here
    "policies/file.py", "policies/grammar.py", "policies/parsed.py",
    "outside/strict_yaml.py", "outside/yaml_guard.py", "outside/places.py",
    "core/text.py", "core/language/clauses.py", "core/language/plain_text.py", "core/language/starts.py",
    "core/privacy/confidential.py", "core/privacy/known_forms.py", "core/privacy/personal_data.py",
    "core/privacy/readings.py", "core/privacy/secret_kind.py", "core/privacy/stated_forms.py",
    "digests.py", "errors.py", "expressions.py", "values.py",
)  # fmt: skip
_CLASS = "class"  # the key under which an object names its class; no field is called so
_EXPRESSION = "\0"  # with which a list begins that is one of some 400 expressions; no text of a policy is that


def name_of(raw: bytes, shipped: bytes) -> str:
    """Return what the policy file *raw* is kept as by this version of the program, whose own policy is *shipped*."""
    parts = (__version__.encode(), _changed(), blake2b(shipped).digest(), blake2b(raw).digest())
    return sha256(b"\0".join(parts)).hexdigest()


def _changed() -> bytes:
    """Return when the modules last changed that say what a policy holds. In a clone they change within a version."""
    with suppress(OSError):
        return b"".join(place.stat().st_mtime_ns.to_bytes(8, "big", signed=True) for place in modules_that_read())
    return b""


def modules_that_read() -> list[Path]:
    """Return the files of the modules that read a policy, and of those whose classes one is made of."""
    made = {one.__module__ for one in _CLASSES.values() if one.__module__.startswith(_OURS)}
    said = (Path(str(sys.modules[name].__file__)) for name in sorted(made))
    return [*said, *(_TOP / name for name in _READ_BY)]


def recall_policy(folder: Path, name: str, digest: str, source: str) -> Policy | None:
    """Return the policy that is kept as *name* in *folder*, of the file *source* with *digest*.

    None where nothing is kept, or nothing that can be trusted.
    """
    content = kept_file(folder, name)
    return None if content is None else _policy(content, digest, source)


def keep_policy(folder: Path, name: str, read: Policy) -> None:
    """Keep the policy *read* as *name* in *folder*. Where that cannot be, it is not."""
    told = {name: _plain(getattr(read, name)) for name in read.__dataclass_fields__ if name not in NOT_IN_THE_FILE}
    content = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    if _policy(content, read.digest, read.source) == read:
        keep_file(folder, name, content)


def _policy(content: bytes, digest: str, source: str) -> Policy | None:
    try:
        told = json.loads(content, object_hook=_value)
        return Policy(**{name: _whole(value) for name, value in told.items()}, digest=digest, source=source)
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
        return None


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [*map(_plain, value)]
    if isinstance(value, Anchored):  # which has found out its anchors by now
        return [_EXPRESSION, value.pattern, int(value.flags), *value.literals]
    if slots := getattr(value, "__slots__", ()):
        return {_CLASS: type(value).__name__} | {name: _plain(getattr(value, name)) for name in slots}
    return value


def _value(told: dict[str, Any]) -> Any:
    """Return the value that the JSON object *told* stands for; the whole policy names no class."""
    name = told.pop(_CLASS, None)
    made = dict if name is None else _CLASSES[name]
    return made(**{name: _whole(value) for name, value in told.items()})


def _whole(value: Any) -> Any:
    if type(value) is not list:
        return value
    if value and value[0] == _EXPRESSION:
        return Anchored(value[1], tuple(value[3:]), value[2])
    return tuple([_whole(one) if type(one) is list else one for one in value])
