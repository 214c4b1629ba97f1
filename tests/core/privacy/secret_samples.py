"""Values that look like secrets and are none, put together here so that no scanner of this repository meets them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping

_MIXED = "Zk4Qw9Lm2Xc7Vb1Np6Rt3Hs8Jd5Fg0YaTuEiOo" * 30
_HEX = "4f1e9b7c2a8d63e05b" * 30
_UPPER = "Q7WM2KX9TR4VB8NC3LZ6" * 10


def mixed(length: int) -> str:
    """Return *length* letters and digits of both cases."""
    return _MIXED[:length]


def hexadecimal(length: int) -> str:
    """Return *length* hex digits."""
    return _HEX[:length]


TOKENS: Mapping[str, str] = {
    "token of GitHub": "gh" + "p_" + mixed(36),
    "token of GitLab": "glp" + "at-" + mixed(20),
    "token of Slack": "xo" + "xb-123456789012-1234567890123-" + mixed(24),
    "token of a model provider": "s" + "k-ant-api03-" + mixed(80),
    "token of AWS": "AK" + "IA" + _UPPER[:16],
    "token of Google": "AI" + "za" + mixed(35),
    "token of Stripe": "sk_" + "live_" + mixed(24),
    "token of npm": "np" + "m_" + mixed(36),
    "token of PyPI": "pypi" + "-AgEIcHlwaS5vcmc" + mixed(80),
    "token of SendGrid": "S" + "G." + mixed(22) + "." + mixed(43),
    "token of Databricks": "da" + "pi" + hexadecimal(32),
    "token of Telegram": "123456789" + ":AA" + mixed(33),
    "token of Discord": "M" + mixed(23) + "." + mixed(6) + "." + mixed(30),
    "token of Mailchimp": hexadecimal(32) + "-us12",
    "token of Terraform": mixed(14) + ".atlas" + "v1." + mixed(64),
    "token of Airtable": "pa" + "t" + mixed(14) + "." + hexadecimal(64),
    "token of Alibaba Cloud": "LT" + "AI" + mixed(20),
    "token of HubSpot": "pat" + "-na1-4f1e9b7c-2a8d-63e0-5b4f-1e9b7c2a8d63",
    "token of Firebase": mixed(11) + ":APA9" + "1b" + mixed(134),
    "token of Vault": "hv" + "s." + mixed(40),
    "JSON web token": "ey" + "J" + mixed(20) + ".ey" + "J" + mixed(60) + "." + mixed(43),
    "password hash": "$2" + "b$12$" + mixed(53),
}
KEYS = (
    "-----BEGIN RSA PRIVATE " + "KEY-----\n" + mixed(60) + "\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE " + "KEY-----\\n" + mixed(60) + "\\n-----END PRIVATE KEY-----\\n",
    "-----BEGIN PGP PRIVATE " + "KEY BLOCK-----\n\n" + mixed(60) + "\n-----END PGP PRIVATE KEY BLOCK-----",
    "---- BEGIN SSH2 ENCRYPTED PRIVATE " + "KEY ----\n" + mixed(60),
    "PuTTY-User-" + "Key-File-3: ssh-ed25519\nPrivate-Lines: 1\n" + mixed(60) + "\nPrivate-MAC: " + hexadecimal(64),
    "AGE-SECRET-" + "KEY-1" + _UPPER[:58],
    "b3BlbnNzaC1rZXkt" + "djEAAAAABG5vbmU" + mixed(60),
    "client-key-data: LS0tLS1CRUdJTi" + "BSU0EgUFJJVkFURSBLRVktLS0tLQo" + mixed(60),
    '{"kty": "RSA", "d": "' + mixed(60) + '"}',
)
NAMED: Mapping[str, str] = {
    "password: Tr0ub4dor&3x": "password",
    "the password is Winter#2031!": "password",
    "PASSWORD=correcthorsebattery": "password",
    "DB_PASS='h8Fk2$kd'": "password",
    "mysql --password=Zx9!kfj2": "password",
    "login --password Zx9!kfj2": "password",
    "<password>kd83!dkk2</password>": "password",
    "密码：Kd83!dkk2": "password",
    "machine h login me password kd82w": "password",
    "curl -u admin:kf83kd8 https://x": "password",
    'password = "Ab(3d]!k9"': "password",
    f"OPENAI_API_KEY={mixed(40)}": "secret value",
    f"export SESSION_SIGNING_KEY={mixed(30)}": "secret value",
    f'"client_secret": "{mixed(32)}"': "secret value",
    f"clientSecret: '{mixed(32)}'": "secret value",
    f"aws_secret_access_key = {mixed(20)}/{mixed(19)}": "secret value",
    f"token={hexadecimal(40)}": "secret value",
    f"SECRET_KEY = '{mixed(50)}'": "secret value",
    "postgres://app:" + mixed(12) + "@db.internal:5432/x": "credential in a URL",
    "https://" + hexadecimal(40) + "@example.org/a/b": "credential in a URL",
    f"Authorization: Bearer {mixed(40)}": "credential in a header",
    "AccountKey=" + mixed(86) + "==": "token of Azure",
    "default login me password kd82w": "password",
    "sshpass -p kd83!dkk2 ssh me@h": "password",
    "docker login -u me -p kd83!dkk2": "password",
    "CREATE USER me IDENTIFIED BY 'kd83!dkk2'": "password",
    "define('DB_PASSWORD', 'kd83!dkk2');": "password",
    "storePassword=kd83!dkk2": "password",
    f"ENV API_KEY {mixed(32)}": "secret value",
    f"setx API_KEY {mixed(32)}": "secret value",
    f"set -gx GITHUB_TOKEN {mixed(32)}": "secret value",
    f'#define API_KEY "{mixed(32)}"': "secret value",
    f'os.environ.setdefault("API_KEY", "{mixed(32)}")': "secret value",
    f'API_KEY: str = "{mixed(32)}"': "secret value",
    f'let api_key: &str = "{mixed(32)}";': "secret value",
    f'api_key = """{mixed(32)}"""': "secret value",
    f'<add key="ApiKey" value="{mixed(32)}"/>': "secret value",
    f'"auth": "{mixed(32)}="': "password",
    f"_auth={mixed(32)}=": "password",
}
SPREAD: Mapping[str, str] = {
    "env:\n- name: DB_PASSWORD\n  value: kd83!dkk2": "secret value",
    '{"name": "DB_PASSWORD",\n "value": "kd83!dkk2"}': "secret value",
    "password: |\n  kd83!dkk2x\n": "secret value",
    f"api_key: >-\n  {mixed(32)}\nnext: 1": "secret value",
    f'"api_key":\n    "{mixed(32)}",': "secret value",
    "machine\th\n\tlogin\tme\n\tpassword\tkd82w\n": "password",
    '"{\\"password\\": \\"kd83!dkk2\\"}"': "password",
    '{"source": ["api_key = \\"' + mixed(32) + '\\"\\n"]}': "secret value",
    "&quot;password&quot;&colon; &quot;kd83!dkk2&quot;": "password",
    "&shy;".join("gh" + "p_" + mixed(36)): "token of GitHub",
    b64encode(("token: gh" + "p_" + mixed(36)).encode()).decode(): "token of GitHub",
    b64encode("DB_PASSWORD=kd83!dkk2".encode("utf-16-le")).decode(): "password",
}
HARMLESS = (
    "the id is 123e4567-e89b-12d3-a456-426614174000",
    f"sha256:{hexadecimal(64)}",
    f"see commit {hexadecimal(40)}",
    f'"integrity": "sha512-{mixed(86)}=="',
    f"data:image/png;base64,{mixed(900)}",
    "OPENAI_API_KEY=sk-...",
    "OPENAI_API_KEY=<your key>",
    "key sk-your-key-here-xxxxxxxxxxxx",
    "PASSWORD=changeme",
    "api_key=xxx",
    "API_KEY=${API_KEY}",
    "token=$(cat /run/x1)",
    "password = os.environ['X1']",
    "def login(self, password: str = None, token2: str = '') -> None:",
    "password must be 8 characters",
    "the token is expired at 12:30",
    "max_tokens=4096",
    "TOKEN_LIMIT=200000",
    "secret_name: my-app-settings-2031-11-23",
    "cache_key: value1234567890abcdef",
    "token.type == TokenType.STRING2",
    "postgres://postgres:postgres@localhost/db",
    "https://user:password@host/",
    "http://localhost:8000\nuser@example.com",
    "ssh://git@github.com:22/a/b",
    "git@github.com:a/b.git",
    "AKIAIOSFODNN7EXAMPLE",
    "class sk-loading-indicator-animation-large",
    "npm_config_cache_directory_setting_value",
    "ghp_ is how such tokens start",
    "[secret: token of GitHub]",
    "password: [secret: password]",
)
