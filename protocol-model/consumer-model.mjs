// Consumer groups: checkpoint (shardlet, seq, epoch) and assignment version in one store; members may be zombies. An effect
// counts when it is committed with its checkpoint. Lossy hosts may lose the last record; T keeps (E, lastSeq) of the readmission.
export function consumerModel(cfg) {
  const bug = new Set(cfg.bugs || []),
    keys = cfg.keys,
    NE = keys.length,
    K = Math.max(...keys) + 1,
    bit = (i) => 1 << i;
  const init = {
    S: [{ r: bit(K) - 1, log: [], c: 0, suc: [], par: [], e: 1, lost: [] }],
    n: 0,
    lost: 0,
    ck: [null],
    m: [{}, {}],
    av: 0,
    b: { ...cfg.bud },
    out: [],
    v: 1,
    bad: '',
  };
  const cp = (s) => JSON.parse(JSON.stringify(s));
  const adj = (S, seq, e) => {
    if (bug.has('noEpoch')) return [seq, S.e];
    for (const [E, l] of S.lost) if (E > e) seq = Math.min(seq, l);
    return [seq, S.e];
  };
  const done = (s, p) => s.ck[p] && s.S[p].c && adj(s.S[p], ...s.ck[p])[0] === s.S[p].log.length;
  const ready = (s, i) =>
    bug.has('early') ||
    (bug.has('oneParent') && s.S[i].par.length > 1
      ? s.S[i].par.some((p) => done(s, p))
      : s.S[i].par.every((p) => done(s, p)));
  const assign = (u, i, m) => {
    const a = ++u.av,
      c = u.ck[i] || [0, u.S[i].e, 0];
    const [q, e] = adj(u.S[i], c[0], c[1]);
    u.ck[i] = [q, e, a];
    u.m[m][i] = [q, e, a];
  };
  const fetch = (u, m, i) => {
    const l = u.m[m][i];
    const [q, e] = adj(u.S[i], l[0], l[1]);
    l[0] = q;
    l[1] = e;
    if (q < u.S[i].log.length) l[0]++;
  };
  const commit = (u, m, i) => {
    const l = u.m[m][i],
      c = u.ck[i];
    if (c[2] !== l[2] && !bug.has('noFence')) {
      delete u.m[m][i];
      return;
    }
    const [cq] = adj(u.S[i], c[0], c[1]),
      [lq] = adj(u.S[i], l[0], l[1]);
    const from = bug.has('noFence') ? Math.min(cq, l[3] ?? cq) : cq;
    for (let k = from; k < lq; k++) {
      const x = u.S[i].log[k];
      if (x === undefined) continue;
      if (u.out.includes(x)) u.bad = `event ${x} processed twice`;
      if (u.out.some((y) => y > x && keys[y] === keys[x]))
        u.bad = `event ${x} processed after a later one of its key`;
      u.out.push(x);
    }
    u.ck[i] = [bug.has('noEpoch') ? l[0] : lq, u.S[i].e, c[2]];
    l[3] = l[0];
  };
  const add = (u, r, par) => {
    u.S.push({ r, log: [], c: 0, suc: [], par, e: ++u.v, lost: [] });
    u.ck.push(null);
    return u.S.length - 1;
  };
  function next(s, out) {
    const go = (l, f) => {
      const t = cp(s);
      f(t);
      out(l, t);
    };
    s.S.forEach((S, i) => {
      if (!S.c && s.n < NE && S.r & bit(keys[s.n]))
        go(`append ${s.n} to s${i}`, (u) => {
          u.S[i].log.push(u.n++);
        });
      if (!S.c && s.b.split > 0) {
        const a = S.r & -S.r,
          b = S.r & ~a;
        go(`split s${i}`, (u) => {
          u.b.split--;
          u.S[i].c = 1;
          u.S[i].suc = (b ? [a, b] : [a]).map((r) => add(u, r, [i]));
        });
      }
      if (!S.c && s.b.merge > 0)
        s.S.forEach((Q, k) => {
          if (k > i && !Q.c)
            go(`merge s${i}+s${k}`, (u) => {
              u.b.merge--;
              const c = add(u, S.r | Q.r, [i, k]);
              for (const p of [i, k]) {
                u.S[p].c = 1;
                u.S[p].suc = [c];
              }
            });
        });
      if (!S.c && s.b.lose > 0 && S.log.length)
        go(`host loses #${S.log.length} of s${i}, readmitted`, (u) => {
          u.b.lose--;
          const q = u.S[i];
          u.lost |= bit(q.log.pop());
          q.e = ++u.v;
          q.lost.push([q.e, q.log.length]);
        });
      if (s.b.assign > 0 && ready(s, i))
        for (let m = 0; m < 2; m++)
          go(`assign s${i} to m${m}`, (u) => {
            u.b.assign--;
            assign(u, i, m);
          });
      for (let m = 0; m < 2; m++)
        if (s.m[m][i]) {
          const l = s.m[m][i];
          if (l[0] < S.log.length || l[1] !== S.e) go(`m${m} reads s${i}`, (u) => fetch(u, m, i));
          go(`m${m} commits s${i}`, (u) => commit(u, m, i));
        }
    });
  }
  function fin(s0) {
    // one member finishes everything
    const s = cp(s0);
    for (let round = 0; round < 6; round++)
      for (let i = 0; i < s.S.length; i++)
        if (ready(s, i)) {
          assign(s, i, 0);
          for (let g = 0; g < NE + 1; g++) fetch(s, 0, i);
          commit(s, 0, i);
        }
    if (s.bad) return `${s.bad} (at the end)`;
    for (const S of s.S)
      for (const x of S.log) if (!s.out.includes(x)) return `event ${x} is never processed`;
    return null;
  }
  return { init, next, check: (s) => s.bad || fin(s) };
}
