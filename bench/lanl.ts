import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

export const DAY = 86_400_000;

export interface NodeFailure {
  readonly node: string;
  /** Unix ms. */
  readonly time: number;
  readonly kind: string;
}

/** A node in production, in whole days, the last one excluded. */
interface Service {
  readonly node: string;
  readonly from: number;
  readonly to: number;
}

export interface NodeFailures {
  readonly failures: readonly NodeFailure[];
  readonly services: readonly Service[];
  /** Nothing is known from here on. */
  readonly end: number;
}

const CAUSES = ['Facilities', 'Hardware', 'Human Error', 'Network', 'Undetermined', 'Software'] as const;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Jan-97`, or as a spreadsheet has made it of `Dec-02`, `2-Dec`: in months since year 0. */
function monthOf(text: string): number | null {
  const [a = '', b = ''] = text.split('-');
  const [name, year] = MONTHS.includes(a) ? [a, Number(b)] : [b, Number(a)];
  if (!MONTHS.includes(name) || !Number.isInteger(year)) return null;
  return (year > 50 ? 1900 + year : 2000 + year) * 12 + MONTHS.indexOf(name);
}

const firstDayOf = (month: number): number => Date.UTC(Math.floor(month / 12), month % 12, 1);
const dayOf = (time: number): number => Math.floor(time / DAY) * DAY;

function timeOf(text: string): number {
  const [, month, day, year, hour, minute] = /^(\d+)\/(\d+)\/(\d+) (\d+):(\d+)$/.exec(text) ?? [];
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute));
}

/** One line of the file. */
interface Line extends NodeFailure {
  readonly system: string;
  readonly number: number;
  /** How many nodes the machine has; 0 where that is not said. */
  readonly nodes: number;
  /** Months of production and of the end of it, as they stand there. */
  readonly months: string;
}

function readLines(file: string): Line[] {
  const [head, ...lines] = gunzipSync(readFileSync(file))
    .toString()
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','));
  return lines.map((cells): Line => {
    const cell = (name: string): string => cells[head!.indexOf(name)] ?? '';
    return {
      system: cell('System'),
      number: Number(cell('nodenum')),
      node: `${cell('System')}-${Number(cell('nodenum'))}`,
      nodes: Number(cell('nodes')),
      months: `${cell('node prod')}|${cell('node decom')}`,
      time: timeOf(cell('Prob Started')),
      kind: CAUSES.find((cause) => cell(cause) !== '') ?? '',
    };
  });
}

const groupBy = <T>(all: readonly T[], key: (one: T) => string): Map<string, T[]> => {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(key(one), [...(groups.get(key(one)) ?? []), one]);
  return groups;
};

/**
 * Failures, and when each node was in production. A machine's nodes are as many as it says; those that never failed are in production
 * as most of the others are. Where the months of production are not given, they are those between its first and last failure; a month
 * counts from its first day to its last, and a node that failed outside of it was in production then too. Nothing is known after the
 * day of the last failure.
 */
export function readNodeFailures(file: string): NodeFailures {
  const lines = readLines(file).sort((a, b) => a.time - b.time);
  const end = dayOf(lines.at(-1)!.time) + DAY;
  const services = [...groupBy(lines, ({ system }) => system).values()].flatMap((own) => servicesOf(own, end));
  return { failures: lines, services, end };
}

/** From when to when a node was in production, as its months say, or else the failures of its machine. */
function monthsOf(months: string, lines: readonly Line[], end: number): { readonly from: number; readonly to: number } {
  const [prod = '', decom = ''] = months.split('|');
  const [start, stop] = [monthOf(prod), monthOf(decom)];
  const last = decom === 'current' ? end : dayOf(lines.at(-1)!.time) + DAY;
  return {
    from: start === null ? dayOf(lines[0]!.time) : firstDayOf(start),
    to: stop === null ? last : firstDayOf(stop + 1),
  };
}

/** Nodes of one machine, whose failures come by rising time. */
function servicesOf(lines: readonly Line[], end: number): Service[] {
  const byNode = groupBy(lines, ({ number }) => String(number));
  const months = groupBy([...byNode.values()], (own) => own[0]!.months);
  const usual = [...months].sort((a, b) => b[1].length - a[1].length)[0]![0];
  const { system, nodes } = lines[0]!;
  return namesOf([...byNode.keys()].map(Number), nodes).map((number): Service => {
    const own = byNode.get(String(number)) ?? [];
    const [firstOwn, lastOwn] = [own[0]?.time ?? Infinity, own.at(-1)?.time ?? -Infinity];
    const { from, to } = monthsOf(own[0]?.months ?? usual, lines, end);
    return {
      node: `${system}-${number}`,
      from: Math.min(from, dayOf(firstOwn)),
      to: Math.min(end, Math.max(to, dayOf(lastOwn) + DAY)),
    };
  });
}

/** The nodes that failed, filled up from their smallest number on to as many as there are. */
function namesOf(failed: readonly number[], nodes: number): number[] {
  const all = new Set(failed);
  for (let next = Math.min(...failed); all.size < nodes; next++) all.add(next);
  return [...all].sort((a, b) => a - b);
}
