"""Why finished work is not a success: its check failed, a claim is not so, or nothing proves it. Pure."""

from __future__ import annotations

from profile_router.core.ladder.check_words import difference_words, exit_text, last_line, missed_words, passed_before
from profile_router.core.ladder.failure import Failure
from profile_router.core.ladder.receipt import Verified
from profile_router.core.policy import Policy


def verification_failure(verified: Verified, policy: Policy) -> Failure | None:
    """Return why finished work failed its check or its claims, None where it passed."""
    check = verified.check
    if check is not None and check.failed:
        ended = exit_text(check.exit_code, passed_before(verified))
        told = (f"{check.said}: {ended}", difference_words(check), last_line(check), verified.taken_tests)
        said = " · ".join(filter(None, told))
        return Failure(cause="verification-failed", message=said)
    if verified.taken_tests:
        return Failure(cause="verification-failed", message=verified.taken_tests)
    wrong = next((one for one in verified.weak if one.proves_it_wrong), None)
    if wrong is not None:
        return Failure(cause="verification-failed", message=wrong.said)
    if verified.missed:
        return Failure(cause="verification-failed", message=missed_words(verified))
    if verified.absent and policy.promotion.absent_claims == "promote":
        return Failure(cause="verification-failed", message=f"claims {', '.join(verified.absent)}, which is not there")
    return None


def unproved_failure(verified: Verified, policy: Policy, *, turns: int = 0, usual: int | None = None) -> Failure | None:
    """Return why work that passed is promoted all the same: the policy wants that of what proves nothing.

    It may want it of work alone that took more *turns* than is *usual*; None: too few are known.
    """
    if not verified.unproved or policy.unproved == "keep":
        return None
    said = verified.unproved[0]
    if policy.unproved == "promote":
        return Failure(cause="verification-failed", message=said)
    if usual is None or turns <= usual:
        return None
    took = f"it took {turns} turns, where nine of ten that ended well here take at most {usual}"
    return Failure(cause="verification-failed", message=f"{said}; {took}")
