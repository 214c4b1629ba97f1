"""Secrets known by the name they are given: `password: …`, `API_KEY=…`, `"client_secret": "…"`. Pure, linear.

The value decides: code, a placeholder or a plain word is not a secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from profile_router.core.language.anchored import Anchored
from profile_router.core.privacy.spoken_passwords import by_stem, is_word_with_number, places

# How the names end, in lower case; what else a name must be stands behind.
_PASSWORDS = (
    *("password", "passwort", "passwd", "passphrase", "pass_phrase", "passcode", "pwd", "kennwort", "contrasena"),
    *("密码", "密碼", "口令", "ハスワート"),  # the last one as it is read: without its marks
)
_TOKENS = ("secret", "token", "credential", "credentials", "connection_string", "connectionstring", "密钥")
_KEYS = Anchored(
    r"(?:^|[_-])(?:api|access|private|secret|encryption|signing|master|account|shared|auth|deploy|storage|service|app|"
    r"admin|application|client|consumer|session|webhook|hmac|aes|jwt|subscription|license|pre[_-]?shared)[_-]?key$",
    flags=re.IGNORECASE,
)
_VARIABLE = Anchored(r"[A-Z][A-Z0-9]*_(?:[A-Z0-9_]*_)?(?:KEY|AUTH|DSN)")
_ENDINGS: tuple[tuple[str, str], ...] = (
    *((word, "password") for word in _PASSWORDS),
    *((word, "token") for word in _TOKENS),
    *(("key", "key"), ("auth", "variable"), ("dsn", "variable"), ("_pass", "password")),
    *((f"{kind} key", "token") for kind in ("api", "access", "secret", "account", "signing", "encryption", "license")),
    *((f"{word}{mark}", "short") for word in ("pass", "pw") for mark in (":", "=", '"', "'", " ")),
)
_SORT_OF = dict(_ENDINGS)
_STEMS = by_stem(_SORT_OF, ("pass", "pw", "credential", "connection", "key"))
_ASSIGNED = Anchored(
    r"(?P<rest>[\w-]{0,40}+)(?P<close>\\{0,7}+[\"'`\])]{0,3}+)"  # a quotation mark of JSON in JSON has backslashes
    r"(?:\[[0-9]{0,4}+\])?+"  # `char secret[] = …`
    r"(?P<sep>(?>[ \t]{0,3}+:[ \t]{0,3}+(?:&(?:'[a-z]{1,10}+[ \t])?+)?+[A-Za-z]"
    r"[\w.\[\]?<>|]{0,40}+(?:[ \t]\|[ \t][\w.\[\]]{1,30}+)?+[ \t]{0,3}+=(?!=)[ \t]{0,3}+"
    r"|[ \t]{1,3}+(?:\*?string|\[\]byte|String|text|varchar)[ \t]{0,3}+=(?!=)[ \t]{0,3}+)"
    r"|[ \t]{0,8}+(?::=|=>|==?|[:>,])[ \t]{0,8}+|[ \t]{1,3}+(?:is|was|ist)[ \t:]{1,4}+|[ \t]{1,3}+)"
    r"(?:[bruf]{1,2}+(?=[\\\"'`]))?+\\{0,7}+(?:\"(?:\"\")?+(?P<double>[^\"\n]{1,500}+)|'(?P<single>[^'\n]{1,500}+)|`(?P<tick>[^`\n]{1,500}+)"
    r"|(?P<bare>[^\s\"'`<>,;]{1,500}+))"
)
_NOT_A_SECRET_NAME = Anchored(
    r"(?:^|[_-])(?:public|primary|foreign|cache|sort|partition|unique|row|object|idempotency|csrf|xsrf|next|page|max|"
    r"min|num|count|total|input|output|prompt|completion|has|is|no|continuation|pagination|publishable)s?(?:[_-]|$)|"
    r"(?:^|[_-])(?:id|ids|name|names|field|file|path|url|uri|type|count|length|len|limits?|policy|ttl|expiry|expires|"
    r"regex|pattern|label|hint|errors?|placeholder|input|prefix|suffix|usage|budget|size|per|reset|required|min|max|"
    r"strength|rules?|env|var|provider|manager|store(?!_?pass)|ref|selector|format|index|at|in|title|text|message)(?:[_-]|$)|"
    r"tokeniz|tokens$|^keys?$",
    flags=re.IGNORECASE,
)
_PLACEHOLDER = Anchored(
    r"^[<\[{(|…]|^\$(?:[({]|[A-Za-z_]+$)|^%\w+%$|^@\{|^(?:[x*#._0-]+|1234\w{0,12}|abcd\w{0,12})$"
    r"|^(?:env[.:]|process\.|os\.|secrets\.|vault:|op://|self\.|this\.)"
    r"|^(?:str|string|none|null|nil|true|false|undefined|required|optional|test|foo|bar|qwerty|letmein|admin|root|guest|"
    r"user|postgres|mysql|redis|rabbit|minio|hunter2$|any$|some|my|your|the[-_]|not[-_]|a[-_])[A-Za-z_-]*[0-9]{0,4}$"
    r"|^[A-Za-z_-]*(?:password|passwd|passwort|passphrase|secret(?!ar)|token|(?<!com)(?<!by)(?<!tres)(?<!sur)pass)"
    r"(?!port|ion|eng|age|at)[A-Za-z_-]*[0-9]{0,4}$"
    r"|^(?:[A-Za-z_-]*(?:[_-]|a|api|access|private|public|auth|account|encryption|master|signing|service|client|session|"
    r"shared|license|storage|deploy|app|admin|new|old|the|this|that|valid|invalid|wrong|fernet|ssh|pub|priv))?"
    r"key(?:s|name|id|value|here|word|file|[_-][A-Za-z_-]*)?[0-9]{0,4}$"
    r"|example|placeholder|change[-_ ]?(?:me|this|it)|replace[-_ ]|your[-_ ]|dummy|redacted|x{4,}|\*{3,}|\.{3,}|todo|"
    r"insert|fake|mock|sample|default|\$\{|\{\{",
    flags=re.IGNORECASE,
)
_CODE = Anchored(
    r"[()\[\]{}<>]|^[A-Za-z_]\w*+(?:(?:\.|::|->|\?\.)[A-Za-z_]\w*+)++[!?]?$|^(?:[./~]|.{1,30}://)|\\[dwsb]"
)
_TEMPLATE = Anchored(r"\{\w*\}|%\(\w|%s|^\w{1,40}\(.*\)$|^(?:[./~]|.{1,30}://)|\\[dwsb]")
_TOKEN_TEXT = Anchored(r"[A-Za-z0-9+/=_.~:%!@#^&*-]{8,500}|[A-Za-z0-9+/=_.~:%!@#$^&*()-]{40,500}")
_UUID = Anchored(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", flags=re.IGNORECASE)
_WORD = Anchored(r"[0-9]{1,8}|[a-z]{1,13}|[A-Z]{1,13}|[A-Z][a-z]{0,12}")
# Known to everybody: the examples and namespaces of RFC 9562, and what each WebSocket is opened with (RFC 6455).
_PUBLIC_UUIDS = ("123e4567-e89b-12d3", "f81d4fae-7dec-11d0", "6ba7b81", "258eafa5-e914-47da")
_LINE_HEAD = 200  # characters of a line before a name
_SHORTEST = 6  # characters of a password; a token has more
_MARKS = frozenset("!@#$%^&*~+?")
_LONG_TOKEN = 24
# Of a name in camel case, what a word is not: `x`, `Eq`, `IAe`. A name hardly has two of them.
_ODD_HUMP = Anchored(r"(?<![A-Za-z])[a-z](?=[A-Z])|(?<![A-Z])[A-Z][a-z](?![a-z])|(?<![A-Z])[A-Z]{2,8}[a-z]")
_FIELD = Anchored(r"\{\w*\}")
_CALL = Anchored(r"[\w.]\([^()]*\)|[A-Za-z_]\[[\w'\"]*\]|=>|->|::|://|\$\{|^[./~]|\\[dwsb]|[=<>]=|%s|%\(")
# `2019!`, `tr0ub4dor`, `4all`; neither `SHA256`, `UTF-8` nor `8-16`.
_ODD_WORD = Anchored(
    r"^(?=\S*[0-9])(?=\S*[A-Za-z!#$^&*])(?!\S*[<>(){}=%])(?:[0-9]{2,}[!#$^&*]+|[A-Za-z]+[0-9]+[A-Za-z]\S*|[0-9]+[A-Za-z]{3,}[0-9!]\S*)$"
)


def named_secrets(text: str, lower: str) -> Iterator[tuple[int, int, str]]:
    """Yield where *text* has a value whose name and look say that it is secret, and its kind.

    *lower* is the same text in lower case.
    """
    for ending, at in places(lower, _STEMS):
        sort = _SORT_OF[ending]
        end = at + len(ending) - (sort == "short")
        if (found := _ASSIGNED.match(text, end)) and (named := _value_given(text, at, found, sort)):
            yield named


def _value_given(text: str, at: int, found: re.Match[str], sort: str) -> tuple[int, int, str] | None:
    """Return the value that *found* gives to the name ending at *at*. None: name or value is not a secret's."""
    start = _name_start(text, at)
    group = next(group for group in ("double", "single", "tick", "bare") if found[group])
    told = found[group] if group != "bare" else found[group].rstrip(".,:;!?)}]")
    told = told.rstrip("\\")
    value = told.split("\\n")[0]
    if len(value) < _SHORTEST or not _separated(text, start, found):  # what costs least comes first
        return None
    name = _CAMEL.sub("_", text[start : found.end("rest")]).strip("-_")
    stem = name[: len(name) - (found.end("rest") - found.start("rest"))]
    if not _SORTS[sort](stem) or _NOT_A_SECRET_NAME.search(name):
        return None
    if found["sep"].strip() == ">" and value.startswith("@"):  # `<password>@host`
        return None
    if is_placeholder(value) or _is_code(value, sort, quoted=group != "bare"):
        return None
    if group == "bare" and sort == "password" and is_word_with_number(value) and _is_said(text, start, found, value):
        return None  # a sentence: `the password is base64-encoded`
    if found["sep"].strip() == "," and not (name.isupper() and found["close"] and group != "bare"):
        return None  # `setdefault("API_KEY", "…")`, but no list of words
    variable = name.isupper() and found["sep"] == "="
    real = (_is_token if sort not in _PASSWORD_SORTS else _is_password)(value, variable=variable)
    if real and sort == "short":
        real = not _words(value) and (any(char.isdigit() for char in value) or group != "bare")
    elif not real and sort == "password" and group != "bare":
        real = _is_phrase(value)
    begin, kind = found.start(group), "password" if sort in _PASSWORD_SORTS else "secret value"
    return (begin, begin + len(told), kind) if real else None


@lru_cache(maxsize=4_096)  # a text that repeats `token=` asks for the same 500 characters at each of its names
def is_placeholder(value: str) -> bool:
    """Tell whether *value* only stands where a secret would: `<your key>`, `changeme`, `xxxx`, `${TOKEN}`."""
    return len(set(value)) < 4 or bool(_PLACEHOLDER.search(value))


_SETS = Anchored(
    r"(?:\bENV|\bARG|\bsetx|\bsetenv|\bset[ \t]-[a-zA-Z]{1,3}|#[ \t]?define)[ \t]{1,4}\Z", flags=re.IGNORECASE
)
_CAMEL = Anchored(r"(?<=[a-z0-9])(?=[A-Z])")
_SORTS: Mapping[str, Callable[[str], object]] = {
    "password": bool,
    "token": bool,
    "key": lambda name: _KEYS.search(name) or _VARIABLE.fullmatch(name),
    "variable": _VARIABLE.fullmatch,
    "short": Anchored(r"(?:^|[_-])(?:pass|pw)$", flags=re.IGNORECASE).search,
}
_PASSWORD_SORTS = frozenset({"password", "short"})


# What a setting says of how a password is kept, and never is one.
_METHOD = Anchored(
    r"(?:sha|md|aes|hmac|base|utf|latin|rot|scrypt|bcrypt|argon|pbkdf|ntlm|scram|ssha|crypt|blake|v|x|version|step|type|"
    r"int|uint|char|varchar|field|arg|param|group|line|page|section|chapter|table|figure|string|text|word|test|user)"
    r"[a-z]?[_.]?[0-9]{1,3}",
    flags=re.IGNORECASE,
)
_LINE_STARTS = Anchored(r"(?:[A-Za-z0-9._/-]{1,100}+:[0-9]{1,6}[:-])?+[ \t>+-]{0,60}+[\"']?")
_LINE_ENDS = Anchored(r"[ \t]{0,8}+(?:[ \t]#[^\n]{0,200}+)?\r?+(?:\n|\Z)")


def _is_said(text: str, start: int, found: re.Match[str], value: str) -> bool:
    """Tell whether *value*, a word with a number, is one of a sentence, or of how a password is kept.

    Where name, colon and value are a whole line, as in YAML, they are a setting.
    """
    if "=" in found["sep"]:
        return False
    if ":" not in found["sep"] or "-" in value or _METHOD.fullmatch(value):
        return True
    line = text.rfind("\n", max(0, start - _LINE_HEAD), start) + 1
    if start - line >= _LINE_HEAD:
        return True
    head = _LINE_STARTS.match(text, line, start)
    return head is None or head.end() < start or _LINE_ENDS.match(text, found.end()) is None


def _name_start(text: str, at: int) -> int:
    floor = max(0, at - 40)
    while at > floor and (text[at - 1].isalnum() or text[at - 1] in "_-"):
        at -= 1
    return at


def _separated(text: str, start: int, found: re.Match[str]) -> bool:
    """Tell whether the separator ties the value to the name: blanks do so behind an option or `ENV`, `setx`."""
    if found["sep"].strip():
        return True
    return not found["close"] and (text.startswith("--", start) or bool(_SETS.search(text, max(0, start - 16), start)))


def _is_code(value: str, sort: str, *, quoted: bool) -> bool:
    """Tell whether *value* is code or a template, and no password that has brackets in it."""
    if not (_TEMPLATE if quoted else _CODE).search(value):
        return False
    return sort not in _PASSWORD_SORTS or _CALL.search(value) is not None or not _has_all_sorts(_FIELD.sub("", value))


def _has_all_sorts(value: str) -> bool:
    """Tell whether *value* has small and capital letters, digits and signs, as code hardly has without a blank."""
    wanted = (str.islower, str.isupper, str.isdigit, _MARKS.__contains__)
    return len(value) >= _SHORTEST and all(any(map(is_one, value)) for is_one in wanted)


def _is_phrase(value: str) -> bool:
    """Tell whether *value*, in quotation marks, is a password of a few words: one has digits among letters or signs."""
    words = value.split()
    return 2 <= len(words) <= 6 and len(value) >= 8 and any(map(_ODD_WORD.search, words))


def _is_password(value: str, *, variable: bool) -> bool:
    if len(value) < _SHORTEST or " " in value:
        return False
    if value.isdigit():
        return len(set(value)) >= 4 and value not in "01234567890123456789"
    if (word := value.rstrip("=")).isalpha():
        return (variable and len(value) >= 8) or _is_random(word)
    letters = any(char.isalpha() for char in value)
    return letters and any(char.isdigit() or char in _MARKS for char in value)


def _is_token(value: str, *, variable: bool) -> bool:
    if _UUID.fullmatch(value):
        return len(set(value)) >= 8 and not value.lower().startswith(_PUBLIC_UUIDS)
    if not _TOKEN_TEXT.fullmatch(value):
        return False
    if len(value) < (12 if variable else 15) or len(set(value)) < 7:
        return False
    digits = sum(map(str.isdigit, value))
    enough = digits >= 2 or (len(value) >= _LONG_TOKEN and digits == 1 and _is_random(value))
    return enough and sum(map(str.isalpha, value)) >= 3 and not _words(value)


def is_secret_of(value: str, *, password: bool) -> bool:
    """Tell whether *value* is a secret where a name stands for it that says so: a *password*, or a token."""
    if is_placeholder(value) or (not password and _CODE.search(value)) or is_word_with_number(value):
        return False
    return (_is_password if password else _is_token)(value, variable=False)


def _is_random(value: str) -> bool:
    """Tell whether *value* changes its case as no name of code does: `xJwrIAeEqPrp`, but not `getUserByID`."""
    return len(value) >= 10 and value.isascii() and sum(1 for _ in _ODD_HUMP.finditer(value)) >= 2


def _words(value: str) -> bool:
    """Tell whether *value* reads as words and numbers: `my-long-cache-name-2024`, `claude-opus-4-5`."""
    parts = [part for part in re.split(r"[-_./:+=]+", value) if part]
    strange = [part for part in parts if not _WORD.fullmatch(part)]
    return len(parts) > 1 and len(strange) <= 1 and all(len(part) < 10 for part in strange)
