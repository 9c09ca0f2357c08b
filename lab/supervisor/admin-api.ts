import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { LAB_ACTIONS, type LabAction, SERVICES } from '../world.ts';
import { ActionRefusedError, type Supervisor } from './supervisor.ts';

/** One carried-out wish, for the report. */
export interface ActionRecord {
  readonly at: number;
  readonly action: string;
  readonly entity: string;
  readonly by: string;
  readonly ok: boolean;
  readonly said: string;
}

export interface AdminApi {
  readonly url: string;
  /** What was asked for so far, oldest first. */
  readonly actions: readonly ActionRecord[];
  /** As a request would, from this process. */
  ask(action: LabAction, entity: string, by: string): Promise<void>;
  stop(): Promise<void>;
}

const MOST_BODY = 10_000;
const MOST_KEYS = 1000;

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > MOST_BODY) throw new ActionRefusedError('too long');
  }
  return text;
}

const targets = (supervisor: Supervisor): unknown =>
  supervisor
    .members()
    .filter(({ port }) => port > 0)
    .map(({ port, name }) => ({
      targets: [`127.0.0.1:${port}`],
      labels: { replica: name },
    }));

/** What the supervisor knows of services, for a scrape. */
function exposition(supervisor: Supervisor): string {
  const lines = ['# TYPE lab_replicas gauge', '# TYPE lab_replicas_up gauge', '# TYPE lab_restarts_total counter'];
  for (const service of SERVICES) {
    const members = supervisor.membersOf(service);
    const label = `{service="${service}",version="${supervisor.version(service)}"}`;
    lines.push(`lab_replicas{service="${service}"} ${members.length}`);
    lines.push(`lab_replicas_up{service="${service}"} ${members.filter(({ up }) => up).length}`);
    lines.push(`lab_version_info${label} 1`);
    const restarts = members.reduce((sum, member) => sum + member.restarts, 0);
    lines.push(`lab_restarts_total{service="${service}"} ${restarts}`);
  }
  return `${lines.join('\n')}\n`;
}

const state = (supervisor: Supervisor): unknown =>
  supervisor.members().map(({ name, service, up, listed, restarts, moves }) => ({
    name,
    service,
    up,
    listed,
    restarts,
    moves,
    version: supervisor.version(service),
  }));

interface Answer {
  readonly status: number;
  readonly said: string;
}

/** Carries wishes out and keeps them; a key that came before gets what it brought then. */
class ActionDesk {
  readonly actions: ActionRecord[] = [];
  readonly #supervisor: Supervisor;
  readonly #done = new Map<string, Promise<Answer>>();

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
  }

  async carryOut(name: string, entity: string, by: string): Promise<Answer> {
    const action = LAB_ACTIONS.find((known) => known === name);
    const at = Date.now();
    try {
      if (action === undefined) throw new ActionRefusedError(`there is no action ${name}`);
      const said = await this.#supervisor.act(action, entity);
      this.actions.push({ at, action, entity, by, ok: true, said });
      return { status: 200, said };
    } catch (thrown) {
      const said = thrown instanceof Error ? thrown.message : String(thrown);
      this.actions.push({ at, action: name, entity, by, ok: false, said });
      return { status: thrown instanceof ActionRefusedError ? 409 : 500, said };
    }
  }

  async answer(request: IncomingMessage, name: string): Promise<Answer> {
    const { entity } = JSON.parse(await bodyOf(request)) as { entity?: unknown };
    const by = String(request.headers['x-lab-by'] ?? 'somebody');
    const key = request.headers['idempotency-key'];
    if (typeof key !== 'string') return this.carryOut(name, String(entity), by);
    const before = this.#done.get(key);
    if (before) return before;
    if (this.#done.size >= MOST_KEYS) this.#done.delete(this.#done.keys().next().value ?? '');
    const made = this.carryOut(name, String(entity), by);
    this.#done.set(key, made);
    return made;
  }
}

const JSON_TYPE = { 'content-type': 'application/json' } as const;

/**
 * What Vigía, or anybody on this machine, asks the supervisor for: `POST /actions/{action}` with `{"entity": "replica/orders-1"}`,
 * `GET /targets` (Prometheus' http_sd), `GET /metrics`, `GET /state`. A repeated `Idempotency-Key` gets the first answer.
 */
export async function startAdminApi(supervisor: Supervisor): Promise<AdminApi> {
  const desk = new ActionDesk(supervisor);
  const pages: Readonly<Record<string, () => [type: string, text: string]>> = {
    '/targets': () => ['application/json', JSON.stringify(targets(supervisor))],
    '/state': () => ['application/json', JSON.stringify(state(supervisor))],
    '/metrics': () => ['text/plain; version=0.0.4', exposition(supervisor)],
  };
  const server = createServer((request, response) => {
    const action = /^\/actions\/([a-z-]+)$/.exec(request.url ?? '')?.[1];
    if (request.method === 'POST' && action !== undefined) {
      desk
        .answer(request, action)
        .catch((thrown: unknown) => ({ status: 400, said: String(thrown) }))
        .then(({ status, said }) => response.writeHead(status, JSON_TYPE).end(JSON.stringify({ said })))
        .catch(() => response.destroy());
      return;
    }
    const page = pages[request.url ?? '']?.();
    if (page) response.writeHead(200, { 'content-type': page[0] }).end(page[1]);
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    actions: desk.actions,
    async ask(action, entity, by) {
      await desk.carryOut(action, entity, by);
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
