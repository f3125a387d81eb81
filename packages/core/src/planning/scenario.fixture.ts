/**
 * Scenarios as text. A cluster is drawn in lines, the plan is written below the line `---`; a reviewer reads both.
 *
 *   host NAME CAPACITY [zone=Z] [state=draining|dead] [health=N] [label=K:V]
 *   shardlet NAME HOST RATE [p90=N@MINUTES] [mb=N] [key=SHARE] [splittable] [frozen] [pin=K:V] [group=G]
 *            [from=POSITION to=POSITION] [moved=MINUTES_AGO] [reshaped=MINUTES_AGO] [came=HOST] [moves=N]
 *   moving SHARDLET FROM TO
 *   together A B WEIGHT
 *   policy PATH VALUE
 */
import { clusterStateSchema } from './cluster-state.ts';
import { compileState } from './compile-state.ts';
import { plan } from './plan.ts';
import { policySchema } from './policy.ts';
import { documentOf, type PlanDocument, type Recommendation } from './recommendation.ts';

const NOW = '2026-03-01T17:00:00Z';

export function planned(text: string): string {
  return shown(documentFor(text));
}

export function documentFor(text: string): PlanDocument {
  const { state, policy } = read(text);
  return documentOf(plan(compileState(state, policy), policy, Date.parse(NOW)), policy);
}

function read(text: string) {
  const hosts: unknown[] = [];
  const shardlets: unknown[] = [];
  const moves: unknown[] = [];
  const together: unknown[] = [];
  const policy: Record<string, unknown> = {};
  for (const line of text.split('\n')) {
    const [what, ...words] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (what === 'host') hosts.push(hostOf(words));
    else if (what === 'shardlet') shardlets.push(shardletOf(words));
    else if (what === 'moving') moves.push({ shardlet: words[0], from: words[1], to: words[2] });
    else if (what === 'together') together.push({ shardlets: words.slice(0, 2), weight: Number(words[2]) });
    else if (what === 'policy') set(policy, words[0]!.split('.'), Number(words[1]));
    else if (what !== '') throw new Error(`a scenario has no line "${line}"`);
  }
  const state = clusterStateSchema.parse({ version: 1, now: NOW, hosts, shardlets, moves, together });
  return { state, policy: policySchema.parse(policy) };
}

function hostOf([id, capacity, ...options]: string[]) {
  const { zone, state, health, label } = named(options);
  return {
    id,
    capacity: { eventsPerSecond: Number(capacity) },
    ...(zone === undefined ? {} : { zone }),
    ...(state === undefined ? {} : { state }),
    ...(health === undefined ? {} : { health: Number(health) }),
    ...(label === undefined ? {} : { labels: pair(label) }),
  };
}

function shardletOf([id, host, rate, ...options]: string[]) {
  const { p90, mb, key, splittable, frozen, pin, group, from, to, moved, reshaped, came, moves } =
    named(options);
  const [high, aheadMinutes] = (p90 ?? '').split('@').map(Number);
  return {
    id,
    host,
    load: { eventsPerSecond: Number(rate) },
    bytes: 1e6 * Number(mb ?? 0),
    topKeyShare: Number(key ?? 0),
    keyMaySplit: splittable !== undefined,
    frozen: frozen !== undefined,
    movesLastDay: Number(moves ?? 0),
    ...(p90 === undefined
      ? {}
      : { forecast: [{ aheadMinutes, quantiles: { '0.5': Number(rate), '0.9': high } }] }),
    ...(pin === undefined ? {} : { pinnedTo: pair(pin) }),
    ...(group === undefined ? {} : { spreadGroup: group }),
    ...(from === undefined
      ? {}
      : { range: [from.padEnd(16, '0'), to === 'end' ? `1${'0'.repeat(16)}` : to!.padEnd(16, '0')] }),
    ...(moved === undefined ? {} : { lastMovedAt: ago(moved) }),
    ...(reshaped === undefined ? {} : { lastReshapedAt: ago(reshaped) }),
    ...(came === undefined ? {} : { cameFrom: came }),
  };
}

function named(options: readonly string[]): Record<string, string | undefined> {
  return Object.fromEntries(
    options.map((option) => option.split('=')).map(([name, value]) => [name, value ?? '']),
  );
}

function pair(text: string): Record<string, string> {
  const [key, value] = text.split(':');
  return { [key!]: value! };
}

function ago(minutes: string): string {
  return new Date(Date.parse(NOW) - Number(minutes) * 60_000).toISOString();
}

function set(target: Record<string, unknown>, path: readonly string[], value: number): void {
  const [first, ...rest] = path;
  if (rest.length === 0) target[first!] = value;
  else set((target[first!] ??= {}) as Record<string, unknown>, rest, value);
}

function shown(document: PlanDocument): string {
  const lines = document.recommendations.map(line);
  const skipped = Object.entries(document.skipped).map(
    ([reason, count]) => `left alone: ${count} x ${reason}`,
  );
  const hosts = document.hosts.map(({ phase, host, reason }) => `${phase}: ${host ?? 'cluster'}: ${reason}`);
  const nothing =
    document.nothingBecause === null ? [] : [`nothing to do, because ${document.nothingBecause}`];
  return [...lines, ...hosts, ...skipped, ...nothing].join('\n');
}

function line(one: Recommendation): string {
  const where = [one.source, one.destination].filter((host) => host !== null).join(' -> ');
  const overload = one.overloadAt === null ? '' : ` (overload at ${one.overloadAt.slice(11, 16)})`;
  const against = one.alternatives.map(({ host, whyNot }) => `${host}: ${whyNot}`);
  const alternatives = against.length === 0 ? '' : ` [not ${against.join(', ')}]`;
  return `${one.action} ${one.shardlets.join(' ')} ${where}${overload}: ${one.reason}${alternatives}`.replace(
    / +/g,
    ' ',
  );
}
