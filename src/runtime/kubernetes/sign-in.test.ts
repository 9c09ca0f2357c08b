import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { createKubernetesClient } from './kubernetes-client.ts';

/** Made for this test and for nothing else; valid for 127.0.0.1 from 2020 to 2120. */
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgYhlOX9UmHECVzzRE
38BQ63ITprlpFxXdKE3Ns5NioZihRANCAATzAN+qpr72VgeV8XaYO3cYaioSrpA+
Scpugzdq/ZOOCCuXjJpXzV4JtMVT83WORNgvqiwtOgbfpxm6XJKMfPzO
-----END PRIVATE KEY-----
`;
const certificate = `-----BEGIN CERTIFICATE-----
MIIBWzCCAQKgAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPMA36qmvvZWB5Xx
dpg7dxhqKhKukD5Jym6DN2r9k44IK5eMmlfNXgm0xVPzdY5E2C+qLC06Bt+nGbpc
kox8/M6jQzBBMB0GA1UdDgQWBBTUIHwITlSCfA4nSPafug/4JQOUwzAPBgNVHRMB
Af8EBTADAQH/MA8GA1UdEQQIMAaHBH8AAAEwCgYIKoZIzj0EAwIDRwAwRAIgV8qK
TAOPAKzhHhnfI3poMTTlPv3x9XykB7VGhHjzOOoCIANIYlEfbwwXF6dEuRtIzJLI
4h6tbTnhv2kY8LEMP+de
-----END CERTIFICATE-----
`;

const folder = mkdtempSync(join(tmpdir(), 'vigia-sign-in-'));
const file = join(folder, 'config');
const tokenFile = join(folder, 'token');
let server: Server;

/** Answers with who asks, as it came over TLS. */
beforeAll(async () => {
  const options = { key, cert: certificate, ca: certificate, requestCert: true, rejectUnauthorized: false };
  server = createServer(options, (request, response) => {
    const { authorized } = request.socket as TLSSocket;
    response.end(JSON.stringify({ header: request.headers.authorization ?? null, certificate: authorized }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const trusted = { 'certificate-authority-data': base64(certificate) };

function put(user: object, cluster: object): void {
  const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const name = 'test';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: address, ...cluster } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
  writeFileSync(file, JSON.stringify(config));
}
const ask = async (): Promise<unknown> => {
  const client = createKubernetesClient({ kubeconfig: file }, systemClock);
  return (await client.ask({ path: '/version' }, new AbortController().signal)).body;
};

const credential = {
  apiVersion: 'client.authentication.k8s.io/v1',
  kind: 'ExecCredential',
  status: { token: 'from-a-plug-in' },
};
const plugIn = {
  apiVersion: 'client.authentication.k8s.io/v1',
  command: process.execPath,
  args: ['-e', `console.log(${JSON.stringify(JSON.stringify(credential))})`],
  interactiveMode: 'Never',
};

test.each([
  ['a token', { token: 't0k' }, { header: 'Bearer t0k', certificate: false }],
  ['user and password', { username: 'u', password: 'p' }, { header: 'Basic dTpw', certificate: false }],
  ['a plug-in', { exec: plugIn }, { header: 'Bearer from-a-plug-in', certificate: false }],
  [
    'a certificate',
    { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) },
    { header: null, certificate: true },
  ],
  [
    'the token in a file, as a pod has it',
    { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } },
    { header: 'Bearer of-the-file', certificate: false },
  ],
])('%s of a kubeconfig says who asks, over TLS', async (_, user, expected) => {
  writeFileSync(tokenFile, 'of-the-file');
  put(user, trusted);
  expect(await ask()).toEqual(expected);
});

test('a server that nobody vouches for is not asked', async () => {
  put({ token: 't0k' }, {});
  await expect(ask()).rejects.toMatchObject({ code: 'KUBERNETES_UNREACHABLE' });
});
