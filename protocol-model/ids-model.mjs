// Deduplication windows. Shardlets restructure in one step (their steps are main-model.mjs); real time is `now`, a
// host's clock is now + sk[h]. A host keeps id sets {name: [bits, closedAt | -1 while current, started]}; a replica has one
// current set and refers to closed ones by name. Rules: rotate when clock - started >= w, forget a closed set when
// clock - closedAt >= w (here as soon as allowed, the worst case). Timed ids: expired when id time < clock - (w - d); ahead of the
// clock by d - clock difference or more: as untimed.
export function idsModel(cfg) {
  const bug = new Set(cfg.bugs || []),
    { w, d, sk, tmax, ev } = cfg,
    NE = ev.length,
    bit = (i) => 1 << i,
    hn = 'AB';
  const all = ev.reduce((a, e) => a | bit(e.p), 0);
  const init = {
    now: 0,
    H: [{ 's0.0': [0, -1, sk[0]] }, {}],
    S: [{ h: 0, m: 'O', r: all, log: [], cur: 's0.0', n: 1, refs: [], f: 0 }],
    M: null,
    adm: Array(NE).fill(-1),
    t: Array(NE).fill(-1),
    w: Array(NE).fill(0),
    b: { ...cfg.bud },
    bad: '',
  };
  const cp = (s) => JSON.parse(JSON.stringify(s));
  const slim = (u) => {
    for (const h of [0, 1])
      for (const [n, v] of Object.entries(u.H[h])) if (v[1] >= 0 && !v[0]) delete u.H[h][n];
    for (const q of u.S) {
      q.refs = q.m === 'G' ? [] : q.refs.filter((n) => n in u.H[q.h]);
    }
  };
  const clk = (s, h) => s.now + sk[h];
  const users = (s, h, but) =>
    new Set(s.S.flatMap((q, i) => (i !== but && q.h === h && q.m !== 'G' ? [q.cur, ...q.refs] : [])));
  const free = (s, i) => {
    const q = s.S[i],
      u = users(s, q.h, i);
    for (const n of [q.cur, ...q.refs]) if (bug.has('dropAll') || !u.has(n)) delete s.H[q.h][n];
  };
  function next(s, out) {
    const go = (l, f) => {
      const t = cp(s);
      f(t);
      slim(t);
      out(l, t);
    };
    if (s.now < tmax)
      go('tick', (u) => {
        u.now++;
        for (let h = 0; h < 2; h++)
          for (const [n, [, c]] of Object.entries(u.H[h]))
            if (c >= 0 && clk(u, h) - c >= w - (bug.has('forgetEarly') ? 1 : 0)) delete u.H[h][n];
        for (const q of u.S) q.refs = q.refs.filter((n) => n in u.H[q.h]);
      });
    s.S.forEach((q, i) => {
      if (q.m !== 'O') return;
      const h = q.h,
        c = clk(s, h);
      if (q.cur in s.H[h] && s.H[h][q.cur][0] && c - s.H[h][q.cur][2] >= w)
        go(`rotate s${i}`, (u) => {
          const k = u.S[i];
          if (bug.has('oneGen')) delete u.H[h][k.cur];
          else {
            u.H[h][k.cur][1] = c;
            k.refs.push(k.cur);
          }
          k.cur = `s${i}.${k.n++}`;
          u.H[h][k.cur] = [0, -1, c];
        });
      const kids = (rs) => (u) => {
        const k = u.S[i];
        k.m = 'C';
        u.H[h][k.cur][1] = c;
        for (const r of rs) {
          const id = u.S.length;
          u.S.push({ h, m: 'O', r, log: [], cur: `s${id}.0`, n: 1, refs: [k.cur, ...k.refs], f: 0 });
          u.H[h][`s${id}.0`] = [0, -1, c];
        }
      };
      if (s.b.split > 0 && !(s.M && s.M.s === i)) {
        const rs = cfg.roll ? [q.r] : q.r === 3 ? [1, 2] : bug.has('salt') ? [q.r, q.r] : null;
        if (rs)
          go(`${cfg.roll ? 'roll' : 'split'} s${i}`, (u) => {
            u.b.split--;
            kids(rs)(u);
          });
      }
      if (s.b.merge > 0 && !s.M)
        s.S.forEach((p, k) => {
          if (k > i && p.m === 'O' && p.h === h)
            go(`merge s${i}+s${k}`, (u) => {
              u.b.merge--;
              const id = u.S.length,
                refs = [];
              for (const x of [i, k]) {
                const y = u.S[x];
                y.m = 'C';
                u.H[h][y.cur][1] = c;
                refs.push(y.cur, ...y.refs);
              }
              u.S.push({
                h,
                m: 'O',
                r: q.r | p.r,
                log: [],
                cur: `s${id}.0`,
                n: 1,
                refs: [...new Set(refs)],
                f: 0,
              });
              u.H[h][`s${id}.0`] = [0, -1, c];
            });
        });
      if (s.b.trim > 0 && q.log.length > q.f && (q.log[q.f][1] <= c - w - d || bug.has('trimYoung')))
        go(`trim s${i}`, (u) => {
          u.b.trim--;
          u.S[i].f++;
        });
      if (s.b.mig > 0 && !s.M)
        go(`start moving s${i}`, (u) => {
          u.b.mig--;
          u.M = { s: i, b: 1 - h, k: 0, ids: 0, sets: {} };
        });
      // clients
      for (let x = 0; x < NE; x++) {
        if (!(q.r & bit(ev[x].p))) continue;
        const e = ev[x],
          id = s.t[x] >= 0 ? s.t[x] : s.now + (e.ahead || 0); // id time given at the first attempt
        const asTimed =
            e.t &&
            id < c + d - (bug.has('leadD') ? 0 : Math.abs(sk[0] - sk[1])) + (bug.has('noFuture') ? 99 : 0),
          first = s.adm[x] < 0;
        if (!first && !(e.t && s.w[x] === 1) && s.now - s.adm[x] >= w) continue; // an untimed id is retried inside the window only
        if (asTimed && id < c - (bug.has('expireW') ? w : w - d)) continue; // expired
        const own = [q.cur, ...q.refs].some((n) => s.H[h][n] && s.H[h][n][0] & bit(x));
        if (own) continue;
        go(`append ${'xyz'[x]} to s${i} on ${hn[h]} at ${s.now}`, (u) => {
          const k = u.S[i];
          if (u.adm[x] >= 0) u.bad = `I2 ${'xyz'[x]} admitted again`;
          else {
            u.adm[x] = u.now;
            u.t[x] = id;
            u.w[x] = asTimed ? 1 : 0;
          }
          u.H[h][k.cur][0] |= bit(x);
          k.log.push([x, bug.has('slowTs') ? 0 - w - d - 1 : c]);
        });
      }
    });
    s.S.forEach((q, i) => {
      if (q.m === 'C' && s.b.drop > 0)
        go(`drop closed s${i}`, (u) => {
          u.b.drop--;
          free(u, i);
          u.S[i].m = 'G';
        });
    });
    if (s.M) {
      const { s: i, b, k } = s.M,
        q = s.S[i],
        ca = clk(s, q.h),
        cb = clk(s, b);
      const k0 = Math.max(k, q.f);
      if (k0 < q.log.length)
        go(`copy s${i}#${k0 + 1}`, (u) => {
          const [x, ts] = q.log[k0];
          u.M.k = k0 + 1;
          if (ts > cb - w - d) u.M.ids |= bit(x);
        });
      const left = bug.has('ownOnly')
        ? []
        : q.refs.filter((n) => s.H[q.h][n] && !n.startsWith(`s${i}.`) && !(n in s.M.sets));
      for (const n of left)
        go(`copy ids ${n}`, (u) => {
          const [x, c] = u.H[q.h][n];
          u.M.sets[n] = [x, bug.has('absTime') ? c : c - ca + cb, 0];
        });
      if (k0 === q.log.length && !left.length)
        go(`cut over s${i} to ${hn[b]}`, (u) => {
          const z = u.S[i];
          free(u, i);
          z.h = b;
          z.cur = `s${i}.${z.n++}`;
          u.H[b][z.cur] = [u.M.ids, -1, cb];
          for (const [n, v] of Object.entries(u.M.sets))
            if (!(n in u.H[b]) || u.H[b][n][1] < v[1]) u.H[b][n] = v;
          z.refs = Object.keys(u.M.sets);
          u.M = null;
        });
      go(`abort moving s${i}`, (u) => {
        u.M = null;
      });
    }
  }
  return { init, next, check: (s) => s.bad || null };
}
