import { Plus } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { SilenceView } from '../../../src/api/contract/views.ts';
import { useSilences } from '../api/queries.ts';
import { useWords } from '../text/words.ts';
import { Button } from '../ui/button.tsx';
import { Listed } from '../ui/listed.tsx';
import { PageTitle, Section } from '../ui/section.tsx';
import { Empty } from '../ui/states.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { SilenceDialog } from './silence-form.tsx';
import { SilenceRow } from './silence-row.tsx';

interface PartProps {
  readonly title: string;
  readonly query: ReturnType<typeof useSilences>;
  readonly others: readonly SilenceView[];
  readonly empty: ReactNode;
}

function Part({ title, query, others, empty }: PartProps) {
  return (
    <Section title={title}>
      <Listed query={query} empty={empty}>
        {(items) => (
          <VirtualList
            items={items}
            keyOf={({ id }) => id}
            label={title}
            rowHeight={98}
            renderRow={(silence) => <SilenceRow silence={silence} others={others} />}
          />
        )}
      </Listed>
    </Section>
  );
}

/** What wakes nobody at present, what will not, and what did not. */
export function SilencesPage() {
  const words = useWords();
  const [making, setMaking] = useState(false);
  const [active, scheduled, over] = [useSilences('active'), useSilences('scheduled'), useSilences('over')];
  const others = [...(active.data?.items ?? []), ...(scheduled.data?.items ?? [])];
  const none = scheduled.data?.items.length === 0;
  return (
    <div className="space-y-9">
      <PageTitle title={words.say('dashboard-silence.title')} note={words.say('dashboard-silence.note')}>
        <Button look="primary" onClick={() => setMaking(true)}>
          <Plus size={17} aria-hidden />
          {words.say('dashboard-silence.make')}
        </Button>
      </PageTitle>
      <Part
        title={words.say('dashboard-silence.live')}
        query={active}
        others={others}
        empty={
          <Empty title={words.say('dashboard-silence.emptyActive')}>
            {words.say('dashboard-silence.emptyActiveDetail')}
          </Empty>
        }
      />
      {!none && (
        <Part
          title={words.say('dashboard-silence.scheduled')}
          query={scheduled}
          others={others}
          empty={<Empty title={words.say('dashboard-silence.emptyScheduled')} />}
        />
      )}
      <Part
        title={words.say('dashboard-silence.over')}
        query={over}
        others={others}
        empty={<Empty title={words.say('dashboard-silence.emptyOver')} />}
      />
      {making && <SilenceDialog onClose={() => setMaking(false)} />}
    </div>
  );
}
