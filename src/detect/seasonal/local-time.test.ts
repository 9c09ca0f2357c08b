import { describe, expect, it } from 'vitest';
import { localTime } from './local-time.ts';

const HOUR = 3_600_000;
const at = (iso: string): number => Date.parse(iso);

describe('local time', () => {
  it('is UTC plus one or two hours in Madrid, by the season, to the minute of the change', () => {
    const madrid = localTime('Europe/Madrid');
    expect(madrid(at('2026-01-15T12:00:00Z'))).toBe(HOUR);
    expect(madrid(at('2026-07-15T12:00:00Z'))).toBe(2 * HOUR);
    expect([madrid(at('2026-03-29T00:59:59.999Z')), madrid(at('2026-03-29T01:00:00Z'))]).toEqual([HOUR, 2 * HOUR]);
    expect([madrid(at('2026-10-25T00:59:59.999Z')), madrid(at('2026-10-25T01:00:00Z'))]).toEqual([2 * HOUR, HOUR]);
  });

  it('knows halves and quarters of an hour, the west, the south, and times before 1970', () => {
    expect(localTime('Asia/Kathmandu')(at('2026-06-01T00:00:00Z'))).toBe(5.75 * HOUR);
    expect(localTime('America/New_York')(at('2026-12-01T00:00:00Z'))).toBe(-5 * HOUR);
    expect(localTime('Australia/Lord_Howe')(at('2026-01-01T00:00:00Z'))).toBe(11 * HOUR);
    expect(localTime('Australia/Lord_Howe')(at('2026-06-01T00:00:00Z'))).toBe(10.5 * HOUR);
    expect(localTime('UTC')(at('2026-06-01T00:00:00Z'))).toBe(0);
    expect(localTime('Europe/Madrid')(at('1969-06-01T00:00:00Z'))).toBe(HOUR);
  });

  it('refuses a zone that there is not', () => {
    expect(() => localTime('Mars/Olympus')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
