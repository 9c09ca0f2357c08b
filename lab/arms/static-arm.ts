import type { Supervisor } from '../supervisor/supervisor.ts';

/** What many run today: a rule a replica, and whatever alerts for long enough is restarted. */
const LOOK_MS = 5000;
const LOOKS = 3;
const ERROR_SHARE = 0.05;
const SLOW_SHARE = 0.05;
const SLOW_BUCKET = '0.8';
const TIMEOUT_MS = 2000;

/** Counters of a replica's page, all labels together. */
export interface PageCounts {
  readonly requests: number;
  readonly errors: number;
  readonly observed: number;
  readonly fast: number;
}

export function countsOf(page: string): PageCounts {
  let [requests, errors, observed, fast] = [0, 0, 0, 0];
  for (const line of page.split('\n')) {
    const value = Number(line.slice(line.lastIndexOf(' ') + 1));
    if (line.startsWith('lab_requests_total')) requests += value;
    else if (line.startsWith('lab_errors_total')) errors += value;
    else if (line.startsWith('lab_request_seconds_count')) observed += value;
    else if (line.startsWith(`lab_request_seconds_bucket{le="${SLOW_BUCKET}"}`)) fast += value;
  }
  return { requests, errors, observed, fast };
}

/** Whether a replica alerts, by what happened between two looks; one that does not answer does. */
export function alerts(before: PageCounts | null, now: PageCounts | null): boolean {
  if (now === null) return true;
  if (before === null || now.requests < before.requests) return false;
  const requests = now.requests - before.requests;
  const observed = now.observed - before.observed;
  const slow = observed - (now.fast - before.fast);
  return (
    (requests > 0 && (now.errors - before.errors) / requests > ERROR_SHARE) ||
    (observed > 0 && slow / observed > SLOW_SHARE)
  );
}

const pageOf = (port: number): Promise<PageCounts | null> =>
  fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(TIMEOUT_MS) }).then(
    async (response) => countsOf(await response.text()),
    () => null,
  );

/** Restarts each replica that alerts three looks running, which is fifteen seconds. */
export function startStaticArm(supervisor: Supervisor, act: (entity: string) => Promise<void>): { stop(): void } {
  const seen = new Map<string, { counts: PageCounts | null; alerting: number }>();
  let looking = false;
  const look = async (): Promise<void> => {
    for (const { name, port, listed } of supervisor.members()) {
      if (!listed) continue;
      const counts = await pageOf(port);
      const before = seen.get(name) ?? { counts: null, alerting: 0 };
      const alerting = alerts(before.counts, counts) ? before.alerting + 1 : 0;
      seen.set(name, { counts, alerting: alerting >= LOOKS ? 0 : alerting });
      if (alerting >= LOOKS) await act(`replica/${name}`);
    }
  };
  const timer = setInterval(() => {
    // A look that is slow because everything is slow is not overtaken by the next.
    if (looking) return;
    looking = true;
    look()
      .catch(() => undefined)
      .finally(() => {
        looking = false;
      });
  }, LOOK_MS);
  return { stop: () => clearInterval(timer) };
}
