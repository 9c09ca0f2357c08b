import { createFleet, type Fleet } from './fleet.ts';
import { type Fault, plant, planFaults } from './faults.ts';
import { type Life, live, robustDeviations } from './life.ts';
import { deployEvents, planDeploys, type Span } from './routine.ts';
import type { Event } from '../../src/model/event.ts';

const DAY_MS = 86_400_000;
/** A Monday. */
const START = Date.UTC(2026, 5, 1);

/** What is simulated. */
export interface SimOptions {
  /** Of the fleet and its habits. */
  readonly seed: number;
  /** Of what happens: another run of the same fleet has another one. */
  readonly run: number;
  readonly days: number;
  readonly stepMs: number;
  readonly entities?: number;
  /** So many faults, none in the first days. */
  readonly faults?: { readonly count: number; readonly afterDays: number };
}

/** A fleet and what happened to it. */
export interface Simulation {
  readonly fleet: Fleet;
  readonly span: Span;
  readonly lives: readonly Life[];
  readonly faults: readonly Fault[];
  /** Deploys and restarts, in time order. */
  readonly events: readonly Event[];
}

/** Lives the lives of a fleet. The same options give the same numbers on every machine. */
export function simulate(options: SimOptions): Simulation {
  const { days, stepMs, seed, run } = options;
  const fleet = createFleet(seed, options.entities);
  const span: Span = { start: START, stepMs, steps: Math.round((days * DAY_MS) / stepMs) };
  const chance = seed * 1000 + run;
  const deploys = planDeploys(fleet, span, chance);
  const lives = fleet.entities.map((entity) => {
    const own = deploys.filter(({ service }) => fleet.deployed.get(service)?.includes(entity));
    return live(entity, span, own, chance);
  });
  const faults =
    options.faults === undefined
      ? []
      : planFaults(
          fleet,
          span,
          { count: options.faults.count, from: Math.round((options.faults.afterDays * DAY_MS) / stepMs) },
          chance,
        );
  for (const life of lives) {
    const own = faults.filter(({ entity }) => entity === life.entity.id);
    if (own.length > 0) plant(life, own, robustDeviations(life), chance);
  }
  const events = [...deployEvents(fleet, deploys), ...lives.flatMap((life) => life.events)];
  return { fleet, span, lives, faults, events: events.sort((a, b) => a.time - b.time) };
}
