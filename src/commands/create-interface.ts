import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { BudgetView, Learning, SourceView } from '../api/contract/views.ts';
import { type Api, createApi } from '../api/create-api.ts';
import type { ActPort, ApiDeps } from '../api/deps.ts';
import { sendLetterAgain } from '../bus/revive-letter.ts';
import type { Config } from '../config/schema.ts';
import { FLEET_POT } from '../model/alert.ts';
import type { EntityId } from '../model/entity.ts';
import type { FailureModelPort } from '../model/failure-model.ts';
import type { PolicyPort } from '../model/policy.ts';
import { type Pipeline, stages } from '../pipeline.ts';
import { createText } from '../text/text.ts';
import type { Parts } from './processes/open-parts.ts';
import { storeBytes } from './store-bytes.ts';
import { version } from './version.ts';

/** What the interface needs of stages that other processes have. */
export interface OtherProcesses {
  readonly sources: () => readonly SourceView[];
  readonly learning: (entity: EntityId) => Learning | null;
  readonly act: ActPort;
  readonly models: FailureModelPort;
  readonly policies: PolicyPort;
  /** Messages not yet committed, by group, those of this process among them. */
  readonly lags: () => Readonly<Record<string, number>>;
  /** Disk that the store takes, as somebody has measured it last. */
  readonly storeBytes: () => number | null;
}

export interface InterfaceDeps {
  readonly startedAt: number;
  readonly ready: () => boolean;
  readonly others: OtherProcesses;
}

const DAY_MS = 86_400_000;

/** What the budget allows and what has been used of it within its windows. */
async function budgetView(
  config: Config,
  deps: Pick<ApiDeps, 'store' | 'settings' | 'clock'>,
  startedAt: number,
): Promise<BudgetView> {
  const { store, settings, clock } = deps;
  const { pages, warnings } = config.alertBudget;
  const counts = settings.current().alertBudget;
  const now = clock.now();
  const [paged, warned, first] = await Promise.all([
    store.alerts.used({ pot: FLEET_POT, line: 'pages', since: now - pages.windowMs }),
    store.alerts.used({ pot: FLEET_POT, line: 'warnings', since: now - warnings.windowMs }),
    store.entities.list({ limit: 1, cursor: null }),
  ]);
  return {
    pages: { limit: counts.pages, used: paged },
    warnings: { limit: counts.warnings, used: warned },
    windowSeconds: Math.round(pages.windowMs / 1000),
    resetsAt: null,
    provisional: now - (first.items[0]?.firstSeen ?? startedAt) < DAY_MS,
  };
}

/** The interface over the stages of this process and, for those it does not have, over what the others tell. */
export function createInterface(parts: Parts, pipeline: Pipeline, { startedAt, ready, others }: InterfaceDeps): Api {
  const { config } = parts;
  const { collect, detect, alerting, catalogue } = pipeline;
  const dashboard = fileURLToPath(new URL('../dashboard', import.meta.url));
  return createApi({
    ...parts,
    text: createText(),
    options: {
      ...config.api,
      bodyBytes: config.collect.limits.bodyBytes,
      dashboardFolder: existsSync(dashboard) ? dashboard : null,
      version: version(),
      startedAt,
      stepMs: config.step,
      store: { kind: config.store.url === undefined ? 'pglite' : 'postgres', budgetBytes: config.store.diskBudget },
      retention: { steps: config.store.retention.steps, minutes: config.store.retention.minutes },
    },
    ready,
    ingest: (body, format) => collect.ingest(body, format),
    ingestJournal: (pieces) => collect.ingestJournal(pieces),
    ingestOtlpLogs: (body, encoding) => collect.ingestOtlpLogs(body, encoding),
    ingestLogs: (body, origin) => collect.ingestLogs(body, origin),
    publishEvents: (events) => collect.publishEvents(events),
    entityOf: (labels) => collect.entityOf(labels),
    sources: () => [...collect.sources(), ...others.sources()],
    // Before its first frame an entity has all of its learning ahead.
    learning: (entity) =>
      (detect === null ? others.learning(entity) : detect.learning(entity)) ?? {
        ready: false,
        frames: 0,
        needed: config.detect.warmUp,
        readyAt: null,
      },
    current: (entity) => detect?.current(entity) ?? null,
    catalogue: () => catalogue,
    act: pipeline.act ?? others.act,
    feedback: alerting.feedback,
    models: others.models,
    policies: others.policies,
    value: pipeline.choosing.value,
    alerting: () => alerting.view(),
    budget: () => budgetView(config, parts, startedAt),
    sendAgain: (letter) => sendLetterAgain(parts.bus, letter),
    stages: () => {
      const lags = others.lags();
      const lagOf = (groups: readonly string[]): number => groups.reduce((sum, group) => sum + (lags[group] ?? 0), 0);
      return stages.map(({ name, groups }) => ({ name, lag: lagOf(groups) }));
    },
    storeBytes: async () => (await storeBytes(parts.metrics)) ?? others.storeBytes() ?? 0,
  });
}
