"""An issuer of OpenID Connect on this machine, over real HTTP: honest, or wrong in one way.

Protocol: OpenID Connect Core 1.0, 3.1 and Discovery 1.0; PKCE: RFC 7636.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from attrs import define, field
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "accord", "open-sesame"
KEY = RSAKey.generate_key(2048, {"kid": "now"})
OTHER = RSAKey.generate_key(2048, {"kid": "now"})
Edit = Callable[[dict[str, Any]], None]


@define
class Issuer:
    """Where the issuer is, whom it vouches for next, and how it lies.

    `edit` changes the claims of a token, `sign` makes the token of them, `says` is added to what
    the issuer says of itself. `asked` holds the paths that were asked for.
    """

    address: str = ""
    claims: dict[str, Any] = field(factory=dict)
    edit: Edit = field(default=lambda _: None)
    sign: Callable[[dict[str, Any]], str] = field(
        default=lambda claims: jwt.encode({"alg": "RS256", "kid": "now"}, claims, KEY)
    )
    says: dict[str, Any] = field(factory=dict)
    asked: list[str] = field(factory=list)
    codes: dict[str, dict[str, str]] = field(factory=dict)

    def vouches(self, subject: str, email: str = "", *, verified: bool = True) -> None:
        """Vouch for this person from now on."""
        self.claims = {"sub": subject, "email": email, "email_verified": verified}

    def metadata(self) -> dict[str, Any]:
        """Return what the issuer says of itself."""
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "none", "HS256"],
            **self.says,
        }

    def authorize(self, query: dict[str, str]) -> str:
        """Return where the browser is sent back to, with a code."""
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Return the answer to a client that brings a code."""
        query = self.codes.pop(form.get("code", ""), None)
        proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        client = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if (
            query is None
            or base64.urlsafe_b64encode(proof).rstrip(b"=").decode() != query["code_challenge"]
            or query["redirect_uri"] != form.get("redirect_uri")
            or authorization != f"Basic {client}"
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.address, "aud": CLIENT, "iat": now, "exp": now + 300,
                  "nonce": query["nonce"], **self.claims}  # fmt: skip
        self.edit(claims)
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self.sign(claims)}


@contextmanager
def issuing() -> Iterator[Issuer]:
    """Serve an issuer while the block lasts."""
    issuer = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            issuer.asked.append(parts.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if parts.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", issuer.authorize(query))
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif parts.path == "/keys":
                self.reply(200, {"keys": [KEY.as_dict(private=False)]})
            else:
                self.reply(200, issuer.metadata())

        def do_POST(self) -> None:
            issuer.asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self.reply(*issuer.token(form, self.headers.get("Authorization", "")))

        def reply(self, status: int, value: dict[str, Any]) -> None:
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- its name there
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def unsigned(claims: dict[str, Any]) -> str:
    """Return a token of the algorithm `none`."""
    return _coded({"alg": "none"}, claims) + "."


def by_another_key(claims: dict[str, Any]) -> str:
    """Return a token by a key that the issuer does not have."""
    return jwt.encode({"alg": "RS256", "kid": "now"}, claims, OTHER)


def by_the_public_key(claims: dict[str, Any]) -> str:
    """Return a token whose shared secret is the issuer's public key."""
    return _by_secret(claims, KEY.as_pem(private=False))


def by_the_client_secret(claims: dict[str, Any]) -> str:
    """Return a token that is signed with the secret of the client."""
    return _by_secret(claims, SECRET.encode())


def _by_secret(claims: dict[str, Any], secret: bytes) -> str:
    text = _coded({"alg": "HS256", "kid": "now"}, claims)
    made = hmac.new(secret, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


def _coded(*parts: dict[str, Any]) -> str:
    coded = (base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in parts)
    return b".".join(coded).decode()
