import type { Json } from '../../model/detector.ts';
import type { Service } from '../../model/service.ts';
import type { StageName } from '../../model/stage.ts';
import type { Clock } from '../../runtime/clock.ts';
import { type ErrorCode, type ErrorValues, isErrorCode, toError, VigiaError } from '../../runtime/errors.ts';
import { every } from '../../runtime/every.ts';
import type { Ids } from '../../runtime/ids.ts';
import type { Log } from '../../runtime/log.ts';
import type { Store } from '../../store/store.ts';

/** An order that nobody takes within this time is withdrawn; one that was taken is waited for a little longer. */
const TAKEN_MS = 8000;
const ANSWERED_MS = 12_000;
const ASK_MS = 100;
const LOOK_MS = 200;
const MOST = 10;

type Answer = { readonly value: Json } | { readonly code: ErrorCode; readonly values: ErrorValues };

export interface OrderDeps {
  readonly store: Pick<Store, 'orders'>;
  readonly clock: Clock;
  readonly ids: Ids;
}

/**
 * Asks whichever process has a stage to do something; resolves with what it says. Rejects with the error that it had
 * there, or with `STAGE_AWAY` when nobody answers: then it may or may not be done, unless nobody took it.
 */
export async function order(
  { store, clock, ids }: OrderDeps,
  stage: StageName,
  asked: { readonly verb: string; readonly body: Json },
): Promise<Json> {
  const id = ids.next('order');
  await store.orders.place({ id, stage, ...asked });
  const began = clock.monotonic();
  for (;;) {
    const answer = (await store.orders.answerTo(id)) as Answer | null;
    if (answer !== null) {
      if ('value' in answer) return answer.value;
      throw new VigiaError(isErrorCode(answer.code) ? answer.code : 'INTERNAL', answer.values);
    }
    const waited = clock.monotonic() - began;
    if (waited > ANSWERED_MS || (waited > TAKEN_MS && (await store.orders.withdraw(id))))
      throw new VigiaError('STAGE_AWAY', { stage });
    await clock.sleep(ASK_MS);
  }
}

export interface ClerkDeps {
  readonly store: Pick<Store, 'orders'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly instance: string;
  readonly stage: StageName;
  /** What is done for each verb. */
  readonly verbs: Readonly<Record<string, (body: Json) => Promise<Json>>>;
  /** Whether orders are for this process now; by default they are. */
  readonly mine?: () => Promise<boolean>;
}

async function carryOut({ verbs }: ClerkDeps, verb: string, body: Json): Promise<Answer> {
  try {
    const work = verbs[verb];
    if (work === undefined) throw new VigiaError('NOT_FOUND', { what: 'verb', id: verb });
    return { value: await work(body) };
  } catch (thrown) {
    if (thrown instanceof VigiaError) return { code: thrown.code, values: thrown.values };
    return { code: 'INTERNAL', values: { detail: toError(thrown).message } };
  }
}

/** Does what other processes ask of a stage of this one. Each order is carried out by one process, once. */
export function createClerk(deps: ClerkDeps): Service {
  const { store, clock, log, instance, stage, mine = async () => true } = deps;
  let end = new AbortController();
  let loop: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    if (!(await mine())) return;
    const orders = await store.orders.take({ stage, by: instance, withinMs: TAKEN_MS, limit: MOST });
    for (const { id, verb, body } of orders) {
      const answer = await carryOut(deps, verb, body);
      log.info({ order: id, stage, verb, ...('code' in answer && { code: answer.code }) }, 'an order was carried out');
      await store.orders.answer(id, answer);
    }
  };
  return {
    name: `clerk of ${stage}`,
    start: async () => {
      end = new AbortController();
      const failed = ({ message }: Error): void => log.warn({ error: message, stage }, 'orders wait; looked at again');
      loop = every(LOOK_MS, look, { clock, signal: end.signal, failed });
    },
    stop: async () => {
      end.abort();
      await loop;
    },
  };
}
