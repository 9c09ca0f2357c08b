import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { type DiskSpace, createFilesystemReader, parseMounts } from './host/read-filesystems.ts';
import { parseProcessStat } from './host/read-processes.ts';
import { createHostSource } from './host-source.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A machine made of files. */
function machine(files: Readonly<Record<string, string>>): {
  root: string;
  write: (more: Record<string, string>) => void;
} {
  const root = mkdtempSync(join(tmpdir(), 'vigia-proc-'));
  folders.push(root);
  const write = (more: Readonly<Record<string, string>>): void => {
    for (const [path, text] of Object.entries(more)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
  };
  write(files);
  return { root, write };
}

async function readAll(source: ReturnType<typeof createHostSource>): Promise<Map<string, number>> {
  const { batches } = await source.read();
  const values = new Map<string, number>();
  for (const { series, values: column } of batches) {
    for (const [i, { key }] of series.entries()) values.set(key, column[i]!);
  }
  return values;
}

const stat = (name: string, ticks: number, started: number, pages: number): string =>
  `1 (${name}) S 0 1 1 0 -1 4194560 1 1 1 1 ${ticks} 0 0 0 20 0 1 0 ${started} 1000 ${pages} 18446744073709551615\n`;

describe('host source on files of a kernel', () => {
  const files = {
    'proc/stat': 'cpu  100 200 300 400 500 600 700 800 0 0\ncpu0 1 1 1 1\nintr 1\n',
    'proc/loadavg': '0.50 0.40 0.30 1/100 1234\n',
    'proc/meminfo': 'MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable: 400 kB\nSwapTotal: 200 kB\nSwapFree: 150 kB\n',
    'proc/sys/fs/file-nr': '1024\t24\t9223372036854775807\n',
    'proc/pressure/io': 'some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0.00 total=1000000\n',
    'proc/diskstats':
      '   8       0 sda 10 0 100 5 20 0 200 6 0 1500 11\n   8       1 sda1 10 0 100 5 20 0 200 6 0 1500 11\n   7 0 loop0 1 1 1 1 1 1 1 1 1 1 1\n',
    'sys/block/sda/size': '1',
    'sys/block/loop0/size': '1',
    'proc/net/dev':
      'Inter-|   Receive\n face |bytes\n    lo: 5 5 0 0 0 0 0 0 5 5 0 0 0 0 0 0\n  eth0:1000 10 1 2 0 0 0 0 2000 20 3 4 0 0 0 0\n  idle: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\nveth12: 9 9 0 0 0 0 0 0 9 9 0 0 0 0 0 0\n',
    'proc/net/tcp':
      '  sl  local_address rem_address   st tx_queue\n   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000\n   1: 0100007F:1F90 0100007F:9C40 01 0:0\n 10000: 0100007F:1F90 0100007F:9C40 08 0:0\n',
    'proc/net/tcp6': '  sl\n   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 0:0\n',
    'proc/1/stat': stat('web (main) x', 500, 10, 100),
    'proc/2/stat': stat('worker', 1000, 20, 50),
    'proc/3/stat': stat('worker', 4000, 30, 70),
    'proc/self/mountinfo': '',
  };

  it('reads every aspect in base units, for the entity of this machine', async () => {
    const { root } = machine(files);
    const source = createHostSource({
      clock: systemClock, log: silentLog, name: 'web-1', proc: join(root, 'proc'), sys: join(root, 'sys'),
    }); // prettier-ignore
    expect(source.entity).toBe('host/web-1');
    const { batches } = await source.read();
    expect(batches).toHaveLength(1);
    expect(batches[0]).toMatchObject({ entity: 'host/web-1', fleet: 'default', source: 'host' });
    const types = new Map(batches[0]!.series.map(({ name, type, unit }) => [name, `${type} ${unit}`]));
    expect(types.get('cpu_seconds_total')).toBe('counter seconds');
    expect(types.get('memory_used_bytes')).toBe('gauge bytes');
    const values = await readAll(source);
    expect(Object.fromEntries(values)).toMatchObject({
      'cpu_seconds_total{host="web-1",mode="steal"}': 8,
      'load1{host="web-1"}': 0.5,
      'memory_total_bytes{host="web-1"}': 1_024_000,
      'memory_used_bytes{host="web-1"}': 614_400,
      'swap_used_bytes{host="web-1"}': 51_200,
      'file_descriptors_allocated{host="web-1"}': 1000,
      'pressure_stalled_seconds_total{host="web-1",kind="some",resource="io"}': 2.5,
      'disk_written_bytes_total{device="sda",host="web-1"}': 102_400,
      'disk_io_time_seconds_total{device="sda",host="web-1"}': 1.5,
      'network_receive_bytes_total{device="eth0",host="web-1"}': 1000,
      'network_transmit_drop_total{device="eth0",host="web-1"}': 4,
      'tcp_connections{host="web-1",state="listen"}': 2,
      'tcp_connections{host="web-1",state="close_wait"}': 1,
      'tcp_connections{host="web-1",state="closing"}': 0,
    });
    expect([...values.keys()].filter((key) => /sda1|loop0|device="(lo|idle|veth12)"/.test(key))).toEqual([]);
  });

  it('counts CPU by process name on when one of them ends or its number is used again', async () => {
    const { root, write } = machine(files);
    const monotonic = 0;
    const clock = { ...systemClock, monotonic: () => monotonic };
    const source = createHostSource({
      clock,
      log: silentLog,
      name: 'h',
      proc: join(root, 'proc'),
      sys: join(root, 'sys'),
    });
    const key = 'process_cpu_seconds_total{host="h",name="worker"}';
    const memory = 'process_resident_bytes{host="h",name="worker"}';
    const first = (await readAll(source)).get(key)!;
    expect(first).toBe(50);
    rmSync(join(root, 'proc/3'), { recursive: true });
    write({ 'proc/2/stat': stat('worker', 1100, 20, 50) });
    const second = await readAll(source);
    expect(second.get(key)).toBe(51);
    expect(second.get(memory)).toBe(50 * 4096);
    write({ 'proc/2/stat': stat('worker', 30, 99, 50) });
    expect((await readAll(source)).get(key)).toBeCloseTo(51.3);
    rmSync(join(root, 'proc/2'), { recursive: true });
    const last = await readAll(source);
    expect(last.get(key)).toBeCloseTo(51.3);
    expect(last.get(memory)).toBe(0);
  });

  it('names at most the heaviest processes', async () => {
    const { root, write } = machine(files);
    write(
      Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`proc/${i + 10}/stat`, stat(`p${i}`, i, 5, i + 200)])),
    );
    const source = createHostSource({
      clock: systemClock,
      log: silentLog,
      name: 'h',
      proc: join(root, 'proc'),
      sys: root,
    });
    const names = [...(await readAll(source)).keys()].filter((key) => key.startsWith('process_resident'));
    expect(names).toHaveLength(10);
    expect(names.join()).toContain('p199');
  });

  it('leaves out what is missing or makes no sense, and never rejects', async () => {
    const { root } = machine({
      'proc/stat': 'nonsense',
      'proc/meminfo': 'MemTotal: many kB\n',
      'proc/diskstats': 'x y z\n\n',
      'proc/net/dev': ':::\n',
      'proc/self/mountinfo': 'broken line\n - \n',
      'proc/7/stat': '7 no brackets',
    });
    const source = createHostSource({
      clock: systemClock,
      log: silentLog,
      name: 'h',
      proc: join(root, 'proc'),
      sys: root,
    });
    expect([...(await readAll(source)).keys()].filter((key) => !key.startsWith('tcp_'))).toEqual([]);
  });
});

describe('file systems', () => {
  const space: DiskSpace = { bsize: 1024, blocks: 1000, bfree: 400, bavail: 350, files: 100, ffree: 40 };
  const mountinfo = `22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
28 27 254:0 /data /srv/data rw,relatime - ext4 /dev/vda rw
29 27 0:30 / /mnt/with\\040blank rw - tmpfs tmpfs rw,size=64m
30 27 0:31 / /snap/core ro - squashfs /dev/loop1 ro
31 27 8:1 / /mnt/readonly ro,relatime - ext4 /dev/sda1 ro
32 27 0:40 / /mnt/nfs rw - nfs4 server:/export rw
33 27 0:41 / /mnt/nfs2 rw - nfs4 server:/other rw
34 27 0:50 / /var/lib/docker/overlay2/abc/merged rw - overlay overlay rw
35 27 0:60 / /hidden rw - ext4 /dev/sdb rw
36 27 0:61 / /hidden rw - sysfs sysfs rw
`;

  it('finds those that can fill up, each once', () => {
    expect(parseMounts(mountinfo).map(({ mountpoint }) => mountpoint)).toEqual([
      '/', '/mnt/nfs', '/mnt/nfs2', '/mnt/with blank',
    ]); // prettier-ignore
  });

  it('a mount that hangs is not waited for, and not asked again', async () => {
    const { root } = machine({ 'self/mountinfo': mountinfo });
    const asked: string[] = [];
    let release: (space: DiskSpace) => void = () => undefined;
    const clock = { ...systemClock, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 100, signal) };
    const read = createFilesystemReader({
      clock,
      root,
      statfs: (path) => {
        asked.push(path);
        return path.startsWith('/mnt/nfs') ? new Promise((resolve) => (release = resolve)) : Promise.resolve(space);
      },
    });
    const look = async (): Promise<string[]> => {
      const seen: string[] = [];
      const gauge = (name: string, value: number, labels?: Readonly<Record<string, string>>): void => {
        if (name === 'filesystem_used_bytes' || name === 'filesystem_size_bytes')
          seen.push(`${labels?.['mountpoint']} ${value}`);
      };
      await read({ gauge, counter: () => undefined });
      return seen;
    };
    const local = ['/ 614400', '/ 972800', '/mnt/with blank 614400', '/mnt/with blank 972800'];
    expect(await look()).toEqual(local);
    expect(await look()).toEqual(local);
    expect(asked.filter((path) => path.startsWith('/mnt/nfs'))).toEqual(['/mnt/nfs']);
    release(space);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await look();
    expect(asked.filter((path) => path.startsWith('/mnt/nfs'))).toEqual(['/mnt/nfs', '/mnt/nfs']);
    release(space);
  });

  it('reads the name of a process that holds brackets', () => {
    expect(parseProcessStat(stat('a) (b', 7, 8, 9))).toEqual({
      name: 'a) (b',
      ticks: 7,
      started: '8',
      residentPages: 9,
    });
    expect(parseProcessStat('')).toBeUndefined();
    expect(parseProcessStat('1 (cut')).toBeUndefined();
  });
});

describe('host source on this machine', () => {
  it('sees a process that burns CPU, whatever the system', async () => {
    const source = createHostSource({ clock: systemClock, log: silentLog });
    const child = spawn(process.execPath, ['-e', 'for(;;);'], { stdio: 'ignore' });
    try {
      const before = await readAll(source);
      const total = (values: Map<string, number>): number =>
        [...values]
          .filter(([key]) => key.startsWith('cpu_seconds_total') && /"(user|system|nice)"/.test(key))
          .reduce((sum, [, v]) => sum + v, 0);
      await expect
        .poll(async () => total(await readAll(source)) - total(before), { interval: 200 })
        .toBeGreaterThan(0.3);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const values = await readAll(source);
    const names = new Set([...values.keys()].map((key) => key.split('{')[0]));
    for (const name of ['memory_total_bytes', 'memory_used_bytes', 'filesystem_used_bytes', 'filesystem_size_bytes']) {
      expect(names).toContain(name);
    }
  });
});
