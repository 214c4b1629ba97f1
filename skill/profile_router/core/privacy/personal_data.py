"""Kinds of personal data and markings that a policy may switch on. Pure, linear. All are off as shipped.

Facts: the area, group and serial numbers that the SSA never assigns; the prefixes and lengths of ISO/IEC 7812 card
numbers with Luhn's check digit; the lengths of the IBAN registry with ISO 7064's check digits; E.164.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from profile_router.core.language.anchored import Anchored
from profile_router.values import frozen

LABEL = "confidentiality label"  # the kind that is about the whole text it stands in


@frozen
class PersonalData:
    """One switch: its kind in words, the expression, and what a match must be.

    `shrinks`: a match may be too long, where the next number follows a blank; its beginnings count as well.
    """

    kind: str
    pattern: Anchored
    holds: Callable[[str], bool] = bool
    shrinks: bool = False


_LABELS = (
    r"(?:STRICTLY|HIGHLY|COMPANY|CLIENT|COMMERCIAL(?:LY)?[ -]IN)?[ -]?CONFIDENTIAL(?![A-Z])(?!_)"
    r"|(?:Strictly|Highly|Company|Client|Private (?:and|&)|Privileged (?:and|&)|Proprietary (?:and|&)) [Cc]onfidential"
    r"|INTERNAL(?:[ -]USE)?[ -]ONLY|(?:For )?[Ii]nternal [Uu]se [Oo]nly"
    r"|[Cc]lassification: ?(?:Internal|Confidential|Restricted|Secret)"
    r"|TLP: ?(?:RED|AMBER(?:\+STRICT)?)|TOP[ -]SECRET|SECRET//|NOFORN|FOR OFFICIAL USE ONLY|For Official Use Only"
    r"|NOT FOR (?:PUBLIC |EXTERNAL )?(?:DISTRIBUTION|RELEASE)"
    r"|(?:ATTORNEY|Attorney)[ -](?:CLIENT|Client) (?:PRIVILEGED?|[Pp]rivileged?)"
    r"|(?:STRENG )?VERTRAULICH|(?:Streng|Nur) [Vv]ertraulich|VS-NfD|NUR FUR DEN (?:INTERNEN )?(?:DIENST)?GEBRAUCH"
    r"|CONFIDENTIEL|DIFFUSION RESTREINTE|CONFIDENCIAL|RISERVATO|VERTROUWELIJK|机密|機密|絶密|绝密|内部资料"
)
_IBAN_LENGTHS: Mapping[str, int] = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI FO GL NL SD FK", 19: "MK SI", 20: "AT BA EE KZ LT LU XK MN", 21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ TL OM SO", 24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HU LB NI PL SV",
        29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip
_CARD = Anchored(
    r"(?:4|5[0-8]|2[2-7]|3[0-9]|6[0-9]|81)[0-9]{11,17}", flags=re.ASCII
)  # Visa, Mastercard, Amex, Diners, JCB, Maestro, Discover, UnionPay, RuPay
_CARD_LENGTHS = {"3": (14, 15, 16), "4": (13, 16, 19), "2": (16,), "8": (16,), "5": (12, 13, 14, 15, 16, 17, 18, 19)}


def _is_card(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    if not _CARD.fullmatch(digits) or len(digits) not in _CARD_LENGTHS.get(digits[0], (16, 17, 18, 19)):
        return False
    doubled = (2 * int(digit) for digit in digits[-2::-2])
    total = sum(map(int, digits[::-2])) + sum(each - 9 if each > 9 else each for each in doubled)
    return total % 10 == 0 and len(set(digits)) > 1


def _is_iban(text: str) -> bool:
    whole = text.replace(" ", "").replace("-", "").upper()
    if _IBAN_LENGTHS.get(whole[:2]) != len(whole):
        return False
    return int("".join(str(int(char, 36)) for char in whole[4:] + whole[:4])) % 97 == 1


def _is_phone(text: str) -> bool:
    digits = sum(char.isdigit() for char in text)
    return 8 <= digits <= 15 and (text[0] != "+" or text[1] != "0")


PERSONAL_KINDS: Mapping[str, PersonalData] = {
    "labels": PersonalData(
        kind=LABEL,
        pattern=Anchored(rf"(?<![A-Za-z0-9_])(?:{_LABELS})(?![A-Za-z0-9_])"),
    ),
    "ssn": PersonalData(
        kind="social security number",
        pattern=Anchored(
            r"(?<![\w.-])(?!000|666|9)[0-9]{3}([- ])(?!00)[0-9]{2}\1(?!0000)[0-9]{4}(?![\w-])"
            r"|(?i:(?<![a-z])(?:ssn|social security(?: (?:number|no\.?))?)\W{1,4}+)(?!000|666|9)[0-9]{9}(?![0-9])",
        ),
    ),
    "cards": PersonalData(
        kind="card number",
        pattern=Anchored(r"(?<![\w.-])[2-68](?:[ -]?[0-9]){11,18}"),
        holds=_is_card,
        shrinks=True,
    ),
    "iban": PersonalData(
        kind="bank account number",
        pattern=Anchored(r"(?<![A-Za-z0-9_])[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]){11,30}"),
        holds=_is_iban,
        shrinks=True,
    ),
    "email": PersonalData(
        kind="e-mail address",
        pattern=Anchored(
            r"(?<![\w.%+-])[\w%+-]{1,64}(?:\.[\w%+-]{1,64}){0,8}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w-])"
        ),
    ),
    "phone": PersonalData(
        kind="phone number",
        pattern=Anchored(
            r"(?<![\w.+/=-])(?:\+|00(?=[1-9]))[1-9][0-9]{0,2}(?:[ ./()-]{0,3}[0-9]{1,12}){1,6}(?![\w-])"
            r"|(?<![\w.+/=-])(?:\([0-9]{3}\) ?|[2-9][0-9]{2}([-. ]))[2-9][0-9]{2}(?:\1|-)[0-9]{4}(?![\w-])"
            r"|(?<![\w.+/=-])\(?0[1-9][0-9]{1,4}\)?(?:[ /-]{1,3}[0-9]{2,8}){1,4}(?![\w-])"
        ),
        holds=_is_phone,
    ),
}


def personal_spans(text: str, name: str) -> Iterator[tuple[int, int]]:
    """Yield where *text*, as `readings` reads it, holds what the switch *name* stands for."""
    sort = PERSONAL_KINDS[name]
    for found in sort.pattern.finditer(text):
        start, end = found.span()
        while sort.shrinks and end > start and not (_ends(text, end) and sort.holds(text[start:end])):
            end -= 1
        if end > start and sort.holds(text[start:end]):
            yield start, end


def _ends(text: str, end: int) -> bool:
    """Tell whether a number or word ends at *end*."""
    return text[end - 1] not in " -" and not (end < len(text) and (text[end].isalnum() or text[end] == "_"))
