import type { HorizonReport } from '../../../learn/evaluation/evaluate-predictions.ts';
import type { BacktestReport } from '../report.ts';
import { bar, dot, HEIGHT, line, plane, svg, WIDTH } from './chart.ts';
import { escape, length, moment, number, percent, type Style, ticks } from './markup.ts';

const SHARES = [0, 0.25, 0.5, 0.75, 1] as const;

/** Predicted against what came, with how many rows stand behind each point. */
export function reliabilityChart(style: Style, report: HorizonReport, name: string): string {
  const { words } = style;
  const bins = report.reliability.filter(({ count }) => count > 0);
  const most = Math.min(1, 1.1 * Math.max(0.001, ...bins.flatMap(({ predicted, observed }) => [predicted, observed])));
  const steps = most > 0.6 ? [...SHARES] : ticks(most);
  const end = steps.at(-1)!;
  const area = plane(
    { ticks: steps, write: (value) => percent(style, value), title: words.say('backtest-report.predicted') },
    { ticks: steps, write: (value) => percent(style, value), title: words.say('backtest-report.observed') },
  );
  const counts = Math.max(...bins.map(({ count }) => count));
  const content = bins.map(({ predicted, observed, count }) => {
    // Wilson's interval of the share seen, so that a point of few rows is not believed too much.
    const margin = 1.96 * Math.sqrt((observed * (1 - observed) + 0.25 / count) / count);
    const [low, high] = [Math.max(0, observed - margin), Math.min(end, observed + margin)];
    const title = words.say('backtest-report.bin', {
      predicted: percent(style, predicted),
      observed: percent(style, observed),
      count: number(style, count),
    });
    const weight = (HEIGHT - 60) * 0.22 * (Math.log1p(count) / Math.log1p(counts));
    return (
      bar({ x: area.x(predicted) - 4, y: area.y(0) - weight, width: 8, height: weight, kind: 'quiet', title }) +
      line(
        [
          [predicted, low],
          [predicted, high],
        ],
        area,
        'whisker',
      ) +
      dot([predicted, observed], area, { kind: 'model', title })
    );
  });
  const ideal = line(
    [
      [0, 0],
      [end, end],
    ],
    area,
    'ideal',
  );
  return svg(area.frame + ideal + content.join(''), words.say('backtest-report.reliability_label', { name }));
}

/** What every threshold would give; the one that the contract chose is marked. */
export function curveChart(style: Style, report: HorizonReport): string {
  const { words } = style;
  const area = plane(
    { ticks: SHARES, write: (value) => percent(style, value), title: words.say('backtest-report.recall') },
    { ticks: SHARES, write: (value) => percent(style, value), title: words.say('backtest-report.precision') },
  );
  const points = report.curve.map(({ recall, precision }) => [recall, precision] as const);
  const { precision, recall, threshold } = report.paging;
  const chosen =
    threshold === null || precision === null || recall === null
      ? ''
      : dot([recall.value, precision.value], area, {
          kind: 'chosen',
          title: words.say('backtest-report.chosen', { threshold: percent(style, threshold) }),
        });
  return svg(area.frame + line(points, area, 'model') + chosen, words.say('backtest-report.curve_label'));
}

/** Precision and recall when more lead is asked for. */
export function leadChart(style: Style, report: HorizonReport): string {
  const { words } = style;
  const leads = report.byLead.map(({ lead }) => lead);
  const area = plane(
    {
      ticks: [0, 1, 2, 3, 4].map((part) => (part * report.horizon) / 4),
      write: (value) => length(style, value),
      title: words.say('backtest-report.lead_axis'),
    },
    { ticks: SHARES, write: (value) => percent(style, value), title: words.say('backtest-report.share') },
  );
  const of = (key: 'precision' | 'recall') => report.byLead.map((point, i) => [leads[i]!, point[key]] as const);
  return svg(
    area.frame + line(of('precision'), area, 'model') + line(of('recall'), area, 'second'),
    words.say('backtest-report.lead_label'),
  );
}

/** The model beside what anybody could say, as bars with their intervals. */
export function rivalsChart(style: Style, report: HorizonReport, model: string): string {
  const { words } = style;
  const rows = [
    { name: model, figure: report.auprc, kind: 'model' },
    ...report.rivals.map(({ name, auprc }) => ({
      name: rivalName(style, name),
      figure: auprc,
      kind: 'rival',
    })),
  ].filter(({ figure }) => figure !== null);
  const most = Math.max(0.001, ...rows.map(({ figure }) => figure!.high));
  const place = (value: number): number => (value / most) * (WIDTH - 70);
  const content = rows.map(({ name, figure, kind }, i) => {
    const y = 20 + i * 46;
    const { value, low, high } = figure!;
    return (
      `<text class="name" x="0" y="${y}">${escape(name)}</text>` +
      bar({ x: 0, y: y + 7, width: place(value), height: 14, kind }) +
      `<line class="whisker" x1="${place(low)}" x2="${place(high)}" y1="${y + 14}" y2="${y + 14}"/>` +
      `<text class="value" x="${Math.max(place(high), place(value)) + 8}" y="${y + 18}">${escape(number(style, value))}</text>`
    );
  });
  return svg(content.join(''), words.say('backtest-report.rivals_label'), {
    width: WIDTH,
    height: 20 + rows.length * 46,
  });
}

/** What a method is called in a sentence. */
export function rivalName({ words }: Style, name: string): string {
  const known = RIVALS[name];
  return known === undefined ? name : words.say(known);
}

const RIVALS: Readonly<
  Record<
    string,
    | 'backtest-report.rival_base'
    | 'backtest-report.rival_recent'
    | 'backtest-report.rival_line'
    | 'backtest-report.rival_in_force'
  >
> = {
  'base-rate': 'backtest-report.rival_base',
  'recent-rate': 'backtest-report.rival_recent',
  'straight-line': 'backtest-report.rival_line',
  'in-force': 'backtest-report.rival_in_force',
};

/** Pages by day: right ones above, false ones on top of them. */
export function daysChart(style: Style, { days, dayWidth }: BacktestReport): string {
  const { words } = style;
  const most = Math.max(1, ...days.map(({ right, wrong }) => right + wrong));
  const height = 180;
  const width = 720;
  const steps = ticks(most);
  const y = (value: number): number => height - 28 - (value / steps.at(-1)!) * (height - 40);
  const each = (width - 50) / Math.max(1, days.length);
  const grid = steps.map(
    (tick) =>
      `<line class="grid" x1="44" x2="${width}" y1="${y(tick)}" y2="${y(tick)}"/><text class="tick" x="38" y="${y(tick)}" dy="0.32em" text-anchor="end">${escape(number(style, tick))}</text>`,
  );
  const bars = days.map(({ from, right, wrong }, i) => {
    const title = words.say('backtest-report.day', { from: moment(style, from), right, wrong });
    const at = { x: 46 + i * each, width: Math.max(1, each - 1.5), title };
    return (
      bar({ ...at, y: y(right), height: y(0) - y(right), kind: 'model' }) +
      bar({ ...at, y: y(right + wrong), height: y(right) - y(right + wrong) - 1, kind: 'wrong' })
    );
  });
  const marks = [0, 0.25, 0.5, 0.75].map((part) => {
    const i = Math.floor(part * days.length);
    const day = days[i];
    return day === undefined
      ? ''
      : `<text class="tick" x="${46 + i * each}" y="${height - 8}">${escape(moment(style, day.from))}</text>`;
  });
  return svg(
    grid.join('') + bars.join('') + marks.join(''),
    words.say('backtest-report.days_label', { width: length(style, dayWidth) }),
    { width, height },
  );
}
