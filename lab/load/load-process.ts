import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Endpoints, FromLoad, Second, ToLoad } from '../messages.ts';

const main = fileURLToPath(new URL('./main.js', import.meta.url));

export interface LoadProcess {
  endpoints(endpoints: Endpoints): void;
  surge(rate: number): void;
  stop(): void;
}

export interface LoadOptions {
  readonly seed: number;
  /** When the day begins and seconds are counted from, Unix ms. */
  readonly began: number;
  readonly onSecond: (second: Second) => void;
}

/** Users, in a process of their own, so that what they wait for is not what the lab's own bookkeeping waits for. */
export function startLoad({ seed, began, onSecond }: LoadOptions): LoadProcess {
  const child: ChildProcess = spawn(process.execPath, ['--max-old-space-size=64', main], {
    env: { LAB_SEED: String(seed), LAB_BEGAN: String(began), PATH: process.env['PATH'] ?? '' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  child.on('error', () => undefined);
  child.on('message', ({ second, requests, failed, slow }: FromLoad) => onSecond({ second, requests, failed, slow }));
  const send = (message: ToLoad): void => {
    if (child.connected) child.send(message, () => undefined);
  };
  return {
    endpoints: (endpoints) => send({ type: 'endpoints', endpoints }),
    surge: (rate) => send({ type: 'surge', rate }),
    stop: () => {
      child.kill('SIGKILL');
    },
  };
}
