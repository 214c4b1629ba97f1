"""By which seam we take part in Hermes' delegation, what that leaves out, and who decides about a subagent now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.doctor.scene import HERMES, Row, Scene, ids
from tests.fakes import a_policy

from profile_router.core.policy import PluginSwitch
from profile_router.doctor import hermes_seam
from profile_router.doctor.facts import DoctorFacts
from profile_router.runners.hermes.seams import Seam, Seams

SEAM, DELEGATION = hermes_seam.seam, hermes_seam.delegation
OF: dict[Seam, Seams] = {
    "middleware": Seams(version="0.19.0"),
    "model provider": Seams(version="0.22.2", provider_client=True),
    "delegation provider": Seams(version="0.22.5", provider_client=True, delegation_provider=True),
}
OURS = "delegation: {provider: profile-router, model: profile-router}"


def on(seam: Seam, config: str = "", mode: PluginSwitch = "on") -> Callable[[Scene], DoctorFacts]:
    def given(scene: Scene) -> DoctorFacts:
        scene.home.write(None, config)
        policy = replace(a_policy(), hermes_plugin=mode)
        return scene.facts(policy, hermes=replace(HERMES, seams=OF[seam]))

    return given


ROWS = [
    Row(
        rule="an old Hermes blocks, and a newer one fixes that",
        check=SEAM, given=on("middleware"), level="warn",
        says="middleware: each `delegate_task` is run here, but as this Hermes takes no client", fix="hermes update",
    ),
    Row(
        rule="today's does not show the options",
        check=SEAM, given=on("model provider"), level="pass", says="takes our options without showing them",
    ),
    Row(
        rule="the next one lacks nothing",
        check=SEAM, given=on("delegation provider"), level="pass", says="delegation provider: each task is routed",
    ),
    Row(
        rule="a client cannot cross into the host of plugins",
        check=SEAM, given=on("model provider", "plugins: {isolation: host}"), level="fail",
        says="plugins.isolation is host", fix="hermes config set plugins.isolation in_process",
    ),
    Row(
        rule="without Hermes no seam matters",
        check=SEAM, given=lambda scene: scene.facts(hermes=None), level=None,
    ),
    Row(
        rule="our lines make subagents ours",
        check=DELEGATION, given=on("model provider", OURS), level="pass", says="delegation.provider is profile-router",
    ),
    Row(
        rule="without our lines subagents are not ours",
        check=DELEGATION, given=on("model provider"), level="warn",
        says="delegation.provider is not set", fix="profile-router install",
    ),
    Row(
        rule="another provider is named",
        check=DELEGATION, given=on("model provider", "delegation: {provider: OpenRouter}"), level="warn",
        says="delegation.provider is openrouter", fix="profile-router install",
    ),
    Row(
        rule="our provider under another model's name is run twice",
        check=DELEGATION, given=on("model provider", "delegation: {provider: profile-router, model: openai/o3}"),
        level="fail", says="delegation.model is openai/o3", fix="profile-router install",
    ),
    Row(
        rule="our provider without a model keeps the parent's name",
        check=DELEGATION, given=on("model provider", "delegation: {provider: profile-router}"),
        level="fail", says="delegation.model is not set", fix="profile-router install",
    ),
    Row(
        rule="another backend holds the slot",
        check=DELEGATION, given=on("delegation provider", "delegation: {backend: model_map}"), level="warn",
        says="delegation.backend is model_map", fix="hermes config set delegation.backend profile-router",
    ),
    Row(
        rule="our backend makes subagents ours",
        check=DELEGATION, given=on("delegation provider", "delegation: {backend: Profile-Router}"), level="pass",
        says="delegation.backend is profile-router",
    ),
    Row(
        rule="Hermes' own backend leaves the provider to decide",
        check=DELEGATION, given=on("delegation provider", f"{OURS[:-1]}, backend: default}}"), level="pass",
        says="delegation.provider is profile-router",
    ),
    Row(
        rule="an old Hermes knows no provider of ours",
        check=DELEGATION, given=on("middleware", OURS), level="fail",
        says="needs a newer Hermes", fix="profile-router install",
    ),
    Row(
        rule="an old Hermes asks nobody what delegation says",
        check=DELEGATION, given=on("middleware", "delegation: {provider: openrouter}"), level=None,
    ),
    *(
        Row(
            rule=f"where the policy says {mode} our lines are in the way",
            check=DELEGATION, given=on("model provider", OURS, mode), level="warn",
            says=f"yet hermes_plugin is {mode}", fix="profile-router install",
        )
        for mode in ("explain", "off")
    ),
    Row(
        rule="where the policy says off Hermes delegates by itself",
        check=DELEGATION, given=on("model provider", "", "off"), level="pass", says="by the parent's own model",
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=ids(ROWS))
def test_who_decides_about_a_subagent_is_said(row: Row, tmp_path: Path) -> None:
    assert row.holds(tmp_path)


def test_no_fix_leads_to_an_older_hermes(tmp_path: Path) -> None:
    found = [line for row in ROWS for line in row.found(tmp_path / row.rule.replace(" ", "-").replace("'", ""))]
    assert not [line.fix for line in found if "==" in line.fix or "0.19" in line.fix or "pip" in line.fix]
