import { findPostgres, POSTGRES_MISSING } from '../system/postgres.ts';
import type { RunningVigia } from '../system/vigia.ts';
import { kafkaMissing } from './kafka-cluster.ts';
import { type StageProcess, startStages } from './stage-process.ts';

/** Why nothing can be run over many processes here; null when it can. */
export const distributedMissing: string | null = kafkaMissing ?? (findPostgres() === null ? POSTGRES_MISSING : null);

/** Every stage in a process of its own, the interface last. */
export const EVERY_STAGE = [
  'collect',
  'logs,prepare',
  'detect',
  'predict',
  'correlate',
  'recommend',
  'act',
  'learn',
  'api',
] as const;

export interface StagedVigia extends RunningVigia {
  /** By what they do; a process that is started again takes the place of the one before. */
  readonly processes: ReadonlyMap<string, StageProcess>;
  /** Kills the process of these stages and starts it again, as another build if one is named. */
  restart(stages: string, signal?: NodeJS.Signals, main?: string): Promise<void>;
  /** Starts one more process of these stages. */
  add(key: string, stages: string, main?: string): Promise<void>;
}

export interface StagedOptions {
  readonly config: object;
  readonly brokers: readonly string[];
  readonly database: string;
  readonly folder: string;
  /** What each process does; several may do the same. */
  readonly plan?: readonly string[];
  /** Another build of the program. */
  readonly main?: string;
}

/** Starts Vigía as many processes; what it looks like from outside is the process with the interface. */
export async function startStaged(options: StagedOptions): Promise<StagedVigia> {
  const { brokers, database, folder, plan = EVERY_STAGE } = options;
  const config = {
    log: { level: 'info' },
    store: { url: database },
    bus: { kafka: { brokers, partitions: 6, replication: Math.min(3, brokers.length), session: '6s' } },
    ...options.config,
  };
  const processes = new Map<string, StageProcess>();
  const names = new Map<string, string>();
  const begin = async (key: string, main = options.main): Promise<void> => {
    const stages = names.get(key)!;
    const env = { VIGIA_DATA: `${folder}/${key}` };
    processes.set(key, await startStages({ name: key, stages, config, env, ...(main !== undefined && { main }) }));
  };
  for (const [index, stages] of plan.entries()) {
    const key =
      plan.indexOf(stages) === index ? stages.replaceAll(',', '-') : `${stages.replaceAll(',', '-')}-${index}`;
    names.set(key, stages);
  }
  await Promise.all([...names.keys()].map((key) => begin(key)));
  const api = (): StageProcess => [...processes].find(([key]) => names.get(key)!.includes('api'))![1];
  return {
    processes,
    folder,
    pid: -1,
    get url() {
      return api().url;
    },
    output: () => [...processes].map(([key, one]) => `--- ${key}\n${one.output().slice(-20_000)}`).join('\n'),
    get: async <T>(path: string) => {
      const response = await fetch(api().url + path);
      if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    },
    post: (path, body, headers = {}) =>
      fetch(api().url + path, {
        method: 'POST',
        headers: {
          'x-vigia': '1',
          'content-type': typeof body === 'string' ? 'text/plain' : 'application/json',
          ...headers,
        },
        body: typeof body === 'string' ? body : JSON.stringify(body ?? {}),
      }),
    restart: async (stages, signal = 'SIGKILL', main) => {
      await processes.get(stages)!.stop(signal);
      await begin(stages, main);
    },
    add: async (key, stages, main) => {
      names.set(key, stages);
      await begin(key, main);
    },
    stop: async (signal = 'SIGTERM') => {
      const codes = await Promise.all([...processes.values()].map((one) => one.stop(signal)));
      return codes.every((code) => code === 0) ? 0 : 1;
    },
  };
}
