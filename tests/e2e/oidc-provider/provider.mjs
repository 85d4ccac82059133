// oidc-provider, a certified OpenID provider, on a port of 127.0.0.1.
//
//   node provider.mjs MODULES PORT FOLDER
//
// MODULES is where `npm ci` has put it. In FOLDER stand client.json (the one
// client) and users.json (login → claims), which are read at each request.
// `POST /test/rotate` replaces the signing key, without a restart.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, port, folder] = process.argv.slice(2);
const library = join(modules, 'node_modules/oidc-provider/lib/index.js');
const { Provider } = await import(pathToFileURL(library));
const issuer = `http://127.0.0.1:${port}`;
const read = (name) => JSON.parse(readFileSync(join(folder, name)));

function key() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = privateKey.export({ format: 'jwk' });
  return { ...jwk, kid: randomBytes(8).toString('hex'), use: 'sig', alg: 'RS256' };
}

function provider() {
  return new Provider(issuer, {
    clients: [read('client.json')],
    jwks: { keys: [key()] },
    cookies: { keys: ['only-for-tests'] },
    claims: {
      openid: ['sub'],
      profile: ['name', 'given_name', 'family_name', 'department'],
      email: ['email', 'email_verified'],
    },
    features: { backchannelLogout: { enabled: true } },
    pkce: { methods: ['S256'], required: () => true },
    findAccount: (_, login) => {
      const claims = read('users.json')[login];
      return claims && { accountId: login, claims: () => ({ sub: login, ...claims }) };
    },
  }).callback();
}

let answer;
createServer((request, response) => {
  if (request.method === 'POST' && request.url === '/test/rotate') {
    answer = provider();
    response.end('rotated\n');
  } else if (request.url === '/test/ready') {
    response.end('ready\n');
  } else {
    answer ??= provider();
    answer(request, response);
  }
}).listen(Number(port), '127.0.0.1');
