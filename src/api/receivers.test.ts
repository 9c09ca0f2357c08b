import { gzipSync } from 'node:zlib';
import SnappyJS from 'snappyjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../store/store.ts';
import { openApi, openStore } from './check-api.ts';

let store: Store;
let api: ReturnType<typeof openApi>;
beforeAll(async () => {
  store = await openStore();
  api = openApi(store, { options: { bodyBytes: 1000 } });
});
afterAll(async () => {
  await api.app.close();
  await store.close();
});

const send = (url: string, payload: Buffer | string, headers: Record<string, string> = {}) =>
  api.app.inject({ method: 'POST', url, payload, headers: { 'content-type': 'application/x-protobuf', ...headers } });

describe('remote write', () => {
  const snappy = { 'content-encoding': 'snappy' };
  const packed = (text: string): Buffer => Buffer.from(SnappyJS.compress(Buffer.from(text)));

  it('is handed on as it was before it was packed, and answered after the commit', async () => {
    const { statusCode } = await send('/api/v1/write', packed('a write request'), snappy);
    expect(statusCode).toBe(204);
    expect(api.ingested.splice(0)).toEqual([{ body: 'a write request', format: 'remote_write' }]);
  });

  it('of the next version is refused in the way that makes the sender go back to this one', async () => {
    const type = 'application/x-protobuf;proto=io.prometheus.write.v2.Request';
    const { statusCode } = await send('/api/v1/write', packed('2.0'), { ...snappy, 'content-type': type });
    expect(statusCode).toBe(415);
  });

  it.each([
    ['unpacks to more than is taken', packed('x'.repeat(2000)), 413],
    ['says that it is packed and is not', Buffer.from('plain text that is not packed at all'), 400],
  ])('that %s is refused', async (_, body, status) => {
    expect((await send('/api/v1/write', body, snappy)).statusCode).toBe(status);
    expect(api.ingested).toEqual([]);
  });
});

describe('OTLP', () => {
  it('is taken in both of its encodings, packed or not, and answered in the same', async () => {
    const binary = await send('/v1/metrics', gzipSync('metrics'), { 'content-encoding': 'gzip' });
    const json = await send('/v1/metrics', '{}', { 'content-type': 'application/json' });
    const logs = await send('/v1/logs', 'logs');
    expect([binary.statusCode, binary.headers['content-type'], binary.body]).toEqual([
      200,
      'application/x-protobuf',
      '',
    ]);
    expect([json.statusCode, json.json()]).toEqual([200, {}]);
    expect(logs.statusCode).toBe(200);
    expect(api.ingested.splice(0).map(({ format }) => format)).toEqual(['otlp', 'otlp_json', 'logs/otlp/protobuf']);
  });

  it('says how much was dropped and why, with 200: repeating would not help', async () => {
    const json = await send('/v1/metrics', '{"a":"too old"}', { 'content-type': 'application/json' });
    expect(json.statusCode).toBe(200);
    expect(json.json()).toEqual({ partialSuccess: { rejectedDataPoints: '2', errorMessage: 'too_old: 2' } });
    const binary = await send('/v1/metrics', 'too old');
    // Field 1, a message of 14 bytes: field 1 is 2, field 2 the text.
    expect(binary.rawPayload).toEqual(
      Buffer.concat([Buffer.from([0x0a, 14, 0x08, 2, 0x12, 10]), Buffer.from('too_old: 2')]),
    );
    api.ingested.splice(0);
  });

  it('in any other type is refused', async () => {
    const { statusCode } = await send('/v1/logs', 'a=1', { 'content-type': 'text/plain' });
    expect(statusCode).toBe(415);
  });

  it('under pressure is asked to come again later', async () => {
    const waiting: (() => void)[] = [];
    const slow = openApi(store, {
      options: { bodyBytes: 1000 },
      deps: {
        ingest: () =>
          new Promise((resolve) => {
            waiting.push(() => resolve({ samples: 1, dropped: {} }));
          }),
      },
    });
    await slow.api.start();
    const url = `${slow.api.url()}/v1/metrics`;
    const post = () =>
      fetch(url, { method: 'POST', body: 'x'.repeat(900), headers: { 'content-type': 'application/x-protobuf' } });
    const held = Array.from({ length: 8 }, post);
    await expect.poll(() => waiting.length).toBe(8);
    const refused = await post();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    for (const finish of waiting) finish();
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    await slow.api.stop();
  });
});
