import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Channel } from '../../model/notification.ts';
import { systemClock } from '../../runtime/clock.ts';
import { checkExecutor } from '../check-executor.ts';
import { ChannelGate } from '../notify/channel-gate.ts';
import { createDeliver } from '../notify/deliver.ts';
import { createNotifyExecutor } from './notify-executor.ts';
import { onceByKey } from './once.ts';

const secret = 'tok/en"1';
const reveal = (reference: string): string | null => (reference === '${env:TOKEN}' ? secret : null);

interface Seen {
  readonly path: string;
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
      const path = request.url ?? '';
      seen.push({ path, headers: request.headers, body: Buffer.concat(chunks).toString() });
      if (path === '/hang') {
        hanging.add(request.socket);
        request.socket.once('close', () => hanging.delete(request.socket));
      } else if (path === '/no') response.writeHead(403).end('invalid_token');
      else if (path === '/much') response.end('ab\u0000é'.repeat(100_000));
      else response.end(`ok ${path} ${decodeURIComponent(path)}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const channel = (name: string, over: Partial<Channel> = {}): Channel => ({
  name,
  kind: 'slack',
  language: null,
  tell: ['page'],
  approve: null,
  groupMs: 0,
  rate: { count: 1000, windowMs: 3_600_000 },
  url: `${base}/${name}`,
  key: null,
  mail: null,
  ...over,
});

function executorOf(channels: readonly Channel[]) {
  return createNotifyExecutor({
    clock: systemClock,
    channels,
    gate: new ChannelGate(systemClock),
    deliver: createDeliver({ clock: systemClock, secret: reveal }),
    language: () => 'es',
    base: 'https://vigia.example/',
  });
}

const contract = () =>
  onceByKey(
    executorOf([
      channel('ok'),
      channel('no'),
      channel('hang'),
      channel('much'),
      channel('gone', { url: 'http://127.0.0.1:1/' }),
      channel('tell', { url: `${base}/tell?t=\${env:TOKEN}` }),
    ]),
  );
let shared: ReturnType<typeof contract> | null = null;

checkExecutor('notify', () => ({
  executor: (shared ??= contract()),
  working: { channel: 'ok', text: 'hello' },
  acted: async () => seen.filter(({ path }) => path === '/ok').length,
  failing: { channel: 'no' },
  hanging: { channel: 'hang' },
  hangs: async () => {
    for (let i = 0; i < 400 && hanging.size === 0; i++) await delay(25);
  },
  left: async () => hanging.size,
  missing: { channel: 'gone' },
  telling: { channel: 'tell' },
  secret,
  chatty: { channel: 'much' },
}));

const request = (args: Readonly<Record<string, unknown>>, key = 'run_1') => ({
  key,
  entity: 'host/web-1',
  args,
  timeoutMs: 10_000,
});
const never = (): AbortSignal => new AbortController().signal;
const last = (): Seen => seen.at(-1)!;

test('says it in the language of the channel, else of the program, with a link to the entity', async () => {
  const executor = executorOf([channel('es'), channel('en', { language: 'en' })]);
  const args = { title: { en: 'Please look', es: 'Mira esto' }, text: { en: 'now', es: 'ya' }, severity: 'critical' };
  await executor.execute(request({ ...args, channel: 'es' }), never());
  expect(JSON.parse(last().body)).toMatchObject({ text: '🔴 Mira esto' });
  expect(last().body).toContain('<https://vigia.example/entities/host/web-1|Abrir en Vigía>');
  await executor.execute(request({ ...args, channel: 'en' }), never());
  expect(JSON.parse(last().body)).toMatchObject({ text: '🔴 Please look' });
  expect(executor.plan(request({ ...args, channel: 'en' }))).toEqual(['slack en', 'Please look', 'now']);
});

test('a name that looks like a reference to a secret is no reference', async () => {
  const executor = executorOf([channel('ok')]);
  const result = await executor.execute(request({ channel: 'ok', text: 'disk ${env:TOKEN}' }), never());
  expect(result.status).toBe('succeeded');
  expect(last().body).not.toContain('tok');
});

test('beyond its rate a channel takes nothing more, and a channel that is not there is named', async () => {
  const executor = executorOf([channel('few', { rate: { count: 1, windowMs: 3_600_000 } })]);
  expect(await executor.execute(request({ channel: 'few' }), never())).toMatchObject({ status: 'succeeded' });
  expect(await executor.execute(request({ channel: 'few' }, 'run_2'), never())).toMatchObject({
    status: 'failed',
    error: { code: 'EXECUTOR_LIMITED', values: { target: 'few', count: 1, seconds: 3600 } },
  });
  expect(await executor.execute(request({ channel: 'none' }), never())).toMatchObject({
    error: { code: 'EXECUTOR_MISSING', values: { command: 'none' } },
  });
});
