/** Fixed-depth tree of He et al. (2017) with one configuration for every system: depth 4, similarity 0.5, 100 children. */
const DEPTH = 4;
const SIMILARITY = 0.5;
const MAX_CHILDREN = 100;
const WILD = '<*>';
/** What published configurations mask most often: addresses, hexadecimals, numbers. */
const MASKS = [/(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?/g, /\b0x[0-9a-f]+\b/gi, /(?<![A-Za-z])[+-]?\d+(?![A-Za-z])/g];

interface Group {
  readonly id: string;
  readonly tokens: string[];
}
interface Node {
  readonly children: Map<string, Node>;
  readonly groups: Group[];
}
const node = (): Node => ({ children: new Map(), groups: [] });

function child(of: Node, token: string): Node {
  const wished = /\d/.test(token) ? WILD : token;
  const key = !of.children.has(wished) && of.children.size >= MAX_CHILDREN ? WILD : wished;
  let found = of.children.get(key);
  if (found === undefined) of.children.set(key, (found = node()));
  return found;
}

const alike = (group: Group, tokens: readonly string[]): number =>
  tokens.filter((token, at) => token === group.tokens[at]).length / Math.max(1, tokens.length);

/** The group of every line. */
export function drain(lines: readonly string[]): string[] {
  const root = node();
  let groups = 0;
  return lines.map((line) => {
    const tokens = MASKS.reduce((text, mask) => text.replace(mask, WILD), line)
      .split(/\s+/)
      .filter(Boolean);
    let leaf = child(
      root,
      `length ${tokens.length}`.replaceAll(/\d/g, (digit) => 'abcdefghij'[Number(digit)]!),
    );
    for (const token of tokens.slice(0, DEPTH - 2)) leaf = child(leaf, token);
    let best: Group | undefined;
    for (const group of leaf.groups) if (best === undefined || alike(group, tokens) > alike(best, tokens)) best = group;
    if (best === undefined || alike(best, tokens) < SIMILARITY) {
      best = { id: `g${groups++}`, tokens };
      leaf.groups.push(best);
    }
    for (let at = 0; at < tokens.length; at++) if (best.tokens[at] !== tokens[at]) best.tokens[at] = WILD;
    return best.id;
  });
}
