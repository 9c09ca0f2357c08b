import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPostgres, type PostgresServer, startPostgres } from '../system/postgres.ts';
import { cleanUp, freePort, temporaryFolder } from '../system/vigia.ts';
import { buildImage, type Container, imageMegabytes, podmanMissing, runOnce, startContainer } from './image/podman.ts';
import { type Cluster, startCluster } from './kafka-cluster.ts';
import { distributedMissing } from './staged-vigia.ts';

const deploy = new URL('../../deploy/', import.meta.url).pathname;
/** MB of what the image has beside its base. */
const MAX_MB = 250;
const READY_MS = 120_000;

async function untilReady(url: string, container: Container): Promise<void> {
  const limit = Date.now() + READY_MS;
  for (;;) {
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    if (answer?.ok === true) return;
    if (Date.now() > limit) throw new Error(`not ready at ${url}:\n${await container.output()}`);
    await delay(200);
  }
}

const reason = podmanMissing ?? distributedMissing;

describe.skipIf(reason !== null)(`the image ${reason ?? ''}`, () => {
  const containers: Container[] = [];
  const start = async (...args: Parameters<typeof startContainer>): Promise<Container> => {
    const container = await startContainer(...args);
    containers.push(container);
    return container;
  };
  beforeAll(() => buildImage(), 600_000);
  afterAll(async () => {
    for (const container of containers) await container.stop();
    cleanUp();
  });

  it(`has at most ${MAX_MB} MB beside its base, and nothing that builds`, async () => {
    const total = await imageMegabytes();
    expect(total).toBeGreaterThan(50);
    expect(total).toBeLessThanOrEqual(MAX_MB);
    const tools = ['npm', 'npx', 'yarn', 'gcc', 'cc', 'make', 'python3', 'tsc'];
    const script = `
      const { existsSync } = await import('node:fs');
      const folders = ['/usr/local/bin', '/usr/bin', '/bin', '/vigia/node_modules/.bin'];
      const tools = ${JSON.stringify(tools)};
      console.log(JSON.stringify(tools.filter((tool) => folders.some((folder) => existsSync(folder + '/' + tool)))));`;
    expect(JSON.parse(await runOnce('/usr/local/bin/node', ['--input-type=module', '--eval', script]))).toEqual([]);
  });

  it('makes passwords once, each another', async () => {
    const folder = temporaryFolder();
    const make = () => runOnce('/usr/local/bin/node', ['/vigia/make-secrets.mjs', '/secrets'], [`${folder}:/secrets`]);
    const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
    await make();
    const first = read('admin-token');
    await make();
    expect(first).toMatch(/^[0-9a-f]{48}\n$/);
    expect(read('admin-token')).toBe(first);
    expect(read('database-password')).not.toBe(first);
    expect(statSync(join(folder, 'admin-token')).mode & 0o222).toBe(0);
  });

  it('is Vigía in one process, as nobody in particular and with nothing to write to', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const container = await start({ name: 'alone', env: { VIGIA_API_PORT: String(port), VIGIA_STEP: '1s' } });
    await untilReady(url, container);
    const script = `
      const { writeFileSync } = await import('node:fs');
      const refused = ['/vigia/x', '/etc/x', '/usr/local/bin/x'].map((path) => {
        try { writeFileSync(path, ''); return 'written'; } catch (error) { return error.code; }
      });
      console.log(JSON.stringify({ user: process.getuid(), refused }));`;
    const seen = JSON.parse(await container.node(script)) as { user: number; refused: string[] };
    expect(seen.user).toBe(10_001);
    expect(seen.refused.every((code) => code === 'EROFS' || code === 'EACCES')).toBe(true);
    const health = `process.env.VIGIA_API_PORT = '${port}'; await import('/vigia/health-check.mjs');`;
    await expect(container.node(health)).resolves.toBe('');
    const posted = await fetch(`${url}/api/v1/samples`, { method: 'POST', body: 'up{host="web-1"} 1' });
    expect(posted.status).toBe(204);
    await containers.pop()!.stop();
  });

  describe('with its stages in containers of their own', () => {
    let cluster: Cluster;
    let server: PostgresServer;
    beforeAll(async () => {
      cluster = await startCluster({ brokers: 1 });
      server = await startPostgres(findPostgres()!);
    }, READY_MS);
    afterAll(async () => {
      for (const container of containers.splice(0)) await container.stop();
      server?.stop();
      await cluster?.stop();
    });

    it('watches what is sent to it, with the configuration and the passwords of compose.yaml', async () => {
      const [folder, secrets] = [temporaryFolder(), temporaryFolder()];
      execFileSync(process.execPath, [join(deploy, 'make-secrets.mjs'), secrets]);
      let config = readFileSync(join(deploy, 'vigia.yaml'), 'utf8');
      // Only where others are to be found, and how long it takes, is different here.
      for (const [there, here] of [
        ['timescale:5432/vigia', new URL(server.url).host + new URL(server.url).pathname],
        ["'kafka:9092'", JSON.stringify(cluster.addresses[0])],
        ['partitions: 12', 'partitions: 3'],
        ['step: 15s', 'step: 1s'],
      ] as const) {
        expect(config.split(there)).toHaveLength(2);
        config = config.replace(there, here);
      }
      writeFileSync(join(folder, 'vigia.yaml'), config);
      for (const mounted of [folder, secrets]) chmodSync(mounted, 0o755);
      const plan = ['collect,logs,prepare', 'detect,predict,learn', 'correlate,recommend,act', 'api'];
      const port = await freePort();
      for (const stages of plan) {
        const metrics = await freePort();
        const container = await start({
          name: stages.replaceAll(',', '-'),
          env: { VIGIA_API_PORT: String(port), VIGIA_METRICS_PORT: String(metrics) },
          mounts: { [folder]: '/etc/vigia', [secrets]: '/secrets' },
          command: ['run', '--config', '/etc/vigia/vigia.yaml', '--stages', stages],
        });
        await untilReady(`http://127.0.0.1:${metrics}`, container);
      }
      const url = `http://127.0.0.1:${port}/api/v1`;
      const headers = { authorization: `Bearer ${readFileSync(join(secrets, 'admin-token'), 'utf8').trim()}` };
      expect((await fetch(`${url}/entities`)).status).toBe(401);
      const stored = async (): Promise<number> => {
        const body = `load{host="web-1"} ${Date.now() % 7}`;
        await fetch(`${url}/samples`, { method: 'POST', body, headers });
        const answer = await fetch(`${url}/samples?entity=${encodeURIComponent('host/web-1')}`, { headers });
        return ((await answer.json()) as { items: unknown[] }).items.length;
      };
      await expect.poll(stored, { timeout: READY_MS, interval: 500 }).toBeGreaterThan(2);
      const { items } = (await (await fetch(`${url}/entities`, { headers })).json()) as { items: { id: string }[] };
      expect(items.map(({ id }) => id)).toContain('host/web-1');
    });
  });
});
