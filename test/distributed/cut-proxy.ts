import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface CutProxy {
  readonly port: number;
  /** Nothing passes any more, and nobody is told: packets are lost. */
  cut(): void;
  /** Connections that were cut are broken off; new ones pass. */
  heal(): void;
  /** Each piece of what passes waits so long from now on, ms, one after the other; 0 lets it pass at once. */
  slow(ms: number): void;
  stop(): Promise<void>;
}

/** Stands between clients and a server on loopback, and may lose everything that passes. */
export async function startCutProxy(target: () => number): Promise<CutProxy> {
  const sockets = new Set<Socket>();
  let isCut = false;
  let delayMs = 0;
  /** Writes what comes in one direction, in order. */
  const pass = (to: Socket): ((chunk: Buffer) => void) => {
    let waiting = 0;
    let last = Promise.resolve();
    const later = async (before: Promise<void>, chunk: Buffer): Promise<void> => {
      await before;
      await delay(delayMs);
      waiting -= 1;
      if (!isCut && !to.destroyed) to.write(chunk);
    };
    return (chunk) => {
      if (isCut) return;
      if (waiting === 0 && delayMs === 0) {
        to.write(chunk);
        return;
      }
      waiting += 1;
      last = later(last, chunk);
    };
  };
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };
  const server = createServer((client) => {
    keep(client);
    if (isCut) return;
    const behind = keep(connect(target(), '127.0.0.1'));
    for (const [from, to] of [
      [client, behind],
      [behind, client],
    ] as const) {
      from.on('data', pass(to));
      from.once('close', () => {
        if (!isCut) to.destroy();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: address.port,
    cut: () => {
      isCut = true;
    },
    heal: () => {
      breakAll();
      isCut = false;
    },
    slow: (ms) => {
      delayMs = ms;
    },
    stop: async () => {
      breakAll();
      server.close();
      await once(server, 'close');
    },
  };
}
