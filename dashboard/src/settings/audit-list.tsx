import { useAudit } from '../api/queries.ts';
import { useWords } from '../text/words.ts';
import { Listed } from '../ui/listed.tsx';
import { Section } from '../ui/section.tsx';
import { Empty } from '../ui/states.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { When } from '../ui/when.tsx';

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
            renderRow={(entry) => (
              <div className="flex flex-wrap items-baseline gap-x-3 px-5 py-2.5 text-sm">
                <span className="font-medium">{entry.actor}</span>
                <span>
                  {entry.verb} <span className="break-all text-muted">{entry.target}</span>
                </span>
                <span className="ml-auto text-muted">
                  <When time={entry.time} />
                </span>
              </div>
            )}
          />
        )}
      </Listed>
    </Section>
  );
}
