import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LinkView, Outcome, Run } from '../../src/model/action.ts';
import { cleanUp, eventually, freePort, type RunningVigia, startVigia, temporaryFolder } from './vigia.ts';

/** What people and targets see of acting when the program itself dies, over real processes. */
const ENTITY = 'service/orders';
const PATIENCE = 120_000;

interface Told {
  readonly key: string;
  readonly title: string;
  readonly links: readonly { readonly href: string }[];
  readonly notices: readonly { readonly kind: string; readonly run: string | null }[];
}

let receiver: Server;
let told: Told[] = [];
let away = false;

beforeAll(async () => {
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (!away) told.push(JSON.parse(Buffer.concat(chunks).toString()) as Told);
      response.writeHead(away ? 500 : 200).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  cleanUp();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

function configOf(folder: string): object {
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  // Writes a line, and goes on for a while: time to die in between.
  const script = `require('fs').appendFileSync(${JSON.stringify(join(folder, 'acts'))}, 'x\\n'); setTimeout(() => {}, 10_000)`;
  return {
    step: '1s',
    collect: { host: { enabled: false } },
    notify: { channels: [{ name: 'ops', kind: 'webhook', url, approve: 'operator', group: '0s' }] },
    actions: [
      {
        id: 'drain',
        title: { en: 'Drain the queue', es: 'Vaciar la cola' },
        executor: 'command',
        args: { argv: [process.execPath, '-e', script] },
        settle: '2s',
        cooldown: '1s',
      },
    ],
  };
}

const acts = (folder: string): number => {
  const file = join(folder, 'acts');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').length : 0;
};

async function wish(vigia: RunningVigia): Promise<Run> {
  const sent = await vigia.post('/api/v1/samples', `queue_depth{entity="${ENTITY}"} 5\n`);
  expect(sent.status).toBe(204);
  return eventually('the run is asked for', PATIENCE, async () => {
    const asked = await vigia.post('/api/v1/runs', { action: 'drain', entity: ENTITY });
    return asked.status === 201 ? ((await asked.json()) as Run) : null;
  });
}

const toldOf = (run: string) => told.filter(({ notices }) => notices.some((notice) => notice.run === run));
const stateOf = async (vigia: RunningVigia, run: string): Promise<Run> => vigia.get<Run>(`/api/v1/runs/${run}`);

describe('a process that dies while it acts', () => {
  it('has acted once: the run is found, nobody repeats it, and what it brought is not known', async () => {
    const folder = temporaryFolder();
    const options = { folder, port: await freePort(), config: configOf(folder) };
    const before = await startVigia(options);
    const { id } = await wish(before);
    expect((await before.post(`/api/v1/runs/${id}/approve`)).status).toBe(200);
    await eventually('it acts', PATIENCE, async () => acts(folder) === 1);
    await before.stop('SIGKILL');

    const after = await startVigia(options);
    const run = await eventually('the run is reconciled', PATIENCE, async () => {
      const found = await stateOf(after, id);
      return found.state === 'failed' && found;
    });
    expect(run.error?.key).toBe('act.interrupted');
    const outcome = await eventually('it is judged', PATIENCE, async () =>
      (await after.get<{ items: Outcome[] }>('/api/v1/outcomes')).items.find((one) => one.run === id),
    );
    expect(outcome.verdict).toBe('inconclusive');
    expect(acts(folder)).toBe(1);
    const { items } = await after.get<{ items: { verb: string; target: string }[] }>('/api/v1/audit');
    const verbs = items.filter(({ target }) => target === id).map(({ verb }) => verb);
    expect(verbs.toSorted()).toEqual(['run.approve', 'run.interrupt', 'run.request']);
    await after.stop();
  });
});

describe('a run that waits', () => {
  it('is told to people though the program dies and their channel is away, and their link decides it once', async () => {
    const folder = temporaryFolder();
    const options = { folder, port: await freePort(), config: configOf(folder) };
    const first = await startVigia(options);
    told = [];
    away = true;
    const { id } = await wish(first);
    await first.stop('SIGKILL');

    const second = await startVigia(options);
    away = false;
    await eventually('people are told', PATIENCE, async () => toldOf(id).length > 0);
    await second.stop('SIGKILL');

    const third = await startVigia(options);
    const href = toldOf(id)[0]!.links[0]!.href;
    expect(href).toContain('/approve#');
    const link = `/api/v1/approval-links/${href.split('#')[1]}`;
    expect((await third.get<LinkView>(link)).run.id).toBe(id);
    expect(acts(folder)).toBe(0);
    expect((await third.post(link, { decision: 'approve' })).status).toBe(200);
    await eventually('it acts', PATIENCE, async () => acts(folder) === 1);
    const again = await third.post(link, { decision: 'approve' });
    expect(again.status).toBe(409);
    await eventually('it ends', PATIENCE, async () => (await stateOf(third, id)).state === 'succeeded');
    expect(acts(folder)).toBe(1);
    // It may have been told twice where the program died in between, but never as two messages.
    expect(new Set(toldOf(id).map(({ key }) => key)).size).toBe(1);
    await third.stop();
  });
});
