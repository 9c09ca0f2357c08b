import { type Phrase, phrase } from '../model/phrase.ts';
import { rankOf, type Signal } from './signal.ts';

/** Worst first; of equals a prediction before an anomaly, since it says what is at stake, then the strongest. */
export function byWeight(a: Signal, b: Signal): number {
  return (
    rankOf(b.severity) - rankOf(a.severity) ||
    Number(b.type === 'prediction') - Number(a.type === 'prediction') ||
    b.strength - a.strength ||
    a.start - b.start ||
    (a.id < b.id ? -1 : 1)
  );
}

/** A feature that no longer comes reads otherwise than an entity that is silent, and a limit that is reached than one ahead. */
function wordOf({ kind, features, happened }: Signal): string {
  if (kind === 'missing' && features.length > 0) return 'missing_feature';
  return kind === 'capacity' && happened ? 'capacity_reached' : kind;
}

/** What one sign says, for a title or a line of the story. */
export const signText = (signal: Signal): Phrase =>
  phrase(`correlate.sign_${wordOf(signal)}`, { entity: signal.entity, feature: signal.features[0] ?? '' });

/** One line that names an incident. `lead` is its weightiest sign, `entities` how many show the same. */
export function titleOf(lead: Signal, entities: number, storm: boolean): Phrase {
  if (storm) return phrase('correlate.storm', { count: entities });
  if (entities === 1) return signText(lead);
  return phrase(`correlate.many_${wordOf(lead)}`, {
    count: entities,
    feature: lead.features[0] ?? '',
    entity: lead.entity,
  });
}
