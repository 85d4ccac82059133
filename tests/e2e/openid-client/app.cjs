// An application that signs people in with openid-client:
//
//   node app.cjs MODULES PORT ISSUER CLIENT_ID   (the client's secret on standard input)
//
// `/` sends the browser to the provider; the callback shows what came of it. Every
// step is the library's own, with all of its checks.
'use strict';

const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');

const [modules, port, issuerUrl, clientId] = process.argv.slice(2);
const { Issuer, generators } = require(path.join(modules, 'node_modules', 'openid-client'));
const secret = fs.readFileSync(0, 'utf8').trim();
const base = `http://127.0.0.1:${port}`;
const pending = new Map();

async function main() {
  const issuer = await Issuer.discover(issuerUrl);
  const client = new issuer.Client({
    client_id: clientId,
    client_secret: secret,
    redirect_uris: [`${base}/cb`],
    response_types: ['code'],
    id_token_signed_response_alg: 'ES256',
  });

  async function begin(response, extra, pushed) {
    const verifier = generators.codeVerifier();
    const state = generators.state();
    const nonce = generators.nonce();
    pending.set(state, { verifier, nonce, max_age: extra.max_age });
    let params = {
      scope: 'openid profile email offline_access',
      code_challenge: generators.codeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      ...extra,
    };
    if (pushed) {
      const { request_uri } = await client.pushedAuthorizationRequest(params);
      params = { request_uri, redirect_uri: undefined, response_type: undefined, scope: undefined };
    }
    response.writeHead(302, { location: client.authorizationUrl(params) }).end();
  }

  async function finish(request, response) {
    const params = client.callbackParams(request);
    const kept = pending.get(params.state);
    const tokens = await client.callback(`${base}/cb`, params, {
      state: params.state,
      nonce: kept.nonce,
      code_verifier: kept.verifier,
      max_age: kept.max_age,
      response_type: 'code',
    });
    const info = await client.userinfo(tokens);
    const refreshed = await client.refresh(tokens);
    const inspected = await client.introspect(refreshed.access_token);
    await client.revoke(refreshed.refresh_token);
    const after = await client.introspect(refreshed.access_token);
    let reused = 'none';
    try {
      await client.refresh(refreshed);
    } catch (error) {
      reused = error.error;
    }
    const lines = [
      `name: ${info.name}`,
      `email: ${tokens.claims().email}`,
      `active: ${inspected.active}`,
      `active after revocation: ${after.active}`,
      `refresh after revocation: ${reused}`,
      'done by openid-client',
    ];
    response.writeHead(200, { 'content-type': 'text/plain' }).end(lines.join('\n'));
  }

  const server = http.createServer(async (request, response) => {
    const route = request.url.split('?')[0];
    try {
      if (route === '/ready') response.writeHead(200).end('ready');
      else if (route === '/') await begin(response, {}, false);
      else if (route === '/pushed') await begin(response, {}, true);
      else if (route === '/again') await begin(response, { max_age: 600, prompt: 'none' }, false);
      else if (route === '/anew') await begin(response, { max_age: 20, prompt: 'login' }, false);
      else if (route === '/cb') await finish(request, response);
      else response.writeHead(404).end();
    } catch (error) {
      console.error(error);
      response.writeHead(500).end(`failed: ${error.message}`);
    }
  });
  server.listen(Number(port), '127.0.0.1');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
