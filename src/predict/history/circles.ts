/** Fewest members that make a circle. */
const LEAST_MEMBERS = 2;

/**
 * Groups entities that are probably alike, by what their names begin with (`rack7-node12` and `rack7-node13`, `orders/a` and
 * `orders/b`), or where names say nothing, by when they were first seen: machines of one delivery come together. Answers the
 * members of each group by index; entities without a group are in none. One group of all is no group.
 */
export function groupEntities(names: readonly string[], firstSeen: ArrayLike<number>): number[][] {
  const byName = collect(names, (i) => familyOf(names[i]!));
  if (tells(byName, names.length)) return byName;
  const byStart = collect(names, (i) => String(firstSeen[i]!));
  return tells(byStart, names.length) ? byStart : [];
}

/** The name without its last part, or without the number at its end. */
function familyOf(name: string): string {
  const parts = /^(.+)[-_/.:@ #][^-_/.:@ #]+$/u.exec(name);
  return parts?.[1] ?? name.replace(/\d+$/u, '');
}

function collect(names: readonly string[], keyOf: (index: number) => string): number[][] {
  const groups = new Map<string, number[]>();
  for (let i = 0; i < names.length; i++) {
    const key = keyOf(i);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [i]);
    else group.push(i);
  }
  return [...groups.values()].filter(({ length }) => length >= LEAST_MEMBERS);
}

/** Several groups that hold most of the entities. */
const tells = (groups: readonly (readonly number[])[], entities: number): boolean =>
  groups.length > 1 && groups.reduce((sum, { length }) => sum + length, 0) >= entities / 2;
