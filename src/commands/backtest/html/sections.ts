import type { HorizonReport } from '../../../learn/evaluation/evaluate-predictions.ts';
import type { TextKey } from '../../../text/catalogue.ts';
import type { BacktestReport } from '../report.ts';
import { curveChart, daysChart, leadChart, reliabilityChart, rivalName, rivalsChart } from './charts.ts';
import { escape, figure, length, moment, number, percent, type Style } from './markup.ts';

export type ReportKey =
  Extract<TextKey, `backtest-report.${string}`> extends `backtest-report.${infer Key}` ? Key : never;

/** What every part of the page is made of. */
export interface Page {
  readonly report: BacktestReport;
  readonly style: Style;
  readonly say: (key: ReportKey, values?: Record<string, string | number>) => string;
  /** The horizon with the most skill. */
  readonly main: HorizonReport;
}

export const section = (title: ReportKey, text: ReportKey, { say }: Page, content: string): string =>
  `<section><h2>${say(title)}</h2><p class="muted">${say(text)}</p>${content}</section>`;

const card = (title: string, content: string, note: string): string =>
  `<div class="card"><h3>${title}</h3>${content}${note === '' ? '' : `<p>${note}</p>`}</div>`;

export const mainName = ({ report }: Page): string => report.names[report.evaluation.main]!;

export function tiles(page: Page): string {
  const { main, say, style } = page;
  const { paging } = main;
  const tile = (label: string, value: string, small = ''): string =>
    `<div class="tile"><span>${label}</span><strong>${value}</strong><small>${small}</small></div>`;
  const share = (value: typeof paging.precision): [string, string] =>
    value === null
      ? ['–', '']
      : [percent(style, value.value), `${percent(style, value.low)}–${percent(style, value.high)}`];
  const ratio = main.expectedOverObserved;
  return `<div class="tiles">${[
    tile(say('precision'), ...share(paging.precision)),
    tile(say('recall'), ...share(paging.recall)),
    tile(say('lead'), paging.medianLead === null ? '–' : length(style, paging.medianLead), say('lead_note')),
    tile(
      say('false_alarms'),
      number(style, 100 * paging.falsePerEntityDay),
      say(style.unit === 'seconds' ? 'false_note' : 'false_note_own'),
    ),
    tile(say('skill'), ...share(main.brierSkill)),
    tile(
      say('ratio'),
      ratio === null ? '–' : number(style, ratio.value),
      ratio === null ? '' : `${number(style, ratio.low)}–${number(style, ratio.high)}`,
    ),
  ].join('')}</div><p class="muted">${say('tiles_note', { horizon: mainName(page) })}</p>`;
}

export function table(page: Page): string {
  const { report, style, say } = page;
  const { horizons, main } = report.evaluation;
  const columns: readonly ReportKey[] = [
    'horizon',
    'rows',
    'came',
    'auprc',
    'brier',
    'skill',
    'ratio',
    'tenth',
    'precision',
    'recall',
    'threshold',
  ];
  const share = (value: number): string => percent(style, value);
  const plain = (value: number): string => number(style, value);
  const body = horizons.map((one, i) => {
    const cells = [
      `<b>${escape(report.names[i]!)}</b>`,
      plain(one.rows),
      percent(style, one.observedRate),
      figure(one.auprc, plain),
      figure(one.brier, plain),
      figure(one.brierSkill, share),
      figure(one.expectedOverObserved, plain),
      figure(one.riskiestTenth, plain),
      figure(one.paging.precision, share),
      figure(one.paging.recall, share),
      one.paging.threshold === null ? '<span class="none">–</span>' : percent(style, one.paging.threshold),
    ];
    return `<tr${i === main ? ' class="main"' : ''}>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  const head = columns.map((key) => `<th scope="col">${say(key)}</th>`).join('');
  const content = `<div class="table" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
  return section('horizons_title', 'horizons_text', page, content);
}

export function calibration(page: Page): string {
  const { report, style, say } = page;
  const cards = report.evaluation.horizons.map((one, i) =>
    one.reliability.length === 0
      ? ''
      : card(
          say('within', { horizon: report.names[i]! }),
          reliabilityChart(style, one, report.names[i]!),
          say('counts', { rows: number(style, one.rows), positives: number(style, one.positives) }),
        ),
  );
  return section('calibration_title', 'calibration_text', page, `<div class="cards">${cards.join('')}</div>`);
}

const legend = (entries: readonly (readonly [string, string])[]): string =>
  `<ul class="legend">${entries.map(([kind, text]) => `<li class="${kind}"><i></i>${text}</li>`).join('')}</ul>`;

export function paging(page: Page): string {
  const { main, report, style, say } = page;
  const { contract } = report.evaluation;
  const lead =
    main.byLead.length === 0
      ? ''
      : card(
          say('lead_title'),
          leadChart(style, main) +
            legend([
              ['one', say('precision')],
              ['two', say('recall')],
            ]),
          say('lead_text'),
        );
  const days =
    main.paging.pages === 0
      ? ''
      : `<div class="card" style="margin-top:14px"><h3>${say('days_title')}</h3><div class="scroll">${daysChart(style, report)}</div>${legend(
          [
            ['one', say('right')],
            ['two', say('wrong')],
          ],
        )}<p>${say('days_text', { width: length(style, report.dayWidth) })}</p></div>`;
  const text = say('paging_text', {
    precision: percent(style, contract.precision),
    lead: length(style, contract.minLead),
    horizon: mainName(page),
  });
  const cards =
    card(
      say('curve_title'),
      curveChart(style, main),
      say(main.paging.threshold === null ? 'curve_none' : 'curve_text'),
    ) + lead;
  return `<section><h2>${say('paging_title')}</h2><p class="muted">${text}</p><div class="cards">${cards}</div>${days}</section>`;
}

export function rivals(page: Page): string {
  const { main, report, style, say } = page;
  const better = main.rivals
    .filter(({ ratio }) => ratio !== null)
    .map(({ name, ratio }) =>
      say('times', {
        name: rivalName(style, name),
        ratio: number(style, ratio!.value),
        low: number(style, ratio!.low),
        high: number(style, ratio!.high),
      }),
    );
  const model = style.words.say(`backtest-report.model_${report.model.kind === 'history' ? 'history' : 'learnt'}`);
  const content =
    card(say('rivals_chart'), rivalsChart(style, main, model), '') +
    card(
      say('rivals_ratio'),
      `<ul class="legend" style="display:block">${better.map((text) => `<li>${text}</li>`).join('')}</ul>`,
      inForce(page),
    );
  return section('rivals_title', 'rivals_text', page, `<div class="cards">${content}</div>`);
}

function inForce({ report, style, say }: Page): string {
  const { inForce: model } = report;
  if (model === null) return say('in_force_none');
  const { version, trainedTo, found, columns, knows } = model;
  const to = trainedTo === null ? '–' : moment(style, trainedTo);
  return `${say('in_force', { version, to, found, columns })}${knows ? ` ${say('in_force_knows')}` : ''}`;
}

export const shading = ({ say }: Page): string => `<p class="muted" style="margin-top:8px">${say('shading')}</p>`;
