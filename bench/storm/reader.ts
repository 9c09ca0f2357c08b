/** A reader of the API in a thread of its own, as a browser would be: asks one thing after the other and times it. */
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

const { url, pauseMs } = workerData as { readonly url: string; readonly pauseMs: number };
const port = parentPort;
if (port === null) throw new Error('to be started as a thread');

const end = new AbortController();
port.once('message', () => end.abort());

const milliseconds: { path: string; took: number }[] = [];
const ask = async (path: string): Promise<unknown> => {
  const started = performance.now();
  const response = await fetch(`${url}/api/v1${path}`);
  const answer: unknown = await response.json();
  milliseconds.push({ path: path.replace(/incident_\w+/, ':id'), took: performance.now() - started });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return answer;
};

const PATHS = [
  '/overview',
  '/incidents?state=open&limit=50',
  '/anomalies?open=true&limit=100',
  '/entities?limit=100',
  '/entities/pod/shop/cart-1',
  '/topology?limit=100',
  '/silences',
] as const;

let place = 0;
while (!end.signal.aborted) {
  const list = (await ask(PATHS[place++ % PATHS.length]!)) as { readonly items?: readonly { readonly id?: string }[] };
  const [first] = list.items ?? [];
  if (first?.id?.startsWith('incident_') === true) await ask(`/incidents/${first.id}`);
  // Never in step with anything that happens once a second.
  await delay(pauseMs * (0.5 + ((place * 0.618) % 1)));
}
port.postMessage(milliseconds);
