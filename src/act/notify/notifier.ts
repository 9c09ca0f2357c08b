import type { ActionDefinition } from '../../model/action-definition.ts';
import type { Duties } from '../../model/duty.ts';
import type { Channel } from '../../model/notification.ts';
import type { Service } from '../../model/service.ts';
import type { Clock } from '../../runtime/clock.ts';
import { toError } from '../../runtime/errors.ts';
import { every } from '../../runtime/every.ts';
import { stableId } from '../../runtime/ids.ts';
import type { Log } from '../../runtime/log.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { FencedStores, Store } from '../../store/store.ts';
import { VIGIA } from '../act-deps.ts';
import type { ChannelGate } from './channel-gate.ts';
import { compose, type ComposeDeps } from './compose.ts';
import type { Deliver } from './deliver.ts';
import { findNotices, findResolved, type Notice } from './notices.ts';
import { Outbox } from './outbox.ts';

export interface NotifierDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly duties: Pick<Duties<FencedStores>, 'mine'>;
  readonly actions: readonly ActionDefinition[];
  readonly channels: readonly Channel[];
  readonly gate: ChannelGate;
  readonly deliver: Deliver;
  readonly composing: Omit<ComposeDeps, 'now'>;
  /** For so long an incident that is over may be opened again; only then people are told that it is over. */
  readonly reopenMs: number;
  /** How often it is looked at what there is to tell, ms; default 2000. */
  readonly tickMs?: number;
}

export interface Notifier extends Service {
  /** Looks at what there is to tell and tells what is due, as the loop does. */
  tick(): Promise<void>;
  /** Resolves when nothing is on its way. */
  idle(): Promise<void>;
}

/** Only one process tells people. */
const DUTY = 'notifications';
const TICK_MS = 2000;
/** What happened so long ago wakes nobody any more. */
const LOOK_BACK_MS = 24 * 3_600_000;
/** Events are looked at again for so long, as they may be written a little after their time. */
const EVENTS_AGAIN_MS = 10 * 60_000;
const TIMEOUT_MS = 15_000;
const OVER_EVERY_MS = 15_000;
/** Services that join what belongs together themselves are told one by one. */
const ONE_BY_ONE: ReadonlySet<Channel['kind']> = new Set(['pagerduty', 'opsgenie']);

/**
 * Tells people what they have to know: pages and warnings that the alert budget has granted, what is over, what waits for an
 * approval, and where automation is at its end. What there is to tell follows from the store, and what was told is kept
 * there, so that a restart neither forgets nor repeats; only a death between sending and writing that down sends again,
 * with the same key.
 */
class Telling implements Notifier {
  readonly name = 'notifier';
  readonly #deps: NotifierDeps;
  readonly #outboxes: readonly Outbox[];
  readonly #end = new AbortController();
  readonly #sending = new Map<Outbox, Promise<void>>();
  #mine = false;
  #eventsSince = 0;
  /** Monotonic; when it is looked again at what is over. */
  #overAt = 0;
  #loop: Promise<void> = Promise.resolve();

  constructor(deps: NotifierDeps) {
    this.#deps = deps;
    this.#outboxes = deps.channels.map((channel) => new Outbox(channel, deps));
  }

  async start(): Promise<void> {
    const { clock, log, tickMs = TICK_MS } = this.#deps;
    if (this.#outboxes.length === 0) return;
    const failed = ({ message }: Error): void =>
      log.error({ error: message }, 'what there is to tell could not be looked up; tried again');
    this.#loop = every(tickMs, () => this.tick(), { clock, signal: this.#end.signal, failed });
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#loop;
    await this.idle();
  }

  async idle(): Promise<void> {
    await Promise.all(this.#sending.values());
  }

  async tick(): Promise<void> {
    if (!(await this.#onDuty())) return;
    const { store, actions, clock } = this.#deps;
    const now = clock.now();
    const since = Math.max(now - LOOK_BACK_MS, Math.min(...this.#outboxes.map((outbox) => outbox.since)));
    const settled: Parameters<typeof findNotices>[1]['settled'] = (notice) =>
      this.#outboxes.every((outbox) => outbox.settled(notice));
    const found = await findNotices(store, { actions, since, eventsSince: this.#eventsSince, now, settled });
    const over = await this.#over(now);
    for (const outbox of this.#outboxes) outbox.add([...found, ...over], now);
    this.#eventsSince = now - EVENTS_AGAIN_MS;
    for (const outbox of this.#outboxes) {
      if (this.#sending.has(outbox)) continue;
      this.#sending.set(
        outbox,
        this.#send(outbox).finally(() => this.#sending.delete(outbox)),
      );
    }
  }

  /** What is over for good; that is never urgent. */
  async #over(now: number): Promise<readonly Notice[]> {
    const { store, clock, reopenMs } = this.#deps;
    if (clock.monotonic() < this.#overAt) return [];
    this.#overAt = clock.monotonic() + OVER_EVERY_MS;
    const told = new Set(this.#outboxes.flatMap((outbox) => [...outbox.toldOpen]));
    return findResolved(store, told, now - reopenMs);
  }

  /** Whoever takes the duty over reads what was told before. */
  async #onDuty(): Promise<boolean> {
    const mine = await this.#deps.duties.mine(DUTY);
    if (mine && !this.#mine) for (const outbox of this.#outboxes) await outbox.load();
    if (mine !== this.#mine) this.#eventsSince = 0;
    this.#mine = mine;
    return mine;
  }

  async #send(outbox: Outbox): Promise<void> {
    const { log } = this.#deps;
    try {
      const due = outbox.due();
      const batches = ONE_BY_ONE.has(outbox.channel.kind) ? due.map((one) => [one]) : due.length > 0 ? [due] : [];
      for (const batch of batches) {
        if (this.#end.signal.aborted || !(await this.#sendOne(outbox, batch))) return;
      }
    } catch (thrown) {
      log.error(
        { channel: outbox.channel.name, err: toError(thrown).message },
        'people could not be told; tried again',
      );
    }
  }

  /** False when the channel takes nothing more for now. */
  async #sendOne(outbox: Outbox, batch: readonly Notice[]): Promise<boolean> {
    const { gate, deliver, composing, clock, log, metrics } = this.#deps;
    const { channel } = outbox;
    if (!gate.take(channel)) return false;
    const message = compose(batch, channel, { ...composing, now: () => clock.now() });
    const result = await deliver({ channel, message, timeoutMs: TIMEOUT_MS, signal: this.#end.signal });
    const { status, error } = result;
    metrics
      .counter('vigia_notify_messages_total', 'Messages to people, by channel and how they went.', [
        'channel',
        'status',
      ])
      .inc({ channel: channel.name, status });
    const told = { channel: channel.name, kind: channel.kind, notices: batch.length, error: error?.code ?? null };
    if (status === 'succeeded') {
      log.info(told, 'people were told');
      await outbox.told(batch, gate.sent(channel));
      await this.#audit('notify.tell', message.key, { ...told, notices: batch.map(({ key }) => key).join('; ') });
      return true;
    }
    if (this.#end.signal.aborted) return false;
    log.error(
      { ...told, detail: error?.values['detail'] ?? error?.values['status'] ?? null },
      'people could not be told',
    );
    const reason = { ...told, ...error?.values, notices: batch.map(({ key }) => key).join('; ') };
    if (outbox.failed() === 1) await this.#audit('notify.fail', message.key, reason);
    return false;
  }

  #audit(verb: string, key: string, detail: Readonly<Record<string, string | number | null>>): Promise<void> {
    const { store, clock } = this.#deps;
    const id = stableId('audit', verb, key);
    return store.audit.append({ id, time: clock.now(), actor: VIGIA, verb, target: key, detail });
  }
}

export const createNotifier = (deps: NotifierDeps): Notifier => new Telling(deps);
