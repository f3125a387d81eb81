// Consumer groups as edges serve them: two members, two edges, each edge with a map and a view of the group that may
// both be old. A poll gives a sign of life, which tells whether the view is old; the assignment is judged by the store
// only where the view shows that something may have changed; commits go past it under a fence. An effect counts when its
// commit is taken. Hosts may lose the last record (T then names epoch and place), shardlets are rolled and split, also
// without an event in between.
const EDGES = [0, 1];
const MEMBERS = [0, 1];

export function groupViewsModel(cfg) {
  const bug = new Set(cfg.bugs || []);
  const keys = cfg.keys;
  const bit = (i) => 1 << i;
  const cp = (x) => JSON.parse(JSON.stringify(x));
  const K = Math.max(...keys) + 1;

  // what a map tells of a shardlet: `end` is -1 while it is open
  const seen = (S) =>
    S.map(({ e, par, lost, c, log }) => ({ e, par, lost: cp(lost), end: c ? log.length : -1 }));
  const S0 = (cfg.ranges || [bit(K) - 1]).map((r) => ({ r, log: [], c: 0, par: [], e: 1, lost: [] }));
  const init = {
    S: S0,
    n: 0,
    // events that a host has lost, as bits
    x: 0,
    t: 1,
    map: EDGES.map(() => seen(S0)),
    // the store: version, members (0 none, 1 alive, 2 silent for a session), checkpoints, commits by member
    g: { v: 0, mem: [0, 0], ck: [], cm: [0, 0] },
    // a change that has read and not written: only a mutant lets commits in between
    open: null,
    view: EDGES.map(() => null),
    // members: the version they know, what they hold by shardlet, what they have let go of
    m: MEMBERS.map(() => ({ kv: -1, h: {}, has: {}, gone: {} })),
    out: [],
    b: { ...cfg.bud },
    bad: '',
  };

  const setBack = ({ q, e }, lost) => {
    let [q2, e2] = [q, e];
    if (!bug.has('noEpoch'))
      for (const [E, l] of lost) if (E > e) [q2, e2] = [Math.min(q2, l), Math.max(e2, E)];
    return q2 === q && e2 === e ? null : { q: q2, e: e2 };
  };
  const isDone = (sh, c) => {
    if (sh.end < 0) return false;
    const back = c && setBack(c, sh.lost);
    return (back ? back.q : c ? c.q : 0) >= sh.end;
  };

  /** What a sign of life of `m` does to a state, by a map; answers whether anything changes. */
  function attend(g, map, m, busy) {
    let changed = g.mem[m] !== 1;
    const put = (i, c) => {
      changed = true;
      g.ck[i] = { ...c, a: ++g.v };
    };
    const free = (i) => put(i, { ...g.ck[i], m: -1, rev: false });
    g.mem[m] = 1;
    for (const other of MEMBERS) if (g.mem[other] === 2) [g.mem[other], changed] = [0, true];
    g.ck.forEach((c, i) => {
      if (!c || c.m < 0) return;
      const sh = map[i];
      if (g.mem[c.m] !== 1) free(i);
      else if (c.m === m && sh && sh.end >= 0 && c.q >= sh.end) free(i);
      else if (c.m === m && c.rev && (!busy.has(i) || bug.has('takesBusy'))) free(i);
    });
    const work = [];
    const waits = new Set();
    const late = new Set();
    map.forEach((sh, i) => {
      const done = isDone(sh, g.ck[i]);
      const parents = bug.has('parentsOnly') ? [] : sh.par;
      const waiting = bug.has('early')
        ? false
        : bug.has('parentsOnly')
          ? sh.par.some((p) => !isDone(map[p], g.ck[p]))
          : sh.par.some((p) => waits.has(p));
      const early = parents.some((p) => late.has(p));
      if (!done && !waiting) work.push(i);
      if (!done && early && g.ck[i]?.m >= 0) free(i);
      if (!done || waiting) waits.add(i);
      if (early || (!done && sh.end >= 0)) late.add(i);
    });
    for (const i of work) {
      const c = g.ck[i] || { q: 0, e: 0, a: 0, m: -1, rev: false };
      const back = setBack(c, map[i].lost);
      if (back || !g.ck[i]) put(i, { ...c, ...back });
    }
    const alive = MEMBERS.filter((x) => g.mem[x] === 1);
    const left = work.filter((i) => !isDone(map[i], g.ck[i]));
    const held = alive.map((x) => left.filter((i) => g.ck[i].m === x));
    for (const i of left.filter((j) => g.ck[j].m < 0)) {
      const least = held.reduce((b, h, x) => (h.length < held[b].length ? x : b), 0);
      held[least].push(i);
      put(i, { ...g.ck[i], m: alive[least], rev: false });
    }
    const share = Math.floor(left.length / alive.length);
    let lack = held.reduce((n, h) => n + Math.max(0, share - h.length), 0);
    for (const h of held) {
      const want = Math.min(lack, Math.max(0, h.length - share));
      lack -= want;
      [...h].reverse().forEach((i, at) => {
        if (g.ck[i].rev !== at < want) [g.ck[i].rev, changed] = [at < want, true];
      });
    }
    // every change has a version of its own, also one that assigns nothing
    if (changed && !bug.has('silentChange')) g.v++;
    return changed;
  }

  const stir = (V) => {
    V.dirty = bit(MEMBERS.length) - 1;
  };
  function load(u, k) {
    const V = u.view[k];
    const fresh = cp(u.g);
    if (V && !bug.has('noMerge'))
      fresh.ck.forEach((c, i) => {
        const b = V.ck[i];
        if (c && b && b.a === c.a && b.q > c.q) Object.assign(c, { q: b.q, e: b.e });
      });
    u.view[k] = { ...fresh, dirty: 0 };
    stir(u.view[k]);
  }
  function move(u, k, i, q, e, a) {
    const c = u.view[k].ck[i];
    if (!c || c.a !== a || c.q > q) return;
    Object.assign(c, { q, e });
    const sh = u.map[k][i];
    if (sh && sh.end >= 0 && q >= sh.end && !bug.has('noEndTrigger')) stir(u.view[k]);
  }
  function catchUp(u, k) {
    const before = JSON.stringify(u.map[k].map(({ end, lost }) => [end, lost.length]));
    u.map[k] = seen(u.S);
    const after = JSON.stringify(u.map[k].map(({ end, lost }) => [end, lost.length]));
    if (u.view[k] && before !== after && !bug.has('noMapTrigger')) stir(u.view[k]);
  }
  const busyOf = (u, m, ck) =>
    new Set(
      Object.entries(u.m[m].h)
        .filter(([i, h]) => ck[i] && ck[i].a === h.a && h.q > ck[i].q)
        .map(([i]) => Number(i)),
    );

  /** Under the lock of the group: what it finds is what it changes. */
  function change(u, k, m) {
    const before = cp(u.g);
    const g = u.g;
    attend(g, u.map[k], m, busyOf(u, m, g.ck));
    if (!bug.has('takesBusy') || u.bad === '')
      before.ck.forEach((c, i) => {
        if (!c || c.m < 0 || before.mem[c.m] !== 1 || g.ck[i].m === c.m) return;
        const h = u.m[c.m].h[i];
        const isForced = setBack(c, u.S[i].lost) || u.S[i].par.length > 0;
        if (h && h.a === c.a && h.q > c.q && !isForced)
          u.bad = `s${i} was taken from m${c.m}, which lives and holds events of it`;
      });
    u.view[k] = { ...cp(g), dirty: u.view[k] ? u.view[k].dirty : 0 };
    if (before.v !== g.v || !u.view[k].dirty) stir(u.view[k]);
  }

  /** `touched`: with a sign of life; without one only for a member that names a version which the view has. */
  function poll(u, m, k, touched) {
    let must = false;
    if (touched) {
      if (!u.view[k] || (u.view[k].v < u.g.v && !bug.has('oldView'))) load(u, k);
      else if (u.view[k].cm[m] !== u.g.cm[m] && !bug.has('noCount')) {
        for (const [i, c] of u.g.ck.entries()) if (c?.m === m) move(u, k, i, c.q, c.e, c.a);
        u.view[k].cm[m] = u.g.cm[m];
      }
      must = u.g.mem[m] !== 1 || MEMBERS.some((x) => x !== m && u.g.mem[x] === 2);
    }
    const V = u.view[k];
    if (V.ck.some((c, i) => c && c.m === m && i >= u.map[k].length)) catchUp(u, k);
    const busy = busyOf(u, m, V.ck);
    let wants = must || V.ck.some((c, i) => c && c.m === m && c.rev && !busy.has(i));
    if (!wants && V.dirty & bit(m)) {
      wants = attend({ ...cp(V) }, u.map[k], m, busy);
      if (!wants) V.dirty &= ~bit(m);
    }
    if (wants) {
      if (u.b.change <= 0) return false;
      u.b.change--;
      change(u, k, m);
    }
    give(u, m, k);
    return true;
  }

  function give(u, m, k) {
    const V = u.view[k];
    const me = u.m[m];
    for (const [i, a] of Object.entries(me.has))
      if (!V.ck[i] || V.ck[i].m !== m || V.ck[i].a !== a) {
        me.gone[i] = Math.max(me.gone[i] || 0, a);
        delete me.has[i];
      }
    me.kv = Math.max(me.kv, V.v);
    V.ck.forEach((c, i) => {
      if (!c || c.m !== m) return;
      if ((me.gone[i] || 0) >= c.a) u.bad = `m${m} gets s${i} again, in an assignment that it let go of`;
      me.has[i] = c.a;
      const sh = u.map[k][i];
      // a later epoch than the map's: only the topology store knows what was lost before it
      const isUnknown = u.S[i].e > (sh ? sh.e : 0) && !bug.has('newEpochTaken');
      if (c.rev || !sh || isUnknown || (setBack(c, sh.lost) && !bug.has('newEpochTaken'))) return;
      const h =
        me.h[i]?.a === c.a && me.h[i].q >= c.q ? me.h[i] : { from: c.q, q: c.q, a: c.a, e: c.e, x: [] };
      const log = u.S[i].log.slice(h.q);
      if (log.length === 0) return;
      me.h[i] = {
        from: h.from,
        q: h.q + log.length,
        a: c.a,
        e: h.x.length ? h.e : u.S[i].e,
        x: [...h.x, ...log],
      };
    });
  }

  function commit(u, m, k, i) {
    const me = u.m[m];
    const h = me.h[i];
    const c = u.g.ck[i];
    const V = u.view[k];
    const taken = c && c.q <= h.q && ((c.a === h.a && c.m === m) || bug.has('noFence'));
    u.g.cm[m]++;
    if (taken) {
      for (let s = c.q; s < h.q; s++) {
        const x = h.x[s - h.from];
        if (x === undefined) u.bad = `s${i} is committed past #${s}, which m${m} was never given`;
        if (x === undefined) continue;
        // the host has lost it: whoever was given it before may count it, and nobody knows it any more
        if (u.x & bit(x)) continue;
        if (u.out.includes(x)) u.bad = `event ${x} counts twice`;
        if (u.out.some((y) => y > x && keys[y] === keys[x]))
          u.bad = `event ${x} counts after a later one of its key`;
        u.out.push(x);
      }
      Object.assign(u.g.ck[i], { q: h.q, e: h.e });
    }
    if (V) {
      if (taken) move(u, k, i, h.q, h.e, h.a);
      V.cm[m] = taken && V.cm[m] === u.g.cm[m] - 1 ? u.g.cm[m] : -1;
    }
    delete me.h[i];
  }

  const add = (u, r, par) => {
    u.S.push({ r, log: [], c: 0, par, e: ++u.t, lost: [] });
  };

  function next(s, out) {
    const go = (l, f) => {
      const t = cp(s);
      if (f(t) !== false) out(l, t);
    };
    s.S.forEach((S, i) => {
      if (S.c) return;
      if (s.n < keys.length && S.r & bit(keys[s.n]))
        go(`append ${s.n} to s${i}`, (u) => void u.S[i].log.push(u.n++));
      if (s.b.roll > 0)
        go(`roll s${i}`, (u) => {
          u.b.roll--;
          u.S[i].c = 1;
          add(u, S.r, [i]);
        });
      const a = S.r & -S.r;
      if (s.b.split > 0 && S.r & ~a)
        go(`split s${i}`, (u) => {
          u.b.split--;
          u.S[i].c = 1;
          for (const r of [a, S.r & ~a]) add(u, r, [i]);
        });
      if (s.b.lose > 0 && S.log.length)
        go(`the host loses #${S.log.length} of s${i}`, (u) => {
          u.b.lose--;
          const q = u.S[i];
          u.x |= bit(q.log.pop());
          q.e = ++u.t;
          q.lost.push([q.e, q.log.length]);
        });
    });
    for (const k of EDGES) {
      if (JSON.stringify(s.map[k]) !== JSON.stringify(seen(s.S)))
        go(`e${k} catches up`, (u) => catchUp(u, k));
      for (const m of MEMBERS) {
        if (s.b.join <= 0 && s.g.mem[m] === 0) continue;
        go(`m${m} polls at e${k}`, (u) => {
          if (u.g.mem[m] === 0) u.b.join--;
          return poll(u, m, k, true);
        });
        const names = s.m[m].kv >= 0 && (s.view[k]?.v >= s.m[m].kv || bug.has('noVersion'));
        if (s.view[k] && names && s.view[k].mem[m] === 1)
          go(`m${m} polls at e${k}, which heard of it just now`, (u) => poll(u, m, k, false));
        for (const i of Object.keys(s.m[m].h))
          if (s.b.commit > 0)
            go(`m${m} commits s${i} at e${k}`, (u) => {
              u.b.commit--;
              commit(u, m, k, i);
            });
      }
    }
    for (const m of MEMBERS) {
      if (s.g.mem[m] === 1 && s.b.silent > 0)
        go(`m${m} is silent for a session`, (u) => {
          u.b.silent--;
          u.g.mem[m] = 2;
          u.m[m].gone = {};
          u.m[m].has = {};
        });
      if (s.b.crash > 0 && Object.keys(s.m[m].h).length)
        go(`m${m} forgets what it holds`, (u) => {
          u.b.crash--;
          u.m[m].h = {};
        });
    }
  }

  /** What no event told: a member went to an end through an edge that does not know where the end is. */
  function askOthers(u, k) {
    const V = u.view[k];
    if (!V || bug.has('noNet')) return;
    u.map[k].forEach((sh, i) => {
      const c = u.g.ck[i];
      if (sh.end >= 0 && c && c.q >= sh.end) move(u, k, i, c.q, c.e, c.a);
    });
  }

  /** From here everything is processed, by the triggers alone; `stands`: this edge catches up only when it has to. */
  function fin(s0, stands) {
    const s = cp(s0);
    s.b.change = 100;
    for (let round = 0; round < 8; round++)
      for (const m of MEMBERS) {
        const k = m;
        if (k !== stands) catchUp(s, k);
        askOthers(s, k);
        poll(s, m, k, true);
        for (const i of Object.keys(s.m[m].h)) commit(s, m, k, i);
        if (s.bad) return `${s.bad} (at the end)`;
      }
    const lookedAt = stands === undefined ? s.S : [];
    for (const S of lookedAt)
      for (const x of S.log) if (!s.out.includes(x)) return `event ${x} is never processed`;
    // what this edge knows to be workable has somebody, and everybody has a share
    const by = stands === undefined ? 0 : 1 - stands;
    const probe = cp(s.g);
    const given = () =>
      JSON.stringify(
        s.map[by].map((sh, i) => !isDone(sh, probe.ck[i]) && probe.ck[i] && [probe.ck[i].m, probe.ck[i].rev]),
      );
    const before = given();
    attend(probe, s.map[by], by, busyOf(s, by, probe.ck));
    if (before !== given())
      return `nobody gives out what is ready${stands === undefined ? '' : `, while e${stands} stands still`}`;
    return null;
  }
  return {
    init,
    next,
    check: (s) => s.bad || fin(s) || (cfg.stands === undefined ? null : fin(s, cfg.stands)),
  };
}
