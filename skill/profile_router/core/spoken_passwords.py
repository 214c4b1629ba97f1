"""Passwords told in a sentence, in many languages: `la contraseña de la base es …`, `пароль от базы: …`. Pure, linear.

Names and verbs are compared as `core.normalize` reads them: without accents, look-alikes as the letters they look like.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from profile_router.core.normalize import plain

_NAMES = (
    *("password", "passcode", "kennwort", "passwort", "zugangscode"),  # English, German
    *("contraseña", "clave de acceso", "mot de passe", "mdp", "senha", "palavra-passe", "parola d'ordine"),
    *("wachtwoord", "lösenord", "lösenordet", "passord", "passordet", "adgangskode", "kodeord", "salasana"),
    *("hasło", "haslo", "heslo", "jelszó", "parola", "şifre", "lozinka", "geslo", "parool", "slaptažodis"),
    *("пароль", "парола", "лозинка", "κωδικός", "סיסמה", "كلمة المرور", "كلمة السر", "رمز عبور", "पासवर्ड"),
    *("密码", "密碼", "口令", "パスワード", "暗証番号", "비밀번호", "암호", "mật khẩu", "kata sandi", "รหัสผ่าน"),
)
_VERBS = (
    *(
        "is",
        "was",
        "ist",
        "lautet",
        "es",
        "est",
        "é",
        "è",
        "e'",
        "jest",
        "to",
        "to jest",
        "är",
        "er",
        "on",
        "este",
        "je",
    ),
    *("είναι", "הוא", "היא", "هي", "هو", "है", "是", "为", "為", "は", "が", "는", "은", "là", "adalah", "คือ", "olan"),
)
NAMES = tuple(dict.fromkeys(plain(one).lower() for name in _NAMES for one in (name, name.title(), name.upper())))
_VERB = "|".join(sorted({re.escape(plain(verb).lower()) for verb in _VERBS}, key=len, reverse=True))
# Of what the password is: a few words that begin with a preposition or an article, or the name of a thing itself.
_OF = r"[^\W\d_]{0,6}?(?:[ \t]{1,2}+[^\W_]{1,20}+){0,5}?"  # first an ending of the name
_TOLD = re.compile(
    rf"(?:[\"'`*]{{0,3}}){_OF}[ \t]{{0,3}}+"
    rf"(?:[:=]|(?:(?<![^\W\d_])|(?<=[^\x00-\x7f]))(?:{_VERB})[ \t]{{0,2}}:?)[ \t]{{0,3}}+"
    r"[\"'`*]{0,3}(?P<value>[!#-&(-_a-~]{6,200}+)"
)
_WORD_WITH_NUMBER = re.compile(
    r"[A-Za-z]{1,20}[_.]?[0-9]{1,3}|[0-9]{1,3}[_.]?[A-Za-z]{1,20}"
    r"|(?:[A-Z]?[a-z]{1,20}[0-9]{0,2}|[0-9]{1,3})(?:-(?:[A-Z]?[a-z]{2,20}[0-9]{0,2}|[0-9]{1,2}))+"
)
_CODE = re.compile(r"[(\[{<]|^[A-Za-z_]\w*+(?:(?:\.|::|->)[A-Za-z_]\w*+)++$|^(?:[./~]|.{1,30}://)|^[$%&@]\w+$|%s|=|;.")


def spoken_passwords(text: str, lower: str) -> Iterator[tuple[int, int]]:
    """Yield where *text* tells a password in a sentence; *lower* is the same in lower case."""
    for name in NAMES:
        at = lower.find(name)
        while at >= 0:
            found = _TOLD.match(lower, at + len(name)) if _begins(lower, at) else None
            if found:
                start = found.start("value")
                value = text[start : found.end("value")].rstrip(".,:;!?)\"'`*")
                if _is_told(value):
                    yield start, start + len(value)
            at = lower.find(name, at + 1)


def is_word_with_number(value: str) -> bool:
    """Tell whether *value* is a word of prose that has a number: `base64-encoded`, `see-section-2`, `utf-8`."""
    return _WORD_WITH_NUMBER.fullmatch(value) is not None


def _begins(lower: str, at: int) -> bool:
    return at == 0 or not (lower[at - 1].isalnum() and lower[at - 1].isascii()) or not lower[at].isascii()


def _is_told(value: str) -> bool:
    letters, digits = sum(map(str.isalpha, value)), sum(map(str.isdigit, value))
    if len(value) < 6 or letters < 2 or not digits or len(set(value)) < 4 or _CODE.search(value):
        return False
    return not is_word_with_number(value)
