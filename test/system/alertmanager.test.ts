import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cleanUp, freePort, type RunningVigia, startVigia, temporaryFolder } from './vigia.ts';

const PROGRAM = '/usr/bin/prometheus-alertmanager';
const MISSING = `${PROGRAM} is not installed`;

interface Listed {
  readonly items: readonly {
    readonly name: string;
    readonly entity: string;
    readonly severity: string;
    readonly text: string;
    readonly labels: Readonly<Record<string, string>>;
  }[];
}

/** Alertmanager as Debian has it, with Vigía as its only receiver. */
async function startAlertmanager(vigia: RunningVigia): Promise<{ readonly url: string; readonly child: ChildProcess }> {
  const folder = temporaryFolder();
  const port = await freePort();
  const file = join(folder, 'alertmanager.yml');
  const config = {
    route: {
      receiver: 'vigia',
      group_by: ['alertname'],
      group_wait: '100ms',
      group_interval: '1s',
      repeat_interval: '2s',
    },
    receivers: [{ name: 'vigia', webhook_configs: [{ url: `${vigia.url}/api/v1/webhooks/alertmanager` }] }],
  };
  writeFileSync(file, JSON.stringify(config));
  const child = spawn(
    PROGRAM,
    [
      `--config.file=${file}`,
      `--storage.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
    ],
    { stdio: 'ignore' },
  );
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 600; tries++) {
    const ready = await fetch(`${url}/-/ready`).catch(() => null);
    if (ready?.ok === true) return { url, child };
    if (child.exitCode !== null) break;
    await delay(100);
  }
  child.kill('SIGKILL');
  throw new Error('Alertmanager did not start');
}

describe('Alertmanager itself, by webhook', () => {
  const there = existsSync(PROGRAM);
  let vigia: RunningVigia;
  let alertmanager: Awaited<ReturnType<typeof startAlertmanager>> | null = null;

  beforeAll(async () => {
    if (!there && process.env['CI'] !== undefined) throw new Error(MISSING);
    if (!there) return;
    vigia = await startVigia({ config: { collect: { host: { enabled: false } }, step: '1s' } });
    alertmanager = await startAlertmanager(vigia);
  });
  afterAll(async () => {
    alertmanager?.child.kill('SIGTERM');
    if (there) await vigia.stop();
    cleanUp();
  });
  beforeEach((context) => {
    if (!there) context.skip(MISSING);
  });

  const alert = (name: string, more: object = {}) => ({
    labels: { alertname: name, severity: 'critical', service: 'orders' },
    annotations: { summary: `${name} of orders` },
    startsAt: new Date(Date.now() - 1000).toISOString(),
    ...more,
  });
  const post = (alerts: readonly object[]) =>
    fetch(`${alertmanager!.url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alerts),
    });
  const listed = async () =>
    (await vigia.get<Listed>(`/api/v1/events?entity=${encodeURIComponent('service/orders')}&limit=1000`)).items;
  const about = async (name: string) => (await listed()).filter(({ labels }) => labels['alertname'] === name);

  it('has an alert that fires and goes on told once, and its end once', async () => {
    const firing = alert('TooSlow');
    expect((await post([firing])).status).toBe(200);
    await expect.poll(async () => (await about('TooSlow')).length, { timeout: 60_000, interval: 250 }).toBe(1);
    expect((await about('TooSlow'))[0]).toMatchObject({
      name: 'alert',
      severity: 'critical',
      text: 'TooSlow of orders',
      labels: { status: 'firing' },
    });
    // It repeats what goes on every two seconds; each repeat is taken, and changes nothing.
    const taken = async (): Promise<number> => {
      const text = await (await fetch(`${vigia.url}/metrics`)).text();
      return Number(/vigia_api_webhook_events_total\{webhook="alertmanager"\} (\d+)/.exec(text)?.[1] ?? 0);
    };
    await expect.poll(taken, { timeout: 60_000, interval: 250 }).toBeGreaterThan(1);
    expect(await about('TooSlow')).toHaveLength(1);
    await post([{ ...firing, endsAt: new Date(Date.now() - 10).toISOString() }]);
    await expect.poll(async () => (await about('TooSlow')).length, { timeout: 60_000, interval: 250 }).toBe(2);
    expect(
      (await about('TooSlow')).map(({ labels }) => labels['status']).toSorted((a = '', b = '') => a.localeCompare(b)),
    ).toEqual(['firing', 'resolved']);
  });

  it('has a storm of alerts told whole', async () => {
    const storm = Array.from({ length: 400 }, (_, index) =>
      alert('Storm', { labels: { alertname: 'Storm', service: 'orders', shard: String(index), severity: 'warning' } }),
    );
    expect((await post(storm)).status).toBe(200);
    await expect.poll(async () => (await about('Storm')).length, { timeout: 60_000, interval: 250 }).toBe(400);
  });
});
