/**
 * Faults planted in the code, one at a time: rules of docs/architecture/protocol.md left out. The simulation
 * has to find each; a rule whose absence nobody notices is not tested. Loaded before the simulation with
 * MUTANT=NAME, it changes the text of one file as it is read.
 */
import fs from 'node:fs';
import { registerHooks, syncBuiltinESMExports } from 'node:module';
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
    put: 'child.known.push(...sealed.known.filter((name) => name.split(".")[0] === String(sealed.shardlet)));',
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
  'ids of young records stay behind': {
    file: `${MEMORY}/copying.ts`,
    find: 'if (record.ts > now - windowMicros - leadMicros) addId',
    put: 'if (record.ts > now + windowMicros + leadMicros) addId',
  },
  'dropping a parent takes ids along that a child refers to': {
    file: `${MEMORY}/id-sets.ts`,
    find: 'if (!inUse.has(name)) state',
    put: 'state',
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
};

/** In the scripts of engines: found by comparing the engine with the host in memory, on a real server. */
export const SCRIPT_MUTANTS: Readonly<Record<string, Mutant & { readonly foundBy: string }>> = {
  'append.lua without its epoch check': {
    file: 'packages/core/src/adapters/redis/lua/append.lua',
    find: 'if not r or r.epoch ~= group.epoch or r.mode ~= OPEN then',
    put: 'if not r or r.mode ~= OPEN then',
    foundBy: 'packages/core/src/adapters/redis/redis-host.differential.contract.test.ts',
  },
  'owning.sql seals at any epoch': {
    file: 'packages/core/src/adapters/postgres/sql/owning.sql',
    find: "IF r.epoch IS DISTINCT FROM at_epoch OR r.mode NOT IN ('open', 'sealed') THEN",
    put: "IF r.epoch IS NULL OR r.mode NOT IN ('open', 'sealed') THEN",
    foundBy: 'packages/core/src/adapters/postgres/postgres-host.differential.contract.test.ts',
  },
};

const wanted = process.env.MUTANT;
if (wanted !== undefined) plant(MUTANTS[wanted] ?? SCRIPT_MUTANTS[wanted]);

function plant(mutant: Mutant | undefined): void {
  if (mutant === undefined) throw new Error(`no mutant ${wanted}`);
  // scripts are read, not imported
  const read = fs.readFileSync;
  fs.readFileSync = ((path: fs.PathLike, ...rest: [never]) => {
    const text = read(path, ...rest);
    return !mutant.file.endsWith('.ts') && String(path).endsWith(mutant.file)
      ? mutated(mutant, String(text))
      : text;
  }) as typeof fs.readFileSync;
  syncBuiltinESMExports();
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (!url.startsWith('file:') || !fileURLToPath(url).endsWith(mutant.file)) return loaded;
      return { ...loaded, source: mutated(mutant, String(loaded.source)) };
    },
  });
}

function mutated({ file, find, put }: Mutant, text: string): string {
  if (!text.includes(find)) throw new Error(`${file} has no "${find}"`);
  return text.replace(find, put);
}
