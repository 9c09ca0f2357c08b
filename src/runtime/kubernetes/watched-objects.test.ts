import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hastyClock } from '../../../test/kubernetes/hasty-clock.ts';
import { ScriptedApiServer } from '../../../test/kubernetes/scripted-api-server.ts';
import { until } from '../../../test/kubernetes/until.ts';
import { systemClock } from '../clock.ts';
import type { VigiaError } from '../errors.ts';
import { createKubernetesClient } from './kubernetes-client.ts';
import { WatchedObjects } from './watched-objects.ts';

const PODS = '/api/v1/pods';
const pod = (name: string, phase = 'Running') => ({ metadata: { name, namespace: 'shop' }, status: { phase } });

let server: ScriptedApiServer;
let end: AbortController;
let running: Promise<void>;
let told: string[];
let failures: VigiaError[];
let watched: WatchedObjects<string>;

beforeEach(async () => {
  server = new ScriptedApiServer();
  await server.start();
  [told, failures, end] = [[], [], new AbortController()];
  running = Promise.resolve();
});
afterEach(async () => {
  end.abort();
  await running;
  await server.stop();
});

function watch(changed?: (text: string) => void): void {
  watched = new WatchedObjects<string>(
    {
      path: PODS,
      keep: ({ metadata: { name = '' }, ...rest }) =>
        `${name}:${(rest as { status?: { phase?: string } }).status?.phase}`,
      changed: (before, after, heard) => {
        const text = `${heard} ${before ?? '-'} ${after ?? '-'}`;
        changed?.(text);
        told.push(text);
      },
    },
    {
      client: createKubernetesClient({ kubeconfig: server.kubeconfig }, hastyClock),
      clock: hastyClock,
      failed: (error) => failures.push(error),
    },
  );
  running = watched.run(end.signal);
}

const listings = (): number => server.asked.filter(({ query }) => query['watch'] === undefined).length;

describe('objects that are watched', () => {
  test('are listed in pages, and then followed', async () => {
    for (let i = 0; i < 450; i++) server.put(PODS, pod(`p${i}`));
    watch();
    await until(() => server.watchers === 1);
    expect([listings(), watched.size, watched.known]).toEqual([3, 450, true]);
    expect(told.every((text) => text.startsWith('first - p'))).toBe(true);
    told = [];
    server.put(PODS, pod('p1', 'Failed'));
    server.delete(PODS, { name: 'p2', namespace: 'shop' });
    server.put(PODS, pod('new'));
    await until(() => told.length === 3);
    expect(told).toEqual(['watched p1:Running p1:Failed', 'watched p2:Running -', 'watched - new:Running']);
    expect(failures).toEqual([]);
  });

  test('go on after a disconnection in the middle of a line: nothing is lost, nothing comes twice', async () => {
    server.put(PODS, pod('a'));
    watch();
    await until(() => server.watchers === 1);
    server.put(PODS, pod('b'));
    await until(() => told.length === 2);
    await server.cut('{"type":"ADDED","object":{"metadata":{"name":"half');
    server.put(PODS, pod('c'));
    await until(() => told.includes('watched - c:Running'));
    expect(told).toEqual(['first - a:Running', 'watched - b:Running', 'watched - c:Running']);
    expect(listings()).toBe(1);
  });

  test('go on from a bookmark, so that a history that was compacted before it does not matter', async () => {
    watch();
    await until(() => server.watchers === 1);
    server.compact();
    server.bookmark();
    await until(() => server.watchers === 1);
    server.put(PODS, pod('a'));
    await until(() => told.length === 1);
    server.end();
    await until(() => server.asked.length === 3);
    expect(server.asked.at(-1)?.query['resourceVersion']).toBe('103');
    expect(server.asked.at(-1)?.query['allowWatchBookmarks']).toBe('true');
    expect(listings()).toBe(1);
  });

  test.each(['status', 'event'] as const)('are listed anew when their version is gone (as %s)', async (goneAs) => {
    server.goneAs = goneAs;
    server.put(PODS, pod('stays'));
    server.put(PODS, pod('goes'));
    watch();
    await until(() => server.watchers === 1);
    told = [];
    server.trouble = () => ({ status: 503 });
    await server.cut();
    await until(() => server.watchers === 0);
    server.delete(PODS, { name: 'goes', namespace: 'shop' });
    server.put(PODS, pod('comes'));
    server.compact();
    server.trouble = () => undefined;
    await until(() => server.watchers === 1 && told.length === 2);
    expect(told.toSorted()).toEqual(['listed - comes:Running', 'listed goes:Running -']);
    // What stayed as it was is not told again.
    expect(listings()).toBe(2);
  });

  test('that are made anew under the same name are others', async () => {
    server.put(PODS, pod('web-0'));
    watch();
    await until(() => server.watchers === 1);
    await server.cut();
    server.delete(PODS, { name: 'web-0', namespace: 'shop' });
    server.compact();
    server.put(PODS, pod('web-0'));
    await until(() => told.length === 3);
    expect(told.slice(1)).toEqual(['listed web-0:Running -', 'listed - web-0:Running']);
  });

  test('wait while the server refuses, and say what was refused', async () => {
    server.trouble = () => ({ status: 403, message: 'pods is forbidden: User "system:serviceaccount:vigia:x"' });
    watch();
    await until(() => failures.length >= 3);
    expect(failures[0]).toMatchObject({ code: 'KUBERNETES_REFUSED', values: { status: 403, what: `list ${PODS}` } });
    expect(failures[0]?.message).toContain('pods is forbidden');
    server.put(PODS, pod('a'));
    server.trouble = () => undefined;
    await until(() => told.length === 1);
  });

  test('do without lines that are none, and come again from where they stood', async () => {
    watch();
    await until(() => server.watchers === 1);
    server.write('this is no JSON\n');
    await until(() => failures.length === 1 && server.watchers === 1);
    server.put(PODS, pod('a'));
    await until(() => told.length === 1);
    expect(failures[0]?.code).toBe('KUBERNETES_UNREACHABLE');
  });

  test('come slowly, and whole', async () => {
    watch();
    await until(() => server.watchers === 1);
    const line = `${JSON.stringify({ type: 'ADDED', object: { metadata: { name: 'ñ', resourceVersion: '200' }, status: { phase: 'x' } } })}\n`;
    for (const byte of Buffer.from(line).toString('latin1')) {
      await server.trickle(Buffer.from(byte, 'latin1'));
    }
    await until(() => told.length === 1);
    expect(told).toEqual(['watched - ñ:x']);
  });

  test('that could not be told come again', async () => {
    let refuse = true;
    watch((text) => {
      if (refuse && text.includes('b:')) throw new Error('the bus is full');
    });
    await until(() => server.watchers === 1);
    server.put(PODS, pod('a'));
    server.put(PODS, pod('b'));
    await until(() => failures.length >= 2);
    refuse = false;
    await until(() => told.length === 2);
    expect(told).toEqual(['watched - a:Running', 'watched - b:Running']);
  });

  test('are no more than the bound', async () => {
    for (let i = 0; i < 20; i++) server.put(PODS, pod(`p${i}`));
    const some = new WatchedObjects<string>(
      { path: PODS, keep: ({ metadata: { name = '' } }) => name, most: 5 },
      {
        client: createKubernetesClient({ kubeconfig: server.kubeconfig }, systemClock),
        clock: systemClock,
        failed: () => undefined,
      },
    );
    running = some.run(end.signal);
    await until(() => server.watchers === 1);
    server.put(PODS, pod('one more'));
    server.put(PODS, pod('p1', 'Failed'));
    await until(() => some.known);
    expect(some.size).toBe(5);
  });
});

describe('the client', () => {
  const client = () => createKubernetesClient({ kubeconfig: server.kubeconfig }, systemClock);
  const never = new AbortController().signal;

  test('says that nobody answers, and that an answer takes too long', async () => {
    server.trouble = ({ path }) => (path.endsWith('slow') ? 'hang' : 'cut');
    await expect(client().ask({ path: '/api/v1/x' }, never)).rejects.toMatchObject({ code: 'KUBERNETES_UNREACHABLE' });
    await expect(client().ask({ path: '/slow', timeoutMs: 300 }, never)).rejects.toMatchObject({
      values: { detail: 'no answer within 0.3 s' },
    });
    await until(() => server.hanging === 0);
  });

  test('ends when it is told to', async () => {
    server.trouble = () => 'hang';
    const stop = new AbortController();
    const asked = client().open({ path: PODS }, stop.signal);
    await until(() => server.hanging === 1);
    stop.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
    await until(() => server.hanging === 0);
  });

  test('says which context or file is missing', async () => {
    const wrong = createKubernetesClient({ kubeconfig: server.kubeconfig, context: 'other' }, systemClock);
    await expect(wrong.ask({ path: PODS }, never)).rejects.toThrow('there is no context "other"');
    const none = createKubernetesClient({ kubeconfig: '/nowhere/config' }, systemClock);
    await expect(none.ask({ path: PODS }, never)).rejects.toThrow('ENOENT');
  });
});
