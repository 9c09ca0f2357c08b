import { afterAll, expect, it } from 'vitest';
import { startTraceReceiver, wayTo } from '../fixtures/trace-receiver.ts';
import { cleanUp, eventually, startVigia } from './vigia.ts';

afterAll(cleanUp);

it('follows a sample from where it came in to detect', async () => {
  const receiver = await startTraceReceiver();
  const vigia = await startVigia({
    config: {
      step: '1s',
      instance: 'here',
      collect: { host: { enabled: false } },
      telemetry: { traces: { endpoint: receiver.endpoint, ratio: 1, headers: { 'x-key': '${env:TRACES_KEY}' } } },
    },
    env: { TRACES_KEY: 'open' },
  });
  try {
    const begin = Date.now() - 60_000;
    for (let second = 0; second < 60; second += 10) {
      const lines = Array.from(
        { length: 10 },
        (_, i) => `load{entity="host/followed"} 1 ${begin + (second + i) * 1000}`,
      );
      const response = await vigia.post('/api/v1/samples', `${lines.join('\n')}\n`);
      expect(response.status).toBe(204);
    }
    const way = await eventually('a way to detect was told', 60_000, async () =>
      wayTo('detect process frames', receiver.spans),
    );
    expect(way.map(({ name }) => name)).toEqual([
      'send samples',
      'prepare process samples',
      'send frames',
      'detect process frames',
    ]);
    expect(way.map(({ attributes }) => attributes['vigia.key'])).toEqual(Array(4).fill('host/followed'));
    expect(new Set(way.map(({ instance }) => instance))).toEqual(new Set(['here']));
    expect(receiver.headers['x-key']).toBe('open');
    const metrics = await (await fetch(`${vigia.url}/metrics`)).text();
    expect(metrics).toMatch(/^vigia_traces_spans_sent_total [1-9]/m);
    expect(await vigia.stop()).toBe(0);
  } finally {
    await vigia.stop('SIGKILL');
    await receiver.close();
  }
});
