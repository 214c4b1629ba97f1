"""The kinds of work in other languages, by the phrases of the shipped policy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_router.core.language.phrases import SCOPE, compile_phrases, find_phrases, language_of_text
from profile_router.policies.file import SHIPPED, read_policy

POLICY = read_policy(SHIPPED)
ASKED = [
    ("Bitte führe eine Sicherheitsprüfung der Anmeldung durch", "security-review"),
    ("Prüfe das Login auf Sicherheitslücken", "security-review"),
    ("Entwirf eine öffentliche API für Plugins", "api-design"),
    ("Zerlege den Monolithen in Dienste", "architecture"),
    ("Refaktoriere den Parser", "refactor"),
    ("Formatiere den Code", "lint"),
    ("Fasse das Modul zusammen", "summarize"),
    ("Korrigiere alle Tippfehler", "repetitive-edit"),
    ("Haz una auditoría de seguridad del login", "security-review"),
    ("Por favor diseña la API pública", "api-design"),
    ("Migra la aplicación a microservicios", "architecture"),
    ("Refactoriza el módulo", "refactor"),
    ("Formatea el código", "lint"),
    ("Resume este módulo", "summarize"),
    ("Corrige las erratas", "repetitive-edit"),
    ("Fais un audit de sécurité du login", "security-review"),
    ("Conçois une API publique", "api-design"),
    ("Migre l'application vers des microservices", "architecture"),
    ("Refactorise le module", "refactor"),
    ("Formate le code", "lint"),
    ("Résume ce module", "summarize"),
    ("Corrige les fautes de frappe", "repetitive-edit"),
    ("Проведи аудит безопасности входа", "security-review"),
    ("Спроектируй публичный API", "api-design"),
    ("Разбей монолит на сервисы", "architecture"),
    ("Пожалуйста, отрефактори парсер", "refactor"),
    ("Отформатируй код", "lint"),
    ("Кратко опиши модуль", "summarize"),
    ("Исправь опечатки", "repetitive-edit"),
    ("请对登录模块进行安全审查", "security-review"),
    ("设计插件的公共API", "api-design"),
    ("将应用迁移到微服务", "architecture"),
    ("重构解析器", "refactor"),
    ("格式化代码", "lint"),
    ("总结这个模块", "summarize"),
    ("修正文档中的错别字", "repetitive-edit"),
]
# The titles of issues: one of each kind in each language.
TITLES = [
    ("Nachträgliches Sicherheitsaudit der Anmeldung", "security-review"),
    ("Auditoría retroactiva de seguridad del login", "security-review"),
    ("Audit rétroactif de sécurité du login", "security-review"),
    ("Ретроактивный аудит безопасности входа", "security-review"),
    ("登录模块的追溯性安全审计", "security-review"),
    ("Migration vom Monolithen zu Microservices", "architecture"),
    ("Migra el monolito a una arquitectura de microservicios", "architecture"),
    ("Migration du monolithe vers une architecture de microservices", "architecture"),
    ("Перейди с монолита на микросервисную архитектуру", "architecture"),
    ("从单体迁移到微服务", "architecture"),
    ("RFC: Plugin-API", "api-design"),
    ("RFC: API de plugins", "api-design"),
    ("Conçois l'API des plugins", "api-design"),
    ("RFC: API плагинов", "api-design"),
    ("RFC：插件 API", "api-design"),
    ("doc: Tippfehler beheben", "repetitive-edit"),
    ("doc: corregir las erratas", "repetitive-edit"),
    ("doc : corriger les fautes de frappe", "repetitive-edit"),
    ("doc: исправить опечатки", "repetitive-edit"),
    ("文档：修正错别字", "repetitive-edit"),
    ("Korrigiere die Formatierung", "lint"),
    ("修正代码格式", "lint"),
    ("Кратко изложи этот файл", "summarize"),
]
WIDE = [
    "Refaktoriere den gesamten Code auf async",
    "Refactoriza toda la base de código a async/await",
    "Refactorise toute la base de code vers async",
    "Отрефактори всю кодовую базу на async",
    "将整个代码库重构为 async",
    "Refaktorisiere die gesamte Codebasis",
    "Refactoriza todo el código",
    "Refactorise tout le code",
    "Отрефактори весь код",
    "重构整个代码库",
]


@pytest.mark.parametrize(("text", "kind"), ASKED + TITLES)
def test_the_act_asked_for_is_found_in_five_languages(text: str, kind: str) -> None:
    assert kind in [hit.kind for hit in find_phrases(text, POLICY.phrases)]


@pytest.mark.parametrize("text", WIDE)
def test_a_work_is_wide_in_five_languages(text: str) -> None:
    assert {hit.kind for hit in find_phrases(text, POLICY.phrases)} == {"refactor", SCOPE}


@pytest.mark.parametrize("text", ["Refaktoriere den Parser", "Отрефактори парсер", "重构解析器"])
def test_a_work_on_one_part_is_not_wide(text: str) -> None:
    assert [hit.kind for hit in find_phrases(text, POLICY.phrases)] == ["refactor"]


@pytest.mark.parametrize(
    "text",
    [
        "Schreibe den Bericht zum Sicherheitsaudit", "修复安全审计报告里的错误", "Refaktoriere den Parser nicht", "Die Schaltfläche „Code formatieren“ reagiert nicht", "No refactoriza el módulo",
        "Ne refactorise pas le module", "Не отрефактори парсер", "不要重构解析器", "Behebe den Fehler im Parser",
        "Implementiere das Login. Formatiere den Code.", "修复“重构”按钮", "Исправь ошибку в парсере",
    ],
)  # fmt: skip
def test_negations_quotes_and_other_work_ask_for_no_kind(text: str) -> None:
    assert find_phrases(text, POLICY.phrases) == ()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Fix the parser and add a test", "en"), ("parser crash", "en"), ("Behebe den Fehler in der Anmeldung und im Menü", "de"),
        ("ログインのバグを修正してください", "ja"), ("로그인 버그를 수정해 주세요", "ko"), ("修复登录的错误", "zh"),
        ("Исправь ошибку", "ru"), ("Виправ помилку в файлі", "other"), ("Corrija o erro na função de login", "pt"),
        ("Lütfen bu dosya için bir test ekle", "tr"), ("Fix the label 'ログイン' of the form", "en"),
        ("أصلح الخطأ في الملف", "other"), ("Bu dosyayı özetle", "tr"), ("Fix café Müller naïve", "en"),
    ],
)  # fmt: skip
def test_a_language_is_told_by_its_letters_and_small_words(text: str, language: str) -> None:
    assert language_of_text(text) == language


def test_more_than_twelve_phrases_of_a_kind_are_refused() -> None:
    with pytest.raises(ValueError, match="13 phrases"):
        compile_phrases({"de": {"lint": ["x"] * 13}})


@given(st.text(max_size=300))
def test_any_text_has_its_language(text: str) -> None:
    language_of_text(text)
    find_phrases(text, POLICY.phrases)
