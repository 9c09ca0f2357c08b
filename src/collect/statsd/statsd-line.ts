import type { Labels } from '../../model/labels.ts';

export type StatsdType = 'c' | 'g' | 'ms' | 'h' | 'd' | 's';

/** What a line of StatsD says. */
export interface StatsdLine {
  readonly name: string;
  readonly type: StatsdType;
  /** One or, in DogStatsD, several, as they were written. */
  readonly values: readonly string[];
  /** Share of happenings that were sent, over 0 to 1. */
  readonly rate: number;
  /** As they were written, without `#`; empty when there are none. */
  readonly tags: string;
}

const TYPES: ReadonlySet<string> = new Set<StatsdType>(['c', 'g', 'ms', 'h', 'd', 's']);

function rateOf(written: string): number | null {
  const rate = Number(written);
  return rate > 0 && rate <= 1 ? rate : null;
}

/** `name:value|type|@rate|#tag:value,tag`, parts after the type in any order; null when it is none. */
export function parseStatsd(line: string): StatsdLine | null {
  const colon = line.indexOf(':');
  const bar = line.indexOf('|', colon + 1);
  if (colon < 1 || bar < 0) return null;
  const [type = '', ...parts] = line.slice(bar + 1).split('|');
  const values = line.slice(colon + 1, bar).split(':');
  if (!TYPES.has(type) || values.includes('')) return null;
  let rate = 1;
  let tags = '';
  for (const part of parts) {
    if (part.startsWith('#')) tags = part.slice(1);
    else if (part.startsWith('@')) rate = rateOf(part.slice(1)) ?? Number.NaN;
    // Other parts (container, time) are newer than this and do not change what is measured.
  }
  return Number.isNaN(rate) ? null : { name: line.slice(0, colon), type: type as StatsdType, values, rate, tags };
}

/** `env:prod,canary` as labels; a tag without a value is `true`. */
export function tagLabels(tags: string): Labels {
  const labels = tags.split(',').flatMap((tag): [string, string][] => {
    const colon = tag.indexOf(':');
    const name = colon < 0 ? tag : tag.slice(0, colon);
    const value = colon < 0 ? 'true' : tag.slice(colon + 1);
    return name === '' || value === '' ? [] : [[name, value]];
  });
  return Object.fromEntries(labels);
}
