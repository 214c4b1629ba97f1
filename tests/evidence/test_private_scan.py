import os
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.privacy.secret_samples import TOKENS
from tests.fakes import a_policy, a_task
from tests.git.git_repository import repository, write_files

from profile_router.core.evidence import NamedFile, PrivateFinding
from profile_router.evidence import private_scan
from profile_router.evidence.measure import Surroundings, measure
from profile_router.evidence.private_scan import file_reader, find_private
from profile_router.withheld import whole_scan
from profile_router.withheld.whole_scan import ReadBudget, TextWindow, windows
from profile_router.workspace.folder import Workspace
from profile_router.workspace.named_files import find_named_files

GLOBS = (".env", ".env.*", "*.env", "*.pem", "*.key", "id_rsa*", ".aws/credentials", ".ssh/**", "secrets/**")
KEY = "-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0IHZhbHVl\n-----END RSA PRIVATE KEY-----\n"

LATE = [
    ("late.txt", "late.txt:300001"),
    ("seam.txt", f"seam.txt:{whole_scan.WINDOW - 19}"),
    ("later.txt", "later.txt:3000001"),
    ("store.db", "store.db"),
]


def nothing(_: str) -> tuple[TextWindow, ...]:
    return ()


def places(text: str, *files: str, given: tuple[str, ...] = ()) -> list[str]:
    named = [NamedFile(path=path, bytes=0) for path in files]
    return [finding.place for finding in find_private(text, named, GLOBS, nothing, given=given)]


def test_a_label_is_reason_enough(tmp_path: Path) -> None:
    found = measure(a_task(local_only=True), a_policy(), Surroundings(workspace=None, cwd=tmp_path, windows=()))
    assert found.private == (PrivateFinding(kind="label", place="--local-only"),)


def test_nothing_private_is_not_a_finding() -> None:
    assert find_private("Fix src/http.py", (NamedFile(path="src/http.py", bytes=3),), GLOBS, nothing) == ()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Rotate the key in deploy/.env", "deploy/.env (policy: .env)"),
        ("Rotate the key in deploy/.env.", "deploy/.env (policy: .env)"),
        ("look at .env", ".env (policy: .env)"),
        ("look at `.env`", ".env (policy: .env)"),
        ("(.env)", ".env (policy: .env)"),
        ("**.env**", ".env (policy: .env)"),
        ("'.env',", ".env (policy: .env)"),
        (".env's values", ".env (policy: .env)"),
        (".env:3 is wrong", ".env (policy: .env)"),
        ("the .env.example", ".env.example (policy: .env.*)"),
        ("MODE=.env.production", ".env.production (policy: .env.*)"),
        ("mount ./id_rsa:/srv/x", "id_rsa (policy: id_rsa*)"),
        ("renew server.key and Server.PEM", "server.key (policy: *.key)"),
        ("C:\\Users\\me\\.ssh\\config", "/Users/me/.ssh/config (policy: .ssh/**)"),
        ("deploy\\.env", "deploy/.env (policy: .env)"),
        ("~/.aws/credentials", "~/.aws/credentials (policy: .aws/credentials)"),
        ("file:///srv/app/.env", "/srv/app/.env (policy: .env)"),
        ("everything in secrets/ please", "secrets/ (policy: secrets/**)"),
        ("the folder `secrets`", "secrets (policy: secrets/**)"),
        ("secrets/**/*.yaml", "secrets/**/*.yaml (policy: secrets/**)"),
        ("请更新deploy/.env里的密钥", "deploy/.env (policy: .env)"),
        ("the id_rsa", "id_rsa (policy: id_rsa*)"),
        ("(see server.key)", "server.key (policy: *.key)"),
        ("install(certs/server.key)", "certs/server.key (policy: *.key)"),
        ("keyfile = server.key", "server.key (policy: *.key)"),
        ("do not touch .env", ".env (policy: .env)"),
        ("look at ．env", "．env (policy: .env)"),
        ("look at .еnv", ".еnv (policy: .env)"),
        ("look at .e\u200bnv", ".env (policy: .env)"),
        ("look at deploy/%2eenv", "deploy/%2eenv (policy: .env)"),
        ("look at \\x2eenv", ".env (policy: .env)"),
    ],
)
def test_a_private_path_in_the_text_counts_even_if_no_such_file_exists(text: str, place: str) -> None:
    assert place in places(text)


@pytest.mark.parametrize(
    "text",
    ["the environment", "env", "secrets must not leak", "Keep secrets out of logs", "the key of the dict",
     "event.key is null", "read process.env.PORT or process.env", "import.meta.env", "https://example.org/.env",
     "an RSA key", "sorted(cookie.key)", "cache[row.key] = 1", "if a == pair.key:", "field.key != other",
     "row.key += 1", "row.key[0]", "cookie.key = None", "from app.utils.env import get", "ssh config",
     "monkey.keyboard", "environment.py", ".environment", "aws/credentials", ""],
)  # fmt: skip
def test_prose_code_and_urls_are_not_private(text: str) -> None:
    assert places(text) == []


def test_a_private_path_after_a_very_long_text_is_still_found() -> None:
    filler = " ".join(f"a{number}/b.py" for number in range(20_000))
    assert places(f"{filler} deploy/.env") == ["deploy/.env (policy: .env)"]


def test_a_named_or_given_path_counts_by_its_globs_even_where_text_would_not() -> None:
    assert places("", "deploy/.env") == ["deploy/.env (policy: .env)"]
    assert places("", given=("process.env", "secrets")) == [
        "process.env (policy: *.env)",
        "secrets (policy: secrets/**)",
    ]


def test_a_symlink_is_private_by_its_own_name_and_by_its_target(tmp_path: Path) -> None:
    write_files(tmp_path, {"vault": "x", "deploy/.env": "x"})
    (tmp_path / ".env").symlink_to("vault")
    (tmp_path / "config").symlink_to("deploy/.env")
    for value, place in ((".env", ".env (policy: .env)"), ("config", "deploy/.env (policy: .env)")):
        named = find_named_files("", (value,), None, tmp_path)
        found = find_private("", named.files, GLOBS, nothing, given=(value,))
        assert [finding.place for finding in found] == [place]


def test_a_path_is_found_once() -> None:
    assert places(".env `.env` (.env)", ".env", given=(".env",)) == [".env (policy: .env)"]


def test_findings_do_not_pile_up() -> None:
    assert len(places(" ".join(f"{number}.key" for number in range(200)))) == 50


def test_names_that_cannot_be_printed_are_escaped() -> None:
    assert places("", "\x1b[2J/.env/" + os.fsdecode(b"\xff")) == ["\\x1b[2J/.env/\\udcff (policy: .env)"]


def test_a_key_in_the_task_text_is_found_and_not_repeated() -> None:
    found = find_private(f"Why is this rejected?\n> {KEY}", (), GLOBS, nothing)
    assert found == (PrivateFinding(kind="private key", place="the task text"),)


def test_every_kind_of_secret_in_the_task_text_is_told_once() -> None:
    token = TOKENS["token of GitHub"]
    found = find_private(f"use {token}, or {token}\npassword: Tr0ub4dor&3x", (), GLOBS, nothing)
    assert [finding.kind for finding in found] == ["token of GitHub", "password"]


class TestKeysInFiles:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        files: dict[str, str | bytes] = {
            "deploy/notes.md": f"# Notes\n\n{KEY}",
            "plain.md": "no key",
            "settings.toml": f"# settings\n\nname = 'x'\ntoken = '{TOKENS['token of Slack']}'\n",
            "latin.txt": "für\n".encode("latin-1") + KEY.encode(),
            "wide.txt": f"\n{KEY}".encode("utf-16"),
            "late.txt": b"\n" * 300_000 + KEY.encode(),
            "seam.txt": b"\n" * (whole_scan.WINDOW - 20) + KEY.encode(),
            "later.txt": b"\n" * 3_000_000 + KEY.encode(),
            "store.db": b"\0\xff" * 200_000 + KEY.encode(),
            "logo": b"\x89PNG\r\n\x1a\n" + KEY.encode(),
        }
        return repository(tmp_path / "repo", files)

    def find(self, root: Path, text: str) -> list[PrivateFinding]:
        named = find_named_files(text, (), Workspace(root, git=True), root)
        return list(find_private(text, named.files, GLOBS, file_reader(root)))

    @pytest.mark.parametrize(
        ("text", "place"),
        [("notes.md", "deploy/notes.md:3"), ("latin.txt", "latin.txt:2"), ("wide.txt", "wide.txt:2"), *LATE],
    )
    def test_a_key_in_a_named_file_is_found_by_file_and_line(self, root: Path, text: str, place: str) -> None:
        assert self.find(root, text) == [PrivateFinding(kind="private key", place=place)]

    def test_a_token_in_a_named_file_is_found_by_kind_and_line(self, root: Path) -> None:
        assert self.find(root, "settings.toml") == [PrivateFinding(kind="token of Slack", place="settings.toml:4")]

    @pytest.mark.parametrize("text", ["plain.md", "the notes"])
    def test_other_files_are_not_private(self, root: Path, text: str) -> None:
        assert self.find(root, text) == []

    def test_the_value_is_never_told(self, root: Path) -> None:
        found = self.find(root, f"deploy/*.md {KEY}")
        assert len(found) == 2
        assert "c2VjcmV0" not in repr(found)
        assert "BEGIN" not in repr(found)

    def test_images_are_not_searched_and_missing_files_are_empty(self, root: Path) -> None:
        files = [NamedFile(path="logo", bytes=9, form="image"), NamedFile(path="gone.md", bytes=9)]
        assert find_private("", files, GLOBS, file_reader(root)) == ()

    @pytest.mark.parametrize(("name", "value"), [("MOST_SCANNED_BYTES", 1_000), ("SCAN_SECONDS", -1.0)])
    def test_a_file_that_was_not_read_to_its_end_makes_a_task_private_and_it_is_said_how_to_go_on(
        self, name: str, value: float, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(private_scan, name, value)
        (found,) = self.find(root, "later.txt")
        assert found.kind == "unread"
        assert found.place.startswith("later.txt was not read to its end (")
        assert found.place.endswith("name fewer or smaller ones)")

    def test_all_named_files_together_have_one_budget(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(private_scan, "MOST_SCANNED_BYTES", 10)
        assert self.find(root, "plain.md") == []
        assert [found.kind for found in self.find(root, "plain.md, settings.toml")] == ["unread"]


@given(st.text(), st.lists(st.text(), max_size=3), st.lists(st.text(max_size=9), max_size=3), st.binary())
def test_any_task_has_its_findings(text: str, paths: list[str], globs: list[str], head: bytes) -> None:
    files = [NamedFile(path=path, bytes=0) for path in paths]
    budget = ReadBudget(bytes_left=1_000_000, seconds=600.0)
    for finding in find_private(text, files, globs, lambda _: windows(BytesIO(head), budget), given=paths):
        assert finding.kind in {"path", "private key"}


@given(st.text(alphabet="ab c.,/-\n`'\"()", max_size=60), st.sampled_from([".env", "a/.env", "id_rsa", "x/server.key"]))
def test_a_private_path_is_found_whatever_stands_around_it(around: str, path: str) -> None:
    assert any(place.startswith(f"{path} ") for place in places(f"{around} {path} {around}"))


@pytest.mark.parametrize(
    "given", [{"files": ("public.txt",)}, {"goal": "Read public.txt"}, {"context_from": "public.txt"}]
)
def test_another_name_of_a_private_file_makes_a_task_private(given: dict[str, Any], tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", {"secrets/plan.txt": "x\n", "lone.txt": "x\n"})
    os.link(root / "secrets" / "plan.txt", root / "public.txt")
    os.link(root / "lone.txt", tmp_path / "outside.txt")
    around = Surroundings(workspace=Workspace(root, git=True), cwd=root, windows=())
    (found,) = measure(a_task(**given), a_policy(), around).private
    assert found.kind == "path"
    assert found.place == "public.txt, which is another name of secrets/plan.txt, which is private,"
    assert measure(a_task(files=("lone.txt",)), a_policy(), around).private == ()


@pytest.mark.parametrize(
    ("content", "most", "kinds"),
    [
        ("x = 1\n" * 60_000 + KEY, 10_000_000, ["private key"]),
        ("x = 1\n" * 60_000, 10_000_000, []),
        ("x = 1\n" * 60_000, 100_000, ["unread"]),
        (b"\0\xff" * 200_000 + KEY.encode(), 100_000, ["unread"]),
    ],
)
def test_a_named_file_is_read_to_its_end_or_makes_the_task_private(
    content: str | bytes, most: int, kinds: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private_scan, "MOST_SCANNED_BYTES", most)
    write_files(tmp_path, {"data.py": content})
    found = measure(a_task(files=("data.py",)), a_policy(), Surroundings(workspace=None, cwd=tmp_path, windows=()))
    assert [finding.kind for finding in found.private] == kinds
