/** What differs between two documents, member by member, as a person reads it. */
export interface Difference {
  /** `limits.moves`, or `hosts.2.zone` */
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** Members of both that are equal are left out, unless `all`. */
export function differences(before: unknown, after: unknown): Difference[] {
  const [was, is] = [leavesOf(before), leavesOf(after)];
  const paths = [...new Set([...was.keys(), ...is.keys()])];
  return paths
    .filter((path) => was.get(path) !== is.get(path))
    .map((path) => ({ path, before: was.get(path), after: is.get(path) }));
}

/** Every value with its place. */
export function leavesOf(document: unknown): ReadonlyMap<string, string> {
  const leaves = new Map<string, string>();
  collect(document, '', leaves);
  return leaves;
}

function collect(value: unknown, path: string, leaves: Map<string, string>): void {
  if (value === null || value === undefined) return;
  const isInner = typeof value === 'object' && Object.keys(value).length > 0;
  if (!isInner) {
    leaves.set(path, typeof value === 'string' ? value : JSON.stringify(value));
    return;
  }
  for (const [name, inner] of Object.entries(value))
    collect(inner, path === '' ? name : `${path}.${name}`, leaves);
}
