import { hostname } from 'node:os';
import { createChanges } from '../../api/changes.ts';
import { createLagMeter } from '../../bus/lag-meter.ts';
import { createMeteredBus } from '../../bus/metered-bus.ts';
import type { Config } from '../../config/schema.ts';
import { resolveReferences } from '../../config/secrets.ts';
import { ALL_STAGES, type StageName } from '../../model/stage.ts';
import { systemClock } from '../../runtime/clock.ts';
import { randomIds } from '../../runtime/ids.ts';
import type { Log } from '../../runtime/log.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { allDuties, createDuties } from '../../store/duties.ts';
import { openStore } from '../open-store.ts';
import { createSettings } from '../run-settings.ts';
import { openBus, refuseAlone } from './open-bus.ts';
import { openTraces } from './open-traces.ts';
import { createSharedChanges, type SharedChanges } from './shared-changes.ts';

/** What a process is to have, and where its configuration's relative paths start. */
export interface ProcessOptions {
  readonly folder: string;
  readonly stages?: ReadonlySet<StageName>;
}

const alone = (): SharedChanges => {
  const nothing = { name: 'changes', start: async () => undefined, stop: async () => undefined };
  return { changes: createChanges(), writer: nothing, reader: nothing };
};

/** The parts that stages and interface share. Throws a VigiaError; then nothing is left open. */
export async function openParts(config: Config, { folder, stages = ALL_STAGES }: ProcessOptions, log: Log) {
  refuseAlone(config, stages);
  const clock = systemClock;
  const shared = config.bus.kafka !== undefined;
  const instance = config.instance ?? `${hostname()}.${process.pid}`;
  const metrics = createMetrics({ process: true });
  const store = await openStore(config, { clock, log });
  try {
    const sharing = shared ? createSharedChanges({ store, clock, log }) : alone();
    const deadLetters: Parameters<typeof openBus>[1]['deadLetters'] = (letter) => store.deadLetters.append([letter]);
    const opened = await openBus(config, { clock, log, metrics, deadLetters }, { instance, folder });
    const metered = createMeteredBus(opened, { clock, metrics });
    const traces = await openTraces(config, { clock, log, metrics }, instance);
    const meter = createLagMeter(traces?.follow(metered) ?? metered);
    const onChange = (): void =>
      sharing.changes.publish({ type: 'settings', id: 'settings', entity: null, severity: null, time: clock.now() });
    return {
      config,
      stages,
      shared,
      instance,
      place: shared ? hostname() : null,
      clock,
      metrics,
      store,
      log,
      ids: randomIds,
      sharing,
      changes: sharing.changes,
      settings: await createSettings(config, { store: store.settings, clock, onChange }),
      secret: (reference: string): string | null => {
        const looked = resolveReferences(reference, { environment: process.env, folder });
        return 'text' in looked ? looked.text : null;
      },
      duties: shared ? createDuties({ store, clock, log, holder: instance }) : allDuties(store),
      bus: meter.bus,
      meter,
      /** Sends traces on, where that is asked for. */
      traces: traces?.service ?? null,
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

export type Parts = Awaited<ReturnType<typeof openParts>>;
