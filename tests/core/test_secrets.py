"""Secrets in text (T14): every kind is found, and what only looks like one is left alone."""

import base64
import hashlib
import json
import re
import string
from itertools import pairwise
from typing import SupportsIndex
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core import secrets
from accord.core.secrets import find, redact

LETTERS = string.ascii_letters
WORD = LETTERS + string.digits
HEX = "0123456789abcdef"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def noise(length: int, alphabet: str = WORD, seed: str = "") -> str:
    """Return characters that look random and are the same in every run."""
    found = ""
    count = 0
    while len(found) < length:
        for byte in hashlib.sha256(f"{seed}{alphabet}{length}{count}".encode()).digest():
            if byte < 256 - 256 % len(alphabet):
                found += alphabet[byte % len(alphabet)]
        count += 1
    return found[:length]


def armour(kind: str, lines: int = 6) -> str:
    body = "\n".join(noise(64, WORD + "+/", str(n)) for n in range(lines))
    return f"-----BEGIN {kind}-----\n{body}\n-----END {kind}-----"


def signed() -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"RS256","typ":"JWT"}').decode().rstrip("=")
    body = base64.urlsafe_b64encode(b'{"sub":"81723","iat":1516239022}').decode().rstrip("=")
    return f"{head}.{body}.{noise(43, WORD + '-_')}"


# Put together here, so that no scanner of repositories takes this file for a leak.
FOUND = {
    "GitHub, classic": ("github", "ghp" + "_" + noise(36)),
    "GitHub, of an app": ("github", "ghs" + "_" + noise(36)),
    "GitHub, OAuth": ("github", "gho" + "_" + noise(36)),
    "GitHub, fine-grained": ("github-fine", "github" + "_pat_" + noise(22) + "_" + noise(59)),
    "GitLab": ("gitlab", "glpat" + "-" + noise(20)),
    "GitLab, of a runner": ("gitlab", "glrt" + "-" + noise(20)),
    "AWS, id": ("aws-access", "AKIA" + noise(16, UPPER)),
    "AWS, temporary": ("aws-access", "ASIA" + noise(16, UPPER)),
    "AWS, secret": ("aws-secret", "aws_secret_access_key = " + noise(40, WORD + "+/")),
    "Google": ("google", "AIza" + noise(35, WORD + "-_")),
    "Google, OAuth client": ("google-oauth", "GOCSPX" + "-" + noise(28)),
    "Google, OAuth": ("google-oauth", "ya29" + "." + noise(100, WORD + "-_")),
    "Google, service account": (
        "gcp-account",
        json.dumps({"type": "service_account", "private_key": armour("PRIVATE KEY") + "\n"}),
    ),
    "Azure, storage": ("azure-storage", "AccountKey=" + noise(86, WORD + "+/") + "=="),
    "Azure, bus": ("azure-storage", "SharedAccessKey=" + noise(43, WORD + "+/") + "="),
    "Azure, client": ("azure-client", noise(3) + "8Q~" + noise(34, WORD + "-_.~")),
    "Azure, SAS": ("azure-sas", "https://x.blob.net/c?sig=" + noise(43) + "%3D"),
    "Slack": ("slack", "xoxb" + "-" + noise(12, string.digits) + "-" + noise(24)),
    "Slack, app": ("slack", "xapp" + "-1-A" + noise(10, UPPER) + "-" + noise(64, HEX)),
    "Slack, hook": (
        "slack-hook",
        "https://hooks.slack.com/" + f"services/T{noise(8, UPPER)}/B{noise(8, UPPER)}/{noise(24)}",
    ),
    "Stripe": ("stripe", "sk" + "_live_" + noise(24)),
    "Stripe, restricted": ("stripe", "rk" + "_test_" + noise(24)),
    "Stripe, hook": ("stripe", "whsec" + "_" + noise(32)),
    "npm": ("npm", "npm" + "_" + noise(36)),
    "PyPI": ("pypi", "pypi-" + "AgEIcHlwaS5vcmc" + noise(120, WORD + "-_")),
    "Hugging Face": ("huggingface", "hf" + "_" + noise(34, LETTERS)),
    "OpenAI": ("openai", "sk" + "-" + noise(20) + "T3BlbkFJ" + noise(20)),
    "OpenAI, project": ("openai", "sk" + "-proj-" + noise(74, WORD + "-_")),
    "OpenRouter": ("openrouter", "sk-or" + "-v1-" + noise(64, HEX)),
    "Anthropic": ("anthropic", "sk-ant" + "-api03-" + noise(93, WORD + "-_") + "AA"),
    "Anthropic, admin": ("anthropic", "sk-ant" + "-admin01-" + noise(93, WORD + "-_") + "AA"),
    "Anthropic, OAuth": ("anthropic-oauth", "sk-ant" + "-oat01-" + noise(93, WORD + "-_") + "AA"),
    "JWT": ("jwt", signed()),
    "bearer": ("bearer", "Authorization: Bearer " + noise(40)),
    "bearer of two parts": ("bearer", "authorization: bearer " + noise(20) + "." + noise(20)),
    "RSA key": ("private-key", armour("RSA PRIVATE KEY")),
    "PKCS8 key": ("private-key", armour("ENCRYPTED PRIVATE KEY")),
    "OpenSSH key": ("private-key", armour("OPENSSH PRIVATE KEY")),
    "PGP key": ("private-key", armour("PGP PRIVATE KEY BLOCK")),
    "a key that was cut": ("private-key", armour("EC PRIVATE KEY").rpartition("\n")[0]),
    "a key on one line": ("private-key", armour("PRIVATE KEY").replace("\n", "\\n")),
    "database": ("database-url", "postgresql://shop:" + noise(14) + "@db.example.org:5432/shop"),
    "database, driver": ("database-url", "mysql+pymysql://shop:" + noise(14) + "@db.acme.io/shop"),
    "database near by": ("database-url", "redis://:" + noise(24) + "@localhost:6379/0"),
    "basic": ("url", "https://robot:" + noise(18) + "@registry.acme.io/simple"),
    "Twilio": ("twilio", "SK" + noise(32, HEX)),
    "SendGrid": ("sendgrid", "SG" + "." + noise(22) + "." + noise(43, WORD + "-_")),
    "DigitalOcean": ("digitalocean", "dop" + "_v1_" + noise(64, HEX)),
    "Telegram": ("telegram", "712345908:AA" + noise(33, WORD + "-_")),
    "Mailgun": ("mailgun", "key" + "-" + noise(32, HEX)),
    "Shopify": ("shopify", "shpat" + "_" + noise(32, HEX)),
    "Atlassian": ("atlassian", "ATATT3" + noise(180, WORD + "-_") + "=" + noise(8, HEX)),
    "Databricks": ("databricks", "dapi" + noise(32, HEX)),
    "age": ("age", "AGE-SECRET-KEY-1" + noise(58, UPPER)),
    "Vault": ("vault", "hvs" + "." + noise(90, WORD + "-_")),
    "Docker": ("docker", "dckr" + "_pat_" + noise(27)),
    "RubyGems": ("rubygems", "rubygems" + "_" + noise(48, HEX)),
    "Linear": ("linear", "lin" + "_api_" + noise(40)),
    "Groq": ("groq", "gsk" + "_" + noise(52)),
    "xAI": ("xai", "xai" + "-" + noise(80)),
    "Replicate": ("replicate", "r8" + "_" + noise(37)),
    "New Relic": ("newrelic", "NRAK" + "-" + noise(27, UPPER)),
    "Sentry": ("sentry", "sntrys" + "_" + noise(80)),
    "password": ("password", f'db_password = "{noise(20)}"'),
    "environment": ("password", f"SESSION_SECRET={noise(32)}"),
    "YAML": ("password", f"  apiToken: {noise(32)}"),
    "JSON": ("password", f'"clientSecret": "{noise(32)}"'),
    "header": ("password", f"X-Api-Key: {noise(32)}"),
    "hexadecimal": ("password", f"auth_token = '{noise(32, HEX)}'"),
    "Ruby": ("password", f":api_key => '{noise(24)}'"),
    "symbols": ("password", f'PASSWORD="{noise(10)}!@#{noise(8)}"'),
}

PIXELS = base64.b64encode(hashlib.sha512(b"pixels").digest() * 400).decode()
CLEAN = {
    "a digest": hashlib.sha256(b"x").hexdigest(),
    "a digest with its kind": "sha256:" + hashlib.sha256(b"x").hexdigest(),
    "a digest of git": "commit " + hashlib.sha1(b"x", usedforsecurity=False).hexdigest(),
    "a UUID": "id = 5f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9",
    "a UUID for a token": "token: 5f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9",
    "an image": f"![logo](data:image/png;base64,{PIXELS})",
    "the hash of a lockfile": '"integrity": "sha512-' + noise(86, WORD + "+/") + '=="',
    "the hash of a requirement": "--hash=sha256:" + noise(64, HEX),
    "a checksum of cargo": 'checksum = "' + noise(64, HEX) + '"',
    "a checksum of go": "example.org/x v1.2.3 h1:" + noise(43, WORD + "+/") + "=",
    "AWS, documented": "AKIAIOSFODNN7EXAMPLE",
    "AWS, documented secret": "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "OpenAI, documented": "OPENAI_API_KEY=sk-...",
    "OpenAI, a shape": "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "Anthropic, documented": "sk-ant-api03-your-key-here-your-key-here-your-key-here",
    "GitHub, a shape": "ghp_" + "x" * 36,
    "GitHub, counted": "ghp_" + "0123456789abcdefghijklmnopqrstuvwxyz",
    "Stripe, documented": "sk_" + "test_4eC39HqLyjWDarjtT1zdp7dc",
    "JWT, documented": signed().rpartition(".")[0]
    + ".SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
    "JWT, unsigned": "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMjM0NTY3ODkwIn0." + noise(43),
    "a password that waits": 'password = "changeme"',
    "a password of a test": 'password = "correct-horse-battery-staple"',
    "a short password": 'login(password="hunter2")',
    "a variable": "password: ${DATABASE_PASSWORD_2024}",
    "a variable of a workflow": "token: ${{ secrets.GITHUB_TOKEN }}",
    "a call": "token = create_access_token2024_v3(user)",
    "an attribute": "secret = settings.SESSION_SECRET_KEY_2",
    "an environment": 'api_key = os.environ["ACME_API_KEY_V2_PROD"]',
    "a class": "private_key: ed25519.Ed25519PrivateKey, public: X25519PublicKey",
    "a path": "private_key = /etc/ssl/private/server_2048_b4c9.pem",
    "a name": 'secretKeyRef = "shop-database-credentials-v2"',
    "a model": "tokenizer: bert-base-uncased-v2-1234abcd5678",
    "a hash of a password": 'password_hash = "' + noise(60, WORD + "./$") + '"',
    "an id": 'token_id = "' + noise(24) + '"',
    "a database of a test": "postgres://postgres:postgres@localhost:5432/test",
    "a database in compose": "postgres://shop:s3cretpw@db:5432/shop",
    "a database in words": "postgresql://user:password@host.example.org/database",
    "a database by variable": "postgres://app:${DB_PASSWORD}@db.acme.io/app",
    "a database by brackets": "mysql://user:<password>@db.acme.io/app",
    "an address with a port": "https://acme.io:8443/path@2x.png",
    "an address with a time": "http://acme.io/at/12:30:45@home.example.org",
    "git over SSH": "git@github.com:acme/shop.git",
    "a bearer in words": "Authorization: Bearer YOUR_ACCESS_TOKEN_GOES_HERE_1",
    "a bearer that was cut": "Authorization: Bearer eyJhbGciOi...",
    "a bearer of a person": "the bearer of this ring is called Frodo",
    "a key without a body": "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
    "a public key": armour("PUBLIC KEY"),
    "a certificate": armour("CERTIFICATE"),
    "a public key of SSH": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + noise(43) + " robin",
    "inside a longer word": "x" + "ghp" + "_" + noise(36),
    "too long": "AKIA" + noise(24, UPPER),
    "words with dashes": "task-list-item-checkbox sk-learn-contrib-estimators risk-adjusted-return",
    "nothing": "",
}  # fmt: skip


@pytest.mark.parametrize("name", FOUND)
@pytest.mark.parametrize("around", ["{}", "x = '{}';", "see {} there", '{{"a": "{}"}}', "\n{}\n"])
def test_a_secret_is_found_whatever_stands_around_it(name: str, around: str) -> None:
    kind, text = FOUND[name]
    placed = around.format(text)
    assert [one.kind for one in find(placed)] == [kind]


def test_more_kinds_than_anybody_asked_for_are_known() -> None:
    assert len({kind for kind, _ in FOUND.values()}) >= 40
    assert {one.name for one in secrets.KINDS} <= {kind for kind, _ in FOUND.values()}


@pytest.mark.parametrize("name", CLEAN)
def test_what_only_looks_like_a_secret_is_left_alone(name: str) -> None:
    assert list(find(CLEAN[name])) == []


def test_all_of_them_in_one_text_are_found_in_their_order() -> None:
    both = [text for pair in zip([text for _, text in FOUND.values()], CLEAN.values(), strict=False)
            for text in pair]  # fmt: skip
    found = list(find("\n".join(both)))
    listed = [kind for kind, _ in list(FOUND.values())[: len(CLEAN)]]
    assert [one.kind for one in found] == listed
    assert all(a.end <= b.start for a, b in pairwise(found))


@pytest.mark.parametrize("name", FOUND)
def test_what_is_found_is_written_down_as_its_kind(name: str) -> None:
    kind, text = FOUND[name]
    said = redact(f"before {text} after", key=b"k")
    assert re.search(rf"\[secret:{kind}:[0-9a-f]{{6}}\]", said)
    assert said.startswith("before ")
    found = next(find(text))
    assert text[found.start : found.end] not in said
    assert list(find(said)) == []


def test_equal_values_look_equal_under_one_key_and_not_under_another() -> None:
    token = FOUND["npm"][1]
    first, second = re.findall(r"\[secret:npm:(\w{6})\]", redact(f"{token} {token}", key=b"a"))
    assert first == second
    assert first not in redact(token, key=b"b")


@pytest.mark.parametrize("value", ["pass word/with+odd=&signs", "kärntner-straße", 'with"quotes\\'])
def test_a_known_value_is_taken_out_however_it_is_written(value: str) -> None:
    for shift in range(4):
        blob = base64.b64encode(b"x" * shift + value.encode() + b"tail").decode()
        forms = [value, quote(value), quote(value, safe=""), json.dumps({"a": value}), blob,
                 blob.replace("+", "-").replace("/", "_")]  # fmt: skip
        for form in forms:
            assert "[secret:known:" in redact(f"<{form}>", [value]), form
    assert redact("pass", ["pass"]) == "pass"  # a word that short stands everywhere


@given(st.text(), st.lists(st.text(min_size=6), max_size=3))
def test_redacting_never_fails_and_leaves_no_known_value(text: str, known: list[str]) -> None:
    said = redact(text + "".join(known), known)
    assert not [one for one in known if one in re.sub(r"\[secret:[^]]*\]", "|", said)
                and not any(one in other and one != other for other in known)]  # fmt: skip


def test_no_pattern_repeats_without_a_bound() -> None:
    patterns = [one.pattern for one in secrets.KINDS]
    patterns += [one for one in vars(secrets).values() if isinstance(one, re.Pattern)]
    assert len(patterns) > 50
    for one in patterns:
        plain = re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "x", one.pattern)
        assert not re.search(r"[*+](?!\?*[^{]*\})|\{\d*,\}", re.sub(r"\}\+", "}", plain)), plain


class Counted(str):
    """A text that counts how often it is searched."""

    __slots__ = ()
    searches = 0

    def find(self, needle: str, start: SupportsIndex | None = 0,
             end: SupportsIndex | None = None) -> int:  # fmt: skip
        Counted.searches += 1
        return super().find(needle, start, end)


@pytest.mark.parametrize("piece", [
    "ghp_", "eyJ", "-eyJ", "sk-", "AKIA", "-----BEGIN PRIVATE KEY-----", "://", "token", "a:b@://",
    "token=", "password: ", "Bearer ", "xoxb-", "A" * 60 + "=", " ", "postgres://", ":AA", "Q~",
])  # fmt: skip
def test_the_work_grows_with_the_text_and_no_faster(piece: str) -> None:
    work = []
    for size in (20_000, 40_000):
        Counted.searches = 0
        assert len(list(find(Counted(piece * (size // len(piece)))))) == 0
        work.append(Counted.searches)
    assert work[1] <= 2 * work[0] + 200


@pytest.mark.parametrize("piece", ["eyJ-", "token=a ", "-----BEGIN RSA PRIVATE KEY-----\n"])
def test_ten_megabytes_made_to_be_slow_are_looked_through(piece: str) -> None:
    assert list(find(piece * (10 * 2**20 // len(piece)))) == []
