import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../runtime/clock.ts';
import { checkExecutor } from '../check-executor.ts';
import { createDockerExecutor } from './docker-executor.ts';
import { onceByKey } from './once.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigia-docker-'));
const socket = join(folder, 'docker.sock');
const secret = 'tok"en/1';
const executor = onceByKey(
  createDockerExecutor({
    clock: systemClock,
    socket,
    secret: (reference) => (reference === '${env:TOKEN}' ? secret : null),
  }),
);
const asked: string[] = [];
const hanging = new Set<Socket>();
let server: Server;

/** Speaks the part of the Engine API that is used, over a real socket. */
beforeAll(async () => {
  server = createServer((request, response) => {
    const [, name = '', query = ''] = /^\/v1\.41\/containers\/([^/]+)\/restart\?(.*)$/.exec(request.url ?? '') ?? [];
    const container = decodeURIComponent(name);
    asked.push(`${request.method} ${container} ${query}`);
    if (container === 'hang') {
      hanging.add(request.socket);
      request.socket.once('close', () => hanging.delete(request.socket));
    } else if (container === 'gone') response.writeHead(404).end('{"message":"No such container: gone"}');
    else if (container === 'broken') response.writeHead(500).end('{"message":"cannot restart"}');
    else if (container === 'half') {
      response.writeHead(200, { 'content-length': 100 }).write('half');
      setTimeout(() => request.socket.destroy(), 20);
    } else if (container === 'much') response.end('ab\u0000é'.repeat(100_000));
    else response.writeHead(200).end(container);
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

checkExecutor('docker', () => ({
  executor,
  working: { container: 'web' },
  acted: async () => asked.filter((line) => line.startsWith('POST web ')).length,
  failing: { container: 'broken' },
  hanging: { container: 'hang' },
  hangs: async () => {
    for (let i = 0; i < 400 && hanging.size === 0; i++) await delay(25);
  },
  left: async () => hanging.size,
  missing: { container: 'gone' },
  telling: { container: '${env:TOKEN}' },
  secret,
  chatty: { container: 'much' },
}));

const restart = (args: Record<string, unknown>, key = 'run_docker_1') =>
  executor.execute({ key, entity: 'container/web', args, timeoutMs: 20_000 }, new AbortController().signal);

test('gives the container the grace that was asked for', async () => {
  await restart({ container: 'slow', graceSeconds: 42 });
  expect(asked.at(-1)).toBe('POST slow t=42');
});

test('half an answer is none', async () => {
  expect((await restart({ container: 'half' }, 'run_docker_2')).error?.code).toBe('EXECUTOR_CUT_OFF');
});

test('without an engine says so', async () => {
  const other = createDockerExecutor({ clock: systemClock, socket: join(folder, 'none'), secret: () => null });
  const request = { key: 'k', entity: 'container/web', args: { container: 'web' }, timeoutMs: 5000 };
  const { error } = await other.execute(request, new AbortController().signal);
  expect(error).toEqual({ code: 'EXECUTOR_UNREACHABLE', values: { target: join(folder, 'none'), detail: 'ENOENT' } });
});
