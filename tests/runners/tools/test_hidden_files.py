"""What a command of a model elsewhere cannot read: known secrets anywhere, and files not read to their end.

Some of these tests make real jails: user namespaces must work.
"""

from __future__ import annotations

import os
import py_compile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.stage import workspace
from tests.core.privacy.secret_samples import TOKENS
from tests.examples import each
from tests.git.git_repository import write_files
from tests.runners.tools.a_terminal import answer, python

from profile_router.runners.tools import hidden_files
from profile_router.runners.tools.answer_shape import ToolRefusal
from profile_router.runners.tools.fence import Fence
from profile_router.runners.tools.hidden_files import Hidden, HiddenFiles
from profile_router.runners.tools.reading import read_page
from profile_router.withheld import whole_scan
from profile_router.withheld.survey import survey
from profile_router.withheld.whole_scan import OVERLAP, WINDOW, Secrets

TOKEN = TOKENS["token of GitHub"]
LINE = f'token = "{TOKEN}"\n'
GLOBS = (".env*", "secrets/**")
KEY = "-----BEGIN RSA " + "PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA7kD83dkk2Lq0Zw9Xc7Vb1Np6Rt3Hs8Jd5Fg0YaTuEiOo12\n"
PLAN = "the merger is signed\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return workspace(tmp_path / "ws", {"app.py": "print(1)\n", ".gitignore": "local_settings.py\nbuild/\n.venv/\n"})


def finder(root: Path, secrets: Secrets | None = None, over: Callable[[], bool] = bool) -> HiddenFiles:
    return HiddenFiles(
        root=str(root),
        globs=GLOBS,
        survey=lambda: survey(root, GLOBS),
        first=lambda: ("app.py",),
        secrets=secrets or Secrets(),
        given_up=over,
    )


def names(root: Path, paths: tuple[str, ...]) -> list[str]:
    return sorted(os.path.relpath(path, root) for path in paths)


def old(path: Path) -> None:
    """Let *path* be of yesterday as far as the clock of this program can tell."""
    os.utime(path, (1, 1))


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("local_settings.py", LINE),
        ("build/deep/conf.txt", LINE),
        ("app.py", "x = 1\n" * 50_000 + LINE),
        ("data.csv", "1,2,3\n" * 400_000 + LINE),
        ("one_line.txt", "a " * 700_000 + LINE),
        ("wide.txt", LINE.encode("utf-16")),
        ("wide_without_mark.txt", LINE.encode("utf-16-le")),
        ("wide_big.txt", b"\0\n" + LINE.encode("utf-16-be")),
        ("nul.txt", LINE.replace(TOKEN[10], TOKEN[10] + "\0").encode()),
        ("store.db", b"SQLite\0\xff\xfe\x01" * 9_000 + LINE.encode() + b"\0\x80" * 40),
        *((f"seam{shift}", b"#" * (WINDOW - shift) + b"\n" + LINE.encode()) for shift in (1, 12, 30)),
    ],
)
def test_a_file_with_a_known_secret_is_hidden_wherever_the_secret_stands(
    path: str, content: str | bytes, root: Path
) -> None:
    times = 10 if path == "data.csv" else 1  # what holds nothing is large once
    clear: dict[str, str | bytes] = {
        "clear.txt": "nothing\n" * 10_000 * times,
        "build/clear.bin": b"\0\x80\xff" * 50_000 * times,
    }
    write_files(root, {path: content, **clear})
    found = finder(root).find()
    assert names(root, found.secret) == [path]
    assert (found.private, found.unread) == ((), ())


def test_a_constant_of_compiled_python_is_found_whatever_its_length(root: Path) -> None:
    for length in range(40, 110, 3):
        (root / "m.py").write_text(f'x = "{TOKEN + "Zq9" * 40}"[:1]\ny = "{(TOKEN + "Wb7x" * 30)[:length]}"\n')
        py_compile.compile(str(root / "m.py"), cfile=str(root / "build.pyc"), doraise=True)
        (root / "m.py").unlink()
        assert names(root, finder(root).find().secret) == ["build.pyc"], length


@pytest.mark.parametrize(("body", "hidden"), [("", False), ("\\n" + "Zk4Qw9Lm" * 8, True), ("\nProc-Type: 4,", True)])
def test_a_library_that_names_the_first_line_of_keys_is_not_hidden(body: str, hidden: bool, root: Path) -> None:
    line = "-----BEGIN RSA " + "PRIVATE KEY-----"
    write_files(root, {".venv/lib/site-packages/ssh.py": f'HEAD = "{line}{body}"\nEND = 1\n'})
    assert bool(finder(root).find().secret) is hidden


PROGRAMS = {
    "ELF": b"\x7fELF\2\1\1\0",
    "Mach-O": b"\xcf\xfa\xed\xfe\7\0\0\1",
    "Windows": b"MZ\x90\0\3\0\0\0",
    "WebAssembly": b"\0asm\1\0\0\0",
    "Java": b"\xca\xfe\xba\xbe\0\0\0\x41",
    "objects": b"!<arch>\n/ 0 \0\0",
    "PNG": b"\x89PNG\r\n\x1a\n\0\0\0\r",
    "gzip": b"\x1f\x8b\x08\0\0\0\0\0",
    "Zstandard": b"\x28\xb5\x2f\xfd\0\0\0\0",
}
SHOWN_AS_THEY_ARE = {
    "SQLite": b"SQLite format 3\0\x10\0\1\1",
    "an editor's copy": b"b0VIM 9.0\0\0\0\xff",
    "zip": b"PK\3\4\n\0\0\0\0\0\xff",
    "tar": b"settings.env" + b"\0" * 90 + b"0000644\0",
    "unknown": b"\0\1\xfe\xff\3",
}
PADDING = b"\x80\0\xff" * 300
GUESSES = (
    b"API_KEY=kD83dkk2Lq0Zw9Xc7Vb1",
    b"_:uketo5]*Mrcw{Pw:}a}~v@QEh8dhaALmR>[b`IzM",
    b"the password is hunter22x!9",
    b"password:\n  kD83dkk2Lq0Zw9X",
)


@pytest.mark.parametrize("guess", GUESSES)
@pytest.mark.parametrize("kind", each(2, PROGRAMS, str))
def test_in_a_program_or_packed_data_no_value_counts_for_a_name_that_stands_before_it(
    kind: str, guess: bytes, root: Path
) -> None:
    write_files(root, {"lib.so": PROGRAMS[kind] + PADDING + guess + PADDING})
    assert finder(root).find().secret == ()
    key = KEY.encode()
    for known in (TOKEN.encode(), b"postgres://app:kD83dkk2Lq@db.internal/x", key, key.decode().encode("utf-16-le")):
        write_files(root, {"lib.so": PROGRAMS[kind] + PADDING + guess + PADDING + known + PADDING})
        assert names(root, finder(root).find().secret) == ["lib.so"], known


@pytest.mark.parametrize("guess", GUESSES)
@pytest.mark.parametrize("kind", each(2, SHOWN_AS_THEY_ARE, str))
def test_in_what_may_keep_a_text_as_it_is_a_value_counts_for_its_name(kind: str, guess: bytes, root: Path) -> None:
    write_files(root, {"backup": SHOWN_AS_THEY_ARE[kind] + PADDING + guess + PADDING})
    assert names(root, finder(root).find().secret) == ["backup"]


def test_a_text_that_begins_like_a_program_is_read_as_a_text(root: Path) -> None:
    write_files(root, {name: f"{start}\nDB_PASSWORD=kd83!dkk2\n" for name, start in (("a", "MZ"), ("b", "RIFF"))})
    assert names(root, finder(root).find().secret) == ["a", "b"]


def test_the_urls_of_several_hosts_in_a_librarys_examples_are_not_secrets(root: Path) -> None:
    urls = ("https://foo.com:123,foo:bar@bar.com", "mongodb://a.b:27017,c.d:27018,user:password@e.f/x")
    write_files(root, {f"{number}.py": f"x = '{url}'\n" for number, url in enumerate(urls)})
    assert finder(root).find().secret == ()
    urls = ("postgres://a.b:5432,app:kD83dkk2Lq@c.d/x", "amqp://app:123,kD83!dkk2@c.d")
    write_files(root, {f"{number}.py": f"x = '{url}'\n" for number, url in enumerate(urls)})
    assert names(root, finder(root).find().secret) == ["0.py", "1.py"]


def test_a_command_reads_no_secret_of_an_ignored_file_backwards(root: Path) -> None:
    write_files(root, {"local_settings.py": LINE, "build/conf.txt": LINE, "app.py": "x = 1\n" * 50_000 + LINE})
    for path in ("local_settings.py", "build/conf.txt", "app.py"):
        look = python(f"print(open('{path}').read()[::-1])")
        assert TOKEN[::-1] in answer(root, look)
        said = answer(root, look, elsewhere=True)
        assert TOKEN[::-1] not in said
        assert "(3 private paths looked empty to it) (of them for a known secret: " in said
        assert "app.py" in said


def test_a_file_that_a_command_made_or_let_grow_is_looked_at_before_the_next_one(root: Path) -> None:
    finding = finder(root)
    write_files(root, {"build/log.txt": "fine\n"})
    old(root / "build" / "log.txt")
    assert finding.find().secret == ()
    with (root / "build" / "log.txt").open("a") as log:
        log.write(LINE)
    write_files(root, {"build/new.txt": LINE})
    assert names(root, finding.find().secret) == ["build/log.txt", "build/new.txt"]


def test_what_has_not_changed_is_read_once_for_all_attempts(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_scan, "_JUST_NOW", -1.0)
    secrets = Secrets()
    write_files(root, {"build/conf.txt": LINE})
    assert names(root, finder(root, secrets).find().secret) == ["build/conf.txt"]
    monkeypatch.setattr(whole_scan, "secret_in", lambda *_: pytest.fail("a file was read again"))
    assert names(root, finder(root, secrets).find().secret) == ["build/conf.txt"]


@pytest.mark.parametrize(("name", "value"), [("READ_BYTES", 100), ("HIDDEN_FILES_SECONDS", -1.0)])
def test_past_the_budget_what_was_not_read_to_its_end_is_hidden(
    name: str, value: float, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(root, {"build/large.txt": "x" * 200})
    monkeypatch.setattr(hidden_files, name, value)
    found = finder(root).find()
    assert "build/large.txt" in names(root, found.unread)
    assert found.unread_files == len(found.unread)


def test_a_file_larger_than_the_budget_leaves_it_to_the_others(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hidden_files, "READ_BYTES", 1_000)
    with (root / "a_large.bin").open("wb") as large:
        large.truncate(4_000_000_000)
        large.write(b"x")
    assert names(root, finder(root).find().unread) == ["a_large.bin"]


def test_the_answer_says_how_many_files_were_not_read_and_why(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hidden_files, "READ_BYTES", 100)
    write_files(root, {"build/large.txt": "many words\n" * 200})
    said = answer(root, "cat build/large.txt", elsewhere=True)
    assert "were not read to their end in 90 s and" in said
    assert "looked empty: build/large.txt" in said
    assert "many words" not in said


def test_a_file_that_cannot_be_read_is_hidden(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def refused(path: str, flags: int, *rest: int, **named: int) -> int:
        if str(path).endswith("closed.txt"):
            raise PermissionError(13, "Permission denied")
        return real(path, flags, *rest, **named)

    write_files(root, {"closed.txt": "x"})
    monkeypatch.setattr(os, "open", refused)
    assert names(root, finder(root).find().unread) == ["closed.txt"]


def test_a_folder_that_cannot_be_read_is_hidden_as_a_whole(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.scandir

    def refused(place: str) -> object:
        if str(place).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return real(place)

    write_files(root, {"build/closed/x.txt": LINE, "build/open.txt": "x"})
    monkeypatch.setattr(os, "scandir", refused)
    assert names(root, finder(root).find().unread) == ["build/closed"]


def test_many_unread_files_are_hidden_by_their_folders(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(root, {f".venv/lib/p{number}/m.py": "x = 1\n" for number in range(30)})
    monkeypatch.setattr(hidden_files, "READ_BYTES", 30)  # app.py and three more
    monkeypatch.setattr(hidden_files, "MOST_HIDDEN", 10)
    found = finder(root).find()
    assert ".venv" in [name.split("/")[0] for name in names(root, found.unread)]
    assert len(found.paths) <= 10
    assert found.unread_files >= 25
    monkeypatch.setattr(hidden_files, "MOST_HIDDEN", 2)
    with pytest.raises(ToolRefusal, match="are to be kept from a model elsewhere"):
        finder(root).find()


def test_an_attempt_that_is_over_reads_no_more(root: Path) -> None:
    write_files(root, {"local_settings.py": LINE})
    found = finder(root, over=lambda: True).find()
    assert found.secret == ()
    assert "local_settings.py" in names(root, found.unread)


def test_links_and_what_is_not_a_regular_file_are_not_read(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text(LINE)
    (root / "link").symlink_to(tmp_path / "outside.txt")
    os.mkfifo(root / "pipe")
    found = finder(root).find()
    assert (found.secret, found.unread) == ((), ())


# hard links


def test_another_name_of_a_private_file_is_empty_to_a_command_and_withheld_by_the_file_tools(root: Path) -> None:
    write_files(root, {"secrets/plan.txt": PLAN, "lone.txt": "lone\n"})
    os.link(root / "secrets" / "plan.txt", root / "public.txt")
    os.link(root / "lone.txt", root.parent / "outside.txt")
    look = python("print(open('public.txt').read()[::-1], open('lone.txt').read())")
    assert PLAN[::-1] in answer(root, look)
    said = answer(root, look, elsewhere=True)
    assert "lone" in said
    assert PLAN.strip()[::-1] not in said
    fence = Fence(root, private_globs=GLOBS)
    why = r"withheld: public\.txt is another name of secrets/plan\.txt, which is private; only a local profile may"
    uses: dict[str, Callable[[], object]] = {
        "read": lambda: fence.read_bytes("public.txt", 100),
        "write": lambda: fence.write_text("public.txt", "mine"),
        "edit": lambda: fence.rewrite("public.txt", lambda content: content + b"x"),
    }
    for act, use in uses.items():
        with pytest.raises(ToolRefusal, match=f"{why} {act} it"):
            use()
    assert fence.read_bytes("lone.txt", 100) == b"lone\n"


def test_a_local_model_that_is_shown_another_name_of_a_private_file_is_noted(root: Path) -> None:
    write_files(root, {"secrets/plan.txt": PLAN})
    os.link(root / "secrets" / "plan.txt", root / "public.txt")
    fence = Fence(root, private_globs=GLOBS, allow_private=True)
    noted: dict[str, str] = {}
    fence.about_to_show = noted.setdefault
    assert "merger" in read_page(fence, "public.txt", 1, 10, 1_000)
    assert noted == {"public.txt": "is another name of secrets/plan.txt, which is private"}


def test_a_name_that_a_file_gets_after_it_was_read_counts(root: Path) -> None:
    write_files(root, {"a.txt": PLAN})
    os.link(root / "a.txt", root / "b.txt")
    fence = Fence(root, private_globs=GLOBS)
    assert fence.read_bytes("a.txt", 100) == PLAN.encode()
    (root / "secrets").mkdir()
    os.link(root / "a.txt", root / "secrets" / "plan.txt")
    with pytest.raises(ToolRefusal, match=r"another name of secrets/plan\.txt"):
        fence.read_bytes("b.txt", 100)


def test_where_not_all_names_can_be_known_a_file_with_several_is_withheld(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.link(root / "app.py", root / "again.py")
    monkeypatch.setattr("profile_router.withheld.survey.MOST_SURVEYED", 1)
    with pytest.raises(
        ToolRefusal, match=r"again\.py has several names, one of which may be private: it has more than 1"
    ):
        Fence(root, private_globs=GLOBS).read_bytes("again.py", 100)


def test_the_seam_is_longer_than_any_secret() -> None:
    longest = max(len(token) for token in TOKENS.values())
    assert OVERLAP > 20_000 > longest
    assert Hidden().paths == ()
