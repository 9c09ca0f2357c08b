import type { FaultKind, ServiceName } from './world.ts';

/** What the supervisor and its processes tell each other over the channel that Node opens between parent and child. */

/** Ports of those that get requests. */
export type Endpoints = Readonly<Record<ServiceName, readonly number[]>>;

/** What an owner may set while a service runs. */
export interface ServiceConfig {
  /** Waits for more requests to come before it works on one, ms. */
  readonly batchWaitMs: number;
  /** Lines of log that one request writes. */
  readonly logLines: number;
}

/** What does not belong to the process, but to where it stands. */
export interface Place {
  /** Time that one access to the storage takes, ms. */
  readonly storageMs: number;
  /** Share of what it sends that never arrives. */
  readonly severed: number;
}

/** Faults that sit in a process or on its disk. */
export type InnerFault = Extract<
  FaultKind,
  'memory-leak' | 'event-loop-block' | 'fd-leak' | 'pool-exhaustion' | 'disk-filling' | 'clock-skew'
>;

export type ToReplica =
  | { readonly type: 'endpoints'; readonly endpoints: Endpoints }
  | { readonly type: 'config'; readonly config: ServiceConfig }
  | { readonly type: 'place'; readonly place: Place }
  /** Share of requests that this version dies of. */
  | { readonly type: 'deadly'; readonly share: number }
  | { readonly type: 'shed'; readonly share: number }
  | { readonly type: 'fault'; readonly kind: InnerFault; readonly growthS: number }
  | { readonly type: 'clear'; readonly reply: number };

export type FromReplica =
  | { readonly type: 'ready'; readonly port: number }
  | { readonly type: 'cleared'; readonly reply: number };

/** One second as users saw it. */
export interface Second {
  readonly second: number;
  readonly requests: number;
  readonly failed: number;
  readonly slow: number;
}

export type ToLoad =
  | { readonly type: 'endpoints'; readonly endpoints: Endpoints }
  /** Requests a second beyond those of the hour. */
  | { readonly type: 'surge'; readonly rate: number };

export type FromLoad = { readonly type: 'second' } & Second;

/** What a replica is started with, as JSON in `LAB_REPLICA`. */
export interface ReplicaStart {
  readonly service: ServiceName;
  readonly name: string;
  readonly version: string;
  /** Where its cache, its disk and its log are. */
  readonly folder: string;
  readonly logFile: string;
  /** 0 takes any. */
  readonly port: number;
  /** Accepts connections and never says a word: where severed requests go. */
  readonly voidPort: number;
}

export const CALM_CONFIG: ServiceConfig = { batchWaitMs: 0, logLines: 1 };
export const CALM_PLACE: Place = { storageMs: 1, severed: 0 };
