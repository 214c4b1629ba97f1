"""What operator and workspace call private is found like a secret; a finding names the rule, not the word."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.privacy.test_secrets import disguised

from profile_router.core.policy.private import Confidential, PrivateRules
from profile_router.core.privacy.confidential import pattern_problem, word_problem
from profile_router.core.privacy.findings import findings, masked, private_text


def words(*given: str) -> Confidential:
    return Confidential(policy=PrivateRules(words=given))


def patterns(*given: str) -> Confidential:
    return Confidential(policy=PrivateRules(patterns=given))


def switch(name: str) -> Confidential:
    changes: dict[str, Any] = {name: True}
    return Confidential(policy=PrivateRules(**changes))


OWN = words("Acme", "Project Blue Falcon", "Müller GmbH", "Северсталь", "山田商事", "C-3X", "secret")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("call Acme today", 1),
        ("ACME's plan", 1),
        ("see acme_client.py", 1),
        ("(acme)", 1),
        ("project blue falcon", 2),
        ("Project  Blue\tFalcon", 2),
        ("the Project\nBlue Falcon plan", 2),
        ("# of Project\n# Blue Falcon", 2),
        ("project-blue-falcon.git", 2),
        ("for MÜLLER GmbH", 3),
        ("for Muller GmbH", 3),
        ("для СЕВЕРСТАЛЬ!", 4),
        ("明日山田商事の件", 5),
        ("part c-3x here", 6),
        ("A\u200bcme", 1),
        ("Ａｃｍｅ", 1),
        ("Асме", 1),
        ("%41cme", 1),
        ("&#65;cme", 1),
    ],
)
def test_a_word_is_found_however_it_is_written(text: str, number: int) -> None:
    kind = f"private word {number} of the policy"
    assert private_text(text, OWN) == kind
    assert [found.kind for found in findings(text, OWN)] == [kind]
    assert private_text(masked(text, OWN), OWN) is None


@pytest.mark.parametrize("text", ["acmetal", "an acmeist", "Blue Falcon", "project blue falcons", "C-3XY", "secrets"])
def test_a_part_of_another_word_is_not_the_word(text: str) -> None:
    assert private_text(text, OWN) is None


@given(st.data(), st.sampled_from(["Acme", "Project Blue Falcon", "Wintermute"]))
def test_no_trick_hides_a_word(data: st.DataObject, word: str) -> None:
    text = f"notes on {data.draw(disguised(word))} today"
    assert private_text(text, words(word)) == "private word 1 of the policy"


@given(
    st.text(max_size=60), st.sampled_from([OWN, patterns("."), patterns(r"\w+"), patterns(r"(?s).+"), words("of the")])
)
def test_masking_once_is_enough_and_a_mask_is_never_masked(text: str, confidential: Confidential) -> None:
    once = masked(text, confidential)
    assert masked(once, confidential) == once
    assert (findings(text, confidential) == ()) == (once == text)


def test_the_word_is_in_no_finding_and_no_mask() -> None:
    text = "Acme wants Project Blue Falcon"
    assert masked(text, OWN) == "[secret: private word 1 of the policy] wants [secret: private word 2 of the policy]"
    assert "acme" not in repr(findings(text, OWN)).lower()


def test_a_forged_mask_hides_nothing() -> None:
    assert private_text("[secret: Acme]", words("Acme")) == "private word 1 of the policy"
    assert private_text("[secret: token of Acme]", words("Acme")) == "private word 1 of the policy"


def test_a_word_inside_base64_is_found() -> None:
    assert private_text("QWNtZSBwYXlzIHVzIHRlbiB0aW1lcyBhcyBtdWNo", OWN) == "private word 1 of the policy"


def test_a_rule_of_the_workspace_says_so() -> None:
    confidential = Confidential(
        policy=PrivateRules(words=("Acme",)), workspace=PrivateRules(words=("Initech",), patterns=("X-[0-9]+",))
    )
    assert [found.kind for found in findings("Initech X-12 Acme", confidential)] == [
        "private word 1 of the workspace",
        "private pattern 1 of the workspace",
        "private word 1 of the policy",
    ]


def test_a_pattern_is_found_in_every_reading() -> None:
    confidential = patterns(r"\bcase-[0-9]{5}\b")
    for text in ("see CASE-12345.", "see case\u200b-12345", "ｃase-12345", "case%2d12345"):
        assert private_text(text, confidential) == "private pattern 1 of the policy"
    assert private_text("case-1234", confidential) is None


def test_a_pattern_that_takes_too_long_makes_the_text_private(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("profile_router.core.privacy.confidential.PATTERN_SECONDS", 0.05)
    text = "b" * 5_000 + "!"
    assert masked(text, patterns(r"(b|bb|b{3})*[cd]")) == "[secret: private pattern 1 of the policy]"


def test_a_pattern_that_matches_everywhere_masks_the_whole_text_at_once() -> None:
    hidden = masked("x" * 50_000, patterns("x"))
    assert set(hidden.split("[secret: private pattern 1 of the policy]")) == {""}


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("(a+)+$", "takes too long"),
        (r"(\w+\s?)+$", "takes too long"),
        ("(0|00)+x", "takes too long"),
        ("x*", "matches the empty text"),
        ("", "matches the empty text"),
        ("(", "is not an expression"),
        ("{0i<", "is not an expression"),
        ("a{1i+1d<", "is not an expression"),
        ("(?P<a>x)(?P=b)", "is not an expression"),
        ("x" * 201, "has 201 characters (at most 200)"),
    ],
)
def test_a_pattern_that_cannot_be_used_says_why(expression: str, says: str) -> None:
    assert says in pattern_problem(expression)


@pytest.mark.parametrize("expression", [r"\bACME-[0-9]+\b", "Müller", "(?:case|file) [0-9]{4}", r"\p{Lu}{3}-\d+"])
def test_a_plain_pattern_is_taken(expression: str) -> None:
    assert pattern_problem(expression) == ""


@pytest.mark.parametrize("word", ["", " ", "a", "--", "\u200b\u200b", "x" * 201])
def test_a_word_that_would_match_anything_is_refused(word: str) -> None:
    assert word_problem(word)


@pytest.mark.parametrize("word", ["ab", "C-3X", "株", "Project X"])
def test_a_short_word_is_taken(word: str) -> None:
    assert word_problem(word) == ""


FOUND = {
    "labels": (
        "CONFIDENTIAL", "STRICTLY CONFIDENTIAL", "INTERNAL ONLY", "INTERNAL USE ONLY", "TLP:RED", "TLP:AMBER+STRICT",
        "Strictly confidential", "Company Confidential", "TOP SECRET", "VERTRAULICH", "Classification: Restricted",
        "COMMERCIAL-IN-CONFIDENTIAL", "CONFIDENTIEL", "机密文件", "机密", "ＣＯＮＦＩＤＥＮＴＩＡＬ", "NUR FÜR DEN DIENSTGEBRAUCH",
    ),
    "ssn": ("078-05-1120", "219 09 9999", "SSN: 219099999", "social security number 219099999", "２１９-09-9999"),
    "cards": ("4111 1111 1111 1111", "4111 1111 1111 1111 123", "5500-0000-0000-0004", "340000000000009", "6011000000000004", "30000000000004"),
    "iban": ("DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "FR1420041010050500013M02606", "no9386011117947"),
    "email": ("jane.doe@corp.example", "x+y@a-b.co.uk", "jürgen@büro.de", "JANE@EXAMPLE.COM"),
    "phone": ("+49 30 901820", "+1 (415) 555-2671", "+442071838750", "(212) 555-0187", "212-555-0187", "030 901820-12"),
}  # fmt: skip
CLEAR = {
    "labels": ("confidential", "a confidential client", "CONFIDENTIALITY", "secrets", "internal_only = True", "TLP:GREEN",
               "ConfidentialClientApplication"),
    "ssn": ("000-12-3456", "666-12-3456", "123-00-4567", "123-45-0000", "2024-01-2345", "1.123-45-6789", "219099999",
            "078-05-11201"),
    "cards": ("4111 1111 1111 1112", "1234567890123456", "0000000000000000", "4111111111", "1700000000000",
              "a4111111111111111"),
    "iban": ("DE89 3704 0044 0532 0130 01", "XX82WEST12345698765432", "DE8937040044", "AB12CDEFGHIJKLMNOPQRS"),
    "email": ("@decorator", "user@host", "git@", "a @ b.c", "x@1.2", "numpy@1.26.0"),
    "phone": ("2024-01-15", "192.168.10.100", "1234567890", "0.123456789", "3.14159265", "+1", "v1.2.3-456",
              "12:30:45", "0x1234 5678"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in FOUND.items() for text in texts])
def test_what_is_switched_on_is_found_and_else_not(name: str, text: str) -> None:
    around = f"it says {text} here"
    assert private_text(around, switch(name)) is not None
    assert private_text(around) is None
    assert private_text(masked(around, switch(name)), switch(name)) is None


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in CLEAR.items() for text in texts])
def test_what_only_looks_like_it_is_not_found(name: str, text: str) -> None:
    assert private_text(f"it says {text} here", switch(name)) is None


def test_a_label_makes_the_whole_text_private() -> None:
    assert masked("TLP:RED\nplan a\nplan b\n", switch("labels")) == "[secret: confidentiality label]\n\n\n"
