import { open } from 'node:fs/promises';
import type { HostReader } from './host-sink.ts';

/** By number as in the kernel's include/net/tcp_states.h, from 01. */
const STATES = [
  'established',
  'syn_sent',
  'syn_recv',
  'fin_wait1',
  'fin_wait2',
  'time_wait',
  'close',
  'close_wait',
  'last_ack',
  'listen',
  'closing',
] as const;

/** About 27,000 connections; beyond this the list is left out, as half of it would be a lie. */
const MAX_BYTES = 4 << 20;
const CHUNK = 64 * 1024;

/** State of a line: `sl: local_address rem_address st …`. */
const LINE = /^\s*\d+: [0-9A-F:]+ [0-9A-F:]+ ([0-9A-F]{2}) /;

/** Adds the connections of one table; false when it is too long. A table that is not there is empty (no IPv6). */
async function countStates(path: string, counts: number[]): Promise<boolean> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return true;
  try {
    const chunk = Buffer.allocUnsafe(CHUNK);
    let rest = '';
    for (let total = 0; total < MAX_BYTES;) {
      // In the thread pool: the kernel walks its hash table for it, which takes a while on a busy machine.
      const { bytesRead } = await file.read(chunk, 0, CHUNK, null);
      if (bytesRead === 0) return true;
      total += bytesRead;
      const lines = (rest + chunk.toString('latin1', 0, bytesRead)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const state = Number.parseInt(LINE.exec(line)?.[1] ?? '0', 16) - 1;
        if (state >= 0 && state < STATES.length) counts[state]! += 1;
      }
    }
    return false;
  } finally {
    await file.close();
  }
}

/** TCP connections by state, IPv4 and IPv6 together. */
export const readTcp =
  (root: string): HostReader =>
  async (sink) => {
    const counts = Array.from(STATES, () => 0);
    const complete = (await countStates(`${root}/net/tcp`, counts)) && (await countStates(`${root}/net/tcp6`, counts));
    if (!complete) return;
    for (const [i, state] of STATES.entries()) sink.gauge('tcp_connections', counts[i]!, { state });
  };
