import { type IncomingMessage, request } from 'node:http';
import { phrase } from '../model/phrase.ts';
import type { ToldEvent } from '../model/told-event.ts';
import { toError } from '../runtime/errors.ts';
import { jsonLines } from '../runtime/json-lines.ts';
import type { EventSource, Teller } from './event-source.ts';
import { number, text } from './json-fields.ts';
import { msOfNanos } from './nanoseconds.ts';

export interface DockerSourceOptions {
  /** Unix socket of the engine; podman's compatible one does as well. */
  readonly socket: string;
  /** Name of this machine, as its other data has it. */
  readonly host: string;
}

const SOURCE = 'docker';
/** Engine API of Docker 20.10, which podman 4 speaks too. */
const API = '/v1.41';
/** Podman knows an end by its own word only. */
const ACTIONS = ['die', 'died', 'oom', 'restart', 'kill', 'health_status'] as const;
/** The engine remembers a while; what it tells again has the same id. */
const RECENT_MS = 10 * 60_000;
const MAX_LINE = 256 * 1024;
const FIRST_PAUSE_MS = 500;
const LAST_PAUSE_MS = 30_000;

/** Seconds with nine places, as the engine takes them; a number has not enough of them. */
const sinceOf = (ms: number): string =>
  `${Math.floor(ms / 1000)}.${String(Math.floor(ms % 1000)).padStart(3, '0')}000000`;

type What = Pick<ToldEvent, 'name' | 'severity' | 'text'>;

interface Happened {
  readonly name: string;
  readonly exitCode: string;
  readonly signal: string;
  /** Docker writes it into the action, podman beside it. */
  readonly health: string;
}

function died({ name, exitCode }: Happened): What {
  const severity = exitCode === '0' || exitCode === '' ? 'info' : 'warning';
  return { name: 'container_died', severity, text: `${name}: exit code ${exitCode}` };
}

/** What each action of the engine means; all others do not matter. */
const meanings: Readonly<Record<string, (happened: Happened) => What | null>> = {
  die: died,
  died,
  oom: ({ name }) => ({ name: 'oom_kill', severity: 'warning', text: name }),
  restart: ({ name }) => ({ name: 'restart', severity: 'info', text: name }),
  kill: ({ name, signal }) => ({ name: 'kill', severity: 'info', text: `${name}: signal ${signal}` }),
  health_status: ({ name, health }) => {
    if (health !== 'healthy' && health !== 'unhealthy') return null;
    return { name: health, severity: health === 'healthy' ? 'info' : 'warning', text: name };
  },
};

/** Scalars that are there, under names of ours. */
const labelled = (found: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(found).filter(([, value]) => value !== ''));

/** What an event of the engine tells; null for what does not matter or is none. */
export function toldByEngine(found: unknown, host: string): ToldEvent | null {
  const [action = '', health = ''] = text(found, 'Action').split(':', 2);
  const id = text(found, 'Actor', 'ID');
  const attribute = (name: string): string => text(found, 'Actor', 'Attributes', name);
  const container = attribute('name') || id.slice(0, 12);
  const exitCode = attribute('exitCode');
  const what = Object.hasOwn(meanings, action)
    ? meanings[action]?.({
        name: container,
        exitCode,
        signal: attribute('signal'),
        health: health.trim() || text(found, 'HealthStatus'),
      })
    : null;
  const nanos = number(found, 'timeNano') ?? 0;
  const time = msOfNanos(nanos);
  if (what === null || what === undefined || !(time > 0) || !Number.isSafeInteger(time)) return null;
  return {
    identity: [SOURCE, id, what.name, nanos],
    time,
    source: SOURCE,
    ...what,
    labels: labelled({
      host,
      container,
      image: attribute('image'),
      service: attribute('com.docker.compose.service'),
      exit_code: exitCode,
    }),
  };
}

const open = (socketPath: string, path: string, signal: AbortSignal): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, signal, agent: false }, resolve);
    sent.on('error', reject);
    sent.end();
  });

class Docker {
  readonly #options: DockerSourceOptions;
  readonly #teller: Teller;
  /** Time of the newest event, which is where reading goes on. */
  #newest: number;
  #heard = false;

  constructor(options: DockerSourceOptions, teller: Teller) {
    this.#options = options;
    this.#teller = teller;
    this.#newest = teller.clock.now() - RECENT_MS;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { socket } = this.#options;
    for (let tries = 0; !signal.aborted; tries += 1) {
      this.#heard = false;
      try {
        await this.#follow(signal);
      } catch (thrown) {
        if (signal.aborted) return;
        const { code, message } = toError(thrown) as NodeJS.ErrnoException;
        this.#teller.failed(phrase('collect.engineUnreachable', { socket, detail: code ?? message }));
      }
      if (this.#heard) tries = 0;
      const pause = Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(tries, 10));
      await this.#teller.clock.sleep(pause, signal).catch(() => undefined);
    }
  }

  /** Reads until the engine ends it. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { socket, host } = this.#options;
    const filters = encodeURIComponent(JSON.stringify({ type: ['container'], event: ACTIONS }));
    const stream = await open(socket, `${API}/events?since=${sinceOf(this.#newest)}&filters=${filters}`, signal);
    try {
      if (stream.statusCode !== 200) throw new Error(`it answered ${stream.statusCode}`);
      this.#teller.well();
      for await (const line of jsonLines(stream, MAX_LINE)) {
        const told = toldByEngine(line, host);
        if (told === null) continue;
        await this.#teller.tell([told]);
        this.#newest = Math.max(this.#newest, told.time);
        this.#heard = true;
      }
    } finally {
      stream.destroy();
    }
  }
}

/**
 * What happens to containers of this machine, from the events of the engine: ended, killed for memory, restarted, killed,
 * health. After a disconnection it goes on from the last event; what is told again has the same id.
 */
export const createDockerSource = (options: DockerSourceOptions): EventSource => ({
  name: SOURCE,
  run: (teller, signal) => new Docker(options, teller).run(signal),
});
