import { createHash } from 'node:crypto';
import type { Feature, FrameLayout } from './frame.ts';

const limitText = ({ limit }: Feature): string =>
  limit === null
    ? ''
    : `${limit.side} ${typeof limit.value === 'number' ? limit.value : JSON.stringify(limit.value.feature)}`;

/** SHA-256 over every part of every feature, so that equal layouts have one id in every process. */
function layoutId(features: readonly Feature[]): string {
  const hash = createHash('sha256');
  for (const feature of features)
    hash.update(`${feature.name}\u0000${feature.kind}\u0000${feature.unit}\u0000${limitText(feature)}\u0001`);
  return hash.digest('hex').slice(0, 32);
}

/** Layouts alive in this process, held weakly: a layout that nobody uses any more may go. */
const layouts = new Map<string, WeakRef<FrameLayout>>();
const forgotten = new FinalizationRegistry<string>((id) => {
  if (layouts.get(id)?.deref() === undefined) layouts.delete(id);
});

/** The one layout object with these features: equal features give the identical object. */
export function internLayout(features: readonly Feature[]): FrameLayout {
  const id = layoutId(features);
  const known = layouts.get(id)?.deref();
  if (known !== undefined) return known;
  const layout: FrameLayout = Object.freeze({ id, features: Object.freeze([...features]) });
  layouts.set(id, new WeakRef(layout));
  forgotten.register(layout, id);
  return layout;
}
