import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.git.git_repository import repository, run_git, write_files

from profile_router.core.evidence import NamedFile
from profile_router.core.task import Task
from profile_router.errors import RouterError, UsageError
from profile_router.workspace import content, named_files
from profile_router.workspace.content import first_bytes, form_of
from profile_router.workspace.folder import Workspace
from profile_router.workspace.named_files import NamedFiles, find_named_files
from profile_router.workspace.task_paths import placed

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
FILES: dict[str, str | bytes] = {
    "src/http.py": "one\ntwo\n",
    "src/api/app.py": "app",
    "src/api/util.py": "",
    "docs/notes.md": "# Notes\n",
    "logo.txt": PNG,
    "data.bin": b"\0\1\2" * 1_000,
    "spec.pdf": b"%PDF-1.7\n",
}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(repository(tmp_path / "repo", FILES), git=True)


@pytest.fixture
def named(workspace: Workspace) -> Callable[..., NamedFiles]:
    def find(text: str = "", *given: str, inside: str = "") -> NamedFiles:
        return find_named_files(text, given, workspace, workspace.root / inside)

    return find


def paths(found: NamedFiles) -> list[str]:
    return [file.path for file in found.files]


class TestText:
    def test_a_named_file_has_its_size_and_its_lines(self, named: Callable[..., NamedFiles]) -> None:
        assert named("Fix `src/http.py:1` and app.py.") == NamedFiles(
            files=(
                NamedFile(path="src/http.py", bytes=8, lines=2),
                NamedFile(path="src/api/app.py", bytes=3, lines=1),
            ),
            singles=(
                NamedFile(path="src/http.py", bytes=8, lines=2),
                NamedFile(path="src/api/app.py", bytes=3, lines=1),
            ),
        )

    def test_globs_and_folders_count_as_their_files_after_those_named_one_by_one(
        self, named: Callable[..., NamedFiles]
    ) -> None:
        found = named("Type src/api/ and docs/*.md, above all app.py")
        assert paths(found) == ["src/api/app.py", "src/api/util.py", "docs/notes.md"]
        assert [file.path for file in found.singles] == ["src/api/app.py"]

    def test_a_file_named_in_many_ways_counts_once(self, named: Callable[..., NamedFiles]) -> None:
        assert paths(named("src/http.py http.py src/*.py ./src/http.py:3", "src/http.py")) == ["src/http.py"]

    @pytest.mark.parametrize("text", ["src/nope.py is missing", "python 3.11", "https://x.org/src/http.py", ""])
    def test_what_matches_no_tracked_file_is_ignored(self, named: Callable[..., NamedFiles], text: str) -> None:
        assert named(text) == NamedFiles()

    def test_a_text_without_paths_lists_no_repository(
        self, named: Callable[..., NamedFiles], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(named_files, "tracked_files", lambda _: pytest.fail("the repository was listed"))
        assert named("Refactor the whole client for Python 3.11, please") == NamedFiles()

    def test_the_repository_is_listed_once(
        self, named: Callable[..., NamedFiles], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        listings: list[int] = []

        def listed(_: object) -> tuple[str, ...]:
            listings.append(1)
            return ("docs/notes.md",)

        monkeypatch.setattr(named_files, "tracked_files", listed)
        named("docs/notes.md docs/*.md docs/", "docs/*")
        assert listings == [1]

    def test_without_a_workspace_text_names_nothing(self, tmp_path: Path) -> None:
        write_files(tmp_path, {"a.py": ""})
        assert find_named_files("a.py", (), None, tmp_path) == NamedFiles()

    def test_a_tracked_file_that_was_deleted_is_noted(
        self, named: Callable[..., NamedFiles], workspace: Workspace
    ) -> None:
        (workspace.root / "src/http.py").unlink()
        assert named("src/http.py") == NamedFiles(notes=("src/http.py (named) does not exist: not counted",))

    def test_a_submodule_is_not_a_file(self, named: Callable[..., NamedFiles], workspace: Workspace) -> None:
        inner = repository(workspace.root / "vendor.d", {"x.py": ""})
        run_git(workspace.root, "add", "vendor.d")
        assert inner.is_dir()
        assert named("update vendor.d").notes == ("vendor.d (named) is a folder, not a file: not counted",)

    def test_a_symlink_counts_as_what_it_leads_to(self, named: Callable[..., NamedFiles], workspace: Workspace) -> None:
        (workspace.root / "link.py").symlink_to("src/http.py")
        assert paths(named("link.py and src/http.py")) == ["src/http.py"]

    @pytest.mark.parametrize("target", ["/etc/passwd", "../outside.py", "/dev/zero"])
    def test_a_symlink_out_of_the_workspace_is_noted_and_not_followed(
        self, named: Callable[..., NamedFiles], workspace: Workspace, monkeypatch: pytest.MonkeyPatch, target: str
    ) -> None:
        write_files(workspace.root.parent, {"outside.py": ""})
        (workspace.root / "link.py").symlink_to(target)
        monkeypatch.setattr(named_files, "first_bytes", lambda *_: pytest.fail("it was opened"))
        assert named("link.py") == NamedFiles(notes=("link.py (named) leads out of the workspace: not counted",))

    def test_a_pipe_is_never_opened(self, named: Callable[..., NamedFiles], workspace: Workspace) -> None:
        (workspace.root / "src/http.py").unlink()
        os.mkfifo(workspace.root / "src/http.py")
        assert named("src/http.py").notes == ("src/http.py (named) is a named pipe, not a file: not counted",)

    def test_what_cannot_be_read_is_noted(
        self, named: Callable[..., NamedFiles], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(named_files, "tracked_files", lambda _: ("src/http.py",))
        monkeypatch.setattr(os, "open", refuse)
        assert named("src/http.py").notes == ("src/http.py (named) cannot be read: permission denied: not counted",)

    def test_names_with_strange_characters_are_found_and_their_notes_are_printable(
        self, named: Callable[..., NamedFiles], workspace: Workspace
    ) -> None:
        strange = os.fsdecode(b"caf\xe9.bin")
        write_files(workspace.root, {strange: b"\0", "esc\x1b[31m.bin": b"\0"})
        found = named(f"{strange} *.bin")
        assert {strange, "esc\x1b[31m.bin", "data.bin"} == set(paths(found))
        assert all(note.isprintable() for note in found.notes)

    def test_beyond_the_limit_files_are_told_by_their_names(
        self, named: Callable[..., NamedFiles], workspace: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_files(workspace.root, {f"many/{number}.py": "x\n" for number in range(5)} | {"many/z.png": "text"})
        opened: list[Path] = []
        monkeypatch.setattr(named_files, "READ_FILES", 2)

        def noted(path: Path, size: int) -> Any:
            opened.append(path)
            return first_bytes(path, size)

        monkeypatch.setattr(named_files, "first_bytes", noted)
        found = named("many/*")
        assert [(file.lines, file.bytes, file.form) for file in found.files] == [
            (1, 2, "text"), (1, 2, "text"), (None, 2, "text"), (None, 2, "text"), (None, 2, "text"), (None, 4, "image"),
        ]  # fmt: skip
        assert len(opened) == 2
        assert found.notes == ("2 of the named files were opened, 4 more told by name and size",)

    def test_beyond_the_limit_a_symlink_is_still_no_file_of_its_own(
        self, named: Callable[..., NamedFiles], workspace: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(named_files, "READ_FILES", 0)
        (workspace.root / "docs/out.md").symlink_to("/etc/passwd")
        (workspace.root / "docs/in.md").symlink_to("notes.md")
        found = named("docs/*.md")
        assert paths(found) == ["docs/notes.md"]
        assert found.notes[0] == "docs/out.md (named) leads out of the workspace: not counted"

    def test_notes_do_not_pile_up(self, named: Callable[..., NamedFiles], workspace: Workspace) -> None:
        write_files(workspace.root, {f"many/{number}.x": b"\0" for number in range(30)})
        assert named("many/*").notes[-1] == "and 10 more notes of this kind"

    def test_a_cut_walk_is_noted(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(named_files, "MOST_WALKED", 1)
        write_files(tmp_path, {"a.py": ""})
        found = find_named_files("a.py", (), Workspace(tmp_path.resolve(), git=False), tmp_path)
        assert found.notes == (f"only the first 1 files of {tmp_path.resolve()} were listed",)

    @given(st.text(max_size=100), st.lists(st.text(max_size=20), max_size=2))
    @examples(60)
    def test_any_text_and_any_file_give_files_or_a_router_error(
        self, tmp_path: Path, text: str, files: list[str]
    ) -> None:
        write_files(tmp_path, {"a.py": "", "b/c.py": ""})
        workspace = Workspace(tmp_path.resolve(), git=False)
        assert set(paths(find_named_files(text, (), workspace, tmp_path))) <= {"a.py", "b/c.py"}
        with suppress(RouterError):
            find_named_files(text, files, workspace, tmp_path)


class TestGiven:
    def test_a_file_is_relative_to_the_workspace(self, named: Callable[..., NamedFiles], workspace: Workspace) -> None:
        write_files(workspace.root, {"src/docs/notes.md": "here\n"})
        assert paths(named("", "docs/notes.md", inside="src")) == ["docs/notes.md"]

    def test_an_ignored_file_counts_where_it_is_given(
        self, named: Callable[..., NamedFiles], workspace: Workspace
    ) -> None:
        write_files(workspace.root, {".gitignore": "*.log", "x.log": "1\n"})
        assert paths(named("see x.log", "x.log")) == ["x.log"]
        assert paths(named("see x.log")) == []

    def test_a_file_outside_counts_under_its_absolute_path(
        self, named: Callable[..., NamedFiles], workspace: Workspace
    ) -> None:
        write_files(workspace.root.parent, {"other.md": "x\n"})
        outside = str(workspace.root.parent / "other.md")
        for value in (outside, "../other.md"):
            found = named("", value)
            assert found.files == (NamedFile(path=outside, bytes=2, lines=1),)

    def test_without_a_workspace_a_file_is_relative_to_the_current_folder(self, tmp_path: Path) -> None:
        write_files(tmp_path, {"a.py": "x\n"})
        assert find_named_files("", ("a.py",), None, tmp_path).files == (NamedFile(path="a.py", bytes=2, lines=1),)

    def test_a_tilde_is_the_home_folder(
        self, named: Callable[..., NamedFiles], workspace: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", str(workspace.root))
        assert paths(named("", "~/src/http.py", inside="docs")) == ["src/http.py"]

    def test_a_given_glob_stands_for_tracked_files(self, named: Callable[..., NamedFiles]) -> None:
        found = named("", "src/**/*.py")
        assert paths(found) == ["src/api/app.py", "src/api/util.py", "src/http.py"]

    def test_a_file_whose_name_looks_like_a_glob_is_that_file(
        self, named: Callable[..., NamedFiles], workspace: Workspace
    ) -> None:
        write_files(workspace.root, {"[id].tsx": "", "i.tsx": ""})
        assert paths(named("", "[id].tsx")) == ["[id].tsx"]

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            ("src/nope.py", "--file 'src/nope.py' does not exist; looked in {docs} and {root}; check the spelling"),
            ("src/http.py/x", "--file 'src/http.py/x' does not exist; looked in {docs} and {root}; check the spelling"),
            ("", "--file '' is empty; looked in {docs} and {root}; check the spelling"),
            ("a\0b", "--file 'a\\x00b' is not a possible file name; looked in {docs} and {root}; check the spelling"),
            ("../src/", "--file 'src' is a folder, not a file; name its files by a glob such as 'src/**/*.py'"),
            ("*.rb", "--file '*.rb' matches no tracked file of {root}; check the glob"),
            ("/dev/null", "--file '/dev/null' is a device, not a file; save what it holds to a file and name that"),
            ("loop", "--file 'docs/loop' cannot be read: too many levels of symbolic links; make it readable"),
            ("gone", "--file 'docs/gone' does not exist; looked in {docs} and {root}; check the spelling"),
        ],
    )  # fmt: skip
    def test_a_given_file_that_cannot_be_used_is_one_clear_line(
        self, workspace: Workspace, value: str, message: str
    ) -> None:
        (workspace.root / "docs" / "loop").symlink_to("loop")
        (workspace.root / "docs" / "gone").symlink_to("nowhere")
        docs = workspace.root / "docs"
        task = placed(Task(goal="x", files=("../src/http.py", value)), workspace, docs).task
        with pytest.raises(UsageError) as refused:
            find_named_files("", task.files, workspace, docs)
        assert str(refused.value).startswith(message.format(root=workspace.root, docs=workspace.root / "docs"))
        assert str(refused.value).isprintable()

    def test_pipes_and_sockets_are_refused_without_being_opened(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        os.mkfifo(tmp_path / "pipe")
        with socket.socket(socket.AF_UNIX) as server:
            monkeypatch.chdir(tmp_path)  # a socket's path is at most 108 bytes
            server.bind("socket")
            for name, kind in (("pipe", "a named pipe"), ("socket", "a socket")):
                with pytest.raises(UsageError, match=f"--file '{name}' is {kind}, not a file; save what it holds"):
                    find_named_files("", (name,), None, tmp_path)

    def test_a_file_that_turns_into_a_pipe_does_not_block(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        os.mkfifo(tmp_path / "pipe")
        monkeypatch.setattr(content, "bytes_of", lambda _: 1)
        assert first_bytes(tmp_path / "pipe", 10) == content.Unusable("special", "is a named pipe, not a file")

    def test_a_file_without_permission_is_refused(
        self, named: Callable[..., NamedFiles], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(os, "open", refuse)
        with pytest.raises(UsageError) as refused:
            named("", "src/http.py")
        assert str(refused.value) == (
            "--file 'src/http.py' cannot be read: permission denied; make it readable, or leave it out"
        )


class TestContent:
    @pytest.mark.parametrize(
        ("head", "form"),
        [
            (b"", "text"),
            (b"plain\n", "text"),
            ("Zürich — 東京".encode(), "text"),
            (b"\xef\xbb\xbfwith a mark", "text"),
            ("wide".encode("utf-16"), "text"),
            ("wide".encode("utf-32"), "text"),
            (b"\xfe\xff" + "wide".encode("utf-16-be"), "text"),
            ("wide".encode("utf-16-le"), "binary"),
            (b"\xff\xfe\x00\xd8\x41\x00", "binary"),
            ("Zürich".encode("latin-1"), "binary"),
            (b"text\0with nul", "binary"),
            (b"\x7fELF\2\1\1\0", "binary"),
            (PNG, "image"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "image"),
            (b"GIF89a\1\0\1\0", "image"),
            (b"RIFF\x24\0\0\0WEBPVP8 ", "image"),
            (b"RIFF\x24\0\0\0WAVEfmt ", "binary"),
            (b"%PDF-1.4\n%\xe2\xe3", "pdf"),
            (b"%PNG is what I meant", "text"),
        ],
    )
    def test_the_first_bytes_tell_the_form(self, head: bytes, form: str) -> None:
        assert form_of(head, whole=True) == form

    @pytest.mark.parametrize("cut", [1, 2, 3])
    def test_a_letter_cut_at_the_end_of_the_head_is_still_text(self, cut: int) -> None:
        head = "𝄞".encode()[:cut]
        assert form_of(head, whole=False) == "text"
        assert form_of(head, whole=True) == "binary"

    @given(st.binary(max_size=64), st.booleans())
    def test_any_bytes_have_a_form(self, head: bytes, whole: bool) -> None:
        assert form_of(head, whole=whole) in {"text", "binary", "image", "pdf"}

    @pytest.mark.parametrize(
        ("data", "lines"),
        [(b"", 0), (b"a", 1), (b"a\n", 1), (b"a\nb", 2), (b"\n\n", 2), ("a\nb\n".encode("utf-16"), 2),
         ("\u0a0a\u0a0a".encode("utf-16"), 1)],
    )  # fmt: skip
    def test_lines_are_counted_as_people_count_them(self, data: bytes, lines: int) -> None:
        assert content.count_lines(data) == lines

    def test_forms_other_than_text_are_noted_with_their_size(self, named: Callable[..., NamedFiles]) -> None:
        found = named("", "data.bin", "logo.txt", "spec.pdf")
        assert [file.form for file in found.files] == ["binary", "image", "pdf"]
        assert found.notes == (
            "data.bin (named) is binary (no UTF-8 text), 3.0 kB",
            "logo.txt (named) is an image, 16 bytes",
            "spec.pdf (named) is a PDF, 9 bytes",
        )

    def test_of_a_huge_file_only_the_head_is_read(
        self, named: Callable[..., NamedFiles], workspace: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with (workspace.root / "huge.sql").open("wb") as file:
            file.write(b"select 1;\n" * 1_000)
            file.truncate(200_000_000)
        read: list[int] = []
        real_read = os.read

        def counted(handle: int, size: int) -> bytes:
            read.append(size)
            return real_read(handle, size)

        monkeypatch.setattr(os, "read", counted)
        found = named("", "huge.sql")
        assert found.files == (NamedFile(path="huge.sql", bytes=200_000_000),)
        assert found.notes == ("huge.sql (named) is 200.0 MB of text: its lines were not counted",)
        assert sum(read) <= content.HEAD

    def test_lines_are_counted_up_to_one_mebibyte_and_while_the_budget_lasts(
        self, named: Callable[..., NamedFiles], workspace: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        limit = named_files.COUNT_BYTES
        write_files(workspace.root, {"a.txt": b"\n" * limit, "b.txt": b"\n" * (limit + 1), "c.txt": b"\n" * limit})
        monkeypatch.setattr(named_files, "COUNT_BYTES_IN_ALL", limit + content.HEAD)
        assert [file.lines for file in named("", "a.txt", "b.txt", "c.txt").files] == [limit, None, None]


def refuse(*_: object, **__: object) -> int:
    raise PermissionError(13, "Permission denied")
