import type { SilenceMatch } from '../../../src/model/silence.ts';
import type { PageWords } from '../text/page-words.ts';

/** What a silence is about, in words: "host/db-1 and what is below it · any trouble". */
export function matcherInWords(words: PageWords, match: SilenceMatch): string {
  const { entity, kind, anomaly, below } = match;
  const kinds = kind === undefined ? [] : [words.say('dashboard-silence.everyKind', { kind })];
  const which = [...(entity === undefined ? [] : [entity]), ...kinds];
  const where = which.length === 0 ? words.say('dashboard-silence.every') : which.join(', ');
  const reach = below === true ? `${where} ${words.say('dashboard-silence.below')}` : where;
  const what = anomaly === undefined ? words.say('dashboard-silence.anyTrouble') : words.name('anomaly', anomaly);
  return `${reach} · ${what}`;
}
