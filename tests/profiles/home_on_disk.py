"""A Hermes home on disk, for tests that read profiles."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

from profile_router.profiles.home import find_home

if TYPE_CHECKING:
    from pathlib import Path

    from profile_router.core.profile import Profile

LOCAL = "model: {provider: custom, base_url: 'http://127.0.0.1:8080/v1', default: gemma}\n"
BURST = "model: {provider: openrouter, default: claude}\n"


class Home:
    """A Hermes home on disk: `write` puts files into it, `load` reads a profile from it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environ = {"HERMES_HOME": str(root)}
        (root / "profiles").mkdir(parents=True)

    def write(self, name: str | None, config: str | bytes | None = None, env: str | bytes | None = None) -> Path:
        folder = self.root if name is None else self.root / "profiles" / name
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in (("config.yaml", config), (".env", env)):
            if text is not None:
                (folder / file).write_bytes(text if isinstance(text, bytes) else dedent(text).encode())
        return folder

    def load(self, name: str = "p", **environ: str) -> Profile:
        return find_home(self.environ | environ).load(name)

    def config(self, config: str | bytes, *, env: str | bytes | None = None, **environ: str) -> Profile:
        self.write("p", config, env)
        return self.load(**environ)


def key_of(profile: Profile) -> str | None:
    return profile.endpoint.api_key.reveal() if profile.endpoint.api_key else None
