import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { levelOfName, levelOfNumber } from './log-level.ts';
import { parseLogLine } from './parse-log-line.ts';

const NOW = Date.UTC(2026, 0, 3, 12);
const at = (text: string): number => Date.parse(text);

describe('parseLogLine', () => {
  test.each([
    [
      'pino',
      '{"level":50,"time":1767355200123,"msg":"payment failed","reqId":7,"nested":{"a":1}}',
      { time: 1767355200123, level: 'error', text: 'payment failed', attributes: { reqId: '7' } },
    ],
    [
      'JSON of Java',
      '{"@timestamp":"2026-01-02T12:00:00.5+01:00","log.level":"WARN","message":"slow","logger":"shop.Cart"}',
      { time: at('2026-01-02T11:00:00.500Z'), level: 'warn', text: 'slow', attributes: { logger: 'shop.Cart' } },
    ],
    [
      'logfmt',
      'ts=2026-01-02T12:00:00Z level=info msg="user \\"ana\\" left" took=12ms',
      { time: at('2026-01-02T12:00:00Z'), level: 'info', text: 'user "ana" left', attributes: { took: '12ms' } },
    ],
    [
      'access log',
      '10.0.0.1 - ana [02/Jan/2026:13:00:00 +0100] "GET /cart?token=x HTTP/1.1" 503 12 "-" "curl"',
      {
        time: at('2026-01-02T12:00:00Z'),
        level: 'error',
        text: 'GET /cart 503',
        attributes: { client: '10.0.0.1', method: 'GET', status: '503', size: '12' },
      },
    ],
    [
      'klog',
      'E1231 23:59:59.000001    7 reflector.go:12] watch failed',
      {
        time: at('2025-12-31T23:59:59Z'),
        level: 'error',
        text: 'watch failed',
        attributes: { logger: 'reflector.go:12' },
      },
    ],
    [
      'Python',
      '2026-01-02 12:00:00,123 - shop.cart - WARNING - nearly empty',
      { time: at('2026-01-02T12:00:00.123Z'), level: 'warn', text: 'nearly empty', attributes: {} },
    ],
    [
      'Java',
      '2026-01-02 12:00:00,123 ERROR [main] shop.Cart: failed',
      { time: at('2026-01-02T12:00:00.123Z'), level: 'error', text: '[main] shop.Cart: failed', attributes: {} },
    ],
    [
      'syslog without priority, of last year',
      'Dec 31 23:00:00 web cartd[12]: up',
      { time: at('2025-12-31T23:00:00Z'), level: null, text: 'web cartd[12]: up', attributes: {} },
    ],
    [
      'Apache error log',
      '[Fri Jan 02 12:00:00 2026] [error] no such file',
      { time: at('2026-01-02T12:00:00Z'), level: 'error', text: 'no such file', attributes: {} },
    ],
    ['a level alone', 'ERROR: no disk', { time: null, level: 'error', text: 'no disk', attributes: {} }],
    ['plain text', 'no disk = no fun', { time: null, level: null, text: 'no disk = no fun', attributes: {} }],
    ['broken JSON', '{"msg": "cut', { time: null, level: null, text: '{"msg": "cut', attributes: {} }],
  ])('%s', (_, line, parsed) => {
    expect(parseLogLine(line, NOW)).toEqual(parsed);
  });

  test.each([
    ['seconds', (ms: number) => `${Math.floor(ms / 1000)}.${String(ms % 1000).padStart(3, '0')}`],
    ['milliseconds', (ms: number) => `${ms}`],
    ['microseconds', (ms: number) => `${ms}000`],
    ['nanoseconds', (ms: number) => `${ms}000000`],
  ])('every millisecond told in %s is read as itself', (_, told) => {
    const all = Array.from({ length: 1000 }, (_unused, i) => NOW + i);
    expect(all.map((ms) => parseLogLine(`{"ts":${told(ms)},"msg":"up"}`, NOW).time)).toEqual(all);
  });

  test('any text is read without a throw, and its text is never longer', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 200, unit: 'binary' }), fc.json()), (line) => {
        const { text, time } = parseLogLine(line, NOW);
        expect(text.length).toBeLessThanOrEqual(line.length);
        expect(time === null || Number.isSafeInteger(time)).toBe(true);
      }),
    );
  });
});

describe('levels', () => {
  test('names and numbers', () => {
    expect(['Warning', '[ERR]', 'I', 'panic', 'ERROR2', 'banana'].map(levelOfName)).toEqual([
      'warn',
      'error',
      'info',
      'fatal',
      'error',
      null,
    ]);
    expect([levelOfNumber(0, 'syslog'), levelOfNumber(8, 'syslog'), levelOfNumber(17, 'otel')]).toEqual([
      'fatal',
      null,
      'error',
    ]);
    expect([levelOfNumber(30, 'pino'), levelOfNumber(35, 'pino'), levelOfNumber(1.5, 'otel')]).toEqual([
      'info',
      null,
      null,
    ]);
  });
});
