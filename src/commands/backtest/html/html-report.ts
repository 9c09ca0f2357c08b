import type { TextKey } from '../../../text/catalogue.ts';
import type { Words } from '../../../text/text.ts';
import type { BacktestReport } from '../report.ts';
import { escape, length, moment, number, percent, type Style } from './markup.ts';
import {
  calibration,
  mainName,
  type Page,
  paging,
  type ReportKey,
  rivals,
  section,
  shading,
  table,
  tiles,
} from './sections.ts';
import { STYLE } from './style.ts';
import { timeline } from './timeline.ts';

/** The whole page: no scripts, nothing from elsewhere, readable where it lies. */
export function htmlReport(report: BacktestReport, words: Words): string {
  const style: Style = { words, unit: report.unit };
  const say = (key: ReportKey, values: Record<string, string | number> = {}): string =>
    escape(words.say(`backtest-report.${key}` as TextKey, values));
  const page: Page = { report, style, say, main: report.evaluation.horizons[report.evaluation.main]! };
  const judged = page.main.rows > 0;
  const title = say('title', { file: String(report.request['data']) });
  return [
    '<!doctype html>',
    `<html lang="${words.language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">`,
    `<title>${title}</title><style>${STYLE}</style></head><body>`,
    `<header><h1>${title}</h1><p class="muted">${howItWasCut(page)}</p></header>`,
    `<p class="verdict">${verdict(page)}</p>`,
    notes(page),
    judged ? tiles(page) + table(page) + calibration(page) + paging(page) + rivals(page) : '',
    judged ? section('failures_title', 'failures_text', page, timeline(style, report) + shading(page)) : '',
    cost(page),
    made(page),
    `<footer>${say('footer')}</footer></body></html>`,
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function howItWasCut({ report, style, say }: Page): string {
  const { cuts } = report.training;
  const { from, to } = report.evaluation;
  const range = Number.isFinite(from) ? { from: moment(style, from), to: moment(style, to) } : { from: '–', to: '–' };
  if (report.request['test'] !== undefined) return say('cut_test', { test: String(report.request['test']) });
  if (cuts.length > 1) return say('cut_walk', { count: cuts.length, ...range });
  return say('cut_split', { cut: moment(style, cuts[0]!), ...range });
}

function verdict(page: Page): string {
  const { main, say, style } = page;
  const { paging, brierSkill } = main;
  if (main.rows === 0) return say('verdict_unjudged');
  if (main.positives === 0) return say('verdict_no_failures');
  const values = {
    failures: number(style, paging.failures),
    caught: number(style, paging.caught),
    pages: number(style, paging.pages),
    right: number(style, paging.right),
    lead: paging.medianLead === null ? '–' : length(style, paging.medianLead),
    horizon: mainName(page),
    precision: percent(style, page.report.evaluation.contract.precision),
    skill: percent(style, Math.max(0, brierSkill?.value ?? 0)),
  };
  if (paging.threshold === null) return say('verdict_no_threshold', values);
  return say(paging.caught > 0 ? 'verdict' : 'verdict_none', values);
}

function notes({ report, say, style }: Page): string {
  const { data, leaks, missing, heldOut, thin, training } = report;
  const found: string[] = [];
  const note = (text: string, bad = false): void =>
    void found.push(`<div class="note${bad ? ' bad' : ''}"><p>${text}</p></div>`);
  if (missing !== null) note(say('missing', { missing: style.words.phrase(missing) }), true);
  for (const { column, kind, strength } of leaks) {
    note(say(LEAKS[kind], { column, strength: percent(style, strength) }), true);
  }
  if (thin.cuts > 0) note(say('thin_cuts', { count: thin.cuts, all: training.cuts.length }));
  if (thin.tuning !== null)
    note(say(heldOut ? 'thin_held_out' : 'thin_tuning', { missing: style.words.phrase(thin.tuning) }));
  if (heldOut) note(say('held_out'));
  if (data.zones !== null) note(say('note_zones', { ...data.zones }));
  for (const name of COUNTED) if (data.notes[name] > 0) note(say(`note_${name}`, { count: data.notes[name] }));
  if (data.leftColumns.length > 0) note(say('note_left', { columns: data.leftColumns.join(', ') }));
  return found.join('');
}

const COUNTED = ['unsorted', 'repeated', 'strangers', 'before'] as const;
const LEAKS = { knows: 'leak_knows', 'at-failure': 'leak_late', aftermath: 'leak_aftermath' } as const;

function cost(page: Page): string {
  const { report, style, say } = page;
  if (report.cost === null) return '';
  const { failureMinutes, pageMinutes, savedShare, saved, spent, breakEven } = report.cost;
  const hours = (minutes: number): string => number(style, minutes / 60);
  const content = `<p>${say('cost_result', { saved: hours(saved), spent: hours(spent), won: hours(saved - spent) })}</p><p>${say('cost_even', { minutes: number(style, breakEven ?? 0) })}</p>`;
  return `<section><h2>${say('cost_title')}</h2><p class="muted">${say('cost_text', { failure: failureMinutes, page: pageMinutes, share: percent(style, savedShare) })}</p>${content}</section>`;
}

function made(page: Page): string {
  const { report, style, say } = page;
  const { training, data, evaluation, model } = report;
  const facts: readonly (readonly [ReportKey, string])[] = [
    [
      'made_data',
      say('made_data_value', {
        rows: number(style, data.rows),
        entities: number(style, data.entities),
        failures: number(style, data.failures),
        columns: data.columns.length,
      }),
    ],
    [
      'made_training',
      say('made_training_value', {
        rows: number(style, training.rows),
        entities: number(style, training.entities),
        failures: number(style, training.failures),
      }),
    ],
    [
      'made_judged',
      say('made_judged_value', {
        rows: number(style, evaluation.rows),
        entities: number(style, evaluation.entities),
        days: number(style, evaluation.entityDays),
      }),
    ],
    ['made_model', say(model.kind === 'history' ? 'model_history_long' : 'model_learnt_long')],
    ['made_intervals', say('made_intervals_value')],
    ['made_page', say('made_page_value')],
  ];
  const list = facts.map(([key, value]) => `<dt>${say(key)}</dt><dd>${value}</dd>`).join('');
  return `<section><h2>${say('made_title')}</h2><dl>${list}</dl></section>`;
}
