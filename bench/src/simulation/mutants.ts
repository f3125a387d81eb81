/**
 * Faults planted in the code, one at a time: rules of docs/architecture/protocol.md left out. The simulation
 * has to find each; a rule whose absence nobody notices is not tested. Loaded before the simulation with
 * MUTANT=NAME, it changes the text of one file as it is read.
 */
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

export interface Mutant {
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

const MEMORY = 'packages/core/src/adapters/memory';
const DECISIONS = 'packages/core/src/topology/decisions';

export const MUTANTS: Readonly<Record<string, Mutant>> = {
  'append without an epoch check': {
    file: `${MEMORY}/appending.ts`,
    find: "const replica = replicaAt(state, group.shardlet, group.epoch, 'open');",
    put: "const replica = replicaAt(state, group.shardlet, state.replicas.get(group.shardlet)?.epoch ?? 0, 'open', 'sealed');",
  },
  'append ignores the promise of the host': {
    file: `${MEMORY}/appending.ts`,
    find: 'replica.last + 1, state.hostLast + 1, group',
    put: 'replica.last + 1, group',
  },
  'children know only what their parents held themselves': {
    file: `${MEMORY}/owning.ts`,
    find: 'child.known.push(...sealed.known.filter((name) => !child.known.includes(name)));',
    put: 'child.known.push(...sealed.known.filter((name) => name.startsWith(`${sealed.shardlet}.`)));',
  },
  'children are created before their parents are sealed': {
    file: `${MEMORY}/owning.ts`,
    find: "if (sealed === undefined) return staleOf(state, parent.shardlet);",
    put: 'if (sealed === undefined) continue;',
  },
  'drop removes what is newer': {
    file: `${MEMORY}/owning.ts`,
    find: 'if (found !== undefined && found.epoch > epoch) return staleOf(state, shardlet);',
    put: "if (found !== undefined && found.epoch > epoch && found.mode === 'open') return staleOf(state, shardlet);",
  },
  'raise needs a seal': {
    file: `${MEMORY}/owning.ts`,
    find: "(replica.mode !== 'open' && replica.mode !== 'sealed')",
    put: "replica.mode !== 'sealed'",
  },
  'ready does not compare': {
    file: `${MEMORY}/copying.ts`,
    find: "if (lastSeqOf(shadow) !== expect.finalSeq) return { kind: 'refused', because: 'lastSeq' };",
    put: '',
  },
  'open from a shadow': {
    file: `${MEMORY}/owning.ts`,
    find: "const replica = replicaAt(state, shardlet, epoch, 'ready', 'open');",
    put: "const replica = state.replicas.get(shardlet) as Replica | undefined;",
  },
  'ids of ancestors stay behind': {
    file: `${MEMORY}/reading.ts`,
    find: 'return liveSets(state, replica, now).filter((set) => set.origin !== replica.shardlet && set.complete);',
    put: 'return liveSets(state, replica, now).filter(() => false);',
  },
  'ready carries no promise': {
    file: `${MEMORY}/copying.ts`,
    find: 'shadow.last = Math.max(expect.last, state.hostLast);',
    put: 'shadow.last = 0;',
  },
  'an abort keeps the epoch': {
    file: `${DECISIONS}/migration.ts`,
    find: '        epoch: view.version,\n',
    put: '        epoch: moving.epoch,\n',
  },
  'the floor lies above what is unsettled': {
    file: `${DECISIONS}/floor.ts`,
    find: 'floor = Math.min(floor, unsettledVersion(shardlet) ?? floor);',
    put: 'unsettledVersion(shardlet);',
  },
  'a frontier answer raises what is not open': {
    file: 'apps/edge/src/reading/log/leaf.ts',
    find: 'this.sighting?.isOpen === true && ',
    put: 'this.sighting !== undefined && ',
  },
  'a reader is finished at the end of any copy': {
    file: 'apps/edge/src/reading/log/leaf.ts',
    find: 'this.nextSeq > this.finalSeq;',
    put: 'this.nextSeq >= this.finalSeq;',
  },
  'events pass by those that are held': {
    file: 'apps/edge/src/ingest/ingestion.ts',
    find: 'return !this.held.isEmpty && this.held.holds(shardlet);',
    put: 'return shardlet < 0;',
  },
};

const wanted = process.env.MUTANT;
if (wanted !== undefined) plant(MUTANTS[wanted]);

function plant(mutant: Mutant | undefined): void {
  if (mutant === undefined) throw new Error(`no mutant ${wanted}`);
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (!url.startsWith('file:') || !fileURLToPath(url).endsWith(mutant.file)) return loaded;
      const text = String(loaded.source);
      if (!text.includes(mutant.find)) throw new Error(`${mutant.file} has no "${mutant.find}"`);
      return { ...loaded, source: text.replace(mutant.find, mutant.put) };
    },
  });
}
