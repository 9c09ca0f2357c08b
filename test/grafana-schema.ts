import type { Dashboard, GraphFieldConfig, Panel, RowPanel } from '@grafana/schema';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen.js';
import type { Options as TimeSeriesOptions } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen.js';

/** As it stands in a file: of an enumeration its values, not its names. */
type Written<T> = T extends string ? `${T}` : T extends object ? { [Key in keyof T]: Written<T[Key]> } : T;

/** What a panel of each kind has of its own; what is left out has a default. */
interface Kinds {
  readonly stat: { readonly options: StatOptions; readonly custom: Record<string, never> };
  readonly timeseries: { readonly options: TimeSeriesOptions; readonly custom: GraphFieldConfig };
}

type PanelOf<Kind extends keyof Kinds> = Omit<Panel<never, Kinds[Kind]['custom']>, 'type' | 'options'> & {
  readonly type: Kind;
  readonly options: Partial<Kinds[Kind]['options']>;
};

/** A dashboard as Grafana publishes its schema, made of the kinds of panels that are used here. */
export type WrittenDashboard = Written<
  Omit<Dashboard, 'panels'> & { readonly panels: readonly (PanelOf<'stat'> | PanelOf<'timeseries'> | RowPanel)[] }
>;
