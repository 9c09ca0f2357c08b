import type { ActionDefinition } from '../model/action-definition.ts';
import type { Automation, LinkView, Run } from '../model/action.ts';
import type { EntityId } from '../model/entity.ts';
import type { Event } from '../model/event.ts';
import type { FailureModelPort } from '../model/failure-model.ts';
import type { FeedbackPort } from '../model/feedback-request.ts';
import type { FrameLayout } from '../model/frame.ts';
import type { Labels } from '../model/labels.ts';
import type { PolicyPort, Rung } from '../model/policy.ts';
import type { DeadLetter } from '../model/topics.ts';
import type { ValuePort } from '../model/value.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Store } from '../store/store.ts';
import type { Text } from '../text/text.ts';
import type { Changes } from './changes.ts';
import type { AlertingView } from './contract/alerting.ts';
import type { JsonWebhook } from './webhooks/mapped-json.ts';
import type { BudgetView, Learning, Settings, SourceView } from './contract/views.ts';

/** What a token may do: read; also act, judge and send data; also change settings. Each includes the one before. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export interface ApiToken {
  readonly name: string;
  readonly role: Role;
  readonly token: string;
}

export interface ApiOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Further names this server answers to. */
  readonly allowedHosts: readonly string[];
  readonly tokens: readonly ApiToken[];
  /** Largest body of pushed samples, also after decompression. */
  readonly bodyBytes: number;
  /** Folder of the built dashboard; null serves none. */
  readonly dashboardFolder: string | null;
  readonly version: string;
  /** Unix ms. */
  readonly startedAt: number;
  readonly stepMs: number;
  readonly store: { readonly kind: string; readonly budgetBytes: number };
  /** How long frames of a step and of a minute are kept, ms; charts choose their tier by it. */
  readonly retention: { readonly steps: number; readonly minutes: number };
  /** How the JSON of other programs becomes events. */
  readonly webhooks?: readonly JsonWebhook[];
  /** How old an answer made of caches may be, ms; default 1000. */
  readonly cacheMs?: number;
}

/** How pushed samples are written. */
export type SampleFormat = 'exposition' | 'openmetrics' | 'json_lines' | 'remote_write' | 'otlp' | 'otlp_json';

/** What became of a body of samples. */
export interface Ingested {
  readonly samples: number;
  /** Samples that were dropped, by why. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** What is known of the features of an entity now. Arrays are index-aligned with `layout.features`, `NaN` where unknown. */
export interface CurrentFeatures {
  /** Start of the newest frame, Unix ms. */
  readonly time: number;
  readonly layout: FrameLayout;
  readonly values: Float32Array;
  readonly expected: Float32Array;
  readonly low: Float32Array;
  readonly high: Float32Array;
  /** How abnormal, 0 to 1. */
  readonly scores: Float32Array;
}

/** The door to acting; it writes the audit log and refuses with a VigiaError (`ACTION_UNKNOWN`, `NOT_FOUND`, `RUN_STATE`). */
export interface ActPort {
  request(request: {
    readonly action: string;
    readonly entity: EntityId;
    readonly incident: string | null;
    readonly dryRun: boolean;
    readonly by: string;
  }): Promise<Run>;
  /** Throws `API_FORBIDDEN` when the action asks for a higher role. */
  approve(run: string, by: string, role: 'operator' | 'admin'): Promise<Run>;
  reject(run: string, by: string, note: string): Promise<Run>;
  /** What would be done by a signed link. Throws `LINK_INVALID`, `LINK_EXPIRED`, `LINK_USED`. */
  lookAtLink(token: string): Promise<LinkView>;
  /** Also throws `LINK_ROLE`. */
  decideByLink(token: string, decision: 'approve' | 'reject', note: string): Promise<Run>;
  automation(): Promise<Automation>;
  resetBreaker(by: string): Promise<Automation>;
  ladder(): Promise<readonly Rung[]>;
  /** Throws `ACTION_UNKNOWN`; never above what the configuration allows. */
  putOnLadder(wish: Pick<Rung, 'action' | 'entityKind' | 'level'>, by: string): Promise<Rung>;
}

/** Settings in force, and their change at run time. */
export interface SettingsPort {
  current(): Settings;
  /** Resolves when they are stored and in force. */
  change(settings: Settings, by: string): Promise<void>;
}

/** Everything that the API needs of the rest of the program. */
export interface ApiDeps {
  readonly options: ApiOptions;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly text: Text;
  readonly store: Store;
  /** Whether data is accepted. */
  readonly ready: () => boolean;
  /** Resolves when the samples are committed; all or none of a malformed body: `EXPOSITION_INVALID` names the line. */
  readonly ingest: (body: Uint8Array, format: SampleFormat) => Promise<Ingested>;
  /** The same of OpenTelemetry's logs; says how many lines were not believed. */
  /** Entries in systemd's journal export format, as they come. */
  readonly ingestJournal: (pieces: AsyncIterable<Uint8Array>) => Promise<void>;
  readonly ingestOtlpLogs: (body: Uint8Array, encoding: 'protobuf' | 'json') => Promise<{ readonly dropped: number }>;
  /** Resolves when the counts of the lines are committed. `labels` name the entity of lines that do not. */
  readonly ingestLogs: (
    body: Uint8Array,
    origin: { readonly source: string; readonly labels: Readonly<Record<string, string>> },
  ) => Promise<void>;
  /** Resolves when the events are committed. */
  readonly publishEvents: (events: readonly Event[]) => Promise<void>;
  /** Which entity and fleet labels mean, by the rules that samples follow. */
  readonly entityOf: (labels: Labels) => { readonly entity: EntityId; readonly fleet: string };
  readonly sources: () => readonly SourceView[];
  /** How far an entity has been learnt; null when this process does not know it. */
  readonly learning: (entity: EntityId) => Learning | null;
  /** Null when this process does not know it. */
  readonly current: (entity: EntityId) => CurrentFeatures | null;
  readonly catalogue: () => readonly ActionDefinition[];
  readonly act: ActPort;
  readonly settings: SettingsPort;
  readonly feedback: FeedbackPort;
  /** Models that predict failures. */
  readonly models: FailureModelPort;
  /** Policies that choose among actions. */
  readonly policies: PolicyPort;
  /** What acting was worth. */
  readonly value: ValuePort;
  readonly budget: () => Promise<BudgetView>;
  /** How the alert budget is used, and how strange something must be to alert. */
  readonly alerting: () => Promise<AlertingView>;
  /** Sends what a dead letter holds to its topic again. Rejects with `LETTER_UNREADABLE`. */
  readonly sendAgain: (letter: DeadLetter) => Promise<void>;
  readonly stages: () => readonly { readonly name: string; readonly lag: number }[];
  readonly storeBytes: () => Promise<number>;
  readonly changes: Changes;
}
