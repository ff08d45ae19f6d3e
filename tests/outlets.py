"""Real sockets on both sides of a gateway: a service that answers what it is told, and clients."""

import asyncio
import http.client
import json
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import chdir, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from attrs import define, evolve, field, frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from accord.agents import outlet, redaction
from accord.agents.folder import DOOR as DOOR_FOLDER
from accord.agents.folder import REQUESTS
from accord.agents.gateway import Gateway, Plan
from accord.core.orders import (
    DOOR,
    AgentChoice,
    AgentEvent,
    AgentKind,
    AgentOrder,
    Budget,
    Limits,
    Outlet,
    Price,
)

KEY = "sk-the-real-key-0123456789"
USAGE = {"input_tokens": 100, "output_tokens": 20, "cache_read_input_tokens": 1000}
USAGE |= {"cache_creation_input_tokens": 10}
ASK = {"model": "claude-x", "max_tokens": 1000, "messages": [{"role": "user", "content": "hi"}]}


@frozen
class Got:
    """One request as the service received it."""

    line: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[Got], Iterable[bytes]]


def plain(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Return an answer with a length."""
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def message(usage: object = None) -> bytes:
    """Return the service's whole answer to a message."""
    body = json.dumps({"type": "message", "content": [], "usage": usage or USAGE}).encode()
    return plain(body, "content-type: application/json")


def stream(*events: object, end: bool = True) -> Iterator[bytes]:
    """Return an answer in chunks, one for each event."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    yield head + b"transfer-encoding: chunked\r\n\r\n"
    for event in events:
        data = (
            event if isinstance(event, bytes) else b"data: " + json.dumps(event).encode() + b"\n\n"
        )
        yield b"%x\r\n%s\r\n" % (len(data), data)
    if end:
        yield b"0\r\n\r\n"


def sse(output: int = 20) -> list[dict[str, Any]]:
    """Return the events of a streamed message."""
    return [
        {"type": "message_start", "message": {"usage": {**USAGE, "output_tokens": 1}}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hi"}},
        {"type": "message_delta", "delta": {}, "usage": {"output_tokens": output}},
        {"type": "message_stop"},
    ]


class _Handler(socketserver.StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            lines.append(line.decode("latin-1").rstrip("\r\n"))
        if not lines:
            return
        headers = dict(
            line.lower().split(": ", 1)[:1] + line.split(": ", 1)[1:] for line in lines[1:]
        )
        body = self.rfile.read(int(headers.get("content-length", "0")))
        got = Got(lines[0], headers, body)
        self.server.got.append(got)
        try:
            for piece in self.server.answer(got):
                self.wfile.write(piece)
                self.wfile.flush()
        except OSError:
            self.server.broken.set()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, answer: Answer, context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer, self.got, self.context = answer, list[Got](), context
        self.broken = threading.Event()

    def get_request(self) -> tuple[Any, Any]:
        raw, address = super().get_request()
        if self.context:
            raw = self.context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False)
        return raw, address

    def handle_error(self, request: object, client_address: object) -> None:
        """Leave out what a refused handshake or a closed connection has to say."""


@contextmanager
def service(answer: Answer, context: ssl.SSLContext | None = None) -> Iterator[_Server]:
    """Serve `answer` on a port of the loopback address."""
    with _Server(answer, context) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def url(server: _Server, host: str = "127.0.0.1", scheme: str = "http") -> str:
    return f"{scheme}://{host}:{server.server_address[1]}"


@define
class Running:
    """A gateway that runs, and what can be seen of it."""

    run: Path
    order: AgentOrder
    gateway: Gateway
    plan: Plan
    told: list[AgentEvent]
    loop: asyncio.AbstractEventLoop = field(repr=False)

    @property
    def environment(self) -> dict[str, str]:
        return dict(self.order.environment)

    @property
    def port(self) -> int:
        name = next(name for name in self.environment if name.endswith("_BASE_URL"))
        return int(self.environment[name].split(":")[2].partition("/")[0])

    @property
    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.run / REQUESTS).read_text().splitlines()]

    def ask(
        self, path: str = "/v1/messages", body: object = ASK, method: str = "POST", **headers: str
    ) -> tuple[int, bytes]:
        """Ask as an agent does, with the run's token; return the status and the body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body else None
        sent = {"x-api-key": self.plan.token, "content-type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, data, sent)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()
            self.settled()

    def settled(self) -> None:
        """Wait until nothing is under way: an answer is counted when its last piece is gone."""
        for _ in range(6_000):
            if not self.gateway.seen._waiting:
                return
            time.sleep(0.005)
        raise AssertionError("a request never ended")

    def raw(self, data: bytes, *, half: bool = False) -> bytes:
        """Send bytes as they are and return all that comes back."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.sendall(data.replace(b"TOKEN", self.plan.token.encode()))
            if half:
                connection.shutdown(socket.SHUT_WR)
            return received(connection)

    def by_door(self, data: bytes) -> bytes:
        """Send bytes to the socket in the run's folder, as the bridge of a box does."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(60)
            with chdir(self.run / DOOR_FOLDER):
                connection.connect(DOOR)
            connection.sendall(data.replace(b"TOKEN", self.plan.token.encode()))
            return received(connection)


def received(connection: socket.socket) -> bytes:
    pieces = []
    try:
        while piece := connection.recv(2**16):
            pieces.append(piece)
    except ConnectionResetError:
        pass
    return b"".join(pieces)


def ordered(folder: Path, out: Outlet, run_id: str = "run-1", **more: Any) -> AgentOrder:
    """Return the order of a run with an outlet."""
    agent = AgentChoice("agent", AgentKind.ACP)
    limits = Limits(total_s=120.0, idle_s=60.0)
    order = AgentOrder(run_id, agent, str(folder), "build", ("**",), limits, outlet=out)
    return evolve(order, **more)


@contextmanager
def gateway(
    root: Path, out: Outlet, run_id: str = "run-1", resolve: Any = None, key: str = KEY, **more: Any
) -> Iterator[Running]:
    """Run the gateway of one run, as its host does, until the block ends."""
    run = root / "runs" / run_id
    run.mkdir(parents=True)
    order = ordered(root, out, run_id, **more)
    variable = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY"}
    environ = {variable.get(out.service, "GEMINI_API_KEY"): key}
    made = outlet.plan(order, out, environ)
    made = evolve(made, redact=redaction.redactor((key, made.token)))
    made = evolve(made, resolve=resolve) if resolve else made
    told: list[AgentEvent] = []
    ready: Future[Running] = Future()
    loop = asyncio.new_event_loop()
    done = asyncio.Event()

    async def serve() -> None:
        async with outlet.opened(run, order, made, told.append) as (opened, opened_gateway):
            ready.set_result(Running(run, opened, opened_gateway, made, told, loop))
            await done.wait()

    def work() -> None:
        try:
            loop.run_until_complete(serve())
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield ready.result(60)
    finally:
        if not loop.is_closed():
            loop.call_soon_threadsafe(done.set)
        thread.join()


def out(
    upstream: str,
    *budgets: tuple[str, Budget],
    prices: tuple[Price, ...] = (),
    service: str = "anthropic",
    retry_s: float = 0.0,
) -> Outlet:
    return Outlet(service, upstream, (), budgets, prices, retry_s)


@frozen
class Authority:
    """A certificate authority of the test's own, and what a server needs of it."""

    certificate: Path
    _key: ec.EllipticCurvePrivateKey
    _name: x509.Name

    def server(self, name: str) -> ssl.SSLContext:
        """Return the context of a server that proves to be `name`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        try:
            proved: x509.GeneralName = x509.IPAddress(ip_address(name))
        except ValueError:
            proved = x509.DNSName(name)
        made = _unsigned(subject, self._name, key.public_key())
        made = made.add_extension(x509.SubjectAlternativeName([proved]), critical=False)
        place = self.certificate.with_name(f"{name}.pem")
        signed = made.sign(self._key, hashes.SHA256())
        place.write_bytes(_pem(key) + signed.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(place)
        return context


def authority(folder: Path) -> Authority:
    """Make an authority whose certificate lies in `folder`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test")])
    made = _unsigned(name, name, key.public_key())
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    place = folder / "ca.pem"
    signed = made.sign(key, hashes.SHA256())
    place.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    return Authority(place, key, name)


def _unsigned(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
