import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_router.core.privacy.findings import private_glob, private_text

GLOBS = (".env", ".env.*", "*.pem", "id_rsa*", ".aws/credentials", ".ssh/**", "secrets/**", "keys/*.key")
PARTS = st.text(alphabet="abcXYZ._-0", min_size=1, max_size=8).filter(lambda part: part not in {".", ".."})


@pytest.mark.parametrize(
    ("path", "glob"),
    [
        (".env", ".env"),
        ("deploy/.env", ".env"),
        ("./deploy//.env", ".env"),
        ("/home/me/app/.env.production", ".env.*"),
        (".ENV", ".env"),
        ("deploy\\.env", ".env"),
        ("deploy/.env/notes.txt", ".env"),
        ("certs/Server.PEM", "*.pem"),
        ("~/.ssh/id_rsa.pub", "id_rsa*"),
        ("home/.aws/credentials", ".aws/credentials"),
        (".ssh/config", ".ssh/**"),
        ("a/.ssh/deep/down/config", ".ssh/**"),
        ("secrets/", "secrets/**"),
        ("app/secrets/prod/db.yaml", "secrets/**"),
        ("keys/a.key", "keys/*.key"),
    ],
)
def test_a_private_path_is_told_with_the_glob_it_matches(path: str, glob: str) -> None:
    assert private_glob(path, GLOBS) == glob


@pytest.mark.parametrize(
    "path",
    ["", "/", "environment", "src/environment.py", "env", "dotenv.py", "pem", "a.pem.md", "my_id_rsa", "credentials",
     ".aws/config", "aws/credentials", "ssh/config", "secret/x", "keys/deep/a.key", ".aws/x/credentials"],
)  # fmt: skip
def test_a_path_that_only_looks_alike_is_not_private(path: str) -> None:
    assert private_glob(path, GLOBS) is None


def test_no_globs_make_nothing_private() -> None:
    assert private_glob(".env", ()) is None


@given(st.lists(PARTS, max_size=5), st.lists(PARTS, max_size=5))
def test_a_private_name_is_private_in_every_folder_and_in_any_case(above: list[str], below: list[str]) -> None:
    path = "/".join([*above, ".env", *below])
    assert private_glob(path, [".env"]) == ".env"
    assert private_glob(path.upper(), [".env"]) == ".env"
    assert private_glob(path.replace("/", "\\"), [".env"]) == ".env"


@given(st.lists(PARTS, max_size=5), st.lists(PARTS, max_size=5))
def test_two_asterisks_stand_for_any_number_of_parts(above: list[str], below: list[str]) -> None:
    assert private_glob("/".join([*above, "secrets", *below]), ["secrets/**"]) == "secrets/**"


@given(st.text(), st.lists(st.text(max_size=12), max_size=5))
def test_any_path_and_any_globs_get_an_answer(path: str, globs: list[str]) -> None:
    assert private_glob(path, globs) in {None, *globs}


@pytest.mark.parametrize(
    "label",
    ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY",
     "PGP PRIVATE KEY BLOCK"],
)  # fmt: skip
@pytest.mark.parametrize("around", ["{}", "> {}", 'key = "{}\\nMIIE"', "before\n\n    {}\r\nafter"])
def test_a_private_key_block_is_found_wherever_it_stands(label: str, around: str) -> None:
    assert private_text(around.format(f"-----BEGIN {label}-----")) == "private key"


@pytest.mark.parametrize(
    "text",
    ["", "the private key is rotated", "-----BEGIN PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----",
     "-----END PRIVATE KEY-----", "BEGIN PRIVATE KEY", "-----BEGIN PRIVATE KEYS-----"],
)  # fmt: skip
def test_text_about_keys_is_not_a_private_key(text: str) -> None:
    assert private_text(text) is None
