import { describe, expect, it } from 'vitest';
import { policySchema } from '../planning/index.ts';
import {
  type Alarm,
  type AlarmRecord,
  alarmsAfter,
  checkpointAlarm,
  damagedAlarm,
  hostAlarms,
  membersAlarm,
} from './alarms.ts';
import { type Attempt, afterAttempt, type Delivery } from './delivery.ts';
import { messageOf } from './message.ts';
import { type Notice, noticesOf, startSubjectOf } from './notices.ts';
import { privateNetworksOf, shownTarget, type Target, targetRequestSchema } from './target.ts';

const alarm: Alarm = {
  key: 'host:3:away',
  kind: 'alarm.host',
  level: 'bad',
  title: 'Host 3 does not answer',
  text: '',
  path: '/hosts',
};
const S = 1_000;

/** What a record becomes while it is looked at every five seconds and is there or not. */
function watch(there: readonly boolean[]): AlarmRecord[] {
  const course: AlarmRecord[] = [];
  let known: readonly AlarmRecord[] = [];
  there.forEach((isThere, i) => {
    const { changed } = alarmsAfter(known, isThere ? [alarm] : [], i * 5 * S);
    known = changed.length > 0 ? changed : known;
    course.push(known[0]!);
  });
  return course;
}

describe('an alarm', () => {
  it('is one incident while it lasts', () => {
    expect(watch([true, true, true]).at(-1)).toMatchObject({ sinceMs: 0, endedMs: null });
  });

  it('that comes back soon is the same incident', () => {
    expect(watch([true, false, true]).at(-1)).toMatchObject({ sinceMs: 0, endedMs: null });
  });

  it('that comes back late is another one', () => {
    const course = watch([true, false, false, false, false, false, true]);
    expect(course[1]).toMatchObject({ endedMs: 5 * S });
    expect(course.at(-1)).toMatchObject({ sinceMs: 30 * S, endedMs: null });
  });

  it('is forgotten long after it ended', () => {
    const ended = { ...alarm, sinceMs: 0, endedMs: 1 };
    expect(alarmsAfter([ended], [], 8 * 86_400 * S)).toEqual({ changed: [], forgotten: [alarm.key] });
  });

  it('is raised where retention meets what a recovery needs, and is worse where nothing holds it', () => {
    const overtaken = { group: 'g', stream: 's', shardlets: 2, events: 70 };
    expect(checkpointAlarm({ ...overtaken, holds: true })).toMatchObject({ level: 'warn', key: 'state:g' });
    const lossy = checkpointAlarm({ ...overtaken, holds: false });
    expect(lossy).toMatchObject({ level: 'bad', text: expect.stringContaining('70 events of stream s') });
  });

  it('is raised by checkpoints that cannot be restored, once for a group', () => {
    const damaged = [1, 1, 2].map((shardlet) => ({
      id: `c${shardlet}`,
      shardlet,
      verifyError: 'It is gone.',
    }));
    const { key, text } = damagedAlarm('g', damaged);
    expect(key).toBe('damaged:g');
    expect(text).toMatch(/^Damaged: 3, of 2 shardlets, for example c1: It is gone\. /);
  });

  it('is raised by a group that needs members, not by one that has none or enough', () => {
    const seen = { group: 'g', members: 2, wantedAhead: 5, moreFromMs: Date.UTC(2026, 10, 24, 17, 50) };
    expect(membersAlarm(seen, 0)!.title).toBe('g needs 3 more members from 17:50 UTC');
    expect(membersAlarm({ ...seen, wantedAhead: 3 }, seen.moreFromMs)!.title).toBe(
      'g needs 1 more member now',
    );
    for (const none of [
      { members: 0 },
      { members: 5 },
      { wantedAhead: undefined },
      { moreFromMs: undefined },
    ])
      expect(membersAlarm({ ...seen, ...none }, 0)).toBeUndefined();
  });

  it('is raised by a host that is away, refused, full or soon full', () => {
    const report = { measuredAtMs: 0, reachable: true, incarnationKnown: true, limitBytes: 100 };
    const seen = (change: object) => hostAlarms([{ id: 3, name: 'c', report: { ...report, ...change } }]);
    expect(seen({ usedBytes: 50 })).toEqual([]);
    expect(seen({ usedBytes: 95 })[0]!.key).toBe('host:3:full');
    expect(seen({ usedBytes: 50, hoursToFull: 0.5 })[0]!.key).toBe('host:3:filling');
    // as on the page Hosts: a burst on a host that is nearly empty is no growth
    expect(seen({ usedBytes: 24, hoursToFull: 0.5 })).toEqual([]);
    expect(seen({ usedBytes: 25, hoursToFull: 0.5 })[0]!.key).toBe('host:3:filling');
    expect(seen({ reachable: false, reason: 'refused' })[0]).toMatchObject({
      key: 'host:3:away',
      text: 'refused',
    });
    const other = { reason: 'regressed', detail: 'other data', sinceMs: 0 };
    expect(seen({ reachable: false, alarm: other })[0]).toMatchObject({
      key: 'host:3:refused',
      title: 'Host c went back to an older state',
      text: expect.stringMatching(/^other data\. Start it on a newer copy/),
    });
  });
});

describe('notices of an alarm', () => {
  const noticesAt = (record: AlarmRecord, nowMs: number) =>
    noticesOf({
      ...{ recommendations: [], moves: [], alarms: [record], policy: {} as never },
      ...{ hostNames: new Map(), nowMs },
    });

  it('wait until it is no blink, and until its end is no pause', () => {
    const record = { ...alarm, sinceMs: 0, endedMs: null };
    expect(noticesAt(record, 19 * S)).toEqual([]);
    expect(noticesAt(record, 20 * S)).toMatchObject([{ subject: 'alarm:host:3:away:0', level: 'bad' }]);
    expect(noticesAt({ ...record, endedMs: 60 * S }, 70 * S)).toEqual([]);
    const [over] = noticesAt({ ...record, endedMs: 60 * S }, 80 * S);
    expect(over).toMatchObject({ level: 'ok', title: 'Over: Host 3 does not answer' });
    expect(startSubjectOf(over!.subject)).toBe('alarm:host:3:away:0');
  });
});

describe('notices of recommendations', () => {
  const record = (id: number, action: string, firstMs = 0) =>
    ({
      ...{ id, revision: 2, cluster: '', state: 'open', firstMs, lastMs: firstMs },
      body: {
        action,
        shardlets: ['7'],
        source: '1',
        destination: '2',
        urgency: 'soon',
        overloadAt: null,
        reason: 'x',
      },
    }) as never;
  const noticesIn = (mode: string, recommendations: never[], moves: never[] = []) =>
    noticesOf({
      ...{ recommendations, moves, alarms: [], policy: policySchema.parse({ mode }) },
      ...{ hostNames: new Map([[1, 'rack-a']]), nowMs: 0 },
    });
  const subjectsIn = (mode: string, ...recommendations: never[]) =>
    noticesIn(mode, recommendations).map(({ subject }) => subject);

  it('call hosts by their names, and by their numbers when they are gone', () => {
    const move = {
      ...{ id: 4, result: 'aborted', order: null, shardlet: '7', source: 1, dest: 2 },
      ...{ detail: '', endedAtMs: 0 },
    } as never;
    expect(
      noticesIn('ask', [record(1, 'move'), record(2, 'remove-host')], [move]).map(({ title }) => title),
    ).toEqual([
      'The move of shardlet 7 from rack-a to host 2 was given up',
      'Move shardlet 7 from rack-a to host 2 (recommendation 1)',
      'Remove rack-a (recommendation 2)',
    ]);
  });

  it('have one subject for each revision, but one a day for whichever host could go', () => {
    const day = 86_400_000;
    expect(
      subjectsIn('ask', record(1, 'move'), record(2, 'remove-host'), record(3, 'remove-host', day)),
    ).toEqual(['recommendation:1:2', 'remove-host::1970-01-01', 'remove-host::1970-01-02']);
  });

  it('are none where nobody can approve them', () => {
    expect(subjectsIn('forecast-only', record(1, 'move'))).toEqual([]);
  });
});

describe('a delivery', () => {
  const fresh: Delivery = {
    ...{ id: 'msg_1', target: 'ops', title: '', body: '{}', createdMs: 0 },
    ...{ state: 'waiting', failures: 0, nextMs: 0, attempts: [] },
  };
  const tried = (change: Partial<Attempt>): Attempt => ({
    ...{ atMs: 1_000_000, durationMs: 5, status: 503, response: '', mayPass: true },
    ...change,
  });

  it('ends when it is taken', () => {
    expect(afterAttempt(fresh, tried({ status: 204 }), 0)).toMatchObject({ state: 'delivered' });
  });

  it('is tried later and later, and given up in the end', () => {
    let delivery = fresh;
    const waits: number[] = [];
    while (delivery.state === 'waiting') {
      delivery = afterAttempt(delivery, tried({ status: null }), 0);
      if (delivery.state === 'waiting') waits.push((delivery.nextMs - 1_000_000) / S);
    }
    expect(waits).toEqual([5, 30, 120, 600, 1_800, 7_200, 18_000]);
    expect(delivery).toMatchObject({ state: 'failed', failures: 8 });
    expect(delivery.attempts).toHaveLength(8);
  });

  it('is given up at once when the address may not be sent to, or is gone', () => {
    expect(afterAttempt(fresh, tried({ status: null, mayPass: false }), 0).state).toBe('failed');
    expect(afterAttempt(fresh, tried({ status: 410 }), 0).state).toBe('failed');
  });

  it('of many that failed together comes at a time of its own', () => {
    expect(afterAttempt(fresh, tried({}), 0.5).nextMs).toBe(1_000_000 + 5_500);
  });
});

describe('a message', () => {
  const notice = (n: number): Notice => ({
    ...{ kind: 'alarm.host', subject: `s${n}`, level: 'bad', atMs: 0, path: '/hosts' },
    ...{ title: `Host <${n}> & co`, text: 'It is away.' },
  });
  const context = { nowMs: 60_000, consoleUrl: 'http://console.test:7080' };

  it('for Slack has a text and blocks, with links, and nothing that Slack would read as markup', () => {
    const { body } = messageOf([notice(1)], 'slack', context);
    expect(JSON.parse(body)).toEqual({
      text: 'Host &lt;1&gt; &amp; co',
      blocks: [
        {
          type: 'section',
          text: {
            type: 'mrkdwn',
            text: ':red_circle: *<http://console.test:7080/hosts|Host &lt;1&gt; &amp; co>*\nIt is away.',
          },
        },
      ],
    });
  });

  it('tells many things in one, and how many there are more', () => {
    const many = Array.from({ length: 30 }, (_, n) => notice(n));
    const slack = JSON.parse(messageOf(many, 'slack', context).body);
    expect(slack.blocks).toHaveLength(22);
    expect(slack.blocks.at(-1).text.text).toBe('and 10 more');
    const plain = JSON.parse(messageOf(many, 'webhook', context).body);
    expect(plain).toMatchObject({ type: 'foreshard.notices', timestamp: '1970-01-01T00:01:00.000Z' });
    expect(plain.data).toMatchObject({ count: 30, notices: { length: 20 } });
    expect(plain.data.notices[0]).toMatchObject({ subject: 's0', url: 'http://console.test:7080/hosts' });
  });

  it('has no links where nobody said where the console is', () => {
    const plain = JSON.parse(messageOf([notice(1)], 'webhook', { ...context, consoleUrl: undefined }).body);
    expect(plain.data.notices[0].url).toBeNull();
  });
});

describe('a target', () => {
  it('wants all kinds unless it names some', () => {
    const request = { name: 'ops', url: 'https://example.com/hook' };
    expect(targetRequestSchema.parse(request).kinds).toContain('move.failed');
    expect(targetRequestSchema.safeParse({ ...request, kinds: ['lunch'] }).success).toBe(false);
    expect(targetRequestSchema.safeParse({ ...request, url: 'file:///etc/passwd' }).success).toBe(false);
    expect(targetRequestSchema.safeParse({ ...request, url: 'example.com' }).success).toBe(false);
    const login = targetRequestSchema.safeParse({ ...request, url: 'https://user:pw@example.com/hook' });
    expect(login.error?.issues[0]?.message).toContain('no user or password');
  });

  it('is shown without what would let others write there', () => {
    const target = (change: object): Target => ({
      ...targetRequestSchema.parse({ name: 'ops', url: 'https://hooks.test/a/b' }),
      ...{ secret: 'whsec_x', enabled: true, createdMs: 0, createdBy: 'ann', quietUntilMs: 0 },
      ...change,
    });
    expect(JSON.stringify(shownTarget(target({})))).not.toContain('whsec');
    expect(shownTarget(target({ format: 'slack' })).url).toBe('https://hooks.test/...');
    expect(shownTarget(target({ url: 'https://hooks.test/?key=1' })).url).toBe('https://hooks.test/...');
    expect(shownTarget(target({ url: 'https://discord.com/api/webhooks/1/canary' })).url).not.toContain(
      'canary',
    );
    expect(shownTarget(target({ url: 'https://hooks.test/a/b#canary' })).url).toBe('https://hooks.test/a/b');
    expect(shownTarget(target({})).url).toBe('https://hooks.test/a/b');
  });
});

describe('the networks that may be private', () => {
  const of = (named: string[], earlier: string[]) =>
    privateNetworksOf({ FORESHARD_PRIVATE_NETWORKS: named, FORESHARD_WEBHOOK_NETWORKS: earlier });

  it('are those of messages and of servers', () => {
    expect(of(['10.0.0.0/8'], [])).toEqual({
      ...{ webhookNetworks: ['10.0.0.0/8'], serverNetworks: ['10.0.0.0/8'], networksWarning: undefined },
    });
    expect(of([], [])).toMatchObject({ webhookNetworks: [], serverNetworks: undefined });
  });

  it('by the name of an earlier release are those of messages alone, with a warning', () => {
    const earlier = of([], ['10.0.0.0/8']);
    expect(earlier).toMatchObject({ webhookNetworks: ['10.0.0.0/8'], serverNetworks: undefined });
    expect(earlier.networksWarning).toContain('set FORESHARD_PRIVATE_NETWORKS');
    const both = of(['10.0.0.0/8'], ['192.168.0.0/16']);
    expect(both.webhookNetworks).toEqual(['10.0.0.0/8']);
    expect(both.networksWarning).toContain('remove it');
  });
});
