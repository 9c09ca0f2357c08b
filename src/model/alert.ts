/** Lines of the alert budget. */
export type AlertLine = 'pages' | 'warnings';

/** Asks for one alert out of a pot of the budget: at most `count` within any `windowMs`. */
export interface AlertRequest {
  readonly incident: string;
  readonly line: AlertLine;
  readonly pot: string;
  readonly count: number;
  readonly windowMs: number;
  readonly time: number;
}

/** One alert that was given. */
export interface Alert {
  readonly incident: string;
  readonly line: AlertLine;
  readonly pot: string;
  readonly time: number;
}
