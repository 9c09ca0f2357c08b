import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StreamMessage } from '../../api/contract/views.ts';
import type { ActPort } from '../../api/deps.ts';
import { createStreamHub } from '../../api/stream-hub.ts';
import type { ServerResponse } from 'node:http';
import { EventEmitter } from 'node:events';
import { parseConfig } from '../../config/load-config.ts';
import { ALL_STAGES, type StageName } from '../../model/stage.ts';
import { systemClock } from '../../runtime/clock.ts';
import { VigiaError } from '../../runtime/errors.ts';
import { randomIds } from '../../runtime/ids.ts';
import { silentLog } from '../../runtime/log.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createStore } from '../../store/create-store.ts';
import { openMemoryDatabase } from '../../store/memory-database.ts';
import type { Store } from '../../store/store.ts';
import { createHostClock } from './host-clock.ts';
import { createMembership } from './membership.ts';
import { refuseAlone } from './open-bus.ts';
import { createClerk, order } from './orders.ts';
import { actVerbs, createRemoteAct } from './remote-act.ts';
import { createSharedChanges } from './shared-changes.ts';

const deps = { clock: systemClock, log: silentLog, ids: randomIds };

describe('processes that share the work', () => {
  let store: Store;
  beforeAll(async () => {
    store = await createStore(await openMemoryDatabase(), { clock: systemClock, place: 'memory' });
  });
  afterAll(() => store.close());

  const until = async (what: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await what())) await delay(10);
  };

  it('hear of each other, and of who left', async () => {
    const join = (instance: string, stages: readonly StageName[]) =>
      createMembership({
        ...deps,
        store,
        instance,
        stages,
        beatMs: 20,
        about: () => ({ lags: { [instance]: 1 }, sources: [], storeBytes: null }),
      });
    const [a, b] = [join('a', ['collect', 'api']), join('b', ['collect'])];
    await a.start();
    await b.start();
    await until(() => a.having('collect').length === 2);
    expect(a.having('api')).toEqual(['a']);
    expect(a.others()).toEqual([{ lags: { b: 1 }, sources: [], storeBytes: null }]);
    await b.stop();
    await until(() => a.having('collect').length === 1);
    await a.stop();
    expect(await store.members.live()).toEqual([]);
  });

  it('compare their clocks with the database, and say so once when a host is not where the others are', async () => {
    const said: unknown[] = [];
    const log = { ...silentLog, warn: (about: unknown) => void said.push(about) };
    const metrics = createMetrics();
    const ask = (): Promise<number> => store.members.beat({ id: 'a', stages: ['api'], about: {} }, 10);
    const right = createHostClock({ clock: systemClock, log, metrics });
    expect(Math.abs((await right(ask)) - Date.now())).toBeLessThan(60_000);
    expect(said).toEqual([]);
    const late = { ...systemClock, now: () => systemClock.now() - 3_600_000 };
    const wrong = createHostClock({ clock: late, log, metrics });
    await wrong(ask);
    await wrong(ask);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatchObject({ code: 'CLOCK_SKEW' });
    expect((said[0] as { seconds: number }).seconds).toBeLessThan(-3000);
    expect((await metrics.expose()).text).toMatch(/vigia_runtime_clock_skew_seconds -3[56]\d\d/);
    await store.members.leave('a');
  });

  it('ask each other: the answer, the error, or that nobody is there', async () => {
    const calls: unknown[] = [];
    const act = {
      approve: async (...given: unknown[]) => {
        calls.push(given);
        return { id: given[0], state: 'running' };
      },
      reject: async () => {
        throw new VigiaError('RUN_STATE', { state: 'running', verb: 'reject' });
      },
    } as unknown as ActPort;
    const clerk = createClerk({ ...deps, store, instance: 'a', stage: 'act', verbs: actVerbs(act) });
    const idle = createClerk({ ...deps, store, instance: 'b', stage: 'act', verbs: {}, mine: async () => false });
    await clerk.start();
    await idle.start();
    const remote = createRemoteAct({ ...deps, store });
    expect(await remote.approve('run_1', 'ana', 'admin')).toEqual({ id: 'run_1', state: 'running' });
    expect(calls).toEqual([['run_1', 'ana', 'admin']]);
    await expect(remote.reject('run_1', 'ana', '')).rejects.toMatchObject({
      code: 'RUN_STATE',
      values: { state: 'running' },
    });
    await clerk.stop();
    await idle.stop();
    // Time passes at once, and nobody is there.
    let now = 0;
    const quick = { ...systemClock, monotonic: () => (now += 1000), sleep: async () => undefined };
    await expect(
      order({ ...deps, clock: quick, store }, 'learn', { verb: 'train', body: 'host' }),
    ).rejects.toMatchObject({
      code: 'STAGE_AWAY',
      values: { stage: 'learn' },
    });
    expect(await store.orders.take({ stage: 'learn', by: 'late', withinMs: 600_000, limit: 9 })).toEqual([]);
  });

  it('a change said by one reaches the live streams of all, under one number, and a reader may change replicas', async () => {
    const replica = async (epoch: string) => {
      const shared = createSharedChanges({ ...deps, store });
      const hub = createStreamHub(shared.changes, epoch);
      hub.start();
      await shared.writer.start();
      await shared.reader.start();
      const read = (lastId?: string): { text: string } => {
        const seen = { text: '' };
        const response = Object.assign(new EventEmitter(), {
          writableLength: 0,
          write: (text: string) => (seen.text += text),
          end: () => undefined,
          destroy: () => undefined,
        });
        hub.join(response as unknown as ServerResponse, lastId);
        return seen;
      };
      const stop = async (): Promise<void> => {
        hub.stop();
        await shared.reader.stop();
        await shared.writer.stop();
      };
      return { shared, read, stop };
    };
    const change = (id: string): StreamMessage => ({ type: 'incident', id, entity: null, severity: null, time: 1 });
    const idsIn = (text: string): string[] => [...text.matchAll(/"id":"(\w+)"/g)].map(([, id = '']) => id);
    const [one, two] = [await replica('one'), await replica('two')];
    const [atOne, atTwo] = [one.read(), two.read()];
    one.shared.changes.publish(change('a'));
    await until(() => idsIn(atTwo.text).length === 1 && idsIn(atOne.text).length === 1);
    two.shared.changes.publish(change('b'));
    await until(() => idsIn(atTwo.text).length === 2 && idsIn(atOne.text).length === 2);
    expect(atOne.text).toBe(atTwo.text);
    const [, lastId] = /id: (\S+)\n(?![\s\S]*\nid: )/.exec(atOne.text) ?? [];
    // The reader's replica goes away; what comes meanwhile is told by the other.
    await one.stop();
    two.shared.changes.publish(change('c'));
    await until(() => idsIn(atTwo.text).length === 3);
    const again = two.read(lastId);
    expect(idsIn(again.text)).toEqual(['c']);
    expect(again.text).not.toContain('reset');
    // A replica that starts later knows of it too, and one that lags behind does not send the reader back.
    const three = await replica('three');
    expect(idsIn(three.read(lastId).text)).toEqual(['c']);
    const [epoch, number] = lastId!.split('-');
    expect(three.read(`${epoch}-${Number(number) + 20}`).text).not.toContain('reset');
    expect(three.read('other-1').text).toContain('reset');
    await two.stop();
    await three.stop();
  });

  it('are refused where they would be alone', () => {
    const some = new Set<StageName>(['detect']);
    const configure = (extra: object) => {
      const loaded = parseConfig(JSON.stringify(extra), { file: 'vigia.yaml', environment: {}, folder: '.' });
      if (!loaded.ok) throw new Error(JSON.stringify(loaded));
      return loaded.config;
    };
    const url = 'postgres://vigia@db/vigia';
    const kafka = { kafka: { brokers: ['kafka:9092'] } };
    const missing = (extra: object, stages: ReadonlySet<StageName>): unknown => {
      try {
        refuseAlone(configure(extra), stages);
        return null;
      } catch (error) {
        return (error as VigiaError).values['missing'];
      }
    };
    expect(missing({}, ALL_STAGES)).toBeNull();
    expect(missing({ store: { url } }, ALL_STAGES)).toBeNull();
    expect(missing({}, some)).toBe('bus.kafka.brokers, store.url');
    expect(missing({ store: { url } }, some)).toBe('bus.kafka.brokers');
    expect(missing({ bus: kafka }, ALL_STAGES)).toBe('store.url');
    expect(missing({ bus: kafka, store: { url } }, some)).toBeNull();
  });
});
