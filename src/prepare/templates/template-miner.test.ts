import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findHeader, textStart } from './line-header.ts';
import { lineTokens } from './line-tokens.ts';
import { TemplateMiner } from './template-miner.ts';

const texts = (lines: readonly string[]): string[] => {
  const header = findHeader(lines);
  return lines.map((line) => line.slice(textStart(line, header)));
};
const many = (make: (at: number) => string, count = 50): string[] => Array.from({ length: count }, (_, at) => make(at));
const two = (at: number): string => String(at % 60).padStart(2, '0');

const joinAll = (miner: TemplateMiner): void => {
  for (const _ of miner.join()) expect(miner.size).toBeGreaterThan(0);
};

function mined(lines: readonly string[]): string[] {
  const miner = new TemplateMiner();
  const numbers = lines.map((line) => miner.add(line));
  joinAll(miner);
  return numbers.map((number) => miner.template(number).text);
}

describe('findHeader', () => {
  test.each([
    ['ISO time, level, component', (at: number) => `2026-01-02 10:${two(at)}:01,123 INFO shop.Cart: added ${at} items`],
    ['syslog', (at: number) => `Jan  2 10:00:${two(at)} web-${at % 3} cartd[${at}]: added ${at} items`],
    ['brackets', (at: number) => `[Fri Jan 02 10:00:${two(at)} 2026] [warn] added ${at} items`],
    ['bars', (at: number) => `20260102-10:00:${two(at)}|cart|${at}|added ${at} items`],
    ['dashes', (at: number) => `2026-01-02 10:00:${two(at)},001 - shop.cart - added ${at} items`],
    [
      'request ids',
      (at: number) => `2026-01-02 10:00:${two(at)}.5 77 INFO shop.cart [req-${at} - -] added ${at} items`,
    ],
    ['epoch and flags', (at: number) => `- ${1_790_000_000 + at} n${at} shop INFO added ${at} items`],
    ['dots and numbers', (at: number) => `${at} 2026.01.02 10:00:${two(at)} 7 - added ${at} items`],
    ['nothing', (at: number) => `added ${at} items`],
  ])('leaves the text: %s', (_, line) => {
    expect(texts(many(line))).toEqual(many((at) => `added ${at} items`));
  });

  test('a component may be missing or have a note', () => {
    const lines = many((at) => `Jan  2 10:00:${two(at)} web cartd[${at}]: added ${at} items`, 40);
    const odd = [
      'Jan  2 10:00:59 web cartd[1] (shop.cart): started',
      'Jan  2 10:00:59 web last message repeated 2 times',
    ];
    expect(texts([...lines, ...odd]).slice(-2)).toEqual(['started', 'last message repeated 2 times']);
  });

  test('lines of a stack trace are text', () => {
    const lines = many((at) => `2026-01-02 10:00:${two(at)} ERROR shop.Cart: failed`, 20).flatMap((line) => [
      line,
      '    at shop.Cart.add(Cart.java:17)',
    ]);
    expect(texts(lines).slice(0, 2)).toEqual(['failed', '    at shop.Cart.add(Cart.java:17)']);
  });

  test('no lines, empty lines and random bytes have no header', () => {
    expect(findHeader([]).fields).toBe(0);
    expect(texts(['', '  ', '\u0000\u0001'])).toEqual(['', '  ', '\u0000\u0001']);
  });
});

describe('lineTokens', () => {
  test.each([
    ['took 12.5 ms for /var/log/app.log', 'took <*> for <*>'],
    ['nodes n1 n2, n3/n4 are gone', 'nodes <*> are gone'],
    ['key="View Lock" size=3KB', 'key = " <*> " size = <*>'],
    ['"GET /a/b HTTP/1.1" 200', '" GET <*> " <*>'],
    ['from com.example.app.Main at Fri Dec 10 19:02:14 EST 2004', 'from <*> at <*> EST <*>'],
    ['action android.intent.action.TIME_TICK', 'action android.intent.action.TIME_TICK'],
    ['loaded C:\\Windows\\cbscore.dll', 'loaded <*>'],
    ['', ''],
  ])('%s', (line, tokens) => {
    expect(lineTokens(line).join(' ')).toBe(tokens);
  });

  test('an endless line is cut', () => {
    expect(lineTokens('word '.repeat(100_000)).length).toBeLessThan(300);
  });
});

describe('TemplateMiner', () => {
  test('a place that takes many words is a variable, one that takes few is a choice', () => {
    const users = ['ann', 'bob', 'eve', 'joe', 'kim', 'lou'];
    expect(new Set(mined(users.map((user) => `session opened for user ${user}`)))).toEqual(
      new Set(['session opened for user <*>']),
    );
    expect(mined(['start of the backup', 'end of the backup'])).toEqual(['start of the backup', 'end of the backup']);
  });

  test('states in capitals stay apart', () => {
    const states = ['NEW', 'READY', 'RUNNING', 'FAILED', 'KILLED', 'DONE', 'LOST'];
    const lines = states.map((state) => `task moved to ${state}`);
    expect(mined(lines)).toEqual(lines);
  });

  test('the value of a key is one when another line shows it', () => {
    const [first, second, third] = mined(['lock id=1 owner=null', 'lock id=2 owner=pid{7}', 'lock id=3 owner=']);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  test('a name for a number is that number', () => {
    const [first, second] = mined(['synchronized to LOCAL(0), stratum 10', 'synchronized to 10.1.2.3, stratum 3']);
    expect(first).toBe(second);
  });

  test('once a place is known to be a variable, one new word is enough; the pattern keeps the id of its first line', () => {
    const miner = new TemplateMiner();
    const [first] = ['ann', 'bob', 'eve', 'joe', 'kim'].map((user) => miner.add(`session opened for user ${user}`));
    const { id } = miner.template(first!);
    joinAll(miner);
    const late = miner.add('session opened for user zoe');
    expect(miner.template(late)).toEqual({ id, text: 'session opened for user <*>' });
    expect(miner.template(miner.add('session opened for user READY')).id).not.toBe(id);
    expect(() => miner.template(99)).toThrow(RangeError);
  });

  test('after a restart, and in every process that has read what is known, a pattern has the same id', () => {
    const lines = (names: readonly string[]): string[] =>
      names.flatMap((name) => [`session opened for user ${name}`, `took ${name.length} ms`, `door ${name} is open`]);
    const miner = new TemplateMiner();
    const seen = new Map<string, { readonly id: string; readonly text: string }>();
    const take = (into: TemplateMiner, line: string): string => {
      const template = into.template(into.add(line));
      seen.set(template.id, template);
      return template.id;
    };
    for (const line of lines(['ann', 'bob', 'eve', 'joe', 'kim'])) take(miner, line);
    joinAll(miner);
    const known = lines(['ann', 'bob', 'zoe']).map((line) => take(miner, line));
    expect(new Set(known).size).toBe(3);
    const again = new TemplateMiner();
    again.restore([...seen.values()]);
    expect(lines(['ann', 'bob', 'zoe']).map((line) => take(again, line))).toEqual(known);
    expect(lines(['sue', 'ida', 'max']).map((line) => take(again, line))).toEqual(known);
    joinAll(again);
    expect(lines(['bob', 'ann', 'rex']).map((line) => take(again, line))).toEqual(known);
  });

  test('whoever met the lines of a pattern in whatever order: after a look at what others found all have one id', () => {
    const names = ['ann', 'bob', 'eve', 'joe', 'kim', 'lou'];
    const lines = names.flatMap((name) => [
      `session opened for user ${name}`,
      `the door ${name} was closed`,
      'stopped',
    ]);
    const order = fc.shuffledSubarray(lines, { minLength: lines.length });
    fc.assert(
      fc.property(fc.tuple(order, order, order), (orders) => {
        const miners = orders.map((mine) => {
          const miner = new TemplateMiner();
          for (const line of mine) miner.add(line);
          joinAll(miner);
          return miner;
        });
        const found = miners.flatMap((miner) => [...miner.templates()]);
        for (const miner of miners) miner.agree(found);
        const ids = miners.map((miner) => lines.map((line) => miner.template(miner.add(line)).id));
        expect(new Set(ids[0]).size).toBe(3);
        expect(ids[1]).toEqual(ids[0]);
        expect(ids[2]).toEqual(ids[0]);
        // And so it stays when more is joined.
        for (const miner of miners) joinAll(miner);
        expect(miners.map((miner) => miner.template(miner.add('session opened for user zoe')).id)).toEqual(
          miners.map(() => ids[0]![lines.indexOf('session opened for user ann')]),
        );
      }),
      { numRuns: 30 },
    );
  });

  test('random text does not grow without bound', () => {
    const miner = new TemplateMiner();
    const word = (at: number): string => String(at).replaceAll(/\d/g, (digit) => 'abcdefghij'[Number(digit)]!);
    for (let at = 0; at < 30_000; at++) miner.add(`${word(at)} ${word(at * 7)} ${word(at * 13)}`);
    joinAll(miner);
    expect(miner.size).toBeLessThanOrEqual(22_001);
  });
});
