"""Passwords told in a sentence, in many languages: `la contraseña de la base es …`, `пароль от базы: …`. Pure, linear.

Names and verbs are compared as `readings` reads them: without accents, look-alikes as the letters they look like.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from profile_router.core.language.anchored import Anchored
from profile_router.core.privacy.readings import straight_text

Stems = Mapping[str, Sequence[tuple[str, int]]]  # a stem, and words with where the stem stands in them


def by_stem(words: Iterable[str], stems: Sequence[str]) -> Stems:
    """Return *words* by the first of *stems* that stands in each; a word without one is its own stem."""
    found: dict[str, list[tuple[str, int]]] = {}
    for word in words:
        stem = next((stem for stem in stems if stem in word), word)
        found.setdefault(stem, []).append((word, word.index(stem)))
    return found


def places(text: str, stems: Stems) -> Iterator[tuple[str, int]]:
    """Yield each word of *stems* wherever it stands in *text*, with its place, in no order."""
    for stem, words in stems.items():
        at = text.find(stem)
        while at >= 0:
            for word, ahead in words:
                if at >= ahead and text.startswith(word, at - ahead):
                    yield word, at - ahead
            at = text.find(stem, at + 1)


NAMES = (  # as `readings` reads them: lösenord, hasło and mật khẩu without their accents
    *("password", "passcode", "kennwort", "passwort", "zugangscode"),  # English, German
    *("contrasena", "clave de acceso", "mot de passe", "mdp", "senha", "palavra-passe", "parola d'ordine"),
    *("wachtwoord", "losenord", "losenordet", "passord", "passordet", "adgangskode", "kodeord", "salasana"),
    *("haslo", "heslo", "jelszo", "parola", "sifre", "lozinka", "geslo", "parool", "slaptazodis"),
    *("mat khau", "kata sandi"),
)
_NAMES_ELSEWHERE = (  # none of them is of ASCII, however it is read
    *("пароль", "парола", "лозинка", "κωδικός", "סיסמה", "كلمة المرور", "كلمة السر", "رمز عبور", "पासवर्ड"),
    *("密码", "密碼", "口令", "パスワード", "暗証番号", "비밀번호", "암호", "รหัสผ่าน"),
)
_VERBS = (
    *("is", "was", "ist", "lautet", "es", "est", "é", "è", "e'", "jest", "to", "to jest"),
    *("är", "er", "on", "este", "je"),
    *("είναι", "הוא", "היא", "هي", "هو", "है", "是", "为", "為", "は", "が", "는", "은", "là", "adalah", "คือ", "olan"),
)


def _straight(words: Iterable[str]) -> Iterator[str]:
    """Yield each of *words* once, as `readings` reads it, in lower case. To read them as one text takes a quarter."""
    return iter(dict.fromkeys(straight_text("\n".join(words)).lower().split("\n")))


_STEMS = by_stem(NAMES, ("pass", "paro", "losenord"))


@cache
def stems_elsewhere() -> Stems:
    """Return the names that only a text beyond ASCII can hold: to read them takes 1 ms."""
    return by_stem(_straight(one for name in _NAMES_ELSEWHERE for one in (name, name.title(), name.upper())), ())


# Of what the password is: an ending of the name, and a few words.
_OF = Anchored(r"[\"'`*]{0,3}+(?P<ending>[^\W\d_]{0,6}+)(?:[ \t]{1,2}+[^\W_]{1,20}+){0,5}+[ \t]{0,3}+")
_BLANKS = Anchored(r"[ \t]{1,3}+")


@cache
def told() -> Anchored:
    """Return the expression of what follows a name: a sign or a verb, and the value."""
    said = sorted(_straight(_VERBS), key=len, reverse=True)
    verb = "|".join(re.escape(one) + ("(?![^\\W_])" if one.isascii() else "") for one in said)
    return Anchored(
        rf"(?>[:=]|(?:(?<![^\W\d_])|(?<=[^\x00-\x7f]))(?:{verb})[ \t]{{0,2}}+:?+)[ \t]{{0,3}}+"
        r"[\"'`*]{0,3}+(?P<value>[!#-&(-_a-~]{6,200}+)"
    )


_WORD_WITH_NUMBER = Anchored(
    r"[A-Za-z]{1,20}[_.]?[0-9]{1,3}|[0-9]{1,3}[_.]?[A-Za-z]{1,20}"
    r"|(?:[A-Z]?[a-z]{1,20}[0-9]{0,2}|[0-9]{1,3})(?:-(?:[A-Z]?[a-z]{2,20}[0-9]{0,2}|[0-9]{1,2}))+"
)
_CODE = Anchored(r"[(\[{<]|^[A-Za-z_]\w*+(?:(?:\.|::|->)[A-Za-z_]\w*+)++$|^(?:[./~]|.{1,30}://)|^[$%&@]\w+$|%s|=|;.")


def spoken_passwords(text: str, lower: str) -> Iterator[tuple[int, int]]:
    """Yield where *text* tells a password in a sentence; *lower* is the same in lower case."""
    for name, at in places(lower, _STEMS if lower.isascii() else {**_STEMS, **stems_elsewhere()}):
        if _begins(lower, at) and (found := _told(lower, at + len(name))):
            start = found.start("value")
            value = text[start : found.end("value")].rstrip(".,:;!?)\"'`*")
            if _is_told(value):
                yield start, start + len(value)


def _told(lower: str, at: int) -> re.Match[str] | None:
    """Return the verb or sign, with the value behind it, that follows the name ending at *at*; None where none does.

    It stands in or behind the ending of the name, or as a word: some twenty places at most.
    """
    around = _OF.match(lower, at)
    if around is None:  # it always matches
        return None
    end, ending = around.end(), around.span("ending")
    blanks = (found.end() for found in _BLANKS.finditer(lower, ending[1], end))
    places = dict.fromkeys((*range(ending[0], ending[1] + 1), *blanks, end))
    return next((found for place in places if (found := told().match(lower, place))), None)


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
