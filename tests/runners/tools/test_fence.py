"""The fence: whatever path a model makes up, nothing outside the workspace is read or written."""

from __future__ import annotations

import itertools
import os
import stat
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from profile_router.errors import WorkspaceError
from profile_router.runners.tools import enclosure, openat
from profile_router.runners.tools.fence import Fence, ToolRefusal

SECRET = "a secret from outside"
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----\n"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.txt").write_text(SECRET)
    return folder


@pytest.fixture
def root(tmp_path: Path, outside: Path) -> Path:
    """A workspace with links out of it: to a file, a folder, through another link. One link stays inside."""
    folder = tmp_path / "work"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "main.py").write_text("print('hi')\n")
    (folder / ".git" / "hooks").mkdir(parents=True)
    (folder / ".git" / "config").write_text("[core]\n")
    (folder / "link.txt").symlink_to(outside / "secret.txt")
    (folder / "out").symlink_to(outside, target_is_directory=True)
    (folder / "chain").symlink_to("out")
    (folder / "inside").symlink_to("src", target_is_directory=True)
    (folder / "repo").symlink_to(".git", target_is_directory=True)
    return folder


@pytest.fixture
def fence(root: Path) -> Fence:
    return Fence(root, private_globs=[".env*", "secrets/**"])


def tree(folder: Path) -> dict[str, str]:
    """Return every name below *folder* with its content or kind."""
    return {
        str(path.relative_to(folder)): path.read_text() if path.is_file() and not path.is_symlink() else "other"
        for path in folder.rglob("*")
    }


ESCAPES = [
    "..",
    "../outside/secret.txt",
    "src/../../outside/secret.txt",
    "src/../.git/config",
    "/etc/passwd",
    "/",
    "//etc/passwd",
    "~/x",
    "link.txt",
    "out/secret.txt",
    "out/new.txt",
    "chain/secret.txt",
    "inside/main.py",
    "repo/config",
    ".git/config",
    ".git/hooks/pre-commit",
    ".GIT/hooks/pre-commit",
    ".Git/config",
    "./.git//config",
    "src/.git/config",
    "src/.git",
    ".git",
    ".git./config",
    ".git /config",
    ".git::$INDEX_ALLOCATION/config",
    "GIT~1/config",
    ".g\u200cit/config",
    "\uff0egit/config",
    "..\\outside\\secret.txt",
    "src/main.py\0.txt",
    "src/a\nb.py",
    "src/\x1b[31mred.py",
    "src/a\u2028b.py",
    "src/\ud800.py",
    "a" * 256,
    "é" * 128,
    "a/" * 2_500,
    "src",
    "",
    ".",
    "src/main.py/x",
]


@pytest.mark.parametrize("path", ESCAPES, ids=lambda path: ascii(path)[:40])
def test_a_path_that_could_lead_out_is_refused_for_reading_and_writing(
    fence: Fence, root: Path, outside: Path, path: str
) -> None:
    before = tree(root), tree(outside)
    with pytest.raises(ToolRefusal):
        fence.read_bytes(path, 1_000)
    with pytest.raises(ToolRefusal):
        fence.write_text(path, "changed")
    with pytest.raises(ToolRefusal):
        fence.rewrite(path, lambda _: b"changed")
    assert (tree(root), tree(outside)) == before
    assert fence.before == {}


@pytest.mark.parametrize("path", ESCAPES, ids=lambda path: ascii(path)[:40])
def test_a_refusal_is_one_short_printable_line(fence: Fence, path: str) -> None:
    with pytest.raises(ToolRefusal) as refused:
        fence.write_text(path, "x")
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 300


def test_an_absolute_path_into_the_workspace_is_the_same_as_the_relative_one(tmp_path: Path, root: Path) -> None:
    (tmp_path / "alias").symlink_to(root, target_is_directory=True)
    fence = Fence(tmp_path / "alias")
    assert fence.name(f"{root}/src/main.py") == "src/main.py"
    assert fence.name(f"{tmp_path}/alias/src//./main.py") == "src/main.py"
    assert fence.name(str(root)) == "."
    with pytest.raises(ToolRefusal, match="outside the workspace"):
        fence.name(f"{root}-other/src/main.py")


def test_a_refused_link_is_named_as_a_link(fence: Fence) -> None:
    with pytest.raises(ToolRefusal, match=r"'link\.txt' is a symbolic link; links are not followed"):
        fence.read_bytes("link.txt", 100)
    with pytest.raises(ToolRefusal, match=r"'out' is a symbolic link"):
        fence.read_bytes("out/secret.txt", 100)


def test_a_device_is_never_opened(root: Path) -> None:
    (root / "zero").symlink_to("/dev/zero")
    with pytest.raises(ToolRefusal, match="symbolic link"):
        Fence(root).read_bytes("zero", 10)
    with pytest.raises(ToolRefusal, match="is a device, a pipe or a socket"):
        Fence(Path("/dev")).read_bytes("zero", 10)


def test_a_pipe_is_refused_instead_of_waited_for(fence: Fence, root: Path) -> None:
    os.mkfifo(root / "pipe")
    acts: tuple[Callable[[], object], ...] = (
        lambda: fence.read_bytes("pipe", 10),
        lambda: fence.write_text("pipe", "x"),
    )
    for act in acts:
        with pytest.raises(ToolRefusal, match="is a device, a pipe or a socket"):
            act()
    assert "pipe" not in fence.files().paths
    assert stat.S_ISFIFO((root / "pipe").lstat().st_mode)


def swap_before_open(monkeypatch: pytest.MonkeyPatch, name: str, swap: object) -> None:
    """Run *swap* between our look at *name* and our opening of it."""
    real, waiting = os.open, [swap]

    def open_after_swap(path: object, *args: object, **kwargs: object) -> int:
        if path == name and waiting:
            waiting.pop()()  # type: ignore[operator]
        return real(path, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", open_after_swap)


def test_a_file_swapped_for_a_link_after_the_look_is_not_followed(
    fence: Fence, root: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def swap() -> None:
        (root / "src/main.py").unlink()
        (root / "src/main.py").symlink_to(outside / "secret.txt")

    swap_before_open(monkeypatch, "main.py", swap)
    with pytest.raises(ToolRefusal, match="symbolic link"):
        fence.read_bytes("src/main.py", 100)


def test_a_file_swapped_for_a_pipe_after_the_look_does_not_hang(
    fence: Fence, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def swap() -> None:
        (root / "src/main.py").unlink()
        os.mkfifo(root / "src/main.py")

    swap_before_open(monkeypatch, "main.py", swap)
    with pytest.raises(ToolRefusal, match="pipe"):
        fence.read_bytes("src/main.py", 100)


def test_a_folder_swapped_for_a_link_on_the_way_is_not_followed(
    fence: Fence, root: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def swap() -> None:
        (root / "src").rename(root / "moved")
        (root / "src").symlink_to(outside, target_is_directory=True)

    swap_before_open(monkeypatch, "src", swap)
    with pytest.raises(ToolRefusal, match="symbolic link"):
        fence.write_text("src/secret.txt", "changed")
    assert tree(outside) == {"secret.txt": SECRET}


def test_a_link_put_in_the_files_place_at_the_last_moment_is_replaced_not_written_through(
    fence: Fence, root: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.replace

    def replace_after_swap(*args: object, **kwargs: object) -> None:
        (root / "src/main.py").unlink()
        (root / "src/main.py").symlink_to(outside / "secret.txt")
        real(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "replace", replace_after_swap)
    fence.write_text("src/main.py", "new")
    assert tree(outside) == {"secret.txt": SECRET}
    assert (root / "src/main.py").read_text() == "new"


def test_a_folder_that_flips_all_the_time_never_leads_out(fence: Fence, root: Path, outside: Path) -> None:
    (root / "flip").mkdir()
    (root / "flip" / "secret.txt").write_text("inside")
    stop = threading.Event()

    def flip() -> None:
        while not stop.is_set():
            (root / "flip").rename(root / "real")
            (root / "flip").symlink_to(outside, target_is_directory=True)
            (root / "flip").unlink()
            (root / "real").rename(root / "flip")

    thread = threading.Thread(target=flip)
    thread.start()
    read: set[bytes] = set()

    def rewritten(old: bytes) -> bytes:
        read.add(old)
        return old

    def reads() -> None:
        read.add(fence.read_bytes("flip/secret.txt", 100))

    acts: tuple[Callable[[], object], ...] = (reads, lambda: fence.rewrite("flip/secret.txt", rewritten))
    try:
        for _ in range(300):
            for act in acts:
                with suppress(ToolRefusal, FileNotFoundError):
                    act()
    finally:
        stop.set()
        thread.join()
    assert read <= {b"inside"}
    assert tree(outside) == {"secret.txt": SECRET}


def test_a_workspace_replaced_by_another_folder_is_refused(root: Path, outside: Path) -> None:
    fence = Fence(root)
    root.rename(root.with_name("elsewhere"))
    outside.rename(root)
    with pytest.raises(ToolRefusal, match="was replaced"):
        fence.read_bytes("secret.txt", 100)


@pytest.mark.parametrize("order", list(itertools.permutations(["HEAD", "objects/a", "refs/a"])))
def test_no_order_of_writes_makes_a_folder_that_git_takes_for_its_own(
    fence: Fence, root: Path, order: tuple[str, ...]
) -> None:
    for name in order[:2]:
        fence.write_text(name, "ref: refs/heads/main\n")
    with pytest.raises(ToolRefusal, match="git's own data"):
        fence.write_text(order[2], "ref: refs/heads/main\n")
    assert sum((root / name).exists() for name in ("HEAD", "objects", "refs")) == 2


@pytest.mark.parametrize("present", [("HEAD", "objects/x", "refs/x"), ("HEAD", "commondir")])
def test_a_git_directory_of_any_name_is_off_limits(fence: Fence, root: Path, present: tuple[str, ...]) -> None:
    for name in present:
        (root / "meta" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "meta" / name).write_text("x")
    acts: tuple[Callable[[], object], ...] = (
        lambda: fence.read_bytes("meta/HEAD", 10),
        lambda: fence.write_text("meta/hooks/pre-commit", "x"),
    )
    for act in acts:
        with pytest.raises(ToolRefusal, match="git's own data"):
            act()
    assert not [path for path in fence.files().paths if path.startswith("meta/")]


def test_a_git_file_of_a_worktree_is_off_limits(root: Path) -> None:
    (root / "tree").mkdir()
    (root / "tree" / ".git").write_text("gitdir: /elsewhere\n")
    fence = Fence(root / "tree")
    with pytest.raises(ToolRefusal, match="git's own data"):
        fence.write_text(".git", "gitdir: /mine\n")
    assert fence.files().paths == ()


PIECES = st.sampled_from(
    [
        "..",
        ".",
        "",
        "/",
        "~",
        "a",
        "src",
        "link.txt",
        "out",
        "chain",
        "repo",
        ".git",
        ".GIT",
        "hooks",
        "\0",
        "\\",
        "{out}",
    ]
)


@given(path=st.text() | st.lists(PIECES | st.text(max_size=3), max_size=6).map("/".join))
@example("{out}/new.txt")
@example("../outside/new.txt")
@example("out/new.txt")
def test_writing_to_any_path_touches_nothing_outside_and_nothing_of_git(path: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder).resolve()
        (base / "outside").mkdir()
        (base / "outside" / "secret.txt").write_text(SECRET)
        (base / "work" / ".git").mkdir(parents=True)
        (base / "work" / ".git" / "config").write_text("[core]\n")
        (base / "work" / "out").symlink_to(base / "outside", target_is_directory=True)
        (base / "work" / "chain").symlink_to("out")
        (base / "work" / "repo").symlink_to(".git")
        (base / "work" / "link.txt").symlink_to(base / "outside" / "secret.txt")
        fence = Fence(base / "work")
        try:
            fence.write_text(path.replace("{out}", str(base / "outside")), "changed")
        except (ToolRefusal, OSError):
            assert fence.before == {}
        else:
            assert [(base / "work" / name).read_text() for name in fence.before] == ["changed"]
        assert sorted(path.name for path in base.iterdir()) == ["outside", "work"]
        assert tree(base / "outside") == {"secret.txt": SECRET}
        assert tree(base / "work" / ".git") == {"config": "[core]\n"}


def test_writing_makes_the_folders_and_journals_what_was_there_first(fence: Fence, root: Path) -> None:
    assert fence.write_text("docs/new/page.md", "one\n") is None
    assert fence.write_text("docs/new/page.md", "two\n") == b"one\n"
    assert fence.write_text(f"{root}/src/main.py", "three\n") == b"print('hi')\n"
    fence.rewrite("src/main.py", lambda old: old.upper())
    assert (root / "src/main.py").read_text() == "THREE\n"
    assert fence.before == {"docs/new/page.md": None, "src/main.py": b"print('hi')\n"}


@pytest.mark.parametrize("mode", [0o755, 0o640, 0o600])
def test_an_existing_files_mode_is_kept(fence: Fence, root: Path, mode: int) -> None:
    (root / "src/main.py").chmod(mode)
    fence.write_text("src/main.py", "x")
    assert stat.S_IMODE((root / "src/main.py").stat().st_mode) == mode


def test_what_replaces_a_file_of_its_owner_alone_is_never_readable_by_others(
    fence: Fence, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "src/main.py").chmod(0o600)
    made = []
    real = os.fchmod

    def look(file: int, mode: int) -> None:
        made.append(stat.S_IMODE(os.fstat(file).st_mode))
        real(file, mode)

    monkeypatch.setattr(os, "fchmod", look)
    fence.write_text("src/main.py", "x")
    assert made == [0o600]


def user_saves(root: Path) -> None:
    (root / "src/main.py").write_text("print('hi')\n# by the user\n")


def test_what_the_user_changed_after_it_was_read_is_not_overwritten_unread(fence: Fence, root: Path) -> None:
    fence.read("src/main.py")
    user_saves(root)
    with pytest.raises(ToolRefusal, match=r"src/main\.py was changed since you read it; read it again"):
        fence.write_text("src/main.py", "print('ho')\n")
    fence.rewrite("src/main.py", lambda old: old.replace(b"hi", b"ho"))  # looks for its place in what is there
    assert (root / "src/main.py").read_text() == "print('ho')\n# by the user\n"
    with pytest.raises(ToolRefusal, match="was changed since"):  # the user's line was still not read
        fence.write_text("src/main.py", "x")
    fence.read("src/main.py")
    fence.write_text("src/main.py", "x")
    fence.write_text("src/main.py", "y")
    assert (root / "src/main.py").read_text() == "y"


def test_what_the_user_saves_while_an_edit_is_made_stays(fence: Fence, root: Path) -> None:
    def slow(old: bytes) -> bytes:
        user_saves(root)
        return old.upper()

    with pytest.raises(ToolRefusal, match="is just being changed by somebody else"):
        fence.rewrite("src/main.py", slow)
    assert "by the user" in (root / "src/main.py").read_text()
    assert fence.before == {}


def test_a_file_that_the_user_made_meanwhile_is_not_overwritten_unread(fence: Fence, root: Path) -> None:
    fence.read("src/new.py")
    (root / "src/new.py").write_text("mine")
    with pytest.raises(ToolRefusal, match="was changed since"):
        fence.write_text("src/new.py", "x")


def test_a_read_only_file_is_not_replaced(fence: Fence, root: Path) -> None:
    (root / "src/main.py").chmod(0o444)
    with pytest.raises(ToolRefusal, match=r"src/main\.py is read-only \(mode 0444\)|is read-only"):
        fence.write_text("src/main.py", "x")
    assert (root / "src/main.py").read_text() == "print('hi')\n"


def test_a_write_that_fails_leaves_the_old_file_and_no_rest(
    fence: Fence, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        fence.write_text("src/main.py", "x")
    assert [path.name for path in (root / "src").iterdir()] == ["main.py"]
    assert (root / "src/main.py").read_text() == "print('hi')\n"


def test_a_sealed_fence_writes_nothing_any_more(fence: Fence, root: Path) -> None:
    fence.seal()
    with pytest.raises(ToolRefusal, match="the attempt is over"):
        fence.write_text("src/main.py", "x")
    assert fence.read_bytes("src/main.py", 100) == b"print('hi')\n"
    assert fence.before == {}


def test_edits_by_many_threads_are_all_kept(fence: Fence, root: Path) -> None:
    fence.write_text("all.txt", "")

    def add(number: int) -> None:
        fence.rewrite("all.txt", lambda old: old + f"{number}\n".encode())
        fence.write_text(f"new/{number % 3}/{number}.txt", "x")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(60)))
    assert sorted(map(int, (root / "all.txt").read_text().split())) == list(range(60))
    assert len(fence.before) == 61
    assert not [name for name in fence.files().paths if name.endswith(".tmp")]


def test_a_file_above_the_limit_is_refused_with_its_size(fence: Fence) -> None:
    with pytest.raises(ToolRefusal, match=r"'src/main\.py' is too large: 12 bytes, at most 5"):
        fence.read_bytes("src/main.py", 5)


def test_a_file_too_large_to_journal_is_not_overwritten(
    fence: Fence, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openat, "LARGEST_EDIT", 5)
    with pytest.raises(ToolRefusal, match="too large"):
        fence.write_text("src/main.py", "x")
    assert (root / "src/main.py").read_text() == "print('hi')\n"


@pytest.mark.parametrize("path", [".env", "deploy/.env.local", "secrets/a/b.txt", "deploy/.ENV"])
def test_a_private_path_is_withheld_whatever_is_wanted_of_it(fence: Fence, root: Path, path: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text("TOKEN=1")
    acts: dict[str, Callable[[], object]] = {
        "read": lambda: fence.read_bytes(path, 100),
        "write": lambda: fence.write_text(path, "x"),
        "edit": lambda: fence.rewrite(path, lambda old: old),
    }
    for verb, act in acts.items():
        with pytest.raises(
            ToolRefusal, match=rf"withheld: .* is private \(policy: .*\); only a local .* may {verb} it"
        ):
            act()
    assert path in fence.files().paths
    assert Fence(root, private_globs=[".env*", "secrets/**"], allow_private=True).read_bytes(path, 100) == b"TOKEN=1"


def test_a_text_that_holds_a_key_is_withheld_and_not_open_to_edits_either(fence: Fence, root: Path) -> None:
    (root / "notes.txt").write_text(f"hello\n{KEY}")
    with pytest.raises(
        ToolRefusal, match=r"withheld: notes\.txt holds a private key; only a local profile may read it"
    ):
        fence.read_bytes("notes.txt", 1_000)
    with pytest.raises(ToolRefusal, match="may edit it"):
        fence.rewrite("notes.txt", lambda _: b"")
    assert b"OPENSSH" in Fence(root, allow_private=True).read_bytes("notes.txt", 1_000)


def test_nuls_do_not_hide_a_key(fence: Fence, root: Path) -> None:
    (root / "notes.txt").write_text(KEY.replace("PRIVATE", "PRI\0VATE"))
    with pytest.raises(ToolRefusal, match="holds a private key"):
        fence.read_bytes("notes.txt", 1_000)


def test_a_workspace_inside_a_private_folder_is_private(tmp_path: Path) -> None:
    (tmp_path / "secrets" / "work").mkdir(parents=True)
    (tmp_path / "secrets" / "work" / "a.txt").write_text("x")
    with pytest.raises(ToolRefusal, match="withheld"):
        Fence(tmp_path / "secrets" / "work", private_globs=["secrets/**"]).read_bytes("a.txt", 10)


def test_files_are_walked_without_git_and_without_links(fence: Fence) -> None:
    assert fence.files().paths == ("src/main.py",)
    assert [name for name, _ in fence.entries()] == ["chain", "inside", "link.txt", "out", "repo", "src"]


def test_known_files_win_over_the_walk_and_git_is_left_out(root: Path) -> None:
    (root / "node_modules").mkdir()
    (root / "node_modules" / "x.js").write_text("x")
    known = ["src/main.py", "src/main.py", ".git/config", "src/.GIT"]
    fence = Fence(root, known_files=lambda: known)
    assert fence.files().paths == ("src/main.py",)
    assert fence.files("src").paths == ("src/main.py",)
    assert fence.files("node_modules").paths == ("node_modules/x.js",)


def test_what_git_cannot_say_is_walked(root: Path) -> None:
    assert Fence(root, known_files=lambda: None).files().paths == ("src/main.py",)


def test_a_tree_without_end_is_cut_and_says_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enclosure, "MOST_FENCED_FILES", 3)
    for number in range(10):
        (root / f"{number}.txt").write_text("x")
    found = Fence(root).files()
    assert len(found.paths) == 3
    assert found.cut
    assert Fence(root, known_files=lambda: [f"{number}.txt" for number in range(10)]).files().cut


def test_existence_is_told_without_following_links(fence: Fence) -> None:
    assert fence.exists("src/main.py")
    assert fence.exists("link.txt")
    assert fence.exists(".")
    assert not fence.exists("src/none.py")
    assert not fence.exists("none/none.py")


@pytest.mark.parametrize("name", ["missing", "file.txt"])
def test_a_workspace_that_is_not_a_folder_is_the_users_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "file.txt").write_text("x")
    with pytest.raises(WorkspaceError, match="name a folder"):
        Fence(tmp_path / name)
