import type { Config } from '../config/schema.ts';
import { estimateSize, type SizeAnswer, type SizedStore, type SizeQuestion } from './size-estimate.ts';
import { configFile, EXIT, readConfig, type Terminal } from './terminal.ts';

export interface SizeOptions {
  readonly series: string;
  readonly entities?: string;
  readonly step?: string;
  readonly models: string;
  readonly store?: string;
  readonly config?: string;
}

const STORES: readonly SizedStore[] = ['embedded', 'postgres', 'timescale'];
/** An entity has so many series when nothing is said: a host with its usual exporter after choice of features. */
const SERIES_PER_ENTITY = 30;
const MOST = 1e12;
const DAY_MS = 86_400_000;

const isNumber = (text: string, least: number): boolean =>
  text.trim() !== '' && Number(text) >= least && Number(text) <= MOST;

/** What was asked, or null when a mistake in it was told. */
function questionOf(options: SizeOptions, config: Config, { words, complain }: Terminal): SizeQuestion | null {
  const { series, models } = options;
  const store = options.store ?? (config.store.url === undefined ? 'embedded' : 'timescale');
  const kind = STORES.find((known) => known === store);
  if (kind === undefined) {
    complain(words.say('size.bad_store', { found: store, known: STORES.join(', ') }));
    return null;
  }
  const step = options.step ?? String(config.step / 1000);
  const entities = options.entities ?? String(Math.ceil(Number(series) / SERIES_PER_ENTITY));
  const given = { series, step, models, entities };
  const least = { series: 1, step: 0.1, models: 0, entities: 1 };
  for (const name of ['series', 'step', 'models', 'entities'] as const) {
    if (isNumber(given[name], least[name])) continue;
    complain(words.say('size.bad_number', { option: `--${name}`, found: given[name] }));
    return null;
  }
  return {
    series: Number(series),
    entities: Math.min(Number(entities), Number(series)),
    stepSeconds: Number(step),
    models: Number(models),
    store: kind,
    retention: config.store.retention,
  };
}

/** `vigia size`: what so many series cost, with the retention of the configuration. Nothing is started or written. */
export function size(options: SizeOptions, terminal: Terminal): number {
  const { words, print } = terminal;
  const config = readConfig(configFile(options.config, terminal), terminal);
  const question = config === null ? null : questionOf(options, config, terminal);
  if (config === null || question === null) return EXIT.usage;
  const { series, entities, stepSeconds, models, retention } = question;
  const answer = estimateSize(question);
  const store = words.say(`size.store_${question.store}`);
  const total = answer.disk.total;
  const [budget, tight] = [config.store.diskBudget, question.store === 'embedded' && total > config.store.diskBudget];
  print(
    [
      words.say('size.asked', { series, entities, stepSeconds, models, store }),
      ...linesOf(answer, terminal),
      words.say('size.kept', {
        samples: retention.samples / DAY_MS,
        steps: retention.steps / DAY_MS,
        minutes: retention.minutes / DAY_MS,
        hours: retention.hours / DAY_MS,
      }),
      ...(tight ? [words.say('size.over_budget', { total, budget })] : []),
      words.say('size.source'),
    ].join('\n'),
  );
  return EXIT.good;
}

function linesOf({ disk, ...answer }: SizeAnswer, { words }: Terminal): readonly string[] {
  return [
    words.say('size.rate', { rate: answer.samplesPerSecond }),
    words.say('size.memory', { bytes: answer.memoryBytes, series: answer.memoryPerSeries }),
    words.say('size.cpu', { cores: answer.cores }),
    ...(answer.databaseCores > 0 ? [words.say('size.database_cpu', { cores: answer.databaseCores })] : []),
    words.say('size.disk', disk),
    ...(answer.partitions > 0
      ? [words.say('size.partitions', { count: answer.partitions, instances: answer.instances })]
      : []),
  ];
}
