"""What a policy was parsed to is kept for its owner alone. Whatever is wrong with it counts as nothing kept."""

import ast
import hashlib
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples

from profile_router.core.policy import Policy
from profile_router.errors import PolicyError
from profile_router.outside import strict_yaml
from profile_router.policies import file, grammar, parsed
from profile_router.policies.file import SHIPPED, found_policy, read_policy
from profile_router.state import kept_files

RAW = SHIPPED.read_bytes()
PACKAGE = Path(parsed.__file__).parents[1]
NAME = parsed.name_of(RAW, RAW)
PARSED = read_policy(SHIPPED)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "policies"


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows with each YAML text that is parsed as a policy."""
    seen: list[int] = []

    def parse(text: str) -> strict_yaml.Node:
        seen.append(len(text))
        return strict_yaml.parse_yaml(text)

    monkeypatch.setattr(grammar, "parse_yaml", parse)
    return seen


def _read(folder: Path, path: Path = SHIPPED) -> Policy:
    return read_policy(path, folder)


def _recalled(folder: Path, name: str) -> Policy | None:
    return parsed.recall_policy(folder, name, "", "")


def test_the_second_call_parses_nothing_and_reads_the_same_policy(folder: Path, parses: list[int]) -> None:
    assert _read(folder) == PARSED
    assert _read(folder) == PARSED
    assert len(parses) == 1


def test_the_found_policy_is_parsed_once(tmp_path: Path, parses: list[int]) -> None:
    environ = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    first, second = found_policy(None, environ), found_policy(None, environ)
    assert (first, second, len(parses)) == (PARSED, PARSED, 1)


_OFTEN = ("cli/commands/run.py", "cli/commands/batch.py", "cli/commands/route.py", "cli/commands/observe.py")


@pytest.mark.parametrize("room", ["api", "runs", *_OFTEN])
def test_whoever_is_called_for_each_subagent_reads_the_policy_as_it_is_kept(room: str) -> None:
    place = Path(str(file.__file__)).parents[1] / room
    for module in place.rglob("*.py") if place.is_dir() else [place]:
        assert "read_policy" not in module.read_text(), module


def test_what_is_kept_is_json_that_only_its_owner_may_read(folder: Path) -> None:
    _read(folder)
    (file,) = folder.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    json.loads(file.read_bytes().partition(b"\n")[2])


def test_an_edited_policy_is_parsed_again(folder: Path, parses: list[int], tmp_path: Path) -> None:
    mine = tmp_path / "policy.yaml"
    for tokens in (1_000, 1_001):
        mine.write_bytes(RAW.replace(b"conversation_tokens: 1000", f"conversation_tokens: {tokens}".encode()))
        assert _read(folder, mine).limits.conversation_tokens == tokens
    assert len(parses) == 2


def test_another_version_of_the_program_or_of_its_policy_parses_again(
    folder: Path, parses: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    _read(folder)
    monkeypatch.setattr(parsed, "__version__", "0.0.9")
    _read(folder)
    assert len(parses) == 2
    assert parsed.name_of(b"mine", b"shipped") != parsed.name_of(b"mine", b"shipped before")


READERS = (
    "policies/file",
    "core/language/kinds",
    "core/language/phrases",
    "core/privacy/confidential",
    "outside/strict_yaml",
)
NO_MATTER = {"folders", "outside.plain_file", "state.kept_files"}  # they say where a policy lies, not what it holds


def _imported(reader: str) -> set[str]:
    """Return the modules of ours that the module *reader* imports as it is loaded."""
    body = ast.parse((PACKAGE / f"{reader}.py").read_text()).body
    named = {node.module or "" for node in body if isinstance(node, ast.ImportFrom)}
    return {name.removeprefix("profile_router.") for name in named if name.startswith("profile_router.")} - NO_MATTER


@pytest.mark.parametrize("reader", READERS)
def test_every_module_that_says_what_a_policy_holds_is_stamped(reader: str) -> None:
    stamped = {str(place.relative_to(PACKAGE).with_suffix("")) for place in parsed.modules_that_read()}
    needed = {reader} | {name.replace(".", "/") for name in _imported(reader)}
    assert {name for name in needed if not {name, f"{name}/__init__"} & stamped} == set()


def test_a_change_of_such_a_module_parses_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    module = tmp_path / "kinds.py"
    module.touch()
    monkeypatch.setattr(parsed, "modules_that_read", lambda: [module])
    os.utime(module, (1, 1))
    before = parsed.name_of(RAW, RAW)
    os.utime(module, (2, 2))
    assert parsed.name_of(RAW, RAW) != before


def test_a_wrong_policy_is_never_kept(folder: Path, tmp_path: Path) -> None:
    mine = tmp_path / "policy.yaml"
    mine.write_bytes(RAW + b"nonsense: 1\n")
    for _ in range(2):
        with pytest.raises(PolicyError, match="unknown key 'nonsense'"):
            _read(folder, mine)
    assert not folder.exists()


def _open_to_others(folder: Path, file: Path) -> None:
    file.chmod(0o640)


def _writable_by_others(folder: Path, file: Path) -> None:
    file.chmod(0o602)


def _in_an_open_folder(folder: Path, file: Path) -> None:
    folder.chmod(0o755)


def _a_link(folder: Path, file: Path) -> None:
    file.rename(folder.parent / "elsewhere")
    file.symlink_to(folder.parent / "elsewhere")


def _a_second_name(folder: Path, file: Path) -> None:
    os.link(file, folder.parent / "elsewhere")


def _a_linked_folder(folder: Path, file: Path) -> None:
    folder.rename(folder.parent / "elsewhere")
    folder.symlink_to(folder.parent / "elsewhere")


def _a_pipe(folder: Path, file: Path) -> None:
    file.unlink()
    os.mkfifo(file, 0o600)


def _a_folder(folder: Path, file: Path) -> None:
    file.unlink()
    file.mkdir(0o700)


def _of_another_policy(folder: Path, file: Path) -> None:
    mine = folder.parent / "policy.yaml"
    mine.write_bytes(RAW.replace(b"conversation_tokens: 1000", b"conversation_tokens: 7"))
    _read(folder, mine)
    other = next(path for path in folder.iterdir() if path != file)
    other.replace(file)


@pytest.mark.parametrize(
    "spoil",
    [
        *(_open_to_others, _writable_by_others, _in_an_open_folder, _a_link, _a_second_name, _a_linked_folder),
        *(_a_pipe, _a_folder, _of_another_policy),
    ],
    ids=lambda spoil: spoil.__name__.strip("_"),
)
def test_what_others_may_reach_is_not_read_but_parsed_again(
    spoil: Callable[[Path, Path], None], folder: Path, parses: list[int]
) -> None:
    _read(folder)
    (file,) = folder.iterdir()
    spoil(folder, file)
    parses.clear()
    assert _read(folder) == PARSED
    assert len(parses) == 1


def test_what_another_user_owns_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _read(folder)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert _recalled(folder, NAME) is None


DEEP = b"[" * 100_000
HOSTILE = [b"", b"{}", b"null", b"[[], {}]", b'[["str", 1], {}]', b'[["mapping", 1, 5], {}]', b"\xff\xfe", DEEP]


@pytest.mark.parametrize("signed", [True, False], ids=["with its checksum", "without"])
@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_content_is_parsed_again(content: bytes, signed: bool, folder: Path, parses: list[int]) -> None:
    _read(folder)
    parses.clear()
    head = hashlib.blake2b(NAME.encode() + content, digest_size=32).hexdigest().encode() + b"\n" if signed else b""
    (folder / f"{NAME}.json").write_bytes(head + content)
    assert _read(folder) == PARSED
    assert len(parses) == 1


@examples(40)
@given(st.integers(0, 40_000), st.binary(min_size=1, max_size=8))
def test_no_damage_is_an_error_or_another_policy(
    tmp_path_factory: pytest.TempPathFactory, place: int, damage: bytes
) -> None:
    folder = tmp_path_factory.mktemp("damaged") / "policies"
    _read(folder)
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:place] + damage + whole[place + len(damage) :])
    assert _read(folder) == PARSED


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)


@examples(40)
@given(st.tuples(JSON, JSON) | JSON)
def test_no_json_at_all_is_an_error(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    folder = tmp_path_factory.mktemp("json") / "policies"
    folder.mkdir(0o700)
    content = json.dumps(value).encode()
    path = folder / f"{NAME}.json"
    path.touch(0o600)
    path.write_bytes(hashlib.blake2b(NAME.encode() + content, digest_size=32).hexdigest().encode() + b"\n" + content)
    assert _read(folder) == PARSED


def test_only_the_newest_few_are_kept(folder: Path, tmp_path: Path) -> None:
    mine = tmp_path / "policy.yaml"
    for number in range(kept_files.MOST_KEPT_FILES + 3):
        mine.write_bytes(RAW + f"# {number}\n".encode())
        _read(folder, mine)
        os.utime(folder / f"{parsed.name_of(mine.read_bytes(), RAW)}.json", (number, number))
    assert len(list(folder.iterdir())) == kept_files.MOST_KEPT_FILES
    assert _recalled(folder, parsed.name_of(mine.read_bytes(), RAW)) is not None


@pytest.mark.parametrize("fault", [PermissionError, FileExistsError, FileNotFoundError])
def test_where_nothing_can_be_kept_the_policy_is_read_all_the_same(
    fault: type[OSError], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise fault

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert _read(folder) == PARSED
    assert not folder.exists()
