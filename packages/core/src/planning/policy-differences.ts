/** What two policies do not have in common, by the path of the setting, such as host.fullness. */
import type { Policy } from './policy.ts';

export interface PolicyDifference {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

export function policyDifferences(before: Policy, after: Policy): PolicyDifference[] {
  const was = new Map(settingsOf(before));
  return settingsOf(after)
    .map(([path, value]) => ({ path, before: was.get(path), after: value }))
    .filter((one) => JSON.stringify(one.before) !== JSON.stringify(one.after));
}

/** Lists, such as windows, are one setting. */
function settingsOf(value: object, path = ''): [string, unknown][] {
  return Object.entries(value).flatMap(([name, inner]): [string, unknown][] =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? settingsOf(inner, `${path}${name}.`)
      : [[path + name, inner]],
  );
}
