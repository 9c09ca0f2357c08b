import { matchesPattern } from '../../model/action-definition.ts';
import type { ToldEvent } from '../../model/told-event.ts';
import { VigiaError } from '../../runtime/errors.ts';
import { isObject, MAX_TEXT, scalarLabels, severityOf, timeOf } from './told-event.ts';

/** Texts with `{path.to.value}` for values of the JSON; a path goes through names and, in lists, numbers. */
export interface JsonRule {
  /** Path to a pattern with `*` and `?`; all must fit. */
  readonly when: Readonly<Record<string, string>>;
  readonly event: string;
  readonly entity?: string | undefined;
  readonly id?: string | undefined;
  /** ISO 8601, or seconds or milliseconds since 1970. */
  readonly time?: string | undefined;
  readonly severity?: string | undefined;
  readonly text?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

/** How the JSON of one sender becomes events. */
export interface JsonWebhook {
  readonly name: string;
  /** Path to the list of things that happened; the whole body when left out, or each of it when it is a list. */
  readonly each?: string | undefined;
  /** The first that fits counts. */
  readonly rules: readonly JsonRule[];
}

const PLACE = /\{([^{}]+)\}/g;
const MAX_ITEMS = 10_000;
const MAX_NAME = 200;
/** Larger numbers are milliseconds: as seconds they would lie after the year 5000. */
const MILLISECONDS_FROM = 1e11;

function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((found, name) => {
    if (Array.isArray(found)) return found[Number(name)];
    return isObject(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  }, value);
}

/** A scalar as text; nothing else is. */
const scalar = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';

/** Null when the template names something that is not there. */
function filled(template: string, item: unknown): string | null {
  let whole = true;
  const text = template.replace(PLACE, (_, path: string) => {
    const value = scalar(at(item, path.trim()));
    if (value === '') whole = false;
    return value;
  });
  return whole && text !== '' ? text : null;
}

function timeFrom(written: string | null, now: number): number {
  const number = Number(written ?? Number.NaN);
  if (!Number.isFinite(number)) return timeOf(written, now);
  const time = Math.floor(number >= MILLISECONDS_FROM ? number : number * 1000);
  return time > 0 && time <= now ? time : now;
}

const fits = ({ when }: JsonRule, item: unknown): boolean =>
  Object.entries(when).every(([path, pattern]) => matchesPattern(pattern, scalar(at(item, path))));

function toldBy(rule: JsonRule, item: unknown, webhook: string, now: number): ToldEvent | null {
  const say = (template: string | undefined): string | null => (template === undefined ? null : filled(template, item));
  const name = say(rule.event);
  const entity = say(rule.entity);
  if (name === null || (rule.entity !== undefined && entity === null)) return null;
  const labels = Object.entries(rule.labels).map(([label, template]) => [label, say(template) ?? ''] as const);
  return {
    // The same JSON again is the same event, when nothing in it names it.
    identity: ['json', webhook, say(rule.id) ?? JSON.stringify(item)],
    time: timeFrom(say(rule.time), now),
    name: name.slice(0, MAX_NAME),
    source: webhook,
    severity: severityOf(say(rule.severity) ?? undefined, 'info'),
    text: (say(rule.text) ?? '').slice(0, MAX_TEXT),
    labels: scalarLabels({ ...Object.fromEntries(labels), ...(entity !== null && { entity }) }),
  };
}

/** The events of a body by the rules of its webhook; what no rule fits, or lacks what its rule needs, is none. Throws `BODY_INVALID`. */
export function toldByRules(body: unknown, { name, each, rules }: JsonWebhook, now: number): readonly ToldEvent[] {
  const found = each === undefined ? body : at(body, each);
  const items: readonly unknown[] = Array.isArray(found) ? found : each === undefined ? [found] : [];
  if (each !== undefined && !Array.isArray(found)) {
    throw new VigiaError('BODY_INVALID', { detail: `${each}: must be a list` });
  }
  if (items.length > MAX_ITEMS) throw new VigiaError('BODY_INVALID', { detail: `more than ${MAX_ITEMS} items` });
  return items.flatMap((item) => {
    const rule = rules.find((one) => fits(one, item));
    const told = rule === undefined ? null : toldBy(rule, item, name, now);
    return told === null ? [] : [told];
  });
}
