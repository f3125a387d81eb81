/**
 * What progress-model.mjs is asked. `good` must hold; each mutant leaves one rule out, or takes it as decision 0023
 * was first written; `windows` are the losses that remain, shown to be reachable.
 */
const two = { events: 2, by: [0, 1] };
/** States of before and of after its generation has begun. */
const swapped = {
  events: 1,
  reader: true,
  rolled: true,
  fine: true,
  copyAgain: true,
  bud: { mark: 1, snap: 1, demote: 2, putBack: 1 },
};
/** An edge with the map of before the loss is answered in a state of before it. */
const beforeLoss = {
  events: 2,
  accepted: true,
  reader: true,
  bud: { mark: 1, demote: 1, putBack: 1 },
};
export const good = [
  {
    name: 'progress: set back in the same run, delayed append, reader',
    events: 2,
    reader: true,
    bud: { mark: 2, snap: 1, demote: 1, delay: 1 },
  },
  {
    name: 'progress: set back after the newest mark, a reader goes on with what an edge has read for others',
    ...two,
    reader: true,
    ahead: true,
    bud: { mark: 1, snap: 1, demote: 1, join: 1 },
  },
  {
    name: 'progress: a whole host, answers out of order, a wrong number',
    events: 2,
    by: [0, 0],
    bud: { mark: 1, delay: 2, wrong: 1, giveUp: 1 },
  },
  {
    name: 'progress: a whole host, marks sent again, promoted with nothing missing, restarted',
    ...two,
    harmless: 'only',
    bud: { mark: 2, resend: 1, lose: 1, demote: 1, restart: 1 },
  },
  {
    name: 'progress: marks sent again and overtaken, set back',
    ...two,
    bud: { mark: 2, resend: 1, lose: 1, snap: 1, demote: 1 },
  },
  {
    name: 'progress: started from a copy, restarts, reader',
    ...two,
    reader: true,
    bud: { mark: 2, snap: 1, restore: 1, restart: 1 },
  },
  {
    name: 'progress: set back twice, readers beside',
    ...two,
    bud: { mark: 2, snap: 1, demote: 2, look: 1 },
  },
  {
    name: 'progress: set back twice, copied between, readers beside',
    ...two,
    copyAgain: true,
    bud: { mark: 1, snap: 2, demote: 2, look: 1 },
  },
  {
    name: 'progress: set back in the same run, claimed, restarted before the loss is accepted',
    ...two,
    bud: { mark: 1, snap: 1, demote: 1, look: 1, restart: 1 },
  },
  {
    name: 'progress: set back in the same run, a newer state is put back',
    ...two,
    reader: true,
    bud: { mark: 2, snap: 1, demote: 1, putBack: 1 },
  },
  {
    name: 'progress: set back in the same run, found while T is away, a newer state is put back',
    ...two,
    reader: true,
    bud: { mark: 1, snap: 1, demote: 1, deaf: 1, putBack: 1 },
  },
  {
    name: 'progress: set back in the same run, restarted, a newer state is put back',
    ...two,
    bud: { mark: 1, snap: 1, demote: 1, restart: 1, putBack: 1 },
  },
  {
    name: 'progress: rolled, set back, another state put in its place while its loss is readmitted',
    ...swapped,
  },
  {
    name: 'progress: set back to before an accepted loss, a newer state is put back',
    ...beforeLoss,
  },
  {
    name: 'progress: an empty disk, an older one, the newest',
    ...two,
    bud: { mark: 1, snap: 1, restore: 1, empty: 1, putBack: 1 },
  },
  {
    name: 'progress: roll, set back, reader',
    ...two,
    reader: true,
    bud: { mark: 1, roll: 1, snap: 1, demote: 1 },
  },
  {
    name: 'progress: move, garbage dropped, either host set back',
    ...two,
    hosts: 2,
    bud: { mark: 1, move: 1, snap: 1, demote: 1 },
  },
  {
    name: 'progress: roll, move the child, purge, late create, set back',
    events: 0,
    hosts: 2,
    child: true,
    marked: true,
    backOn: 0,
    bud: { mark: 1, roll: 1, move: 1, purge: 1, again: 1, snap: 1, demote: 1 },
  },
  {
    name: 'progress: T copied with its worker, a decision is acted on after a mark',
    events: 0,
    hosts: 2,
    tight: true,
    marked: true,
    bud: { mark: 1, roll: 1, move: 1, copy: 1 },
  },
];
const purged = good.find((c) => c.bud.purge);
const twoPlanes = good.find((c) => c.bud.copy);
const back = { events: 2, reader: true, bud: { mark: 2, snap: 1, demote: 1 } };
const late = { ...back, bud: { ...back.bud, delay: 1 } };
const roll = { ...two, reader: true, bud: { mark: 1, roll: 1, snap: 1, demote: 1 } };
const move = { ...two, hosts: 2, bud: { mark: 1, move: 1, snap: 1, demote: 1 } };
export const mutants = [
  { name: 'progress: no count in answers', bugs: ['noCount'], ...back },
  {
    name: 'progress: an answer is compared with what was seen when it came',
    bugs: ['seenWhenAnswered'],
    ...two,
    by: [0, 0],
    bud: { delay: 2 },
  },
  { name: 'progress: a count, no mark', bugs: ['noMark'], ...late },
  { name: 'progress: certain is the last seq the host has', bugs: ['ownSeq'], ...late },
  { name: 'progress: accepting looks at open shardlets only', bugs: ['openOnly'], ...roll },
  { name: 'progress: accepting looks at closed shardlets only', bugs: ['closedOnly'], ...back },
  { name: 'progress: what should be gone is not dropped again', bugs: ['noRedrop'], ...move },
  {
    ...purged,
    name: 'progress: createFloor is not raised again',
    bugs: ['noFloor'],
  },
  {
    ...purged,
    name: 'progress, 0023: createFloor is raised after the shardlets were looked at',
    bugs: ['floorLast'],
  },
  {
    name: 'progress, 0023: accepting forgets the marks that were sent',
    bugs: ['sentForgotten'],
    ...two,
    bud: { mark: 3, resend: 1, snap: 1, demote: 2 },
  },
  {
    name: 'progress, 0023: a loss is accepted on answers of before the newest mark',
    bugs: ['endUnmarked'],
    ...two,
    copyAgain: true,
    bud: { mark: 1, snap: 2, demote: 2, look: 1 },
  },
  {
    name: 'progress, 0023: a run is trusted on answers of before the newest mark',
    bugs: ['readmitUnmarked'],
    ...two,
    bud: { snap: 1, restart: 1, demote: 1 },
  },
  { name: 'progress: accepting keeps the generation', bugs: ['sameGeneration'], ...back },
  {
    name: 'progress: a mark is sent before its pair is stored',
    bugs: ['pairNotStored'],
    ...two,
    bud: { mark: 2, lose: 1 },
  },
  { name: 'progress: the next pair before the answer', bugs: ['nextEarly'], ...two, bud: { mark: 2 } },
  {
    name: 'progress: a claim is believed',
    bugs: ['claimTrusted'],
    ...two,
    bud: { mark: 1, wrong: 1 },
  },
  {
    ...twoPlanes,
    bud: { roll: 1, move: 1, copy: 1 },
    name: 'progress: another control plane is not told apart',
    bugs: ['noForeign'],
  },
  { name: 'progress: readers are not set back', bugs: ['readerStays'], ...back },
  {
    name: 'progress: what an edge has read for others stays, although its host shows less',
    bugs: ['aheadKept'],
    ...two,
    reader: true,
    ahead: true,
    bud: { mark: 1, snap: 1, demote: 1, join: 1 },
  },
  // as the decision was first written
  {
    name: 'progress, 0023: the same pair is sent again',
    bugs: ['samePair'],
    ...two,
    bud: { mark: 1, resend: 1, snap: 1, demote: 1, delay: 1 },
  },
  {
    name: 'progress, 0023: only less is a regression, also for a call that changed something',
    bugs: ['lessOnly'],
    ...back,
  },
  {
    name: 'progress, 0023: a count below the claim confirms it',
    bugs: ['countConfirms'],
    ...two,
    bud: { wrong: 1 },
  },
  {
    name: 'progress, 0023: a claim that is not confirmed is dropped',
    bugs: ['deniedSilently'],
    ...two,
    bud: { snap: 1, demote: 1, look: 2 },
  },
  {
    name: 'progress, 0023: the promise of the mark the host holds, whenever it was marked',
    bugs: ['newestPromise'],
    ...back,
  },
  {
    name: 'progress, 0023: the promise of a mark that T never had confirmed',
    bugs: ['promiseOfHost'],
    ...two,
    bud: { mark: 2, resend: 1, snap: 1, demote: 1 },
  },
  {
    name: 'progress: another run is judged by its marks, whatever was certain when it was suspended',
    bugs: ['limitForgotten'],
    ...two,
    bud: { mark: 1, snap: 1, demote: 1, look: 1, restart: 1 },
  },
  {
    name: 'progress: a host that went back is used again when its marks are whole',
    bugs: ['wholeAgain'],
    ...two,
    bud: { mark: 2, snap: 1, demote: 1, putBack: 1 },
  },
  {
    name: 'progress: the same, where it was suspended in a run that nobody used',
    bugs: ['wholeInAnotherRun'],
    ...two,
    bud: { mark: 1, snap: 1, demote: 1, restart: 1, putBack: 1 },
  },
  {
    name: 'progress: a closed shardlet that ends elsewhere than T has noted is sealed where it ends',
    bugs: ['endsElsewhere'],
    ...swapped,
  },
  {
    name: 'progress: a worker forgets what it found of a host when T did not hear it',
    bugs: ['verdictForgotten'],
    ...two,
    bud: { mark: 1, snap: 1, demote: 1, deaf: 1, putBack: 1 },
  },
  {
    name: 'progress: a worker that is answered in an older generation waits for the map, and looks again',
    bugs: ['generationForgotten'],
    ...beforeLoss,
  },
  {
    name: 'progress: certain is what the disk that was put back has, not what was certain when it was suspended',
    bugs: ['limitAtAcceptance'],
    ...two,
    bud: { mark: 2, snap: 1, demote: 1, putBack: 1 },
  },
  { name: 'progress, 0023: a closed shardlet ends where the host has it', bugs: ['closedAtItsSeq'], ...roll },
  {
    name: 'progress, 0023: T decides on answers of before the newest mark (roll)',
    bugs: ['decideOnAnswers'],
    ...roll,
  },
  {
    name: 'progress, 0023: T decides on answers of before the newest mark (move)',
    bugs: ['decideOnAnswers'],
    ...move,
  },
  {
    name: 'progress: T decides on what a host showed before its mark (roll)',
    bugs: ['lookedBefore'],
    ...roll,
  },
  {
    name: 'progress: T decides on what a host showed before its mark (move)',
    bugs: ['lookedBefore'],
    ...move,
  },
  {
    name: 'progress: T is not told of a mark that was confirmed',
    bugs: ['confirmedUntold'],
    ...two,
    bud: { mark: 1, snap: 1, demote: 1 },
  },
  { name: 'progress, 0023: what rose again is dropped and not noted', bugs: ['risenNotNoted'], ...move },
  { name: 'progress, 0023: drop removes what is open', bugs: ['dropsOpen'], ...move },
  {
    name: 'progress, 0023: a restart of an `always` host notes no loss',
    bugs: ['readmitNotNoted'],
    noWindow: true,
    ...two,
    bud: { mark: 1, snap: 1, restore: 1 },
  },
];
export const windows = [
  { ...back, name: 'window: set back after the newest mark, seen by nobody', noWindow: true },
  { ...twoPlanes, name: 'window: two control planes between two marks', tight: false },
];
