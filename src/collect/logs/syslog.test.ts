import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SyslogFrames } from './syslog-frames.ts';
import { parseSyslog } from './syslog-message.ts';

const NOW = Date.UTC(2026, 0, 3);

describe('parseSyslog', () => {
  test.each([
    [
      'RFC 5424',
      '<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog 8 ID47 [exampleSDID@32473 iut="3" eventSource="App \\"x\\""] \uFEFFAn event',
      {
        time: Date.UTC(2003, 9, 11, 22, 14, 15, 3),
        level: 'info',
        host: 'mymachine.example.com',
        text: 'An event',
        attributes: {
          facility: '20',
          app: 'evntslog',
          pid: '8',
          msgid: 'ID47',
          'exampleSDID@32473.iut': '3',
          'exampleSDID@32473.eventSource': 'App "x"',
        },
      },
    ],
    [
      'RFC 5424 with nothing known',
      '<0>1 - - - - - -',
      { time: null, level: 'fatal', host: null, text: '', attributes: { facility: '0' } },
    ],
    [
      'RFC 3164',
      "<34>Oct 11 22:14:15 mymachine su: 'su root' failed",
      {
        time: Date.UTC(2025, 9, 11, 22, 14, 15),
        level: 'fatal',
        host: 'mymachine',
        text: "'su root' failed",
        attributes: { facility: '4', app: 'su' },
      },
    ],
    [
      'RFC 3164 of a local program, without a host',
      '<13>Jan  2 10:00:00 cron[77]: started\n',
      {
        time: Date.UTC(2026, 0, 2, 10),
        level: 'info',
        host: null,
        text: 'started',
        attributes: { facility: '1', app: 'cron', pid: '77' },
      },
    ],
    [
      'text alone',
      '<11>out of order',
      { time: null, level: 'error', host: null, text: 'out of order', attributes: { facility: '1' } },
    ],
  ])('%s', (_, message, parsed) => {
    expect(parseSyslog(message, NOW)).toEqual(parsed);
  });

  test.each(['no priority', '<192>1 - - - - - - x', '<>x', '<9999>x', ''])('is none: %s', (message) => {
    expect(parseSyslog(message, NOW)).toBeNull();
  });

  test('any bytes are read without a throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (rest) => {
        expect(parseSyslog(`<14>${rest}`, NOW)).not.toBeNull();
        expect(parseSyslog(`<14>1 2026-01-01T00:00:00Z h a p m [x ${rest}`, NOW)).not.toBeNull();
      }),
    );
  });
});

describe('SyslogFrames', () => {
  test('counts and line ends, in pieces of any size', () => {
    const stream = Buffer.from('5 <1>ab<2>line one\n7 <3>a\nbc<4>ö\n');
    const whole = ['<1>ab', '<2>line one', '<3>a\nbc', '<4>ö'];
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 40, maxLength: 60 }), (sizes) => {
        const frames = new SyslogFrames(100);
        const found: string[] = [];
        let at = 0;
        for (const size of sizes) found.push(...frames.take(stream.subarray(at, (at += size))));
        expect(found).toEqual(whole);
      }),
    );
  });

  test('an endless message and a wrong count are passed over, and the next line is read', () => {
    const frames = new SyslogFrames(20);
    expect(frames.take(Buffer.from(`<1>${'x'.repeat(50)}`))).toEqual([]);
    expect(frames.take(Buffer.from(`${'x'.repeat(50)}\n<2>ok\n99999999 <3>x\n<4>ok\n`))).toEqual(['<2>ok', '<4>ok']);
    expect(frames.refused).toBe(2);
    expect(frames.take(Buffer.from('<5>last'))).toEqual([]);
    expect(frames.end()).toEqual(['<5>last']);
  });
});
