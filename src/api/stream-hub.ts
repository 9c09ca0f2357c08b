import type { ServerResponse } from 'node:http';
import { VigiaError } from '../runtime/errors.ts';
import type { Changes } from './changes.ts';
import type { StreamMessage } from './contract/views.ts';

/** Messages kept for readers that were away for a moment. */
const RING = 1_000;
/** So far may one replica be ahead of another; a reader that is further ahead comes from another store. */
const MOST_AHEAD = 10_000;
/** Readers at the same time. */
const MAX_READERS = 200;
/** Bytes that may wait for a reader; who is slower is sent away and may come again. */
const MAX_WAITING_BYTES = 262_144;
/** Proxies close what is silent for a minute. */
const HEARTBEAT_MS = 15_000;

/** Sends what changes to everybody who listens. */
export interface StreamHub {
  /** Throws `API_BUSY` when there are too many readers. */
  admit(): void;
  /** Takes over the response; `lastId` is what the reader saw last. */
  join(response: ServerResponse, lastId: string | undefined): void;
  readers(): number;
  start(): void;
  stop(): void;
}

/** The newest messages as they were sent, numbered. */
function createRing(epoch: string, shared: boolean) {
  const ring: { readonly number: number; readonly text: string }[] = [];
  let number = 0;
  return {
    add: (message: StreamMessage, given = number + 1): string => {
      number = given;
      const text = `id: ${epoch}-${number}\ndata: ${JSON.stringify(message)}\n\n`;
      ring.push({ number, text });
      if (ring.length > RING) ring.shift();
      return text;
    },
    /** What came after the message that the reader saw last; `reset` when that is no longer known. */
    since: (lastId: string): string => {
      const [, from, last] = /^(.*)-(\d+)$/.exec(lastId) ?? [];
      const seen = Number(last);
      const oldest = ring[0]?.number ?? number + 1;
      // A replica may be a little behind the one where the reader comes from: what follows is sent when it is here.
      const ahead = seen - number;
      if (from !== epoch || ahead > (shared ? MOST_AHEAD : 0) || seen < oldest - 1) {
        return `event: reset\nid: ${epoch}-${number}\ndata: {}\n\n`;
      }
      const missed = ring.filter((entry) => entry.number > seen);
      return missed.map(({ text }) => text).join('');
    },
  };
}

/** `epoch` sets the ids of this process apart from those of the one before, unless the changes have one of their own. */
export function createStreamHub(changes: Changes, epoch: string): StreamHub {
  const ring = createRing(changes.epoch ?? epoch, changes.epoch !== undefined);
  const readers = new Set<ServerResponse>();
  let timer: NodeJS.Timeout | null = null;
  let unsubscribe: (() => void) | null = null;

  const send = (response: ServerResponse, text: string): void => {
    if (response.writableLength > MAX_WAITING_BYTES) {
      readers.delete(response);
      response.destroy();
      return;
    }
    response.write(text);
  };
  const sendAll = (text: string): void => {
    for (const response of readers) send(response, text);
  };

  return {
    admit: () => {
      if (readers.size >= MAX_READERS) throw new VigiaError('API_BUSY');
    },
    join: (response, lastId) => {
      response.once('close', () => readers.delete(response));
      response.on('error', () => readers.delete(response));
      readers.add(response);
      send(response, `retry: 2000\n\n${lastId === undefined ? '' : ring.since(lastId)}`);
    },
    readers: () => readers.size,
    start: () => {
      unsubscribe ??= changes.subscribe((message, number) => sendAll(ring.add(message, number)));
      timer ??= setInterval(() => sendAll(': still here\n\n'), HEARTBEAT_MS).unref();
    },
    stop: () => {
      unsubscribe?.();
      unsubscribe = null;
      if (timer !== null) clearInterval(timer);
      timer = null;
      for (const response of readers) response.end();
      readers.clear();
    },
  };
}
