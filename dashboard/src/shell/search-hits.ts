import type { EntityView, Overview } from '../../../src/api/contract/views.ts';
import { entityHref, incidentHref, shortFeature } from '../format/names.ts';
import type { PageWords } from '../text/page-words.ts';
import { INNER_PAGES, PAGES } from './pages.ts';

export interface Hit {
  readonly key: string;
  readonly title: string;
  readonly group: string;
  readonly href: string;
}

const MAX_HITS = 30;

/** Letters without case and accents, so that "espana" finds "España". */
const plain = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/\p{Diacritic}/gu, '')
    .toLowerCase();

/** Everything that fits what was typed: open incidents first, then entities, features that drive something now, pages. */
export function findHits(
  typed: string,
  words: PageWords,
  entities: readonly EntityView[],
  overview: Overview | undefined,
): readonly Hit[] {
  const wanted = plain(typed.trim());
  const fits = (text: string): boolean => plain(text).includes(wanted);
  const incidents = (overview?.incidents ?? []).map((incident) => ({
    key: `incident ${incident.id}`,
    title: `${words.phrase(incident.title)} · ${incident.root}`,
    group: words.say('dashboard.incident'),
    href: incidentHref(incident.id),
  }));
  const found = entities.map(({ id }) => ({
    key: `entity ${id}`,
    title: id,
    group: words.say('dashboard.entity'),
    href: entityHref(id),
  }));
  const features = (overview?.incidents ?? []).flatMap((incident) =>
    incident.features.map((feature) => ({
      key: `feature ${incident.root} ${feature}`,
      title: `${shortFeature(feature)} · ${incident.root}`,
      group: words.say('dashboard.feature'),
      href: `${entityHref(incident.root)}?feature=${encodeURIComponent(feature)}`,
    })),
  );
  const pages = [...PAGES, ...INNER_PAGES].map(({ href, title }) => ({
    key: `page ${href}`,
    title: words.say(title),
    group: words.say('dashboard.page'),
    href,
  }));
  const all = [
    ...incidents.filter(({ title }) => fits(title)),
    ...found.filter(({ title }) => fits(title)),
    ...(wanted === '' ? [] : features.filter(({ title }) => fits(title))),
    ...pages.filter(({ title }) => fits(title)),
  ];
  return [...new Map(all.map((hit) => [hit.key, hit])).values()].slice(0, MAX_HITS);
}
