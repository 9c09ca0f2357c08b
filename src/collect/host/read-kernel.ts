import type { HostReader } from './host-sink.ts';
import { readProc } from './proc-files.ts';

/** Bytes of a sector in /proc/diskstats, whatever the device has. */
const SECTOR_BYTES = 512;
/** Order of the columns of `cpu` in /proc/stat; guest time is part of user and nice already. */
const CPU_MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const;
/** Memory-backed and loop devices: what they do shows elsewhere. Partitions are told from disks by /sys/block. */
const NOT_A_DISK = /^(loop|ram|zram|fd|sr)\d/;
/** One end of a container's cable: they come and go by the hundred, and the bridge shows their sum. */
const NOT_A_NETWORK = /^(lo$|veth|cali|cilium|lxc|tap|ifb|dummy)/;
const MAX_DEVICES = 64;

const fields = (line: string): string[] => line.trim().split(/\s+/);

/** CPU time by mode, summed over all cores. */
export const readCpu =
  (ticksPerSecond: number, root: string): HostReader =>
  (sink) => {
    const text = readProc(`${root}/stat`) ?? '';
    const line = /^cpu\s+(.+)$/m.exec(text)?.[1];
    if (line === undefined) return;
    const ticks = fields(line);
    for (const [i, mode] of CPU_MODES.entries()) {
      const value = Number(ticks[i]);
      if (Number.isFinite(value)) sink.counter('cpu_seconds_total', value / ticksPerSecond, { mode });
    }
  };

export const readLoad =
  (root: string): HostReader =>
  (sink) => {
    const [load1, load5, load15] = fields(readProc(`${root}/loadavg`) ?? '').map(Number);
    if (load15 === undefined) return;
    sink.gauge('load1', load1!);
    sink.gauge('load5', load5!);
    sink.gauge('load15', load15);
  };

/** Memory as `free` counts it: used is what programs could not be given. */
export const readMemory =
  (root: string): HostReader =>
  (sink) => {
    const kilobytes = new Map<string, number>();
    for (const [, name, value] of (readProc(`${root}/meminfo`) ?? '').matchAll(/^(\w+):\s+(\d+) kB$/gm)) {
      kilobytes.set(name!, Number(value));
    }
    const bytes = (name: string): number | undefined => {
      const value = kilobytes.get(name);
      return value === undefined ? undefined : value * 1024;
    };
    const total = bytes('MemTotal');
    const available = bytes('MemAvailable');
    if (total !== undefined && available !== undefined) {
      sink.gauge('memory_total_bytes', total);
      sink.gauge('memory_available_bytes', available);
      sink.gauge('memory_used_bytes', total - available);
    }
    const swapTotal = bytes('SwapTotal');
    const swapFree = bytes('SwapFree');
    // A machine without swap has no swap that could run out.
    if (swapTotal === undefined || swapFree === undefined || swapTotal === 0) return;
    sink.gauge('swap_total_bytes', swapTotal);
    sink.gauge('swap_used_bytes', swapTotal - swapFree);
  };

export const readFileDescriptors =
  (root: string): HostReader =>
  (sink) => {
    const [allocated, free, max] = fields(readProc(`${root}/sys/fs/file-nr`) ?? '').map(Number);
    if (max === undefined) return;
    sink.gauge('file_descriptors_allocated', allocated! - free!);
    sink.gauge('file_descriptors_max', max);
  };

/** Time in which tasks stood waiting for a resource, some of them or all at once (pressure stall information). */
export const readPressure =
  (root: string): HostReader =>
  (sink) => {
    for (const resource of ['cpu', 'memory', 'io']) {
      const text = readProc(`${root}/pressure/${resource}`) ?? '';
      for (const [, kind, total] of text.matchAll(/^(some|full) .*total=(\d+)$/gm)) {
        sink.counter('pressure_stalled_seconds_total', Number(total) / 1e6, { resource, kind: kind! });
      }
    }
  };

/** `disks` names the whole devices; partitions would count everything twice. */
export const readDisks =
  (root: string, disks: () => ReadonlySet<string>): HostReader =>
  (sink) => {
    const whole = disks();
    let count = 0;
    for (const line of (readProc(`${root}/diskstats`) ?? '').split('\n')) {
      const [, , device = '', reads, , sectorsRead, , writes, , sectorsWritten, , , busyMs] = fields(line);
      if (busyMs === undefined || NOT_A_DISK.test(device) || !whole.has(device)) continue;
      count += 1;
      if (count > MAX_DEVICES) return;
      sink.counter('disk_reads_completed_total', Number(reads), { device });
      sink.counter('disk_writes_completed_total', Number(writes), { device });
      sink.counter('disk_read_bytes_total', Number(sectorsRead) * SECTOR_BYTES, { device });
      sink.counter('disk_written_bytes_total', Number(sectorsWritten) * SECTOR_BYTES, { device });
      sink.counter('disk_io_time_seconds_total', Number(busyMs) / 1000, { device });
    }
  };

/** Interfaces that have ever carried something, without the loopback and the cables of containers. */
export const readNetwork =
  (root: string): HostReader =>
  (sink) => {
    let count = 0;
    for (const line of (readProc(`${root}/net/dev`) ?? '').split('\n')) {
      const colon = line.indexOf(':');
      const device = line.slice(0, Math.max(0, colon)).trim();
      if (device === '' || NOT_A_NETWORK.test(device)) continue;
      const [received, , receiveErrors, receiveDrops, , , , , sent, , sendErrors, sendDrops] = fields(
        line.slice(colon + 1),
      ).map(Number);
      if (sendDrops === undefined || (received === 0 && sent === 0)) continue;
      count += 1;
      if (count > MAX_DEVICES) return;
      sink.counter('network_receive_bytes_total', received!, { device });
      sink.counter('network_receive_errs_total', receiveErrors!, { device });
      sink.counter('network_receive_drop_total', receiveDrops!, { device });
      sink.counter('network_transmit_bytes_total', sent!, { device });
      sink.counter('network_transmit_errs_total', sendErrors!, { device });
      sink.counter('network_transmit_drop_total', sendDrops, { device });
    }
  };
