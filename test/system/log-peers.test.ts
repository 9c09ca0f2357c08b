import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { countedOnce, linesOf } from './log-counts.ts';
import { cleanUp, eventually, freePort, type RunningVigia, startVigia, temporaryFolder } from './vigia.ts';

const RSYSLOG = '/usr/sbin/rsyslogd';
const LOGGER = '/usr/bin/logger';
const REMOTE = '/lib/systemd/systemd-journal-remote';
const UPLOAD = '/lib/systemd/systemd-journal-upload';

const strict = process.env['CI'] !== undefined;
const needs = (...programs: readonly string[]): void =>
  beforeEach((context) => {
    const missing = programs.find((program) => !existsSync(program));
    if (missing !== undefined && !strict) context.skip(`${missing} is not installed`);
  });

let vigia: RunningVigia;
let folder = '';
const ports = { udp: 0, tcp: 0, tls: 0 };
beforeAll(async () => {
  folder = temporaryFolder();
  for (const protocol of ['udp', 'tcp', 'tls'] as const) ports[protocol] = await freePort();
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });
  const on = (protocol: keyof typeof ports) => ({ name: protocol, protocol, host: '127.0.0.1', port: ports[protocol] });
  const journal = join(folder, 'journal');
  mkdirSync(journal);
  const collect = {
    host: { enabled: false },
    syslog: [on('udp'), on('tcp'), { ...on('tls'), cert, key }],
    journals: [{ directory: journal, from: 'start' }],
  };
  vigia = await startVigia({ folder, config: { step: '1s', collect } });
});
afterAll(async () => {
  await vigia.stop();
  cleanUp();
});

interface Line {
  readonly text: string;
  readonly level: string;
  readonly attributes: Readonly<Record<string, string>>;
}
const evidence = async (entity: string): Promise<readonly Line[]> =>
  (await vigia.get<{ items: Line[] }>(`/api/v1/logs?entity=${encodeURIComponent(entity)}&limit=100`)).items;

describe('logger of util-linux', () => {
  needs(LOGGER);

  it.each([
    ['UDP, RFC 5424', ['--udp', '--rfc5424'], 'udp'],
    ['UDP, RFC 3164', ['--udp', '--rfc3164'], 'udp'],
    ['TCP, RFC 5424, octet counts', ['--tcp', '--rfc5424', '--octet-count'], 'tcp'],
    ['TCP, RFC 5424, line ends', ['--tcp', '--rfc5424'], 'tcp'],
    ['TCP, RFC 3164, line ends', ['--tcp', '--rfc3164'], 'tcp'],
  ] as const)('%s', async (name, options, protocol) => {
    const said = `order of ${name} could not be sent`;
    const server = ['--server', '127.0.0.1', '--port', String(ports[protocol])];
    const { status } = spawnSync(LOGGER, [...server, ...options, '--priority', 'user.err', '--tag', 'shop', said]);
    expect(status).toBe(0);
    const host = `host/${execFileSync('hostname', ['-s'], { encoding: 'utf8' }).trim()}`;
    const found = await eventually(`the line of ${name}`, 60_000, async () => {
      const all = await vigia.get<{ items: (Line & { entity: string })[] }>(
        `/api/v1/logs?search=${encodeURIComponent(said)}`,
      );
      return all.items[0];
    });
    expect(found).toMatchObject({ text: said, level: 'error', attributes: { app: 'shop' } });
    expect(found.entity.startsWith(host)).toBe(true);
  });
});

describe('rsyslog', () => {
  needs(RSYSLOG, '/usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_gtls.so');
  const started: ChildProcess[] = [];
  afterAll(() => {
    for (const child of started) child.kill('SIGKILL');
  });

  /** An rsyslog that reads a file and sends each line on, in one way. */
  async function forward(name: string, action: string): Promise<string> {
    const own = join(folder, name);
    mkdirSync(own);
    const file = join(own, 'input.log');
    const config = [
      `global(workDirectory="${own}" localHostname="${name}" defaultNetstreamDriverCAFile="${join(folder, 'cert.pem')}")`,
      'module(load="imfile" mode="polling" pollingInterval="1")',
      `input(type="imfile" file="${file}" tag="shop:" severity="warning" facility="local0")`,
      `action(type="omfwd" target="127.0.0.1" action.resumeRetryCount="-1" ${action})`,
    ];
    writeFileSync(file, '');
    writeFileSync(join(own, 'rsyslog.conf'), `${config.join('\n')}\n`);
    started.push(
      spawn(RSYSLOG, ['-n', '-f', join(own, 'rsyslog.conf'), '-i', join(own, 'pid')], { stdio: 'ignore', cwd: own }),
    );
    return file;
  }

  it.each([
    ['r-udp', 'udp', 'protocol="udp" template="RSYSLOG_SyslogProtocol23Format"'],
    ['r-old', 'udp', 'protocol="udp" template="RSYSLOG_TraditionalForwardFormat"'],
    ['r-tcp', 'tcp', 'protocol="tcp" template="RSYSLOG_SyslogProtocol23Format"'],
    ['r-counted', 'tcp', 'protocol="tcp" TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format"'],
    [
      'r-tls',
      'tls',
      'protocol="tcp" StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="localhost" TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format"',
    ],
  ] as const)('%s: every line once, with level, host and program', async (name, protocol, action) => {
    const file = await forward(name, `${action} port="${ports[protocol]}"`);
    // Datagrams that the kernel has no room for are lost before anybody sees them.
    const lines = Array.from({ length: protocol === 'udp' ? 100 : 500 }, (_, at) => `order ${at} was late`);
    writeFileSync(file, `${lines.join('\n')}\n`);
    expect(await countedOnce(vigia, `host/${name}`, lines.length)).toBe(lines.length);
    const [line] = await evidence(`host/${name}`);
    expect(line).toMatchObject({ level: 'warn', text: expect.stringMatching(/order \d+ was late$/) });
    expect(line!.attributes).toMatchObject({ app: 'shop', facility: '16' });
  });
});

describe("systemd's journal", () => {
  needs(REMOTE, UPLOAD);

  /** Entries as systemd exports them. */
  function exported(host: string, count: number): Buffer {
    const boot = 'cd'.repeat(16);
    return Buffer.concat(
      Array.from({ length: count }, (_, at) => {
        const micros = (Date.now() - 60_000) * 1000 + at;
        const message = Buffer.from(`order ${at} failed\n  at the ledger`);
        const length = Buffer.alloc(8);
        length.writeBigUInt64LE(BigInt(message.length));
        const head = `__REALTIME_TIMESTAMP=${micros}\n__MONOTONIC_TIMESTAMP=${1000 + at}\n_BOOT_ID=${boot}\n`;
        const fields = `PRIORITY=3\n_HOSTNAME=${host}\nSYSLOG_IDENTIFIER=shop\n_SYSTEMD_UNIT=shop.service\nMESSAGE\n`;
        return Buffer.concat([Buffer.from(head + fields), length, message, Buffer.from('\n\n')]);
      }),
    );
  }

  function writeJournal(file: string, host: string, count: number): void {
    const input = `${file}.export`;
    writeFileSync(input, exported(host, count));
    execFileSync(REMOTE, ['--output', file, input], { stdio: 'ignore' });
    chmodSync(file, 0o644);
    expect(readFileSync(file).length).toBeGreaterThan(1000);
  }

  it('is followed with journalctl', async () => {
    writeJournal(join(folder, 'journal', 'remote.journal'), 'j-file', 300);
    expect(await countedOnce(vigia, 'host/j-file', 300)).toBe(300);
    const [line] = await evidence('host/j-file');
    expect(line).toMatchObject({ level: 'error', attributes: { unit: 'shop.service', app: 'shop' } });
    expect(line!.text).toMatch(/^order \d+ failed\n {2}at the ledger$/);
  });

  it('is taken from systemd-journal-upload, and counted once when it is sent again', async () => {
    const own = join(folder, 'uploaded');
    mkdirSync(own);
    writeJournal(join(own, 'remote.journal'), 'j-upload', 400);
    for (let time = 0; time < 2; time++) {
      const url = `http://127.0.0.1:${new URL(vigia.url).port}/api/v1/journal`;
      const child = spawn(
        UPLOAD,
        [`--url=${url}`, `--directory=${own}`, '--save-state='.concat(join(own, `state${time}`))],
        {
          stdio: 'ignore',
        },
      );
      await eventually('the upload', 60_000, async () => (await linesOf(vigia, 'host/j-upload')) >= 400);
      child.kill();
      await once(child, 'close');
    }
    expect(await countedOnce(vigia, 'host/j-upload', 400)).toBe(400);
  });
});
