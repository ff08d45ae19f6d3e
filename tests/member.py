"""Somebody of a team in front of its room: a browser with cookies, led to the issuer and back."""

import urllib.request
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest
from attrs import define, field

from visiting import Answer, Visitor

URL = "https://accord.example.com"
SASHA = "sasha@example.com"
LED = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@define
class Member(Visitor):
    """A browser in front of the team's room: it keeps its cookies apart by their names."""

    jar: dict[str, str] = field(factory=dict)

    def ask(self, *given: Any, **more: Any) -> Answer:
        """Send one request with the cookies that the browser has, and keep those that come."""
        self.cookie = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        answer = super().ask(*given, **more)
        for one in answer.cookies:
            name, _, value = one.partition(";")[0].partition("=")
            self.jar.pop(name, None)
            if value.strip('"'):
                self.jar[name] = value
        return answer

    def begin(self) -> str:
        """Start to sign in, and return where the issuer leads back to."""
        away = self.get("/signin")
        assert away.status == 302, away.text
        return led_back(away.headers["location"])

    def sign_in(self) -> Answer:
        """Sign in as whom the issuer vouches for, and return the first page."""
        answer = self.get(self.begin(), LED)
        return self.get("/") if answer.status == 200 else answer


def led_back(address: str) -> str:
    """Follow a browser to the issuer, and return the path and query that it comes back to."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *given: Any) -> None:
            return None

    with pytest.raises(HTTPError) as answer:
        urllib.request.build_opener(Stay).open(address)
    found = urlsplit(answer.value.headers["Location"])
    answer.value.close()
    assert f"{found.scheme}://{found.netloc}" == URL
    return f"{found.path}?{found.query}"
