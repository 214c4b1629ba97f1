"""The whole new file is found in an answer, and what is only a part of it is told apart."""

from __future__ import annotations

import pytest

from profile_router.runners.answers.whole_file import file_in

OLD = "import os\n\n\ndef add(a, b):\n    return a - b\n"
NEW = OLD.replace("-", "+")
README = "# Clock\n\n```sh\nmake\n```\n\nTells the tme.\n"
FIXED = README.replace("tme", "time")


def fenced(text: str, info: str = "python", ticks: str = "```") -> str:
    return f"{ticks}{info}\n{text}{ticks}"


FOUND = {
    "alone": (fenced(NEW), NEW),
    "no language": (fenced(NEW, ""), NEW),
    "tildes": (fenced(NEW, "", "~~~"), NEW),
    "four ticks": (fenced(NEW, "", "````"), NEW),
    "words around": (f"Here it is:\n\n{fenced(NEW)}\n\nI changed a sign.", NEW),
    "path as info": (fenced(NEW, "python src/add.py"), NEW),
    "path on its first line": (fenced(f"# src/add.py\n{NEW}"), NEW),
    "a longer usage after it": (f"**add.py**\n{fenced(NEW)}\nUse it:\n{fenced('x = 1' * 99 + chr(10))}", NEW),
    "a shorter command after it": (f"{fenced(NEW)}\nRun:\n{fenced('python3 add.py' + chr(10), 'sh')}", NEW),
    "never closed": (f"```python\n{NEW}", NEW),
    "no fence": (NEW, NEW),
    "windows": (fenced(NEW).replace("\n", "\r\n"), NEW),
    "blank lines at its end": (fenced(f"{NEW}\n\n"), NEW),
    "dots that are code": (fenced(NEW + "x = ...\n"), NEW + "x = ...\n"),
}


@pytest.mark.parametrize("name", FOUND)
def test_the_file_is_found(name: str) -> None:
    answer, expected = FOUND[name]
    assert file_in(answer, "src/add.py", OLD).content == expected


@pytest.mark.parametrize("ticks", ["```", "````"])
def test_a_file_with_fences_of_its_own_keeps_them(ticks: str) -> None:
    assert file_in(fenced(FIXED, "markdown", ticks), "README.md", README).content == FIXED
    doc = 'def f():\n    """Do.\n\n```\nf()\n```\n"""\n'
    assert file_in(fenced(doc.replace("Do", "Did")), "f.py", doc).content == doc.replace("Do", "Did")


@pytest.mark.parametrize(
    "line",
    [
        "# ... rest of the code unchanged",
        "    # ...",
        "// ... existing code ...",
        "/* rest of the file remains the same */",
        "<!-- the other sections stay here -->",
        "... (rest of the file)",
        "# (remaining functions are unchanged)",
        "-- previous code here",
    ],
)
def test_a_file_that_leaves_lines_out_is_none(line: str) -> None:
    found = file_in(fenced(f"import os\n{line}\n"), "add.py", OLD)
    assert found.content is None
    assert found.why.startswith("it leaves lines out ('")
    assert file_in(fenced(f"{line}\n{NEW}"), "add.py", f"{line}\n{OLD}").content == f"{line}\n{NEW}"


@pytest.mark.parametrize("answer", ["I fixed it.", "Change the sign in add.", "", "`add(a, b)` must return a + b"])
def test_words_are_not_a_file(answer: str) -> None:
    found = file_in(answer, "add.py", OLD)
    assert (found.content, found.why) == (None, "it has no fence with the file")
    assert file_in("x = 1", "new.py", None).content is None


def test_a_tool_call_is_not_a_file_but_for_one_that_holds_such() -> None:
    call = '{"name": "edit_file", "arguments": {"path": "add.py"}}\n'
    assert file_in(fenced(call, "json"), "add.py", OLD).why == "it is a tool call, not the file"
    assert file_in(fenced(call, "json"), "call.json", call).content == call


@pytest.mark.parametrize("answer", ["UNCHANGED", " `UNCHANGED`.\n", "**unchanged**"])
def test_a_file_may_be_left_as_it_is(answer: str) -> None:
    assert file_in(answer, "add.py", OLD).unchanged


def test_the_last_line_ends_as_that_of_the_old_file_does() -> None:
    assert file_in(fenced("x = 2\n"), "a.py", "x = 1").content == "x = 2"
    assert file_in("```\nx = 2```\n```", "a.py", "x = 1\n").content == "x = 2```\n"
    assert file_in(fenced(""), "a.py", "x = 1\n").content == ""
    assert file_in(fenced("x = 2\n"), "a.py", None).content == "x = 2\n"


def test_what_is_said_beside_it_is_told() -> None:
    assert file_in(f"Here:\n{fenced(NEW)}\nNot tested.", "add.py", OLD).words == "Here:\nNot tested."
