import { describe, expect, test } from 'vitest';
import { createMetrics } from '../../runtime/metrics.ts';
import { createEntityRules, DEFAULT_ENTITY_RULES } from '../entity-rules.ts';
import { createLogIntake } from './log-intake.ts';

const NOW = Date.UTC(2026, 0, 2, 12);
const metrics = createMetrics();
const intake = createLogIntake({
  metrics,
  assign: createEntityRules(DEFAULT_ENTITY_RULES, 'service/push'),
  limits: { lineBytes: 1000, aheadMs: 60_000, behindMs: 86_400_000 },
});
const origin = { source: 'logs/push', labels: { service: 'shop' } };
const records = (text: string) => intake.records(Buffer.from(text), origin, NOW);

describe('what is sent as lines of log', () => {
  test('is parsed, masked and given to an entity', () => {
    const [plain, json] = records(
      'ERROR login of ana@example.com failed\n{"level":"warn","msg":"slow","service":"cart","token":"x1"}\n\n',
    );
    expect(plain).toMatchObject({
      entity: 'service/shop',
      level: 'error',
      text: 'login of [e-mail] failed',
      time: NOW,
    });
    expect(json).toMatchObject({ entity: 'service/cart', level: 'warn', text: 'slow' });
    expect(records('a\nb')).toHaveLength(2);
  });

  test('has the same ids when it is sent again, and equal lines are two', () => {
    const body = '2026-01-02T11:59:00Z started\n2026-01-02T11:59:00Z started';
    const first = records(body).map(({ id }) => id);
    expect(new Set(first).size).toBe(2);
    expect(records(body).map(({ id }) => id)).toEqual(first);
  });

  test('is dropped and counted when its time is not believed or it is too long', async () => {
    expect(records(`2026-01-03T12:00:00Z soon\n2025-01-01T00:00:00Z old\n${'x'.repeat(2000)}\nnow`)).toHaveLength(1);
    const { text: page } = await metrics.expose();
    for (const reason of ['future', 'too_old', 'line_too_long'])
      expect(page).toContain(`vigia_collect_dropped_log_lines_total{source="logs/push",reason="${reason}"} 1`);
    expect(() => intake.records(Uint8Array.of(0xff, 0xfe), origin, NOW)).toThrow(
      expect.objectContaining({ code: 'BODY_INVALID' }),
    );
  });

  test('secret attributes are masked too', () => {
    const [record] = records('{"msg":"in","user":"ana@example.com","n":1}');
    expect(record?.attributes).toEqual({ user: '[e-mail]', n: '1' });
  });
});
