import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hastyClock } from '../../test/kubernetes/hasty-clock.ts';
import { until } from '../../test/kubernetes/until.ts';
import type { Event } from '../model/event.ts';
import { createLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createDockerSource, toldByEngine } from './docker-source.ts';
import { createEntityRules, DEFAULT_ENTITY_RULES } from './entity-rules.ts';
import { RunningEvents } from './event-source.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigia-docker-events-'));
const socket = join(folder, 'docker.sock');
let server: Server;
let streams: ServerResponse[];
let asked: URL[];
let events: Event[];
let end: AbortController;
let running: Promise<void>;
let source: RunningEvents;

const listen = (): Promise<void> => new Promise((resolve) => server.listen(socket, resolve));

/** Speaks the part of the Engine API that is used, over a real socket; podman itself does in `test/system/containers.test.ts`. */
beforeEach(async () => {
  [streams, asked, events, end] = [[], [], [], new AbortController()];
  server = createServer((request, response) => {
    asked.push(new URL(request.url ?? '', 'http://engine'));
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    streams.push(response);
  });
  await listen();
  source = new RunningEvents(createDockerSource({ socket, host: 'web-1' }), {
    clock: hastyClock,
    log: createLog('silent'),
    metrics: createMetrics(),
    entityOf: (labels) => createEntityRules(DEFAULT_ENTITY_RULES, 'service/none')('', labels),
    publish: async (more) => void events.push(...more),
    mine: () => true,
  });
  running = source.run(end.signal);
  await until(() => streams.length === 1);
});
afterEach(async () => {
  end.abort();
  await running;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(socket, { force: true });
});

const now = Date.now();
const happened = (Action: string, at: number, Attributes: Record<string, string> = {}) => ({
  Type: 'container',
  Action,
  Actor: { ID: 'c0ffee', Attributes: { name: 'cart', image: 'shop/cart:3', ...Attributes } },
  time: Math.floor((now + at) / 1000),
  timeNano: (now + at) * 1e6,
});
const say = (...all: readonly object[]): void => {
  for (const one of all) streams.at(-1)?.write(`${JSON.stringify(one)}\n`);
};

test('tells what happens to containers, under the host or the service that they are part of', async () => {
  say(
    happened('die', -5000, { exitCode: '137' }),
    happened('oom', -4000),
    happened('exec_create', -3900),
    happened('restart', -3000, { 'com.docker.compose.service': 'orders' }),
    happened('health_status: unhealthy', -2000),
    happened('health_status: starting', -1900),
    happened('kill', -1000, { signal: '15' }),
  );
  await until(() => events.length === 5);
  expect(events.map(({ entity, name, severity }) => `${entity} ${name} ${severity}`)).toEqual([
    'host/web-1 container_died warning',
    'host/web-1 oom_kill warning',
    'service/orders restart info',
    'host/web-1 unhealthy warning',
    'host/web-1 kill info',
  ]);
  expect(events[0]).toMatchObject({
    text: 'cart: exit code 137',
    time: now - 5000,
    labels: { host: 'web-1', container: 'cart', image: 'shop/cart:3', exit_code: '137' },
  });
});

test('goes on from the last event when the engine was away, and tells it by the same id', async () => {
  say(happened('oom', -1500));
  await until(() => events.length === 1);
  streams.at(-1)?.write('{"Type":"container","Action":"d');
  streams.at(-1)?.destroy();
  await until(() => streams.length === 2);
  expect(Math.round(Number(asked[1]?.searchParams.get('since')) * 1000)).toBe(now - 1500);
  expect(JSON.parse(asked[1]?.searchParams.get('filters') ?? '')).toMatchObject({ type: ['container'] });
  say(happened('oom', -1500), happened('die', -100, { exitCode: '0' }));
  await until(() => events.length === 3);
  expect(events[1]?.id).toBe(events[0]?.id);
  expect(events[2]).toMatchObject({ name: 'container_died', severity: 'info' });
});

test('says that there is no engine, until there is', async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await until(() => source.view().state === 'down');
  expect(source.view().lastError?.phrase).toMatchObject({ key: 'collect.engineUnreachable', values: { socket } });
  await listen();
  await until(() => source.view().state === 'up');
});

test('keeps the millisecond of an event, though its nanoseconds do not fit a number', () => {
  for (let at = 0; at < 1000; at += 1)
    expect(toldByEngine(happened('oom', at), 'web-1')?.time, `${now + at}`).toBe(now + at);
});

test('bears whatever comes', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('die', 'oom', 'health_status: x', 'health_status'));
  const event = fc.record(
    {
      Action: text,
      Actor: fc.record({ ID: text, Attributes: fc.dictionary(text, text) }),
      timeNano: fc.double(),
      status: text,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), event), (found) => {
      const told = toldByEngine(found, 'h');
      expect(told === null || Number.isSafeInteger(told.time)).toBe(true);
    }),
  );
});
