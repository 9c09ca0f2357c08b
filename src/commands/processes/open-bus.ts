import type { Bus } from '../../bus/bus.ts';
import { createMemoryBus, type MemoryBusDeps } from '../../bus/memory-bus.ts';
import type { Config } from '../../config/schema.ts';
import { ALL_STAGES, type StageName } from '../../model/stage.ts';
import { VigiaError } from '../../runtime/errors.ts';
import { kafkaOptions } from '../kafka-options.ts';

/**
 * Throws `STAGES_ALONE` when these stages have no others to work with: in memory nobody else hears of anything, and in a
 * data folder nobody else finds it.
 */
export function refuseAlone({ bus, store }: Config, stages: ReadonlySet<StageName>): void {
  const alone = bus.kafka === undefined;
  if (alone && stages.size === ALL_STAGES.size) return;
  const missing = [...(alone ? ['bus.kafka.brokers'] : []), ...(store.url === undefined ? ['store.url'] : [])];
  if (missing.length > 0) throw new VigiaError('STAGES_ALONE', { missing: missing.join(', ') });
}

/** The bus of the configuration: Kafka where it names brokers, in memory otherwise. */
export async function openBus(
  config: Config,
  deps: MemoryBusDeps,
  { instance, folder }: { readonly instance: string; readonly folder: string },
): Promise<Bus> {
  const kafka = kafkaOptions(config, { clientId: instance, folder });
  if (kafka === null) return createMemoryBus(deps);
  // The client takes half a second and 45 MB to load, which a program in one process has no use for.
  const { createKafkaBus } = await import('../../bus/kafka-bus.ts');
  return createKafkaBus(kafka, deps);
}
