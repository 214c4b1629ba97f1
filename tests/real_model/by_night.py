"""At night the real small model judges the triggers of the skill, where its weights are there already."""

from __future__ import annotations

import os
import subprocess

from tests.real_model.weights import CHOSEN, DEFAULT, is_whole, place_of

JUDGED = "tests/real_model/test_triggers_judged.py"


def judge_triggers(python: str) -> int:
    """Let the model judge, and return the exit code of that; where its weights are not there, say so and return 0.

    Nothing is downloaded. Where CHOSEN names a model, the night's own tests have met it.
    """
    if os.environ.get(CHOSEN):
        return 0
    if os.environ.get("CI"):
        print("triggers: not judged, as real models are not met in CI", flush=True)
        return 0
    if not is_whole(DEFAULT):
        missing = f"{place_of(DEFAULT)} is not there, or not whole"
        print(f"triggers: not judged, as {missing}; `python3 tests --real-model` fetches it", flush=True)
        return 0
    command = [python, "-m", "pytest", "-s", "-q", JUDGED]
    return subprocess.run(command, env={**os.environ, CHOSEN: DEFAULT}, check=False).returncode
