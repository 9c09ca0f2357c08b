import type { OtherProcesses } from '../create-interface.ts';
import { storeBytes } from '../store-bytes.ts';
import type { Service } from '../../model/service.ts';
import type { Pipeline } from '../../pipeline.ts';
import { FAILURE_DUTY } from '../../predicting.ts';
import { createLoop } from '../../runtime/loop.ts';
import { readLearning, remoteModels, tellLearning, tellTraining } from './boards.ts';
import type { Membership } from './membership.ts';
import type { Parts } from './open-parts.ts';
import { createClerk, order } from './orders.ts';
import { actVerbs, createRemoteAct } from './remote-act.ts';

const MEASURE_MS = 30_000;
const SETTINGS_MS = 1000;

type Together = Pick<Parts, 'store' | 'clock' | 'log' | 'ids' | 'instance' | 'duties' | 'stages' | 'meter'>;

/** What a process that shares the work tells the others, and does for them. */
export function answerOthers(parts: Together, { detect, act, predicting, choosing }: Pipeline): readonly Service[] {
  const services: Service[] = [];
  const { stages, duties } = parts;
  if (detect !== null) services.push(tellLearning(parts, detect));
  if (act !== null) services.push(createClerk({ ...parts, stage: 'act', verbs: actVerbs(act) }));
  if (stages.has('learn')) {
    const { training } = predicting;
    const train = async (scope: unknown): Promise<null> => {
      training.want(String(scope));
      return null;
    };
    const trainPolicies = async (): Promise<null> => {
      await choosing.policies.train();
      return null;
    };
    const verbs = { train, trainPolicies };
    const mine = (): Promise<boolean> => duties.mine(FAILURE_DUTY);
    services.push(tellTraining(parts, training), createClerk({ ...parts, stage: 'learn', verbs, mine }));
  }
  return services;
}

/** What the others tell, with what keeps it fresh. */
interface Asked {
  readonly others: OtherProcesses;
  readonly services: readonly Service[];
}

/** What the others tell, and do when they are asked. */
export function askOthers(parts: Together, { predicting, choosing }: Pipeline, membership: Membership): Asked {
  const { stages, meter } = parts;
  const learning = readLearning(parts);
  const train = async (scope: string): Promise<void> => {
    await order(parts, 'learn', { verb: 'train', body: scope });
  };
  const trainPolicies = async (): Promise<void> => {
    await order(parts, 'learn', { verb: 'trainPolicies', body: null });
  };
  // Each member says how far it is behind with the partitions that it holds.
  const lags = (): Record<string, number> => {
    const all: Record<string, number> = Object.fromEntries(meter.lags());
    for (const { lags: theirs } of membership.others())
      for (const [group, lag] of Object.entries(theirs)) all[group] = (all[group] ?? 0) + lag;
    return all;
  };
  return {
    services: stages.has('detect') ? [] : [learning],
    others: {
      sources: () => membership.others().flatMap(({ sources }) => sources),
      learning: (entity) => learning.of(entity),
      act: createRemoteAct(parts),
      policies: stages.has('learn') ? choosing.policies : { ...choosing.policies, train: trainPolicies },
      models: stages.has('learn') ? predicting.models : remoteModels(predicting.models, parts, train),
      lags,
      storeBytes: () => membership.others().find(({ storeBytes: bytes }) => bytes !== null)?.storeBytes ?? null,
    },
  };
}

/** Where this process is alone: everything is here. */
export const noOthers = ({ meter }: Parts, { act, predicting, choosing }: Pipeline): Asked => ({
  services: [],
  others: {
    sources: () => [],
    learning: () => null,
    act: act!,
    models: predicting.models,
    policies: choosing.policies,
    lags: () => Object.fromEntries(meter.lags()),
    storeBytes: () => null,
  },
});

/** Brings in what other processes have changed of the settings, the kill switch among them. */
export function followSettings({ settings, clock, log }: Parts): Service {
  const failed = ({ message }: Error): void => log.warn({ error: message }, 'settings stay as they are; read again');
  return createLoop({ name: 'settings', everyMs: SETTINGS_MS, work: () => settings.read(), clock, failed });
}

/** How much disk the store takes, as this process has measured it; asked without waiting. */
export function measureStore({ metrics, clock, log }: Parts): Service & { readonly bytes: () => number | null } {
  let bytes: number | null = null;
  const measure = async (): Promise<void> => {
    bytes = await storeBytes(metrics);
  };
  const failed = ({ message }: Error): void => log.warn({ error: message }, 'the size of the store is read later');
  return { ...createLoop({ name: 'size', everyMs: MEASURE_MS, work: measure, clock, failed }), bytes: () => bytes };
}
