import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../runtime/clock.ts';
import { checkExecutor } from '../check-executor.ts';
import { onceByKey } from './once.ts';
import { createWebhookExecutor } from './webhook-executor.ts';

const secret = 'tok/en"1';
const bare = createWebhookExecutor({
  clock: systemClock,
  secret: (reference) => (reference === '${env:TOKEN}' ? secret : null),
});

const executor = onceByKey(bare);

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let server: Server;
let base = '';
const seen: Seen[] = [];
const hanging = new Set<Socket>();

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      seen.push({ method: request.method, url: request.url, headers: request.headers, body });
      const path = request.url?.split('?')[0];
      if (path === '/hang') {
        hanging.add(request.socket);
        request.socket.once('close', () => hanging.delete(request.socket));
      } else if (path === '/later')
        response.writeHead(seen.filter(({ url }) => url === '/later').length < 3 ? 503 : 200).end();
      else if (path === '/half') {
        response.writeHead(200, { 'content-length': 100 }).write('half');
        setTimeout(() => request.socket.destroy(), 20);
      } else if (path === '/drop') request.socket.destroy();
      else if (path === '/no') response.writeHead(409).end('not now');
      else if (path === '/away') response.writeHead(302, { location: `${base}/ok` }).end();
      else if (path === '/much') response.end('ab\u0000é'.repeat(100_000));
      else response.end(`took ${body} from ${request.headers.authorization ?? 'nobody'}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

checkExecutor('webhook', () => ({
  executor,
  working: { url: `${base}/ok` },
  acted: async () => seen.filter(({ url }) => url === '/ok').length,
  failing: { url: `${base}/no` },
  hanging: { url: `${base}/hang` },
  hangs: async () => {
    for (let i = 0; i < 400 && hanging.size === 0; i++) await delay(25);
  },
  left: async () => hanging.size,
  missing: { url: 'http://127.0.0.1:1/' },
  telling: {
    url: `${base}/tell?t=\${env:TOKEN}`,
    headers: { Authorization: 'Bearer ${env:TOKEN}' },
    body: { t: ['${env:TOKEN}'] },
  },
  secret,
  chatty: { url: `${base}/much` },
}));

const call = (args: Record<string, unknown>) =>
  bare.execute({ key: 'run_7', entity: 'host/a', args, timeoutMs: 30_000 }, new AbortController().signal);

test('sends what was planned, with the key of the run', async () => {
  const args = { url: `${base}/put`, method: 'put', headers: { 'X-Team': 'ops' }, body: { host: 'a', quote: '"' } };
  expect(executor.plan({ key: 'run_7', entity: 'host/a', args, timeoutMs: 1 })).toEqual([
    `PUT ${base}/put`,
    'Content-Type: application/json',
    'X-Team: ops',
    '{"host":"a","quote":"\\""}',
  ]);
  await call(args);
  expect(seen.at(-1)).toMatchObject({ method: 'PUT', url: '/put', body: '{"host":"a","quote":"\\""}' });
  expect(seen.at(-1)!.headers).toMatchObject({ 'idempotency-key': 'run_7', 'x-team': 'ops' });
});

test('puts a secret into the body so that it stays JSON', async () => {
  await call({ url: `${base}/tell`, body: { token: '${env:TOKEN}' } });
  expect(JSON.parse(seen.at(-1)!.body)).toEqual({ token: secret });
});

test('follows no redirect', async () => {
  const before = seen.filter(({ url }) => url === '/ok').length;
  expect(await call({ url: `${base}/away` })).toMatchObject({
    status: 'failed',
    error: { code: 'EXECUTOR_REFUSED', values: { status: 302 } },
  });
  expect(seen.filter(({ url }) => url === '/ok')).toHaveLength(before);
});

test('says why an address cannot be called', async () => {
  expect((await call({ url: 'file:///etc/passwd' })).error?.code).toBe('EXECUTOR_UNREACHABLE');
  expect((await call({ url: 'no address' })).error?.code).toBe('EXECUTOR_UNREACHABLE');
  expect((await call({ url: `${base}/\${env:UNSET}` })).error?.code).toBe('EXECUTOR_UNREACHABLE');
});

test('is signed, so that the receiver knows who asks, when, and what', async () => {
  const args = { url: `${base}/ok`, sign: '${env:TOKEN}', body: { a: 1 } };
  const request = { key: 'run_8', entity: 'host/a', args, timeoutMs: 10_000, fence: 17 };
  expect(bare.plan(request).join()).not.toContain(secret);
  await bare.execute(request, new AbortController().signal);
  const { headers, body } = seen.at(-1)!;
  const [, time, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['vigia-signature']))!;
  expect(mac).toBe(createHmac('sha256', secret).update(`${time}.${body}`).digest('hex'));
  expect(headers['vigia-fence']).toBe('17');
});

test('comes again with the same key while the receiver says that nothing was done', async () => {
  expect(await call({ url: `${base}/later` })).toMatchObject({ status: 'succeeded' });
  const tries = seen.filter(({ url }) => url === '/later');
  expect(tries.map(({ headers }) => headers['idempotency-key'])).toEqual(['run_7', 'run_7', 'run_7']);
});

test('does not come again when half an answer, or none, leaves open what was done', async () => {
  const half = await call({ url: `${base}/half` });
  expect(half).toMatchObject({ status: 'failed', error: { code: 'EXECUTOR_CUT_OFF' } });
  expect(half.output).toBe('200 OK\nhalf');
  expect(seen.filter(({ url }) => url === '/half')).toHaveLength(1);
  expect((await call({ url: `${base}/drop` })).error?.code).toBe('EXECUTOR_CUT_OFF');
  expect(seen.filter(({ url }) => url === '/drop')).toHaveLength(1);
});
