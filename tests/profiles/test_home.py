"""The Hermes home: where it is, which profiles it has, and what they inherit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.profiles.home_on_disk import BURST, LOCAL, Home, key_of

from profile_router.errors import ProfileError, UnknownProfile
from profile_router.profiles.home import HermesHome, find_home

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "canary-7f3a9c51d2"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "hermes")


class TestFindHome:
    @pytest.mark.parametrize(
        ("environ", "root"),
        [
            pytest.param({"HERMES_HOME": "{tmp}/hermes"}, "hermes", id="stated"),
            pytest.param({"HERMES_HOME": "{tmp}/hermes/"}, "hermes", id="trailing-slash"),
            pytest.param({"HERMES_HOME": "{tmp}/hermes/profiles/p"}, "hermes", id="of-a-running-profile"),
            pytest.param({"HERMES_HOME": "~/hermes", "HOME": "{tmp}"}, "hermes", id="tilde"),
            pytest.param({"HOME": "{tmp}"}, ".hermes", id="home"),
            pytest.param({"HERMES_HOME": " ", "HOME": "{tmp}"}, ".hermes", id="blank-counts-as-unset"),
            pytest.param({"HERMES_HOME": "{tmp}/absent", "HOME": "{tmp}"}, None, id="absent-is-none"),
            pytest.param({"HERMES_HOME": "{tmp}/file/below"}, None, id="below-a-file-is-none"),
            pytest.param({"HOME": "{tmp}/absent"}, None, id="no-home-directory"),
            pytest.param({}, None, id="empty-environment"),
        ],
    )
    def test_the_home_is_what_the_environment_says_or_none(
        self, tmp_path: Path, environ: dict[str, str], root: str | None
    ) -> None:
        for name in ("hermes", ".hermes"):
            (tmp_path / name).mkdir()
        (tmp_path / "file").touch()

        found = find_home({key: value.format(tmp=tmp_path) for key, value in environ.items()})

        assert found.root == (tmp_path / root if root else None)
        assert found.shipped is (root is None)

    def test_a_home_that_is_a_file_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()

        with pytest.raises(ProfileError, match=r"file, which is not a folder"):
            find_home({"HERMES_HOME": str(tmp_path / "file")})

    def test_a_home_that_cannot_be_followed_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "loop").symlink_to(tmp_path / "loop")

        with pytest.raises(ProfileError, match=r"loop, which cannot be read"):
            find_home({"HERMES_HOME": str(tmp_path / "loop")})

    def test_it_does_not_show_the_environment(self, home: Home) -> None:
        assert CANARY not in repr(find_home(home.environ | {"OPENROUTER_API_KEY": CANARY}))


class TestNames:
    def test_they_are_the_folders_with_a_name_hermes_allows(self, home: Home) -> None:
        for name in ("b", "a-1", "Capital", ".hidden", "x" * 65):
            home.write(name)
        (home.root / "profiles" / "file").touch()

        assert find_home(home.environ).names() == ("a-1", "b")

    def test_the_home_itself_is_default_once_it_has_a_config(self, home: Home) -> None:
        home.write("p")
        assert find_home(home.environ).names() == ("p",)

        home.write(None, LOCAL)
        assert find_home(home.environ).names() == ("default", "p")

    def test_a_home_without_profiles_has_none(self, tmp_path: Path) -> None:
        assert find_home({"HERMES_HOME": str(tmp_path)}).names() == ()

    def test_a_profiles_folder_that_cannot_be_followed_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "profiles").symlink_to("profiles")

        with pytest.raises(ProfileError, match="cannot be read"):
            find_home({"HERMES_HOME": str(tmp_path)}).names()

    @pytest.mark.parametrize("name", ["absent", "../p", "/p", "p/../p", "", ".", "P", "p\n"])
    def test_any_other_name_is_unknown_and_says_who_asked_and_what_there_is(self, home: Home, name: str) -> None:
        home.write("p", LOCAL)
        home.write("q", LOCAL)

        with pytest.raises(UnknownProfile) as caught:
            find_home(home.environ).load(name, asked_by="policy.yaml, tiers.burst")

        assert caught.value.known == ("p", "q")
        assert "policy.yaml, tiers.burst" in str(caught.value)
        assert str(home.root) in str(caught.value)

    @pytest.mark.parametrize(
        ("name", "meant"),
        [
            ("coding-locl", "coding-local"),
            ("Coding_Local", "coding-local"),
            ("coding-bust", "coding-burst"),
            ("reviewcheap", "review-cheap"),
            ("burst", "coding-burst"),
            (" coding-local ", "coding-local"),
            ("gpt-4", None),
            ("coding", None),
            ("", None),
            ("/" * 10_000, None),
        ],
    )
    def test_a_name_that_is_nearly_right_is_told_what_it_may_mean(
        self, home: Home, name: str, meant: str | None
    ) -> None:
        for known in ("coding-local", "coding-burst", "review-cheap"):
            home.write(known, LOCAL)

        with pytest.raises(UnknownProfile) as caught:
            find_home(home.environ).load(name)

        said = str(caught.value)
        assert (f"did you mean '{meant}'?" in said) if meant else ("did you mean" not in said)
        assert len(said) < 800

    def test_without_a_hermes_home_nothing_is_to_be_made_among_the_programs_own(self, tmp_path: Path) -> None:
        with pytest.raises(UnknownProfile, match="in a Hermes home of your own: `profile-router install`") as caught:
            find_home({"HOME": str(tmp_path)}).load("nope")

        assert "`hermes" not in str(caught.value)

    def test_a_name_is_shown_on_one_line_whatever_it_holds(self, home: Home) -> None:
        with pytest.raises(UnknownProfile) as caught:
            find_home(home.environ).load("p\n\x1b[2J" + "x" * 5_000)

        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 1_200


class TestInheritance:
    def test_the_profile_wins_key_by_key_and_lists_replace(self, home: Home) -> None:
        home.write(
            None,
            """
            model: {provider: openrouter, default: global-model, context_length: 1000, max_tokens: 10}
            provider_routing: {sort: price, order: [a, b]}
            agent: {max_turns: 5, tool_use_enforcement: true}
            toolsets: [file, web]
            """,
        )
        profile = home.config(
            """
            model: {default: own-model, context_length: 2000}
            provider_routing: {order: [c]}
            toolsets: [file]
            """
        )

        assert (profile.endpoint.provider, profile.endpoint.model) == ("openrouter", "own-model")
        assert (profile.window, profile.max_tokens, profile.max_turns) == (2000, 10, 5)
        assert profile.preferences == {"sort": "price", "order": ["c"]}
        assert profile.toolsets == ("file",)
        assert profile.tool_use_enforcement == "on"

    @pytest.mark.parametrize(
        ("below", "above"),
        [
            ("max_turns: 5", "agent: {max_turns: 9}"),
            ("agent: {max_turns: 5}", "max_turns: 9"),
        ],
    )
    def test_the_profile_wins_in_whichever_spelling(self, home: Home, below: str, above: str) -> None:
        home.write(None, below)

        assert home.config(f"{LOCAL}\n{above}").max_turns == 9

    def test_a_profile_without_a_config_is_the_global_one(self, home: Home) -> None:
        home.write(None, LOCAL)
        home.write("p")

        assert home.load().endpoint.model == "gemma"

    def test_default_is_the_home_itself_with_its_own_env(self, home: Home) -> None:
        home.write(None, BURST, "OPENROUTER_API_KEY=root-key")

        assert key_of(home.load("default")) == "root-key"

    def test_a_profile_called_default_comes_before_the_home_itself(self, home: Home) -> None:
        home.write(None, BURST, "OPENROUTER_API_KEY=root-key")
        home.write("default", "model: {default: own}")

        profile = home.load("default")

        assert (profile.endpoint.model, key_of(profile)) == ("own", None)

    def test_the_env_of_the_home_is_not_read_for_a_named_profile(self, home: Home) -> None:
        home.write(None, BURST, "OPENROUTER_API_KEY=root-key")
        home.write("p")

        assert home.load().key_missing

    @pytest.mark.parametrize(
        ("below", "above", "base_url", "key"),
        [
            pytest.param(
                "{provider: openrouter, api_key: K}",
                "{provider: custom, base_url: 'http://h/v1'}",
                "http://h/v1",
                None,
                id="another-provider-never-gets-the-key",
            ),
            pytest.param(
                "{provider: openrouter, api_key: K}",
                "{base_url: 'http://h/v1'}",
                "http://h/v1",
                None,
                id="another-address-never-gets-the-key",
            ),
            pytest.param(
                "{provider: custom, base_url: 'http://127.0.0.1:8080/v1', api_key: K}",
                "{provider: openrouter}",
                "https://openrouter.ai/api/v1",
                None,
                id="a-provider-is-not-sent-to-the-global-address",
            ),
            pytest.param(
                "{base_url: 'http://127.0.0.1:1/v1', api_key: K}",
                "{provider: openai}",
                "http://127.0.0.1:1/v1",
                "K",
                id="the-same-endpoint-by-another-name-keeps-both",
            ),
            pytest.param(
                "{provider: custom, base_url: 'http://h/v1', api_key: K}",
                "{base_url: 'HTTP://H/v1/'}",
                "HTTP://H/v1/",
                "K",
                id="the-same-address-keeps-the-key",
            ),
            pytest.param(
                "{provider: openrouter, api_key: K}",
                "{default: n}",
                "https://openrouter.ai/api/v1",
                "K",
                id="another-model-keeps-the-key",
            ),
            pytest.param(
                "{api_key: K}",
                "{provider: openrouter}",
                "https://openrouter.ai/api/v1",
                None,
                id="a-key-of-nobody-goes-nowhere",
            ),
        ],
    )
    def test_a_key_and_an_address_stay_with_their_endpoint(
        self, home: Home, below: str, above: str, base_url: str, key: str | None
    ) -> None:
        home.write(None, f"model: {below}")
        extra = above.replace("}", ", model: m}") if "default" not in above else above

        profile = home.config(f"model: {extra}")

        assert (profile.endpoint.base_url, key_of(profile)) == (base_url, key)


def test_the_home_is_a_plain_value(tmp_path: Path) -> None:
    one = HermesHome(root=tmp_path, profiles=tmp_path / "profiles", environ={})

    assert one == HermesHome(root=tmp_path, profiles=tmp_path / "profiles", environ={})
    assert one.where == str(tmp_path / "profiles")
