import { askers, CATALOGUE, leastSure } from '../catalogue.ts';
import { ACTION_DISRUPTION, LAB_ACTIONS, type LabAction, replicaName, RULES, SERVICES, TOPOLOGY } from '../world.ts';

/** What an owner of the lab would write into `vigia.yaml`; JSON is YAML too. */
export interface VigiaConfigOptions {
  /** Of the supervisor's admin interface. */
  readonly adminUrl: string;
  readonly logFolder: string;
  readonly dataFolder: string;
  readonly port: number;
  readonly mode: 'observe' | 'suggest' | 'approve' | 'auto';
  readonly language: 'en' | 'es';
  /** The policy that decides: trained before, and frozen. */
  readonly policyFile: string;
}

/** Replicas that scaling may add have their logs followed too. */
const MOST_REPLICAS = 6;
const STEP = '1s';
/** A replica keeps its name wherever it stands, so addresses would only make names longer. */
const UNNAMED = [{ regex: 'instance', action: 'labeldrop' }];
/** A fault grows within a minute or so, elsewhere within a quarter of an hour or more. */
const PACE = 20;
/** Not all that is wrong is seen within the same seconds. */
const STEADY = '6s';

const actionOf = (action: LabAction, { adminUrl, mode }: VigiaConfigOptions) => {
  const { title, features, prior } = CATALOGUE[action];
  return {
    id: action,
    title,
    match: { entityKinds: askers(action), features },
    executor: 'webhook',
    args: {
      url: `${adminUrl}/actions/${action}`,
      headers: { 'X-Lab-By': 'vigia' },
      body: { entity: '{entity.id}' },
    },
    // What turns users away is for people to decide.
    mode: action === 'shed-load' && mode === 'auto' ? 'approve' : mode,
    disruption: ACTION_DISRUPTION[action],
    leastSure: leastSure(action),
    // Nobody starts anew what people are waiting in front of, for want of room.
    ...(action === 'restart' && { preconditions: [{ feature: 'lab_queue*', below: 2 }] }),
    timeout: '30s',
    prior,
  };
};

const topology = [
  ...SERVICES.flatMap((service) =>
    TOPOLOGY[service].calls.map((called) => ({ from: `service/${service}`, to: `service/${called}` })),
  ),
  ...SERVICES.flatMap((service) =>
    TOPOLOGY[service].calls.map((called) => ({ from: `replica/${service}-*`, to: `replica/${called}-*` })),
  ),
  ...SERVICES.map((service) => ({ from: `replica/${service}-*`, to: `service/${service}`, kind: 'part_of' })),
];

const MS = 1000;
/** What runs out, and what an owner of the lab knows to be too much. */
const limits = [
  { metric: 'lab_heap_used_bytes', feature: 'lab_heap_limit_bytes' },
  { metric: 'process_open_fds', feature: 'process_max_fds' },
  { metric: 'lab_pool_in_use', feature: 'lab_pool_size' },
  { metric: 'lab_slots_in_use', feature: 'lab_slots' },
  { metric: 'lab_disk_used_bytes', feature: 'lab_disk_limit_bytes' },
  { metric: 'lab_clock_offset_seconds', value: RULES.skewMs / MS },
  { metric: 'lab_event_loop_lag_seconds', value: RULES.slowMs / MS },
  { metric: 'lab_queue', value: RULES.queue },
  // Of what a user waits for at most, one service may not take all.
  ...['lab_storage_seconds', 'lab_work_seconds', 'lab_request_seconds'].map((metric) => ({
    metric,
    labels: { quantile: '0.5' },
    value: RULES.slowMs / MS,
  })),
];

const logs = (folder: string) =>
  SERVICES.flatMap((service) =>
    Array.from({ length: MOST_REPLICAS }, (_, i) => replicaName(service, i + 1)).map((replica) => ({
      name: replica,
      paths: [`${folder}/${replica}.log`],
      labels: { replica },
      from: 'start',
    })),
  );

/** Times are those of the lab: what takes hours elsewhere takes a minute here. */
export function vigiaConfig(options: VigiaConfigOptions): object {
  const { adminUrl, logFolder, dataFolder, port, language } = options;
  return {
    language,
    data: dataFolder,
    step: STEP,
    log: { level: 'warn' },
    api: { port },
    collect: {
      host: { enabled: false },
      scrape: [
        {
          name: 'lab',
          interval: STEP,
          timeout: '1s',
          discover: [{ http: `${adminUrl}/targets`, refresh: STEP }],
          metricRelabel: UNNAMED,
        },
        { name: 'supervisor', interval: STEP, timeout: '1s', targets: [`${adminUrl}/metrics`], metricRelabel: UNNAMED },
      ],
      logs: logs(logFolder),
    },
    entities: [
      { match: { replica: '*' }, kind: 'replica', name: '{replica}' },
      { match: { service: '*' }, kind: 'service', name: '{service}' },
      { match: { job: 'supervisor' }, kind: 'service', name: 'supervisor' },
    ],
    topology,
    limits,
    prepare: { lateness: '1s' },
    detect: { warmUp: 45, minimumDuration: '5s', adopt: '10m', pace: PACE },
    alertBudget: { pages: '1000 per hour', warnings: '1000 per hour' },
    // Close together, since one fault follows the other: what has to do with it is seen in the evidence.
    correlate: { window: '20s', quiet: '10s', near: '10s', reopen: '5s', distance: 1 },
    predict: { horizons: ['1m', '2m', '5m'], every: '10s' },
    failures: [{ kind: 'down', entityKinds: ['replica'], when: { down: '6s' } }],
    actions: LAB_ACTIONS.map((action) => actionOf(action, options)),
    act: {
      cooldown: '30s',
      settle: '20s',
      actionCooldown: '5s',
      fleetCooldown: '3s',
      blastRadius: 0.5,
      disruptionPerDay: 1000,
      failuresInRow: 20,
      steady: STEADY,
      // Nothing is learnt or tried out while it is measured.
      learning: { explorationsPerDay: 0, promote: false, retrain: '365d', begin: options.policyFile },
    },
  };
}
