import type { Learning } from '../../../src/api/contract/views.ts';
import { formatMoment } from '../../../src/text/format.ts';
import type { PageWords } from '../text/page-words.ts';

/** "34 of 120 frames, ready at 10:42". */
export function learningProgress(words: PageWords, learning: Learning, now: number): string {
  const frames = words.say('dashboard.learningFrames', { frames: learning.frames, needed: learning.needed });
  if (learning.readyAt === null) return frames;
  return `${frames}, ${words.say('dashboard.learningReadyAt', { when: formatMoment(words.language, learning.readyAt, { now }) })}`;
}
