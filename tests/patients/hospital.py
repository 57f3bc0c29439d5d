"""A hospital's sign-in on loopback: it says of everybody what a test wants to hear."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import jwt


class Hospital:
    """``claims``: what is said of the person who signs in next."""

    client_id, secret = "board", "a-secret-of-the-test-that-is-long-enough"

    def __init__(self):
        self.claims: dict = {}
        self.asked: list[str] = []
        self.server = HTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def providers(self) -> dict:
        app = {
            "provider_id": "hospital",
            "name": "Hospital sign-in",
            "client_id": self.client_id,
            "secret": self.secret,
        }
        return {
            "openid_connect": {"APPS": [app | {"settings": {"server_url": self.issuer}}], "OAUTH_PKCE_ENABLED": True}
        }

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def _answer(self, path: str) -> dict:
        if path.endswith("openid-configuration"):
            ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "userinfo_endpoint": "userinfo"}
            return {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"} | {
                name: f"{self.issuer}/{end}" for name, end in ends.items()
            }
        if path == "/token":
            now = int(time.time())
            said = {"iss": self.issuer, "aud": self.client_id, "iat": now, "exp": now + 60} | self.claims
            return {"access_token": "x", "token_type": "Bearer", "id_token": jwt.encode(said, self.secret, "HS256")}
        return self.claims if path == "/userinfo" else {}

    def _handler(hospital):
        class Handler(BaseHTTPRequestHandler):
            def _reply(self):
                hospital.asked.append(self.path)
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                body = json.dumps(hospital._answer(self.path)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = _reply

            def log_message(self, *args):
                pass

        return Handler
