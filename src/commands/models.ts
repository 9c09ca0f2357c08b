import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { tensorFlowWeightFiles } from '../ml/tensorflow-format.ts';
import type { LearningState, TensorFlowNetwork } from '../model/failure-model.ts';
import type { Model } from '../model/failure.ts';
import { toError, VigiaError } from '../runtime/errors.ts';
import { configFile, EXIT, readConfig, type Terminal } from './terminal.ts';

export interface ModelsOptions {
  readonly config?: string;
  /** Address of the server; that of the configuration when left out. */
  readonly url?: string;
}

/** Listening on every address means that this machine is one of them. */
const ANY = new Set(['0.0.0.0', '::', '[::]']);
const TIMEOUT_MS = 30_000;
const BINARY = 'application/octet-stream';

/** Asks the server; throws `USAGE` with its words when it refuses, or when there is none. */
type Ask = (method: 'GET' | 'POST', path: string, body?: unknown) => Promise<Response>;

function asking(url: string, { environment, words }: Terminal): Ask {
  const token = environment['VIGIA_TOKEN'];
  return async (method, path, body) => {
    const bytes = body instanceof Uint8Array;
    const headers: Record<string, string> = { 'x-vigia': '1', 'accept-language': words.language };
    if (token !== undefined && token !== '') headers['authorization'] = `Bearer ${token}`;
    if (body !== undefined) headers['content-type'] = bytes ? BINARY : 'application/json';
    const sent = body === undefined ? {} : { body: bytes ? new Uint8Array(body) : JSON.stringify(body) };
    let answer: Response;
    try {
      answer = await fetch(`${url}/api/v1${path}`, {
        method,
        headers,
        ...sent,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (thrown) {
      throw new VigiaError('USAGE', {
        detail: words.say('commands.models_unreachable', { url, detail: toError(thrown).message }),
      });
    }
    if (answer.ok) return answer;
    const problem = (await answer.json().catch(() => ({}))) as { detail?: string; title?: string };
    throw new VigiaError('USAGE', { detail: problem.detail ?? problem.title ?? `HTTP ${answer.status}` });
  };
}

const line = ({ id, kind, scope, state, version, reason }: Model): string =>
  [state.padEnd(10), kind.padEnd(8), scope.padEnd(16), version.padEnd(24), id, reason].join('  ').trimEnd();

async function list(ask: Ask, { print, words }: Terminal): Promise<void> {
  const { items } = (await (await ask('GET', '/models?limit=1000')).json()) as { items: Model[] };
  for (const model of items) print(line(model));
  const learning = (await (await ask('GET', '/models/learning')).json()) as { items: LearningState[] };
  for (const { scope, missing } of learning.items)
    if (missing !== null) print(words.say('commands.models_missing', { scope, detail: words.phrase(missing) }));
  if (items.length + learning.items.length === 0) print(words.say('commands.models_none'));
}

const named = (id: string): string => `/models/${encodeURIComponent(id)}`;

/** Networks as `export-tfjs` lays them out: folders `lstm-1`, `lstm-2` and so on, or one alone in the folder itself. */
async function readNetworks(from: string, { folder, words }: Terminal): Promise<TensorFlowNetwork[]> {
  const root = resolve(folder, from);
  try {
    const inside = (await readdir(root)).filter((name) => /^lstm-\d+$/.test(name)).length;
    const folders = inside === 0 ? [root] : Array.from({ length: inside }, (_, i) => join(root, `lstm-${i + 1}`));
    return await Promise.all(
      folders.map(async (own): Promise<TensorFlowNetwork> => {
        const modelJson = await readFile(join(own, 'model.json'), 'utf8');
        const files = tensorFlowWeightFiles(modelJson).map((name) => readFile(join(own, name)));
        return { modelJson, weights: Buffer.concat(await Promise.all(files)).toString('base64') };
      }),
    );
  } catch (thrown) {
    const detail = words.say('commands.models_unreadable', { file: from, detail: toError(thrown).message });
    throw new VigiaError('USAGE', { detail });
  }
}

/** What `vigia models WHAT` does, with how many arguments it takes. */
const VERBS: Readonly<
  Record<string, { arguments: number; run: (ask: Ask, terminal: Terminal, given: readonly string[]) => Promise<void> }>
> = {
  list: { arguments: 0, run: list },
  show: {
    arguments: 1,
    run: async (ask, { print }, [id = '']) =>
      print(JSON.stringify(await (await ask('GET', named(id))).json(), null, 2)),
  },
  train: {
    arguments: 1,
    run: async (ask, { print, words }, [scope = '']) => {
      await ask('POST', '/models/train', { scope });
      print(words.say('commands.models_asked', { scope }));
    },
  },
  promote: {
    arguments: 1,
    run: async (ask, { print }, [id = '']) =>
      print(line((await (await ask('POST', `${named(id)}/promote`)).json()) as Model)),
  },
  rollback: {
    arguments: 1,
    run: async (ask, terminal, [scope = '']) => {
      await ask('POST', '/models/rollback', { scope });
      await list(ask, terminal);
    },
  },
  export: {
    arguments: 2,
    run: async (ask, { print, words, folder }, [id = '', file = '']) => {
      const bytes = new Uint8Array(await (await ask('GET', `${named(id)}/artefact`)).arrayBuffer());
      await writeFile(resolve(folder, file), bytes);
      print(words.say('commands.models_written', { file, bytes: bytes.length }));
    },
  },
  'export-tfjs': {
    arguments: 2,
    run: async (ask, { print, words, folder }, [id = '', to = '']) => {
      const { items } = (await (await ask('GET', `${named(id)}/tensorflow`)).json()) as { items: TensorFlowNetwork[] };
      for (const [i, { modelJson, weights }] of items.entries()) {
        const own = resolve(folder, to, `lstm-${i + 1}`);
        await mkdir(own, { recursive: true });
        const bytes = Buffer.from(weights, 'base64');
        for (const name of tensorFlowWeightFiles(modelJson)) await writeFile(join(own, name), bytes);
        // Last, so that whoever sees it finds the weights.
        await writeFile(join(own, 'model.json'), modelJson);
        print(words.say('commands.models_written', { file: join(to, `lstm-${i + 1}`), bytes: bytes.length }));
      }
    },
  },
  import: {
    arguments: 1,
    run: async (ask, { print, folder, words }, [file = '']) => {
      const bytes = await readFile(resolve(folder, file)).catch((thrown: unknown) => {
        const detail = words.say('commands.models_unreadable', { file, detail: toError(thrown).message });
        throw new VigiaError('USAGE', { detail });
      });
      print(line((await (await ask('POST', '/models', bytes)).json()) as Model));
    },
  },
  'import-tfjs': {
    arguments: 2,
    run: async (ask, terminal, [id = '', from = '']) => {
      const items = await readNetworks(from, terminal);
      terminal.print(line((await (await ask('POST', `${named(id)}/tensorflow`, { items })).json()) as Model));
    },
  },
};

/** `vigia models`: what a running server has learnt, and which of it is in force. */
export async function models(given: readonly string[], options: ModelsOptions, terminal: Terminal): Promise<number> {
  const [name = 'list', ...rest] = given;
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (verb === undefined || rest.length !== verb.arguments)
    throw new VigiaError('USAGE', { detail: terminal.words.say('commands.models_usage') });
  let { url } = options;
  if (url === undefined) {
    const config = readConfig(configFile(options.config, terminal), terminal);
    if (config === null) return EXIT.usage;
    const { host, port } = config.api;
    url = `http://${ANY.has(host) ? '127.0.0.1' : host.includes(':') ? `[${host.replace(/[[\]]/g, '')}]` : host}:${port}`;
  }
  await verb.run(asking(url.replace(/\/$/, ''), terminal), terminal, rest);
  return EXIT.good;
}
