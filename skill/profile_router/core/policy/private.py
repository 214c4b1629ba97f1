"""What is private besides secrets and private paths: the operator's words, patterns, and kinds of personal data."""

from __future__ import annotations

from dataclasses import fields

from profile_router.values import frozen


@frozen
class PrivateRules:
    """What one file calls private. `words` are whole words or phrases, in any case; `patterns` are expressions of the
    `regex` module. The switches find what `core.personal_data` describes.
    """

    words: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    labels: bool = False
    ssn: bool = False
    cards: bool = False
    iban: bool = False
    email: bool = False
    phone: bool = False


SWITCHES = tuple(field.name for field in fields(PrivateRules) if field.name not in {"words", "patterns"})


@frozen
class Confidential:
    """The rules of the policy, and those that the workspace adds: a finding names the one that has its word."""

    policy: PrivateRules = PrivateRules()
    workspace: PrivateRules = PrivateRules()

    def sources(self) -> tuple[tuple[str, PrivateRules], ...]:
        """Return the rules that say anything, each with who says it."""
        both = (("policy", self.policy), ("workspace", self.workspace))
        return tuple((name, rules) for name, rules in both if rules != PrivateRules())

    def switched(self, name: str) -> bool:
        """Tell whether the policy or the workspace has the switch *name* on."""
        return bool(getattr(self.policy, name) or getattr(self.workspace, name))


NO_CONFIDENTIAL = Confidential()
