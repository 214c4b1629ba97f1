"""The kinds of secret that are known by their look: one table. Pure.

Formats are the issuers' own, as their documentation or their open scanners state them. A row's pattern is tried only
where one of its `anchors` stands in the text. Each repeat has an upper bound, and none can be read in two ways. So the
work is linear in the text, whatever stands in it.
"""

from __future__ import annotations

import re

from profile_router.core.privacy.secret_kind import B64, PRIVATE_KEY, A, SecretKind, W
from profile_router.core.privacy.stated_forms import STATED_KINDS

_HEX = r"[0-9a-fA-F]"


def _key(pattern: str, *anchors: str, ahead: int | None = 0) -> SecretKind:
    return SecretKind(kind=PRIVATE_KEY, anchors=anchors, pattern=pattern, varied=False, ahead=ahead, over_lines=True)


def _of(issuer: str, prefixes: str, body: str, *, exact: bool = False, digits: int = 0) -> SecretKind:
    anchors = tuple(prefixes.split())
    start = re.escape("|".join(anchors)).replace(r"\|", "|")
    return SecretKind(
        kind=f"token of {issuer}", anchors=anchors, pattern=f"(?:{start}){body}", exact=exact, digits=digits, dense=True
    )


_TOKENS: tuple[SecretKind, ...] = (
    _key(r"-{4,5}[ \t]{0,3}+BEGIN[A-Z0-9 \t]{0,40}?PRIVATE[ \t]{0,3}+KEY"
         r"(?:[ \t]{0,3}+BLOCK)?[ \t]{0,3}+-{4,5}", "BEGIN", ahead=8),
    _key(r"PuTTY-User-Key-File-[1-9]", "PuTTY-User-Key-File-"),
    _key(r"AGE-SECRET-KEY-(?:1|PQ-1)[0-9A-Z]{50,4000}+", "AGE-SECRET-KEY-"),
    _key(r"AGE-PLUGIN-[A-Z0-9]{1,20}+-1[0-9A-Z]{10,200}+", "AGE-PLUGIN-"),
    _key(r"b3BlbnNzaC1rZXktdjE[A]", "b3BlbnNzaC1rZXktdjE"),  # no text of ours is itself one
    _key(r"LS0tLS1CRUdJTi(?:BSU0EgUFJJVkFURS|BQUklWQVRFIEtFW|BFQyBQUklWQVRF|BPUEVOU1NIIFBSSVZBVE|BEU0EgUFJJVkFUR"
         r"|BFTkNSWVBURUQgUFJJVkFUR)", "LS0tLS1CRUdJTi"),
    _key(rf'"(?:d|k)"[ \t]{{0,3}}+:[ \t]{{0,3}}+"{W}{{42,1400}}+"', '"kty"', ahead=None),
    SecretKind(kind="JSON web token", anchors=("eyJ",), exact=True, dense=True, inside=True,
               pattern=rf"eyJ{W}{{10,1000}}+\.(?:eyJ{W}{{10,4000}}+|{W}{{0,500}}+\.{W}{{16,32}}+\.{W}{{10,4000}}+)"
                       rf"\.{W}{{16,1000}}+"),
    SecretKind(kind="password hash", anchors=("$2a$", "$2b$", "$2y$", "$5$", "$6$", "$y$", "$argon2", "$apr1$", "$1$",
                                                     "{SSHA"),
               pattern=r"\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}|\$(?:1|5|6|apr1|y)\$[^\s:$]{1,30}+\$(?:[^\s:$]{1,20}+\$)?"
                       r"[./A-Za-z0-9]{22,86}+|\$argon2(?:id|i|d)\$[^\s:]{30,300}+"
                       r"|\{SSHA(?:256|512)?\}[A-Za-z0-9+/=]{28,120}+"),
    _of("GitHub", "ghp_ gho_ ghu_ ghs_ ghr_", rf"{A}{{30,255}}+"),
    # ghs_APPID_JWT, since April 2026: GitHub's notice on the format of installation tokens.
    _of("GitHub", "ghs_", rf"{A}{{1,24}}+_eyJ{W}{{10,1000}}+\.{W}{{10,4000}}+\.{W}{{16,1000}}+"),
    _of("GitHub", "github_pat_", r"\w{22,255}+"),
    _of("GitLab", "glpat- gldt- glrt- glrtr- glcbt- glptt- glft- glsoat- glagent- gloas- glimt- glffct- glwt-",
        r"[\w.-]{20,300}+"),
    _of("GitLab", "GR1348941", rf"{W}{{20,64}}+"),
    _of("Slack", "xoxb- xoxp- xoxa- xoxr- xoxs- xoxo- xoxc- xoxd- xoxe- xoxe.xoxb- xoxe.xoxp-",
        r"[A-Za-z0-9%-]{20,300}+",
        digits=4),
    _of("Slack", "xapp-", r"[0-9]-[A-Z0-9]{8,16}+-[0-9]{8,16}+-[a-z0-9]{32,80}+"),
    _of("Slack", "hooks.slack.com/services/ hooks.slack.com/workflows/ hooks.slack.com/triggers/",
        r"[A-Z][A-Z0-9]{6,14}+/[A-Za-z0-9]{6,20}+/[A-Za-z0-9/]{18,64}+"),
    _of("a model provider", "sk-ant- sk-or-v1- sk-proj- sk-svcacct- sk-admin- sk-None- sk-lf- sk-nous- sk-litellm-",
        rf"{W}{{20,300}}+", digits=2),
    _of("a model provider", "sk-", rf"{A}{{20,200}}+", digits=3),
    _of("a model provider",
        "gsk_ csk- pplx- xai- nvapi- r8_ hf_ api_org_ fw_ tgp_v1_ jina_ tvly- cohere_ lsv2_pt_ lsv2_sk_",
        rf"{W}{{30,140}}+"),
    _of("a model provider", "ABSK", rf"{B64}{{100,180}}+={{0,2}}"),
    _of("ElevenLabs", "sk_", rf"{_HEX}{{48}}", exact=True),
    _of("Firecrawl", "fc-", rf"{_HEX}{{32}}", exact=True),
    _of("Pinecone", "pcsk_", r"\w{50,90}+"),
    _of("AWS", "AKIA ASIA ABIA ACCA", r"[A-Z0-9]{16}", exact=True),
    _of("Google", "AIza", rf"{W}{{35}}"),
    _of("Google", "AQ.", rf"{W}{{40,80}}+", exact=True, digits=2),  # authorization keys, since 2026
    _of("Google", "ya29.", r"[\w.-]{20,1000}+"),
    _of("Google", "GOCSPX-", rf"{W}{{24,40}}+"),
    _of("Google", "4/0A", rf"{W}{{30,150}}+", digits=2),
    _of("Google", "1//0", rf"{W}{{30,150}}+", digits=2),
    SecretKind(kind="token of Azure", anchors=("Q~",), dense=True, ahead=4,
               pattern=r"[\w~.-]{3}[0-9]Q~[\w~.-]{31,34}+"),
    SecretKind(kind="token of Azure", anchors=("accountkey=", "sharedaccesskey="), caseless=True,
               pattern=rf"(?:Account|SharedAccess)Key={B64}{{40,100}}+={{0,2}}+"),
    SecretKind(kind="token of Azure", anchors=("sig=",), pattern=r"sig=[A-Za-z0-9%+/]{40,100}+(?:=|%3[dD])?"),
    _of("Stripe", "sk_live_ sk_test_ rk_live_ rk_test_", rf"{A}{{16,250}}+"),
    _of("a webhook", "whsec_", r"[A-Za-z0-9+/=]{24,120}+"),
    _of("Square", "sq0atp- sq0csp- sq0idp-", rf"{W}{{22,60}}+"),
    _of("PayPal", "access_token$production$ access_token$sandbox$", r"[0-9a-z]{16}\$[0-9a-f]{32}"),
    _of("Shopify", "shpat_ shpca_ shppa_ shpss_", rf"{_HEX}{{32}}"),
    _of("npm", "npm_", rf"{A}{{36}}", exact=True),
    _of("PyPI", "pypi-AgE", rf"{W}{{40,1000}}+"),
    _of("RubyGems", "rubygems_", rf"{_HEX}{{48}}"),
    _of("NuGet", "oy2", r"[a-z0-9]{43}", exact=True, digits=3),
    _of("crates.io", "cio", rf"{A}{{32}}", exact=True, digits=3),
    _of("Clojars", "CLOJARS_", r"[a-z0-9]{60}"),
    _of("Docker", "dckr_pat_ dckr_oat_", rf"{W}{{20,80}}+"),
    _of("Alibaba Cloud", "LTAI", rf"{A}{{16,24}}+", exact=True, digits=2),
    _of("Tencent Cloud", "AKID", rf"{A}{{32}}", exact=True, digits=2),
    _of("Yandex", "AQVN", rf"{W}{{35,38}}+", exact=True, digits=2),
    _of("Mapbox", "sk.eyJ", rf"{W}{{20,300}}+\.{W}{{20,60}}+"),
    SecretKind(kind="token of Firebase", anchors=(":APA91b",), dense=True, ahead=22,
               pattern=rf"{W}{{11,22}}+:APA91b{W}{{100,250}}+"),
    _of("Facebook", "EAACEdEose0cBA EAAB EAAC EAAG EAAM", rf"{A}{{60,400}}+", digits=4),
    _of("Twitter", "AAAAAAAAAAAAAAAAAAAAA", r"[A-Za-z0-9%]{60,120}+", digits=4),
    _of("Dropbox", "sl.u. sl.", rf"{W}{{120,1400}}+", digits=4),
    _of("HubSpot", "pat-na1- pat-na2- pat-eu1-", rf"{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}", exact=True),
    _of("LaunchDarkly", "sdk- mob-", rf"{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}", exact=True),
    SecretKind(kind="token of Azure", anchors=("JQQJ99",), dense=True, ahead=62,
               pattern=rf"{A}{{52,62}}JQQJ99{A}{{15,30}}+", exact=True),
    SecretKind(kind="token of Azure", anchors=("AZDO",), dense=True, ahead=76,
               pattern=rf"{A}{{76}}AZDO{A}{{4}}", exact=True),
    _of("Artifactory", "AKCp", rf"{A}{{60,80}}+"),
    _of("DigitalOcean", "dop_v1_ doo_v1_ dor_v1_", rf"{_HEX}{{64}}"),
    _of("Heroku", "HRKU-", rf"{W}{{36,80}}+"),
    _of("Fly", "fo1_ fm1r_ fm1a_ fm2_", r"[\w+/=,-]{30,2000}+"),
    _of("Cloudflare", "cfut_ cfat_ cfk_ v1.0-", rf"{W}{{30,200}}+", digits=3),
    _of("Supabase", "sbp_ sb_secret_", rf"{W}{{20,80}}+", digits=2),
    _of("Vercel", "vcp_ vci_ vca_ vcr_ vck_", rf"{A}{{24,80}}+"),
    _of("Vercel", "vercel_blob_rw_", rf"{A}{{8,32}}+_{A}{{20,64}}+"),
    _of("Resend", "re_", rf"{A}{{8}}_{A}{{22,32}}+", exact=True, digits=2),
    _of("Netlify", "nfp_", rf"{A}{{36,60}}+"),
    _of("Render", "rnd_", rf"{A}{{28,60}}+", digits=2),
    _of("Linear", "lin_api_ lin_oauth_ lin_wh_", rf"{A}{{32,80}}+"),
    _of("Notion", "ntn_", rf"{A}{{40,60}}+"),
    _of("Notion", "secret_", rf"{A}{{43}}", exact=True, digits=2),
    _of("Airtable", "pat", rf"{A}{{14}}\.{_HEX}{{64}}"),
    _of("Figma", "figd_ figu_", rf"{W}{{36,80}}+"),
    _of("Atlassian", "ATATT3 ATCTT3 ATBB ATSTT", r"[A-Za-z0-9_=-]{24,300}+", digits=2),
    SecretKind(kind="token of Discord", anchors=("M", "N", "O"), dense=True, exact=True, digits=2,
               pattern=rf"[MNO]{W}{{23,27}}\.{W}{{6}}\.{W}{{27,38}}+"),
    _of("Discord", "discord.com/api/webhooks/ discordapp.com/api/webhooks/", rf"[0-9]{{15,20}}+/{W}{{60,80}}+"),
    SecretKind(kind="token of Telegram", anchors=(":AA",), dense=True, ahead=10,
               pattern=rf"[0-9]{{8,10}}+:AA{W}{{32,33}}", exact=True),
    _of("Twilio", "SK", r"[0-9a-f]{32}", exact=True, digits=3),
    _of("SendGrid", "SG.", rf"{W}{{16,24}}+\.{W}{{36,50}}+"),
    _of("Mailgun", "key-", r"[0-9a-f]{32}", exact=True, digits=3),
    SecretKind(kind="token of Mailchimp", anchors=("-us",), dense=True, ahead=32,
               pattern=r"[0-9a-f]{32}-us[0-9]{1,2}+", exact=True),
    _of("Brevo", "xkeysib- xsmtpsib-", rf"{_HEX}{{64}}-{A}{{16}}"),
    _of("Postman", "PMAK-", rf"{_HEX}{{24}}-{_HEX}{{34}}"),
    _of("Doppler", "dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.", r"[\w.-]{36,90}+"),
    _of("Vault", "hvs. hvb. hvr.", rf"{W}{{20,300}}+"),
    SecretKind(kind="token of Terraform", anchors=(".atlasv1.",), dense=True, ahead=14,
               pattern=rf"{A}{{14}}\.atlasv1\.{W}{{60,70}}+"),
    _of("Pulumi", "pul-", r"[0-9a-f]{40}", exact=True),
    _of("Databricks", "dapi", r"[0-9a-f]{32}(?:-[0-9])?", exact=True),
    _of("Sentry", "sntrys_ sntryu_ sntrya_", r"[\w+/=-]{40,500}+"),
    _of("New Relic", "NRAK- NRII- NRJS- NRAA-", rf"{W}{{19,60}}+"),
    _of("Grafana", "glsa_ glc_", r"[\w+/=-]{32,400}+"),
    _of("Dynatrace", "dt0c01. dt0s01. dt0s16.", r"[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    _of("Prefect", "pnu_ pnb_", rf"{A}{{36}}"),
    _of("PlanetScale", "pscale_tkn_ pscale_pw_ pscale_oauth_", r"[\w.=-]{32,64}+"),
    _of("Neon", "napi_", rf"{A}{{50,90}}+"),
    _of("1Password", "ops_eyJ", r"[\w+/=-]{40,2000}+"),
    _of("1Password", "A3-", r"[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}"),
    _of("Tailscale", "tskey-", r"[a-z]{3,12}+-[A-Za-z0-9-]{16,90}+"),
    _of("Contentful", "CFPAT-", rf"{W}{{43}}"),
    _of("Adafruit", "aio_", rf"{A}{{28}}", exact=True, digits=2),
    _of("ReadMe", "rdme_", r"[a-z0-9]{70}"),
    _of("EasyPost", "EZAK EZTK", rf"{A}{{54}}"),
    _of("Shippo", "shippo_live_ shippo_test_", rf"{_HEX}{{40}}"),
    _of("Frame.io", "fio-u-", rf"{W}{{64}}"),
    _of("Typeform", "tfp_", r"[\w.=-]{59}"),
    _of("Buildkite", "bkua_ bkaj_", rf"{A}{{40}}"),
    _of("CircleCI", "CCIPAT_ CCIPRJ_", rf"{A}{{22}}_{_HEX}{{40}}"),
    _of("Sourcegraph", "sgp_", rf"(?:(?:{_HEX}{{16}}|local)_)?{_HEX}{{40}}"),
    _of("Sonar", "sqp_ squ_ sqa_", rf"{_HEX}{{40}}"),
    _of("OpenShift", "sha256~", rf"{W}{{43}}"),
    _of("Snyk", "snyk_uat. snyk_sat.", r"[\w.-]{40,200}+"),
    _of("MongoDB", "mdb_sa_sk_", rf"{W}{{40}}"),
    _of("PostHog", "phx_", rf"{A}{{30,60}}+"),
    _of("Duffel", "duffel_test_ duffel_live_", r"[\w=-]{43}"),
    _of("Flutterwave", "FLWSECK- FLWSECK_TEST-", r"[A-Za-z0-9-]{12,60}+"),
    _of("Adobe", "p8e-", rf"{A}{{32}}", exact=True, digits=2),
    _of("Artifactory", "cmVmd", rf"{A}{{59}}", exact=True, digits=2),
    _of("ClickHouse", "4b1d", rf"{A}{{38}}", exact=True, digits=3),
    _of("Defined Networking", "dnkey-", r"[A-Za-z0-9=_-]{26}-[A-Za-z0-9=_-]{52}"),
    _of("GitLab", "_gitlab_session=", r"[0-9a-z]{32}", exact=True, digits=3),
    _of("Grafana", "eyJrIjoi", rf"{A}{{70,400}}+={{0,3}}"),
    _of("Harness", "pat. sat.", rf"{W}{{22}}\.{A}{{24}}\.{A}{{20}}", exact=True),
    _of("Octopus Deploy", "API-", r"[A-Z0-9]{26}", exact=True, digits=3),
    _of("Scalingo", "tk-us-", rf"{W}{{48}}", exact=True),
    _of("SettleMint", "sm_aat_ sm_pat_ sm_sat_", rf"{A}{{16}}", exact=True, digits=1),
    _of("Slack", "xoxe.xoxb-1- xoxe.xoxp-1- xoxe-1-", r"[A-Z0-9]{140,170}+"),
    _of("Stripe", "sk_prod_ rk_prod_", rf"{A}{{16,250}}+"),
    _of("Square", "EAAA", rf"{W}{{56,64}}+", exact=True, digits=3),
    _of("Yandex", "t1.", rf"{W}{{20,200}}+={{0,2}}\.{W}{{86}}"),
    _of("Yandex", "YC", rf"{W}{{38}}", exact=True, digits=3),
    _of("Plaid", "access-sandbox- access-development- access-production-",
        rf"{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}", exact=True),
    _of("a webhook", "webhook.office.com/webhookb2/",
        r"[0-9a-z-]{36}@[0-9a-z-]{36}/IncomingWebhook/\w{32}/[0-9a-z-]{36}"),
    _of("a wallet", "xprv tprv yprv zprv", r"[1-9A-HJ-NP-Za-km-z]{107,108}+", exact=True),
    SecretKind(kind="token of MaxMind", anchors=("_mmk",), dense=True, ahead=36, exact=True,
               pattern=rf"{A}{{6}}_{A}{{29}}_mmk"),
)  # fmt: skip
KNOWN_KINDS = (*_TOKENS, *STATED_KINDS)
KEY_KINDS = tuple(kind for kind in KNOWN_KINDS if kind.kind == PRIVATE_KEY)
KINDS_BY_LOOK = tuple(kind for kind in KNOWN_KINDS if kind.kind not in {"password", "secret value"})
