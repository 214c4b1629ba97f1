"""Nothing in this repository installs the program by its name from a package index: it is published in none.

Whoever takes the name there would be installed. A clone, a file and a pinned address are the ways. Of the name alone
every spelling counts that an index takes for the same. So does the short name of the command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LONG = "hermes" + "-profile-router"  # in two parts: this file is searched too
SHORT = "profile" + "-router"

_LONG = r"hermes[-_.]+profile[-_.]+router"
_NAME = r"(?:hermes[-_.]+)?profile[-_.]+router"
_ALONE = r"(?![\w-]|\.\w|/|\s*@)"  # not a folder, a wheel, or a name with its address
_GAP = r"""[\s"'`,\[\](){}\\*]+"""
_LIST_GAP = r"""[\s"'`,\[\](){}\\*#-]+"""
_WORD = r"""(?!\.|or\b|and\b|then\b)[^\s"'`,\[\](){}\\;|&]+"""
_TOOL = (
    r"(?<![\w-])(?:pip[\d.]*|pipx|uv|uvx|pdm|rye|hatch|poetry|pipenv|conda|mamba|micromamba|pixi|easy_install"
    r"|hermes[\s\"',]+(?:plugins|skills))"
)
_VERB = r"(?:install|reinstall|add|run|upgrade|update|inject|download|wheel|sync|x|require|ensure)"
_PUT_INTO = r"(?<!pipx inject )"  # its first word is an environment that is there, and no index is asked for it
_INSTALLS = (
    rf"{_TOOL}{_GAP}(?:{_WORD}{_GAP}){{0,6}}?{_VERB}{_GAP}(?:{_WORD}{_GAP}){{0,8}}?{_PUT_INTO}{_NAME}{_ALONE}",
    rf"(?<![\w-])(?:uvx|easy_install){_GAP}(?:-{_WORD}{_GAP}){{0,4}}{_NAME}{_ALONE}",
    rf"--(?:with|from|spec)(?:=|{_GAP}){_NAME}{_ALONE}",
    rf"(?<![\w-])(?:re)?install(?:s|ed|ing)?\s+(?:the\s+package\s+)?[\"'`]?{_LONG}{_ALONE}",
    rf"(?<![\w/.-]){_NAME}(?:\[[\w,\s-]*\])?\s*(?:===?|[~!<>]=)\s*\d",
    rf"(?:dependencies|requires|requirements|packages)[\"'\s]*[:=]{_LIST_GAP}(?:[\w.<>=!~;]+{_LIST_GAP}){{0,6}}?{_LONG}{_ALONE}",
)
_FORMS = re.compile("|".join(f"(?:{form})" for form in _INSTALLS), re.IGNORECASE)
_LEFT_OUT = frozenset({"__pycache__", "dist", "build", "node_modules"})
_TEXTS = frozenset({".py", ".md", ".yaml", ".yml", ".toml", ".txt", ".j2", ".sh", ".json", ".cfg", ".jsonl", ""})


def installs(text: str) -> list[str]:
    """Return each place of *text* that installs the program by its name."""
    return [found[0] for found in _FORMS.finditer(text)]


def texts() -> Iterator[Path]:
    """Yield the texts of the repository: hidden folders but CI's are environments and caches."""
    for top in sorted(ROOT.iterdir()):
        if top.name == ".ci" or not (top.name.startswith(".") or top.name in _LEFT_OUT):
            below = sorted(top.rglob("*")) if top.is_dir() else [top]
            yield from (
                path for path in below
                if path.is_file() and path.suffix in _TEXTS and not _LEFT_OUT & set(path.relative_to(ROOT).parts)
            )  # fmt: skip


def test_no_text_and_no_code_of_the_repository_installs_the_program_by_its_name() -> None:
    found = {
        str(path.relative_to(ROOT)): installs(path.read_text(encoding="utf-8", errors="replace")) for path in texts()
    }
    assert len(found) > 300
    assert {path: places for path, places in found.items() if places} == {}


@pytest.mark.parametrize(
    "form",
    [
        "pip install {}", "pip3 install -U {}", "pip3.12 install --upgrade '{}[local]'", "python3 -m pip install {}",
        "python -m pip install --force-reinstall {}", 'pip install "{}"', "pip install httpx2 pyyaml {}",
        "pip install --index-url https://h.example/simple {}", "pip install \\\n    {}", "pip download {}", "pip wheel {}",
        "pipx install {}", "pipx run {}", "pipx upgrade {}", "pipx inject hermes-agent {}", "pipx install --python 3.12 {}",
        "pipx reinstall {}", "uv tool install {}", "uv tool run {}", "uv tool upgrade {}", "uv pip install {}", "uv add {}",
        "uvx {}", "uvx -q {} route", "uvx --from {} x", "uv run --with {} python", "pipx run --spec={} x",
        "poetry add {}", "pdm add -G dev {}", "rye install {}", "pipenv install {}", "conda install -c conda-forge {}",
        "easy_install {}", "hermes plugins install {}", "hermes skills install {} --yes", "RUN pip install --no-cache {}",
        '["pip", "install", "-qq", "{}"]', '[python, "-m", "pip", "install", "{}"]', "('uv', 'tool', 'install', '{}')",
        '"otlp": "`pip install \'{}[otel]\' opentelemetry-exporter`",', "{{'console': \"pip install '{}[otel]'\"}}",
        "pipx inject {} {}", "pip install '{}[otel,local]' x", "pip install {}==0.1.0", "{}==0.1.0", '"{}>=0.1,<1"', "{}[local]~=0.1", "{} >= 1",
        "- `pipx install {}`, or by hand;", "**pip install {}**", "PIP INSTALL {}", "`pip` will install {} into",
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", [LONG, SHORT, LONG.replace("-", "_"), LONG.replace("-", "."), LONG.title()])
def test_the_search_finds_every_way_to_take_the_name_from_an_index(form: str, name: str) -> None:
    assert installs(form.replace("{}", name))


@pytest.mark.parametrize(
    "form",
    [
        "install {} again", "it installs `{}`", "installing {} from the index", "dependencies = ['{}']",
        "pip_dependencies:\n  - httpx2\n  - {}\n", "# dependencies = [\n#   'rich',\n#   '{}',\n# ]", "requires: [{}]",
    ],
)  # fmt: skip
def test_the_search_finds_prose_and_lists_of_what_is_needed(form: str) -> None:
    assert installs(form.replace("{}", LONG))


@pytest.mark.parametrize(
    "text",
    [
        "pipx install .", "pip install .", "pipx install ./CLONE", f"pipx install ./{LONG}", f"pip install ~/src/{LONG}",
        f"pip install /srv/{LONG}", f"uv tool install ./{LONG}[local]", f"pip install ./{LONG}/",
        "pip install dist/" + LONG.replace("-", "_") + "-0.1.0-py3-none-any.whl",
        "pip install " + LONG.replace("-", "_") + "-0.1.0-py3-none-any.whl",
        f"pipx install git+https://h.example/o/{LONG}@{'0' * 40}", f"pip install '{LONG} @ https://h.example/x.whl#sha256=0'",
        f"hermes plugins install OWNER/REPO/skill/x/{SHORT}/", f"name: {LONG}", f'name = "{LONG}"', f"{SHORT} install",
        f"hermes {SHORT} setup", f"git clone https://h.example/o/{LONG}", "pipx install hermes-agent",
        f"pipx inject {LONG} opentelemetry-sdk", "pip install '.[otel]'", "pip install \".[otel]\" opentelemetry-sdk",
        f"`pip install .` gives the same as the command `{SHORT}`", f"skills/{LONG}/SKILL.md", f"# {LONG}",
    ],
)  # fmt: skip
def test_the_search_passes_a_clone_a_file_a_pinned_address_and_the_name_alone(text: str) -> None:
    assert installs(text) == []
