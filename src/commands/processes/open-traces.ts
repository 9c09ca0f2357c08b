import type { Bus } from '../../bus/bus.ts';
import type { Config } from '../../config/schema.ts';
import type { Service } from '../../model/service.ts';
import type { TraceDeps } from '../../runtime/open-telemetry.ts';
import { version } from '../version.ts';

export interface Traces {
  /** The bus on which messages are followed. */
  readonly follow: (bus: Bus) => Bus;
  readonly service: Service;
}

/** Traces, where the configuration asks for them; who does without loads nothing of it. */
export async function openTraces(config: Config, deps: TraceDeps, instance: string): Promise<Traces | null> {
  const { traces } = config.telemetry;
  if (traces === undefined) return null;
  const { createOpenTelemetry } = await import('../../runtime/open-telemetry.ts');
  const { createTracedBus } = await import('../../bus/traced-bus.ts');
  const resource = { 'service.name': 'vigia', 'service.version': version(), 'service.instance.id': instance };
  const { tracer, service } = createOpenTelemetry({ ...traces, resource }, deps);
  const system = config.bus.kafka === undefined ? 'vigia' : 'kafka';
  return { follow: (bus) => createTracedBus(bus, { tracer, system }), service };
}
