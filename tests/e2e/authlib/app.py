"""An application that signs people in with Authlib.

    app.py PORT ISSUER CLIENT_ID      (the client's secret on standard input)

`/` sends the browser to the provider; the callback shows what came of it. The ID
token is verified by Authlib against the published keys, with all of its checks.
"""

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import requests  # noqa: E402
from authlib.common.security import generate_token  # noqa: E402
from authlib.integrations.requests_client import OAuth2Session  # noqa: E402
from authlib.jose import JsonWebKey, jwt  # noqa: E402
from authlib.oidc.core import CodeIDToken, UserInfo  # noqa: E402

port, issuer, client_id = int(sys.argv[1]), sys.argv[2], sys.argv[3]
secret = sys.stdin.read().strip()
callback = f"http://127.0.0.1:{port}/cb"
server = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=10).json()
pending = {}


def session(**more):
    return OAuth2Session(
        client_id,
        secret,
        scope="openid profile email",
        redirect_uri=callback,
        code_challenge_method="S256",
        **more,
    )


def begin():
    verifier, nonce = generate_token(48), generate_token(20)
    url, state = session().create_authorization_url(
        server["authorization_endpoint"], code_verifier=verifier, nonce=nonce
    )
    pending[state] = (verifier, nonce)
    return url


def finish(path):
    query = parse_qs(urlsplit(path).query)
    assert query["iss"] == [issuer], query
    verifier, nonce = pending.pop(query["state"][0])
    client = session(state=query["state"][0])
    token = client.fetch_token(
        server["token_endpoint"],
        authorization_response=f"http://127.0.0.1:{port}{path}",
        code_verifier=verifier,
    )
    keys = JsonWebKey.import_key_set(requests.get(server["jwks_uri"], timeout=10).json())
    claims = jwt.decode(
        token["id_token"],
        keys,
        claims_cls=CodeIDToken,
        claims_options={"iss": {"values": [issuer]}, "aud": {"values": [client_id]}},
        claims_params={
            "nonce": nonce,
            "client_id": client_id,
            "access_token": token["access_token"],
        },
    )
    claims.validate(leeway=10)
    info = UserInfo(client.get(server["userinfo_endpoint"]).json())
    assert info["sub"] == claims["sub"], info
    return f"name: {info['name']}\nemail: {claims['email']}\ndone by authlib\n"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        route = urlsplit(self.path).path
        if route == "/":
            self.send_response(302)
            self.send_header("Location", begin())
            self.end_headers()
            return
        status, text = 200, "ready"
        if route == "/cb":
            try:
                text = finish(self.path)
            except Exception as error:  # noqa: BLE001
                status, text = 500, f"failed: {error!r}"
                print(text, file=sys.stderr, flush=True)
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
