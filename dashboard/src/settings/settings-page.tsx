import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import { LANGUAGES } from '../../../src/text/language.ts';
import { readToken, writeToken } from '../api/token.ts';
import { useSettings } from '../api/queries.ts';
import { chooseTheme, readTheme, type Theme } from '../shell/theme.ts';
import { chooseLanguage, useWords } from '../text/words.ts';
import { Button } from '../ui/button.tsx';
import { Choice } from '../ui/choice.tsx';
import { PageTitle, Section } from '../ui/section.tsx';
import { Loaded } from '../ui/states.tsx';
import { AuditList } from './audit-list.tsx';
import { BudgetForm } from './budget-form.tsx';
import { field } from './field.ts';

const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

function Setting({
  title,
  note,
  children,
}: {
  readonly title: string;
  readonly note: string;
  readonly children: ReactNode;
}) {
  return (
    <Section title={title} note={note} className="card p-5">
      {children}
    </Section>
  );
}

function LanguageChoice() {
  const words = useWords();
  return (
    <Setting title={words.say('dashboard-pages.language')} note={words.say('dashboard-pages.languageNote')}>
      <Choice
        label={words.say('dashboard-pages.language')}
        value={words.language}
        onChange={(language) => void chooseLanguage(language)}
        options={LANGUAGES.map((value) => ({ value, label: words.name('language', value) }))}
      />
    </Setting>
  );
}

function ThemeChoice() {
  const words = useWords();
  const [theme, setTheme] = useState(readTheme);
  const choose = (chosen: Theme): void => {
    chooseTheme(chosen);
    setTheme(chosen);
  };
  return (
    <Setting title={words.say('dashboard-pages.theme')} note={words.say('dashboard-pages.themeNote')}>
      <Choice
        label={words.say('dashboard-pages.theme')}
        value={theme}
        onChange={choose}
        options={THEMES.map((value) => ({ value, label: words.name('theme', value) }))}
      />
    </Setting>
  );
}

function TokenForm() {
  const words = useWords();
  const client = useQueryClient();
  const [token, setToken] = useState(readToken);
  const [saved, setSaved] = useState(false);
  return (
    <Setting title={words.say('dashboard-pages.token')} note={words.say('dashboard-pages.tokenNote')}>
      <form
        className="flex flex-wrap gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          writeToken(token.trim());
          setSaved(true);
          void client.invalidateQueries();
        }}
      >
        <input
          type="password"
          autoComplete="off"
          aria-label={words.say('dashboard-pages.token')}
          value={token}
          onChange={(event) => setToken(event.target.value)}
          className={`${field} min-w-0 flex-1`}
        />
        <Button type="submit">{words.say(saved ? 'dashboard-pages.saved' : 'dashboard-pages.save')}</Button>
      </form>
    </Setting>
  );
}

export function SettingsPage() {
  const words = useWords();
  const settings = useSettings();
  return (
    <>
      <PageTitle title={words.say('dashboard.settings')} />
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <LanguageChoice />
        <ThemeChoice />
        <Setting title={words.say('dashboard-overview.budget')} note={words.say('dashboard-pages.budgetNote')}>
          <Loaded query={settings}>
            {(data) => <BudgetForm key={JSON.stringify(data.alertBudget)} settings={data} />}
          </Loaded>
          <Link
            href="/alerting"
            className="mt-4 inline-block text-sm font-medium text-accent underline underline-offset-3"
          >
            {words.say('dashboard-overview.budgetMore')}
          </Link>
        </Setting>
        <TokenForm />
        <div className="lg:col-span-2">
          <AuditList />
        </div>
      </div>
    </>
  );
}
