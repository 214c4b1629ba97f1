"""What of our environment a Hermes child gets: a list of what is allowed. Nothing else is inherited.

No key of ours or of the parent's (Hermes loads the profile's own .env by itself), none of a running Hermes' HERMES_* or
TERMINAL_* (they would beat the profile's config), no PYTHON* that would point its python elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from profile_router.runners.hermes.child.family import MARK

_PASSED = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TERM"),
        *("LC_ALL", "LC_COLLATE", "LC_CTYPE", "LC_MESSAGES", "LC_MONETARY", "LC_NUMERIC", "LC_TIME"),
        *("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"),
        *("DOCKER_HOST", "CONTAINER_HOST", "JAVA_HOME", "GOPATH", "GOROOT", "CARGO_HOME", "RUSTUP_HOME"),
        *("NVM_DIR", "PNPM_HOME", "PYENV_ROOT", "CONDA_PREFIX", "ANDROID_HOME"),
    }
)
_NEVER = ("HERMES_", "TERMINAL_")
# Quiet; no reconnection of its own; and no package installed into Hermes' environment because a task came by.
_SET = {"HERMES_QUIET": "1", "HERMES_STREAM_RETRIES": "0", "HERMES_DISABLE_LAZY_INSTALLS": "1"}


def child_environment(
    environ: Mapping[str, str], home: Path, mark: str, *, unattended: bool, also: Sequence[str] = ()
) -> dict[str, str]:
    """Return the environment of a child under the profile folder *home*.

    *mark* finds its family again, *unattended* grants what asks for approval, *also* are names that the policy passes
    on (HERMES_* and TERMINAL_* are not passed on even then).
    """
    passed = {name: value for name, value in environ.items() if _is_passed(name, also)}
    granted = {"HERMES_YOLO_MODE": "1"} if unattended else {}
    return {**passed, **_SET, **granted, "HERMES_HOME": str(home), MARK: mark}


def _is_passed(name: str, also: Sequence[str]) -> bool:
    if name.upper().startswith(_NEVER):
        return False
    return name in _PASSED or name in also
