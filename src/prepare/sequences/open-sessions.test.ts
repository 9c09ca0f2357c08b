import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type EndedSession, OpenSessions } from './open-sessions.ts';

const RULES = { idleMs: 1000, latenessMs: 500 };
const HOUR = 3_600_000;

interface Line {
  readonly key: string;
  readonly time: number;
  readonly event: number;
}

/** Feeds lines in the order given, then lets everything end; sessions in the order of their beginning. */
function sessionsOf(lines: readonly Line[], restartAt = -1): readonly EndedSession[] {
  let sessions = new OpenSessions(RULES);
  const ended: EndedSession[] = [];
  const end = (): void => {
    if (sessions.pass(0)) ended.push(...sessions.ended());
  };
  lines.forEach(({ key, time, event }, at) => {
    if (at === restartAt) {
      const parts = OpenSessions.places.map((place) => ({ place, state: partOf(sessions, place) }));
      sessions = OpenSessions.from(structuredClone(sessions.toJSON()), structuredClone(parts), RULES, 0);
    }
    sessions.heard(time, 0);
    sessions.add(key, time, event);
    if (at % 7 === 0) end();
  });
  sessions.heard(HOUR, 0);
  end();
  return ended.toSorted((a, b) => a.first - b.first || (a.key < b.key ? -1 : 1));
}

/** A part as it was written last: all of them have changed since the beginning. */
function partOf(sessions: OpenSessions, place: number) {
  return sessions.changed().find((part) => part.place === place)?.state ?? [];
}

/** Lines at times of their own, so that there is one right order. */
const lines = fc
  .array(fc.record({ key: fc.constantFrom('a1', 'b2', 'c3'), gap: fc.integer({ min: 1, max: 1500 }) }), {
    minLength: 1,
    maxLength: 80,
  })
  .map((some) => {
    let time = 0;
    return some.map(({ key, gap }, event): Line => ({ key, time: (time += gap), event }));
  });

describe('grouping lines into sessions', () => {
  test('is the same in any order in which no line comes later than the lateness', () => {
    fc.assert(
      fc.property(lines, fc.array(fc.integer({ min: 0, max: RULES.latenessMs }), { minLength: 80 }), (some, delays) => {
        const late = some
          .map((line, at) => ({ line, arrival: line.time + delays[at]! }))
          .toSorted((a, b) => a.arrival - b.arrival || a.line.time - b.line.time)
          .map(({ line }) => line);
        expect(sessionsOf(late)).toEqual(sessionsOf(some));
      }),
    );
  });

  test('a gap longer than the idle time parts sessions, and every line is in one', () => {
    fc.assert(
      fc.property(lines, (some) => {
        const found = sessionsOf(some);
        expect(found.flatMap(({ events }) => events).length).toBe(some.length);
        for (const { key, first, last, events } of found) {
          const own = some.filter((line) => line.key === key && line.time >= first && line.time <= last);
          expect(events).toEqual(own.map(({ event }) => event));
          own.slice(1).forEach(({ time }, at) => expect(time - own[at]!.time).toBeLessThanOrEqual(RULES.idleMs));
        }
      }),
    );
  });

  test('goes on from what was kept, wherever it is interrupted', () => {
    fc.assert(
      fc.property(lines, fc.nat(80), (some, at) => {
        expect(sessionsOf(some, at % some.length)).toEqual(sessionsOf(some));
      }),
    );
  });

  test('what is later than that is in no session, and counted', () => {
    const sessions = new OpenSessions(RULES);
    sessions.heard(10_000, 0);
    sessions.add('a1', 10_000, 1);
    sessions.heard(5000, 0);
    sessions.add('b2', 5000, 2);
    expect(sessions.losses).toEqual({ late: 1, evicted: 0 });
    expect(sessions.size).toBe(1);
  });

  test('is bounded in sessions and in lines of a session', () => {
    const sessions = new OpenSessions(RULES);
    for (let at = 0; at < 5000; at++) sessions.add((at % 2500).toString(16), 100, at);
    expect(sessions.size).toBeLessThanOrEqual(1000);
    expect(sessions.losses.evicted).toBeGreaterThan(1000);
    const one = new OpenSessions(RULES);
    for (let at = 0; at < 1000; at++) one.add('a1', 100 + at, at);
    one.heard(HOUR, 0);
    one.pass(0);
    const [ended] = [...one.ended()];
    expect([ended!.events.length, ended!.last]).toEqual([200, 1099]);
  });

  test('ends sessions of an entity that writes nothing any more, and not while its sender merely stands still', () => {
    const sessions = new OpenSessions(RULES);
    sessions.heard(0, 0);
    sessions.heard(5000, 1_000_000);
    sessions.add('a1', 5000, 1);
    expect(sessions.pass(1_200_000)).toBe(false);
    expect(sessions.pass(1_400_000)).toBe(true);
    expect([...sessions.ended()]).toMatchObject([{ key: 'a1', partial: false }]);
  });
});
