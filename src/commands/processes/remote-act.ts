import type { ActPort } from '../../api/deps.ts';
import type { Json } from '../../model/detector.ts';
import { order, type OrderDeps } from './orders.ts';

/** Every method of the door; each is a verb, its arguments are the body. */
const METHODS: Readonly<Record<keyof ActPort, true>> = {
  request: true,
  approve: true,
  reject: true,
  lookAtLink: true,
  decideByLink: true,
  automation: true,
  resetBreaker: true,
  ladder: true,
  putOnLadder: true,
};

type Method = (...values: readonly unknown[]) => Promise<unknown>;

const methods = <T>(make: (name: keyof ActPort) => T): Readonly<Record<keyof ActPort, T>> =>
  Object.fromEntries(Object.keys(METHODS).map((name) => [name, make(name as keyof ActPort)])) as Record<
    keyof ActPort,
    T
  >;

/** The door to acting, where the stage is another process: only that one may start anything. */
export const createRemoteAct = (deps: OrderDeps): ActPort =>
  methods(
    (verb): Method =>
      (...values) =>
        order(deps, 'act', { verb, body: values as readonly Json[] }),
  ) as unknown as ActPort;

/** The same, on the side of the stage. */
export const actVerbs = (act: ActPort): Readonly<Record<string, (body: Json) => Promise<Json>>> =>
  methods((name) => async (body: Json) => {
    const method = (act[name] as Method).bind(act);
    return (await method(...(body as readonly unknown[]))) as Json;
  });
