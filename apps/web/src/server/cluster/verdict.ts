/**
 * The first line of the console: is it fine, and if not, what is wrong, why, and what to do. A pure
 * function of what was observed, so that the words can be tested. Findings are ordered by who suffers:
 * first what refuses events, then what soon will, then what only blinds the console.
 */
import { alarmWords } from '@foreshard/core/telemetry';
import { FILL_BAD, fillsUp, fillsUpAtOnce, type HostView } from './host-views.ts';

export interface Finding {
  readonly level: 'bad' | 'warn';
  readonly what: string;
  readonly why: string;
  readonly todo: string;
  /** a page of the console that shows more */
  readonly href?: '/hosts' | '/streams' | '/shardlets' | '/recommendations';
  /** a command to copy */
  readonly command?: string;
}

export interface Verdict {
  readonly level: 'ok' | 'warn' | 'bad' | 'unknown';
  readonly headline: string;
  readonly findings: readonly Finding[];
}

export interface Observed {
  /** undefined: the topology store has never answered */
  readonly topologyAgeMs: number | undefined;
  readonly feedAgeMs: number | undefined;
  readonly edge:
    | { readonly kind: 'unknown' | 'ready' }
    | { readonly kind: 'down'; readonly reason: string; readonly cure?: string };
  readonly edgeUrl: string;
  readonly hosts: readonly HostView[];
  readonly streams: number;
  readonly leaves: number;
  readonly openLeaves: number;
  readonly refusedPerSecond: number;
}

/** Shorter silences are ordinary: a poll every two seconds, a slow moment. */
export const STALE_MS = 6_000;
/** Names listed before "and n more". */
const NAMES_MAX = 4;

export function judge(observed: Observed): Verdict {
  if (observed.topologyAgeMs === undefined) return neverConnected();
  const findings = [
    ...edgeFindings(observed),
    ...unreachableHosts(observed),
    ...alarms(observed),
    ...fullHosts(observed),
    ...refusals(observed),
    ...emptyCluster(observed),
    ...readmissions(observed),
    ...fillingHosts(observed),
    ...openings(observed),
    ...blindness(observed),
  ];
  return { level: levelOf(observed, findings), headline: headline(observed, findings), findings };
}

function levelOf({ edge }: Observed, findings: readonly Finding[]): Verdict['level'] {
  if (findings.length > 0) return findings.some((f) => f.level === 'bad') ? 'bad' : 'warn';
  return edge.kind === 'unknown' ? 'unknown' : 'ok';
}

function headline(observed: Observed, findings: readonly Finding[]): string {
  if (findings.length > 0)
    return findings.length === 1 ? findings[0]!.what : `${findings.length} things need you`;
  const { hosts, openLeaves, leaves } = observed;
  const reachable = hosts.length === 1 ? 'The host is reachable' : `All ${hosts.length} hosts reachable`;
  const known = `${reachable}, ${openLeaves} of ${leaves} shardlets open`;
  return observed.edge.kind === 'unknown'
    ? `${known}; the edge was not asked yet`
    : `${known}, nothing is wrong`;
}

function neverConnected(): Verdict {
  const what = 'The console cannot read the topology';
  const finding: Finding = {
    level: 'bad',
    what,
    why: 'PostgreSQL has not answered since the console started. Edges go on with the map they have.',
    todo: 'See whether PostgreSQL runs; the console connects by itself.',
    command: 'npm run foreshard -- status',
  };
  return { level: 'bad', headline: what, findings: [finding] };
}

function edgeFindings({ edge, edgeUrl }: Observed): Finding[] {
  if (edge.kind !== 'down') return [];
  if (edge.cure !== undefined) return [foreignEdge(edgeUrl, edge.reason, edge.cure)];
  return [
    {
      level: 'bad',
      what: 'The edge does not serve',
      why: `${edgeUrl}: ${edge.reason}. No event can be sent or read through it.`,
      todo: 'Start it again; clients may retry, a repeated event is stored once.',
      command: 'npm run foreshard -- status',
    },
  ];
}

function foreignEdge(edgeUrl: string, reason: string, cure: string): Finding {
  return {
    level: 'bad',
    what: 'The edge is of another cluster',
    why: `${edgeUrl}: ${reason}. It is not asked anything.`,
    todo: `${cure.charAt(0).toUpperCase()}${cure.slice(1)}.`,
  };
}

function unreachableHosts({ hosts }: Observed): Finding[] {
  const down = hosts.filter((h) => h.condition === 'unreachable');
  if (down.length === 0) return [];
  const waiting = down.reduce((sum, h) => sum + h.shardlets, 0);
  return [
    {
      level: 'bad',
      what: `${names(down)} ${down.length === 1 ? 'does' : 'do'} not answer`,
      why: `${sentence(down[0]!.reason ?? 'No connection')} ${waiting} ${waiting === 1 ? 'shardlet waits' : 'shardlets wait'}; events for them are refused with 503.`,
      todo: 'Start the server again with its data; it is readmitted by itself. Nobody else may open its shardlets.',
      href: '/hosts',
    },
  ];
}

function alarms({ hosts }: Observed): Finding[] {
  return hosts
    .filter((h) => h.condition === 'alarmed' || h.condition === 'regressed')
    .map((h): Finding => {
      const { what, cure } = alarmWords(h.alarm ?? '', h);
      const why = `${sentence(h.reason ?? 'The worker has raised an alarm')} Its ${h.shardlets} shardlets wait.`;
      const way: Pick<Finding, 'href' | 'command'> =
        h.condition === 'regressed' ? { href: '/hosts' } : { command: 'npm run foreshard -- doctor' };
      return { level: 'bad', what, why, todo: cure, ...way };
    });
}

function fullHosts({ hosts }: Observed): Finding[] {
  const full = hosts.filter((h) => h.condition !== 'unreachable' && h.fill !== null && h.fill >= FILL_BAD);
  if (full.length === 0) return [];
  return [
    {
      level: 'bad',
      what: `${names(full)} ${full.length === 1 ? 'is' : 'are'} full`,
      why: `Appends stop at ${FILL_BAD * 100} % of the memory (507), so that the host can still be drained.`,
      todo: 'Shorten the retention of a stream, raise the memory limit, or add a host.',
      href: '/hosts',
    },
  ];
}

function refusals({ refusedPerSecond }: Observed): Finding[] {
  if (refusedPerSecond <= 0) return [];
  return [
    {
      level: 'warn',
      what: 'Events are being refused',
      why: `${refusedPerSecond < 1 ? 'Less than one' : Math.round(refusedPerSecond)} a second (average over 60 s). A refused event was not stored; its client was told.`,
      todo: 'Sort the shardlets by refusals to see which host or range it is.',
      href: '/shardlets',
    },
  ];
}

function emptyCluster({ hosts, streams }: Observed): Finding[] {
  if (hosts.length === 0)
    return [
      {
        level: 'warn',
        what: 'There is no host yet',
        why: 'Events are stored on Redis, Valkey or PostgreSQL servers that have been added as hosts.',
        todo: 'Add a server that is empty and durable.',
        command: 'npm run foreshard -- hosts add NAME redis://127.0.0.1:6379',
      },
    ];
  if (streams > 0) return [];
  return [
    {
      level: 'warn',
      what: 'There is no stream yet',
      why: 'An event is always sent to a stream.',
      todo: 'Create one; 64 shards are a good beginning.',
      href: '/streams',
    },
  ];
}

function readmissions({ hosts }: Observed): Finding[] {
  const back = hosts.filter((h) => h.condition === 'readmitting');
  if (back.length === 0) return [];
  return [
    {
      level: 'warn',
      what: `${names(back)} ${back.length === 1 ? 'is' : 'are'} being readmitted`,
      why: 'The server restarted. Each of its shardlets gets a new epoch before it takes events again.',
      todo: 'Nothing: the worker does it, some seconds for a thousand shardlets.',
      href: '/hosts',
    },
  ];
}

function fillingHosts({ hosts }: Observed): Finding[] {
  const filling = hosts.filter(
    (h) => h.condition === 'reachable' && (h.fill ?? 0) < FILL_BAD && fillsUp(h.fill, h.hoursToFull),
  );
  if (filling.length === 0) return [];
  const soonest = Math.min(...filling.map((h) => h.hoursToFull!));
  return [
    {
      level: filling.some((h) => fillsUpAtOnce(h.fill, h.hoursToFull)) ? 'bad' : 'warn',
      what: `${names(filling)} will be full within ${soonest < 1 ? 'the hour' : `${Math.ceil(soonest)} h`}`,
      why: 'At the present growth of used memory.',
      todo: 'Shorten the retention of a stream, raise the memory limit, or add a host.',
      href: '/hosts',
    },
  ];
}

function openings({ leaves, openLeaves, hosts }: Observed): Finding[] {
  // those of a host that is readmitted wait with it: they are not told twice
  const withTheirHost = hosts
    .filter((h) => h.condition === 'readmitting')
    .reduce((n, h) => n + h.shardlets, 0);
  const waiting = leaves - openLeaves;
  if (waiting <= withTheirHost) return [];
  return [
    {
      level: 'warn',
      what: `${waiting} of ${leaves} shardlets are not open yet`,
      why: 'They are decided in the topology, and their host has not confirmed them.',
      todo: 'Nothing if it passes within seconds; else see whether the worker runs.',
      href: '/shardlets',
    },
  ];
}

function blindness({ topologyAgeMs = 0, feedAgeMs, hosts }: Observed): Finding[] {
  const findings: Finding[] = [];
  if (topologyAgeMs > STALE_MS)
    findings.push({
      level: 'warn',
      what: 'The map may be out of date',
      why: `PostgreSQL has not answered for ${Math.round(topologyAgeMs / 1_000)} s. Events still flow; nothing can be decided.`,
      todo: 'See whether PostgreSQL runs.',
      command: 'npm run foreshard -- status',
    });
  if (feedAgeMs === undefined || feedAgeMs > STALE_MS)
    findings.push({
      level: 'warn',
      what: 'Live counters are not arriving',
      why: `The control Redis has not answered${feedAgeMs === undefined ? '' : ` for ${Math.round(feedAgeMs / 1_000)} s`}. Events still flow; the rates below are old.`,
      todo: 'See whether the control Redis runs.',
      command: 'npm run foreshard -- status',
    });
  const unmeasured = hosts.filter((h) => h.condition === 'unmeasured');
  if (unmeasured.length > 0)
    findings.push({
      level: 'warn',
      what: `${names(unmeasured)} ${unmeasured.length === 1 ? 'has' : 'have'} not been measured lately`,
      why: 'The worker measures every host each ten seconds.',
      todo: 'See whether the worker runs.',
      command: 'npm run foreshard -- status',
    });
  return findings;
}

/** Reasons of engines and networks come without a capital and a full stop. */
function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`;
}

function names(hosts: readonly HostView[]): string {
  const shown = hosts.slice(0, NAMES_MAX).map((h) => h.name);
  const more = hosts.length - shown.length;
  const list =
    more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(shown.length > 2 ? ', ' : ' and ');
  return `${hosts.length === 1 ? 'Host' : 'Hosts'} ${list}`;
}
