import { createServer } from 'node:net';
import { once } from 'node:events';
import { CALM_CONFIG, type Endpoints, type ServiceConfig } from '../messages.ts';
import { ACTION_TARGET, type LabAction, RULES, type ServiceName, SERVICES, TOPOLOGY } from '../world.ts';
import { Member, type MemberDeps } from './member.ts';

export interface LabEvent {
  readonly entity: string;
  readonly name: string;
  readonly text: string;
  readonly severity: 'info' | 'warning' | 'critical';
}

/** What was refused, in words for who asked. */
export class ActionRefusedError extends Error {}

const CALM_VERSION = 'v1';
const MOST_REPLICAS = 6;

interface ServiceRecord {
  version: string;
  config: ServiceConfig;
  /** What was there before the last change; null when nothing was changed. */
  versionBefore: string | null;
  configBefore: ServiceConfig | null;
  deadly: number;
  shed: number;
  readonly members: Member[];
}

export interface SupervisorDeps {
  /** Folder for disks and logs. */
  readonly root: string;
  readonly onEvent: (event: LabEvent) => void;
  readonly onEndpoints: (endpoints: Endpoints) => void;
}

/** Accepts connections and never answers: where a severed network ends. */
async function openVoid(): Promise<{ readonly port: number; close(): void }> {
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.resume();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Starts, watches and changes the processes of the lab. */
export class Supervisor {
  readonly #deps: SupervisorDeps;
  readonly #services: Record<ServiceName, ServiceRecord>;
  #void: { readonly port: number; close(): void } | null = null;

  constructor(deps: SupervisorDeps) {
    this.#deps = deps;
    const record = (): ServiceRecord => ({
      version: CALM_VERSION,
      config: CALM_CONFIG,
      versionBefore: null,
      configBefore: null,
      deadly: 0,
      shed: 0,
      members: [],
    });
    this.#services = Object.fromEntries(SERVICES.map((name) => [name, record()])) as Record<ServiceName, ServiceRecord>;
  }

  async start(): Promise<void> {
    this.#void = await openVoid();
    for (const service of SERVICES) {
      for (let number = 1; number <= TOPOLOGY[service].replicas; number++) {
        this.#services[service].members.push(this.#member(service, number));
      }
    }
    await Promise.all(this.members().map((member) => member.start()));
    this.#announce();
  }

  async stop(): Promise<void> {
    await Promise.all(this.members().map((member) => member.stop()));
    this.#void?.close();
  }

  members(): readonly Member[] {
    return SERVICES.flatMap((service) => this.#services[service].members);
  }

  membersOf(service: ServiceName): readonly Member[] {
    return this.#services[service].members;
  }

  endpoints(): Endpoints {
    const ports = (service: ServiceName): number[] =>
      this.#services[service].members.filter(({ listed }) => listed).map(({ port }) => port);
    return Object.fromEntries(SERVICES.map((service) => [service, ports(service)])) as unknown as Endpoints;
  }

  version(service: ServiceName): string {
    return this.#services[service].version;
  }

  /** Carries out an action on `replica/orders-1` or `service/orders`; resolves with what was done. Throws ActionRefusedError. */
  async act(action: LabAction, entity: string): Promise<string> {
    const [kind = '', name = ''] = entity.split('/', 2);
    const member = this.members().find((known) => kind === 'replica' && known.name === name);
    if (ACTION_TARGET[action] === 'replica') {
      if (kind !== 'replica') throw new ActionRefusedError(`${action} is for a replica`);
      if (member === undefined) throw new ActionRefusedError(`there is no replica ${name}`);
      return this.#actOnReplica(action, member);
    }
    // Who names a replica means its service.
    const service = member?.service ?? SERVICES.find((known) => kind === 'service' && known === name);
    if (service === undefined) throw new ActionRefusedError(`there is no ${kind} ${name}`);
    return this.#actOnService(action, service);
  }

  /** Brings out a version, replica by replica; it dies of the share of requests that `setDeadly` says. */
  async deploy(service: ServiceName, version: string): Promise<void> {
    const record = this.#services[service];
    record.versionBefore = record.version;
    record.version = version;
    this.#tellAll(service, 'deploy', `${service} ${version}`);
    await this.#roll(record);
  }

  setDeadly(service: ServiceName, share: number): void {
    const record = this.#services[service];
    if (record.version === CALM_VERSION) return;
    record.deadly = share;
    for (const member of record.members) member.send({ type: 'deadly', share });
  }

  /** The first change is told as an event; what follows is the same change going on. */
  configure(service: ServiceName, config: ServiceConfig): void {
    const record = this.#services[service];
    if (record.configBefore === null) {
      record.configBefore = record.config;
      this.#tellAll(service, 'config_change', `${service}: new settings`);
    }
    this.#setConfig(record, config);
  }

  /** Whether the settings were changed and not rolled back. */
  isConfigured(service: ServiceName): boolean {
    return this.#services[service].configBefore !== null;
  }

  /** Everything as in the beginning: versions, settings, number of replicas, disks, places. */
  async reset(): Promise<void> {
    const changes = SERVICES.map(async (service) => {
      const record = this.#services[service];
      const rebuilt = record.version !== CALM_VERSION;
      Object.assign(record, { version: CALM_VERSION, versionBefore: null, configBefore: null, deadly: 0 });
      this.#setConfig(record, CALM_CONFIG);
      this.#shed(record, 0);
      const extra = record.members.splice(TOPOLOGY[service].replicas);
      await Promise.all([
        ...extra.map((member) => member.stop()),
        ...record.members.map((member) => member.reset(rebuilt)),
      ]);
    });
    await Promise.all(changes);
    this.#announce();
  }

  async #actOnReplica(action: LabAction, member: Member): Promise<string> {
    if (action === 'restart') await member.restart();
    else if (action === 'clear') await member.clear();
    else {
      const others = this.#services[member.service].members.filter((other) => other !== member && other.listed);
      if (others.length === 0) throw new ActionRefusedError(`${member.name} is the last one that serves`);
      // It is away for a while; who asked need not wait for that.
      member.move().catch(() => this.#tell(`replica/${member.name}`, 'move_failed', member.name, 'warning'));
    }
    this.#tell(`replica/${member.name}`, action, `${action} ${member.name}`, 'info');
    return `${action} ${member.name}`;
  }

  async #actOnService(action: LabAction, service: ServiceName): Promise<string> {
    const record = this.#services[service];
    const said = await this.#changeService(action, service, record);
    this.#tell(`service/${service}`, action, said, 'info');
    return said;
  }

  async #changeService(action: LabAction, service: ServiceName, record: ServiceRecord): Promise<string> {
    if (action === 'scale') return this.#scale(service, record);
    if (action === 'shed-load') {
      this.#shed(this.#services.gateway, RULES.shed);
      return `the gateway refuses ${RULES.shed * 100} % of the requests`;
    }
    if (action === 'roll-back-config') {
      if (record.configBefore === null) return 'nothing to roll back';
      this.#setConfig(record, record.configBefore);
      record.configBefore = null;
      return 'settings as before';
    }
    if (record.versionBefore === null) return 'nothing to roll back';
    record.version = record.versionBefore;
    record.versionBefore = null;
    record.deadly = 0;
    await this.#roll(record);
    return `version ${record.version}`;
  }

  async #scale(service: ServiceName, record: ServiceRecord): Promise<string> {
    const room = MOST_REPLICAS - record.members.length;
    if (room <= 0) throw new ActionRefusedError(`${service} has ${MOST_REPLICAS} replicas already`);
    const added = Array.from({ length: Math.min(room, RULES.scaleBy) }, (_, i) =>
      this.#member(service, record.members.length + 1 + i),
    );
    record.members.push(...added);
    await Promise.all(added.map((member) => member.start()));
    return `${record.members.length} replicas`;
  }

  /** Those that are down at once, the others one after the other. */
  async #roll({ members }: ServiceRecord): Promise<void> {
    const down = members.filter(({ up }) => !up);
    const rolled = Promise.all(down.map((member) => member.restart()));
    for (const member of members) if (!down.includes(member)) await member.restart();
    await rolled;
  }

  #setConfig(record: ServiceRecord, config: ServiceConfig): void {
    record.config = config;
    for (const member of record.members) member.send({ type: 'config', config });
  }

  #shed(record: ServiceRecord, share: number): void {
    record.shed = share;
    for (const member of record.members) member.send({ type: 'shed', share });
  }

  #member(service: ServiceName, number: number): Member {
    const record = this.#services[service];
    const deps: MemberDeps = {
      root: this.#deps.root,
      voidPort: this.#void?.port ?? 0,
      listChanged: () => this.#announce(),
      tell: (name, text, severity) => this.#tell(`replica/${service}-${number}`, name, text, severity),
    };
    const standing = () => ({ ...record, endpoints: this.endpoints() });
    return new Member({ service, number }, deps, standing);
  }

  #announce(): void {
    const endpoints = this.endpoints();
    for (const member of this.members()) member.send({ type: 'endpoints', endpoints });
    this.#deps.onEndpoints(endpoints);
  }

  /** A change reaches the service and each of its replicas. */
  #tellAll(service: ServiceName, name: string, text: string): void {
    this.#tell(`service/${service}`, name, text, 'info');
    for (const member of this.#services[service].members) this.#tell(`replica/${member.name}`, name, text, 'info');
  }

  #tell(entity: string, name: string, text: string, severity: LabEvent['severity']): void {
    this.#deps.onEvent({ entity, name, text, severity });
  }
}
