import { promisify } from 'node:util';
import { gunzip as gunzipWithCallback } from 'node:zlib';
import type { FastifyRequest, preParsingAsyncHookHandler } from 'fastify';
import SnappyJS from 'snappyjs';
import { toError, VigiaError } from '../runtime/errors.ts';
import type { ApiApp } from './api-app.ts';

const gunzip = promisify(gunzipWithCallback);

/** Bodies in work at the same time, in multiples of the largest one: what senders can make this process hold. */
const BODIES_IN_WORK = 8;
/** Bodies up to this many times the limit are read to their end before they are refused, as a sender that is cut off sees no answer. */
const READ_ON = 4;

/** The whole body; one that is too large is counted through and thrown away. */
async function readBody(payload: AsyncIterable<Buffer>, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of payload) {
    size += chunk.byteLength;
    if (size <= limit) chunks.push(chunk);
    else chunks.length = 0;
    if (size > limit * READ_ON) break;
  }
  if (size > limit) throw new VigiaError('BODY_TOO_LARGE', { limit });
  return Buffer.concat(chunks);
}

/** Snappy's block format begins with the length of what it holds; a length that is too large is refused unread. */
function unsnappy(body: Buffer, limit: number): Buffer {
  try {
    return Buffer.from(SnappyJS.uncompress(body, limit));
  } catch (error) {
    const { message } = toError(error);
    if (/too big/.test(message)) throw new VigiaError('BODY_TOO_LARGE', { limit }, error);
    throw new VigiaError('BODY_INVALID', { detail: `snappy: ${message}` }, error);
  }
}

async function plain(body: Buffer, encoding: string | undefined, limit: number): Promise<Buffer> {
  if (encoding === undefined || encoding === 'identity') return body;
  if (encoding === 'snappy') return unsnappy(body, limit);
  if (encoding !== 'gzip') throw new VigiaError('BODY_INVALID', { detail: `Content-Encoding: ${encoding}` });
  try {
    return await gunzip(body, { maxOutputLength: limit });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw new VigiaError('BODY_TOO_LARGE', { limit }, error);
    throw new VigiaError('BODY_INVALID', { detail: message }, error);
  }
}

/** What a route for senders needs: a hook that refuses what would not fit, and the body as it was meant. */
export interface Bodies {
  readonly preParsing: preParsingAsyncHookHandler;
  /** Decompressed; throws `BODY_TOO_LARGE` or `BODY_INVALID`. */
  readonly bodyOf: (request: FastifyRequest) => Promise<Buffer>;
}

/**
 * Lets the routes that `add` makes take bodies of any type as bytes, gzip and snappy allowed, up to a size. One sender must
 * not take all the memory: what would not fit is refused (with the code `busy`) before it is read.
 */
export function acceptBodies(
  app: ApiApp,
  { bodyBytes, busy = 'API_BUSY' }: { readonly bodyBytes: number; readonly busy?: 'API_BUSY' | 'API_FLOODED' },
  add: (bodies: Bodies) => void,
): void {
  const budget = bodyBytes * BODIES_IN_WORK;
  let inWork = 0;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request: FastifyRequest, payload: AsyncIterable<Buffer>) =>
    readBody(payload, bodyBytes),
  );
  add({
    preParsing: async (request, reply, payload) => {
      const size = Math.min(Number(request.headers['content-length'] ?? bodyBytes), bodyBytes);
      if (inWork + size > budget) throw new VigiaError(busy);
      inWork += size;
      reply.raw.once('close', () => {
        inWork -= size;
      });
      return payload;
    },
    bodyOf: (request) => {
      const sent = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      return plain(sent, request.headers['content-encoding']?.toLowerCase(), bodyBytes);
    },
  });
}
