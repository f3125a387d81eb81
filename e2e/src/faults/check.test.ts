/** The checker is only worth something if it sees a loss: every fault it should find is planted here. */
import { beforeEach, describe, expect, it } from 'vitest';
import { differences, findFaults, type LogEntry } from './check.ts';
import { Journal } from './journal.ts';

const SOURCE = '/test';
let journal: Journal;
let log: LogEntry[];

/** Two keys on two shardlets, sent one after the other, then two of one key in one request. */
beforeEach(() => {
  journal = new Journal();
  log = [];
  for (const n of [1, 2, 3]) store(['a', 'b'], n);
  journal.send('a.4', 'a');
  journal.send('a.5', 'a');
  log.push(entry('a.4', 'a', 4, 14), entry('a.5', 'a', 5, 15));
  journal.acknowledge([result(log[6]!), result(log[7]!)]);
});

function store(keys: readonly string[], n: number): void {
  for (const key of keys) {
    journal.send(`${key}.${n}`, key);
    log.push(entry(`${key}.${n}`, key, n, 10 + n));
    journal.acknowledge([result(log.at(-1)!)]);
  }
}

function entry(id: string, key: string, seq: number, ts: number): LogEntry {
  return { shardlet: key === 'a' ? 1 : 2, seq, ts, event: { id, source: SOURCE, subject: key } };
}

function result({ shardlet, seq, ts, event: { id } }: LogEntry) {
  return { id, status: 'stored', shardlet, seq, ts } as const;
}

/** With the place of another entry: what readers would see had the host stored them the other way round. */
function swap(first: string, second: string): void {
  const [a, b] = [first, second].map((id) => log.findIndex(({ event }) => event.id === id)) as [
    number,
    number,
  ];
  const [of, other] = [log[a]!.event, log[b]!.event];
  log[a] = { ...log[a]!, event: other };
  log[b] = { ...log[b]!, event: of };
}

const faults = () => findFaults(journal, SOURCE, log);

describe('the checker', () => {
  it('has nothing to say about a log that holds what was acknowledged, in order', () => {
    expect(faults()).toEqual([]);
  });

  it('finds an acknowledged event that is not in the log', () => {
    journal.send('a.6', 'a');
    journal.acknowledge([{ id: 'a.6', status: 'stored', shardlet: 1, seq: 6, ts: 16 }]);
    expect(faults()).toEqual(['missing: a.6, stored as 1/6']);
  });

  it('finds one that has gone from the log', () => {
    log.splice(3, 1);
    expect(faults()).toEqual(['missing: b.2, stored as 2/2']);
  });

  it('finds one that is there twice', () => {
    log.push({ ...entry('b.1', 'b', 4, 16) });
    expect(faults()).toContain('twice: b.1');
  });

  it('finds one that nobody has sent', () => {
    log.push(entry('b.9', 'b', 4, 16));
    expect(faults()).toEqual(['never sent: b.9']);
  });

  it('lets an event be that was sent and stored but never acknowledged', () => {
    journal.send('b.9', 'b');
    log.push(entry('b.9', 'b', 4, 16));
    expect(faults()).toEqual([]);
  });

  it('finds one that is elsewhere than the client was told', () => {
    journal.send('b.4', 'b');
    log.push(entry('b.4', 'b', 5, 16));
    journal.acknowledge([{ id: 'b.4', status: 'duplicate', shardlet: 2, seq: 4 }]);
    expect(faults()).toEqual(['elsewhere: b.4, duplicate as 2/4 at undefined, is 2/5 at 16']);
  });

  it('finds two of a key that were sent one after the other and stand the other way round', () => {
    swap('a.1', 'a.2');
    expect(faults()).toContain(
      'key order: a.2 of a stands before one that was acknowledged before it was sent',
    );
  });

  it('finds two of a key that one request has sent and that stand the other way round', () => {
    swap('a.4', 'a.5');
    expect(faults()).toContain('key order: a.5 of a stands before a.4, which was sent before it');
  });

  it('lets two of a key be that were on their way at the same time', () => {
    journal.send('b.4', 'b');
    journal.send('b.5', 'b');
    log.push(entry('b.5', 'b', 4, 16), entry('b.4', 'b', 5, 17));
    journal.acknowledge([result(log.at(-1)!)]);
    journal.acknowledge([result(log.at(-2)!)]);
    expect(faults()).toEqual([]);
  });

  it('finds events of others out of the global order', () => {
    const other = entry('x', 'b', 9, 14);
    log.push({ ...other, event: { ...other.event, source: '/others' } });
    expect(faults()).toEqual(['out of order: 1/5 at 15 stands before 2/9 at 14']);
  });
});

describe('two readers', () => {
  it('have seen the same', () => {
    expect(differences('the second', log, [...log])).toEqual([]);
  });

  it('differ where one of them has missed an event', () => {
    expect(differences('the second', log, log.toSpliced(2, 1))).toEqual([
      'the second differs at 2 (of 8 and 7): 1/2 at 12, 2/2 at 12',
    ]);
    expect(differences('the second', log, log.slice(0, -1))).toHaveLength(1);
    expect(differences('the second', log.slice(0, -1), log)).toHaveLength(1);
  });
});
