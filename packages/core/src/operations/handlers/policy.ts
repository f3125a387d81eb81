/** What is done for operations on the policy. */
import {
  changePolicy,
  earlyText,
  type FiringReport,
  type InquiryClient,
  type PolicyChange,
  type PolicyStore,
  type PolicyVersion,
} from '../../advising/index.ts';
import type { ClusterStore } from '../../external/index.ts';
import { ForeshardError } from '../../kernel/index.ts';
import { absentFrom, DEFAULT_POLICY, type Policy } from '../../planning/index.ts';
import type { TopologyStore } from '../../topology/index.ts';
import type { Caller } from '../caller.ts';
import type { OutputOf, RouterHandlers } from '../operation.ts';
import type { policy } from '../policy.ts';
import type { JobStores } from './jobs.ts';
import { wakePlanner } from './recommendations.ts';

export interface PolicyStores extends JobStores {
  readonly policies: PolicyStore;
  readonly inquiries: InquiryClient;
  readonly clusters: Pick<ClusterStore, 'list'>;
  readonly topology: Pick<TopologyStore, 'snapshot'>;
  readonly nowMs: () => number;
}

type Changed = OutputOf<typeof policy.change>;
type Wanted = Pick<PolicyChange, 'from' | 'policy' | 'note'> & { readonly effectiveAt?: string | undefined };
interface Manner {
  readonly callsOff: boolean;
  /** the member of the order that names the policy */
  readonly pointer: string;
}

export function policyHandlers(stores: PolicyStores): RouterHandlers<typeof policy> {
  const { policies, inquiries, nowMs } = stores;

  async function change(
    { effectiveAt, ...wanted }: Wanted,
    { callsOff, pointer }: Manner,
    { actor, dryRun, note }: Caller,
  ): Promise<Changed> {
    const createdMs = nowMs();
    const effectiveMs = effectiveAt === undefined ? createdMs : Date.parse(effectiveAt);
    const absent = await absentOf(stores, wanted.policy);
    const [newest] = await policies.versions(1);
    const reply = await changePolicy(
      policies,
      { ...wanted, actor, createdMs, effectiveMs },
      { callsOff, dryRun },
    );
    if (reply.kind === 'conflict') throw changedMeanwhile(wanted.from);
    if (reply.kind === 'contradictory') throw new ForeshardError('invalid_record', reply.detail, { pointer });
    if (reply.kind === 'early')
      throw new ForeshardError('conflict', `${earlyText(reply.scheduled)} Or send callsOff: true.`);
    if (!dryRun) await wakePlanner(stores);
    note?.({ before: newest?.policy ?? DEFAULT_POLICY, after: reply.version.policy });
    return { ...versionDocument(reply.version), absent };
  }

  return {
    async read() {
      const [holding, [newest]] = await Promise.all([policies.at(nowMs()), policies.versions(1)]);
      return { holding: versionDocument(holding), newest: versionDocument(newest ?? holding) };
    },
    async versions({ limit }) {
      return { versions: (await policies.versions(limit)).map(versionDocument) };
    },
    change: ({ callsOff, ...wanted }, caller) => change(wanted, { callsOff, pointer: '/policy' }, caller),
    async rollBack({ to, note, ...order }, caller) {
      const wanted = {
        ...order,
        policy: await settingsOf(policies, to),
        note: note || `back to version ${to}`,
      };
      return change(wanted, { callsOff: true, pointer: '/to' }, caller);
    },
    async firings(question) {
      return firingsDocument(await inquiries.ask('firings', question));
    },
  };
}

async function settingsOf(policies: PolicyStore, version: number): Promise<Policy> {
  if (version === 0) return DEFAULT_POLICY;
  const versions = await policies.versions(Number.MAX_SAFE_INTEGER);
  const found = versions.find((one) => one.version === version);
  if (found !== undefined) return found.policy;
  throw new ForeshardError('not_found', `There is no version ${version} of the policy.`, { pointer: '/to' });
}

/** Most policies name nothing, and the topology may be large. */
async function absentOf({ topology, clusters }: PolicyStores, policy: Policy): Promise<string[]> {
  if (policy.scopes.length + policy.placement.length === 0) return [];
  const [{ streams }, others] = await Promise.all([topology.snapshot(), clusters.list()]);
  const names = (named: readonly { readonly name: string }[]) => named.map(({ name }) => name);
  return absentFrom(policy, names(streams), names(others));
}

function changedMeanwhile(from: number): ForeshardError {
  return new ForeshardError(
    'conflict',
    `Somebody has changed the policy meanwhile: version ${from} is not the newest any more. Nothing was overwritten.`,
  );
}

function versionDocument({ version, policy, actor, note, createdMs, effectiveMs }: PolicyVersion) {
  // the defaults were never made
  const when = (ms: number) => (version === 0 ? null : new Date(ms).toISOString());
  return { version, policy, actor, note, createdAt: when(createdMs), effectiveAt: when(effectiveMs) };
}

function firingsDocument({ fromMs, stepMs, firings }: FiringReport): OutputOf<typeof policy.firings> {
  return {
    from: new Date(fromMs).toISOString(),
    stepSeconds: stepMs / 1_000,
    firings: firings.map(({ lastAtMs, settings, observed, ...firing }) => ({
      ...{ ...firing, settings: [...settings], observed: [...observed] },
      lastAt: lastAtMs === null ? null : new Date(lastAtMs).toISOString(),
    })),
  };
}
