import { setTimeout as delay } from 'node:timers/promises';
import {
  CALM_CONFIG,
  CALM_PLACE,
  type Endpoints,
  type InnerFault,
  type Place,
  type ServiceConfig,
  type ToReplica,
} from '../messages.ts';
import { replicaName, RULES, type ServiceName } from '../world.ts';
import { folderOf, type ReplicaProcess, startReplicaProcess, wipe } from './replica-process.ts';

/** A pause between being taken off the list and the end, for requests that are on their way. */
const LEAVE_MS = 150;

export interface MemberDeps {
  readonly root: string;
  readonly voidPort: number;
  readonly listChanged: () => void;
  readonly tell: (name: string, text: string, severity: 'info' | 'warning' | 'critical') => void;
}

/** Everything that a replica has to be told whenever it starts. */
export interface Standing {
  readonly version: string;
  readonly config: ServiceConfig;
  readonly deadly: number;
  readonly shed: number;
  readonly endpoints: Endpoints;
}

/** One replica as the supervisor sees it: a process that comes and goes, the place where it stands, and who knows of it. */
export class Member {
  readonly service: ServiceName;
  readonly number: number;
  readonly name: string;
  readonly #deps: MemberDeps;
  readonly #standing: () => Standing;
  #process: ReplicaProcess | null = null;
  #port = 0;
  #moves = 0;
  #place: Place = CALM_PLACE;
  #diskFault: { readonly kind: InnerFault; readonly growthS: number } | null = null;
  #struck = false;
  #away = true;
  #restarts = 0;
  #ended = false;
  #crashTimer: NodeJS.Timeout | null = null;
  #turn: Promise<void> = Promise.resolve();
  #replies = new Map<number, () => void>();

  constructor(
    at: { readonly service: ServiceName; readonly number: number },
    deps: MemberDeps,
    standing: () => Standing,
  ) {
    this.service = at.service;
    this.number = at.number;
    this.name = replicaName(at.service, at.number);
    this.#deps = deps;
    this.#standing = standing;
  }

  /** Callers send to it. A crashed one is listed, since nobody has told them. */
  get listed(): boolean {
    return !this.#away;
  }

  get up(): boolean {
    return this.#process !== null;
  }

  get port(): number {
    return this.#port;
  }

  get restarts(): number {
    return this.#restarts;
  }

  get moves(): number {
    return this.#moves;
  }

  start(): Promise<void> {
    return this.#inTurn(() => this.#launch());
  }

  /** Stops it in order and starts it again where it is. */
  restart(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#leave();
      this.#restarts++;
      await this.#launch();
    });
  }

  /** Takes it out at once; after some time it stands in another place, where no fault waits. */
  move(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#leave();
      await delay(RULES.moveS * 1000);
      if (this.#ended) return;
      this.#newPlace();
      await this.#launch();
    });
  }

  /** Empties disk and cache, and ends what filled them. */
  async clear(): Promise<void> {
    this.#diskFault = null;
    const process = this.#process;
    if (process === null) {
      wipe(this.#folder());
      return;
    }
    const reply = Date.now() + Math.random();
    const cleared = new Promise<void>((resolve) => {
      this.#replies.set(reply, resolve);
    });
    process.send({ type: 'clear', reply });
    await Promise.race([cleared, delay(5000)]);
    this.#replies.delete(reply);
  }

  strike(kind: InnerFault, growthS: number): void {
    this.#struck = true;
    if (kind === 'event-loop-block' || kind === 'disk-filling') this.#diskFault = { kind, growthS };
    this.#process?.send({ type: 'fault', kind, growthS });
  }

  /** What is wrong with where it stands; a place it has left does not matter any more. */
  setPlace(place: Place, moves: number): void {
    if (moves !== this.#moves) return;
    this.#place = place;
    this.#struck = true;
    this.#process?.send({ type: 'place', place });
  }

  send(message: ToReplica): void {
    this.#process?.send(message);
  }

  /** As it was before everything; true when it was not so already. */
  async reset(force: boolean): Promise<void> {
    if (!force && !this.#struck && this.up) return;
    await this.#inTurn(async () => {
      await this.#leave();
      this.#newPlace();
      await this.#launch();
    });
  }

  async stop(): Promise<void> {
    this.#ended = true;
    this.#away = true;
    if (this.#crashTimer) clearTimeout(this.#crashTimer);
    this.#kill();
    await this.#turn.catch(() => undefined);
    this.#kill();
    wipe(this.#folder());
  }

  #kill(): void {
    this.#process?.kill();
    this.#process = null;
  }

  #folder(): string {
    return folderOf(this.#deps.root, this.service, this.number, this.#moves);
  }

  #newPlace(): void {
    wipe(this.#folder());
    this.#moves++;
    this.#place = CALM_PLACE;
    this.#diskFault = null;
    this.#struck = false;
  }

  /** One change after the other. */
  #inTurn(change: () => Promise<void>): Promise<void> {
    const next = this.#turn.catch(() => undefined).then(() => (this.#ended ? undefined : change()));
    this.#turn = next;
    return next;
  }

  async #leave(): Promise<void> {
    if (this.#crashTimer) clearTimeout(this.#crashTimer);
    this.#crashTimer = null;
    this.#away = true;
    this.#deps.listChanged();
    const process = this.#process;
    this.#process = null;
    if (process === null) return;
    await delay(LEAVE_MS);
    await process.stop();
  }

  async #launch(): Promise<void> {
    const { version, config, deadly, shed, endpoints } = this.#standing();
    const process = await startReplicaProcess({
      start: {
        service: this.service,
        name: this.name,
        version,
        folder: this.#folder(),
        logFile: `${this.#deps.root}/logs/${this.name}.log`,
        port: this.#port,
        voidPort: this.#deps.voidPort,
      },
      onCrash: (how) => this.#crashed(how),
      onCleared: (reply) => this.#replies.get(reply)?.(),
    });
    if (this.#ended) {
      process.kill();
      return;
    }
    this.#process = process;
    this.#port = process.port;
    process.send({ type: 'place', place: this.#place });
    if (config !== CALM_CONFIG) process.send({ type: 'config', config });
    process.send({ type: 'deadly', share: deadly });
    process.send({ type: 'shed', share: shed });
    process.send({ type: 'endpoints', endpoints });
    if (this.#diskFault) process.send({ type: 'fault', ...this.#diskFault });
    this.#away = false;
    this.#deps.listChanged();
  }

  #crashed(how: string): void {
    this.#process = null;
    this.#struck = true;
    this.#deps.tell('crash', how, 'critical');
    if (this.#ended || this.#crashTimer) return;
    this.#crashTimer = setTimeout(() => {
      this.#crashTimer = null;
      this.#restarts++;
      this.#inTurn(async () => {
        if (this.#process === null) await this.#launch();
      }).catch(() => this.#crashed('could not be started'));
    }, RULES.crashRestartS * 1000);
  }
}
