"""A generator of tokens and passwords as they stand in code: rule × name × form × random body, from a seed.

The facts are whose tokens have which prefix, alphabet and length, and which names they are given. Their source is the
public rules of gitleaks, https://github.com/gitleaks/gitleaks, config/gitleaks.toml. (MIT licence, Copyright (c) 2019
Zachary Rice.) Every value is made anew at random here; no text, expression or sample of theirs is copied. Identifiers
of clients, which are not secrets, are left out.

In a shape `{a20}` stands for 20 letters and digits, `{l…}` for lower-case ones, `{u…}` for upper-case ones. `{h…}` are
hex digits, `{w…}` letters, digits, `_` and `-`, `{b…}` base64, `{d…}` digits. `{p…}` are signs of a password, `{uuid}`
is a UUID.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass

_ALPHABETS = {
    "a": string.ascii_letters + string.digits,
    "l": string.ascii_lowercase + string.digits,
    "u": string.ascii_uppercase + string.digits,
    "h": "0123456789abcdef",
    "w": string.ascii_letters + string.digits + "_-",
    "b": string.ascii_letters + string.digits + "+/",
    "d": string.digits,
    "p": string.ascii_letters + string.digits + "!@#$%^&*-_=+?",
}
_PLACE = re.compile(r"\{(?:uuid|([aluhwbdp])([0-9]+))\}")

PREFIXED = (
    *("A3-{u6}-{u11}-{u5}-{u5}-{u5}", "ops_eyJ{b260}", "p8e-{l32}", "AGE-SECRET-KEY-1{u58}", "pat{a14}.{h64}"),
    *("LTAI{l20}", "sk-ant-admin01-{w93}AA", "sk-ant-api03-{w93}AA", "AKCp{a69}", "cmVmd{a59}", "ATATT3{w186}"),
    *("AKIA{u16}", "ASIA{u16}", "ABSK{b120}=", "{a3}4Q~{a32}", "4b1d{a38}", "CLOJARS_{l60}", "v1.0-{h24}-{h146}"),
    *("dapi{h32}", "dnkey-{l26}-{l52}", "doo_v1_{h64}", "dop_v1_{h64}", "dor_v1_{h64}", "dp.pt.{l43}"),
    *("duffel_live_{l43}", "dt0c01.{u24}.{u64}", "EZAK{a54}", "EZTK{a54}", "EAAM{a110}", "EAAC{a110}"),
    *("FLWSECK_TEST-{h12}", "FLWSECK_TEST-{h32}-X", "fo1_{w43}", "fm2_{b110}", "fio-u-{w64}", "AIza{w35}"),
    *("ghu_{a36}", "ghs_{a36}", "github_pat_{a82}", "gho_{a36}", "ghp_{a36}", "ghr_{a36}", "glcbt-{a4}_{w20}"),
    *("gldt-{w20}", "glffct-{w20}", "glft-{w20}", "glimt-{w25}", "glagent-{w50}", "gloas-{w64}", "glpat-{w20}"),
    *("glptt-{h40}", "GR1348941{w20}", "glrt-{w20}", "glsoat-{w20}", "_gitlab_session={l32}", "eyJrIjoi{a80}="),
    *("glc_{b40}", "glsa_{a32}_{h8}", "pat.{w22}.{a24}.{a20}", "{a14}.atlasv1.{w64}", "hf_{a34}", "api_org_{a34}"),
    *("HRKU-AA{w58}", "sk-{a20}T3BlbkFJ{a20}", "sk-proj-{w58}T3BlbkFJ{w58}", "ntn_{d11}{a35}", "npm_{a36}"),
    *("lin_api_{l40}", "{a6}_{a29}_mmk", "NRJS-{h19}", "NRII-{l32}", "NRAK-{u27}", "API-{u26}", "sha256~{w43}"),
    *("pplx-{a48}", "pscale_tkn_{w40}", "pscale_oauth_{w40}", "pscale_pw_{w40}", "PMAK-{h24}-{h34}", "pnu_{a36}"),
    *("pul-{h40}", "pypi-AgEIcHlwaS5vcmc{w80}", "rdme_{l70}", "rubygems_{h48}", "tk-us-{w48}", "SG.{w22}.{w43}"),
    *("xkeysib-{h64}-{l16}", "sntrys_eyJpYXQiO{b60}LCJyZWdpb25fdXJs{b40}_{b43}", "sntryu_{h64}", "sm_aat_{a16}"),
    *("sm_pat_{a16}", "sm_sat_{a16}", "shippo_live_{h40}", "shpat_{h32}", "shpca_{h32}", "shppa_{h32}", "shpss_{h32}"),
    *("xapp-1-{u11}-{d13}-{l64}", "xoxb-{d12}-{d12}-{a24}", "xoxe.xoxb-1-{u164}", "xoxe-1-{u146}", "xoxb-{d12}-{a24}"),
    *("xoxp-{d12}-{d12}-{d12}-{a32}", "hooks.slack.com/services/T{u8}/B{u10}/{a24}", "sgp_local_{h40}", "sgp_{h40}"),
    *("EAAA{w60}", "sq0atp-{w22}", "sk_live_{a24}", "rk_prod_{a24}", "sk_prod_{a24}", "SK{h32}", "hvb.{w150}"),
    *("hvs.{w100}", "s.{a24}", "{d9}:AA{w33}", "live_{l40}", "b_{l44}", "ya29.{w120}", "4/0A{w70}", "1//0{w60}"),
    *("access-production-{uuid}", "t1.{w40}.{w86}", "YC{w38}", "key-{h32}", "{h32}-us12", "AQVN{w36}", "00{w40}"),
    *("https://ab.webhook.office.com/webhookb2/{uuid}@{uuid}/IncomingWebhook/{h32}/{uuid}", "tfp_{w59}"),
)  # fmt: skip
NAMED = {
    "adafruit_api_key": "{w32}", "adobe_client_secret": "{l32}", "airtable_api_key": "{l17}", "algolia_api_key": "{l32}",
    "alibaba_secret_key": "{l30}", "asana_client_secret": "{l32}", "atlassian_api_token": "{l20}{h4}",
    "bitbucket_client_secret": "{w64}", "bittrex_secret_key": "{l32}", "meraki_api_key": "{h40}",
    "cloudflare_api_key": "{w40}", "cloudflare_global_api_key": "{h37}", "codecov_access_token": "{l32}",
    "cohere_api_token": "{a40}", "coinbase_access_token": "{w64}", "confluent_access_token": "{l16}",
    "confluent_secret_key": "{l64}", "contentful_delivery_api_token": "{w43}", "datadog_access_token": "{l40}",
    "discord_api_token": "{h64}", "discord_client_secret": "{w32}", "droneci_access_token": "{l32}",
    "dropbox_api_token": "{l15}", "etsy_access_token": "{l24}", "facebook_secret": "{h32}", "fastly_api_token": "{w32}",
    "finicity_api_token": "{h32}", "finicity_client_secret": "{l20}", "finnhub_access_token": "{l20}",
    "flickr_access_token": "{l32}", "freshbooks_access_token": "{l64}", "gitter_access_token": "{l40}",
    "gocardless_api_token": "live_{w40}", "administrator_login_password": "{a16}", "heroku_api_key": "{uuid}",
    "hubspot_api_key": "{uuid}", "intercom_api_key": "{l60}", "jfrog_api_key": "{a73}", "kraken_access_token": "{b80}",
    "kucoin_access_token": "{h24}", "kucoin_secret_key": "{uuid}", "launchdarkly_access_token": "{l40}",
    "linear_client_secret": "{h32}", "linkedin_client_secret": "{l16}", "lob_api_key": "live_{h35}",
    "looker_client_secret": "{l24}", "mailgun_signing_key": "{h32}-{h8}-{h8}", "mattermost_access_token": "{l26}",
    "messagebird_api_token": "{l25}", "netlify_access_token": "{w43}", "new_relic_user_api_key": "{l64}",
    "nytimes_access_token": "{l32}", "okta_access_token": "00{w40}", "plaid_secret_key": "{l30}",
    "privateai_api_token": "{l32}", "rapidapi_access_token": "{w50}", "sendbird_access_token": "{h40}",
    "sentry_access_token": "{h64}", "snyk_api_token": "{uuid}", "sonar_login_token": "{h40}",
    "squarespace_access_token": "{uuid}", "sumologic_access_token": "{l64}", "travisci_access_token": "{l22}",
    "twitch_api_token": "{l30}", "twitter_access_secret": "{a45}", "twitter_api_key": "{l25}",
    "twitter_api_secret": "{a50}", "yandex_aws_access_token": "YC{w38}", "zendesk_secret_key": "{l40}",
    "sendinblue_token": "{l40}", "session_secret": "{a48}", "jwt_secret": "{b43}=", "db_credential": "{a24}",
    "app_auth_token": "{h40}", "aws_secret_access_key": "{b40}", "api_key": "{a32}", "access_token": "{uuid}",
    "client_secret": "{uuid}",
}  # fmt: skip
PASSWORDS = (
    "password",
    "db_password",
    "passwd",
    "pwd",
    "pass",
    "pw",
    "db_pw",
    "db_pass",
    "user_pass",
    "admin_password",
)
PASSWORD_BODIES = ("{a6}!{d3}", "{l5}-{u4}-{d4}", "{a4}#{a6}", "{p14}7a!", "Winter{d4}!", "{a12}{d2}")

# What stands around a value: {n} is a name in its own style, {N} upper, {c} camelCase, {k} kebab-case.
SEEN = (
    '{n} = "{v}"', "{N}={v}", "{n}: {v}", '"{n}": "{v}",', "var {c} string = \"{v}\"", "const {N}: string = '{v}';",
    "export {N}='{v}'", "'{n}' => '{v}',", 'private static final String {N} = "{v}";', 'let {n}: &str = "{v}";',
    '{n}: Final[str] = "{v}"', "--{k}={v}", "ENV {N} {v}",
)  # fmt: skip
HELD_OUT = (
    'public const string {c} = "{v}";', 'val {c}: String = "{v}"', "let {c}: String = \"{v}\"", "$this->{c} = '{v}';",
    "my ${n} = '{v}';", 'const char *{n} = "{v}";', 'static const char {N}[] = "{v}";', '{c} := "{v}"',
    '{n}: Optional[str] = "{v}"', "readonly {c}: string = `{v}`;", '<{c}>{v}</{c}>', "  {k}: '{v}'", 'os.Setenv("{N}", "{v}")',
    'private string _{c} = "{v}";',
)  # fmt: skip
ALONE = ("{v}", "use {v} for this", '("{v}")', "url?x={v}", "// {v}")


@dataclass(frozen=True, slots=True)
class Planted:
    """A line with a secret: the `family` of its rule, whether its form is held out, and the value."""

    family: str
    held_out: bool
    line: str
    value: str


def planted(seed: int, each: int = 1) -> Iterator[Planted]:
    """Yield the lines of every rule in every form, *each* with so many bodies, always the same for one *seed*."""
    dice = random.Random(seed)
    for shape in PREFIXED:
        for form in ALONE:
            for _ in range(each):
                yield _planted("prefixed", form, shape, "token", dice, held_out=form in ALONE[3:])
    for family, rules in (("named", NAMED.items()), ("password", _passwords())):
        for name, shape in rules:
            for form in (*SEEN, *HELD_OUT):
                for _ in range(each):
                    yield _planted(family, form, shape, name, dice, held_out=form in HELD_OUT)


def _passwords() -> list[tuple[str, str]]:
    return [(name, PASSWORD_BODIES[at % len(PASSWORD_BODIES)]) for at, name in enumerate(PASSWORDS)]


def _planted(family: str, form: str, shape: str, name: str, dice: random.Random, *, held_out: bool) -> Planted:
    value = body(shape, dice)
    words = name.split("_")
    camel = words[0] + "".join(map(str.title, words[1:]))
    line = form.format(n=name, N=name.upper(), c=camel, k="-".join(words), v=value)
    return Planted(family, held_out, line, value)


def body(shape: str, dice: random.Random) -> str:
    """Return *shape* with random characters in its places."""

    def filled(place: re.Match[str]) -> str:
        if place[0] == "{uuid}":
            digits = "".join(dice.choices("0123456789abcdef", k=32))
            return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
        return "".join(dice.choices(_ALPHABETS[place[1]], k=int(place[2])))

    return _PLACE.sub(filled, shape)
