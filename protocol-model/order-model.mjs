// Global order with a promise per host. Two hosts, clocks only go forward except at a restart. A frontier answer is atomic:
// {hostLast, which shardlets are open there and their lastSeq}. safe(s) rises only by an answer in which s is open on that
// host, once s is read to the lastSeq of that answer. The reader asks hosts at any time and never refreshes a leaf before it must.
// `commits`: as on PostgreSQL an append becomes visible after it took its ts; a promise waits until none is in flight, and may be
// made by anybody and told later, to whoever asks without waiting.
export function orderModel(cfg) {
  const bug = new Set(cfg.bugs || []),
    TS = cfg.ts,
    hn = 'AB';
  const init = {
    h: [
      { c: 0, l: 0 },
      { c: 0, l: 0 },
    ],
    S: [
      { h: 0, m: 'O', last: 0, log: [] },
      { h: 1, m: 'O', last: 0, log: [] },
    ],
    n: cfg.events,
    b: { ...cfg.bud },
    L: { 0: [0, 0, null], 1: [0, 0, null] },
    F: [0, 0],
    seen: [0, 0],
    buf: [],
    em: [0, -1],
    d: '',
    mc: 0,
    tok: 0,
  };
  const cp = (s) => JSON.parse(JSON.stringify(s));
  const sort = (u) => u.buf.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  function next(s, out) {
    const go = (l, f) => {
      const t = cp(s);
      f(t);
      out(l, t);
    };
    s.h.forEach((x, h) => {
      if (x.c < TS)
        go(`clock of ${hn[h]} ${x.c + 1}`, (u) => {
          u.h[h].c++;
          u.mc = Math.max(u.mc, u.h[h].c);
        });
      if (s.b.restart > 0)
        go(`${hn[h]} restarts, clock 0`, (u) => {
          u.b.restart--;
          u.h[h].c = 0;
          if (bug.has('volatile')) u.h[h].l = 0;
        });
      const top = bug.has('noClamp') ? TS : x.c,
        F = Math.max(x.l, top); // the highest t a reader may ask for is the strongest
      const list = Object.keys(s.L).filter((k) => s.S[k].h === h && s.S[k].m === 'O');
      const inFlight = s.S.some((r) => r.late && r.h === h);
      const mayPromise = !inFlight || bug.has('unlocked') || bug.has('lateCommit');
      if (cfg.commits && F > x.l && mayPromise)
        go(`promise ${F} of ${hn[h]}, told to nobody`, (u) => {
          u.h[h].l = F;
        });
      const fr = (F) =>
        go(`frontier ${F} of ${hn[h]}`, (u) => {
          if (!bug.has('readerClock')) u.h[h].l = F;
          u.F[h] = F;
          for (const k of list)
            u.L[k][2] = [bug.has('listFirst') && u.L[k][2] ? u.L[k][2][0] : u.S[k].log.length, F];
        });
      for (const f of new Set(mayPromise ? [x.l, F] : [x.l])) fr(f);
    });
    s.S.forEach((r, i) => {
      const H = s.h[r.h];
      if (r.m === 'O' && s.n > 0 && !(cfg.commits && r.late))
        for (const t of cfg.token ? [s.tok + 1] : [1, TS]) {
          if (cfg.token && t > H.c + 1 && !bug.has('tokenClamp')) continue; // token ahead of the host's clock: the edge waits
          const ts = bug.has('rawTs')
            ? t
            : Math.max(Math.min(t, H.c + 1), r.last + 1, bug.has('noHostRule') ? 0 : H.l + 1);
          go(`append s${i} on ${hn[r.h]}, edge ts ${t} -> ${ts}`, (u) => {
            const q = u.S[i];
            u.n--;
            q.last = Math.max(q.last, ts);
            if (cfg.commits || bug.has('lateCommit')) q.late = ts;
            else q.log.push(ts);
            if (cfg.token) {
              if (ts <= u.tok) u.d = `I3 ts ${ts} after token ${u.tok}`;
              u.tok = ts;
            }
          });
        }
      if (r.late)
        go(`commit of s${i} ts ${r.late}`, (u) => {
          u.S[i].log.push(u.S[i].late);
          delete u.S[i].late;
        });
      if (r.late) return;
      const kid = (u, hh, last) => u.S.push({ h: hh, m: 'O', last: Math.max(last, u.h[hh].l), log: [] });
      if (r.m === 'O' && i === 0 && s.b.split > 0)
        go('split s0', (u) => {
          u.b.split--;
          u.S[0].m = 'C';
          u.S[0].suc = [u.S.length, u.S.length + 1];
          kid(u, r.h, r.last);
          kid(u, r.h, r.last);
        });
      if (r.m === 'O' && i === 0 && s.b.roll > 0)
        go('roll s0', (u) => {
          u.b.roll--;
          u.S[0].m = 'C';
          u.S[0].suc = [u.S.length];
          kid(u, r.h, r.last);
        });
      if (s.b.merge > 0 && r.m === 'O')
        for (let k = i + 1; k < s.S.length; k++)
          if (s.S[k].m === 'O' && s.S[k].h === r.h)
            go(`merge s${i}+s${k}`, (u) => {
              u.b.merge--;
              for (const p of [i, k]) {
                u.S[p].m = 'C';
                u.S[p].suc = [u.S.length];
              }
              kid(u, r.h, Math.max(u.S[i].last, u.S[k].last));
            });
      if (r.m === 'O' && s.b.mig > 0)
        go(`seal s${i} on ${hn[r.h]} for a migration`, (u) => {
          u.b.mig--;
          const q = u.S[i];
          q.m = 'S';
          q.last = bug.has('carryLastOnly') ? q.last : Math.max(q.last, H.l);
        });
      if (r.m === 'S') {
        go(`open s${i} on ${hn[1 - r.h]}`, (u) => {
          const q = u.S[i];
          q.h = 1 - q.h;
          q.m = 'O';
        });
        if (s.b.abort > 0)
          go(`raise s${i} on ${hn[r.h]}`, (u) => {
            u.b.abort--;
            u.S[i].m = 'O';
          });
      }
    });
    for (const k of Object.keys(s.L)) {
      const r = s.S[k],
        [q, safe, p] = s.L[k];
      if (q < r.log.length || (p && p[1] > safe))
        go(`reader reads s${k}`, (u) => {
          const l = u.L[k];
          const to = p ? Math.max(q, p[0]) : r.log.length;
          for (let j = q; j < to; j++) u.buf.push([r.log[j], +k]);
          sort(u);
          l[0] = to;
          if (p) {
            l[1] = Math.max(safe, p[1]);
            l[2] = null;
          }
        });
      // T says closed(finalSeq): children after the end; a merged child after all its parents
      if (r.m === 'C') {
        const ps = Object.keys(s.L).filter((x) => (s.S[x].suc || [])[0] === r.suc[0]),
          need = s.S.filter((x) => (x.suc || [])[0] === r.suc[0]).length;
        if (
          ps.length === need &&
          (bug.has('childEarly') || ps.every((x) => s.L[x][0] === s.S[x].log.length)) &&
          ps[0] === k
        )
          go(`reader goes from ${ps} to ${r.suc}`, (u) => {
            const v = Math.min(...ps.map((x) => u.L[x][1]));
            for (const x of ps)
              if (!bug.has('childEarly')) delete u.L[x];
              else {
                u.late = [...(u.late || []), [+x, u.L[x][0]]];
                delete u.L[x];
              }
            for (const c of r.suc) u.L[c] = [0, v, null];
          });
      }
    }
    for (const [x, q] of s.late || [])
      if (q < s.S[x].log.length)
        go(`reader reads the rest of s${x}`, (u) => {
          for (let j = q; j < u.S[x].log.length; j++) u.buf.push([u.S[x].log[j], x]);
          sort(u);
          u.late = u.late.map(([a, b]) => (a === x ? [a, u.S[x].log.length] : [a, b]));
        });
    let wm = Infinity;
    if (bug.has('hostsOnly')) {
      for (const k of Object.keys(s.L)) if (s.L[k][2]) wm = -1;
      wm = Math.min(wm, ...s.F);
    } else for (const k of Object.keys(s.L)) wm = Math.min(wm, s.L[k][1]);
    if (s.buf.length && s.buf[0][0] <= wm)
      go(`emit ts ${s.buf[0][0]} of s${s.buf[0][1]} (watermark ${wm})`, (u) => {
        const e = u.buf.shift();
        if (e[0] < u.em[0] || (e[0] === u.em[0] && e[1] < u.em[1]))
          u.d = `I6 reader emits (${e}) after (${u.em})`;
        u.em = e;
      });
  }
  return {
    init,
    next,
    check: (s) =>
      s.d || (s.h.some((x) => x.l > s.mc) ? 'CLOCK a host promised more than any host clock' : null),
  };
}
