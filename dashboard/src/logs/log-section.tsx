import { useDeferredValue, useState } from 'react';
import type { LogLevel } from '../../../src/model/log-record.ts';
import { useLogs } from '../api/queries.ts';
import { field } from '../settings/field.ts';
import { useWords } from '../text/words.ts';
import { Choice } from '../ui/choice.tsx';
import { Listed } from '../ui/listed.tsx';
import { Section } from '../ui/section.tsx';
import { Empty } from '../ui/states.tsx';
import { LogLines } from './log-lines.tsx';
import { LogPatterns } from './log-patterns.tsx';

type Level = Extract<LogLevel, 'trace' | 'warn' | 'error'>;
const LEVELS: readonly { readonly value: Level; readonly label: 'logAll' | 'logWarn' | 'logError' }[] = [
  { value: 'trace', label: 'logAll' },
  { value: 'warn', label: 'logWarn' },
  { value: 'error', label: 'logError' },
];
type View = 'logLines' | 'logPatterns';
const VIEWS: readonly View[] = ['logLines', 'logPatterns'];

/** How to send lines for this very entity. */
function HowToSend({ entity }: { readonly entity: string }) {
  const words = useWords();
  return (
    <Empty title={words.say('dashboard-entity.logEmpty')}>
      {words.say('dashboard-entity.logEmptyDetail')}
      <code className="mt-3 block rounded-lg bg-sunken px-3.5 py-2.5 font-mono text-[13px] break-all text-ink">
        curl --data-binary @app.log &apos;{location.origin}/api/v1/logs?entity={encodeURIComponent(entity)}&apos;
      </code>
    </Empty>
  );
}

function Lines({ entity, search, level }: { readonly entity: string; readonly search: string; readonly level: Level }) {
  const words = useWords();
  const query = useLogs(entity, { search, atLeast: level });
  const filtered = search !== '' || level !== 'trace';
  return (
    <Listed
      query={query}
      empty={
        filtered ? (
          <Empty title={words.say('dashboard-entity.logNothing')}>
            {words.say('dashboard-entity.logNothingDetail')}
          </Empty>
        ) : (
          <HowToSend entity={entity} />
        )
      }
    >
      {(lines) => <LogLines lines={lines} label={words.say('dashboard-entity.log')} />}
    </Listed>
  );
}

/** What an entity wrote: lines kept as evidence, or the patterns of what it writes now. */
export function LogSection({ entity }: { readonly entity: string }) {
  const words = useWords();
  const [typed, setTyped] = useState('');
  const [level, setLevel] = useState<Level>('trace');
  const [view, setView] = useState<View>('logLines');
  const search = useDeferredValue(typed.trim());
  return (
    <Section title={words.say('dashboard-entity.log')} note={words.say('dashboard-entity.logNote')}>
      <div className="mb-4 flex flex-wrap items-center gap-3">
        <Choice
          label={words.say('dashboard-entity.logView')}
          value={view}
          onChange={setView}
          options={VIEWS.map((value) => ({ value, label: words.say(`dashboard-entity.${value}`) }))}
        />
        {view === 'logLines' && (
          <>
            <Choice
              label={words.say('dashboard-entity.logLevel')}
              value={level}
              onChange={setLevel}
              options={LEVELS.map(({ value, label }) => ({ value, label: words.say(`dashboard-entity.${label}`) }))}
            />
            <input
              type="search"
              value={typed}
              maxLength={200}
              onChange={(event) => setTyped(event.target.value)}
              aria-label={words.say('dashboard-entity.logSearch')}
              placeholder={words.say('dashboard-entity.logSearch')}
              className={`${field} w-full sm:w-64`}
            />
          </>
        )}
      </div>
      {view === 'logLines' ? <Lines entity={entity} search={search} level={level} /> : <LogPatterns entity={entity} />}
    </Section>
  );
}
