import { useEffect, useRef, useState } from 'react';
import { useOverview } from '../api/queries.ts';
import { useWords } from '../text/words.ts';

/** Speaks to screen readers, and only of incidents that are new since the page was opened. */
export function Announcer() {
  const words = useWords();
  const { data } = useOverview();
  const known = useRef<ReadonlySet<string> | null>(null);
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (data === undefined) return;
    const before = known.current;
    known.current = new Set(data.incidents.map(({ id }) => id));
    const fresh = before === null ? [] : data.incidents.filter(({ id }) => !before.has(id));
    const [worst] = fresh;
    if (worst === undefined) return;
    setSaid(words.say('dashboard.newIncident', { count: fresh.length, title: words.phrase(worst.title) }));
  }, [data, words]);
  return <output className="sr-only">{said}</output>;
}
