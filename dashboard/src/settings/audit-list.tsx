import type { AuditEntry } from '../../../src/model/failure.ts';
import { useAudit } from '../api/queries.ts';
import { useWords } from '../text/words.ts';
import { Listed } from '../ui/listed.tsx';
import { Section } from '../ui/section.tsx';
import { Empty } from '../ui/states.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { When } from '../ui/when.tsx';
import { reasonOf, subjectOf } from './audit-words.ts';

/** Who did what, to what, and why it came so. */
function Entry({ entry }: { readonly entry: AuditEntry }) {
  const words = useWords();
  const reason = reasonOf(entry);
  return (
    <div className="flex flex-wrap items-baseline gap-x-3 px-5 py-2.5 text-sm">
      <span className="font-medium">{entry.actor}</span>
      <span>
        {words.name('audit', entry.verb)} <span className="break-all text-muted">{subjectOf(entry)}</span>
      </span>
      <span className="ml-auto text-muted">
        <When time={entry.time} />
      </span>
      {reason !== null && <p className="w-full text-muted">{words.phrase(reason)}</p>}
    </div>
  );
}

/** Who changed what. */
export function AuditList() {
  const words = useWords();
  const query = useAudit();
  return (
    <Section title={words.say('dashboard-pages.audit')} note={words.say('dashboard-pages.auditNote')} className="mt-5">
      <Listed query={query} empty={<Empty title={words.say('dashboard-pages.auditEmpty')} />}>
        {(items) => (
          <VirtualList
            items={items}
            keyOf={({ id }) => id}
            label={words.say('dashboard-pages.audit')}
            rowHeight={45}
            renderRow={(entry) => <Entry entry={entry} />}
          />
        )}
      </Listed>
    </Section>
  );
}
