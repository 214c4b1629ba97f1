"""A text may have some lines of a private key without its first one. They are its key all the same."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

import pytest
from tests.core.privacy.secret_samples import hexadecimal

from profile_router.core.privacy.findings import masked, private_key

_DICE = random.Random(20)
_BASE64 = string.ascii_letters + string.digits + "+/"


def _line(length: int) -> str:
    return "".join(_DICE.choices(_BASE64, k=length))


LINES = [_line(64) for _ in range(6)]
WIDE = [_line(70) for _ in range(3)]
LAST = "-----END RSA PRIVATE " + "KEY-----"
WRITTEN: dict[str, Callable[[list[str]], str]] = {
    "plain": "\n".join,
    "of Windows": "\r\n".join,
    "of a diff": lambda lines: "\n".join(f"+{line}" for line in lines),
    "quoted": lambda lines: "\n".join(f"> {line}" for line in lines),
    "strings": lambda lines: "\n".join(f'    "{line}\\n"' for line in lines),
}


@pytest.mark.parametrize(
    "last",
    [LAST, "-----END PGP PRIVATE " + "KEY BLOCK-----", f"Private-MAC: {hexadecimal(64)}"],
    ids=["PEM", "PGP", "PuTTY"],
)
@pytest.mark.parametrize("written", [*WRITTEN, "one string"])
@pytest.mark.parametrize(
    "above", [LINES, [_line(20)], [*LINES[:2], _line(9) + "=", "=a1B2"]], ids=["six", "a rest", "PGP"]
)
def test_the_last_lines_of_a_key_are_the_key(last: str, written: str, above: list[str]) -> None:
    join = WRITTEN.get(written, "\\n".join)
    text = f"it failed:\n{join([*above, last])}\nsee above"
    hidden = masked(text)
    assert private_key(text)
    assert not [line for line in above if line in hidden]
    assert not private_key(hidden)
    assert (hidden.count("\n"), hidden[:10], hidden[-9:]) == (text.count("\n"), "it failed:", "see above")


@pytest.mark.parametrize("lines", [LINES, LINES[:3], WIDE], ids=["six", "three", "wide"])
@pytest.mark.parametrize("written", WRITTEN)
def test_lines_from_between_are_the_key(lines: list[str], written: str) -> None:
    text = f"it failed:\n{WRITTEN[written](lines)}\nsee above"
    hidden = masked(text)
    assert private_key(text)
    assert not [line for line in lines if line in hidden]
    assert hidden.endswith("see above")


def test_lines_that_a_search_found_are_the_key() -> None:
    text = "\n".join(f"conf/x.txt:{number}:{line}" for number, line in enumerate(LINES, 7))
    assert private_key(text)
    assert not [line for line in LINES if line in masked(text)]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(["-----BEGIN CERTIFICATE-----", *LINES]),
        "\n".join([*LINES, _line(20) + "==", "-----END CERTIFICATE-----"]),
        "\n".join(["-----BEGIN PGP SIGNATURE-----", "", *LINES, "=a1B2", "-----END PGP SIGNATURE-----"]),
        "\n".join(["<ds:X509Certificate>", *LINES, "</ds:X509Certificate>"]),
        "\n".join(hexadecimal(90)[at : at + 64] for at in range(9)),
        "\n".join("MKVLAAGIVGLCAKAYQDTELSGAWERTYIPASDFGHKLCVNMMKVLAAGIVGLCAKAYQDTE"[:60] + "WERT" for _ in range(5)),
        "\n".join([LINES[0], "", LINES[1], "", LINES[2]]),
        "\n".join(LINES[:2]),
        "\n".join(_line(76) for _ in range(6)),
        f"{LAST}\n{LAST}\nif line ==\n{LAST}",
        f"the text\nends\nwith\n{LAST}",
    ],
    ids=["certificate", "its end", "signature", "XML", "digests", "protein", "apart", "two", "MIME", "ends", "words"],
)
def test_public_lines_alike_are_not_a_key(text: str) -> None:
    assert not private_key(text)
    assert masked(text) == text
