import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, statfsSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EntityView, IncidentDetail } from '../../src/api/contract/views.ts';
import type { Outcome, Run } from '../../src/model/action.ts';
import type { Anomaly } from '../../src/model/anomaly.ts';
import type { Incident } from '../../src/model/incident.ts';
import type { Prediction } from '../../src/model/prediction.ts';
import { cleanUp, eventually, type RunningVigia, temporaryFolder } from './vigia.ts';

interface Items<T> {
  readonly items: readonly T[];
}

const scripts = resolve(import.meta.dirname, 'trouble');
const children: ChildProcess[] = [];
const mounts: string[] = [];

/** Real trouble on this machine: a child process that runs one of the scripts beside this file. */
function trouble(script: string, ...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [join(scripts, script), ...args], { stdio: 'ignore' });
  children.push(child);
  return child;
}

/** Mounts a tmpfs of 64 MB; null where that is not allowed. */
function mountTmpfs(folder: string): string | null {
  const mountpoint = join(folder, 'disk');
  mkdirSync(mountpoint);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', mountpoint], { stdio: 'ignore' });
  } catch {
    return null;
  }
  mounts.push(mountpoint);
  return mountpoint;
}

/** Moved away first: a file that is written while `rm` is at work would make it fail. */
const FREE = 'mv "$1/junk" "$1/old" && rm -rf "$1/old"';

const action = (id: string, argv: readonly string[]): object => ({
  id,
  title: { en: id, es: id },
  match: { entityKinds: ['host'], features: ['filesystem_used_bytes*'] },
  executor: 'command',
  args: { argv },
  settle: '8s',
  cooldown: '1s',
  timeout: '10s',
  mode: 'suggest',
});

/** Trouble that is found at all is found within some seconds. */
const WAIT_MS = 40_000;
/** Three attempts, a minute for the machine to calm down before each, and a pause between them. */
const PATIENCE_MS = 3 * (60_000 + WAIT_MS) + 2 * 2 * WAIT_MS + 60_000;

const cpuTimes = (): readonly { readonly idle: number; readonly all: number }[] =>
  cpus().map(({ times }) => ({
    idle: times.idle,
    all: times.user + times.nice + times.sys + times.idle + times.irq,
  }));

/**
 * Waits until the machine has had half of its CPU free for five seconds on end, for a minute at most: a program that
 * starts keeps every core busy, and what is learnt meanwhile holds any trouble with the CPU for usual.
 */
export async function calm(): Promise<void> {
  const limit = Date.now() + 60_000;
  for (let seconds = 0; seconds < 5 && Date.now() < limit;) {
    const before = cpuTimes();
    await delay(1000);
    const after = cpuTimes();
    const sum = (of: 'idle' | 'all'): number =>
      after.reduce((total, core, index) => total + core[of] - (before[index]?.[of] ?? 0), 0);
    seconds = sum('idle') >= 0.5 * sum('all') ? seconds + 1 : 0;
  }
}

/** Starts Vigía in this folder with this configuration, in whatever way; resolves when it is ready. */
type Start = (options: { readonly folder: string; readonly config: object }) => Promise<RunningVigia>;

/** What Vigía does for a machine in real trouble, however it is run: as one process, or as many. */
export function checkMachineInTrouble(name: string, start: Start): void {
  describe(`${name}:`, () => {
    let vigia: RunningVigia;
    let host: EntityView;
    let mountpoint: string | null;

    beforeAll(async () => {
      const folder = temporaryFolder();
      mountpoint = mountTmpfs(folder);
      vigia = await start({
        folder,
        config: {
          step: '1s',
          // What starts keeps the CPU busy for some seconds, which is a small part of so many steps.
          detect: { warmUp: 90, minimumDuration: '5s' },
          actions: [
            action('free-space', ['sh', '-c', FREE, 'sh', '{feature.labels.mountpoint}']),
            action('do-nothing', ['true']),
          ],
        },
      });
      host = await eventually('the host is known', 60_000, async () => {
        const { items } = await vigia.get<Items<EntityView>>('/api/v1/entities');
        return items.find((entity) => entity.kind === 'host');
      });
      await eventually('the host is learnt', 180_000, async () => {
        const view = await vigia.get<EntityView>(`/api/v1/entities/${host.id}`);
        return view.learning.ready;
      });
    }, PATIENCE_MS);

    afterAll(async () => {
      for (const child of children) child.kill('SIGKILL');
      await vigia.stop();
      for (const mounted of mounts) execFileSync('umount', ['-l', mounted]);
      cleanUp();
    });

    /** An anomaly of the host that began after `from` and in which one of the features has a part. */
    const anomalySince = (from: number, features: RegExp): Promise<Anomaly> =>
      eventually(`an anomaly of ${String(features)}`, WAIT_MS, async () => {
        const { items } = await vigia.get<Items<Anomaly>>(
          `/api/v1/anomalies?entity=${encodeURIComponent(host.id)}&limit=50`,
        );
        const found = items.find(
          (anomaly) =>
            anomaly.start >= from - 5_000 &&
            anomaly.contributions.some(({ feature, share }) => share > 0.02 && features.test(feature)),
        );
        if (found) return found;
        const told = items.map(({ kind, start, contributions }) => {
          const shares = contributions.slice(0, 3).map(({ feature, share }) => `${feature} ${share.toFixed(2)}`);
          return `${kind} after ${(start - from) / 1000} s: ${shares.join(', ')}`;
        });
        throw new Error(`seen: ${told.slice(0, 5).join('; ') || 'no anomaly at all'}`);
      });

    /** The anomaly that real trouble makes; what else runs on the machine may hide it once or twice, not three times. */
    async function anomalyOf(features: RegExp, script: string, ...args: readonly string[]): Promise<Anomaly> {
      for (let attempt = 1; ; attempt++) {
        await calm();
        const onset = Date.now();
        const child = trouble(script, ...args);
        try {
          return await anomalySince(onset, features);
        } catch (error) {
          if (attempt === 3) throw error;
        } finally {
          child.kill('SIGKILL');
        }
        // What was not found is taken for usual, until something else has been usual for longer.
        await delay(2 * WAIT_MS);
      }
    }

    it(
      'names the CPU when a process burns every core',
      async () => {
        const anomaly = await anomalyOf(/cpu/, 'burn-cpu.mjs', '120');
        expect(['spike', 'level_shift', 'trend']).toContain(anomaly.kind);
        expect(anomaly.contributions.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 5);
      },
      PATIENCE_MS,
    );

    it(
      'names the memory when a process grows by 20 MB a second',
      async () => {
        const anomaly = await anomalyOf(/memory|resident/, 'grow-memory.mjs', '20', '1200');
        expect(['spike', 'level_shift', 'trend']).toContain(anomaly.kind);
      },
      PATIENCE_MS,
    );

    it('says when a filling disk will be full, and cleans up after an approval', async (context) => {
      if (mountpoint === null) {
        context.skip('a tmpfs cannot be mounted without root: run `sudo npm test`');
        return;
      }
      const disk = mountpoint;
      const feature = `filesystem_used_bytes{fstype="tmpfs",mountpoint="${disk}"}`;
      const onset = Date.now();
      const kibibytesASecond = 700;
      const fullAt = onset + (64 * 1024 * 1000) / kibibytesASecond;
      trouble('fill-disk.mjs', disk, String(kibibytesASecond));

      const prediction = await eventually(
        'the disk is predicted to fill, within a quarter of the truth',
        45_000,
        async () => {
          const { items } = await vigia.get<Items<Prediction>>('/api/v1/predictions?state=open&limit=50');
          const found = items.find((candidate) => candidate.feature === feature);
          if (!found?.expectedAt) return null;
          const left = fullAt - found.madeAt;
          return Math.abs(found.expectedAt - fullAt) <= 0.25 * left ? found : null;
        },
      );
      const { blocks, bfree } = statfsSync(disk);
      expect((blocks - bfree) / blocks).toBeLessThan(0.5);
      expect(prediction.earliest).toBeLessThanOrEqual(prediction.expectedAt ?? 0);

      const incident = await eventually('an incident with recommended actions', 60_000, async () => {
        const { items } = await vigia.get<Items<Incident>>('/api/v1/incidents?state=open&limit=50');
        const found = items.find((candidate) => candidate.predictions.includes(prediction.id));
        if (!found) return null;
        const detail = await vigia.get<IncidentDetail>(`/api/v1/incidents/${found.id}`);
        return detail.recommendation && detail.recommendation.actions.length >= 2 ? detail : null;
      });

      const dryRun = await request(incident.incident.id, 'free-space', true);
      expect(dryRun.state).toBe('dry_run');
      expect(dryRun.plan.join(' ')).toContain(FREE);
      expect(dryRun.plan.join(' ')).toContain(disk);
      expect(statfsSync(disk).bfree).toBeLessThan(blocks);

      expect(await carryOut(incident.incident.id, 'do-nothing')).toMatchObject({ verdict: 'ineffective' });
      expect(await carryOut(incident.incident.id, 'free-space')).toMatchObject({ verdict: 'resolved' });
    });

    async function request(incident: string, id: string, dryRun: boolean): Promise<Run> {
      const response = await vigia.post('/api/v1/runs', { action: id, entity: host.id, incident, dryRun });
      expect(response.status, await response.clone().text()).toBe(201);
      return (await response.json()) as Run;
    }

    /** Asks for a run, approves it and waits for its outcome. */
    async function carryOut(incident: string, id: string): Promise<Outcome> {
      const run = await request(incident, id, false);
      expect(run.state).toBe('awaiting_approval');
      const approved = await vigia.post(`/api/v1/runs/${run.id}/approve`);
      expect(approved.status, await approved.clone().text()).toBe(200);
      return eventually(`the outcome of ${id}`, 60_000, async () => {
        const { items } = await vigia.get<Items<Outcome>>(`/api/v1/outcomes?incident=${incident}&limit=50`);
        return items.find((outcome) => outcome.run === run.id);
      });
    }
  });
}
