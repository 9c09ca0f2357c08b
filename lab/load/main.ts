import { Agent, request } from 'node:http';
import { createDraws } from '../draws.ts';
import type { FromLoad, ToLoad } from '../messages.ts';
import { dayFactor, RULES } from '../world.ts';
import { ITEM_HEADER } from '../replica/calls.ts';

/** Sends requests as users do: without waiting for each other, at a rate that follows the day; counts what they got. */
const random = createDraws(Number(process.env['LAB_SEED'] ?? 1));
const agent = new Agent({ keepAlive: true, maxSockets: 512 });
/** A user gives up after so long. */
const PATIENCE_MS = 3000;
/** Items that most requests ask for, and the share of those. */
const POPULAR = 20;
const STEP_MS = 50;
/** After a longer pause, such as a sleep of the machine, nobody waits at the door. */
const MOST_LATE_MS = 2000;

let ports: readonly number[] = [];
let surge = 0;
let turn = 0;
const began = Number(process.env['LAB_BEGAN'] ?? Date.now());
const counts = new Map<number, { requests: number; failed: number; slow: number }>();

const item = (): string =>
  random() < RULES.cacheShare ? `popular-${Math.floor(random() * POPULAR)}` : `rare-${Math.floor(random() * 1e9)}`;

const secondOf = (time: number): number => Math.floor((time - began) / 1000);

function count(sentAt: number, ok: boolean, ms: number): void {
  const second = secondOf(sentAt);
  const of = counts.get(second) ?? { requests: 0, failed: 0, slow: 0 };
  of.requests++;
  if (!ok) of.failed++;
  else if (ms > RULES.slowMs) of.slow++;
  counts.set(second, of);
}

function sendOne(): void {
  const port = ports[turn++ % Math.max(1, ports.length)];
  const sentAt = Date.now();
  const from = performance.now();
  let done = false;
  const end = (ok: boolean): void => {
    if (done) return;
    done = true;
    count(sentAt, ok, performance.now() - from);
  };
  if (port === undefined) {
    end(false);
    return;
  }
  const options = { agent, host: '127.0.0.1', port, path: '/work', headers: { [ITEM_HEADER]: item() } };
  const asked = request(options, (response) => {
    response.resume();
    response.on('end', () => end(response.statusCode === 200));
  });
  const late = setTimeout(() => asked.destroy(), PATIENCE_MS);
  asked.on('error', () => end(false));
  asked.on('close', () => {
    clearTimeout(late);
    end(false);
  });
  asked.end();
}

/** Arrivals are a Poisson process: the time to the next is exponential. */
let stepped = Date.now();
function step(): void {
  const now = Date.now();
  const rate = RULES.meanRate * dayFactor((now - began) / 1000) + surge;
  // By the clock, not by the timer: users come also while this process waits for the CPU.
  let room = (rate * Math.min(MOST_LATE_MS, now - stepped)) / 1000;
  stepped = now;
  while (room > 0) {
    const gap = -Math.log(1 - random());
    if (gap > room) break;
    room -= gap;
    setTimeout(sendOne, random() * STEP_MS);
  }
}

function report(): void {
  // A second is told when nobody of it can still be waiting.
  const settled = secondOf(Date.now() - PATIENCE_MS - 1000);
  for (const [second, of] of counts) {
    if (second > settled) continue;
    counts.delete(second);
    const message: FromLoad = { type: 'second', second, ...of };
    if (process.connected) process.send?.(message);
  }
}

process.on('message', (message: ToLoad) => {
  if (message.type === 'endpoints') ports = message.endpoints.gateway;
  else surge = message.rate;
});
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(0));
setInterval(step, STEP_MS);
setInterval(report, 1000);
