import type { FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { EntityId } from '../../model/entity.ts';
import {
  type Silence,
  SILENCE_STATES,
  SilenceMatch,
  silenceMatches,
  silencesMeet,
  silenceState,
} from '../../model/silence.ts';
import { VigiaError } from '../../runtime/errors.ts';
import { audit, type Resource } from '../api-app.ts';
import { PageOf, SilenceDetail, SilenceView } from '../contract/views.ts';
import type { ApiDeps } from '../deps.ts';
import { IdParameters, Moment, pageQuery, PageParameters } from '../queries.ts';
import { loadGraph } from './topology.ts';

/** What is silenced for longer should be muted in the configuration, where it is seen. */
const LONGEST_MS = 366 * 86_400_000;
/** Others that are looked at. */
const MAX_OTHERS = 1000;
const MAX_TOLD = 20;

const Wish = {
  kind: Type.Optional(Type.Enum(['silence', 'maintenance'])),
  match: Type.Optional(SilenceMatch),
  from: Type.Optional(Moment),
  to: Type.Optional(Moment),
  forSeconds: Type.Optional(
    Type.Integer({ minimum: 1, maximum: LONGEST_MS / 1000, description: 'Instead of `to`: so long from `from`.' }),
  ),
  why: Type.Optional(Type.String({ minLength: 1, maxLength: 4000 })),
} as const;
const WishBody = Type.Object(Wish);
type WishBody = Static<typeof WishBody>;

const MATCHERS = new Set(Object.keys(SilenceMatch.properties));

/** A matcher that is spelled wrong must not make a silence that matches more than was meant. */
function checkMatch(match: SilenceMatch): SilenceMatch {
  const unknown = Object.keys(match).find((name) => !MATCHERS.has(name));
  if (unknown !== undefined) throw new VigiaError('SILENCE_MATCH', { detail: unknown });
  const { entity, kind, anomaly } = match;
  if (entity === undefined && kind === undefined && anomaly === undefined) throw new VigiaError('SILENCE_EMPTY');
  return match;
}

/** Begin and end as asked for; what is left out stays, and a new one begins now. */
function rangeOf(wish: WishBody, before: Silence | null, now: number): { readonly from: number; readonly to: number } {
  const from = wish.from ?? before?.from ?? now;
  const asked = wish.forSeconds === undefined ? wish.to : from + wish.forSeconds * 1000;
  const to = asked ?? before?.to;
  if (to === undefined || to <= from || to <= now || to - from > LONGEST_MS) {
    throw new VigiaError('SILENCE_RANGE', { days: LONGEST_MS / 86_400_000 });
  }
  return { from, to };
}

const viewOf = (silence: Silence, now: number): SilenceView => ({ ...silence, state: silenceState(silence, now) });

/** With the others that silence some of the same at some of the same time. */
async function detailOf({ store, clock }: ApiDeps, silence: Silence): Promise<SilenceDetail> {
  const others = await store.silences.overlapping(silence, MAX_OTHERS);
  const graph = [silence, ...others].some(({ match }) => match.below) ? await loadGraph(store) : null;
  const above = (entity: EntityId) => graph?.above(entity) ?? [];
  const overlaps = others.filter((other) => other.id !== silence.id && silencesMeet(other.match, silence.match, above));
  return { ...viewOf(silence, clock.now()), overlaps: overlaps.slice(0, MAX_TOLD).map(({ id }) => id) };
}

async function find({ store }: ApiDeps, id: string): Promise<Silence> {
  const silence = await store.silences.get(id);
  if (silence === null) throw new VigiaError('NOT_FOUND', { what: 'silence', id });
  return silence;
}

async function changed(deps: ApiDeps, request: FastifyRequest, verb: string, silence: Silence): Promise<void> {
  const { kind, match, from, to, why, id } = silence;
  await audit(deps, request, { verb, target: id, detail: { kind, from, to, why, match: JSON.stringify(match) } });
  deps.changes.publish({ type: 'silence', id, entity: null, severity: null, time: deps.clock.now() });
}

const reading: Resource = (app, deps) => {
  const { store, clock } = deps;
  app.get(
    '/silences',
    {
      schema: {
        summary: 'Silences and maintenance windows, latest beginning first',
        querystring: Type.Object({
          ...PageParameters,
          state: Type.Optional(Type.Enum([...SILENCE_STATES])),
          entity: Type.Optional(EntityId),
        }),
        response: { 200: PageOf(SilenceView) },
      },
    },
    async ({ query }) => {
      const now = clock.now();
      const state = query.state === undefined ? {} : { state: { is: query.state, at: now } };
      const page = await store.silences.list({ ...pageQuery(query), ...state });
      const { entity } = query;
      if (entity === undefined) return { items: page.items.map((silence) => viewOf(silence, now)), next: page.next };
      const above = (await loadGraph(store)).above(entity);
      const about = page.items.filter(({ match }) =>
        silenceMatches({ match: { ...match, anomaly: '*' } }, { entity, anomaly: '', above }),
      );
      return { items: about.map((silence) => viewOf(silence, now)), next: page.next };
    },
  );

  app.get(
    '/silences/:id',
    { schema: { summary: 'One silence', params: IdParameters, response: { 200: SilenceDetail } } },
    async ({ params }) => detailOf(deps, await find(deps, params.id)),
  );
};

const making: Resource = (app, deps) => {
  const { store, clock, ids } = deps;
  app.post(
    '/silences',
    {
      schema: {
        summary: 'Silence something, or say that it is being worked on',
        body: Type.Object({ ...Wish, match: SilenceMatch, why: Type.String({ minLength: 1, maxLength: 4000 }) }),
        response: { 201: SilenceDetail },
      },
    },
    async (request, reply) => {
      const now = clock.now();
      const { kind = 'silence', match, why } = request.body;
      const silence: Silence = {
        id: ids.next('silence'),
        kind,
        match: checkMatch(match),
        ...rangeOf(request.body, null, now),
        why,
        by: request.identity.name,
        createdAt: now,
        updatedAt: now,
        endedBy: null,
        event: null,
      };
      await store.silences.insert(silence);
      await changed(deps, request, 'silence', silence);
      return reply.code(201).send(await detailOf(deps, silence));
    },
  );
};

/** A time later than the one before, so that two changes of one millisecond are two. */
const after = (before: Silence, now: number): number => Math.max(now, before.updatedAt + 1);

const editing: Resource = (app, deps) => {
  const { store, clock } = deps;
  app.put(
    '/silences/:id',
    {
      schema: {
        summary: 'Change a silence that is not over; what is left out stays',
        params: IdParameters,
        body: WishBody,
        response: { 200: SilenceDetail },
      },
    },
    async (request) => {
      const now = clock.now();
      const before = await find(deps, request.params.id);
      if (silenceState(before, now) === 'over') throw new VigiaError('SILENCE_OVER', { id: before.id });
      const { kind = before.kind, match = before.match, why = before.why } = request.body;
      const range = rangeOf(request.body, before, now);
      const silence: Silence = {
        ...before,
        kind,
        match: checkMatch(match),
        why,
        ...range,
        updatedAt: after(before, now),
      };
      if (!(await store.silences.replace(silence, before.updatedAt))) {
        throw new VigiaError('STORE_CONFLICT', { what: silence.id });
      }
      await changed(deps, request, 'silence-change', silence);
      return detailOf(deps, silence);
    },
  );
};

const ending: Resource = (app, deps) => {
  const { store, clock } = deps;
  app.delete(
    '/silences/:id',
    {
      schema: {
        summary: 'End a silence now; one that is over stays as it is',
        params: IdParameters,
        response: { 200: SilenceDetail },
      },
    },
    async (request) => {
      const now = clock.now();
      const before = await find(deps, request.params.id);
      if (silenceState(before, now) === 'over') return detailOf(deps, before);
      const ended: Silence = {
        ...before,
        from: Math.min(before.from, now),
        to: now,
        endedBy: request.identity.name,
        updatedAt: after(before, now),
      };
      if (!(await store.silences.replace(ended, before.updatedAt))) {
        throw new VigiaError('STORE_CONFLICT', { what: ended.id });
      }
      await changed(deps, request, 'silence-end', ended);
      return detailOf(deps, ended);
    },
  );
};

/** Silences and maintenance windows. */
export const silences: Resource = (app, deps, parts) => {
  for (const part of [reading, making, editing, ending]) part(app, deps, parts);
};
