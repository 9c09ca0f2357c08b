import { Agent, request } from 'node:http';
import { RULES, type ServiceName } from '../world.ts';
import type { Endpoints, Place } from '../messages.ts';
import type { Places } from './places.ts';

/** Header with the caller's clock, by which the other one knows that the request is fresh. */
export const CLOCK_HEADER = 'x-lab-clock';
export const ITEM_HEADER = 'x-lab-item';

export interface CallerDeps {
  readonly pool: Places;
  readonly endpoints: () => Endpoints;
  readonly place: () => Place;
  readonly clock: () => number;
  readonly voidPort: number;
}

export interface Caller {
  /** Asks one replica of a service, in turn. Rejects when it fails, refuses, or takes longer than the time-out. */
  call(service: ServiceName, item: string): Promise<void>;
  stop(): void;
}

function send(agent: Agent, port: number, headers: Readonly<Record<string, string>>): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request({ agent, host: '127.0.0.1', port, path: '/work', headers }, (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`answered ${response.statusCode}`));
      });
    });
    const late = setTimeout(() => asked.destroy(new Error('timed out')), RULES.timeoutMs);
    asked.on('error', reject);
    asked.on('close', () => clearTimeout(late));
    asked.end();
  });
}

/** Requests to other services, each over a connection of the bounded pool. */
export function createCaller({ pool, endpoints, place, clock, voidPort }: CallerDeps): Caller {
  const agent = new Agent({ keepAlive: true, maxSockets: 64, timeout: 2 * RULES.timeoutMs });
  const turns = new Map<ServiceName, number>();
  const next = (service: ServiceName): number => {
    const ports = endpoints()[service];
    const turn = (turns.get(service) ?? Math.floor(Math.random() * 97)) + 1;
    turns.set(service, turn);
    const port = ports[turn % ports.length];
    if (port === undefined) throw new Error(`nobody serves ${service}`);
    return Math.random() < place().severed ? voidPort : port;
  };
  return {
    async call(service, item) {
      const giveBack = await pool.take();
      try {
        await send(agent, next(service), { [CLOCK_HEADER]: String(clock()), [ITEM_HEADER]: item });
      } finally {
        giveBack();
      }
    },
    stop: () => agent.destroy(),
  };
}
