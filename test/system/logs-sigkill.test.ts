import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/ml/random.ts';
import { countedOnce } from './log-counts.ts';
import { cleanUp, eventually, freePort, type RunningVigia, startVigia, temporaryFolder } from './vigia.ts';

const ROUNDS = 5;
const LOGROTATE = '/usr/sbin/logrotate';
const missing = !existsSync(LOGROTATE);

afterAll(cleanUp);

/** Starts and kills a program some times over, with work going on all the while; it runs at the end. */
async function killing(start: () => Promise<RunningVigia>, between: (round: number) => void): Promise<RunningVigia> {
  const random = createRandom(20261123);
  for (let round = 0; round < ROUNDS; round++) {
    const vigia = await start();
    await delay(500 + random.next() * 2500);
    await vigia.stop('SIGKILL');
    between(round);
  }
  return start();
}

describe('SIGKILL during tailing', () => {
  beforeEach((context) => {
    if (missing && process.env['CI'] === undefined) context.skip('logrotate is not installed');
  });

  /** Rotates as Debian does: `options` are those of logrotate's file. */
  function createRotation(folder: string, options: readonly string[]): () => void {
    const file = join(folder, 'logrotate.conf');
    const log = join(folder, 'logs', 'app.log');
    writeFileSync(file, `"${log}" {\n  rotate 50\n  ${options.join('\n  ')}\n}\n`, { mode: 0o644 });
    return () => {
      const state = join(folder, 'logrotate.state');
      const { status, stderr } = spawnSync(LOGROTATE, ['--force', '--state', state, file], { encoding: 'utf8' });
      expect({ status, stderr }).toMatchObject({ status: 0 });
    };
  }

  it.each([
    ['rename, a new file, compressed at once', ['create', 'compress']],
    ['rename, compressed at the next time', ['create', 'compress', 'delaycompress']],
    ['copy and truncation, compressed', ['copytruncate', 'compress']],
  ])('every line counts once under logrotate: %s', async (_, options) => {
    const folder = temporaryFolder();
    const port = await freePort();
    mkdirSync(join(folder, 'logs'), { mode: 0o755 });
    const log = join(folder, 'logs', 'app.log');
    const rotate = createRotation(folder, options);
    const source = {
      name: 'app',
      paths: [join(folder, 'logs', 'app.log*')],
      labels: { service: 'app' },
      from: 'start',
    };
    const config = { step: '1s', collect: { host: { enabled: false }, logs: [source] } };
    let written = 0;
    const write = (lines: number): void => {
      const text = Array.from(
        { length: lines },
        (__, at) => `${new Date().toISOString()} INFO order ${written + at} was sent after ${at % 7} ms`,
      );
      appendFileSync(log, `${text.join('\n')}\n`);
      written += lines;
    };
    write(500);
    const writing = setInterval(() => write(10), 10);
    let rotations = 0;
    // Nothing is written while logrotate copies and truncates: what is would be lost by logrotate itself.
    const rotating = setInterval(() => {
      if (written / 1500 < rotations + 1) return;
      rotations += 1;
      rotate();
    }, 50);
    const start = () => startVigia({ folder, port, config });
    const work = async (): Promise<RunningVigia> => {
      const vigia = await killing(start, (round) => {
        // Sometimes it rotates while nobody reads, once or twice.
        for (let times = 0; times < round % 3; times++) {
          rotate();
          write(300);
        }
      });
      await delay(1500);
      return vigia;
    };
    const vigia = await work().finally(() => {
      clearInterval(writing);
      clearInterval(rotating);
    });
    expect(rotations).toBeGreaterThan(2);
    expect(await countedOnce(vigia, 'service/app', written)).toBe(written);
    await vigia.stop();
  });
});

describe('SIGKILL during syslog over TCP', () => {
  /**
   * Sends numbered messages by octet counts. The protocol has no answer, so a sender that wants nothing lost does as this
   * one: when a connection broke, it sends again what it cannot know to have arrived.
   */
  function createSyslogSender(port: number) {
    const messages: string[] = [];
    const state: { sent: number; socket: Socket | null; ended: boolean } = { sent: 0, socket: null, ended: false };
    // More than it can send in a life of the program, so that more is never on its way; fewer than those that are known again.
    const KEPT = 3000;
    const PACE = 3;
    const open = (): void => {
      const made = connect(port, '127.0.0.1');
      made.on('error', () => made.destroy());
      made.on('connect', () => {
        state.socket = made;
        state.sent = Math.max(0, state.sent - KEPT);
      });
      made.on('close', () => {
        state.socket = null;
        if (!state.ended) setTimeout(open, 100);
      });
    };
    open();
    const send = (): void => {
      if (!state.ended)
        messages.push(`<14>1 ${new Date().toISOString()} web-1 shop 7 - - order ${messages.length} was sent`);
      const { socket } = state;
      if (socket === null) return;
      for (const message of messages.slice(state.sent, state.sent + PACE)) {
        socket.write(`${Buffer.byteLength(message)} ${message}`);
        state.sent += 1;
      }
    };
    const timer = setInterval(send, 10);
    return {
      /** Makes no more messages, and resolves with their number when all are sent. */
      finish: async (): Promise<number> => {
        state.ended = true;
        await eventually(
          'all to be sent',
          60_000,
          async () => state.sent === messages.length && state.socket?.writableLength === 0,
        );
        clearInterval(timer);
        state.socket?.end();
        return messages.length;
      },
    };
  }

  it('every message counts once', async () => {
    const folder = temporaryFolder();
    const [port, syslogPort] = [await freePort(), await freePort()];
    const syslog = [{ name: 'tcp', protocol: 'tcp', host: '127.0.0.1', port: syslogPort }];
    const config = { step: '1s', collect: { host: { enabled: false }, syslog } };
    const sender = createSyslogSender(syslogPort);
    const vigia = await killing(
      () => startVigia({ folder, port, config }),
      () => undefined,
    );
    await delay(2000);
    const messages = await sender.finish();
    expect(messages).toBeGreaterThan(500);
    expect(await countedOnce(vigia, 'host/web-1', messages)).toBe(messages);
    await vigia.stop();
  });
});
