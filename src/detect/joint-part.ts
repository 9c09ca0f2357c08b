import type { Json } from '../model/detector.ts';
import type { EntityId } from '../model/entity.ts';
import type { Frame, FrameLayout } from '../model/frame.ts';
import type { JointScore, JointWatch } from './ensemble/joint-score.ts';
import type { FeatureGroups } from './feature-groups.ts';
import { decodeFloats, encodeFloats } from './float-columns.ts';
import type { Opinion } from './member-opinions.ts';
import { rowCadence, RowGather } from './row-gather.ts';

/** Rows that joint members look at are means over so long, at least: they cost more than the residual, and gain nothing by haste. */
const LEAST_CADENCE_MS = 15_000;

/** Length of a row of the joint members: whole steps, 15 seconds or more. */
export const jointCadence = (stepMs: number): number => rowCadence(stepMs, LEAST_CADENCE_MS);

/** The joint models that serve an entity, as loaded. */
export interface JointSource {
  /** Of the model; another id is another model. */
  readonly id: string;
  /** State for one entity with these features; `state` goes on from what `toJSON` gave. Throws when that does not fit. */
  watch(options: {
    readonly entity: EntityId;
    readonly layout: FrameLayout;
    readonly cadenceMs: number;
    readonly state: Json | null;
  }): JointWatch;
}

/** What the joint members say, until their next row. */
export interface JointLook {
  /** False between rows. */
  readonly fresh: boolean;
  readonly p: number;
  /** -ln of it, which goes on where `p` has come to its least. */
  readonly surprise: number;
  readonly opinions: readonly Opinion[];
  /** Share of each feature; all 0 where nothing is odd. Worked out when asked. */
  blame(): Float32Array;
}

interface SavedPart {
  readonly id: string;
  readonly layout: string;
  readonly state: Json;
  /** The rows in hand, how much they teach, and what was said of the row before; states of earlier versions have none. */
  readonly gather?: Json;
  readonly weight?: number;
  readonly look?: SavedLook | null;
}

/** Blame is there where somebody may ask for it. */
interface SavedLook {
  readonly p: number;
  readonly surprise: number;
  readonly opinions: readonly Opinion[];
  readonly blame: string | null;
}

const WHAT = 'joint members';
/** Above this nothing is odd, and nobody asks who is to blame. */
export const ODD_P = 0.05;

/**
 * The joint members for one entity: gathers frames into rows, asks, and remembers the answer until the next row. Without
 * a model there is no answer; with another model or more features it begins anew from that model.
 */
export class JointPart {
  readonly #cadenceMs: number;
  #source: JointSource | null = null;
  #watch: JointWatch | null = null;
  #layout: FrameLayout | null = null;
  #look: JointLook | null = null;
  readonly #gather: RowGather;
  #weight = 1;
  /** Whether a row was taken and waits to be learnt. */
  #taken = false;
  /** What was saved, until the model and the layout are there to go on with. */
  #saved: SavedPart | null = null;

  constructor(stepMs: number) {
    this.#cadenceMs = jointCadence(stepMs);
    this.#gather = new RowGather(this.#cadenceMs);
  }

  /** Whether it judges. */
  get ready(): boolean {
    return this.#look !== null;
  }

  /** Takes a frame; what the members say of the newest whole row, or null while there is no answer. */
  take(frame: Frame, source: JointSource | null): JointLook | null {
    if (source === null) {
      this.#forget();
      return null;
    }
    this.#begin(frame, source);
    const values = this.#gather.take(frame);
    if (values === null) {
      if (this.#look?.fresh === true) this.#look = { ...this.#look, fresh: false };
      return this.#look;
    }
    const score = this.#watch!.take(this.#gather.start, values);
    this.#taken = true;
    this.#look = score.ready ? lookOf(score, values.length) : null;
    return this.#look;
  }

  /** Says how much the newest frame teaches; a row teaches as much as the least of its frames. */
  learn(weight: number): void {
    this.#weight = Math.min(this.#weight, weight);
    if (!this.#taken) return;
    this.#watch?.learn(this.#weight);
    this.#taken = false;
    this.#weight = 1;
  }

  /** The level of the last hours is the usual one from here on. */
  adopt(): void {
    this.#watch?.adopt();
  }

  #forget(): void {
    this.#source = null;
    this.#watch = null;
    this.#look = null;
    this.#taken = false;
    this.#weight = 1;
  }

  #begin({ entity, layout }: Frame, source: JointSource): void {
    if (this.#source?.id === source.id && this.#layout === layout) return;
    this.#forget();
    this.#source = source;
    this.#layout = layout;
    this.#gather.clear();
    const options = { entity, layout, cadenceMs: this.#cadenceMs, state: null };
    this.#watch = this.#restored(options, source) ?? source.watch(options);
    this.#saved = null;
  }

  #restored(options: Parameters<JointSource['watch']>[0], source: JointSource): JointWatch | null {
    if (this.#saved?.id !== source.id || this.#saved.layout !== options.layout.id) return null;
    const { state, gather = null, weight = 1, look = null } = this.#saved;
    try {
      const watch = source.watch({ ...options, state });
      this.#gather.restore(gather);
      this.#weight = weight;
      this.#look = look === null ? null : restoredLook(look, options.layout.features.length);
      return watch;
    } catch {
      // Of another version: the entity's calibration is learnt anew, as after a new model.
      return null;
    }
  }

  /** All of it, to the bit. */
  toJSON(): Json {
    if (this.#source === null || this.#watch === null || this.#layout === null) return this.#saved as Json | null;
    const part: Required<SavedPart> = {
      id: this.#source.id,
      layout: this.#layout.id,
      state: this.#watch.toJSON(),
      gather: this.#gather.toJSON(),
      weight: this.#weight,
      look: this.#look === null ? null : savedLook(this.#look),
    };
    return part as unknown as Json;
  }

  /** Goes on from a saved state when the first frame comes, if model and layout are still the same. */
  restore(state: Json): void {
    this.#saved = state as SavedPart | null;
  }
}

function savedLook(look: JointLook): SavedLook {
  const { p, surprise, opinions } = look;
  return { p, surprise, opinions, blame: p <= ODD_P ? encodeFloats(look.blame()) : null };
}

function restoredLook({ p, surprise, opinions, blame }: SavedLook, features: number): JointLook {
  const shares = blame === null ? new Float32Array(features) : decodeFloats(blame, features, WHAT);
  return { fresh: false, p, surprise, opinions, blame: () => shares };
}

function lookOf(score: JointScore, features: number): JointLook {
  let blame: Float32Array | null = null;
  return {
    fresh: true,
    p: score.p,
    surprise: score.surprise,
    opinions: score.members.map(({ kind, p }) => ({ kind, p })),
    blame: () => (blame ??= score.p <= ODD_P ? score.blame() : new Float32Array(features)),
  };
}

/** Groups of features that the joint members blame: what they make of a group's own finding. */
export class Relation {
  readonly look: JointLook;
  readonly #groups: FeatureGroups;
  #shares: Float64Array | null = null;

  constructor(look: JointLook, groups: FeatureGroups) {
    this.look = look;
    this.#groups = groups;
  }

  /** How much of the blame a group has, 0 to 1. Blame costs as much as several scores, so it waits until somebody asks. */
  share(group: number): number {
    this.#shares ??= this.#sum();
    return this.#shares[group]!;
  }

  #sum(): Float64Array {
    const { names, of } = this.#groups;
    const shares = new Float64Array(names.length);
    if (this.look.p > ODD_P) return shares;
    const blame = this.look.blame();
    for (let f = 0; f < blame.length; f++) shares[of[f]!] = shares[of[f]!]! + blame[f]!;
    return shares;
  }
}

/** Strength of each feature for the weights of an anomaly: so that its square is as the blame, and as large as how odd it is. */
export const jointStrengths =
  (look: JointLook): ((feature: number) => number) =>
  (feature) =>
    look.surprise * Math.sqrt(look.blame()[feature] ?? 0);
