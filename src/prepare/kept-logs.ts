import type { EntityId } from '../model/entity.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Checkpoint, CheckpointStore } from '../store/store.ts';
import { EntityLog, type KeptLog } from './entity-log.ts';
import { RecentIds } from './recent-ids.ts';
import { EntitySessions, type SessionTiming } from './sequences/entity-sessions.ts';
import { OpenSessions } from './sequences/open-sessions.ts';

const STAGE = 'logs';
/** Ids of an entity are kept in parts, with the part in front of the entity. */
const IDS_STAGE = 'logs.ids';
/** So are its open sessions. */
const SESSIONS_STAGE = 'logs.sessions';
/** Which entities the last commit was of. */
const LAST = { stage: 'logs.last', key: 'entities' };
/** States read at the same time. */
const AT_ONCE = 16;

/** Keeps what is known of the logs of entities in the store: what is saved together is there together, or not at all. */
export class KeptLogs {
  readonly #checkpoints: Pick<CheckpointStore, 'save' | 'load'>;
  readonly #clock: Clock;
  readonly #rules: SessionTiming | null;

  constructor(checkpoints: Pick<CheckpointStore, 'save' | 'load'>, clock: Clock, rules: SessionTiming | null) {
    this.#checkpoints = checkpoints;
    this.#clock = clock;
    this.#rules = rules;
  }

  async save(logs: readonly (readonly [EntityId, KeptLog])[]): Promise<void> {
    if (logs.length === 0) return;
    const last = { ...LAST, position: this.#clock.now(), state: logs.map(([entity]) => entity) };
    await this.#checkpoints.save([...logs.flatMap(([entity, log]) => rowsOf(entity, log)), last]);
  }

  /** Entities of which nothing was kept begin anew. */
  async load(entities: readonly EntityId[]): Promise<readonly EntityLog[]> {
    const logs: EntityLog[] = [];
    for (let at = 0; at < entities.length; at += AT_ONCE)
      logs.push(...(await Promise.all(entities.slice(at, at + AT_ONCE).map((entity) => this.#one(entity)))));
    return logs;
  }

  async #one(entity: EntityId): Promise<EntityLog> {
    const kept = await this.#checkpoints.load(STAGE, entity);
    if (kept === null) return new EntityLog(entity);
    const ids = EntityLog.hasIds(kept.state) ? await this.#parts(IDS_STAGE, entity, RecentIds.places) : [];
    const log = EntityLog.from(entity, kept.state, ids);
    const sessions = EntityLog.sessionsOf(kept.state);
    if (sessions === null || this.#rules === null) return log;
    const parts = await this.#parts(SESSIONS_STAGE, entity, OpenSessions.places);
    log.sessions = EntitySessions.from(entity, { state: sessions, parts }, this.#rules, this.#clock.now());
    return log;
  }

  async #parts(stage: string, entity: EntityId, places: readonly number[]) {
    const parts = await Promise.all(
      places.map(async (place) => {
        const part = await this.#checkpoints.load(stage, `${place} ${entity}`);
        return part === null ? [] : [{ place, position: part.position, state: part.state }];
      }),
    );
    return parts.flat();
  }

  /** Entities whose last counts may not have been told. */
  async untold(): Promise<readonly EntityId[]> {
    const { stage, key } = LAST;
    const state = (await this.#checkpoints.load(stage, key))?.state;
    return Array.isArray(state) ? state.filter((entity): entity is string => typeof entity === 'string') : [];
  }
}

const rowsOf = (entity: EntityId, { state, position, ids, sessions }: KeptLog): readonly Checkpoint[] => [
  { stage: STAGE, key: entity, position, state },
  ...ids.map((part) => ({
    stage: IDS_STAGE,
    key: `${part.place} ${entity}`,
    position: part.position,
    state: part.state,
  })),
  ...sessions.map((part) => ({ stage: SESSIONS_STAGE, key: `${part.place} ${entity}`, position, state: part.state })),
];
