import { expect, it } from 'vitest';
import { alerts, countsOf } from './static-arm.ts';

const page = (requests: number, errors: number, fast: number): string =>
  [
    '# TYPE lab_requests_total counter',
    `lab_requests_total{code="200"} ${requests - errors}`,
    `lab_requests_total{code="502"} ${errors}`,
    `lab_errors_total{reason="downstream"} ${errors}`,
    `lab_request_seconds_bucket{le="0.8"} ${fast}`,
    `lab_request_seconds_bucket{le="+Inf"} ${requests}`,
    `lab_request_seconds_count ${requests}`,
  ].join('\n');

it('reads the counters of a page, all labels together', () => {
  expect(countsOf(page(100, 4, 90))).toEqual({ requests: 100, errors: 4, observed: 100, fast: 90 });
});

it('alerts for errors, for slowness and for silence, by what happened since the look before', () => {
  const before = countsOf(page(100, 50, 50));
  expect(alerts(before, countsOf(page(200, 50, 150)))).toBe(false);
  expect(alerts(before, countsOf(page(200, 60, 150)))).toBe(true);
  expect(alerts(before, countsOf(page(200, 50, 140)))).toBe(true);
  expect(alerts(before, null)).toBe(true);
});

it('says nothing after a start or a restart, nor where nobody asks', () => {
  expect(alerts(null, countsOf(page(100, 100, 0)))).toBe(false);
  expect(alerts(countsOf(page(100, 0, 100)), countsOf(page(10, 10, 0)))).toBe(false);
  expect(alerts(countsOf(page(100, 0, 100)), countsOf(page(100, 0, 100)))).toBe(false);
});
