import type { Channel } from '../../model/notification.ts';
import type { Clock } from '../../runtime/clock.ts';

/** Lets no more messages through to a channel than its rate allows, whoever sends them. */
export class ChannelGate {
  readonly #clock: Clock;
  readonly #sent = new Map<string, readonly number[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** When messages went through within the window, Unix ms. */
  sent({ name, rate }: Channel): readonly number[] {
    const now = this.#clock.now();
    // A time in the future, after the clock was set back, counts as one of now.
    return (this.#sent.get(name) ?? []).map((time) => Math.min(time, now)).filter((time) => time > now - rate.windowMs);
  }

  /** What an earlier process has sent. */
  restore({ name }: Channel, sent: readonly number[]): void {
    this.#sent.set(name, [...(this.#sent.get(name) ?? []), ...sent]);
  }

  /** True when one more may go now; it is counted then. */
  take(channel: Channel): boolean {
    const sent = this.sent(channel);
    const may = sent.length < channel.rate.count;
    this.#sent.set(channel.name, may ? [...sent, this.#clock.now()] : sent);
    return may;
  }
}
