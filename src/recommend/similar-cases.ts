import type { SimilarCase } from '../model/action.ts';
import type { Store } from '../store/store.ts';

/** The most similar past cases of all ranked actions, as far as they are still in the store. */
export async function similarCases(
  store: Pick<Store, 'runs' | 'outcomes'>,
  alike: ReadonlyMap<string, readonly { readonly id: string; readonly similarity: number }[]>,
  most: number,
): Promise<SimilarCase[]> {
  const wanted = [...alike.values()]
    .flat()
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, most);
  const found = await Promise.all(
    wanted.map(async ({ id, similarity }): Promise<SimilarCase | null> => {
      const [run, outcome] = await Promise.all([store.runs.get(id), store.outcomes.forRun(id)]);
      if (run === null || outcome === null || run.incident === null) return null;
      const { incident, entity, action } = run;
      return { run: id, incident, entity, action, verdict: outcome.verdict, time: outcome.decidedAt, similarity };
    }),
  );
  return found.filter((one) => one !== null);
}
