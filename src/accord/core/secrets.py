"""Secrets in text: tokens, keys and passwords that must neither be committed nor written down.

Each kind is known by a fixed piece of text (its needle), found by a plain search, and a pattern
that is tried there. No repetition in a pattern is unbounded, so a search costs no more than a
constant for each character. The shapes are those that the issuers document; what is as regular as
a placeholder (`xxxx`, `1234`, EXAMPLE) is none.
"""

import base64
import binascii
import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from urllib.parse import quote

from attrs import frozen


@frozen
class Secret:
    """One secret in a text: its kind and where it stands, in characters."""

    kind: str
    start: int
    end: int


@frozen
class Kind:
    """How one kind is found: `pattern` is tried `back` characters before each of `needles`.

    The group `secret` of the pattern, else all of it, is what is secret. `entropy` is the least
    number of bits for each of its characters.
    """

    name: str
    needles: tuple[str, ...]
    pattern: re.Pattern[str]
    back: int = 0
    entropy: float = 3.0


def _kind(name: str, needles: str, pattern: str, back: int = 0, entropy: float = 3.0) -> Kind:
    return Kind(name, tuple(needles.split()), re.compile(pattern), back, entropy)


_LOGIN = r"(?P<user>[^\s:/@\"'`<>]{0,64}):(?P<secret>[^\s:/@\"'`<>]{8,128})@(?P<host>[\w.-]{1,99})"
_DATABASES = (
    "postgres(?:ql)?|mysql|mariadb|mongodb|mssql|rediss?|amqps?|clickhouse|oracle|cockroachdb"
    "|couchdb|nats|ldaps?|smtps?"
)
KINDS = (
    _kind("github", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{36,255}"),
    _kind("github-fine", "github_pat_", r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    _kind("gitlab", "glpat- gldt- glrt- glptt- glsoat- glcbt- glagent- gloas- glft- glimt-",
          r"gl[a-z]{2,5}-[A-Za-z0-9_.-]{20,128}"),
    _kind("aws-access", "AKIA ASIA", r"A[KS]IA[A-Z2-7]{16}"),
    _kind("google", "AIza", r"AIza[A-Za-z0-9_-]{35}"),
    _kind("google-oauth", "GOCSPX- ya29.", r"(?:GOCSPX-|ya29\.)[A-Za-z0-9_-]{24,512}"),
    _kind("azure-storage", "AccountKey= SharedAccessKey=",
          r"(?:Account|SharedAccess)Key=(?P<secret>[A-Za-z0-9+/]{42,88}={1,2})"),
    _kind("azure-client", "Q~", r"(?P<secret>[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34})", 4),
    _kind("azure-sas", "sig=", r"sig=(?P<secret>[A-Za-z0-9%]{43,64}%3[dD])"),
    _kind("slack", "xoxb- xoxp- xoxa- xoxr- xoxs- xoxe- xoxe. xapp-1-",
          r"x(?:ox[abeprs][-.]|app-1-)[A-Za-z0-9.-]{20,255}"),
    _kind("slack-hook", "hooks.slack.com/services/",
          r"hooks\.slack\.com/services/(?P<secret>T[A-Z0-9]{8,12}/B[A-Z0-9]{8,12}/[A-Za-z0-9]{24})"),
    _kind("stripe", "sk_live_ sk_test_ rk_live_ rk_test_ whsec_",
          r"(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9]{20,255}"),
    _kind("npm", "npm_", r"npm_[A-Za-z0-9]{36}"),
    _kind("pypi", "pypi-AgE", r"pypi-AgE[A-Za-z0-9_-]{50,512}"),
    _kind("huggingface", "hf_", r"hf_[A-Za-z]{34}"),
    _kind("openai", "sk-", r"sk-(?:(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{40,255}"
          r"|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}|[A-Za-z0-9]{48})"),
    _kind("openrouter", "sk-or-v1-", r"sk-or-v1-[0-9a-f]{64}"),
    _kind("anthropic", "sk-ant-api sk-ant-admin",
          r"sk-ant-(?:api|admin)[0-9]{2}-[A-Za-z0-9_-]{40,160}"),
    _kind("anthropic-oauth", "sk-ant-oat sk-ant-ort",
          r"sk-ant-o[ar]t[0-9]{2}-[A-Za-z0-9_-]{40,160}"),
    _kind("jwt", "eyJ", r"eyJ[A-Za-z0-9_-]{10,2000}+\.eyJ[A-Za-z0-9_-]{10,4000}+"
          r"\.[A-Za-z0-9_-]{20,1400}"),
    _kind("bearer", "Bearer bearer BEARER",
          r"[Bb](?:earer|EARER)[ \t]{1,4}(?P<secret>[A-Za-z0-9_.~+/-]{20,1024}={0,2})", 0, 3.5),
    _kind("database-url", "://", rf"(?:{_DATABASES})(?:\+[a-z0-9]{{1,16}})?://{_LOGIN}", 28, 2.0),
    _kind("url", "://", r"(?:https?|ftps?|sftp|ssh|git|wss?)://" + _LOGIN, 5, 2.0),
    _kind("twilio", "SK", r"SK[0-9a-f]{32}"),
    _kind("sendgrid", "SG.", r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    _kind("digitalocean", "doo_v1_ dop_v1_ dor_v1_", r"do[opr]_v1_[0-9a-f]{64}"),
    _kind("telegram", ":AA", r"(?P<secret>[0-9]{8,10}:AA[A-Za-z0-9_-]{33})", 10),
    _kind("mailgun", "key-", r"key-[0-9a-f]{32}"),
    _kind("shopify", "shpat_ shpca_ shppa_ shpss_", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    _kind("atlassian", "ATATT3", r"ATATT3[A-Za-z0-9_=-]{60,255}"),
    _kind("databricks", "dapi", r"dapi[0-9a-f]{32}"),
    _kind("age", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[A-Z0-9]{58}"),
    _kind("vault", "hvs. hvb.", r"hv[sb]\.[A-Za-z0-9_-]{24,300}"),
    _kind("docker", "dckr_pat_ dckr_oat_", r"dckr_[po]at_[A-Za-z0-9_-]{27,64}"),
    _kind("rubygems", "rubygems_", r"rubygems_[0-9a-f]{48}"),
    _kind("linear", "lin_api_", r"lin_api_[A-Za-z0-9]{40}"),
    _kind("groq", "gsk_", r"gsk_[A-Za-z0-9]{52}"),
    _kind("xai", "xai-", r"xai-[A-Za-z0-9]{80}"),
    _kind("replicate", "r8_", r"r8_[A-Za-z0-9]{37}"),
    _kind("newrelic", "NRAK-", r"NRAK-[A-Z0-9]{27}"),
    _kind("sentry", "sntrys_ sntryu_", r"sntry[su]_[A-Za-z0-9_=+/]{60,400}"),
)  # fmt: skip

_KEY = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_KEY_LENGTH = 2**14
_BODY = re.compile(r"[A-Za-z0-9+/=]{32,128}")
_SERVICE_ACCOUNT = re.compile(r"\"private_key\"[ \t]{0,8}:[ \t]{0,8}\"\Z")
# What is given to a name: `db_password: "..."`, `"apiToken" => '...'`, `AWS_SECRET_ACCESS_KEY=...`.
_GIVEN = re.compile(
    r"(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|auth[_-]?key"
    r"|private[_-]?key|credential)(?P<rest>[A-Za-z0-9_-]{0,40})"
    r"[\"'\]]{0,2}[ \t]{0,16}(?:=>|:=|=|:)[ \t]{0,16}[\"'`]?"
    r"(?P<secret>[A-Za-z0-9_.~+/=!@#$%^&*-]{16,200})(?P<after>.?)",
    re.IGNORECASE,
)
_NOT_SECRET = re.compile(
    r"hash|digest|sha\d|checksum|fingerprint|_?(?:id|ids|name|path|file|dir|url|uri|type|field|env"
    r"|key_?ref|regex|pattern|prefix|label|hint|expir\w{0,8}|count|limit|budget|length|izer)\Z",
    re.IGNORECASE,
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)
_DIGEST = re.compile(r"(?:sha\d{1,3}|md5)[-:]", re.IGNORECASE)
_REFERENCE = re.compile(r"[./~@$%]|https?:")
# A random value never holds these; the name of a class or of a variable does.
_NAMED = re.compile(
    r"(?:private|public|access|api)_?key|token|secret|passw|credential", re.IGNORECASE
)
_PART = re.compile(r"[A-Za-z]{0,40}[0-9]{0,4}")
_BETWEEN = re.compile(r"[._/-]{1,200}")
_PLACEHOLDER = re.compile(
    r"example|sample|dummy|placeholder|change[_-]?me|your[_-]|xxxx|\.\.\.|\*\*\*|redacted|insert[_-]"
    r"|not[_-]?a[_-]?real|00000000|deadbeef|notreal",
    re.IGNORECASE,
)
_COMMON = (
    "password postgres passw0rd changeit username admin123 guest123 password1 password123 test1234 "
    "testtest 12345678"
).split()
# Tokens that issuers print in their own documentation.
_PUBLISHED = frozenset(
    ["sk_" + "test_4eC39HqLyjWDarjtT1zdp7dc", "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"]
)
_SHORTEST = 6


def find(text: str) -> Iterator[Secret]:
    """Yield the secrets in `text`, in their order; where two overlap, the one of a known kind."""
    taken: list[Secret] = []
    end = 0
    for one in sorted(
        (*_private_keys(text), *_tokens(text)), key=lambda one: (one.start, -one.end)
    ):
        if one.start >= end:
            taken.append(one)
            end = one.end
    known = iter([*taken, Secret("", len(text) + 1, len(text) + 1)])
    following = next(known)
    for one in _given(text):
        while following.end <= one.start:
            yield following
            following = next(known)
        if one.end <= following.start:
            yield one
    while following.kind:
        yield following
        following = next(known)


def redact(text: str, known: Sequence[str] = (), *, key: bytes = b"") -> str:
    """Return `text` with every secret written as `[secret:KIND:ab12cd]`.

    `known` are values that are secret whatever they look like; they are found in base64,
    hexadecimal and URL-encoded too. The six digits are a hash of the value under `key` (at most 64
    bytes), so equal values look equal and nobody without the key can try values out. A text that
    was cut in the middle of a secret holds a half that may not be found: give it whole lines.
    """
    for value in _long(known):
        mark = _mark("known", value, key)
        for form in _forms(value):
            text = text.replace(form, mark)
    parts, at = [], 0
    for one in find(text):
        parts += [text[at : one.start], _mark(one.kind, text[one.start : one.end], key)]
        at = one.end
    return "".join([*parts, text[at:]])


def forms(known: Sequence[str]) -> tuple[str, ...]:
    """Return every text that `redact` takes for one of `known`."""
    return tuple(form for value in _long(known) for form in _forms(value))


def _long(known: Sequence[str]) -> list[str]:
    kept = (value for value in {*known} if len(value) >= _SHORTEST)
    return sorted(kept, key=len, reverse=True)


def _mark(kind: str, value: str, key: bytes) -> str:
    said = hashlib.blake2b(value.encode(errors="surrogatepass"), key=key, digest_size=3).hexdigest()
    return f"[secret:{kind}:{said}]"


def _forms(value: str) -> list[str]:
    """Return how a value may be written, the longest first; in base64 at each of three offsets."""
    data = value.encode(errors="surrogatepass")
    forms = {value, quote(value, safe=""), quote(value), json.dumps(value)[1:-1]}
    forms |= {data.hex(), data.hex().upper()}
    for shift in range(3):
        # Only whole groups of six bits that lie within the value: the rest depends on neighbours.
        said = base64.b64encode(b"\0" * shift + data).decode().rstrip("=")
        first = -(-shift * 8 // 6)
        inner = said[first : (shift + len(data)) * 8 // 6]
        if len(inner) >= _SHORTEST:
            forms |= {inner, inner.replace("+", "-").replace("/", "_")}
    return sorted(forms, key=len, reverse=True)


def _tokens(text: str) -> Iterator[Secret]:
    for kind in KINDS:
        for needle in kind.needles:
            at = text.find(needle)
            while at >= 0:
                match = _tried(kind, text, at)
                if match is not None:
                    yield Secret(kind.name, *match)
                at = text.find(needle, at + len(needle))


def _tried(kind: Kind, text: str, at: int) -> tuple[int, int] | None:
    for start in range(at, max(-1, at - kind.back - 1), -1):
        before = text[start - 1 : start]
        if _is_word(before) or (before in ("-", "_") and kind.name == "jwt"):
            continue  # it would be the end of something longer
        match = kind.pattern.match(text, start)
        if match is None:
            continue
        group = "secret" if "secret" in kind.pattern.groupindex else 0
        begin, end = match.span(group)
        if not _is_word(text[end : end + 1]) and _is_secret(kind, match, match[group]):
            return begin, end
    return None


def _is_secret(kind: Kind, match: re.Match[str], value: str) -> bool:
    if _is_placeholder(value) or _entropy(value) < kind.entropy:
        return False
    if kind.name in ("url", "database-url"):
        return _is_password(match["user"], value, match["host"])
    if kind.name == "jwt":
        return _is_signed(value)
    return kind.name != "bearer" or _is_mixed(value)


def _is_password(user: str, value: str, host: str) -> bool:
    """Tell whether the password of an address is real: no variable, nor that of a test's server."""
    if value == user or value.casefold() in _COMMON or value[0] in "$%{[(" or _NAMED.search(value):
        return False
    near = "." not in host or host.startswith("127.")
    return not near or (len(value) >= 16 and _is_mixed(value) and _entropy(value) >= 3.5)


def _is_signed(token: str) -> bool:
    head = token.partition(".")[0]
    try:
        said = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, binascii.Error):
        return False
    return isinstance(said, dict) and said.get("alg") not in (None, "none")


def _private_keys(text: str) -> Iterator[Secret]:
    for match in _KEY.finditer(text):
        # Up to whatever is armoured next, so that no character is looked at twice.
        stop = text.find("-----", match.end(), match.end() + _KEY_LENGTH)
        end = stop if stop >= 0 else min(len(text), match.end() + _KEY_LENGTH)
        lines = _BODY.finditer(text, match.end(), end)
        if any(_entropy(one[0]) > 3.0 and not _is_placeholder(one[0]) for one in lines):
            google = _SERVICE_ACCOUNT.search(text, max(0, match.start() - 40), match.start())
            yield Secret("gcp-account" if google else "private-key", match.start(), end)


def _given(text: str) -> Iterator[Secret]:
    for match in _GIVEN.finditer(text):
        name, value = match["rest"], match["secret"].rstrip(".")
        before = text[max(0, match.start() - 24) : match.start()].casefold()
        amazon = "secret" in match[0].casefold() and "aws" in before and len(value) == 40
        if (
            _NOT_SECRET.search(name)
            or match["after"] in ("(", "[", "<", "{")
            or _UUID.match(value)
            or _DIGEST.match(value)
            or _REFERENCE.match(value)
            or _is_words(value)
            or _NAMED.search(value)
            or _is_placeholder(value)
            or not _is_mixed(value)
            or _entropy(value) < (2.8 if len(value) >= 32 else 3.3)
        ):
            continue
        start = match.start("secret")
        yield Secret("aws-secret" if amazon else "password", start, start + len(value))


def _is_placeholder(value: str) -> bool:
    if _PLACEHOLDER.search(value) or any(one in value for one in _PUBLISHED):
        return True
    steps = sum(ord(b) - ord(a) in (0, 1) for a, b in pairwise(value))
    return steps * 2 > len(value)


def _is_words(value: str) -> bool:
    """Tell whether `value` is words joined by dots, dashes and the like: a name, not a secret."""
    return all(_PART.fullmatch(part) for part in _BETWEEN.split(value))


def _is_mixed(value: str) -> bool:
    digits = sum(one.isdigit() for one in value)
    return digits >= 2 and sum(one.isalpha() for one in value) >= 2


def _is_word(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _entropy(value: str) -> float:
    """Return the bits for each character (Shannon), by how often each stands in `value`."""
    total = len(value)
    return -sum(n / total * math.log2(n / total) for n in Counter(value).values())
