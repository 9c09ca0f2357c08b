import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { LogRecord } from '../../model/log-record.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createEntityRules, DEFAULT_ENTITY_RULES } from '../entity-rules.ts';
import { createLogIntake } from './log-intake.ts';
import { SyslogSource } from './syslog-source.ts';

const running: SyslogSource[] = [];
afterEach(async () => {
  for (const source of running.splice(0)) await source.stop();
});

async function start(protocol: 'udp' | 'tcp', publish?: (records: readonly LogRecord[]) => Promise<void>) {
  const metrics = createMetrics();
  const taken: LogRecord[] = [];
  const source = new SyslogSource(
    { name: 'syslog', protocol, host: '127.0.0.1', port: 0, labels: { service: 'syslog' }, messageBytes: 1000 },
    {
      clock: systemClock,
      log: silentLog,
      intake: createLogIntake({
        metrics,
        assign: createEntityRules(DEFAULT_ENTITY_RULES, 'service/push'),
        limits: { lineBytes: 65_536, aheadMs: 1e9, behindMs: 1e14 },
      }),
      publish: async (records) => {
        await publish?.(records);
        taken.push(...records);
      },
    },
  );
  await source.start();
  running.push(source);
  return { source, taken, metrics };
}

describe('syslog', () => {
  test('over TCP, each message once, in order; what is none is counted', async () => {
    const { source, taken, metrics } = await start('tcp');
    const socket = connect(source.port, '127.0.0.1');
    for (let at = 0; at < 2000; at++) socket.write(`<${at % 2 === 0 ? 11 : 14}>1 - web-1 shop - - - line ${at}\n`);
    socket.end('nonsense\n20 <14>1 - - a - - - end');
    await once(socket, 'close');
    await expect.poll(() => taken.length).toBe(2001);
    expect(taken.slice(0, 2000).map(({ text }) => text)).toEqual(Array.from({ length: 2000 }, (_, at) => `line ${at}`));
    expect(taken[0]).toMatchObject({
      entity: 'host/web-1',
      level: 'error',
      attributes: { app: 'shop', facility: '1' },
    });
    expect(taken[2000]).toMatchObject({ entity: 'service/syslog', text: 'en' });
    expect(new Set(taken.map(({ id }) => id)).size).toBe(2001);
    expect((await metrics.expose()).text).toContain('reason="malformed"} 1');
  });

  test('a sender over TCP waits while records cannot be handed on', async () => {
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { source, taken } = await start('tcp', () => gate);
    const socket = connect(source.port, '127.0.0.1');
    const line = `<14>1 - web-1 shop - - - ${'x'.repeat(900)}\n`;
    const most = 100_000;
    let sent = 0;
    // Until the buffers on the way are full, some megabytes, and nothing is taken out of them any more.
    const drained = async (): Promise<boolean> => {
      for (let waits = 0; waits < 20 && socket.writableNeedDrain; waits++) await systemClock.sleep(25);
      return !socket.writableNeedDrain;
    };
    do {
      do sent += 1;
      while (socket.write(line) && sent < most);
    } while (sent < most && (await drained()));
    expect(sent).toBeLessThan(most);
    expect(taken).toEqual([]);
    open();
    socket.end();
    await once(socket, 'close');
    await expect.poll(() => taken.length).toBe(sent);
  });

  test('over UDP', async () => {
    const { source, taken } = await start('udp');
    const socket = createSocket('udp4');
    for (let at = 0; at < 50; at++)
      socket.send(`<13>Jan  2 10:00:00 db-1 cron[7]: run ${at}`, source.port, '127.0.0.1');
    await expect.poll(() => taken.length).toBe(50);
    expect(taken[0]).toMatchObject({ entity: 'host/db-1', text: expect.stringMatching(/^run \d+$/) });
    socket.close();
  });
});
