import type { SourceView } from '../../api/contract/views.ts';
import type { Json } from '../../model/detector.ts';
import type { Service } from '../../model/service.ts';
import type { StageName } from '../../model/stage.ts';
import type { Clock } from '../../runtime/clock.ts';
import { every } from '../../runtime/every.ts';
import type { Log } from '../../runtime/log.ts';
import type { Member, Store } from '../../store/store.ts';

/** What a process says of itself to the others. */
export interface About {
  readonly lags: Readonly<Record<string, number>>;
  readonly sources: readonly SourceView[];
  /** Disk that the store takes; null where nobody has measured it. */
  readonly storeBytes: number | null;
}

export interface MembershipDeps {
  readonly store: Pick<Store, 'members'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Name of this process; no two processes may say the same. */
  readonly instance: string;
  readonly stages: readonly StageName[];
  readonly about: () => About;
  /** Gets the question that the database answers with its time. */
  readonly compareClocks?: (ask: () => Promise<number>) => Promise<number>;
  /** Between two words; a process that missed four of them is taken to be gone. */
  readonly beatMs?: number;
}

/** The processes that work on one store. */
export interface Membership extends Service {
  /** Those that have the stage, by name, this one among them while it is started. */
  having(stage: StageName): readonly string[];
  /** What the others said last. */
  others(): readonly About[];
}

const BEAT_MS = 2000;
const MISSED = 4;
/** Sources that a process tells of. */
const MAX_SOURCES = 1000;

const isAbout = (about: Json): about is Json & About =>
  typeof about === 'object' && about !== null && 'lags' in about && 'sources' in about;

export function createMembership(deps: MembershipDeps): Membership {
  const { store, clock, log, instance, stages, about, compareClocks = (ask) => ask(), beatMs = BEAT_MS } = deps;
  let members: readonly Member[] = [];
  let end = new AbortController();
  let loop: Promise<void> = Promise.resolve();
  const beat = async (): Promise<void> => {
    const said = { ...about(), sources: about().sources.slice(0, MAX_SOURCES) } as unknown as Json;
    await compareClocks(() => store.members.beat({ id: instance, stages, about: said }, MISSED * beatMs));
    members = await store.members.live();
  };
  return {
    name: 'membership',
    having: (stage) => members.filter((member) => member.stages.includes(stage)).map(({ id }) => id),
    others: () => members.flatMap(({ id, about: said }) => (id !== instance && isAbout(said) ? [said] : [])),
    start: async () => {
      end = new AbortController();
      await beat();
      const failed = ({ message }: Error): void => log.warn({ error: message }, 'the other processes are not heard of');
      loop = every(beatMs, beat, { clock, signal: end.signal, failed });
    },
    stop: async () => {
      if (end.signal.aborted) return;
      end.abort();
      await loop;
      members = [];
      await store.members.leave(instance);
    },
  };
}
