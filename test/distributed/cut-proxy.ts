import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface CutProxy {
  readonly port: number;
  /** Nothing passes any more, and nobody is told: packets are lost. */
  cut(): void;
  /** Connections that were cut are broken off; new ones pass. */
  heal(): void;
  stop(): Promise<void>;
}

/** Stands between clients and a server on loopback, and may lose everything that passes. */
export async function startCutProxy(target: () => number): Promise<CutProxy> {
  const sockets = new Set<Socket>();
  let isCut = false;
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
      from.on('data', (chunk: Buffer) => {
        if (!isCut) to.write(chunk);
      });
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
    stop: async () => {
      breakAll();
      server.close();
      await once(server, 'close');
    },
  };
}
