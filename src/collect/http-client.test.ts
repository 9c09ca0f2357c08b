import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createPlain, type IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Access, createHttpClient } from './http-client.ts';

/** Made for this test: a certificate of its own making for `vigia.test`, good from 2020 to 2120, whatever a clock says. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgIcWvCBRrPZB5ZrQ3
4DpLtjXaTTySoQnMlzGk6BpZ3xihRANCAAQme+Ljx9dvlYXCUKywxAIxW88qphmz
ENrmusYdui/1jHELc667D4JyN85v8V/v2bV5CDG8Ejs2s2kRO3kpYjJf
-----END PRIVATE KEY-----
`;
const CERT = `-----BEGIN CERTIFICATE-----
MIIBYzCCAQqgAwIBAgIBATAKBggqhkjOPQQDAjAVMRMwEQYDVQQDDAp2aWdpYS50
ZXN0MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAVMRMwEQYDVQQD
DAp2aWdpYS50ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEJnvi48fXb5WF
wlCssMQCMVvPKqYZsxDa5rrGHbov9YxxC3Ouuw+CcjfOb/Ff79m1eQgxvBI7NrNp
ETt5KWIyX6NJMEcwHQYDVR0OBBYEFBHnR0wwtEU8Me3KNYuHo1Pibn0TMA8GA1Ud
EwEB/wQFMAMBAf8wFQYDVR0RBA4wDIIKdmlnaWEudGVzdDAKBggqhkjOPQQDAgNH
ADBEAiA19lxi1FZOYTJXKJGIST7nLHygJY2Lk7CZt0nUijRrZwIgbz38en+vRk+8
RZ9sUCIovqFxmx7rAXN08U+4oH9NfTo=
-----END CERTIFICATE-----
`;

const folder = mkdtempSync(join(tmpdir(), 'vigia-tls-'));
const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
const secure = createServer(
  { key: KEY, cert: CERT, ca: CERT, requestCert: true, rejectUnauthorized: false },
  (request, response) => response.end((request.socket as TLSSocket).authorized ? 'known' : 'unknown'),
);
const seen: IncomingMessage[] = [];
const plain = createPlain((request, response) => {
  seen.push(request);
  if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end();
  else if (request.url === '/away')
    response.writeHead(302, { location: `http://localhost:${port(plain)}/there` }).end();
  else response.end('here');
});
const port = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;

beforeAll(async () => {
  writeFileSync(key, KEY);
  writeFileSync(cert, CERT);
  for (const server of [secure, plain]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
});
afterAll(() => {
  for (const server of [secure, plain]) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true, force: true });
});

async function get(url: string, access: Access): Promise<string> {
  const client = createHttpClient(access);
  try {
    const { body } = await client.get(new URL(url), {}, AbortSignal.timeout(30_000));
    let text = '';
    for await (const piece of body) text += Buffer.from(piece).toString();
    return text;
  } finally {
    client.close();
  }
}

describe('over TLS', () => {
  const at = () => `https://127.0.0.1:${port(secure)}/`;

  it('an authority and a name of the owner are taken, and others refused', async () => {
    await expect(get(at(), {})).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    await expect(get(at(), { tls: { ca: cert } })).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    expect(await get(at(), { tls: { ca: cert, serverName: 'vigia.test' } })).toBe('unknown');
    expect(await get(at(), { tls: { insecureSkipVerify: true } })).toBe('unknown');
  });

  it('we show a certificate, and a file that is missing is told', async () => {
    expect(await get(at(), { tls: { ca: cert, cert, key, serverName: 'vigia.test' } })).toBe('known');
    await expect(get(at(), { tls: { ca: join(folder, 'none') } })).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('redirects', () => {
  it('are followed, tell nobody else who we are, and end', async () => {
    expect(await get(`http://127.0.0.1:${port(plain)}/away`, { token: 'secret' })).toBe('here');
    expect(seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer secret', undefined]);
    await expect(get(`http://127.0.0.1:${port(plain)}/loop`, {})).rejects.toThrow('too many redirects');
  });
});
