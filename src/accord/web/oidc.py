"""Signing in to a team's room: OpenID Connect, by authlib, with the code flow, PKCE and a nonce.

What began a sign-in is kept here and bound to the browser by a cookie, so an answer counts once
and only in the browser that asked. Protocol: OpenID Connect Core 1.0, 3.1; RFC 7636.
"""

import re
import secrets
from collections import OrderedDict
from typing import Any

import httpx2
from attrs import define, field
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth
from joserfc.errors import JoseError
from starlette.requests import Request
from starlette.responses import Response

from accord.errors import RefusedError
from accord.web.guard import RETURN
from accord.web.sessions import Login
from accord.web.team import Team

COOKIE = "__Host-accord-signin"
SECONDS = 600
KEPT = 1000
LEEWAY = 30
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""How an issuer may sign: each with a public key. `none` and a shared secret are not among them."""

_EMAIL = re.compile(r"[^\s@:]+@[^\s@]+")
_FAILS = (AuthlibBaseError, JoseError, httpx2.HTTPError, KeyError, RuntimeError, ValueError)


class SignInError(RefusedError):
    """Raised when nobody can be vouched for; the message is for the person, `why` for the log."""

    def __init__(self, why: str) -> None:
        """Take what did not hold."""
        super().__init__("you could not be signed in", hint="try again from the first page")
        self.why = why


@define
class SignIn:
    """The sign-ins of one server that are under way."""

    team: Team
    _app: Any = field(init=False)
    _begun: OrderedDict[str, dict[str, Any]] = field(factory=OrderedDict, init=False)

    def __attrs_post_init__(self) -> None:
        self._app = OAuth().register(
            "team", client_id=self.team.client, client_secret=self.team.secret,
            server_metadata_url=f"{self.team.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={"scope": "openid email", "code_challenge_method": "S256",
                           "timeout": 10},
        )  # fmt: skip

    async def begin(self, request: Request) -> Response:
        """Answer with the way to the issuer. Raises SignInError where that cannot be asked."""
        begun: dict[str, Any] = {}
        request.scope["session"] = begun
        try:
            await self._metadata()
            answer: Response = await self._app.authorize_redirect(request, self._back)
        except _FAILS as error:
            raise SignInError(f"{type(error).__name__}: {error}") from error
        name = secrets.token_urlsafe(32)
        self._begun[name] = begun
        while len(self._begun) > KEPT:
            self._begun.popitem(last=False)
        # Lax, because the issuer is another site; it opens nothing but the page of the return.
        answer.set_cookie(COOKIE, name, SECONDS, path="/", secure=True, httponly=True,
                          samesite="lax")  # fmt: skip
        return answer

    async def finish(self, request: Request) -> Login:
        """Return whom the issuer vouches for, from the request that it led the browser back with.

        Raises SignInError for an answer that this browser did not ask for, and for a token that
        is not signed by the issuer for this client, just now, for this sign-in.
        """
        request.scope["session"] = self._begun.pop(request.cookies.get(COOKIE, ""), {})
        exactly = {"iss": {"essential": True, "value": self.team.issuer},
                   "aud": {"essential": True, "value": self.team.client}}  # fmt: skip
        try:
            await self._metadata()
            token = await self._app.authorize_access_token(
                request, claims_options=exactly, leeway=LEEWAY
            )
            claims = token["userinfo"]
            subject, email = claims["sub"], claims.get("email", "")
        except _FAILS as error:
            raise SignInError(f"{type(error).__name__}: {error}") from error
        if not isinstance(subject, str) or not subject:
            raise SignInError("the issuer names nobody")
        checked = claims.get("email_verified") is True and isinstance(email, str)
        return Login(subject, email if checked and _EMAIL.fullmatch(email) else "")

    @property
    def _back(self) -> str:
        return f"{self.team.url}{RETURN}"

    async def _metadata(self) -> None:
        """Hold what the issuer says of itself against what is known of it."""
        said = await self._app.load_server_metadata()
        if said.get("issuer") != self.team.issuer:
            raise ValueError(f"it is {said.get('issuer')!a}, not {self.team.issuer!a}")
        scheme = self.team.issuer.partition("://")[0]
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not str(said.get(name, "")).startswith(f"{scheme}://"):
                raise ValueError(f"its {name} is not an {scheme} address")
        offered = said.get("id_token_signing_alg_values_supported") or ["RS256"]
        said["id_token_signing_alg_values_supported"] = [
            one for one in offered if one in ALGORITHMS
        ] or ["RS256"]
