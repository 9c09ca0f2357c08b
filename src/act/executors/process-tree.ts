import { readdirSync, readFileSync } from 'node:fs';
import type { Clock } from '../../runtime/clock.ts';

/** How long a process is given between SIGTERM and SIGKILL: all of this must fit into the 5 s of a shutdown. */
const GRACE_MS = 2000;
const KILL_MS = 1000;
const POLL_MS = 25;

/** Environment variable by which everything that a run started is found again, also when it left its group. */
export const RUN_VARIABLE = 'VIGIA_RUN';

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly marked: boolean;
}

/** Processes as /proc lists them; empty where there is none, and only the group is ended. */
function processes(mark: string): Process[] {
  let names: string[];
  try {
    names = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      // The name in parentheses may itself hold parentheses and spaces: what counts comes after the last one.
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (state === 'Z' || state === 'X') return [];
      return [{ pid: Number(name), parent: Number(parent), marked: isMarked(name, mark) }];
    } catch {
      return [];
    }
  });
}

function isMarked(pid: string, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\u0000').includes(mark);
  } catch {
    return false;
  }
}

/** What a run started and is still there: its process, those marked, and all their descendants. */
export function runProcesses(root: number, key: string): readonly number[] {
  const all = processes(`${RUN_VARIABLE}=${key}`);
  const found = new Set(all.filter(({ pid, marked }) => pid === root || marked).map(({ pid }) => pid));
  for (let grown = true; grown;) {
    const children = all.filter(({ pid, parent }) => found.has(parent) && !found.has(pid));
    for (const { pid } of children) found.add(pid);
    grown = children.length > 0;
  }
  found.delete(process.pid);
  return [...found];
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already, which is what is wanted.
  }
}

function groupAlive(root: number): boolean {
  try {
    process.kill(-root, 0);
    return true;
  } catch {
    return false;
  }
}

/** Ends the process group of `root` and everything else that the run started: asks first, then forces. */
export async function endTree(root: number, key: string, clock: Clock): Promise<void> {
  const signalAll = (signal: NodeJS.Signals): void => {
    const rest = runProcesses(root, key);
    send(-root, signal);
    for (const pid of rest) send(pid, signal);
  };
  const gone = async (ms: number): Promise<boolean> => {
    for (const until = clock.monotonic() + ms; clock.monotonic() < until;) {
      if (!groupAlive(root) && runProcesses(root, key).length === 0) return true;
      await clock.sleep(POLL_MS);
    }
    return false;
  };
  signalAll('SIGTERM');
  if (await gone(GRACE_MS)) return;
  signalAll('SIGKILL');
  await gone(KILL_MS);
}
