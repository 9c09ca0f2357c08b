import { setImmediate as nextTurn } from 'node:timers/promises';
import { columnProfile } from '../../model/column-profile.ts';
import type { FeatureChoice, FeatureProfile, FeatureVerdict } from '../../model/data-quality.ts';
import { type EntityId, parseEntityId } from '../../model/entity.ts';
import type { Service } from '../../model/service.ts';
import type { Clock } from '../../runtime/clock.ts';
import { every } from '../../runtime/every.ts';
import { stableId } from '../../runtime/ids.ts';
import type { Log } from '../../runtime/log.ts';
import type { Store } from '../../store/store.ts';
import { chooseFeatures, type EntityRows } from './choose-features.ts';

export interface ChooserDeps {
  readonly store: Pick<Store, 'frames' | 'choices'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether it is for this process to choose; asked before each round. */
  readonly mine: () => Promise<boolean>;
  readonly options: { readonly budget: number; readonly enforce: boolean };
  readonly everyMs?: number;
}

const EVERY_MS = 1_800_000;
/** The first choice comes as soon as there is something to choose from. */
const FIRST_MS = 300_000;
const DAY_MS = 86_400_000;
const MOST_KINDS = 50;
/** Entities of a kind that are looked at, spread over all of them, and their newest minutes. */
const SIBLINGS = 16;
const ROWS = 240;
const LEAST_ROWS = 60;
/** Longest stretch of work before other things get their turn. */
const TURN_MS = 15;

/** Entities of each kind that have frames, a bounded number of them, the same ones each time. */
async function kindsOf({ frames }: ChooserDeps['store']): Promise<ReadonlyMap<string, readonly EntityId[]>> {
  const kinds = new Map<string, EntityId[]>();
  for (const entity of [...(await frames.newest()).keys()].sort()) {
    const { kind } = parseEntityId(entity);
    const siblings = kinds.get(kind);
    if (siblings !== undefined) siblings.push(entity);
    else if (kinds.size < MOST_KINDS) kinds.set(kind, [entity]);
  }
  for (const [kind, all] of kinds) {
    const stride = Math.ceil(all.length / SIBLINGS);
    kinds.set(
      kind,
      all.filter((_, i) => i % stride === 0),
    );
  }
  return kinds;
}

const versionOf = (verdicts: readonly FeatureVerdict[]): string =>
  stableId('features', ...verdicts.filter(({ chosen }) => chosen).map(({ feature }) => feature));

function profilesOf(entities: readonly EntityRows[], features: readonly string[]): readonly FeatureProfile[] {
  return features.flatMap((feature) => {
    const parts = entities.flatMap(({ features: own, values }) => {
      const place = own.indexOf(feature);
      return place < 0 ? [] : [values[place]!];
    });
    const profile = columnProfile(parts);
    return profile === null ? [] : [{ feature, ...profile }];
  });
}

/** Chooses for one kind from the newest minutes of some of its entities; null when there is too little yet. */
export async function chooseForKind(
  { store, clock, options }: Pick<ChooserDeps, 'store' | 'clock' | 'options'>,
  kind: string,
  siblings: readonly EntityId[],
): Promise<FeatureChoice | null> {
  const now = clock.now();
  const rows: EntityRows[] = [];
  for (const entity of siblings) {
    const query = {
      entity,
      tier: 'minute',
      range: { from: now - DAY_MS, to: now },
      features: null,
      limit: ROWS,
    } as const;
    const { features, mean } = await store.frames.columns(query);
    if ((mean[0]?.length ?? 0) > 0) rows.push({ features, values: mean });
  }
  const count = rows.reduce((sum, { values }) => sum + values[0]!.length, 0);
  if (count < LEAST_ROWS) return null;
  let turn = clock.monotonic();
  const giveWay = async (): Promise<void> => {
    if (clock.monotonic() - turn < TURN_MS) return;
    await nextTurn();
    turn = clock.monotonic();
  };
  const before = (await store.choices.get(kind))?.verdicts ?? [];
  const verdicts = await chooseFeatures(rows, { budget: options.budget, now, before }, giveWay);
  const features = verdicts.map(({ feature }) => feature);
  return {
    scope: kind,
    version: versionOf(verdicts),
    madeAt: now,
    budget: options.budget,
    enforced: options.enforce,
    entities: rows.length,
    rows: count,
    verdicts: [...verdicts],
    profile: [...profilesOf(rows, features)],
  };
}

/** Says every half hour which features of each entity kind models should be given, and why not the others. */
export function createFeatureChooser(deps: ChooserDeps): Service {
  const { store, clock, log, mine, everyMs = EVERY_MS } = deps;
  let end = new AbortController();
  let choosing: Promise<void> = Promise.resolve();
  const chosenAt = new Map<string, number>();
  const round = async (): Promise<void> => {
    if (!(await mine())) return;
    for (const [kind, siblings] of await kindsOf(store)) {
      if (end.signal.aborted) return;
      if (clock.now() - (chosenAt.get(kind) ?? 0) < everyMs) continue;
      const choice = await chooseForKind(deps, kind, siblings);
      if (choice === null) continue;
      chosenAt.set(kind, choice.madeAt);
      await store.choices.save(choice);
    }
  };
  return {
    name: 'features',
    start: async () => {
      end = new AbortController();
      const failed = ({ message }: Error): void =>
        log.warn({ error: message }, 'features could not be chosen; tried again');
      choosing = every(Math.min(everyMs, FIRST_MS), round, { clock, signal: end.signal, failed });
    },
    stop: async () => {
      end.abort();
      await choosing;
    },
  };
}
