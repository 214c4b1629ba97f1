"""Whatever a task's text holds, it is read to its end, twice alike, and nothing of it is lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.cases import POLICY
from tests.core.privacy.secret_samples import KEYS, TOKENS
from tests.examples import examples
from tests.fuzz.mutations import PIECES, texts

from profile_router.core.condense.parts import parts_of_context
from profile_router.core.language.globs import expand_braces, glob_regex
from profile_router.core.language.kinds import find_kinds
from profile_router.core.language.mentions import mentions
from profile_router.core.language.path_words import LONGEST_PATH_WORD, path_words
from profile_router.core.language.scope import has_scope_word
from profile_router.core.privacy.findings import findings, masked, private_glob, private_text
from profile_router.evidence.private_scan import find_private
from profile_router.hermes_plugin.private import looks_private
from profile_router.jail.allowed import NotAllowed, command_words
from profile_router.workspace.images import strip_data_urls

PROSE = """\
# Fix `src/http.py:12` — the *retry* delay (see [docs](docs/retry.md#delay))

Please refactor every module of "src/**/*.{py,pyi}", then lint it; don't touch `secrets/prod.env`.

```python title="src/http.py"
def retry(delay: float = 1.0) -> None:
    raise TimeoutError(f"after {delay}")
```

~~~
Traceback (most recent call last):
  File "src/http.py", line 12, in retry
TimeoutError: after 1.0
~~~

==> src/a/b.py <==
x = 1
=== ../etc/passwd ===
> quoted: https://user:pa55w0rd@example.org/x?y=1  <!-- hidden -->
1. Zeile mit Ümläuten, 中文 und \u202eRTL; e\u0301; \u200bnull\u200b; Ａ.py
![shot](shot.png "title") C:\\src\\main.c ~/.ssh/id_rsa $HOME {a,b}{c,d}[!x]*?
error: cannot find module 'x' at src/index.ts:3:7
"""
TRACKED = ("README.md", "docs/retry.md", "secrets/prod.env", "src/a/b.py", "src/http.py", "src/index.ts", "ü/中.py")
SECRETS = (*TOKENS.values(), *KEYS)
MARKDOWN = st.one_of(
    texts(PROSE, most=8),
    st.lists(st.sampled_from([*PIECES, *PROSE.split(), *SECRETS]), max_size=40).map("".join),
    st.lists(st.sampled_from([*PIECES, *PROSE.splitlines()]), max_size=20).map("\n".join),
    st.tuples(st.sampled_from([*PIECES, *PROSE.split()]), st.integers(0, 1_500)).map(lambda unit: unit[0] * unit[1]),
    st.text(),
)


def read(text: str) -> Any:
    words = path_words(text)
    kinds, scope = find_kinds(text, POLICY.kinds), has_scope_word(text, ["all modules", "whole", "every"])
    named = mentions(words, TRACKED, root="/w", inside="src")
    private = find_private(text, (), POLICY.private_paths, lambda _path: ())
    return (
        words,
        kinds,
        scope,
        named,
        private,
        findings(text),
        masked(text),
        parts_of_context(text),
        strip_data_urls(text),
    )


def is_one_line(refused: NotAllowed) -> None:
    assert str(refused).isprintable()
    assert len(str(refused)) < 1_000


@examples(120)
@given(MARKDOWN)
def test_any_text_is_read_and_read_alike_the_second_time(text: str) -> None:
    found = words, kinds, scope, named, private, secrets, hidden, parts, _ = read(text)
    assert found == read(text)
    assert all(word.text and len(word.text) <= LONGEST_PATH_WORD for word in words)
    assert len({hit.kind for hit in kinds}) == len(kinds)
    assert scope is None or scope in text.replace("\n", " ") or not text.isascii()
    assert set(named.singles) <= set(TRACKED)
    assert set(named.grouped) <= set(TRACKED)
    assert all(finding.place.isprintable() for finding in private)
    assert (hidden == text) == (not secrets)
    assert hidden.count("\n") == text.count("\n")
    assert "".join(part.whole for part in parts) == text


@examples(100)
@given(text=MARKDOWN, secret=st.sampled_from(SECRETS))
def test_a_secret_on_a_line_of_its_own_is_found_in_any_text(text: str, secret: str) -> None:
    around = f"{text}\n\n{secret}\n\nthe end"
    assert find_private(around, (), POLICY.private_paths, lambda _path: ())
    assert looks_private({"goal": around}, ())
    longest = max(secret.split(), key=len)
    assert longest not in "".join(masked(around).split("\n")[-secret.count("\n") - 3 :])


@examples(200)
@given(
    path=st.one_of(texts("src/.ssh/../a//b/./id_rsa.pub"), st.text(), st.sampled_from(PIECES)),
    glob=st.one_of(texts("src/**/[!a-z]*{x,y}?.{py,env}"), st.text(), st.sampled_from(PIECES)),
)
def test_any_glob_answers_for_any_path(path: str, glob: str) -> None:
    assert private_glob(path, [glob]) in (None, glob)
    assert len(expand_braces(glob)) <= 64
    for one in expand_braces(glob):
        regex = glob_regex(one)
        found = regex.match(path) if regex else None
        assert found is None or found.end() == len(path), "a glob matches a path as a whole or not at all"


@examples(200)
@given(st.one_of(texts("git diff -- 'a b' \"c d\" e\\ f"), st.text(), st.lists(st.sampled_from(PIECES)).map(" ".join)))
def test_any_command_is_words_that_are_allowed_or_is_refused(command: str) -> None:
    try:
        words = command_words(command, allow=["git diff", "ls"], deny=["git -c", "* --output*"])
    except NotAllowed as refused:
        is_one_line(refused)
    else:
        assert words[:2] == ["git", "diff"] or words[0] == "ls"
        assert not any("\0" in word for word in words)


@pytest.mark.parametrize(
    "unit", ["\u0301", "\u200b", "Ａ", "%41", "&#65;", "\\u0041", "\\x41", "= '", "://a:", "-----BEGIN "]
)
def test_what_only_looks_different_is_read_to_its_end(unit: str) -> None:
    text = unit * 3_000 + f"\n\n{TOKENS['token of GitHub']}"
    assert private_text(text) is not None


@pytest.mark.parametrize("text", ["'" + "a' " * 2_000 + "x", "=" * 20_000, "\\" * 20_000, "error: x\n  | y" * 2_000])
def test_texts_that_once_took_for_ever_are_read(text: str) -> None:
    assert read(text)[7]
