import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPostgres, type PostgresServer, startPostgres } from '../system/postgres.ts';
import { cleanUp, eventually, runVigia } from '../system/vigia.ts';
import { type Cluster, kafkaMissing, startCluster } from './kafka-cluster.ts';
import { type StageProcess, startStages } from './stage-process.ts';

const bin = findPostgres();
const STEP = 1000;
const ENTITIES = 12;
const FRAMES = 240;
const PATIENCE = Number(process.env['VIGIA_TEST_PATIENCE'] ?? 120_000);

describe.skipIf(kafkaMissing !== null || bin === null)('stages in processes of their own', () => {
  let cluster: Cluster;
  let server: PostgresServer;
  let database: pg.Pool;
  const running = new Map<string, StageProcess>();

  beforeAll(async () => {
    cluster = await startCluster({ brokers: 1 });
    server = await startPostgres(bin!);
    database = new pg.Pool({ connectionString: server.url, max: 2 });
  }, 240_000);
  afterAll(async () => {
    if (process.env['VIGIA_TEST_DEBUG'])
      for (const one of running.values()) console.log(one.name, one.output().slice(-6000));
    for (const one of running.values()) await one.stop('SIGKILL');
    await database?.end();
    server?.stop();
    await cluster?.stop();
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
          const value = 50 + 5 * Math.sin(i / 7 + e) + ((i * 37 + e * 11) % 13) / 10;
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
  const watched = async (): Promise<number> => {
    const all = [...running.values()].filter(({ name }) => name.startsWith('detect'));
    const counts = await Promise.all(all.map((one) => one.metric('vigia_detect_entities')));
    return counts.reduce((sum, n) => sum + n, 0);
  };

  it('are refused alone, and say what is missing', async () => {
    const { code, output } = await runVigia(['run', '--stages', 'detect'], {
      ...(process.env['VIGIA_TEST_MAIN'] && { main: process.env['VIGIA_TEST_MAIN'] }),
    });
    expect(code).toBe(1);
    expect(output).toContain('bus.kafka.brokers, store.url');
    const wrong = await runVigia(['run', '--stages', 'detekt'], {
      ...(process.env['VIGIA_TEST_MAIN'] && { main: process.env['VIGIA_TEST_MAIN'] }),
    });
    expect(wrong.code).toBe(2);
    expect(wrong.output).toContain('detekt');
  });

  it('do the work together; each entity is with one process, and moves when that one leaves', async () => {
    const start0 = Math.floor(Date.now() / STEP) * STEP - 2 * FRAMES * STEP;
    const api = await start('api-1', 'api');
    await start('prepare-1', 'collect,logs,prepare');
    await start('detect-1', 'detect,predict');
    await push(api, 'one', { from: 0, to: FRAMES / 2, start: start0 });
    await start('detect-2', 'detect,predict');
    await eventually('both watch', PATIENCE, async () => {
      const shares = await Promise.all(
        ['detect-1', 'detect-2'].map((n) => running.get(n)!.metric('vigia_detect_entities')),
      );
      if (shares[0]! > 0 && shares[1]! > 0 && shares[0]! + shares[1]! === ENTITIES) return true;
      throw new Error(`they watch ${shares.join(' and ')}, ${await framesOf('one')} frames`);
    });
    await push(api, 'one', { from: FRAMES / 2, to: FRAMES, start: start0 });
    // The last steps close with lateness.
    await eventually('every frame is there', PATIENCE, async () => (await framesOf('one')) >= ENTITIES * (FRAMES - 3));
    expect(await stop('detect-1')).toBe(0);
    await eventually('the other one takes over', PATIENCE, async () => (await watched()) === ENTITIES);
    expect(await running.get('detect-2')!.ready()).toBe(true);
  }, 400_000);
});
