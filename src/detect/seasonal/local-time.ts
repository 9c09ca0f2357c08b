import { VigiaError } from '../../runtime/errors.ts';

/** Milliseconds that local time is ahead of UTC at a moment. */
export type LocalTime = (time: number) => number;

/** Clocks of every zone change at a quarter of an hour of UTC. */
const QUARTER_MS = 900_000;
/** Offsets remembered, some weeks of quarters; then all are forgotten at once. */
const REMEMBERED = 4096;

const known = new Map<string, LocalTime>();

/**
 * Local time of an IANA time zone, daylight saving included: `time + localTime(zone)(time)` read as UTC is the clock on the
 * wall there. Throws `CONFIG_INVALID` for a zone that this Node does not know.
 */
export function localTime(zone: string): LocalTime {
  if (zone === 'UTC') return () => 0;
  let found = known.get(zone);
  if (found === undefined) {
    found = remembered(offsetOf(zone));
    known.set(zone, found);
  }
  return found;
}

function remembered(offset: LocalTime): LocalTime {
  const offsets = new Map<number, number>();
  return (time) => {
    const quarter = Math.floor(time / QUARTER_MS);
    let found = offsets.get(quarter);
    if (found === undefined) {
      found = offset(quarter * QUARTER_MS);
      if (offsets.size >= REMEMBERED) offsets.clear();
      offsets.set(quarter, found);
    }
    return found;
  };
}

function offsetOf(zone: string): LocalTime {
  const format = formatOf(zone);
  return (time) => {
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(time)) part[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
    return Date.UTC(year, month - 1, day, hour, minute, second) - time;
  };
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const numbers = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const;
  try {
    return new Intl.DateTimeFormat('en-US', { ...numbers, second: 'numeric', hourCycle: 'h23', timeZone });
  } catch (cause) {
    throw new VigiaError('CONFIG_INVALID', { problems: `timezone: ${timeZone}` }, { cause });
  }
}
