import type { FromReplica, ReplicaStart, ToReplica } from '../messages.ts';
import { Replica } from './replica.ts';

/** One process of the lab. It lives as long as the channel to its supervisor does. */
const start = JSON.parse(process.env['LAB_REPLICA'] ?? '{}') as ReplicaStart;
const tell = (message: FromReplica): void => {
  if (process.connected) process.send?.(message);
};
const replica = new Replica(start, tell);
process.on('message', (message) => replica.hear(message as ToReplica));
const end = (): void => replica.stop(() => process.exit(0));
process.on('SIGTERM', end);
// A terminal's Ctrl-C reaches all processes; the supervisor decides who goes when.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));
replica.start();
