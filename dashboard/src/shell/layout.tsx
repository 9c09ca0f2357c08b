import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { useWords } from '../text/words.ts';
import { Announcer } from './announcer.tsx';
import { Header } from './header.tsx';
import { titleAt } from './pages.ts';

const Search = lazy(() => import('./search.tsx').then((search) => ({ default: search.Search })));

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** `/` and Ctrl-K or Cmd-K open the search from anywhere. */
function useSearchKey(open: () => void): void {
  const latest = useRef(open);
  useEffect(() => {
    latest.current = open;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const combination = event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey);
      const slash = event.key === '/' && !isTyping(event.target) && !event.ctrlKey && !event.metaKey && !event.altKey;
      if (!combination && !slash) return;
      event.preventDefault();
      latest.current();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

/** A new page starts at its top with the focus on its content, as a loaded one would; and the window bears its name. */
function useArrival(): React.RefObject<HTMLElement | null> {
  const main = useRef<HTMLElement>(null);
  const [location] = useLocation();
  const words = useWords();
  const shown = useRef(location);
  useEffect(() => {
    const title = titleAt(location);
    document.title = title === undefined ? 'Vigía' : `${words.say(title)} · Vigía`;
  }, [location, words]);
  useEffect(() => {
    if (shown.current === location) return;
    shown.current = location;
    scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [location]);
  return main;
}

export function Layout({ children }: { readonly children: ReactNode }) {
  const words = useWords();
  const [searching, setSearching] = useState(false);
  useSearchKey(() => setSearching(true));
  const main = useArrival();
  return (
    <div className="min-h-dvh">
      <a
        href="#main"
        className="sr-only rounded-lg bg-accent px-4 py-2 text-on-accent focus:not-sr-only focus:fixed focus:top-3 focus:left-3 focus:z-50"
      >
        {words.say('dashboard.skip')}
      </a>
      <Header onSearch={() => setSearching(true)} />
      <main
        ref={main}
        id="main"
        tabIndex={-1}
        className="mx-auto max-w-[96rem] px-4 pt-6 pb-16 outline-none sm:px-6 lg:px-8"
      >
        {children}
      </main>
      <Announcer />
      {searching && (
        <Suspense fallback={null}>
          <Search onClose={() => setSearching(false)} />
        </Suspense>
      )}
    </div>
  );
}
