import { Eye, Menu, Search as SearchIcon } from 'lucide-react';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useLiveness } from '../api/stream.ts';
import { useWords } from '../text/words.ts';
import { When } from '../ui/when.tsx';
import { isCurrent, PAGES } from './pages.ts';

/** Says nothing while all is well to who reads with eyes; a lost connection is said in words, with its time. */
function LiveMark() {
  const words = useWords();
  const { live, since } = useLiveness();
  if (live) {
    return (
      <span className="hidden items-center gap-2 text-sm text-muted sm:inline-flex">
        <span aria-hidden className="size-2 rounded-full bg-accent" />
        {words.say('dashboard.live')}
      </span>
    );
  }
  return (
    <span className="inline-flex items-center gap-2 text-sm text-warning">
      <span aria-hidden className="size-2 rounded-full border-2 border-warning" />
      <span className="max-sm:sr-only">{words.say('dashboard.reconnecting')}</span> <When time={since} />
    </span>
  );
}

function PageLinks({ location, onPick }: { readonly location: string; readonly onPick: () => void }) {
  const words = useWords();
  return PAGES.map(({ href, title }) => (
    <li key={href}>
      <Link
        href={href}
        onClick={onPick}
        aria-current={isCurrent(href, location) ? 'page' : undefined}
        className="block rounded-lg px-3 py-2 text-sm text-muted transition-colors hover:text-ink aria-[current=page]:font-semibold aria-[current=page]:text-ink max-lg:py-3 max-lg:text-base lg:aria-[current=page]:bg-sunken"
      >
        {words.say(title)}
      </Link>
    </li>
  ));
}

function SearchButton({ onSearch }: { readonly onSearch: () => void }) {
  const words = useWords();
  return (
    <button
      type="button"
      onClick={onSearch}
      aria-keyshortcuts="/ Control+K"
      className="inline-flex h-10 items-center gap-2 rounded-lg border border-line bg-surface px-3 text-sm text-muted hover:border-line-strong"
    >
      <SearchIcon size={16} aria-hidden />
      <span className="max-xl:sr-only">{words.say('dashboard.search')}</span>
      <kbd aria-hidden className="rounded border border-line px-1.5 font-mono text-xs max-sm:hidden">
        /
      </kbd>
    </button>
  );
}

export function Header({ onSearch }: { readonly onSearch: () => void }) {
  const words = useWords();
  const [location] = useLocation();
  const [open, setOpen] = useState(false);
  return (
    <header className="border-b border-line bg-surface">
      <div className="mx-auto flex max-w-[96rem] flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 sm:px-6 lg:flex-nowrap lg:px-8">
        <Link
          href="/"
          className="mr-2 inline-flex items-center gap-2 text-lg font-semibold tracking-tight"
          aria-label={words.say('dashboard.home')}
        >
          <Eye size={22} strokeWidth={2.25} aria-hidden className="text-accent" />
          Vigía
        </Link>
        <nav
          aria-label={words.say('dashboard.pages')}
          className={`max-lg:order-last max-lg:w-full lg:block ${open ? '' : 'max-lg:hidden'}`}
        >
          <ul className="lg:flex">
            <PageLinks location={location} onPick={() => setOpen(false)} />
          </ul>
        </nav>
        <div className="ml-auto flex items-center gap-3">
          <LiveMark />
          <SearchButton onSearch={onSearch} />
          <button
            type="button"
            aria-expanded={open}
            aria-label={words.say('dashboard.menu')}
            onClick={() => setOpen(!open)}
            className="inline-flex size-10 items-center justify-center rounded-lg border border-line lg:hidden"
          >
            <Menu size={18} aria-hidden />
          </button>
        </div>
      </div>
    </header>
  );
}
