import type { LineOrigin } from './log-intake.ts';

/** Messages of one stream that an equal one is looked for among. */
const MAX_KNOWN = 5000;

/**
 * Gives the messages of one connection, or all datagrams, their places. A sender that had no answer, for the protocol has
 * none, sends its last messages again when it finds a process anew: those are known by what they say, equal ones by
 * their number.
 */
export class SyslogStream {
  readonly #name: string;
  #at = 0;
  readonly #known = new Map<string, number>();

  constructor(name: string) {
    this.#name = name;
  }

  next(message: string): Pick<LineOrigin, 'place' | 'sentAgain' | 'position'> {
    this.#at += 1;
    const before = this.#known.get(message) ?? 0;
    if (before === 0 && this.#known.size >= MAX_KNOWN)
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
    this.#known.set(message, before + 1);
    const place = { stream: this.#name, at: this.#at };
    return { place, sentAgain: 'afterRestart', ...(before > 0 ? { position: `again ${before}` } : {}) };
  }
}
