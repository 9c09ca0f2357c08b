import { Check, Lock } from 'lucide-react';
import type { ActionMode } from '../../../src/model/action.ts';
import type { Rung } from '../../../src/model/policy.ts';
import { formatPercent } from '../../../src/text/format.ts';
import { usePutOnLadder } from '../api/changes.ts';
import { useLadder } from '../api/queries.ts';
import type { PageWords } from '../text/page-words.ts';
import { useWords } from '../text/words.ts';
import { IntervalBar } from '../ui/interval-bar.tsx';
import { Section } from '../ui/section.tsx';
import { Empty, Failed, Loaded } from '../ui/states.tsx';
import { When } from '../ui/when.tsx';
import { useActionTitle } from './action-title.ts';
import { LADDER, withinReach } from './ladder-steps.ts';

/** The four steps in order: those climbed are filled, those beyond the limit locked. The words stand below. */
function Steps({ rung: { level, ceiling } }: { readonly rung: Rung }) {
  const words = useWords();
  const at = LADDER.indexOf(level);
  const most = LADDER.indexOf(ceiling);
  return (
    <div>
      <ol aria-hidden className="grid grid-cols-4 gap-1">
        {LADDER.map((mode, step) => (
          <li
            key={mode}
            className={`flex h-6 items-center justify-center rounded ${step <= at ? 'bg-accent text-on-accent' : 'bg-sunken text-muted'}`}
          >
            {step === at && <Check size={14} strokeWidth={3} />}
            {step > most && <Lock size={12} />}
          </li>
        ))}
      </ol>
      <p className="mt-1.5 text-sm">
        {words.say('dashboard-policies.atLevel', {
          mode: words.name('mode', level).toLocaleLowerCase(words.language),
          ceiling: words.name('mode', ceiling).toLocaleLowerCase(words.language),
        })}
      </p>
    </div>
  );
}

/** What is only observed is worth a person's look when the incidents that it is meant for last. */
function observed(words: PageWords, { watched, lower, needed }: Rung): string {
  const { incidents: count = 0, lasted = 0 } = watched ?? {};
  const seen = words.say('dashboard-policies.watched', { lasted, count });
  if (needed === null || count === 0) return seen;
  return [
    seen,
    words.say('dashboard-policies.atLeast', { lower: formatPercent(words.language, lower) }),
    words.say('dashboard-policies.neededNext', { needed: formatPercent(words.language, needed) }),
  ].join(', ');
}

function evidence(words: PageWords, rung: Rung): string {
  const { resolved, failed, lower, needed } = rung;
  const count = resolved + failed;
  if (rung.watched !== undefined) return observed(words, rung);
  if (count === 0) return words.say('dashboard-policies.noRecord');
  return [
    words.say('dashboard-policies.record', { resolved, count }),
    words.say('dashboard-policies.atLeast', { lower: formatPercent(words.language, lower) }),
    needed === null
      ? words.say('dashboard-policies.atCeiling')
      : words.say('dashboard-policies.neededNext', { needed: formatPercent(words.language, needed) }),
  ].join(', ');
}

function Evidence({ rung }: { readonly rung: Rung }) {
  const words = useWords();
  const { success, lower, needed, resolved, failed, harmful, byItself } = rung;
  const cases = rung.watched?.incidents ?? resolved + failed;
  return (
    <div className="text-sm">
      {cases > 0 && (
        <IntervalBar value={success} low={lower} high={success} {...(needed === null ? {} : { mark: needed })} />
      )}
      <p>{evidence(words, rung)}.</p>
      <p className="text-muted">
        {harmful > 0 && (
          <span className="text-critical">{words.say('dashboard-policies.harmed', { count: harmful })} </span>
        )}
        {words.say('dashboard-policies.byItself', { share: formatPercent(words.language, byItself) })}
      </p>
    </div>
  );
}

function LevelSelect({ rung, title }: { readonly rung: Rung; readonly title: string }) {
  const words = useWords();
  const put = usePutOnLadder();
  const { action, entityKind, level, ceiling } = rung;
  return (
    <div>
      <select
        aria-label={words.say('dashboard-policies.level', { action: title, kind: entityKind })}
        value={level}
        disabled={put.isPending}
        onChange={(event) => put.mutate({ action, entityKind, level: event.target.value as ActionMode })}
        className="h-10 w-full rounded-lg border border-line-strong bg-surface px-2.5 text-sm"
      >
        {LADDER.filter((mode) => mode === level || withinReach(mode, ceiling)).map((mode) => (
          <option key={mode} value={mode}>
            {words.name('mode', mode)}
          </option>
        ))}
      </select>
      {put.error !== null && <Failed error={put.error} />}
    </div>
  );
}

function RungRow({ rung }: { readonly rung: Rung }) {
  const words = useWords();
  const title = useActionTitle()(rung.action);
  return (
    <li className="grid gap-x-8 gap-y-4 px-5 py-4 lg:grid-cols-[minmax(0,1fr)_14rem_minmax(0,1fr)_13rem] lg:items-start">
      <div className="min-w-0">
        <p className="font-medium">{title}</p>
        <p className="text-sm text-muted">
          {words.say('dashboard-policies.on', { kind: rung.entityKind })}
          {rung.reason !== null && ` · ${words.say(`dashboard-policies.moved_${rung.reason}`)}`}
          {rung.since !== null && (
            <>
              {' · '}
              <When time={rung.since} />
            </>
          )}
        </p>
      </div>
      <Steps rung={rung} />
      <Evidence rung={rung} />
      <LevelSelect rung={rung} title={title} />
    </li>
  );
}

/** How far each action has climbed towards acting by itself, and what speaks for it. */
export function Ladder() {
  const words = useWords();
  return (
    <Section title={words.say('dashboard-policies.ladder')} note={words.say('dashboard-policies.ladderNote')}>
      <Loaded query={useLadder()}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={words.say('dashboard-policies.ladderEmpty')}>
              {words.say('dashboard-policies.ladderEmptyDetail')}
            </Empty>
          ) : (
            <ul className="card divide-y divide-line">
              {items.map((rung) => (
                <RungRow key={`${rung.action} ${rung.entityKind}`} rung={rung} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Section>
  );
}
