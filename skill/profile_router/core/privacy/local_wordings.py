"""Does a text ask that something stays on this machine? An extra net under labels and findings: words are many. Pure.

It looks for the usual wordings of some languages, and errs on the safe side: "keep this variable local" counts.
"""

from __future__ import annotations

import re

from profile_router.core.language.anchored import Anchored
from profile_router.core.privacy.readings import straight_text

_HERE = r"(?:on|to|in) (?:this|my|our|the) (?:machine|computer|laptop|device|box|host|network|office|company)"
_DO = r"\b(?:stay|keep|kept|remain|run|process|handle)(?:s|ing|ed)?\b[^.\n]{0,60}\b"
_NOT = r"\b(?:don'?t|do not|never|must ?n[o']t|may not|should ?n[o']t|can'?t|cannot|not to|without)\b[^.\n]{0,40}\b"
_SENT = r"(?:send|sent|shar|upload|forward|leak|disclos|expos|leav|cloud|third part)"
# Without accents, and each language by itself: a wording a line.
_WORDINGS = (
    r"\blocal(?:ly)?[- ]only\b",
    r"\bonly[- ]local(?:ly)?\b",
    r"\bconfidential",
    r"\bunder (?:an )?nda\b",
    r"\boff the record\b",
    rf"{_DO}local(?:ly)?\b",
    rf"{_DO}(?:private(?:ly)?|secret|to yourself)\b",
    rf"{_DO}(?:offline|in-house|on-prem)",
    rf"{_DO}{_HERE}\b",
    _NOT + _SENT,
    r"\b(?:not for|no|away from|out of) (?:the )?cloud\b",
    r"\binternal (?:use )?only\b",
    r"\beyes only\b",
    r"\bnur (?:hier |rein )?lokal",
    r"\blokal (?:bleib|halt|behalt|belass|verarbeit|lass)",
    r"\bbleib\w* (?:bitte )?(?:lokal|hier|auf d)",
    r"vertraulich|geheimhalt|\bgeheim\b",
    r"\b(?:nicht|nie|niemals|keinesfalls)\b[^.\n]{0,40}\b(?:weitergeb|send|schick|verschick|hochlad|teil|cloud|verlass)",
    r"\bnicht (?:nach )?(?:aussen|außen)\b",
    r"confidentiel|confidencial|confidenzial|\briservat[oaie]\b|\bsecret professionnel\b",
    r"\b(?:uniquement|seulement|rest\w{0,4}|gard\w{0,4}) (?:en )?local|\ben local (?:uniquement|seulement)\b",
    r"\b(?:n'|ne )[^.\n]{0,30}(?:pas|jamais)\b[^.\n]{0,30}(?:envoy|partag|quitt|cloud|transm)",
    r"\bne pas (?:envoy|partag|transm)",
    r"\b(?:solo|solamente|unicamente|apenas|somente|soltanto) (?:en |em |in )?(?:local|esta maquina|questa macchina)",
    r"\b(?:no|nao|non|nunca|mai)\b[^.\n]{0,30}\b(?:envi(?:es|e|ar|amos)\b|compart|salg|sub(?:as|ir|a)\b)",
    r"\b(?:no|nao|non|nunca|mai)\b[^.\n]{0,30}\b(?:invia|condivid|nube\b|nuvem)",
    r"vertrouwelijk|\balleen (?:op deze|lokaal)|\blokaal (?:blijv|houd)|\bniet[^.\n]{0,30}(?:verstur|delen|cloud)",
    r"\bpoufn|\btylko lokaln|\bnie (?:wysyla|udostepnia|przesyla)",
)
# In scripts of their own, which the plain reading would take for look-alikes.
_SCRIPTS = (
    r"конфиденциальн|секретно|только локальн|не (?:отправля|пересыла|переда|загружа)",
    r"保密|机密|機密|仅本地|只在本地|僅本地|本地处理|不要(?:上传|发送|外传|外泄|上傳|發送)|不得(?:外传|上传)",
    r"社外秘|ローカルのみ|ローカルだけ|送信しない|外部に出さない",
    r"기밀|대외비|로컬에서만|전송하지|보내지 마",
)
_PLAIN = Anchored("|".join(_WORDINGS), anchors=None, flags=re.IGNORECASE)
_AS_WRITTEN = Anchored("|".join(_SCRIPTS), flags=re.IGNORECASE)


def asks_to_stay_local(text: str) -> bool:
    """Tell whether *text* asks that something stays on this machine, or among those who are meant."""
    return bool(_PLAIN.search(straight_text(text)) or _AS_WRITTEN.search(text))
