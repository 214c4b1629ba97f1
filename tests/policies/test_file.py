"""A policy that is wrong is refused with file, line and what is allowed; a right one is read as it stands."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_router.core.policy.rules import LongContextRule
from profile_router.errors import PolicyError
from profile_router.policies.file import SHIPPED, find_policy, is_as_shipped, read_policy

TEXT = SHIPPED.read_text(encoding="utf-8")
LINES = TEXT.splitlines()


def line_of(start: str) -> int:
    return next(number for number, line in enumerate(LINES, start=1) if line.strip().startswith(start))


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(path: Path) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        read_policy(path)
    assert str(path) in str(caught.value)
    return caught.value


def test_the_shipped_policy_has_the_seeds_table() -> None:
    policy = read_policy(SHIPPED)
    assert [rule.id for rule in policy.rules] == [
        "private",
        "vision",
        "security-or-api-design",
        "large-change",
        "lint-or-summarize",
        "long-context",
        "small-change",
        "borderline",
    ]
    assert (policy.tiers.cheap, policy.tiers.local, policy.tiers.burst) == (
        "review-cheap",
        "coding-local",
        "coding-burst",
    )
    assert not policy.prices.burst.measured
    assert len(policy.digest) == 12


@pytest.mark.parametrize(
    ("old", "new", "at", "says"),
    [
        pytest.param(
            "above_tokens: 8192", "above_token: 8192", "above_tokens", "unknown key 'above_token'", id="unknown key"
        ),
        pytest.param(
            "above_tokens: 8192",
            "above_tokens: lots",
            "above_tokens",
            "must be a whole number, not 'lots'",
            id="wrong type",
        ),
        pytest.param("above_tokens: 8192", "above_tokens: 8192.5", "above_tokens", "a whole number", id="no coercion"),
        pytest.param(
            "above_tokens: 8192", "above_tokens: true", "above_tokens", "a whole number", id="a boolean is not a number"
        ),
        pytest.param("above_tokens: 8192", "above_tokens: -1", "above_tokens", "allowed: 1 or more", id="out of range"),
        pytest.param(
            "tokenizer_factor: 1.4", "tokenizer_factor: .nan", "tokenizer_factor", "must be a number", id="not a number"
        ),
        pytest.param(
            "reply_reserve: 1024",
            "reply_reserve: 1024\n  reply_reserve: 1",
            "image_tokens",
            "duplicate key 'reply_reserve'",
            id="duplicate key",
        ),
        pytest.param(
            "  - id: vision\n", "  - id: visions\n", "- id: vision", "unknown id 'visions'", id="unknown rule"
        ),
        pytest.param(
            "  - id: vision\n    route: burst",
            "  - id: vision\n    route: fast",
            "- id: vision",
            "allowed: cheap, local, burst",
            id="unknown tier",
        ),
        pytest.param(
            "kinds: [security-review, api-design]",
            "kinds: [security]",
            "- id: security",
            "`kinds` lacks",
            id="undefined kind",
        ),
        pytest.param(
            "causes: [asked-for-profile]",
            "causes: [boredom]",
            "- id: asked",
            "causes[0] is 'boredom' (allowed: dns, ",
            id="unknown cause",
        ),
        pytest.param(
            "    times: 1\n    may_cost: true\n  - id: next-key",
            "    times: 6\n    may_cost: true\n  - id: next-key",
            "times: 1",
            "allowed: 0 to 5",
            id="an endless ladder",
        ),
        pytest.param(
            "causes: [verification-failed]",
            "causes: [verification-failed, unknown-tool]",
            "- id: repair",
            "leads to repair on 'unknown-tool' (allowed: verification-failed)",
            id="a repair of bad calls",
        ),
        pytest.param(
            "accept_any_model: false", "accept_any_model: maybe", "accept_any_model", "true or false", id="no boolean"
        ),
        pytest.param("  local: coding-local\n", "", "cheap: review-cheap", "'local' is missing", id="missing key"),
        pytest.param(
            "  by: estimate", "  by: feeling", "by: estimate", "(allowed: estimate, trajectory)", id="another probe"
        ),
        pytest.param("  turns: 4", "  turns: -1", "turns: 4", "early.turns is -1", id="turns below none"),
        pytest.param("no_edit: 0.5", "no_edits: 0.5", "weights: {", "unknown key 'no_edits'", id="an unknown sign"),
        pytest.param(
            "no_edit: 0.5", "no_edit: -1", "weights: {", "early.weights.no_edit is -1", id="a negative weight"
        ),
        pytest.param("version: 1", "version: 2", "version", "allowed: 1", id="another version"),
    ],
)
def test_a_wrong_policy_is_refused_with_line_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, at: str, says: str
) -> None:
    assert old in TEXT
    error = refusal(written(tmp_path, TEXT.replace(old, new, 1)))
    assert says in str(error)
    assert abs(error.line - line_of(at)) <= 1


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("  turns: 4", "  turns: 0", "probe.by is 'trajectory', but early.turns is 0 (allowed: 1 or more turns)"),
        ("causes: [no-progress]", "causes: [turn-limit]", "but no ladder row answers no-progress"),
    ],
)
def test_a_probe_by_trajectory_needs_an_early_promotion_to_be_possible(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    text = TEXT.replace("  by: estimate", "  by: trajectory")
    assert read_policy(written(tmp_path, text)).probe.by == "trajectory"
    error = refusal(written(tmp_path, text.replace(old, new, 1)))
    assert says in str(error)
    assert abs(error.line - line_of("probe:")) <= 1


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        pytest.param("", 1, "empty", id="empty"),
        pytest.param("version: 1\n  x: : 2\n", 2, "not YAML", id="no YAML"),
        pytest.param("- 1\n", 1, "must be a mapping", id="a list"),
        pytest.param("a: &a [1]\nb: *a\n", 2, "aliases", id="an alias"),
        pytest.param("[" * 100_000, 1, "nested deeper", id="deep nesting"),
        pytest.param("a: " + "x" * 1_000_001, 1, "too many", id="too long"),
        pytest.param("version: !!python/object/apply:os.system [ls]\n", 1, "must be a whole number", id="a python tag"),
    ],
)
def test_hostile_yaml_is_refused_in_one_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    error = refusal(written(tmp_path, text))
    assert says in str(error)
    assert error.line == line


def test_an_alias_bomb_is_refused_before_it_grows(tmp_path: Path) -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"] + [
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)
    ]
    assert "aliases" in str(refusal(written(tmp_path, "\n".join(rows))))


def test_private_must_stay_first_and_borderline_last(tmp_path: Path) -> None:
    vision = "  - id: vision\n    route: burst\n"
    moved = TEXT.replace(vision, "", 1).replace("rules:\n", f"rules:\n{vision}", 1)
    assert "first rule must be 'private'" in str(refusal(written(tmp_path, moved)))
    last = "  - id: borderline\n    route: local\n    if_complex: burst\n"
    assert "last rule must be 'borderline'" in str(refusal(written(tmp_path, TEXT.replace(last, "", 1))))


def test_a_rule_that_stands_twice_is_refused(tmp_path: Path) -> None:
    vision = "  - id: vision\n    route: burst\n"
    assert "stands twice" in str(refusal(written(tmp_path, TEXT.replace(vision, vision * 2, 1))))


@pytest.mark.parametrize("name", ["missing.yaml", "folder", "pipe", "/dev/zero", "/dev/null", "large.yaml"])
def test_a_policy_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "large.yaml").open("wb") as file:
        file.truncate(1 << 40)
    assert "cannot be read" in str(refusal(tmp_path / name))


SECRET = "$6$Qk3vXw" + "b7" * 30


@pytest.mark.parametrize(
    "text",
    [
        f"root:{SECRET}:19000:0:99999:7:::\nbin:*:19000:::::\n", f"{SECRET}\n", f"version: '{SECRET}'\n",
        f"tiers: {SECRET}\n", f"probe: {{by: '{SECRET}'}}\n", f"rules: [{{id: '{SECRET}'}}]\n", f"'x{SECRET}': 1\n",
        f"rules: '{SECRET}'\n", f"{SECRET}:\n",
    ],
)  # fmt: skip
def test_a_refusal_never_repeats_a_long_text_of_another_file(tmp_path: Path, text: str) -> None:
    assert SECRET not in str(refusal(written(tmp_path, text)))


def test_a_refusal_repeats_no_line_of_a_file_that_is_one_text(tmp_path: Path) -> None:
    assert "hunter2" not in str(refusal(written(tmp_path, "hunter2\n")))


def test_a_policy_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_bytes(b"version: \xff\xfe")
    assert "not UTF-8" in str(refusal(path))


def test_the_policy_is_read_again_on_every_call(tmp_path: Path) -> None:
    path = written(tmp_path, TEXT)
    before = read_policy(path)
    path.write_text(TEXT.replace("above_tokens: 8192", "above_tokens: 100"), encoding="utf-8")
    os.utime(path, (0, 0))
    after = read_policy(path)
    assert [rule.above_tokens for rule in after.rules if isinstance(rule, LongContextRule)] == [100]
    assert before.digest != after.digest


def test_the_named_policy_wins_over_the_variable_and_that_over_the_users_own(tmp_path: Path) -> None:
    own = tmp_path / "config" / "profile-router" / "policy.yaml"
    environ = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    assert find_policy(None, environ) == SHIPPED
    own.parent.mkdir(parents=True)
    own.write_text(TEXT, encoding="utf-8")
    assert find_policy(None, environ) == own
    assert find_policy(None, environ | {"PROFILE_ROUTER_POLICY": "a.yaml"}) == Path("a.yaml")
    assert find_policy("b.yaml", environ | {"PROFILE_ROUTER_POLICY": "a.yaml"}) == Path("b.yaml")


@given(st.integers(0, len(LINES) - 1), st.text(max_size=30))
def test_one_garbled_line_gives_a_policy_or_a_policy_error(
    tmp_path_factory: pytest.TempPathFactory, at: int, garbage: str
) -> None:
    path = tmp_path_factory.mktemp("policies") / "policy.yaml"
    path.write_text("\n".join([*LINES[:at], garbage, *LINES[at + 1 :]]), encoding="utf-8", errors="replace")
    try:
        said = read_policy(path).source
    except PolicyError as error:
        said = str(error)
    assert said.startswith(str(path))


def test_a_home_that_can_name_no_folder_has_no_policy_of_its_own() -> None:
    assert find_policy(None, {"HOME": "/" + "w" * 5_000}) == SHIPPED


def test_a_copy_that_nobody_changed_is_as_shipped_wherever_it_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from profile_router.cli.app import main

    assert main(["policy", "show", "--shipped"]) == 0
    mine = tmp_path / "mine.yaml"
    mine.write_text(capsys.readouterr().out, encoding="utf-8")
    assert read_policy(mine).digest == read_policy(SHIPPED).digest
    for more, same in (("", True), ("# mine\n", False)):
        mine.write_text(SHIPPED.read_text(encoding="utf-8") + more, encoding="utf-8")
        main(["policy", "check", str(mine)])
        assert is_as_shipped(read_policy(mine)) is same
        assert capsys.readouterr().out.rstrip().endswith(", as shipped") is same
