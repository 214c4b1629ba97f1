"""The kinds of secret that are known by what stands around them: a URL, a command, a name. Pure.

The rules for a row are those of `known_forms`.
"""

from __future__ import annotations

from profile_router.core.privacy.secret_kind import B64, A, SecretKind, W

# How names end whose value stands apart: `name: DB_PASSWORD`, then `value: …`; `password: |`, then the next line.
_SECRET_NAMES = (
    *("PASSWORD", "PASSWD", "SECRET", "TOKEN", "API_KEY", "ACCESS_KEY", "SECRET_KEY", "PRIVATE_KEY"),
    *("Password", "password", "Secret", "api_key", "api-key", "apiKey", "ApiKey"),
)
_SECRET_KEYS = (
    *("password", "passwd", "passphrase", "api_key", "apiKey", "api-key", "secret_key", "secretKey", "access_key"),
    *("client_secret", "clientSecret", "auth_token", "access_token", "PASSWORD", "API_KEY", "SECRET"),
)

# AWS' secret keys have 40 characters of base64 in both cases: so they are neither hex digits nor words. They stand a
# few words behind or before their id or name, which may be on another line.
_AWS_ID = r"A[KS]IA[A-Z0-9]{16}(?![A-Z0-9])"
_AWS_SECRET = rf"(?=[a-z0-9+/]{{0,39}}+[A-Z])(?=[A-Z0-9+/]{{0,39}}+[a-z])(?P<value>{B64}{{40}})(?!{B64})"
_AWS_OTHER = _AWS_SECRET.replace("?P<value>", "?:")
_NO_BASE64 = r"[^A-Za-z0-9+/]{1,60}+"


def _words_before(what: str) -> str:
    return rf"(?:{_NO_BASE64}(?!{what}){B64}{{1,600}}+){{0,20}}+{_NO_BASE64}"


_AWS_NAMED = ("secret access key", "secretaccesskey", "secret_access_key", "secret-access-key", "secret key")

STATED_KINDS: tuple[SecretKind, ...] = (
    SecretKind(kind="token of AWS", anchors=("AKIA", "ASIA"), wraps=False, over_lines=True, digits=1,
               pattern=f"{_AWS_ID}{_words_before(_AWS_OTHER)}{_AWS_SECRET}"),
    SecretKind(kind="token of AWS", anchors=("AKIA", "ASIA"), wraps=False, over_lines=True, digits=1, ahead=None,
               pattern=f"(?<![+/]){_AWS_SECRET}{_words_before(_AWS_ID)}{_AWS_ID}"),
    SecretKind(kind="token of AWS", anchors=_AWS_NAMED, wraps=False, over_lines=True, digits=1, caseless=True,
               pattern=rf"(?>{'|'.join(_AWS_NAMED)})(?-i:{_words_before(_AWS_OTHER)}{_AWS_SECRET})"),
    SecretKind(kind="credential in a URL", anchors=("@tcp(", "@unix(", "@udp("), wraps=False, ahead=162,
               pattern=r"[\w.%-]{1,60}+:(?P<value>[^\s@/\"'`:]{3,100}+)@(?:tcp|unix|udp)\("),
    SecretKind(kind="credential in a URL", anchors=("://",), wraps=False,
               # Several hosts may stand before: `://host:123,name:password@host`.
               pattern=r"://(?:[\w.-]{1,100}+:[0-9]{1,5}+,){0,3}[^\s/?#@:\"'<>`\\]{0,100}+:"
                       r"(?P<value>[^\s/?#@\"'<>`]{3,200}+)@(?=[A-Za-z0-9\[])"),
    SecretKind(kind="credential in a URL", anchors=("://",), wraps=False, digits=3,
               pattern=rf"://(?P<value>{W}{{24,200}}+)(?::[^\s/?#@]{{0,40}}+)?@(?=[A-Za-z0-9\[])"),
    SecretKind(kind="credential in a header", anchors=("bearer", "basic", "authorization"), wraps=False, digits=2,
               caseless=True,
               pattern=r"(?>bearer|authorization[\"']?[ \t]{0,3}+[:=,][ \t]{0,3}+[\"']?(?:basic|token|apikey|ssws))"
                       r"[ \t]{1,3}+(?P<value>[A-Za-z0-9._~+/-]{16,2000}+={0,2}+)"),
    SecretKind(kind="password", anchors=("machine", "default"), wraps=False, over_lines=True,
               pattern=r"(?:machine[ \t]{1,9}+\S{1,200}+|default)\s{1,9}+login\s{1,9}+\S{1,200}+\s{1,9}+"
                       r"(?:account\s{1,9}+\S{1,200}+\s{1,9}+)?"
                       r"password\s{1,9}+(?P<value>\S{3,200}+)"),
    SecretKind(kind="password", anchors=("auth\"",), wraps=False, digits=1,  # Docker's config.json
               pattern=rf"auth\"[ \t]{{0,3}}+:[ \t]{{0,3}}+\"(?P<value>{B64}{{16,2000}}+={{0,2}})\""),
    SecretKind(kind="password", anchors=("_auth",), wraps=False, digits=1,  # of an .npmrc
               pattern=rf"_auth[ \t]{{0,3}}+=[ \t]{{0,3}}+\"?(?P<value>{B64}{{12,2000}}+={{0,2}})"),
    SecretKind(kind="password", anchors=(":_password",), wraps=False,  # of an .npmrc
               pattern=rf":_password[ \t]{{0,3}}+=[ \t]{{0,3}}+\"?(?P<value>{B64}{{8,2000}}+={{0,2}})"),
    SecretKind(kind="password", anchors=(":5432:", ":6432:", ":5433:", "*:*:"), wraps=False, digits=1, ahead=100,
               # of a .pgpass: host, port, database and user before it
               pattern=r"(?:(?:\*|[\w.-]{1,100}+):(?:5432|6432|5433)|(?<!:)\*:\*):(?:\*|[\w.-]{1,63}+):[\w.@-]{1,63}+:"
                       r"(?P<value>[^\s:*\"'`]{6,200}+)(?=[\s\"'`]|\Z)"),
    SecretKind(kind="password", anchors=("psk=", "psk ="), wraps=False, digits=1,  # of a wireless network
               pattern=r"psk[ \t]{0,3}+=[ \t]{0,3}+[\"']?(?P<value>[^\s\"'<>(){}$]{8,64}+)"),
    SecretKind(kind="secret value", wraps=False, digits=2, inside=True,
               anchors=tuple(f"{name}{mark}" for name in ("_PAT", "_PSK") for mark in ("=", " =", ":", '"', "'")),
               pattern=rf"_(?:PAT|PSK)[\"']?+[ \t]{{0,3}}+[:=][ \t]{{0,3}}+[\"']?+(?P<value>{A}{{20,200}}+)(?!{A})"),
    SecretKind(kind="password", anchors=("identified", "password"), wraps=False, caseless=True, digits=1,
               pattern=r"(?:identified[ \t]{1,4}+by|password)[ \t]{1,4}+'(?P<value>[^'\s]{6,200}+)'"),
    SecretKind(kind="password", anchors=("sshpass", "docker login", "mysql"), wraps=False, digits=1,
               pattern=r"(?:sshpass|docker login|mysql(?:dump|admin)?)(?=[ \t])(?>[^\n;|&]{0,200}?[ \t]-p[ \t]?)[\"']?"
                       r"(?P<value>[^\s\"'-][^\s\"']{5,200}+)"),
    SecretKind(kind="secret value", anchors=("mnemonic", "seed phrase", "seed_phrase", "recovery phrase"), wraps=False,
               caseless=True,  # of a wallet: 12 to 24 short words
               pattern=r"(?:mnemonic|seed[_ ]phrase|recovery phrase)[\"']?[ \t]{0,3}+[:=][ \t]{0,3}+[\"']?"
                       r"(?P<value>[a-z]{3,8}+(?: [a-z]{3,8}+){11,23}+)(?![\w-])"),
    SecretKind(kind="secret value", anchors=tuple(f"{end}{mark}" for end in _SECRET_NAMES for mark in ("\n", '"', "'")),
               wraps=False, over_lines=True, digits=1, inside=True,
               pattern=rf"(?>{'|'.join(_SECRET_NAMES)})[\"']?+,?+\s{{1,40}}+[\"']?+[vV]alue[\"']?+[ \t]{{0,3}}+[:=]"
                       r"[ \t]{0,3}+[\"']?+(?P<value>[^\s\"'<>{}$][^\s\"'<>{}]{5,500}+)"),
    SecretKind(kind="secret value", wraps=False, over_lines=True, digits=2, inside=True,
               anchors=tuple(f"{end}{mark}:" for end in _SECRET_KEYS for mark in ("", '"')),
               pattern=rf"(?>{'|'.join(_SECRET_KEYS)})\"?+:(?:[ \t]{{1,4}}+[|>][+-]?+)?+[ \t]{{0,4}}+\r?+\n"
                       r"[ \t]{1,40}+\"?+(?P<value>[A-Za-z0-9+/=_.~%!@#$^&*-]{8,500}+)\"?+,?+[ \t]{0,4}+(?=[\r\n]|\Z)"),
    SecretKind(kind="password", anchors=("curl ",), wraps=False,
               pattern=r"curl(?=[ \t])(?>[^\n]{0,200}?[ \t](?:-[a-zA-Z]{0,5}u|--(?:proxy-)?user)[ \t=]{0,2})[\"']?"
                       r"[^\s:\"']{1,100}+:[\"']?(?P<value>[^\s\"'@]{4,200}+)"),
)  # fmt: skip
