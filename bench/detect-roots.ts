/**
 * How often the suspected root is the true one, on the PetShop issues: residuals of every metric against the normal
 * period become signs, and the same function ranks them that ranks those of an incident.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rankRoots } from '../src/correlate/root.ts';
import type { Signal } from '../src/correlate/signal.ts';
import { phrase } from '../src/model/phrase.ts';
import { TopologyGraph } from '../src/model/topology-graph.ts';
import type { Row } from './report.ts';

/** Two steps of five minutes. */
const TIE_MS = 600_000;

/** The name of a node as an entity id. */
const entityOf = (node: string): string => `service/${node}`;

interface Table {
  /** `node`, metric and statistic of each column. */
  readonly columns: readonly { readonly node: string; readonly name: string }[];
  /** Unix ms. */
  readonly times: readonly number[];
  /** By column, `NaN` where missing. */
  readonly values: readonly Float64Array[];
}

/** Three header lines, a line that names the index, then a row a time. No field holds a comma or a quote. */
function readTable(file: string): Table {
  const lines = readFileSync(file, 'utf8').trimEnd().split(/\r?\n/);
  const [nodes = [], metrics = [], statistics = []] = lines.slice(0, 3).map((line) => line.split(',').slice(1));
  const cells = lines.slice(4).map((line) => line.split(','));
  return {
    columns: nodes.map((node, i) => ({ node, name: `${metrics[i] ?? ''}_${statistics[i] ?? ''}` })),
    times: cells.map(([time]) => Number(time) * 1000),
    values: nodes.map((_, i) => Float64Array.from(cells, (row) => (row[i + 1] ? Number(row[i + 1]) : Number.NaN))),
  };
}

/** Row: caller; column: callee. */
function readGraph(file: string): TopologyGraph {
  const [head = '', ...lines] = readFileSync(file, 'utf8').trimEnd().split(/\r?\n/);
  const callees = head.split(',').slice(1);
  return new TopologyGraph(
    lines.flatMap((line) => {
      const [caller = '', ...marks] = line.split(',');
      return callees.flatMap((callee, i) =>
        Number(marks[i]) > 0 ? [{ from: entityOf(caller), to: entityOf(callee), kind: 'calls' as const }] : [],
      );
    }),
  );
}

const quantile = (sorted: Float64Array, q: number): number => sorted[Math.floor(q * (sorted.length - 1))]!;

/** Centre and deviation of the normal period: by the median, by the range that holds nine of ten, at least 1 %. */
function normal(values: Float64Array): { readonly centre: number; readonly deviation: number } | null {
  const known = values.filter((value) => !Number.isNaN(value)).sort();
  if (known.length < 30) return null;
  const centre = quantile(known, 0.5);
  const away = known.map((value) => Math.abs(value - centre)).sort();
  const deviation = Math.max(1.4826 * quantile(away, 0.5), quantile(away, 0.9) / 1.645, 0.01 * Math.abs(centre), 1e-3);
  return { centre, deviation };
}

/** -ln of the tail probability of a residual, as detect has it: a generalised Pareto tail of shape 0.2 beyond 2. */
const surprise = (z: number): number => (z <= 2 ? 2 * z : 4 + Math.log1p((0.2 * (z - 2)) / 0.5) / 0.2);
/** p = .001, where anomalies open. */
const OPENING = Math.log(1000);

/** One sign for each stretch of abnormal rows of a column. What is abnormal in the first row began before. */
function signs(table: Table, history: Table): Signal[] {
  const known = new Map(history.columns.map(({ node, name }, i) => [`${node} ${name}`, history.values[i]!]));
  return table.columns.flatMap(({ node, name }, i) => {
    const past = known.get(`${node} ${name}`);
    const usual = past && normal(past);
    if (!usual) return [];
    const surprises = Array.from(table.values[i]!, (value) =>
      Number.isNaN(value) ? 0 : surprise(Math.abs(value - usual.centre) / usual.deviation),
    );
    const found: Signal[] = [];
    for (let row = 1; row < surprises.length; row++) {
      if (surprises[row]! < OPENING || surprises[row - 1]! >= OPENING) continue;
      let end = row;
      while (end < surprises.length && surprises[end]! >= OPENING) end++;
      if (surprises[0]! >= OPENING) continue;
      const peak = Math.max(...surprises.slice(row, end));
      found.push(signOf(node, name, { start: table.times[row]!, end: table.times[end] ?? null, peak }));
    }
    return found;
  });
}

function signOf(
  node: string,
  feature: string,
  { start, end, peak }: { readonly start: number; readonly end: number | null; readonly peak: number },
): Signal {
  return {
    id: `${node} ${feature} ${start}`,
    type: 'anomaly',
    kind: 'spike',
    entity: entityOf(node),
    fleet: 'default',
    start,
    end,
    happened: false,
    severity: 'warning',
    severityReason: phrase('x'),
    strength: peak / (peak + OPENING),
    features: [feature],
    updatedAt: end ?? start,
  };
}

/** Rank of the true root in each issue, from 1; infinite when it is not listed. */
function petshopRanks(folder: string): number[] {
  return ['high_traffic', 'low_traffic'].flatMap((traffic) => {
    const topology = readGraph(join(folder, traffic, 'graph.csv'));
    const history = readTable(join(folder, traffic, 'noissue', 'metrics.csv'));
    const issues = join(folder, traffic, 'train');
    return readdirSync(issues)
      .sort()
      .map((issue) => {
        const target = JSON.parse(readFileSync(join(issues, issue, 'target.json'), 'utf8')) as {
          readonly root_cause: { readonly node: string };
        };
        const found = signs(readTable(join(issues, issue, 'metrics.csv')), history);
        if (found.length === 0) return Number.POSITIVE_INFINITY;
        const place = rankRoots(found, [], { topology, tieMs: TIE_MS }).findIndex(
          ({ entity }) => entity === entityOf(target.root_cause.node),
        );
        return place < 0 ? Number.POSITIVE_INFINITY : place + 1;
      });
  });
}

/** Share of issues whose true root is named first, and among the first three. Without bounds: one set is no promise. */
export function rootRows(data: string): Row[] {
  const folder = join(data, 'petshop');
  const ranks = existsSync(folder) ? petshopRanks(folder) : [];
  const within = (place: number): number =>
    ranks.length === 0 ? Number.NaN : ranks.filter((rank) => rank <= place).length / ranks.length;
  const note = ranks.length === 0 ? `no data in ${folder}` : `${ranks.length} issues, call graph known`;
  return [
    { name: 'petshop-root-top1', value: within(1), unit: 'share', bound: null, better: 'higher', note },
    { name: 'petshop-root-top3', value: within(3), unit: 'share', bound: null, better: 'higher', note },
  ];
}
