import type { UseQueryResult } from '@tanstack/react-query';
import { CircleAlert, CloudOff, Lock, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { ApiError } from '../api/client.ts';
import { useWords } from '../text/words.ts';
import { Button } from './button.tsx';
import { When } from './when.tsx';

function Notice({
  icon: Icon,
  title,
  children,
}: {
  readonly icon: LucideIcon;
  readonly title: string;
  readonly children: ReactNode;
}) {
  return (
    <div className="card flex gap-4 p-5">
      <Icon size={20} aria-hidden className="mt-0.5 shrink-0 text-muted" />
      <div className="min-w-0 space-y-2">
        <p className="font-medium">{title}</p>
        <div className="max-w-prose space-y-3 text-sm text-muted">{children}</div>
      </div>
    </div>
  );
}

/** Nothing to show: says what will appear here, and what to do for it. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="rounded-xl border border-dashed border-line p-5 text-sm">
      <p className="font-medium">{title}</p>
      {children !== undefined && <p className="mt-1 max-w-prose text-muted">{children}</p>}
    </div>
  );
}

/** The server understood, and does not want to: of what was asked for it says why not. */
const isRefusal = (status: number): boolean => status >= 400 && status < 500 && status !== 404;

const titleOf = (status: number) => {
  if (status === 0) return 'dashboard.unreachable';
  return status === 404 ? 'dashboard.notFound' : 'dashboard.failed';
};

/** What happened, what to do, and what still works. */
export function Failed({ error, retry }: { readonly error: Error; readonly retry?: () => void }) {
  const words = useWords();
  const status = error instanceof ApiError ? error.status : -1;
  if (status === 401 || status === 403) {
    return (
      <Notice icon={Lock} title={words.say('dashboard.noPermission')}>
        <p>{error.message}</p>
        <Link href="/settings" className="font-medium text-accent underline underline-offset-3">
          {words.say('dashboard.enterToken')}
        </Link>
      </Notice>
    );
  }
  // Without a way to try again it is a change that the server refused.
  if (retry === undefined && isRefusal(status)) {
    return (
      <Notice icon={CircleAlert} title={words.say('dashboard.refused')}>
        <p>{error.message}</p>
      </Notice>
    );
  }
  const detail = status === 0 ? words.say('dashboard.unreachableDetail') : error.message;
  return (
    <Notice icon={CloudOff} title={words.say(titleOf(status))}>
      <p>{detail}</p>
      {status >= 500 && <p>{words.say('dashboard.failedDetail')}</p>}
      {retry !== undefined && <Button onClick={retry}>{words.say('dashboard.tryAgain')}</Button>}
    </Notice>
  );
}

export function Skeleton({ rows = 3, height = 'h-14' }: { readonly rows?: number; readonly height?: string }) {
  const words = useWords();
  return (
    <output aria-label={words.say('dashboard.loading')} className="block space-y-2">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className={`skeleton ${height}`} />
      ))}
    </output>
  );
}

interface LoadedProps<T> {
  readonly query: Pick<UseQueryResult<T>, 'data' | 'error' | 'refetch' | 'dataUpdatedAt' | 'isError'>;
  readonly skeleton?: ReactNode;
  readonly children: (data: T) => ReactNode;
}

/** Shows data as soon as there is some and keeps it, marked with its age, when the server no longer answers. */
export function Loaded<T>({ query, skeleton, children }: LoadedProps<T>) {
  const words = useWords();
  const { data, error, refetch, dataUpdatedAt } = query;
  if (data === undefined) {
    return error === null ? (skeleton ?? <Skeleton />) : <Failed error={error} retry={() => void refetch()} />;
  }
  return (
    <>
      {error !== null && (
        <p className="mb-4 rounded-lg bg-warning-soft px-3 py-2 text-sm text-warning">
          {words.say('dashboard.staleSince')} <When time={dataUpdatedAt} />. {words.say('dashboard.staleTrying')}
        </p>
      )}
      {children(data)}
    </>
  );
}
