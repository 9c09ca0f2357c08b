import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPostgres, type PostgresServer, startPostgres } from '../system/postgres.ts';
import { cleanUp, eventually, runVigia } from '../system/vigia.ts';
import { startTraceReceiver, type TraceReceiver, wayTo } from '../fixtures/trace-receiver.ts';
import { checkBadInput, USER } from './bad-input.ts';
import { checkSamePredictions } from './same-predictions.ts';
import { type Cluster, kafkaMissing, startCluster } from './kafka-cluster.ts';
import { type StageProcess, startStages } from './stage-process.ts';

const bin = findPostgres();
const STEP = 1000;
const ENTITIES = 12;
const FRAMES = 240;
const PATIENCE = 120_000;
/** Steps in which every third entity is in trouble; instances come and go meanwhile. */
const TROUBLE = { from: 130, to: 200 } as const;

describe.skipIf(kafkaMissing !== null || bin === null)('stages in processes of their own', () => {
  let cluster: Cluster;
  let server: PostgresServer;
  let database: pg.Pool;
  let receiver: TraceReceiver;
  const running = new Map<string, StageProcess>();

  beforeAll(async () => {
    cluster = await startCluster({ brokers: 1, user: USER });
    server = await startPostgres(bin!);
    receiver = await startTraceReceiver();
    database = new pg.Pool({ connectionString: server.url, max: 2 });
  }, 240_000);
  afterAll(async () => {
    for (const one of running.values()) await one.stop('SIGKILL');
    await database?.end();
    server?.stop();
    await cluster?.stop();
    await receiver?.close();
    cleanUp();
  });

  const config = (extra: object = {}): object => ({
    step: '1s',
    log: { level: 'info' },
    store: { url: server.url },
    bus: { kafka: { brokers: cluster.addresses, partitions: 6, session: '6s' } },
    collect: { host: { enabled: false } },
    detect: { warmUp: 30, minimumDuration: '5s' },
    prepare: { lateness: '1s' },
    telemetry: { traces: { endpoint: receiver.endpoint, ratio: 0.1 } },
    ...extra,
  });
  const start = async (name: string, stages: string, env: Record<string, string> = {}): Promise<StageProcess> => {
    const process = await startStages({ name, stages, config: config(), env });
    running.set(name, process);
    return process;
  };
  const stop = async (name: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
    const code = (await running.get(name)?.stop(signal)) ?? null;
    running.delete(name);
    return code;
  };
  const count = async (sql: string, values: readonly unknown[] = []): Promise<number> =>
    Number((await database.query<{ n: string }>(sql, [...values])).rows[0]?.n ?? 0);
  /** Sends steps of every entity of a group by way of a process with the interface. */
  async function push(to: StageProcess, group: string, range: { from: number; to: number; start: number }) {
    for (let at = range.from; at < range.to; at += 20) {
      const lines: string[] = [];
      for (let i = at; i < Math.min(at + 20, range.to); i++) {
        for (let e = 0; e < ENTITIES; e++) {
          const time = range.start + i * STEP;
          const trouble = e % 3 === 0 && i >= TROUBLE.from && i < TROUBLE.to ? 40 : 0;
          const value = 50 + trouble + 5 * Math.sin(i / 7 + e) + ((i * 37 + e * 11) % 13) / 10;
          lines.push(`load{entity="host/${group}-${e}"} ${value.toFixed(6)} ${time}`);
        }
      }
      const response = await fetch(`${to.url}/api/v1/samples`, {
        method: 'POST',
        headers: { 'x-vigia': '1', 'content-type': 'text/plain' },
        body: `${lines.join('\n')}\n`,
      });
      expect(response.status, await response.text()).toBeLessThan(300);
    }
  }
  const framesOf = (group: string): Promise<number> =>
    count(`select count(*) as n from frames_step f join entities e on e.number = f.entity where e.id like $1`, [
      `host/${group}-%`,
    ]);
  /** The last steps wait for lateness. */
  const complete = (group: string): Promise<boolean> =>
    eventually(`every frame of ${group} is there`, PATIENCE, async () => {
      const found = await framesOf(group);
      if (found >= ENTITIES * (FRAMES - 3)) return true;
      throw new Error(`${found} frames`);
    });
  /** Whether these watch all entities together, each some of them. */
  const shared = async (names: readonly string[]): Promise<boolean> => {
    const shares = await Promise.all(names.map((name) => running.get(name)!.metric('vigia_detect_entities')));
    const all = await count('select count(*) as n from entities');
    const sum = shares.reduce((so, n) => so + n, 0);
    if (sum === all && shares.every((share) => share > 0)) return true;
    throw new Error(`they watch ${shares.join(' and ')} of ${all}`);
  };
  /** What was expected of every entity of a group, in all rows that it has in common with the first, is the same to the last bit. */
  async function sameExpected(group: string): Promise<void> {
    const { rows } = await database.query<{ rows: string; different: string }>(
      `select count(*) as rows, count(*) filter (where (a.mean, a.low, a.high) is distinct from (b.mean, b.low, b.high))
         as different
       from frames_expected a join entities ea on ea.number = a.entity
       join entities eb on eb.id = replace(ea.id, '/one-', '/' || $1 || '-')
       join frames_expected b on b.entity = eb.number and b.time = a.time where ea.id like 'host/one-%'`,
      [group],
    );
    expect(Number(rows[0]!.rows)).toBeGreaterThan(ENTITIES * 5);
    expect(Number(rows[0]!.different)).toBe(0);
  }
  /** When each entity in trouble was in trouble, and the peak of its score, to the last digit. */
  async function troubles(at: StageProcess, group: string): Promise<unknown[]> {
    const found: unknown[] = [];
    for (let e = 0; e < ENTITIES; e += 3) {
      const response = await fetch(`${at.url}/api/v1/anomalies?entity=host/${group}-${e}&limit=100`);
      const { items } = (await response.json()) as {
        items: { kind: string; start: number; score: number; pValue: number }[];
      };
      // That nothing comes any more is found by the clock on the wall.
      const judged = items.filter(({ kind }) => kind !== 'missing');
      const [worst] = judged.toSorted((a, b) => a.pValue - b.pValue || a.start - b.start);
      found.push(worst === undefined ? null : [e, worst.start, worst.score, worst.pValue]);
    }
    return found;
  }
  const main = process.env['VIGIA_TEST_MAIN'];
  const refused = (stages: string) => runVigia(['run', '--stages', stages], main === undefined ? {} : { main });

  it('are refused alone, and say what is missing', async () => {
    const { code, output } = await refused('detect');
    expect(code).toBe(1);
    expect(output).toContain('bus.kafka.brokers, store.url');
    const wrong = await refused('detekt');
    expect(wrong.code).toBe(2);
    expect(wrong.output).toContain('detekt');
  });

  it('do the work together, and come to the same bits, however often an entity changes hands', async () => {
    const begin = Math.floor(Date.now() / STEP) * STEP - 2 * FRAMES * STEP;
    const api = await start('api-1', 'api');
    await start('prepare-1', 'collect,logs,prepare');
    await start('detect-1', 'detect,predict');

    // One process alone.
    await push(api, 'one', { from: 0, to: FRAMES, start: begin });
    await complete('one');
    // The interface knows what only detect knows, by way of the store.
    await eventually('it is learnt, and told so', PATIENCE, async () => {
      const response = await fetch(`${api.url}/api/v1/entities/host/one-0`);
      const { learning } = (await response.json()) as { learning: { ready: boolean } };
      return learning.ready;
    });

    // The same numbers for others, while instances come, leave in good order and are killed.
    await push(api, 'two', { from: 0, to: FRAMES / 3, start: begin });
    await start('detect-2', 'detect,predict');
    await eventually('both watch', PATIENCE, () => shared(['detect-1', 'detect-2']));
    await push(api, 'two', { from: FRAMES / 3, to: FRAMES / 2, start: begin });
    expect(await stop('detect-1')).toBe(0);
    await push(api, 'two', { from: FRAMES / 2, to: (2 * FRAMES) / 3, start: begin });
    await start('detect-3', 'detect,predict');
    await eventually('both watch again', PATIENCE, () => shared(['detect-2', 'detect-3']));
    const pushing = push(api, 'two', { from: (2 * FRAMES) / 3, to: FRAMES, start: begin });
    await stop('detect-2', 'SIGKILL');
    await pushing;
    await complete('two');
    await eventually('one has taken over everything', PATIENCE, () => shared(['detect-3']));
    expect(await running.get('detect-3')!.ready()).toBe(true);

    // Four at once from the first frame on.
    await start('detect-4', 'detect,predict');
    await start('detect-5', 'detect,predict');
    await start('detect-6', 'detect,predict');
    await push(api, 'four', { from: 0, to: FRAMES / 6, start: begin });
    const four = ['detect-3', 'detect-4', 'detect-5', 'detect-6'];
    await eventually('all four watch', PATIENCE, () => shared(four));
    await push(api, 'four', { from: FRAMES / 6, to: FRAMES, start: begin });
    await complete('four');

    const alone = await eventually('one has found the trouble', PATIENCE, async () => {
      const found = await troubles(api, 'one');
      return found.includes(null) ? null : found;
    });
    for (const group of ['two', 'four']) {
      await eventually(`${group} have found the same`, PATIENCE, async () => {
        expect(await troubles(api, group)).toEqual(alone);
        return true;
      });
      await sameExpected(group);
    }
  }, 600_000);

  it('tell of one sample what each of them did with it', async () => {
    const way = await eventually('a way over three processes', PATIENCE, async () =>
      wayTo('detect process frames', receiver.spans),
    );
    expect(way.map(({ name }) => name)).toEqual([
      'send samples',
      'prepare process samples',
      'send frames',
      'detect process frames',
    ]);
    const [api, prepare, again, detect] = way.map(({ instance }) => instance);
    expect([api, prepare, again]).toEqual(['api-1', 'prepare-1', 'prepare-1']);
    expect(detect).toMatch(/^detect-\d$/);
  });

  it('have an interface in two places that is one: what one takes the other shows, and both tell of it alike', async () => {
    const [one, two] = [running.get('api-1')!, await start('api-2', 'api')];
    const over = new AbortController();
    const heard = new Map<StageProcess, string>();
    const listen = async (to: StageProcess): Promise<void> => {
      const response = await fetch(`${to.url}/api/v1/stream`, { signal: over.signal });
      const decoder = new TextDecoder();
      for await (const chunk of response.body!)
        heard.set(to, (heard.get(to) ?? '') + decoder.decode(chunk, { stream: true }));
    };
    const listening = [one, two].map((to) => listen(to).catch(() => undefined));
    await eventually('both listen', PATIENCE, async () => heard.size === 2);
    const made = await fetch(`${one.url}/api/v1/silences`, {
      method: 'POST',
      headers: { 'x-vigia': '1', 'content-type': 'application/json' },
      body: JSON.stringify({ match: { entity: 'host/nobody' }, forSeconds: 60, why: 'two replicas' }),
    });
    expect(made.status).toBe(201);
    const { id } = (await made.json()) as { id: string };
    const toldOf = (from: StageProcess): readonly string[] =>
      (heard.get(from) ?? '').split('\n\n').filter((message) => message.includes(id));
    await eventually('both are told', PATIENCE, async () => toldOf(one).length > 0 && toldOf(two).length > 0);
    // Under the same number, so that a reader may go on at the other.
    expect(toldOf(two)).toEqual(toldOf(one));
    expect((await fetch(`${two.url}/api/v1/silences/${id}`)).status).toBe(200);
    over.abort();
    await Promise.all(listening);
  });

  checkSamePredictions(() => ({ cluster, server }));

  checkBadInput(() => ({ cluster, server }));

  it('say of themselves what the list of metrics says, and nothing else', async () => {
    const page = readFileSync(resolve(import.meta.dirname, '../../docs/operations/metrics.md'), 'utf8');
    const listed = new Set([...page.matchAll(/^\| `(vigia_\w+)`/gm)].map(([, name]) => name));
    await start('rest-1', 'correlate,recommend,act,learn');
    const told = new Set<string>();
    for (const one of running.values()) {
      const text = await (await fetch(`${one.health}/metrics`)).text();
      for (const [, name = ''] of text.matchAll(/^# TYPE (vigia_\w+) /gm)) told.add(name);
    }
    expect([...told].filter((name) => !listed.has(name))).toEqual([]);
    expect(told.size).toBeGreaterThan(30);
    const names = [...running.keys()];
    const codes: unknown[] = [];
    for (const name of names) codes.push([name, await stop(name)]);
    expect(codes).toEqual(names.map((name) => [name, 0]));
  }, 300_000);
});
