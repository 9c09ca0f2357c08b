import { Link } from 'wouter';
import { useWords } from '../text/words.ts';
import { PageTitle } from '../ui/section.tsx';

export function NotFound() {
  const words = useWords();
  return (
    <>
      <PageTitle title={words.say('dashboard.noPage')} note={words.say('dashboard.noPageDetail')} />
      <Link href="/" className="font-medium text-accent underline underline-offset-3">
        {words.say('dashboard.toOverview')}
      </Link>
    </>
  );
}
