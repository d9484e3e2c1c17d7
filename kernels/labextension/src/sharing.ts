/** What the front end lends: its own copies of CodeMirror and Lumino, of which there must be one in a page. */

interface Offer {
  get(): Promise<() => unknown>;
  loaded?: boolean | number;
}

/** Webpack's share scope: packages, their versions, and how to get each. */
export type Scope = Record<string, Record<string, Offer>>;

let scope: Scope = {};
const fetched = new Map<string, unknown>();

/** Remember what the front end offers; it calls this before anything of ours is used. */
export function offer(offered: Scope): void {
  scope = offered;
}

/** Fetch `names`, so that `lent` can give them at once. Fails where the front end does not have one. */
export async function borrow(names: readonly string[]): Promise<void> {
  for (const name of names) {
    const factory = await choose(name).get();
    fetched.set(name, factory());
  }
}

/** A package that was borrowed; the bundle's imports of it come here. */
export function lent(name: string): unknown {
  if (!fetched.has(name)) {
    throw new Error(`maximalab: ${name} is used and was not borrowed`);
  }
  return fetched.get(name);
}

/** The copy that is in use already, else the newest. */
function choose(name: string): Offer {
  const versions = Object.entries(scope[name] ?? {}).sort(([one], [other]) => compare(other, one));
  const chosen = versions.find(([, each]) => each.loaded) ?? versions[0];
  if (chosen === undefined) {
    throw new Error(`maximalab: this front end has no ${name}`);
  }
  return chosen[1];
}

/** Order versions by their numbers: below zero where `one` is the older. */
export function compare(one: string, other: string): number {
  const [left, right] = [one, other].map((version) => version.split(/[.+-]/).map((part) => Number.parseInt(part, 10) || 0));
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) {
      return difference;
    }
  }
  return 0;
}
