"""Which share of made-up tokens is found, each form that once passed, and what only looks like a secret."""

from __future__ import annotations

import pytest
from tests.core.privacy.secret_samples import mixed
from tests.core.privacy.token_shapes import planted

from profile_router.core.privacy.findings import findings, masked, private_glob
from profile_router.policies.file import SHIPPED, read_policy

LEAST = 0.92
V = "kd83!dkk2"
T = mixed(32)
U = "6f9c1b2e-8a3d-4e57-9b1c-2d7f4a6e8c01"
FORMS = (
    f'var apiToken string = "{T}"',
    f"const DB_PASSWORD: string = '{V}'",
    f'private static final String SECRET = "{T}"',
    f'let password: &str = "{V}"',
    f'api_key: Final[str] = "{T}"',
    f'static const char API_KEY[] = "{T}";',
    f'string apiKey = "{T}";',
    f'val apiKey: String? = "{T}"',
    f"$dbPassword = '{V}';",
    f"my $password = '{V}';",
    f'let password: &\'static str = "{V}"',
    f'password: str | None = "{V}"',
    f"token: {U}",
    f'API_TOKEN = "{U}"',
    f'"client_secret": "{U}"',
    f"pass: {V}",
    f"pw: {V}",
    f"DB_PW={V}",
    f'pw = "{V}"',
    f"API Key: {T}",
    f"Secret Key: {T}",
    f"api key = {T}",
    'password = "my Dog Rex 2019!"',
    "password: 'tr0ub4dor and 3 more'",
    "password: Ab{3d]K9!x",
    'DB_PASSWORD="x{Q9}!mZ#4p"',
    f"curl -u name:{V} https://x",
    f"curl -su name:{V} https://x",
    f"curl --user 'name:{V}' x",
    f"curl -uname:{V} x",
    f"root:{V}@tcp(127.0.0.1:3306)/db",
    f"app:{V}@unix(/tmp/x.sock)/d",
    "4/0A" + T * 2,
    f"数据库密码是 {V}",
    f"数据库密码是{V}",
    f"la contraseña es {V}",
    f"la contraseña de la base de datos es {V}",
    f"le mot de passe est {V}",
    f"le mot de passe de la base : {V}",
    f"пароль от базы: {V}",
    f"Пароль: {V}",
    f"das Kennwort lautet {V}",
    f"das Passwort für die Datenbank ist {V}",
    f"a senha é {V}",
    f"a senha do banco: {V}",
    f"la password è {V}",
    f"het wachtwoord is {V}",
    f"hasło do bazy to {V}",
    f"şifre: {V}",
    f"veritabanı parolası: {V}",
    f"パスワードは {V}",
    f"データベースのパスワードは{V}です",
    f"비밀번호는 {V}",
    f"كلمة المرور هي {V}",
    f"पासवर्ड है {V}",
    f"lösenordet är {V}",
    f"пароль до бази: {V}",
    f"mật khẩu là {V}",
    f"the password for the db is {V}",
    f"heslo je {V}",
    f"adgangskoden: {V}",
)
HARMLESS = (
    "password: <password>",
    "DB_PASSWORD=${DB_PASSWORD}",
    'password = os.environ["X1"]',
    "password: str",
    'password: str = ""',
    'def login(user: str, password: str = None, token: str = "abc") -> None:',
    "la contraseña debe tener 8 caracteres",
    "le mot de passe est obligatoire",
    "das Passwort ist falsch",
    "пароль должен содержать 8 символов",
    "密码长度至少8位",
    "密码是必填项",
    "la contraseña es obligatoria (min. 8)",
    f"id: {U}",
    f'request_id = "{U}"',
    f"csrf_token_id: {U}",
    "token: 123e4567-e89b-12d3-a456-426614174000",
    'WS_KEY: Final[bytes] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"',
    'SECRET_KEY = "6BA7B810-9DAD-11D1-80B4-00C04FD430C8"',
    "API_TOKEN=f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    "commit 4f1e9b7c2a8d63e05b4f1e9b7c2a8d63e05b4f1e",
    "def test_password_2_is_refused():",
    '"password": "Enter your password!"',
    '"password.short": "Password must have 8 characters"',
    "pass: test_one2",
    "all tests pass: 3",
    "pass = parse(x1)",
    "pw = page.width2",
    "assert pw == other_2",
    "the password is hashed with sha256",
    "the password is stored as utf-8",
    'password = "Use SHA256 here"',
    "let token: Token = parse1(x)",
    "token: &str = self.next2()",
    "var token string = getenv1",
    "password is base64-encoded",
    "passwords: 16-character",
    'password="{password1}"',
    'password = f"{user}-{x1}"',
    'pass "-p" argument2 to it',
    "password: Optional[str] = Field(default=None2)",
    "the password of user: see-section-2",
    "API Key: see docs2",
    "api key = settings.API_KEY2",
    'password = getpass("Password2: ")',
    '"hasło": "Nowe hasło 2"',
    "parola: sinonim",
    "password es un campo",
    "password: z.string().min(8)",
    "token: uuid4()",
    "пароль: введите2",
)


@pytest.mark.parametrize("held_out", [False, True])
@pytest.mark.parametrize("family", ["prefixed", "named", "password"])
def test_of_each_family_of_tokens_at_least_92_of_100_are_found(family: str, held_out: bool) -> None:
    lines = [each for each in planted(20_261) if (each.family, each.held_out) == (family, held_out)]
    missed = [each.line for each in lines if each.value in masked(each.line)]
    assert len(missed) <= (1 - LEAST) * len(lines), missed[:20]


@pytest.mark.parametrize("text", FORMS)
def test_a_secret_is_found_in_this_form(text: str) -> None:
    assert findings(text)
    assert V not in masked(text)
    assert masked(masked(text)) == masked(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_a_secret_is_none(text: str) -> None:
    assert findings(text) == ()


PATHS = (
    *(".git-credentials", "a/.netrc", "_netrc", "home/.kube/config", "x/.docker/config.json", "infra/prod.tfstate"),
    *("prod.tfstate.backup", "prod.tfvars", "prod.auto.tfvars.json", "conf/.htpasswd", "id.ppk", "AuthKey.p8"),
    *("credentials.json", "service-account.json", "service-account-prod.json", "service_account_key.json", ".my.cnf"),
    *("~/.bash_history", "home/me/.psql_history", "~/.config/rclone/rclone.conf", "/home/you/.config/gh/hosts.yml"),
    *("~/.config/gcloud/application_default_credentials.json", "adc/application_default_credentials.json"),
    *("~/.config/gcloud/legacy/x", "~/.claude/.credentials.json", "~/.codex/auth.json", "~/.gemini/oauth_creds.json"),
    *("~/.local/share/opencode/auth.json", ".dev.vars", ".dev.vars.staging", "~/.vault-token", "deploy/kubeconfig"),
    *("~/.terraform.d/credentials.tfrc.json", "kubeconfig.yaml", "prod.kubeconfig", "/etc/kubernetes/admin.conf"),
    *("accessKeys.csv", "bob_accessKeys.csv", "accessKeys (1).csv", "rootkey.csv", "bob_credentials.csv", "wallet.dat"),
    *(
        "~/.aws/sso/cache/1.json",
        "client_secret_1.apps.json",
        "x-firebase-adminsdk-1.json",
        "~/.cargo/credentials.toml",
    ),
    *("~/.m2/settings-security.xml", "~/.cache/huggingface/token", "~/.config/sops/age/keys.txt", "Login Data"),
    *("~/.password-store/a/b.gpg", "~/.config/github-copilot/apps.json", ".streamlit/secrets.toml", "clouds.yaml"),
)


@pytest.mark.parametrize("path", PATHS)
def test_a_file_of_this_name_is_private_as_shipped(path: str) -> None:
    assert private_glob(path, read_policy(SHIPPED).private_paths)


@pytest.mark.parametrize(
    "path",
    [
        *("config", "kube/config", "docker/config.json", "variables.tf", "credentials.py", "a.p8x", "kubeconfig.go"),
        *(
            "locales/en/auth.json",
            "inventory/hosts.yml",
            "docs/history.md",
            ".aws/task-definition.json",
            "settings.xml",
        ),
        *(
            ".azure/pipelines/ci.yml",
            "access_key.py",
            "gradle.properties",
            "apache/admin.conf",
            "src/keys.txt",
            "token",
        ),
    ],
)
def test_a_file_of_a_like_name_is_not(path: str) -> None:
    assert private_glob(path, read_policy(SHIPPED).private_paths) is None
