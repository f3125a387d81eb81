/**
 * Faults planted in the code, one at a time: rules of docs/architecture/protocol.md left out. The simulation
 * has to find each; a rule whose absence nobody notices is not tested. Loaded before the simulation with
 * MUTANT=NAME, it changes the text of files as they are read.
 */
import fs from 'node:fs';
import { registerHooks, syncBuiltinESMExports } from 'node:module';
import { fileURLToPath } from 'node:url';

export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

/** One rule; where two places hold it up, both are changed. */
export type Mutant = Edit | readonly Edit[];

const MEMORY = 'packages/core/src/adapters/memory';
const CORE = 'packages/core/src';
const HOSTS = 'packages/core/src/hosts';
const DECISIONS = 'packages/core/src/topology/decisions';

/** What a host refuses as not ready, and a second look would find, is declared and committed. */
const DECLARED_EARLY: Edit = {
  file: `${CORE}/moves/moving.ts`,
  find: 'if (actions.length > 0) return goOn',
  put: 'if (actions.length > 0 && state.finalSeq === undefined) return goOn',
};
const ANY_END: Edit = {
  file: `${CORE}/moves/moving.ts`,
  find: 'const isSame = finalSeq === found.lastSeq &&',
  put: 'const isSame =',
};

/** What is read of the owner is dropped when it went back, and again when its loss is named. */
const NOT_DROPPED: Edit = {
  file: `${CORE}/caching/cached-reads.ts`,
  find: 'this.cache.dropOfHost(host);',
  put: '',
};

export const MUTANTS: Readonly<Record<string, Mutant>> = {
  'append without an epoch check': {
    file: `${MEMORY}/appending.ts`,
    find: "const replica = replicaAt(state, group.shardlet, group.epoch, 'open');",
    put: "const replica = replicaAt(state, group.shardlet, state.replicas.get(group.shardlet)?.epoch ?? 0, 'open');",
  },
  'the cache has the map of when it was made': [
    {
      file: `${CORE}/caching/shard-cache.ts`,
      find: 'if (held.checked !== shardlet) this.takeLosses',
      put: 'if (held.checked === undefined) this.takeLosses',
    },
    NOT_DROPPED,
  ],
  'the cache keeps what a host has lost': [
    {
      file: `${CORE}/caching/shard-cache.ts`,
      find: 'if (!segment.cutAbove(seq, epoch)) continue;',
      put: 'if (segment.isEmpty || seq >= 0) continue;',
    },
    NOT_DROPPED,
  ],
  'the cache gives out what retention took': [
    {
      file: `${CORE}/caching/cached-reads.ts`,
      find: 'replica.epoch < minEpoch || from < replica.firstSeq',
      put: 'replica.epoch < minEpoch',
    },
    {
      file: `${CORE}/caching/shard-cache.ts`,
      find: 'held === undefined || from < held.firstSeq',
      put: 'held === undefined',
    },
  ],
  'the cache answers for a host that nobody hears of': {
    file: `${CORE}/caching/cached-reads.ts`,
    find: 'if (!frontiers.answeredWithin(host, BELIEVED_MS)) return undefined;',
    put: '',
  },
  'append ignores the promise of the host': {
    file: `${MEMORY}/appending.ts`,
    find: 'replica.last + 1, state.hostLast + 1, group.tokenTs',
    put: 'replica.last + 1, group.tokenTs',
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
    find: 'return sighting?.isOpen === true && ',
    put: 'return sighting !== undefined && ',
  },
  'a reader is finished at the end of any copy': {
    file: 'apps/edge/src/reading/log/leaf.ts',
    find: 'this.nextSeq > this.finalSeq;',
    put: 'this.nextSeq >= this.finalSeq;',
  },
  'a seal leaves the replica open': {
    file: `${MEMORY}/owning.ts`,
    find: "if (replica.mode === 'open') {\n    replica.mode = 'sealed';",
    put: "if (replica.mode !== 'open') {\n    replica.mode = 'sealed';",
  },
  'children are created before their parents are sealed': [
    {
      file: `${MEMORY}/owning.ts`,
      find: "replicaAt(state, parent.shardlet, parent.epoch, 'sealed')",
      put: "replicaAt(state, parent.shardlet, parent.epoch, 'sealed', 'open')",
    },
    {
      file: `${CORE}/restructuring/restructuring.ts`,
      find: 'actions: family.parents.map(sealing) }',
      put: 'actions: [...family.children.map((child) => creation(child, dedup)), ...family.parents.map(sealing)] }',
    },
  ],
  'ready compares nothing': [
    {
      file: `${MEMORY}/copying.ts`,
      find: 'if (lastSeqOf(shadow) !== expect.finalSeq)',
      put: 'if (lastSeqOf(shadow) < 0)',
    },
    { file: `${MEMORY}/copying.ts`, find: '!sameDigest(held, expect.digest)', put: 'held === undefined' },
    DECLARED_EARLY,
    ANY_END,
  ],
  'a copy opens that is not ready': [
    {
      file: `${MEMORY}/owning.ts`,
      find: "replicaAt(state, shardlet, epoch, 'ready', 'open');",
      put: "replicaAt(state, shardlet, epoch, 'ready', 'open', 'shadow');",
    },
    {
      file: `${MEMORY}/owning.ts`,
      find: "if (replica.mode === 'ready') {",
      put: "if (replica.mode !== 'open') {",
    },
    DECLARED_EARLY,
    {
      file: `${CORE}/moves/moving.ts`,
      find: "if (reply.kind === 'ready') return prove",
      put: 'return prove',
    },
    {
      file: `${CORE}/moves/moving.ts`,
      find: "if (found.mode === 'ready') return end",
      put: "if (found.mode === 'ready' || before.isProven) return end",
    },
    ANY_END,
  ],
  'a host is trusted before all of it is readmitted': [
    {
      file: `${CORE}/readmission/renewing.ts`,
      find: 'if (batch.length > 0) return prepare',
      put: 'if (batch.length < 0) return prepare',
    },
    {
      file: `${DECISIONS}/readmission.ts`,
      find: 'view.shardlets().find((s) => isUnfinished(s, host));',
      put: 'view.shardlets().find((s) => s.id < 0);',
    },
  ],
  'marks prove nothing': [
    {
      file: `${HOSTS}/standing.ts`,
      find: 'if (proof.generation < generation) return WHOLE;',
      put: 'if (proof.generation <= generation) return WHOLE;',
    },
    {
      file: 'apps/worker/src/proof/prove-hosts.ts',
      find: 'this.noteOlder(host, after, found);',
      put: '',
    },
  ],
  'a loss begins no generation': [
    {
      file: `${MEMORY}/reading.ts`,
      find: '  state.generation = generation;\n',
      put: '',
    },
    {
      file: `${DECISIONS}/readmission.ts`,
      find: 'readmission.regressed?.accepted ?? host.generation',
      put: 'host.generation',
    },
  ],
  'an accepted loss leaves closed shardlets alone': {
    file: `${DECISIONS}/readmission.ts`,
    find: 'if (isMoveTo(shardlet, host.id)) return true;',
    put: "if (isMoveTo(shardlet, host.id)) return true;\n  if (shardlet.state.kind === 'closed') return false;",
  },
};

/** What the simulation does not run, or does not promise: found by the tests of that part. */
export const MUTANTS_OF_PARTS: Readonly<
  Record<string, Edit & { readonly project: string; readonly foundBy: string; readonly because: string }>
> = {
  // the marks find nearly every host that goes back, so the simulation meets these two too seldom
  'no count is judged': {
    file: `${HOSTS}/progress-watch.ts`,
    find: 'if (before < seenWhenSent)',
    put: 'if (before < 0)',
    project: 'unit',
    foundBy: 'packages/core/src/hosts/progress-watch.test.ts',
    because: 'is refused with what was seen and what it answered',
  },
  'all that is held is certain': {
    file: `${CORE}/readmission/remnant.ts`,
    find: 'certainSeq: Math.min(certainSeq, lastSeq),',
    put: 'certainSeq: lastSeq,',
    project: 'unit',
    foundBy: 'packages/core/src/readmission/regression.test.ts',
    because: 'names what it lost, from the last certain event on',
  },
  'events pass by those that are held': {
    file: 'apps/edge/src/ingest/ingestion.ts',
    find: 'return !this.held.isEmpty && this.held.holds(shardlet);',
    put: 'return this.held.isEmpty && this.held.holds(shardlet);',
    project: 'unit',
    foundBy: 'apps/edge/src/ingest/ingestion.test.ts',
    because: 'keeps the order of events that arrive while others are held',
  },
  'what is left over is dropped beside what clients wait for': {
    file: 'apps/worker/src/reconcile/reconcile.ts',
    find: 'const machines = finishingMachines(this.parts.follower.map, host.id);',
    put: `const { map } = this.parts.follower;
      const garbage = dueGarbage(map, host.id, this.parts.nowMs()).map((batch) => garbageMachine(batch, map));
      const machines = [...finishingMachines(map, host.id), ...garbage];`,
    project: 'unit',
    foundBy: 'apps/worker/src/reconcile/reconcile.test.ts',
    because: 'what clients wait for is finished before anything is dropped',
  },
  'copying.lua sums without the time of a record': {
    file: 'packages/core/src/adapters/redis/lua/copying.lua',
    find: '((a + ts) % DIGEST_PRIME_1)',
    put: '(a % DIGEST_PRIME_1)',
    project: 'contract',
    foundBy: 'packages/core/src/adapters/redis/redis-host.differential.contract.test.ts',
    because: 'the hosts differ',
  },
  'append.lua without its epoch check': {
    file: 'packages/core/src/adapters/redis/lua/append.lua',
    find: 'if not r or r.epoch ~= group.epoch or r.mode ~= OPEN then',
    put: 'if not r or r.mode ~= OPEN then',
    project: 'contract',
    foundBy: 'packages/core/src/adapters/redis/redis-host.differential.contract.test.ts',
    because: 'the hosts differ',
  },
  'a newer state that is put back is trusted by its marks': {
    file: `${CORE}/readmission/identity.ts`,
    find: 'if (suspended !== undefined && suspended.foundEmpty !== true) return refused',
    put: 'if (suspended?.accepted !== undefined) return refused',
    project: 'unit',
    foundBy: 'packages/core/src/readmission/readmission.test.ts',
    because: 'waits for a person',
  },
  'an edge overlooks that a shardlet has fewer records than before': {
    file: `${CORE}/heads/host-tables.ts`,
    find: 'lastSeq < known.lastSeq',
    put: 'lastSeq < 0',
    project: 'unit',
    foundBy: 'apps/edge/src/reading/unseen-set-back.test.ts',
    because: 'numbers that one of them had passed',
  },
  'an edge forgets what it has read when it looks at an answer': {
    file: `${CORE}/heads/host-tables.ts`,
    find: 'return isLess || this.showLessThanRead(host, table, answer);',
    put: 'return isLess;',
    project: 'unit',
    foundBy: 'apps/edge/src/reading/unseen-set-back.test.ts',
    because: 'though it shows more than the one before',
  },
  'what was read ahead of a host that went back is trusted once it has as much again': {
    file: 'apps/edge/src/reading/log/leaf.ts',
    find: 'if (this.isInDoubt && lastSeq >= this.reached) return true;',
    put: '',
    project: 'unit',
    foundBy: 'apps/edge/src/reading/unseen-set-back.test.ts',
    because: 'numbers that one of them had passed',
  },
  'the cache takes an answer that is older than what it says': {
    file: `${CORE}/caching/cached-reads.ts`,
    find: 'if (run !== this.run) return reply;',
    put: '',
    project: 'unit',
    foundBy: 'packages/core/src/caching/cached-reads.test.ts',
    because: 'keeps no answer to a question of before its host went back',
  },
  'a worker forgets what it found of a host when nobody heard it': {
    file: 'apps/worker/src/reconcile/reconcile.ts',
    find: 'this.unreported.note(host, { sight: identity, refusal });',
    put: '',
    project: 'unit',
    foundBy: 'apps/worker/src/reconcile/reconcile.test.ts',
    because: 'is suspended for it, though a newer one was put back',
  },
  'a worker forgets that a host answered it in an older generation': {
    file: 'apps/worker/src/hosts/host-doors.ts',
    find: 'if (earlier?.olderGeneration !== undefined)',
    put: 'if (earlier?.olderGeneration === Number.NaN)',
    project: 'unit',
    foundBy: 'apps/worker/src/hosts/host-doors.test.ts',
    because: 'although a newer state was put back',
  },
  'a child that has lost waits for its parents': {
    file: 'apps/edge/src/reading/log/merge-machine.ts',
    find: 'return this.lossOf(shardlet) !== undefined || shardlet.parents',
    put: 'return shardlet.parents',
    project: 'unit',
    foundBy: 'apps/edge/src/reading/log/merge-machine.loss.test.ts',
    because: 'sets the place back also where its parent',
  },
  'what moved away stays where it came back': {
    file: `${CORE}/readmission/regression.ts`,
    find: '    return [strayMachine(replica, at, { isKnown: known !== undefined, isKept })];',
    put: '    return [];',
    project: 'unit',
    foundBy: 'packages/core/src/readmission/regression.test.ts',
    because: 'drops again what moved away, and what was dropped',
  },
  'one parent that is not sealed makes a shardlet forget them all': {
    file: `${CORE}/restructuring/parents-beside.ts`,
    find: 'parents: action.parents.filter(({ shardlet }) => ids.has(shardlet))',
    put: 'parents: ids.size < 0 ? action.parents : []',
    project: 'unit',
    foundBy: 'packages/core/src/readmission/regression.test.ts',
    because: 'knows retries of one parent of a merged shardlet',
  },
  'a closed shardlet is sealed wherever it ends': {
    file: `${CORE}/readmission/regression.ts`,
    find: "return state.kind !== 'closed' || state.finalSeq === lastSeq;",
    put: 'return lastSeq >= 0 || state === undefined;',
    project: 'unit',
    foundBy: 'packages/core/src/readmission/regression.test.ts',
    because: 'state of its generation is put in place',
  },
  'owning.sql seals at any epoch': {
    file: 'packages/core/src/adapters/postgres/sql/owning.sql',
    find: "IF r.epoch IS DISTINCT FROM at_epoch OR r.mode NOT IN ('open', 'sealed') THEN",
    put: "IF r.epoch IS NULL OR r.mode NOT IN ('open', 'sealed') THEN",
    project: 'contract',
    foundBy: 'packages/core/src/adapters/postgres/postgres-host.differential.contract.test.ts',
    because: 'the hosts differ',
  },
  'reading.sql promises beside appends in flight': {
    file: 'packages/core/src/adapters/postgres/sql/reading.sql',
    find: 'host := foreshard.v1_enter_alone();\n  promise :=',
    put: 'host := foreshard.v1_enter();\n  promise :=',
    project: 'contract',
    foundBy: 'packages/core/src/adapters/postgres/postgres-host.concurrency.contract.test.ts',
    because: 'a promise waits for an append that is still in its transaction',
  },
  'reading.sql promises as often as anybody asks': {
    file: 'packages/core/src/adapters/postgres/sql/reading.sql',
    find: '  PERFORM pg_advisory_xact_lock(1718579813, 4);\n',
    put: '',
    project: 'contract',
    foundBy: 'packages/core/src/adapters/postgres/postgres-host.concurrency.contract.test.ts',
    because: 'of all who find the promise too old, in any process, one makes the next',
  },
};

const wanted = process.env.MUTANT;
if (wanted !== undefined) plant(MUTANTS[wanted] ?? MUTANTS_OF_PARTS[wanted]);

function plant(mutant: Mutant | undefined): void {
  if (mutant === undefined) throw new Error(`no mutant ${wanted}`);
  const edits = 'file' in mutant ? [mutant] : mutant;
  // scripts are read, not imported
  const read = fs.readFileSync;
  fs.readFileSync = ((path: fs.PathLike, ...rest: [never]) => {
    const text = read(path, ...rest);
    const name = String(path);
    return isEdited(edits, name) && !name.endsWith('.ts') ? mutated(edits, name, String(text)) : text;
  }) as typeof fs.readFileSync;
  // vitest reads the files that it transforms
  const readLater = fs.promises.readFile;
  fs.promises.readFile = (async (path: fs.PathLike, ...rest: [never]) => {
    const text = await readLater(path, ...rest);
    const name = String(path);
    return isEdited(edits, name) ? mutated(edits, name, String(text)) : text;
  }) as typeof fs.promises.readFile;
  syncBuiltinESMExports();
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      const name = url.startsWith('file:') ? fileURLToPath(url) : '';
      if (!isEdited(edits, name)) return loaded;
      return { ...loaded, source: mutated(edits, name, String(loaded.source)) };
    },
  });
}

function isEdited(edits: readonly Edit[], name: string): boolean {
  return edits.some((edit) => name.endsWith(edit.file));
}

function mutated(edits: readonly Edit[], name: string, text: string): string {
  return edits
    .filter((edit) => name.endsWith(edit.file))
    .reduce((before, { file, find, put }) => {
      if (!before.includes(find)) throw new Error(`${file} has no "${find}"`);
      return before.replace(find, put);
    }, text);
}
