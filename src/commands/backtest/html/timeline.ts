import type { BacktestReport, FailureStory } from '../report.ts';
import { escape, length, moment, percent, type Style } from './markup.ts';

/** Failures shown at once, and when the list is opened. */
const SHOWN = 30;
const MOST = 400;

/** Every failure in a line: what was said before it, how early, and whether anybody was paged. */
export function timeline(style: Style, report: BacktestReport): string {
  const { words } = style;
  const { failures, evaluation } = report;
  if (failures.length === 0) return `<p class="muted">${escape(words.say('backtest-report.no_failures'))}</p>`;
  const { horizon } = evaluation.horizons[evaluation.main]!;
  const rows = failures.map((failure) => row(style, failure, 1.5 * horizon));
  const head =
    `<div class="failure head"><span>${escape(words.say('backtest-report.failure'))}</span>` +
    `<span class="scale"><span>${escape(words.say('backtest-report.before', { ahead: length(style, 1.5 * horizon) }))}</span>` +
    `<span>${escape(words.say('backtest-report.at_failure'))}</span></span><span>${escape(words.say('backtest-report.paged'))}</span></div>`;
  const rest = rows.slice(SHOWN, MOST);
  const more =
    rest.length === 0
      ? ''
      : `<details><summary>${escape(words.say('backtest-report.more', { count: rest.length }))}</summary>${rest.join('')}</details>`;
  const all =
    evaluation.horizons[evaluation.main]!.paging.failures > MOST
      ? `<p class="muted">${escape(words.say('backtest-report.in_json', { shown: MOST, count: evaluation.horizons[evaluation.main]!.paging.failures }))}</p>`
      : '';
  return `<div class="failures">${head}${rows.slice(0, SHOWN).join('')}${more}</div>${all}`;
}

function row(style: Style, { entity, time, kind, lead, said }: FailureStory, reach: number): string {
  const { words } = style;
  const cells = said.map(({ ahead, chance }, i) => {
    const from = 100 * (1 - Math.min(reach, ahead) / reach);
    const to = 100 * (1 - (said[i + 1]?.ahead ?? 0) / reach);
    const title = words.say('backtest-report.said', { ahead: length(style, ahead), chance: percent(style, chance) });
    // The square root keeps small chances visible, and a chance twice as high visibly darker.
    const shade = (0.06 + 0.94 * Math.sqrt(chance)).toFixed(2);
    return `<rect x="${from.toFixed(1)}" y="0" width="${(to - from).toFixed(1)}" height="10" fill-opacity="${shade}"><title>${escape(title)}</title></rect>`;
  });
  const page = lead === null ? '' : `<i style="left:${(100 * (1 - Math.min(reach, lead) / reach)).toFixed(1)}%"></i>`;
  const verdict =
    lead === null
      ? `<span class="missed">${escape(words.say('backtest-report.missed'))}</span>`
      : `<span class="caught">${escape(words.say('backtest-report.caught', { lead: length(style, lead) }))}</span>`;
  const what = kind === '' ? '' : ` <small>${escape(kind)}</small>`;
  return (
    `<div class="failure"><span class="who"><b>${escape(entity)}</b>${what}<small>${escape(moment(style, time))}</small></span>` +
    `<span class="strip"><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">${cells.join('')}</svg>${page}</span>${verdict}</div>`
  );
}
