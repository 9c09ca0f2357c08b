import { Type } from 'typebox';
import type { DeadLetter } from '../../model/topics.ts';
import { VigiaError } from '../../runtime/errors.ts';
import { type ApiApp, audit, type Resource } from '../api-app.ts';
import { Replayed } from '../contract/quality.ts';
import { PageOf } from '../contract/views.ts';
import type { ApiDeps } from '../deps.ts';
import { given, IdParameters, pageQuery, PageParameters, toPage } from '../queries.ts';

const NullableTime = Type.Union([Type.Integer(), Type.Null()]);

const DeadLetterView = Type.Object({
  id: Type.String(),
  topic: Type.String(),
  group: Type.String(),
  key: Type.String(),
  reason: Type.String(),
  attempts: Type.Integer(),
  time: Type.Integer({ description: 'Unix time in milliseconds.' }),
  payload: Type.String({ description: 'As JSON, cut at 64 KiB.' }),
  replayedAt: Type.Optional(NullableTime),
  replayedBy: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});

const Which = {
  topic: Type.Optional(Type.String({ maxLength: 100 })),
  group: Type.Optional(Type.String({ maxLength: 200 })),
};

/** Letters sent again by one request. */
const MOST = 500;

/** Sends one letter again, once: who comes second finds it sent. False when it was sent before. */
async function sendOnce({ store, clock, sendAgain }: ApiDeps, letter: DeadLetter, by: string): Promise<boolean> {
  if (!(await store.deadLetters.replayed(letter.id, { by, time: clock.now() }))) return false;
  try {
    await sendAgain(letter);
    return true;
  } catch (thrown) {
    await store.deadLetters.revoke(letter.id);
    throw thrown;
  }
}

/** Messages that could not be processed, and another try after what was in the way is mended. */
export const deadLetters: Resource = (app, deps) => {
  const { store } = deps;
  app.get(
    '/dead-letters',
    {
      schema: {
        summary: 'Messages that could not be processed, newest first',
        querystring: Type.Object({ ...PageParameters, ...Which, waiting: Type.Optional(Type.Boolean()) }),
        response: { 200: PageOf(DeadLetterView) },
      },
    },
    ({ query }) => {
      const { topic, group, waiting } = query;
      return toPage(store.deadLetters.list({ ...pageQuery(query), ...given({ topic, group, waiting }) }));
    },
  );

  addReplay(app, deps);
};

/** Sending again: one, or all that wait. */
const addReplay = (app: ApiApp, deps: ApiDeps): void => {
  const { store } = deps;
  app.post(
    '/dead-letters/:id/replay',
    { schema: { summary: 'Try one again', params: IdParameters, response: { 200: DeadLetterView } } },
    async (request): Promise<DeadLetter> => {
      const { id } = request.params;
      const letter = await store.deadLetters.get(id);
      if (letter === null) throw new VigiaError('NOT_FOUND', { what: 'dead letter', id });
      if (await sendOnce(deps, letter, request.identity.name)) {
        const { topic, group, key } = letter;
        await audit(deps, request, { verb: 'dead_letter_replay', target: id, detail: { topic, group, key } });
      }
      return (await store.deadLetters.get(id)) ?? letter;
    },
  );

  app.post(
    '/dead-letters/replay',
    {
      schema: {
        summary: 'Try all again that wait, at most 500 at a time',
        body: Type.Object(Which),
        response: { 200: Replayed },
      },
    },
    async (request): Promise<Replayed> => {
      const { topic, group } = request.body;
      const query = { limit: MOST, cursor: null, waiting: true, ...given({ topic, group }) };
      const done = { sent: 0, unreadable: 0 };
      for (const letter of (await store.deadLetters.list(query)).items) {
        try {
          if (await sendOnce(deps, letter, request.identity.name)) done.sent += 1;
        } catch (thrown) {
          if (!(thrown instanceof VigiaError) || thrown.code !== 'LETTER_UNREADABLE') throw thrown;
          done.unreadable += 1;
        }
      }
      const target = [topic, group].filter(Boolean).join('/') || 'all';
      await audit(deps, request, { verb: 'dead_letter_replay', target, detail: done });
      return done;
    },
  );
};
