// Whether the process in this container is alive; asked by the container engine, which has no shell to ask with.
const port = process.env.VIGIA_METRICS_PORT ?? process.env.VIGIA_API_PORT ?? '8440';
const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(2500) }).catch(() => null);
process.exit(answer?.ok ? 0 : 1);
