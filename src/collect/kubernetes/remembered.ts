import type { Json } from '../../model/detector.ts';
import { every } from '../../runtime/every.ts';
import type { Clock } from '../../runtime/clock.ts';

/** Where it is kept how objects were when they were last seen, over restarts and from process to process. */
export interface KubernetesMemory {
  load(path: string): Promise<Json | null>;
  save(path: string, state: Json): Promise<void>;
}

/** How facts are written down; what cannot be read is null. */
export interface FactsCodec<T> {
  encode(facts: T): Json;
  decode(written: Json): T | null;
}

interface Identified {
  readonly uid: string;
}

interface Keeping {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly failed: (error: Error) => void;
}

/** Objects of one path that are remembered; what is more is met anew after a restart. */
const MOST = 5000;
/** What changed is written at most so often: what happens in between and is told again has the same ids. */
const SAVE_MS = 10_000;

/** How the objects of one path were when they were last seen: what happened since is what nobody watched. */
export class Remembered<T extends Identified> {
  readonly #path: string;
  readonly #codec: FactsCodec<T>;
  readonly #memory: KubernetesMemory;
  #past: Promise<ReadonlyMap<string, T>> | null = null;
  #changed = false;

  constructor(path: string, codec: FactsCodec<T>, memory: KubernetesMemory) {
    [this.#path, this.#codec, this.#memory] = [path, codec, memory];
  }

  /** How an object was before this run; undefined when it is not known. Rejects when the memory cannot be read. */
  async before(uid: string): Promise<T | undefined> {
    this.#past ??= this.#load();
    try {
      return (await this.#past).get(uid);
    } catch (thrown) {
      this.#past = null;
      throw thrown;
    }
  }

  /** Something is not as it was. */
  note(before: T | undefined, after: T | undefined): void {
    const written = (facts: T | undefined): string =>
      facts === undefined ? '' : JSON.stringify(this.#codec.encode(facts));
    if (!this.#changed) this.#changed = written(before) !== written(after);
  }

  /** Writes down how things are, now and then and at the end, until aborted; null while that is not known. Never rejects. */
  async keep(facts: () => readonly T[] | null, { clock, signal, failed }: Keeping): Promise<void> {
    const save = async (): Promise<void> => {
      const now = this.#changed ? facts() : null;
      if (now === null) return;
      this.#changed = false;
      try {
        await this.#memory.save(
          this.#path,
          now.slice(0, MOST).map((one) => this.#codec.encode(one)),
        );
      } catch (thrown) {
        this.#changed = true;
        throw thrown;
      }
    };
    await every(SAVE_MS, save, { clock, signal, failed });
    await save().catch(failed);
  }

  async #load(): Promise<ReadonlyMap<string, T>> {
    const written = await this.#memory.load(this.#path);
    const facts = Array.isArray(written) ? written.map((one: Json) => this.#codec.decode(one)) : [];
    return new Map(facts.flatMap((one) => (one === null ? [] : [[one.uid, one]])));
  }
}
