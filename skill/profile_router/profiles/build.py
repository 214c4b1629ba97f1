"""Turn a profile's configuration into a Profile: the global file below it, `${VAR}`, address and key.

Each file is brought to one spelling before they meet (`profile_settings`). So the profile wins over the global file
whichever spelling either uses. Mappings merge key by key, lists replace. What belongs to an endpoint stays with it. A
profile that names another endpoint inherits neither the global base_url nor the global key.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from profile_router.core.profile import Enforcement, Profile, ProviderEndpoint, Secret, is_loopback, same_endpoint
from profile_router.core.text import nearest
from profile_router.errors import ProfileError
from profile_router.profiles.named_providers import Named, named_in, with_named
from profile_router.profiles.providers import CUSTOM, SPELLINGS, Provider, find_provider, provider_names
from profile_router.profiles.settings import FALLBACK, PREFERENCES, SETTINGS, Stated, stated_settings
from profile_router.profiles.spoilt_key import spoilt_by
from profile_router.values import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from profile_router.profiles.env_file import Line

# Hermes' composite toolsets as the plain ones in them that matter here; `hermes-cli` and its like restrict nothing.
_COMPOSITES = {"coding": ("file", "terminal"), "debugging": ("file", "terminal", "web"), "safe": ("web", "vision")}
_SERVED = ("file", "terminal")


@frozen(kw_only=False)
class Variables:
    """What `${VAR}` and key variables are looked up in. `lines` says where one stands: `…/.env:3`, and what ails it.

    A variable without a place is of the environment.
    """

    values: Mapping[str, str] = field(repr=False)
    lines: Mapping[str, Line]

    def key(self, name: str) -> str:
        """Return the value of *name* as a key, "" where it is not set. Raises ProfileError for one that is spoilt."""
        value = self.values.get(name, "").strip()
        line = self.lines.get(name)
        spoilt = (line.broken if line else "") or (spoilt_by(value) if value else "")
        if spoilt and line:
            raise ProfileError(
                f"{line.place}: {name} {spoilt}; write the key there on one line: {name}=KEY, without quotes or blanks"
            )
        if spoilt:
            raise ProfileError(f"the variable {name} of the environment {spoilt}; set it anew: `export {name}=KEY`")
        return value


def build_profile(
    name: str,
    layers: Sequence[tuple[str, Mapping[str, Any]]],
    variables: Mapping[str, str],
    *,
    lines: Mapping[str, Line] | None = None,
) -> Profile:
    """Return the profile that *layers* describe, (file, config) pairs of which the last wins.

    *variables* is what `${VAR}` and key variables are looked up in; an empty one counts as not set. *lines* are the
    lines of those that stand in a .env. Raises ProfileError with file, key, value and what is allowed.
    """
    settings: dict[str, Stated] = {}
    named: tuple[Named, ...] = ()
    for file, config in layers:
        named = (*named_in(config, file), *named)
        stated = stated_settings(config, SETTINGS, file=file, variables=variables)
        settings = _over(settings, with_named(stated, named, variables))
    file = layers[-1][0]
    endpoint = _endpoint(settings, file=file, inside="model.", variables=Variables(variables, lines or {}))
    value = {setting: stated.value for setting, stated in settings.items()}
    return Profile(
        name=name,
        endpoint=endpoint,
        window=value.get("context_length"),
        max_tokens=value.get("max_tokens"),
        temperature=value.get("temperature"),
        max_turns=value.get("max_turns"),
        tool_use_enforcement=_enforcement(value.get("tool_use_enforcement", "auto"), endpoint.model),
        tool_format=value.get("tool_format", "auto"),
        toolsets=_toolsets(value.get("toolsets"), value.get("disabled_toolsets", ())),
        preferences={key: _plain(value[key]) for key in PREFERENCES if key in value},
        fallbacks=_fallbacks(settings, endpoint, Variables(variables, lines or {}), named),
        terminal_backend=value.get("backend", "local"),
        source=file,
    )


def _over(below: dict[str, Stated], above: dict[str, Stated]) -> dict[str, Stated]:
    """Lay *above* over *below*, without the address and the key of an endpoint that *above* leaves."""
    keep = dict(below)
    if {"api_key", "key_variable"} & above.keys():  # who states a key in one way takes it from nowhere else
        keep.pop("api_key", None)
        keep.pop("key_variable", None)
    if not below or not above.keys() & {"provider", "base_url"}:
        return keep | above
    old = _row(below)
    if "provider" in above and _row(below | above) is not old:
        keep.pop("base_url", None)
    if _row(keep | above) is not old or not same_endpoint(_address(below, old), _address(keep | above, old)):
        keep.pop("api_key", None)
        keep.pop("key_variable", None)
    return keep | above


def _row(settings: Mapping[str, Stated]) -> Provider | None:
    base_url = settings["base_url"].value if "base_url" in settings else None
    if "provider" not in settings:
        return CUSTOM if base_url else None
    return find_provider(settings["provider"].value, base_url)


def _address(settings: Mapping[str, Stated], row: Provider | None) -> str:
    return str(settings["base_url"].value) if "base_url" in settings else (row and row.base_url) or ""


def _endpoint(
    settings: Mapping[str, Stated], *, file: str, inside: str, variables: Variables, model: str = ""
) -> ProviderEndpoint:
    for stated in (settings[setting] for setting in ("provider", "base_url", "model") if setting in settings):
        if stated.unset:
            raise ProfileError(
                f"{stated.file}: {stated.key} refers to ${{{stated.unset[0]}}}, which neither the profile's .env nor "
                f"the environment sets; write `{stated.unset[0]}=…` into the .env beside the profile's config.yaml"
            )
    provider = _provider(settings, file, inside)
    base_url = _base_url(settings, provider, file, inside, variables)
    if "model" not in settings and not model:
        raise ProfileError(f"{file}: {inside}default is missing; write the model's name there, as the server calls it")
    variable, key, wanted = _key(settings, provider, variables)
    return ProviderEndpoint(
        provider=provider.name,
        base_url=base_url,
        model=settings["model"].value if "model" in settings else model,
        key_variable=variable,
        api_key=key,
        needs_key=wanted or (not is_loopback(base_url) if provider is CUSTOM else provider.needs_key),
    )


def _base_url(settings: Mapping[str, Stated], provider: Provider, file: str, inside: str, variables: Variables) -> str:
    base_url = _address(settings, provider)
    if not base_url:
        raise ProfileError(
            f"{file}: {inside}base_url is missing, which the provider '{provider.name}' needs; write for example "
            f"`base_url: http://127.0.0.1:8080/v1`, or a provider with an address of its own: {provider_names()}"
        )
    if "base_url" in settings and not _is_address(base_url):
        lines = ((name, variables.lines.get(name)) for name in settings["base_url"].variables)
        set_at = "".join(f"; {name} is set in {line.place}" for name, line in lines if line)
        raise settings["base_url"].refusal(
            f"an http or https address without user, password or query, such as http://127.0.0.1:8080/v1{set_at}"
        )
    return base_url


def _provider(settings: Mapping[str, Stated], file: str, inside: str) -> Provider:
    provider = _row(settings)
    if provider is not None:
        return provider
    if inside == "model." and not settings.keys() & {"provider", "model", "base_url"}:
        raise ProfileError(f"{file}: it names no model; write model.provider and model.default")
    if "provider" not in settings:
        raise ProfileError(f"{file}: {inside}provider is missing; allowed: {provider_names()}")
    near = nearest(str(settings["provider"].value), SPELLINGS)
    meant = f"`{near}` (did you mean that?), " if near else ""
    raise settings["provider"].refusal(
        f"{meant}{provider_names()}. For another OpenAI-compatible server write `custom`"
    )


def _is_address(base_url: str) -> bool:
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return usable and not any(mark in base_url for mark in "@?# ")


def _key(
    settings: Mapping[str, Stated], provider: Provider, variables: Variables
) -> tuple[str | None, Secret | None, bool]:
    """Return the key's variable, the key, and whether the profile itself says that one is needed.

    A key that is written but refers to a variable nothing sets is missing: no other key takes its place. The
    provider's own variable is asked only where none is written, and a custom endpoint has none.
    """
    written, named = settings.get("api_key"), settings.get("key_variable")
    if written is not None and not written.unset:
        for used in written.variables:  # a key that is spoilt in the .env is not a fault of the config.yaml
            variables.key(used)
        if spoilt := spoilt_by(written.value):
            fix = "write it into the .env beside it as NAME=KEY, and here `${NAME}`"
            raise ProfileError(f"{written.file}: {written.key} {spoilt}; {fix}")
        return provider.key_variable, Secret(written.value), False
    if written is not None:
        return written.unset[0], None, True
    variable = named.value if named is not None else provider.key_variable
    value = variables.key(variable) if variable else ""
    return variable, Secret(value) if value else None, named is not None


def _fallbacks(
    settings: Mapping[str, Stated], main: ProviderEndpoint, variables: Variables, named: tuple[Named, ...]
) -> tuple[ProviderEndpoint, ...]:
    if "fallbacks" not in settings:
        return ()
    stated = settings["fallbacks"]
    chain = [main]
    for number, entry in enumerate(stated.value):
        inside = f"{stated.key}[{number}]."
        of_fallback = stated_settings(entry, FALLBACK, file=stated.file, variables=variables.values, inside=inside)
        of_fallback = with_named(of_fallback, named, variables.values)
        endpoint = _endpoint(of_fallback, file=stated.file, inside=inside, variables=variables, model=main.model)
        if endpoint not in chain:
            chain.append(endpoint)
    return tuple(chain[1:])


def _enforcement(value: str | tuple[str, ...], model: str) -> Enforcement:
    if isinstance(value, tuple):
        return "on" if any(part.lower() in model.lower() for part in value) else "off"
    return cast("Enforcement", value)


def _toolsets(listed: tuple[str, ...] | None, disabled: tuple[str, ...]) -> tuple[str, ...] | None:
    restricts = listed is not None and not any(name in {"all", "*"} or name.startswith("hermes-") for name in listed)
    if not restricts and not set(disabled) & set(_SERVED):
        return None
    plain = [part for name in listed or () for part in _COMPOSITES.get(name, (name,))] if restricts else _SERVED
    return tuple(name for name in dict.fromkeys(plain) if name not in disabled)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
