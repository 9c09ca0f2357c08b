import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { I18nextProvider } from 'react-i18next';
import { ApiError } from './api/client.ts';
import { followStream } from './api/stream.ts';
import { App } from './app.tsx';
import './style.css';
import { translator } from './text/words.ts';

/** What the server refused it will refuse again; what it could not answer is asked once more, and then by the stream or the timer. */
const retry = (failures: number, error: Error): boolean =>
  failures < 1 && !(error instanceof ApiError && error.status >= 400 && error.status < 500);

const client = new QueryClient({ defaultOptions: { queries: { staleTime: 5000, retry, retryDelay: 1000 } } });
const ended = new AbortController();
addEventListener('pagehide', (event) => {
  if (!event.persisted) ended.abort();
});
void followStream(client, ended.signal);

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no #root');
createRoot(root).render(
  <StrictMode>
    <I18nextProvider i18n={translator}>
      <QueryClientProvider client={client}>
        <App />
      </QueryClientProvider>
    </I18nextProvider>
  </StrictMode>,
);
