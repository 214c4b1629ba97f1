"""Which words speak of keeping something on this machine: an extra net, so what it misses is not a promise."""

from __future__ import annotations

import pytest

from profile_router.core.privacy.local_wordings import asks_to_stay_local


@pytest.mark.parametrize(
    "text",
    [
        "Job 1 stays local-only: explain the payroll formula in hr/pay.py",
        "Keep the salaries on this machine, please.",
        "Don\u2019t send the customer list to anyone",
        "do not upload this",
        "the report must never leave our network",
        "This is confidential.",
        "run that one locally",
        "con\u200bfidential figures follow",
        "not for the cloud",
        "Das bleibt bitte lokal.",
        "Die Zahlen sind vertraulich",
        "bitte nicht in die Cloud hochladen",
        "Ces chiffres sont confidentiels",
        "il ne faut pas les envoyer ailleurs",
        "esto es confidencial, no lo compartas",
        "solo en local",
        "questi dati sono riservati",
        "dados confidenciais, apenas local",
        "это конфиденциальная информация",
        "не отправляй это никуда",
        "这份名单请保密",
        "不要上传这些数据",
        "社外秘の資料です",
        "이건 대외비예요",
    ],
)
def test_a_wish_to_keep_something_here_is_heard(text: str) -> None:
    assert asks_to_stay_local(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Fix the typo in README.md",
        "The retry delay is configurable now; all 14 tests pass.",
        "There are no changes to the environment, and no subagents are left",
        "Rename the local variable `n` to `count`",
        "It depends on the machine",
        "Bitte korrigiere den Tippfehler",
        "¿Puedes corregir el error?",
        "修复这个拼写错误",
    ],
)
def test_everyday_work_is_not(text: str) -> None:
    assert not asks_to_stay_local(text)
