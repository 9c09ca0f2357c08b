import { statfs } from 'node:fs/promises';
import { cpus, freemem, loadavg, platform, totalmem } from 'node:os';
import { parse } from 'node:path';
import type { HostReader } from './host-sink.ts';

/** What Node itself knows of a machine that is not Linux: CPU, memory, load where there is one, the disk we run on. */
export const readPortable: HostReader = async (sink) => {
  const modes = { user: 0, nice: 0, system: 0, idle: 0, irq: 0 };
  for (const { times } of cpus()) {
    modes.user += times.user;
    modes.nice += times.nice;
    modes.system += times.sys;
    modes.idle += times.idle;
    modes.irq += times.irq;
  }
  for (const [mode, ms] of Object.entries(modes)) sink.counter('cpu_seconds_total', ms / 1000, { mode });
  sink.gauge('memory_total_bytes', totalmem());
  sink.gauge('memory_available_bytes', freemem());
  sink.gauge('memory_used_bytes', totalmem() - freemem());
  // Windows has no load and says 0.
  if (platform() !== 'win32') sink.gauge('load1', loadavg()[0] ?? 0);
  const mountpoint = parse(process.cwd()).root;
  const space = await statfs(mountpoint);
  const used = (space.blocks - space.bfree) * space.bsize;
  sink.gauge('filesystem_used_bytes', used, { mountpoint, fstype: 'unknown' });
  sink.gauge('filesystem_size_bytes', used + space.bavail * space.bsize, { mountpoint, fstype: 'unknown' });
};
