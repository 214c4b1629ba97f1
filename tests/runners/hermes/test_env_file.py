"""A profile's .env means here what it means to the real Hermes: the same variables, or a refusal."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.runners.hermes.installed import NEW, OLD, installed_hermes

from profile_router.errors import ProfileError
from profile_router.profiles.env_file import read_env

AROUND = {"HOME": "/home/me", "LOGNAME": "me", "USER": "me"}
READER = """\
import json, os, sys, tempfile
from pathlib import Path
out, sys.stdout = sys.stdout, sys.stderr
from hermes_cli.env_loader import load_hermes_dotenv
around = json.loads(sys.argv[1])
for line in sys.stdin:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, ".env").write_bytes(bytes.fromhex(line))
        os.environ.clear()
        os.environ.update(around)
        load_hermes_dotenv(hermes_home=folder)
        print(json.dumps({name: value for name, value in os.environ.items()}), file=out, flush=True)
"""


class Reader:
    """A process of Hermes that reads one .env after the other."""

    def __init__(self, version: str, home: Path) -> None:
        self.version = version
        self._process = subprocess.Popen(
            [str(installed_hermes(version).python), "-c", READER, json.dumps(AROUND)],
            env={"PATH": os.environ["PATH"], "HOME": str(home), "HERMES_HOME": str(home)}, cwd=home,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip

    def read(self, text: str) -> dict[str, str]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(text.encode().hex() + "\n")
        self._process.stdin.flush()
        found: dict[str, str] = json.loads(self._process.stdout.readline())
        return found

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module", params=[OLD, NEW])
def hermes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    reader = Reader(request.param, tmp_path_factory.mktemp("home"))
    yield reader
    reader.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("profile") / ".env"


def ours(file: Path, text: str) -> dict[str, str] | None:
    """Return the environment with what stands in *text*, None where it is refused."""
    file.write_bytes(text.encode())
    try:
        return AROUND | read_env(file, AROUND)
    except ProfileError:
        return None


@pytest.mark.parametrize(
    "text",
    [
        "A=1\n",
        "A=1\r\nB='x y' # c\r\n",
        "export A=1\nB=${A}x\nC=${HOME}/y\nD=${SECRET:-no}\nE=${SECRET}\n",
        "  A = 1  \n\n\n# c\nB=2",
        'A="a\n  b"\nC=1\n',
        "A\nB=2\n",
        "A=1\nA\n",
        "'q k'=1\n1K=2\nx-y.z=3\n",
        "A=a#b\nB=a #b\nC=#x\n",
        'A="x\\ny\\t\\"z\\$"\nB=\'a\\nb\'\nC=\\n\n',
        "A=1 B=2\n",
        "A=1\0\n",
        "A=é\nB=\u2028\n",
        "HOME=/x\nB=${HOME}\n",
        "OPENROUTER_API_KEY=sk-or-1\nTOGETHER_API_KEY='x'\n",
        "",
    ],
)
def test_hermes_reads_the_same_variables(hermes: Reader, file: Path, text: str) -> None:
    assert ours(file, text) == hermes.read(text)


@pytest.mark.parametrize("text", ["A='open\nB=2\n", "just words\nB=2\n", "A: 1\nB=2\n", 'A="x" y\nB=2\n', "=x\nB=2\n"])
def test_a_line_that_hermes_drops_without_a_word_is_refused_here(hermes: Reader, file: Path, text: str) -> None:
    assert ours(file, text) is None
    assert hermes.read(text) == AROUND | {"B": "2"}


@pytest.mark.parametrize(
    ("text", "here", "hermes_has"),
    [
        ("A= # c\n", {"A": ""}, {OLD: {"A": "# c"}, NEW: {"A": "# c"}}),  # python-dotenv 1.2.2, where ours is newer
        ("\ufeffA=1\n", {"A": "1"}, {OLD: {"\ufeffA": "1"}, NEW: {"A": "1"}}),
        ("A_KEY=é\n", {"A_KEY": "é"}, {OLD: {"A_KEY": ""}, NEW: {"A_KEY": ""}}),  # refused by who uses such a key
        (
            "OPENAI_API_KEY=aOPENAI_BASE_URL=b\n",
            {"OPENAI_API_KEY": "aOPENAI_BASE_URL=b"},
            {OLD: {"OPENAI_API_KEY": "a", "OPENAI_BASE_URL": "b"}, NEW: {"OPENAI_API_KEY": "aOPENAI_BASE_URL=b"}},
        ),
    ],
)
def test_where_the_two_differ_is_known(
    hermes: Reader, file: Path, text: str, here: dict[str, str], hermes_has: dict[str, dict[str, str]]
) -> None:
    assert ours(file, text) == AROUND | here
    assert hermes.read(text) == AROUND | hermes_has[hermes.version]


NAMES = st.sampled_from(["A", "B", "export C", "'D'", "  E", "x-y", "HOME"])
SIGNS = st.sampled_from(["=", " = ", "= ", " ="])
PIECES = st.sampled_from(
    ["a", "1", " ", "  ", "#", " #c", "${A}", "${B:-x}", "${HOME}", "${NONE}", "$", "é", "\t", "\\n"]
)
PLAIN = st.lists(PIECES, max_size=6).map("".join).filter(lambda value: not value.lstrip().startswith("#"))
QUOTED = st.tuples(
    st.sampled_from("'\""), st.lists(PIECES | st.sampled_from(["\n", " \n ", "\\'", '\\"']), max_size=6)
).map(lambda parts: parts[0] + "".join(parts[1]) + parts[0])
ODD = st.sampled_from(["", "   ", "# A=no", "A", "words here", "=x", "A='open", 'A="x" y', "A='x' # c", "'open"])
LINES = st.one_of(st.tuples(NAMES, SIGNS, PLAIN | QUOTED).map("".join), ODD)
TEXTS = st.lists(st.tuples(LINES, st.sampled_from(["\n", "\n", "\r\n", "\r"])).map("".join), max_size=6).map("".join)


@examples(200)
@given(text=TEXTS)
def test_whatever_is_read_here_hermes_reads_too(hermes: Reader, file: Path, text: str) -> None:
    found, theirs = ours(file, text), hermes.read(text)
    assert found is None or found == theirs
