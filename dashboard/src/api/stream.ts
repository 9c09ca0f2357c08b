import type { QueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import type { StreamMessage } from '../../../src/api/contract/views.ts';
import { headers } from './client.ts';
import { createEventParser } from './server-events.ts';

/** Is the page live? `since` is when it last was, Unix ms. */
export interface Liveness {
  readonly live: boolean;
  readonly since: number;
}

let liveness: Liveness = { live: true, since: Date.now() };
const listeners = new Set<() => void>();

function setLive(live: boolean): void {
  if (liveness.live === live) return;
  liveness = { live, since: Date.now() };
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useLiveness = (): Liveness => useSyncExternalStore(subscribe, () => liveness);

/** What each message makes stale, as the first element of query keys. */
const STALE: Readonly<Record<StreamMessage['type'], readonly string[]>> = {
  entity: ['overview', 'entities'],
  anomaly: ['overview', 'anomalies', 'entities', 'alerting'],
  prediction: ['overview', 'predictions', 'entities'],
  incident: ['overview', 'incidents'],
  recommendation: ['incidents'],
  run: ['overview', 'runs', 'incidents'],
  outcome: ['outcomes', 'incidents', 'actions'],
  settings: ['settings', 'actions', 'overview', 'alerting'],
  silence: ['silences', 'incidents', 'overview'],
};

/** Messages within this time become one reload, so that a storm does not become one of requests. */
const GATHER_MS = 1000;
/** The server sends something, be it a comment, more often than this; silence means the connection is dead. */
const SILENCE_MS = 90_000;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

function createGatherer(client: QueryClient): (message: StreamMessage) => void {
  const waiting = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (message) => {
    for (const key of STALE[message.type] ?? []) waiting.add(key);
    timer ??= setTimeout(() => {
      timer = undefined;
      for (const key of waiting) void client.invalidateQueries({ queryKey: [key] });
      waiting.clear();
    }, GATHER_MS);
  };
}

/** Reads one connection to its end; resolves when it closes, rejects when it breaks. */
async function readOnce(onOpen: () => void, onData: (data: string) => void, signal: AbortSignal): Promise<void> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const response = await fetch('/api/v1/stream', {
      headers: { ...headers(false), Accept: 'text/event-stream' },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (!response.ok || response.body === null) throw new Error(`stream answered ${response.status}`);
    onOpen();
    const parse = createEventParser(onData);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      parse(value);
    }
  } finally {
    clearTimeout(timer);
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });

function parseMessage(data: string): StreamMessage | null {
  try {
    return JSON.parse(data) as StreamMessage;
  } catch {
    return null;
  }
}

/** Keeps the page live until the signal ends it: reconnects with growing pauses, and loads anew what was missed. */
export async function followStream(client: QueryClient, signal: AbortSignal): Promise<void> {
  const gather = createGatherer(client);
  let wait = FIRST_WAIT_MS;
  let first = true;
  while (!signal.aborted) {
    try {
      await readOnce(
        () => {
          setLive(true);
          wait = FIRST_WAIT_MS;
          if (!first) void client.invalidateQueries();
          first = false;
        },
        (data) => {
          const message = parseMessage(data);
          if (message !== null) gather(message);
        },
        signal,
      );
    } catch {
      // Whatever broke it, the cure is the same: say so and connect again.
    }
    if (signal.aborted) return;
    setLive(false);
    await pause(wait * (0.75 + Math.random() / 2), signal);
    wait = Math.min(LONGEST_WAIT_MS, wait * 2);
  }
}
