import { execFile } from 'node:child_process';
import { phrase } from '../model/phrase.ts';
import type { ToldEvent } from '../model/told-event.ts';
import { toError } from '../runtime/errors.ts';
import type { EventSource } from './event-source.ts';

export interface SystemdSourceOptions {
  /** Names of units, with `*` and `?`, as `systemctl` takes them. */
  readonly units: readonly string[];
  readonly intervalMs: number;
  /** Name of this machine, as its other data has it. */
  readonly host: string;
  /** Found by PATH when left out. */
  readonly systemctl?: string;
}

interface UnitFacts {
  readonly active: string;
  readonly result: string;
  readonly exitStatus: string;
  readonly restarts: number;
  /** Of the last change of state, µs since the machine started: what makes an event the same one. */
  readonly changed: string;
}

const SOURCE = 'systemd';
const PROPERTIES = 'Id,ActiveState,Result,ExecMainStatus,NRestarts,StateChangeTimestampMonotonic';
const TIMEOUT_MS = 10_000;
const MAX_OUTPUT = 8 * 2 ** 20;
const MAX_UNITS = 5_000;

/** Blocks of `Name=value` with an empty line between them, as `systemctl show` prints them. */
export function parseUnits(output: string): ReadonlyMap<string, UnitFacts> {
  const units = new Map<string, UnitFacts>();
  for (const block of output.split(/\r?\n\r?\n/)) {
    const pairs = block.split(/\r?\n/).flatMap((line): [string, string][] => {
      const at = line.indexOf('=');
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1)]] : [];
    });
    const values = new Map(pairs);
    const id = values.get('Id') ?? '';
    if (id === '' || units.size >= MAX_UNITS) continue;
    const restarts = Number(values.get('NRestarts') ?? 0);
    units.set(id, {
      active: values.get('ActiveState') ?? '',
      result: values.get('Result') ?? '',
      exitStatus: values.get('ExecMainStatus') ?? '',
      restarts: Number.isSafeInteger(restarts) && restarts > 0 ? restarts : 0,
      changed: values.get('StateChangeTimestampMonotonic') ?? '',
    });
  }
  return units;
}

interface Look {
  readonly host: string;
  readonly now: number;
}

/** What two looks at a unit show to have happened between them. */
export function unitChanges(
  unit: string,
  before: UnitFacts,
  after: UnitFacts,
  { host, now }: Look,
): readonly ToldEvent[] {
  const told = (name: string, severity: ToldEvent['severity'], text: string): ToldEvent => ({
    identity: [SOURCE, host, unit, name, after.changed, after.restarts],
    time: now,
    name,
    source: SOURCE,
    severity,
    text: `${unit}: ${text}`,
    labels: { host, unit, result: after.result },
  });
  const why = after.exitStatus === '' ? after.result : `${after.result}, exit code ${after.exitStatus}`;
  const events: ToldEvent[] = [];
  // The count begins anew when somebody starts the unit by hand.
  if (after.restarts > before.restarts) events.push(told('crash', 'warning', `${why}, restart ${after.restarts}`));
  const isNew = after.changed !== before.changed;
  if (after.active === 'failed' && (before.active !== 'failed' || isNew)) {
    events.push(told(after.result === 'oom-kill' ? 'oom_kill' : 'unit_failed', 'warning', why));
  }
  if (before.active === 'failed' && after.active === 'active')
    events.push(told('unit_recovered', 'info', after.active));
  return events;
}

const show = ({ units, systemctl = 'systemctl' }: SystemdSourceOptions, signal: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    const args = ['show', '--no-pager', `--property=${PROPERTIES}`, '--', ...units];
    const options = { signal, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT, env: { ...process.env, LC_ALL: 'C' } };
    execFile(systemctl, args, options, (error, output) => {
      if (error === null) resolve(output);
      else reject(error);
    });
  });

/**
 * Units of systemd on this machine: failed, recovered, crashed and restarted by systemd, killed for memory. Looks at the interval, so
 * that what fails and recovers within one is seen only by its count of restarts. How things are at the start is not told.
 */
export const createSystemdSource = (options: SystemdSourceOptions): EventSource => ({
  name: SOURCE,
  async run(teller, signal) {
    const { host, intervalMs, systemctl = 'systemctl' } = options;
    let known: ReadonlyMap<string, UnitFacts> | null = null;
    while (!signal.aborted) {
      try {
        const found = parseUnits(await show(options, signal));
        const now = teller.clock.now();
        const events = [...found].flatMap(([unit, after]) => {
          const before = known?.get(unit);
          return before === undefined ? [] : unitChanges(unit, before, after, { host, now });
        });
        if (events.length > 0) await teller.tell(events);
        else teller.well();
        known = found;
      } catch (thrown) {
        if (signal.aborted) return;
        const { code, message } = toError(thrown) as NodeJS.ErrnoException;
        const detail = typeof code === 'string' ? code : (message.split('\n', 1)[0] ?? '');
        teller.failed(phrase('collect.programFailed', { program: systemctl, detail }));
      }
      await teller.clock.sleep(intervalMs, signal).catch(() => undefined);
    }
  },
});
