"""A SAML identity provider on pysaml2, for the end-to-end tests.

It takes AuthnRequests by HTTP-Redirect and by HTTP-POST, insists that they are
signed when asked to, shows a sign-in form, and answers by HTTP-POST. All SAML
is pysaml2's; this file only moves it over HTTP.

    idp.py --port N --dir DIR [--sign response|assertion|both] [--encrypt]
           [--want-signed-requests]

DIR holds `idp.key`, `idp.crt`, `users.json` (user -> {"password": …,
"attributes": {…}}, read at each sign-in) and `sp.xml`, the service provider's
metadata, read at each request, so that the two sides may be made known to each
other in any order.
"""

import argparse
import base64
import functools
import html
import json
import logging
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import saml2.entity
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.authn_context import PASSWORD
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.saml import NAME_FORMAT_URI, NAMEID_FORMAT_PERSISTENT, NameID
from saml2.server import Server
from saml2.sigver import SecurityContext, get_xmlsec_binary
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

# pysaml2 encrypts with Triple DES unless told otherwise, and has no setting to
# tell it so. Nobody should accept that any more.
saml2.entity.pre_encryption_part = functools.partial(
    saml2.entity.pre_encryption_part, msg_enc="http://www.w3.org/2009/xmlenc11#aes256-gcm"
)
SecurityContext.encrypt_assertion = functools.partialmethod(
    SecurityContext.encrypt_assertion, key_type="aes-256"
)

ARGS = None


def base_url():
    return f"http://127.0.0.1:{ARGS.port}"


def configuration():
    settings = {
        "entityid": f"{base_url()}/metadata",
        "key_file": f"{ARGS.dir}/idp.key",
        "cert_file": f"{ARGS.dir}/idp.crt",
        "xmlsec_binary": get_xmlsec_binary(["/usr/bin", "/usr/local/bin"]),
        # Attributes travel under the names in users.json.
        "allow_unknown_attributes": True,
        "service": {
            "idp": {
                "name": "pysaml2",
                "endpoints": {
                    "single_sign_on_service": [
                        (f"{base_url()}/sso/redirect", BINDING_HTTP_REDIRECT),
                        (f"{base_url()}/sso/post", BINDING_HTTP_POST),
                    ],
                },
                "name_id_format": [NAMEID_FORMAT_PERSISTENT],
                "want_authn_requests_signed": ARGS.want_signed_requests,
                "policy": {
                    "default": {
                        "lifetime": {"minutes": 5},
                        "attribute_restrictions": None,
                        "name_form": NAME_FORMAT_URI,
                    },
                },
            },
        },
    }
    if os.path.exists(f"{ARGS.dir}/sp.xml"):
        settings["metadata"] = {"local": [f"{ARGS.dir}/sp.xml"]}
    return IdPConfig().load(settings)


def form(action, fields, title, button, visible=()):
    rows = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in fields.items()
    )
    rows += "".join(
        f'<label>{name} <input name="{name}" id="{name}"></label> ' for name in visible
    )
    return (
        f"<!doctype html><title>{title}</title><h1>{title}</h1>"
        f'<form method="post" action="{html.escape(action)}">{rows}'
        f'<button id="go">{button}</button></form>'
    )


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/metadata":
            text = entity_descriptor(configuration()).to_string()
            self.answer(200, text, "application/samlmetadata+xml")
        elif parts.path == "/sso/redirect":
            self.sign_in_form(BINDING_HTTP_REDIRECT, query)
        else:
            self.answer(404, b"not found", "text/plain")

    def do_POST(self):
        length = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(length).decode()
        fields = {name: values[0] for name, values in parse_qs(body).items()}
        if self.path == "/sso/post":
            self.sign_in_form(BINDING_HTTP_POST, fields)
        elif self.path == "/sign-in":
            self.sign_in(fields)
        else:
            self.answer(404, b"not found", "text/plain")

    def authn_request(self, binding, fields):
        """The AuthnRequest, verified by pysaml2; raises when it is not."""
        return Server(config=configuration()).parse_authn_request(
            fields["SAMLRequest"],
            binding,
            relay_state=fields.get("RelayState"),
            sigalg=fields.get("SigAlg"),
            signature=fields.get("Signature"),
        )

    def sign_in_form(self, binding, fields):
        self.authn_request(binding, fields)
        kept = ("SAMLRequest", "RelayState", "SigAlg", "Signature")
        hidden = {name: fields[name] for name in kept if name in fields}
        hidden["binding"] = binding
        page = form("/sign-in", hidden, "pysaml2", "Sign in", ("username", "password"))
        self.answer(200, page.encode(), "text/html")

    def sign_in(self, fields):
        with open(f"{ARGS.dir}/users.json") as file:
            user = json.load(file).get(fields.get("username", ""))
        if user is None or user["password"] != fields.get("password"):
            self.answer(403, b"wrong user name or password", "text/plain")
            return
        idp = Server(config=configuration())
        request = self.authn_request(fields["binding"], fields)
        reply = idp.response_args(request.message, [BINDING_HTTP_POST])
        name_id = NameID(format=NAMEID_FORMAT_PERSISTENT, text=f"id-of-{fields['username']}")
        response = idp.create_authn_response(
            user["attributes"],
            in_response_to=reply["in_response_to"],
            destination=reply["destination"],
            sp_entity_id=reply["sp_entity_id"],
            name_id=name_id,
            userid=fields["username"],
            authn={"class_ref": PASSWORD, "authn_auth": base_url()},
            sign_response=ARGS.sign in ("response", "both"),
            sign_assertion=ARGS.sign in ("assertion", "both"),
            encrypt_assertion=ARGS.encrypt,
            sign_alg=SIG_RSA_SHA256,
            digest_alg=DIGEST_SHA256,
        )
        hidden = {"SAMLResponse": base64.b64encode(str(response).encode()).decode()}
        if "RelayState" in fields:
            hidden["RelayState"] = fields["RelayState"]
        page = form(reply["destination"], hidden, "pysaml2", "Continue")
        self.answer(200, page.encode(), "text/html")

    def answer(self, status, body, content_type):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if isinstance(body, bytes) else body.encode())


def main():
    global ARGS
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--dir", required=True)
    parser.add_argument("--sign", choices=("response", "assertion", "both"), default="assertion")
    parser.add_argument("--encrypt", action="store_true")
    parser.add_argument("--want-signed-requests", action="store_true")
    ARGS = parser.parse_args()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    ThreadingHTTPServer(("127.0.0.1", ARGS.port), Handler).serve_forever()


main()
