import type { Event } from '../../model/event.ts';
import { VigiaError } from '../../runtime/errors.ts';

/** As an event is limited when it is sent to `/events`. */
const MAX_LABELS = 64;
const MAX_NAME = 200;
const MAX_VALUE = 1000;
export const MAX_TEXT = 4000;

/** The scalars of an object as labels; what is nested, empty or too much is left out. */
export function scalarLabels(found: unknown): Record<string, string> {
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return {};
  const labels = Object.entries(found).flatMap(([name, value]): [string, string][] => {
    const scalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    return scalar && name !== '' && value !== '' ? [[name.slice(0, MAX_NAME), String(value).slice(0, MAX_VALUE)]] : [];
  });
  return Object.fromEntries(labels.slice(0, MAX_LABELS));
}

const SEVERITIES: Readonly<Record<string, Event['severity']>> = {
  critical: 'critical',
  page: 'critical',
  fatal: 'critical',
  emergency: 'critical',
  disaster: 'critical',
  warning: 'warning',
  warn: 'warning',
  error: 'warning',
  high: 'warning',
  major: 'warning',
  info: 'info',
  information: 'info',
  none: 'info',
};

/** What senders call severities, in our words. */
export const severityOf = (word: string | undefined, otherwise: Event['severity']): Event['severity'] => {
  const name = word?.toLowerCase() ?? '';
  return Object.hasOwn(SEVERITIES, name) ? (SEVERITIES[name] ?? otherwise) : otherwise;
};

/** Unix ms of an ISO 8601 time; `now` where there is none, where it is before 1971 (an empty time in Go) or to come. */
export function timeOf(written: unknown, now: number): number {
  const time = typeof written === 'string' ? Date.parse(written) : Number.NaN;
  return time > 31_536_000_000 && time <= now ? time : now;
}

export function parseBody(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch (error) {
    throw new VigiaError('BODY_INVALID', { detail: (error as Error).message.slice(0, MAX_NAME) }, error);
  }
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
