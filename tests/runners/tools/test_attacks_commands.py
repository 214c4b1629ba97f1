"""Commands that attack: the jail holds what the lists of the policy cannot. Real jails, real processes."""

from __future__ import annotations

import asyncio
import errno
import multiprocessing
import os
import platform
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli import forked
from tests.cli.stage import workspace
from tests.examples import each
from tests.processes import is_gone
from tests.runners.tools.a_terminal import ROOM, a_policy_with, a_terminal, answer, python

from profile_router.core.policy.rules import PrivateRule
from profile_router.jail.locks import MACHINES
from profile_router.runners.tools import terminal as terminal_module

pytestmark = pytest.mark.jail
KEY_NAME = "OPENROUTER_API_KEY"
KEY = "sk-or-v1-0123456789abcdef"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return workspace(tmp_path / "ws", {"a.txt": "inside\n"})


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.txt").write_text("from-outside\n")
    return folder


def seen(root: Path, paths: Sequence[str | Path]) -> list[str]:
    """Return those of *paths* of which a command can read something. One jail serves all: it costs most of it."""
    look = (
        f"for path in {[str(path) for path in paths]!r}:\n"
        "    try: print('read:' + path if open(path, 'rb').read(50) else '')\n"
        "    except OSError: pass"
    )
    first, *lines = answer(root, python(look)).splitlines()
    assert first.startswith("exit code 0 after "), first
    return [line.removeprefix("read:") for line in lines if line.startswith("read:")]


def test_the_control_can_be_read(root: Path) -> None:
    paths = [str(root / "a.txt"), "/usr/bin/env"]
    assert seen(root, paths) == paths


LEADING_OUT = [
    "../outside/secret.txt",
    "{outside}/secret.txt",
    "link",
    "/proc/1/root{outside}/secret.txt",
    "/proc/self/root{outside}/secret.txt",
    "/proc/1/cwd/a.txt",
]


def test_no_path_leads_out_of_the_workspace(root: Path, outside: Path) -> None:
    (root / "link").symlink_to(outside / "secret.txt")
    assert seen(root, [path.format(outside=outside) for path in LEADING_OUT]) == []


def test_the_machine_is_not_there(root: Path) -> None:
    of_the_machine = (
        *("/etc/shadow", "/etc/hostname", "/proc/1/environ", "/proc/kcore", "/sys/kernel", "/run", "/var"),
        *("/dev/mem", "/root"),
    )
    assert seen(root, of_the_machine) == []


def test_the_view_is_the_system_read_only_the_workspace_and_nothing_else(root: Path) -> None:
    said = answer(root, python("import os; print(sorted(os.listdir('/'))); print(open('/proc/mounts').read())"))
    top, *mounts = said.splitlines()[1:]
    assert ".old" not in top
    assert "run" not in top
    writable = {line.split()[1] for line in mounts if "ro" not in line.split()[3].split(",")}
    devices = {f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom")}
    assert writable == {"/", str(root), *devices}


def test_the_home_folder_is_not_there(root: Path, scratch_home: Path) -> None:
    (scratch_home / ".ssh").mkdir()
    (scratch_home / ".ssh" / "id_rsa").write_text("a key")
    assert seen(root, [scratch_home / ".ssh" / "id_rsa"]) == []
    assert answer(root, python("import os; print(os.listdir(os.path.expanduser('~')))")).endswith("\n[]")


def test_a_link_swapped_in_while_a_command_runs_leads_nowhere(root: Path, outside: Path) -> None:
    """The swap happens between two looks of the same command, which waits for it."""
    for name in ("ready", "swapped"):
        os.mkfifo(root / name)
    code = (
        "print(open('a.txt').read()); open('ready', 'w').close(); open('swapped').read(); print(open('a.txt').read())"
    )
    terminal = a_terminal(root)

    async def swapped() -> str:
        running = asyncio.create_task(terminal.run(python(code), 2_000))
        await asyncio.to_thread((root / "ready").read_bytes)
        (root / "a.txt").unlink()
        (root / "a.txt").symlink_to(outside / "secret.txt")
        await asyncio.to_thread((root / "swapped").write_bytes, b"x")
        return await running

    said = asyncio.run(swapped())
    assert "inside" in said
    assert "from-outside" not in said


WRITES = [
    "open('/etc/passwd', 'a')",
    "open('/usr/bin/x', 'w')",
    "open('../outside/secret.txt', 'w').write('changed')",
    "open('{outside}/secret.txt', 'w').write('changed')",
    "open('link', 'w').write('changed')",
    "open('.git/config', 'a').write('changed')",
    "open('.git/hooks/pre-commit', 'w').write('changed')",
    "os.rename('.git', 'git2')",
    "shutil.rmtree('.git')",
    "open('/proc/sys/kernel/core_pattern', 'w').write('changed')",
    "open('/proc/sysrq-trigger', 'w').write('changed')",
    "open('/proc/self/uid_map', 'w').write('0 0 1')",
    "os.chroot('/')",
    "os.mknod('disk', 0o60666, os.makedev(254, 0))",
    "os.setuid(0 if os.getuid() else 1)",
    "os.kill(1, 9) or os.stat('/proc/1') and sys.exit(1)",
    "ctypes.CDLL(None, use_errno=True).umount2(b'/proc', 2) and sys.exit(1)",
    "ctypes.CDLL(None, use_errno=True).mount(b'x', b'/usr', b'tmpfs', 0, None) and sys.exit(1)",
    "ctypes.CDLL(None, use_errno=True).unshare(0x10000000) and sys.exit(1)",
    "ctypes.CDLL(None, use_errno=True).ptrace(16, 1, 0, 0) and sys.exit(1)",
]  # fmt: skip


# Each act is a process of its own within the one jail, and tells how it ended.
EACH_BY_ITSELF = """\
import ctypes, os, shutil, sys
for number, act in enumerate({acts!r}):
    pid = os.fork()
    if not pid:
        try:
            exec(act)
        except SystemExit as ended:
            os._exit(ended.code)
        except BaseException:
            os._exit(1)
        os._exit(0)
    print("act", number, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


def done_by(root: Path, acts: Sequence[str]) -> list[str]:
    """Return those of *acts* that did not end with 1."""
    said = answer(root, python(EACH_BY_ITSELF.format(acts=list(acts))))
    ended = {int(line.split()[1]): line.split()[2] for line in said.splitlines() if line.startswith("act ")}
    return [act for number, act in enumerate(acts) if ended.get(number) != "1"]


def test_the_control_can_be_written(root: Path) -> None:
    acts = ["open('a.txt', 'a').write('changed')", "os.mkdir('made')", "1 / 0"]
    assert done_by(root, acts) == acts[:2]
    assert (root / "made").is_dir()


def test_nothing_outside_and_nothing_of_git_is_changed(root: Path, outside: Path) -> None:
    (root / "link").symlink_to(outside / "secret.txt")
    before = {path: path.read_bytes() for path in (root / ".git").rglob("*") if path.is_file()}
    assert done_by(root, [act.format(outside=outside) for act in WRITES]) == []
    assert (outside / "secret.txt").read_text() == "from-outside\n"
    assert {path: path.read_bytes() for path in (root / ".git").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_repository_in_a_folder_cannot_be_moved_away_for_another(elsewhere: bool, root: Path) -> None:
    inner = workspace(root / "libs" / "inner", {"b.txt": "inner\n"})
    for name in ("libs", "libs/inner"):
        act = f"import os; os.rename({name!r}, 'gone'); os.makedirs('libs/inner/.git')"
        assert answer(root, python(act), elsewhere=elsewhere).startswith("exit code 1 after ")
    assert "busy" in answer(root, "mv libs gone", policy=a_policy_with(allow=("mv",)), elsewhere=elsewhere)
    assert (inner / ".git" / "HEAD").is_file()


def test_a_private_file_is_not_had_by_renaming_its_folder(root: Path) -> None:
    (root / "keys").mkdir()
    (root / "keys" / "one.txt").write_text("hidden-words\n")
    policy = a_policy_with()
    rules = [
        replace(rule, paths=("**/keys/*.txt",)) if isinstance(rule, PrivateRule) else rule for rule in policy.rules
    ]
    policy = replace(policy, rules=tuple(rules))
    answer(root, python("import os; os.rename('keys', 'open')"), elsewhere=True, policy=policy)
    code = "import os\nfor name in ('keys', 'open'): print(os.path.isdir(name) and open(name + '/one.txt').read())"
    assert "hidden-words" not in answer(root, python(code), elsewhere=True, policy=policy)
    assert "hidden-words" in answer(root, python(code), policy=policy)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_the_rules_of_the_workspace_are_neither_changed_nor_removed(elsewhere: bool, root: Path) -> None:
    (root / ".profile-router.yaml").write_text("private_paths: [a.txt]\n")
    for act in (
        "open('.profile-router.yaml', 'w')",
        "os.remove('.profile-router.yaml')",
        "os.rename('.profile-router.yaml', 'x')",
    ):
        assert answer(root, python(f"import os; {act}"), elsewhere=elsewhere).startswith("exit code 1 ")
    assert (root / ".profile-router.yaml").read_text() == "private_paths: [a.txt]\n"


def test_no_key_is_in_reach_of_a_command(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_NAME, KEY)
    everything = python(
        "import os, glob\nprint(dict(os.environ))\n"
        "for p in glob.glob('/proc/*/environ') + glob.glob('/proc/*/cmdline'):\n"
        "    try: print(p, open(p, 'rb').read(10_000))\n    except OSError as e: print(p, e)\n"
        "print([os.readlink(p).split(':')[0] for p in sorted(glob.glob('/proc/self/fd/*'))[:4] if os.path.lexists(p)])"
    )
    said = answer(root, everything)
    assert "'HOME': '/tmp/home'" in said
    assert said.endswith("['/dev/null', 'pipe', 'pipe']")
    assert KEY not in said
    assert KEY_NAME not in said


@pytest.mark.parametrize("folder", ["abstract", "path"])
def test_no_socket_of_the_machine_can_be_reached(folder: str, root: Path) -> None:
    """A router that serves, a container engine, an ssh agent: whoever reaches them is out of the jail."""
    import socket

    with socket.socket(socket.AF_UNIX) as server, tempfile.TemporaryDirectory() as short:
        address = f"{short}/s" if folder == "path" else f"\0{short}"
        server.bind(address)
        server.listen()
        said = answer(
            root,
            python(
                f"import socket; s = socket.socket(socket.AF_UNIX); s.connect({address!r}); print('through')".replace(
                    "\0", "\\x00"
                )
            ),
        )
        assert "Error" in said
        assert not said.endswith("through")
        assert not select.select([server], [], [], 0)[0]


def test_no_network_is_there(root: Path) -> None:
    code = "import socket as s\nfor k in (s.SOCK_STREAM, s.SOCK_DGRAM):\n try: s.socket(s.AF_INET, k).connect(('192.0.2.1', 53)); print('through')\n except OSError as e: print(e)"
    assert answer(root, python(code)).splitlines()[1:] == ["[Errno 101] Network is unreachable"] * 2


def pids_in(folder: Path) -> set[int]:
    """Return the processes of this machine whose current folder is *folder*."""
    found = set()
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            if process.name.isdigit() and (process / "cwd").readlink() == folder:
                found.add(int(process.name))
    return found


BOMB = "import os, signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True:\n    try: os.fork()\n    except OSError: pass"


def test_sockets_that_no_namespace_keeps_apart_are_refused(root: Path) -> None:
    refused = "Address family not supported by protocol"
    code = (
        "import socket as s\n"
        "for family in (s.AF_VSOCK, s.AF_ALG, s.AF_PACKET):\n"
        "    try: print('opened', s.socket(family, s.SOCK_STREAM))\n"
        "    except OSError as e: print(e.strerror)\n"
        "a, b = s.socketpair(); a.send(b'by a pair'); print(b.recv(9).decode())"
    )
    assert answer(root, python(code)).splitlines()[1:] == [refused, refused, refused, "by a pair"]


_MARK, _SECCOMP, _SOCKETS, _REFUSED = MACHINES.get(platform.machine(), MACHINES["x86_64"])


def test_keys_of_the_kernel_and_ways_round_the_filter_are_refused(root: Path) -> None:
    numbers = [*_REFUSED, 0x40000000 + _SOCKETS[0]]
    code = (
        "import ctypes\nl = ctypes.CDLL(None, use_errno=True)\n"
        f"for number in {numbers}: print(hex(number), l.syscall(number, 0, 0, 0), ctypes.get_errno(), flush=True)"
    )
    assert answer(root, python(code)).splitlines()[1:] == [f"{number:#x} -1 38" for number in numbers]


def test_a_fork_bomb_is_ended_with_all_its_children(root: Path) -> None:
    said = answer(root, python(BOMB), policy=a_policy_with(processes=20))
    assert said == "error: the command was ended: it had more than 20 processes"
    assert all(is_gone(pid) for pid in pids_in(root))


def test_what_daemonizes_is_ended_with_its_command(root: Path) -> None:
    code = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        open('up', 'w').close()\n        time.sleep(600)\n    os._exit(0)\nos.wait()\nwhile not os.path.exists('up'): pass"
    assert answer(root, python(code)).startswith("exit code 0")
    assert (root / "up").exists()
    assert all(is_gone(pid) for pid in pids_in(root))


def test_a_command_that_takes_too_long_is_ended(root: Path) -> None:
    said = answer(
        root,
        python(
            "import signal, time\nfor n in (1, 2, 3, 15): signal.signal(n, signal.SIG_IGN)\nprint('began', flush=True)\ntime.sleep(600)"
        ),
        policy=a_policy_with(seconds=2.0),
    )
    assert said.splitlines() == ["error: the command was ended: it took more than 2 s", "began"]
    assert all(is_gone(pid) for pid in pids_in(root))


def test_a_flood_of_output_is_ended(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal_module, "FLOOD_BYTES", 100_000)
    said = answer(root, python("while True: print('x' * 1000)"), room=1_000)
    assert said.startswith("error: the command was ended: it printed more than 100,000 bytes\nxxx")
    assert len(said) <= 1_000
    assert all(is_gone(pid) for pid in pids_in(root))


FLOODS = ["\\x1b]", "\\x1b]a", "\\x1bP0", "\\x1b[0", "\\x1b[ ", "key=", "\\u200b"]


def _see_flood(flood: str, root: Path) -> None:
    said = answer(root, python(f"while True: print('{flood}' * 10_000, end='')"), elsewhere=True)
    assert said.startswith("error: the command was ended: it printed more than 8,388,608 bytes")
    assert len(said) <= ROOM


@pytest.mark.parametrize("flood", each(7, FLOODS, repr))
def test_nothing_that_a_flood_is_made_of_holds_the_router_up(flood: str, root: Path) -> None:
    """In a process by itself: an expression that takes hours lets no other thread run, not even to end it."""
    forked.ready()  # it has imported the product
    process = multiprocessing.get_context("forkserver").Process(target=_see_flood, args=(flood, root))
    process.start()
    process.join(120)
    ended = process.exitcode
    process.kill()
    process.join()
    assert ended == 0


def test_too_much_memory_is_ended_or_refused_by_the_kernel(root: Path) -> None:
    policy = a_policy_with(memory_mb=200)
    assert "MemoryError" in answer(root, python("b'x' * (600 << 20)"), policy=policy)
    many = "import os, time\nfor _ in range(6): os.fork() or (globals().update(x=b'x' * (80 << 20)), time.sleep(60))\ntime.sleep(60)"
    assert "took more than 200 MB of memory" in answer(root, python(many), policy=policy)


def test_a_file_cannot_grow_without_end_nor_can_the_scratch_folder(root: Path) -> None:
    policy = a_policy_with(file_mb=4)
    for path in ("big", "/tmp/big"):
        code = f"f = open({path!r}, 'wb')\nfor _ in range(8): f.write(b'x' * (1 << 20)); f.flush()"
        assert not answer(root, python(code), policy=policy).startswith("exit code 0")
    assert (root / "big").stat().st_size == 4 << 20
    several = "for n in range(3):\n with open(f'/tmp/{n}', 'wb') as f: f.write(b'x' * (2 << 20))"
    assert os.strerror(errno.ENOSPC) in answer(root, python(several), policy=policy)


def test_devices_sparse_files_and_pipes_end_by_the_limits(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal_module, "FLOOD_BYTES", 1_000_000)
    with (root / "sparse").open("wb") as file:
        file.truncate(10 << 30)
    os.mkfifo(root / "pipe")
    policy = a_policy_with(seconds=3.0)
    assert "it printed more than" in answer(root, "cat /dev/zero", policy=policy)
    assert answer(root, "cat sparse", policy=policy).startswith("error: the command was ended: ")
    assert "it took more than 3 s" in answer(root, "cat pipe", policy=policy)


def test_hostile_names_pass_as_words_and_come_back_as_text(root: Path) -> None:
    names = [
        "-rf",
        "a\nb",
        "a\x1b[31mred",
        "é" * 127,
        "x" * 255,
        os.fsdecode(b"caf\xe9"),
        "; touch pwned",
        "$(touch pwned)",
    ]
    for name in names:
        (root / name).write_text("x")
    said = answer(root, "ls -1 --show-control-chars")
    assert "\x1b" not in said
    said.encode()
    assert answer(root, "cat -- '; touch pwned' '$(touch pwned)'").endswith("\nxx")
    assert not (root / "pwned").exists()


def test_a_folder_of_a_hostile_name_is_a_workspace_like_any_other(tmp_path: Path) -> None:
    for name in ("-x", "a\nb", "a b;c", os.fsdecode(b"caf\xe9")):
        root = tmp_path / name
        root.mkdir()
        (root / "a.txt").write_text("inside")
        (root / ".env").write_text("hunter2x")
        said = answer(root, python("print(open('a.txt').read(), open('.env').read())"), elsewhere=True)
        assert said.splitlines()[1:] == ["inside"]


def test_cancelling_ends_all_of_it(root: Path) -> None:
    os.mkfifo(root / "started")
    terminal = a_terminal(root)

    async def cancelled() -> None:
        running = asyncio.create_task(
            terminal.run(python("open('started', 'w').write('x')\nimport time; time.sleep(600)"), 500)
        )
        await asyncio.to_thread((root / "started").read_bytes)
        pids = pids_in(root)
        assert pids
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert all(is_gone(pid) for pid in pids)

    asyncio.run(cancelled())


ROUTER = """
import asyncio, sys
from pathlib import Path
from tests.runners.tools.a_terminal import a_terminal, python
asyncio.run(a_terminal(Path(sys.argv[1])).run(python("open('started', 'w').write('x')\\nimport time; time.sleep(600)"), 500))
"""


def test_a_command_ends_when_the_router_is_killed(root: Path) -> None:
    os.mkfifo(root / "started")
    router = subprocess.Popen(
        [sys.executable, "-c", ROUTER, str(root)], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
    started = os.open(root / "started", os.O_RDONLY | os.O_NONBLOCK)
    assert select.select([started], [], [], 60)[0], "the command did not begin"
    os.close(started)
    pids = pids_in(root)
    assert pids
    router.send_signal(signal.SIGKILL)
    router.wait(30)
    left = [pid for pid in pids if not is_gone(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)  # what should have ended must not outlive a test that failed
    assert left == []
