import type { Json } from '../../model/detector.ts';
import type { Channel } from '../../model/notification.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Store } from '../../store/store.ts';
import type { ChannelGate } from './channel-gate.ts';
import type { Notice } from './notices.ts';

interface OutboxDeps {
  readonly store: Pick<Store, 'checkpoints'>;
  readonly clock: Clock;
  readonly gate: ChannelGate;
}

/** What is kept of a channel over restarts. */
interface Kept {
  /** When the channel was first there: what was before, and waits for nobody, is old news. */
  readonly since: number;
  /** Keys of what was told, with its time. */
  readonly told: Readonly<Record<string, number>>;
  /** Incidents that were told of and are not over. */
  readonly open: readonly string[];
  readonly sent: readonly number[];
}

const STAGE = 'notify';
/** Told keys are kept a little longer than anything is looked for. */
const KEEP_MS = 26 * 3_600_000;
const MOST_TOLD = 5000;
const MOST_OPEN = 1000;
const MOST_PENDING = 1000;
const FIRST_PAUSE_MS = 2000;
const MOST_PAUSE_MS = 5 * 60_000;

/** What one channel has still to be told, and what it was told. */
export class Outbox {
  readonly channel: Channel;
  readonly #deps: OutboxDeps;
  readonly #pending = new Map<string, Notice>();
  #told = new Map<string, number>();
  #open = new Set<string>();
  #since: number;
  #position = 0;
  #failures = 0;
  /** Monotonic; when the oldest of what is pending came. */
  #firstAt = 0;
  /** Monotonic. */
  #notBefore = 0;

  constructor(channel: Channel, deps: OutboxDeps) {
    this.channel = channel;
    this.#deps = deps;
    this.#since = deps.clock.now();
  }

  get since(): number {
    return this.#since;
  }

  /** Incidents that this channel was told of, where it wants to hear that they are over. */
  get toldOpen(): ReadonlySet<string> {
    return this.channel.tell.includes('resolved') ? this.#open : new Set();
  }

  /** Reads what was told before; a channel that is new began with this process. */
  async load(): Promise<void> {
    const { store, gate } = this.#deps;
    const found = await store.checkpoints.load(STAGE, this.channel.name);
    const fresh: Kept = { since: this.#since, told: {}, open: [], sent: [] };
    const kept = found === null ? fresh : (found.state as unknown as Kept);
    this.#pending.clear();
    this.#position = found === null ? 0 : found.position;
    this.#since = kept.since;
    this.#told = new Map(Object.entries(kept.told));
    this.#open = new Set(kept.open);
    gate.restore(this.channel, kept.sent);
    if (found === null) await this.#save([]);
  }

  /** Takes on what is new and of a kind that this channel is to be told. */
  add(notices: readonly Notice[], now: number): void {
    const current = new Set(notices.map(({ key }) => key));
    // What is no longer found is over, decided or old by now; what is found only now and then stays.
    for (const { key, kind, time } of this.#pending.values()) {
      const stays = (kind === 'escalation' || kind === 'resolved') && time > now - KEEP_MS;
      if (!current.has(key) && !stays) this.#pending.delete(key);
    }
    for (const notice of notices) {
      if (!this.#wants(notice) || this.#pending.size >= MOST_PENDING) continue;
      if (this.#pending.size === 0) this.#firstAt = this.#deps.clock.monotonic();
      this.#pending.set(notice.key, notice);
    }
    for (const [key, time] of this.#told) if (time < now - KEEP_MS) this.#told.delete(key);
  }

  /** Whether it is new to this channel: not told, not from before its time, and not the end of what it never heard of. */
  #wants(notice: Notice): boolean {
    const { kind, incident } = notice;
    if (kind !== 'resolved') return !this.settled(notice);
    const heard = incident !== null && this.#open.has(incident.id);
    return heard && this.channel.tell.includes(kind) && !this.#told.has(notice.key);
  }

  /** Whether this channel is never to be told of it, or was. */
  settled({ key, kind, time }: Pick<Notice, 'key' | 'kind' | 'time'>): boolean {
    const old = kind !== 'approval' && time <= this.#since;
    return !this.channel.tell.includes(kind) || this.#told.has(key) || old;
  }

  /** What goes now: nothing while others may still join it, or while the channel is given a rest after a failure. */
  due(): readonly Notice[] {
    const now = this.#deps.clock.monotonic();
    if (this.#pending.size === 0 || now < this.#notBefore || now < this.#firstAt + this.channel.groupMs) return [];
    return [...this.#pending.values()];
  }

  /** Writes down that this was told. */
  async told(notices: readonly Notice[], sent: readonly number[]): Promise<void> {
    this.#failures = 0;
    this.#notBefore = 0;
    for (const { key, kind, time, incident } of notices) {
      this.#pending.delete(key);
      this.#told.set(key, time);
      if (incident === null) continue;
      if (kind === 'resolved') this.#open.delete(incident.id);
      else if (this.#open.size < MOST_OPEN) this.#open.add(incident.id);
    }
    while (this.#told.size > MOST_TOLD) this.#told.delete(this.#told.keys().next().value ?? '');
    await this.#save(sent);
  }

  /** The channel did not take it; the pause until the next try doubles. Gives the number of failures in a row. */
  failed(): number {
    this.#failures++;
    const pause = Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(20, this.#failures));
    this.#notBefore = this.#deps.clock.monotonic() + pause;
    return this.#failures;
  }

  async #save(sent: readonly number[]): Promise<void> {
    const { store, clock } = this.#deps;
    // A clock that was set back must not make it older than what is there, which would not be overwritten.
    this.#position = Math.max(this.#position + 1, clock.now());
    const state = { since: this.#since, told: Object.fromEntries(this.#told), open: [...this.#open], sent: [...sent] };
    const checkpoint = {
      stage: STAGE,
      key: this.channel.name,
      position: this.#position,
      state: state as unknown as Json,
    };
    await store.checkpoints.save([checkpoint]);
  }
}
