/**
 * What a placeholder of the catalogue may be asked to be: `{labels.pod:name}`. Labels come from whoever sends metrics, so an
 * argument that means a name should take nothing but one.
 */
export const PLACEHOLDER_TYPES: Readonly<Record<string, RegExp>> = {
  /** As containers, units, pods and nodes are called; neither a path nor an option. */
  name: /^(?=.{1,253}$)[A-Za-z0-9_][A-Za-z0-9_.@:-]*$/,
  /** A whole or decimal number. */
  number: /^-?\d{1,15}(\.\d{1,15})?$/,
  /** An absolute path that climbs nowhere. */
  path: /^(?!.*(^|\/)\.\.(\/|$))\/[^\0]{0,4095}$/,
  /** Name or address of a host, with or without a port. */
  host: /^(?=.{1,260}$)(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?)(:\d{1,5})?$/,
};
