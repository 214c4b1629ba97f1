"""The probe: the cheap tier reads what the task names and returns a schema-bound estimate. It never stops a task."""

from __future__ import annotations

import math
from pathlib import Path
from time import monotonic

from profile_router.core.evidence import Evidence
from profile_router.core.ladder.receipt import Receipt
from profile_router.core.privacy.findings import private_glob, private_text
from profile_router.core.routing.candidate import Candidates, is_local
from profile_router.core.routing.probe import Complexity, ProbeOutcome
from profile_router.core.routing.rate import rate_at
from profile_router.core.routing.rules import files_said, lines_text
from profile_router.core.task import Task
from profile_router.prompting.templates import render
from profile_router.prompting.tokens import exact_tokens, head_of
from profile_router.runners.calls.call import RecordedCalls, SingleCall
from profile_router.runners.calls.typed_answers import asked_until_read, in_form
from profile_router.values import frozen

PROBE_TOKENS = 300
_LARGEST_FILE_READ = 1_000_000


@frozen
class EmbeddedProber:
    """Asks a model for its estimate of a task. `root` is where the names of files begin."""

    calls: RecordedCalls
    candidates: Candidates
    root: Path

    async def probe(self, task: Task, evidence: Evidence, profile: str, *, seconds: float = math.inf) -> ProbeOutcome:
        """Return the estimate of *profile*, or why it gave none in the policy's number of tries and in *seconds*."""
        if evidence.private:
            raise AssertionError("a private task was handed to the probe")
        receipts: list[Receipt] = []
        found, problem = await self._estimate(task, evidence, profile, receipts, monotonic() + seconds)
        return ProbeOutcome(complexity=found, receipts=tuple(receipts), problem=problem)

    async def _estimate(
        self, task: Task, evidence: Evidence, profile: str, receipts: list[Receipt], until: float
    ) -> tuple[Complexity | None, str]:
        """Return the estimate or what went wrong *until* then. Each call's receipt goes to *receipts*."""
        loaded = self.calls.load(profile)
        if loaded.key_missing:
            return None, f"{profile} has no key"
        call = SingleCall(
            profile=loaded,
            rate=rate_at(self.candidates.get(profile), 0, self.calls.policy),
            local=is_local(self.candidates.get(profile), self.calls.policy),
            step="probe",
            prompt=self._prompt(task, evidence),
            max_tokens=PROBE_TOKENS,
            seconds=self.calls.policy.probe.seconds,
            schema=schema(),
        )
        window = evidence.window(profile)
        if window is not None and self.calls.tokens(call) > window.tokens:
            return None, f"the prompt does not fit {profile}'s {window.tokens:,} tokens"
        tries = self.calls.policy.probe.tries
        return await asked_until_read(self.calls, call, parsed_probe, receipts, tries=tries, until=until)

    def _prompt(self, task: Task, evidence: Evidence) -> str:
        measured = (
            f"{files_said(evidence)}; {lines_text(evidence)}; kinds: {[hit.kind for hit in evidence.kinds] or 'none'}"
        )
        budget = self.calls.policy.probe.max_tokens - exact_tokens(task.goal)
        context = head_of(task.context, max(0, budget // 2)) if task.context else ""
        files = self._excerpts(evidence, max(0, budget - exact_tokens(context)))
        return render("probe", goal=task.goal, context=context, measured=measured, files=files)

    def _excerpts(self, evidence: Evidence, budget: int) -> list[dict[str, object]]:
        """Return the files as the probe sees them; `cut` where only the head fits."""
        found: list[dict[str, object]] = []
        policy = self.calls.policy
        for file in evidence.files[: policy.probe.max_files]:
            if budget <= 0 or file.form != "text" or file.bytes > _LARGEST_FILE_READ:
                continue
            if private_glob(file.path, policy.private_paths):
                continue
            text = self._read(file.path)
            if text is None or private_text(text, policy.confidential):
                continue
            start = head_of(text, budget)
            budget -= exact_tokens(start)
            found.append({"path": file.path, "text": start, "cut": len(start) < len(text)})
        return found

    def _read(self, path: str) -> str | None:
        try:
            return (self.root / path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None


def schema() -> dict[str, object]:
    """Return the JSON schema of an estimate, as it is sent."""
    number = {"type": "integer", "minimum": 0, "maximum": 100_000}
    return {
        "type": "object",
        "properties": {
            "score": {"type": "integer", "minimum": 1, "maximum": 10},
            "files_to_edit": number,
            "lines_to_edit": number,
            "reason": {"type": "string", "maxLength": 200},
        },
        "required": ["score", "files_to_edit", "lines_to_edit", "reason"],
        "additionalProperties": False,
    }


def parsed_probe(answer: str) -> tuple[Complexity | None, str]:
    """Return the estimate in *answer*, or None and what is wrong with it. A code fence around it does no harm."""
    from pydantic import BaseModel, ConfigDict, Field  # 0.1 s: only a probe pays for it

    class Answer(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)
        score: int = Field(ge=1, le=10)
        files_to_edit: int = Field(ge=0, le=100_000)
        lines_to_edit: int = Field(ge=0, le=100_000)
        reason: str = Field(max_length=1_000)

    found, problem = in_form(answer, Answer)
    if found is None:
        return None, problem
    return Complexity(**found.model_dump() | {"reason": " ".join(found.reason.split())[:200]}), ""
