import { readdirSync } from 'node:fs';
import type { Clock } from '../../runtime/clock.ts';
import type { HostReader } from './host-sink.ts';
import { type KernelConstants, readProc } from './proc-files.ts';

/** Heaviest by CPU, and as many by memory. */
const HEAVIEST = 10;
/** A name stays this long after it was last among the heaviest, so that its series has no holes; ms. */
const STAYS_MS = 10 * 60_000;
const MAX_NAMES = 2 * HEAVIEST + 10;
/** Processes read in one go; about 2 ms. */
const PROCESSES_A_TURN = 100;
const MAX_PROCESSES = 32_768;
/** Share of one core that looking at processes may take. */
const SHARE = 0.01;

interface ProcessStat {
  readonly name: string;
  readonly ticks: number;
  readonly started: string;
  readonly residentPages: number;
}

/** Kernel threads carry their work in their names, `kworker/1:0-events`, and change it: the family is what lasts. */
const familyOf = (name: string): string => name.replace(/^(kworker|ksoftirqd|migration|cpuhp|idle_inject)\/.*$/, '$1');

/** /proc/PID/stat: the name stands in brackets and may hold brackets and blanks itself. */
export function parseProcessStat(text: string): ProcessStat | undefined {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open === -1 || close < open) return undefined;
  // From the state on, which is field 3 of proc(5).
  const fields = text.slice(close + 2).split(' ');
  const [utime, stime, started, resident] = [fields[11], fields[12], fields[19], fields[21]];
  if (utime === undefined || stime === undefined || started === undefined || resident === undefined) return undefined;
  return {
    name: familyOf(text.slice(open + 1, close)),
    ticks: Number(utime) + Number(stime),
    started,
    residentPages: Number(resident),
  };
}

interface NameUsage {
  /** CPU ticks of all processes of this name since we look, those that have ended included: never goes down. */
  ticks: number;
  /** Ticks since the look before. */
  recent: number;
  residentPages: number;
  processes: number;
}

interface Seen {
  readonly started: string;
  ticks: number;
  round: number;
}

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/**
 * CPU and memory of the heaviest processes by name. Processes of one name are one series; its CPU time counts on when
 * one of them ends. On machines with very many processes it looks less often, so that it costs under 1 % of a core.
 */
export class ProcessReader {
  readonly #clock: Clock;
  readonly #root: string;
  readonly #kernel: KernelConstants;
  readonly #seen = new Map<number, Seen>();
  readonly #names = new Map<string, NameUsage>();
  /** When a name was last among the heaviest. */
  readonly #heavy = new Map<string, number>();
  #round = 0;
  #notBefore = -Infinity;

  constructor(clock: Clock, root: string, kernel: KernelConstants) {
    this.#clock = clock;
    this.#root = root;
    this.#kernel = kernel;
  }

  readonly read: HostReader = async (sink) => {
    const start = this.#clock.monotonic();
    if (start < this.#notBefore) return;
    const busy = await this.#look();
    this.#notBefore = start + busy / SHARE;
    this.#rank(start);
    const { pageBytes, ticksPerSecond } = this.#kernel;
    for (const name of this.#heavy.keys()) {
      const usage = this.#names.get(name);
      if (usage === undefined) continue;
      sink.counter('process_cpu_seconds_total', usage.ticks / ticksPerSecond, { name });
      sink.gauge('process_resident_bytes', usage.residentPages * pageBytes, { name });
    }
  };

  /** Looks at every process; returns the ms that it took, pauses left out. */
  async #look(): Promise<number> {
    this.#round += 1;
    for (const usage of this.#names.values()) Object.assign(usage, { recent: 0, residentPages: 0, processes: 0 });
    let busy = 0;
    let from = this.#clock.monotonic();
    const pids = this.#pids();
    for (const [i, pid] of pids.entries()) {
      this.#count(pid);
      if (i % PROCESSES_A_TURN === PROCESSES_A_TURN - 1) {
        busy += this.#clock.monotonic() - from;
        await turn();
        from = this.#clock.monotonic();
      }
    }
    for (const [pid, { round }] of this.#seen) if (round !== this.#round) this.#seen.delete(pid);
    for (const [name, { processes }] of this.#names) {
      if (processes === 0 && !this.#heavy.has(name)) this.#names.delete(name);
    }
    return busy + this.#clock.monotonic() - from;
  }

  #pids(): number[] {
    try {
      const pids = readdirSync(this.#root).map(Number).filter(Number.isInteger);
      return pids.slice(0, MAX_PROCESSES);
    } catch {
      return [];
    }
  }

  #count(pid: number): void {
    const stat = parseProcessStat(readProc(`${this.#root}/${pid}/stat`) ?? '');
    if (stat === undefined) return;
    let usage = this.#names.get(stat.name);
    if (usage === undefined) {
      usage = { ticks: 0, recent: 0, residentPages: 0, processes: 0 };
      this.#names.set(stat.name, usage);
    }
    const before = this.#seen.get(pid);
    const same = before !== undefined && before.started === stat.started;
    const ticks = Math.max(0, stat.ticks - (same ? before.ticks : 0));
    usage.ticks += ticks;
    // What a process had used before we first looked says nothing about now.
    usage.recent += same || this.#round > 1 ? ticks : 0;
    usage.residentPages += stat.residentPages;
    usage.processes += 1;
    this.#seen.set(pid, { started: stat.started, ticks: stat.ticks, round: this.#round });
  }

  #rank(now: number): void {
    const alive = [...this.#names].filter(([, { processes }]) => processes > 0);
    const byCpu = alive.filter(([, { recent }]) => recent > 0).sort(([, a], [, b]) => b.recent - a.recent);
    const byMemory = alive
      .filter(([, { residentPages }]) => residentPages > 0)
      .sort(([, a], [, b]) => b.residentPages - a.residentPages);
    for (const [name] of [...byCpu.slice(0, HEAVIEST), ...byMemory.slice(0, HEAVIEST)]) {
      // Set anew, so that the map is in order of the last time.
      this.#heavy.delete(name);
      this.#heavy.set(name, now);
    }
    for (const [name, last] of this.#heavy) {
      if (now - last <= STAYS_MS && this.#heavy.size <= MAX_NAMES) break;
      this.#heavy.delete(name);
    }
  }
}
