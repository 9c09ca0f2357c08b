import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './vigia.ts';

const PROGRAM = '/usr/bin/prometheus';

export const PROMETHEUS_MISSING = `${PROGRAM} is not installed`;
export const findPrometheus = (): string | null => (existsSync(PROGRAM) ? PROGRAM : null);

/** A running Prometheus server. */
export interface Prometheus {
  readonly url: string;
  /** The answer's `data`; throws when Prometheus answers with an error. */
  ask<T>(path: string, parameters?: Readonly<Record<string, string>>): Promise<T>;
  stop(): Promise<void>;
}

/** Starts Prometheus with this configuration (JSON is YAML) and waits until it is ready. */
export async function startPrometheus(program: string, folder: string, config: object): Promise<Prometheus> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, JSON.stringify(config));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(
    program,
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let printed = '';
  child.stderr.on('data', (chunk: Buffer) => (printed = `${printed}${chunk.toString()}`.slice(-10_000)));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const deadline = Date.now() + 60_000;
  for (;;) {
    const ready = await fetch(`${url}/-/ready`).catch(() => null);
    if (ready?.ok === true) break;
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`Prometheus did not start: ${printed}`);
    }
    await delay(100);
  }
  return {
    url,
    ask: async <T>(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<T> => {
      const answer = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
      const { status, error, data } = (await answer.json()) as { status: string; error?: string; data: T };
      if (status !== 'success') throw new Error(`${parameters['query'] ?? path}: ${error ?? status}`);
      return data;
    },
    stop: async () => {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(late);
    },
  };
}
