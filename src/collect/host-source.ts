import { existsSync, readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import type { EntityId } from '../model/entity.ts';
import type { Labels } from '../model/labels.ts';
import type { MetricType, SampleBatch } from '../model/series.ts';
import type { Clock } from '../runtime/clock.ts';
import { toError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { HostReader, HostSink } from './host/host-sink.ts';
import { readKernelConstants } from './host/proc-files.ts';
import { createFilesystemReader } from './host/read-filesystems.ts';
import {
  readCpu,
  readDisks,
  readFileDescriptors,
  readLoad,
  readMemory,
  readNetwork,
  readPressure,
} from './host/read-kernel.ts';
import { readPortable } from './host/read-portable.ts';
import { ProcessReader } from './host/read-processes.ts';
import { readTcp } from './host/read-tcp.ts';
import { toBatches } from './sample-batches.ts';
import { addSample, createPage, type SamplePage } from './sample-page.ts';
import { DEFAULT_SERIES_LIMITS, SeriesRegistry } from './series-registry.ts';

export interface HostSourceDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Name of this machine; the operating system's by default. */
  readonly name?: string;
  /** Where the kernel's files are; only tests use another place. */
  readonly proc?: string;
  readonly sys?: string;
}

export interface HostSource {
  readonly entity: EntityId;
  /** Reads the machine once. Never rejects: what cannot be read is left out. */
  read(): Promise<{ readonly batches: readonly SampleBatch[]; readonly page: SamplePage }>;
  /** Series so far. */
  series(): number;
  /** Forgets series that are gone; to be called every few minutes. */
  sweep(): void;
}

function linuxReaders(deps: HostSourceDeps, proc: string, sys: string): readonly HostReader[] {
  const kernel = readKernelConstants();
  const disks = (): ReadonlySet<string> => {
    try {
      return new Set(readdirSync(`${sys}/block`));
    } catch {
      return new Set();
    }
  };
  return [
    readCpu(kernel.ticksPerSecond, proc),
    readLoad(proc),
    readMemory(proc),
    readFileDescriptors(proc),
    readPressure(proc),
    readDisks(proc, disks),
    readNetwork(proc),
    readTcp(proc),
    createFilesystemReader({ clock: deps.clock, root: proc }),
    new ProcessReader(deps.clock, proc, kernel).read,
  ];
}

/** This machine: the kernel's files on Linux, what Node knows elsewhere. */
export function createHostSource(deps: HostSourceDeps): HostSource {
  const { clock, log, name = hostname(), proc = '/proc', sys = '/sys' } = deps;
  const entity: EntityId = `host/${name}`;
  const assign = () => ({ entity, fleet: 'default' });
  const registry = new SeriesRegistry({ assign, limits: DEFAULT_SERIES_LIMITS, labels: { host: name } });
  const readers = existsSync(`${proc}/stat`) ? linuxReaders(deps, proc, sys) : [readPortable];
  const complained = new Set<HostReader>();
  const runReader = async (reader: HostReader, sink: HostSink): Promise<void> => {
    try {
      await reader(sink);
    } catch (thrown) {
      if (complained.has(reader)) return;
      complained.add(reader);
      log.warn({ source: 'host', err: toError(thrown).message }, 'a part of this machine cannot be read');
    }
  };
  return {
    entity,
    series: () => registry.size,
    sweep: () => registry.sweep(),
    read: async () => {
      const now = clock.now();
      const page = createPage(
        { lineBytes: 0, aheadMs: 0, behindMs: 0 },
        { now, number: registry.nextPage(), capacity: 256 },
      );
      const add = (name: string, type: MetricType, value: number, labels: Labels): void => {
        const slot = registry.slot({ name, labels }, type, undefined);
        if (typeof slot === 'object' && Number.isFinite(value)) addSample(page, slot, { time: now, value });
      };
      const sink: HostSink = {
        gauge: (name, value, labels = {}) => add(name, 'gauge', value, labels),
        counter: (name, value, labels = {}) => add(name, 'counter', value, labels),
      };
      // One after another, each short, so that other work gets its turn in between.
      for (const reader of readers) await runReader(reader, sink);
      return { batches: toBatches(page, 'host', now), page };
    },
  };
}
