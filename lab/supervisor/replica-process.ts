import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FromReplica, ReplicaStart, ToReplica } from '../messages.ts';
import { LIMITS, type ServiceName } from '../world.ts';

/** The compiled file; the lab runs from `dist/lab` only, since Node runs no TypeScript. */
const main = fileURLToPath(new URL('../replica/main.js', import.meta.url));
/** `ulimit -f` counts in halves of a KiB (POSIX). */
const FILE_BLOCK = 512;
const READY_MS = 20_000;
const STOP_MS = 2500;

/** Limits are the kernel's, set by the shell that becomes the process: files, size of a file, no core of what dies. */
const LIMITED = `ulimit -c 0; ulimit -n ${LIMITS.openFiles}; ulimit -f ${LIMITS.diskBytes / FILE_BLOCK}; exec "$0" "$@"`;

export interface ReplicaProcess {
  readonly pid: number;
  readonly port: number;
  send(message: ToReplica): void;
  /** Ends its work, then the process; kills it when that takes too long. It does not count as a crash. */
  stop(): Promise<void>;
  kill(): void;
}

export interface ReplicaProcessDeps {
  readonly start: ReplicaStart;
  /** It died by itself. */
  readonly onCrash: (how: string) => void;
  readonly onCleared: (reply: number) => void;
}

function untilReady(child: ChildProcess, hear: (message: FromReplica) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('a replica was not ready in time')), READY_MS);
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`a replica ended at its start: ${signal ?? code}`)));
    child.on('message', (message: FromReplica) => {
      hear(message);
      if (message.type !== 'ready') return;
      clearTimeout(late);
      resolve(message.port);
    });
  });
}

/** Starts one process and resolves when it serves. */
export async function startReplicaProcess({ start, onCrash, onCleared }: ReplicaProcessDeps): Promise<ReplicaProcess> {
  const node = [
    process.execPath,
    `--max-old-space-size=${LIMITS.heapMegabytes}`,
    '--max-semi-space-size=1',
    main,
  ] as const;
  const child = spawn('/bin/sh', ['-c', LIMITED, ...node], {
    env: { LAB_REPLICA: JSON.stringify(start), PATH: process.env['PATH'] ?? '' },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const port = await untilReady(child, (message) => {
    if (message.type === 'cleared') onCleared(message.reply);
  }).catch((thrown: unknown) => {
    child.kill('SIGKILL');
    throw thrown;
  });
  let wanted = true;
  child.removeAllListeners('exit');
  child.removeAllListeners('error');
  // A channel that breaks while it dies is told by its exit.
  child.on('error', () => undefined);
  child.once('exit', (code, signal) => {
    if (wanted) onCrash(signal ?? `exit code ${code}`);
  });
  return {
    pid: child.pid ?? 0,
    port,
    send: (message) => {
      if (child.connected) child.send(message, () => undefined);
    },
    async stop() {
      wanted = false;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(late);
    },
    kill() {
      wanted = false;
      child.kill('SIGKILL');
    },
  };
}

/** Where a replica keeps what survives it: named after the service, its number, and how often it has moved. */
export const folderOf = (root: string, service: ServiceName, number: number, moves: number): string =>
  `${root}/disks/${service}-${number}.${moves}`;

export const wipe = (folder: string): void => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
