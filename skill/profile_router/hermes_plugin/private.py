"""Tell whether a task may be private, without the router. It is asked only where the router did not get to say so.

It errs on the safe side. More looks private here than to the router, and what cannot be read counts as private. A
private path counts by its words alone. The router looks whether it is there, but here nobody knows the workspace.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

# The shipped policy's; the router tells those of the policy in force whenever it comes that far.
PATHS = (
    *(".env*", "*.env", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "id_rsa*", "id_dsa*"),
    *("id_ecdsa*", "id_ed25519*", ".netrc", "_netrc", ".pgpass", ".npmrc", ".pypirc", ".aws/credentials", ".ssh/**"),
    *(".gnupg/**", "secrets/**", "*.ppk", "*.p8", ".git-credentials", ".htpasswd", ".my.cnf", ".kube/config"),
    *(".docker/config.json", "credentials.json", "service-account*.json", "service_account*.json", "*.tfstate"),
    *("*.tfstate.*", "*.tfvars", "*.tfvars.json", ".*_history", "*accesskey*.csv", "rootkey*.csv"),
    *("*credentials.csv", ".aws/sso/**", ".aws/cli/cache/**", ".config/gcloud/**"),
    *("application_default_credentials.json", "client_secret*.json", "*firebase-adminsdk*.json", "gha-creds-*.json"),
    *(".boto", "msal_token_cache.*", "service_principal_entries.*", ".config/gh/hosts.yml", "glab-cli/config.yml"),
    *(".config/hub", ".config/git/credentials", ".claude/.credentials.json", ".claude.json", ".codex/auth.json"),
    *("oauth_creds.json", "opencode/auth.json", ".hermes/auth.json", "github-copilot/**", ".dev.vars*"),
    *(".vault-token", "credentials.tfrc.json", ".terraformrc", "terraform.rc", "kubeconfig", "kubeconfig.y*ml"),
    *("*.kubeconfig", "kubernetes/admin.conf", "rclone.conf", ".s3cfg", ".passwd-s3fs", ".databrickscfg"),
    *(".snowsql/config", ".snowflake/*.toml", ".cargo/credentials*", ".gem/credentials", ".composer/auth.json"),
    *("composer/auth.json", ".m2/settings*.xml", ".gradle/gradle.properties", ".ivy2/.credentials"),
    *(".streamlit/secrets.toml", "sops/age/keys.txt", ".password-store/**", "kaggle.json", "huggingface/token"),
    *("huggingface/stored_tokens", "doctl/config.yaml", "hcloud/cli.toml", ".fly/config.yml", ".circleci/cli.yml"),
    *("com.vercel.cli/auth.json", "ngrok.yml", ".dockercfg", "containers/auth.json", "pgpass.conf", ".mylogin.cnf"),
    *(".authinfo*", ".msmtprc", ".fetchmailrc", ".smbcredentials", ".subversion/auth/**", "*.ovpn"),
    *("wireguard/*.conf", ".vnc/passwd", "cookies.sqlite", "Login Data", "logins.json", "key4.db", "*.pkcs12"),
    *("*.pk8", "*.bcfks", "*.bks", "*.kdb", "wallet.dat", "sftp-config.json", ".vscode/sftp.json", ".ftpconfig"),
    *("recentservers.xml", "sitemanager.xml", "credentials-config.json", "clouds.yaml", "*openrc.sh"),
    *("local.settings.json",),
)
_SPOKEN = re.compile(
    r"\blocal[- ]only\b|\bconfidential|\bnever leaves? "
    r"|\b(?:stay|keep|run)s?\b[^.\n]{0,60}\b(?:machine|local(?:ly)?|private)\b",
    re.IGNORECASE,
)
# Whatever the router takes for a secret, and more: long runs of letters and digits, values of a secret's name.
_SECRET = re.compile(
    r"PRIVATE\s*KEY|PuTTY-User-Key|AGE-(?:SECRET|PLUGIN)|b3BlbnNzaC1rZXkt|LS0tLS1CRUdJTi|\"kty\""
    r"|(?=[A-Za-z_-]{0,60}[0-9])(?=[0-9_-]{0,60}[A-Za-z])[\w-]{20}"
    r"|\b(?:sk-|gh[pousr]_|AKIA|xox[a-z]-|hf_|npm_|gl\w{2,8}-|sk_|rk_|pypi-)\w{12}|eyJ[\w-]{8}|Q~|AccountKey=|sig=\w"
    r"|://[^\s/@]{1,300}@|\bbearer\s+\S{8}|\bcurl\b[^\n]{0,200}?\s(?:-u|--user)\b"
    r"|\b(?:sshpass|docker login|mysql\w{0,5})\s[^\n]{0,200}?-p|\bidentified\s{1,4}by\b|\bpassword\s{1,4}'"
    r"|\$(?:2[aby]|1|5|6|y|apr1|argon2\w{0,3})\$|\{SSHA"
    r"|(?:pass(?:word|wort|wd|phrase|code)?|pwd|kennwort|contrasena|secret|token|credentials?|key|auth|dsn|"
    r"connection_?string|密码|密碼|密钥|口令)(?:[_-][\w-]{0,40})?\\{0,7}[\"'`\])]{0,3}(?:\s{0,8}(?::?=|:|>|,)\s{0,8}\S|,?\s{1,40}[\"']?value\b)"
    r"|\b(?:password|passphrase|token|secret|key) (?:is|was|ist)[ :]{1,4}\S{0,40}\d"
    r"|\bkind[\"']?\s{0,9}:\s{0,9}[\"']?Secret|\b(?:mnemonic|(?:seed|recovery)[_ ]phrase|psk)[\"']?\s{0,9}[:=]"
    r"|[;|,\t]\s{0,3}\"?(?:[\w.]{1,30}[ _-])?(?:pass(?:word|wd|wort|phrase)|pwd|kennwort|token|secret|key)\b"
    r"|:(?:5432|5433|6432):|\*:\*:|\blogin\s+\S+\s+account\s"
    r"|\blogin\s+\S+\s+password\b|--(?:\w+-)?(?:password|token|secret|key) \S",
    re.IGNORECASE,
)
# Blanks are tried from their first on, or a long run of them would cost its square.
_BROKEN_LINE = re.compile(r"(?<![^\S\r\n])[^\S\r\n]*(?:\\[^\S\r\n]*)?[\r\n][>#|\s]*")
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}|\\(?:[xuU][0-9A-Fa-f{]|[0-3][0-7]{2})|&(?:#|[A-Za-z]{2,14};)")
# A word of letters of two alphabets, one of them ours, is written to look like another.
_MIXED = re.compile(
    r"(?=\S*[A-Za-z0-9_/]|\.)\S*"
    r"[\u0250-\u02ff\u0370-\u058f\u13a0-\u13ff\u1c80-\u1c8f\u1d00-\u1dbf\u2c60-\u2ddf\ua640-\ua69f]"
)
_PUNCTUATION = {
    **dict.fromkeys("‐‑‒–—―−⁃˗", "-"),
    **dict.fromkeys("․ꓸ。٫", "."),
    **dict.fromkeys("⁄∕⧸", "/"),
    **dict.fromkeys("∶꞉ː", ":"),
    **dict.fromkeys("“”„‟″", '"'),
    **dict.fromkeys("‘’‚‛′ʼ", "'"),
    "∖": "\\",
    "⧵": "\\",
    "ˍ": "_",
    "ı": "i",
    "ȷ": "j",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ħ": "h",
    "ŧ": "t",
    "Ø": "O",
    "Ł": "L",
    "Đ": "D",
    "Ħ": "H",
    "Ŧ": "T",
}
_BETWEEN = re.compile(r"[\s\"'`<>()\[\]{},;|=:!?*]+")


def looks_private(task: Mapping[str, Any], globs: Sequence[str]) -> str:
    """Return what makes *task* look private, empty where nothing does. *globs* come on top of the shipped ones."""
    if task.get("local_only"):
        return "it is labelled local-only"
    if task.get("thread"):
        return "it goes on with a thread, which may be private"
    for text in _texts(task):
        if why := _why(text, (*PATHS, *globs)):
            return why
    return ""


def _why(text: str, globs: Sequence[str]) -> str:
    if spoken := _SPOKEN.search(text):
        return f"it says '{spoken[0][:12]}…'"
    shown = "".join(map(_plain, text))
    if _SECRET.search(shown) or _SECRET.search(_BROKEN_LINE.sub("", shown)):
        return "it holds what looks like a secret"
    if not shown.isascii() and any(_MIXED.match(word) for word in shown.split()):
        return "it is written in letters that look like others"
    if _ESCAPED.search(shown):
        return "it holds escaped text"
    for word in _BETWEEN.split(shown):
        if glob := next((glob for form in (word, word.replace("\\", "")) if (glob := _private_path(form, globs))), ""):
            return f"it names a path like {glob}"
    return ""


def _plain(char: str) -> str:
    """Return *char* without what only looks different, empty where it shows nothing."""
    if char.isascii():
        return char if char.isprintable() or char in "\t\r\n" else ""
    if char in "\u2028\u2029\x85":
        return "\n"
    parts = unicodedata.normalize("NFKD", char)
    seen = (part for part in parts if unicodedata.category(part) not in {"Mn", "Me", "Cf", "Cc", "Co", "Cs"})
    return "".join(_PUNCTUATION.get(part, part) for part in seen if part not in "\u115f\u1160\u3164\u2800")


def _private_path(word: str, globs: Sequence[str]) -> str:
    path = "/" + word.lower().replace("\\", "/").strip("/").rstrip(".")
    parts = path.split("/")[1:]
    for glob in globs:
        wanted = glob.lower()
        if "/" in wanted:
            if fnmatchcase(f"{path}/", "*/" + wanted.strip("/").replace("**", "*").removesuffix("/*") + "/*"):
                return glob
        elif any(fnmatchcase(part, wanted) for part in parts):
            return glob
    return ""


def _texts(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in _texts(item)]
    return [str(value)]
