// Ownership / migration / split / merge over passive hosts.
// "Message soup": every control request that T's history (plus observed replies) ever justified may be
// executed by its host at any later time, any number of times, in any order. This over-approximates any
// number of workers that crash, restart, run the same job twice, and networks that delay or duplicate.
// Edges may append any event (also an acknowledged one) through any route T ever published, at any time.
const bit = (i) => 1 << i;
export const EV = 'xyzw';
// replica = [epoch, mode, log[], inheritedIds, firstSeq]; modes O open, S sealed, H shadow, R ready, X tombstone
// log entry -1: trimmed. Id windows are in ids-model.mjs, here ids are kept for ever; a trimmed event is no longer
// retried (trim spares the last two windows).
export function model(cfg) {
  const bug = new Set(cfg.bugs || []),
    NH = cfg.hosts || 2,
    keys = cfg.keys,
    NE = keys.length,
    K = Math.max(...keys) + 1;
  const all = (1 << K) - 1,
    hn = 'ABCD';
  const init = {
    v: 1,
    T: [{ r: all, o: 0, e: 1, st: 'O', j: -1, fs: -1, suc: [], par: [] }],
    J: [],
    H: Array.from({ length: NH }, (_, h) => (h ? [null] : [[1, 'O', [], 0, 0]])),
    R: [[0, 0, 1]],
    rec: [[]],
    tf: [0],
    tr: 0,
    fl: Array(NH).fill(0),
    ack: 0,
    got: 0,
    pre: Array(NE).fill(0),
    b: { ...cfg.bud },
    n: 0,
    rd: cfg.reader ? [0, 0, []] : null,
  };
  const CR = cfg.crash; // { dur: none|control|waitaof|always, inc: bool, dupFsync: bool }
  if (CR) {
    init.D = init.H.slice();
    init.up = Array(NH).fill(1);
    init.cv = Array(NH).fill(0);
    init.ap = Array(NE).fill(null); // where the client was told its event is: [shardlet, seq, epoch]
    init.lost = []; // [shardlet, E, q]: positions of an epoch below E are set back to q
  }
  const cp = (s) => ({
    v: s.v,
    T: s.T.map((t) => ({ ...t })),
    J: s.J.map((j) => ({ ...j })),
    H: s.H.map((h) => h.slice()),
    R: s.R.slice(),
    rec: s.rec.slice(),
    tf: s.tf.slice(),
    tr: s.tr,
    fl: s.fl.slice(),
    ack: s.ack,
    got: s.got,
    pre: s.pre,
    b: { ...s.b },
    n: s.n,
    rd: s.rd?.slice(),
    ...(CR ? { D: s.D.slice(), up: s.up.slice(), cv: s.cv.slice(), ap: s.ap.slice(), lost: s.lost } : {}),
  });
  // ---- host operations: return new replica, or null when refused / no change. 'ok' tells the caller.
  const op = {
    createShadow(r, e, fl) {
      if (e < fl && !bug.has('noCreateFloor')) return null;
      if (!r) return [e, 'H', [], 0, 0];
      if (r[0] >= e) return null;
      if (r[1] === 'O' || (bug.has('createNoReplace') && r[1] !== 'X')) return null;
      return [e, 'H', [], 0, 0];
    },
    ingest(r, e, k, x) {
      return r && r[1] === 'H' && r[0] === e && r[2].length === k ? [e, 'H', [...r[2], x], r[3], r[4]] : null;
    },
    truncate(r, e, k) {
      if (r && !bug.has('truncBelowFirst')) k = Math.max(k, r[4]);
      return r && r[1] === 'H' && r[0] === e && r[2].length > k
        ? [e, 'H', r[2].slice(0, k), r[3], r[4]]
        : null;
    },
    trim(r, k) {
      // any mode but tombstone; a shadow may skip beyond its end
      if (!r || r[1] === 'X') return null;
      if (r[1] !== 'H' || bug.has('noShadowTrim')) k = Math.min(k, r[2].length);
      if (k <= r[4]) return null;
      return [
        r[0],
        r[1],
        Array.from({ length: Math.max(k, r[2].length) }, (_, i) => (i < k ? -1 : r[2][i])),
        r[3],
        k,
      ];
    },
    ready(r, e, c) {
      // c = [log, inh, first] of the sealed source; the digest covers seq >= first
      const f = c[2];
      if (!(r && r[1] === 'H' && r[0] === e && r[2].length === c[0].length)) return null;
      if (
        bug.has('readyFrom1')
          ? r[2].join() !== c[0].join()
          : r[4] > f || !c[0].every((x, k) => k < f || r[2][k] === x)
      )
        return null;
      return [e, 'R', c[0].slice(), bug.has('dedupeDirect') ? 0 : c[1], f];
    },
    seal(r, e) {
      return r && r[0] === e && r[1] === 'O' ? [e, 'S', r[2], r[3], r[4]] : null;
    },
    open(r, e, fs) {
      // ready@e -> open@e
      if (bug.has('noReady'))
        return r && r[0] === e && r[1] === 'H' && (fs === r[2].length || bug.has('openGuess'))
          ? [e, 'O', r[2], r[3], r[4]]
          : null;
      return r && r[0] === e && r[1] === 'R' ? [e, 'O', r[2], r[3], r[4]] : null;
    },
    raise(r, e) {
      // abort: open|sealed @ <e -> open@e
      if (!r || r[0] >= e) return null;
      if (r[1] === 'S' || (r[1] === 'O' && !bug.has('abortNoRaise'))) return [e, 'O', r[2], r[3], r[4]];
      return null;
    },
    drop(r, e, fl) {
      if (!r && e < fl) return null;
      if (bug.has('dropLoose'))
        return r && r[1] !== 'X' && !(r[1] === 'O' && r[0] > e)
          ? [e, 'X', [], 0, 0]
          : !r
            ? [e, 'X', [], 0, 0]
            : null;
      // never open: what T lets go was sealed before, so an open one shows a host that went back (progress-model.mjs)
      return r && (r[0] > e || r[1] === 'O' || (r[1] === 'X' && r[0] === e)) ? null : [e, 'X', [], 0, 0];
    },
    createOpen(H, r, e, ps, fl) {
      // ps: [[sid, epoch]]; all must be sealed here
      if (e < fl && !bug.has('noCreateFloor')) return null;
      if (r && !(r[1] === 'X' && r[0] < e)) return null;
      let inh = 0;
      for (const [p, pe] of ps) {
        const q = H[p];
        if (!bug.has('createNoParentCheck')) {
          if (!(q && q[0] === pe && q[1] === 'S')) return null;
        } else if (!q) continue;
        if (!bug.has('dedupeDirect')) {
          for (const x of q[2]) if (x >= 0) inh |= bit(x);
          inh |= q[3];
        }
      }
      return [e, 'O', [], inh, 0];
    },
  };
  const directDup = (s, h, sid, x) =>
    s.T[sid].par.some((p) => {
      const q = s.H[h][p];
      return q?.[2].includes(x);
    });
  const pos = (s, sid, x) => (s.T[sid].r >> keys[x]) & 1;
  const settled = (s) => s.T.every((t) => t.st === 'O' || t.st === 'C' || t.st === 'G');
  const set = (s, h, sid, r) => {
    s.H[h] = s.H[h].slice();
    s.H[h][sid] = r;
  };
  const sync = (s, h) => {
    if (CR) s.D[h] = s.H[h];
  };
  const addT = (s, t) => {
    s.T.push(t);
    s.H = s.H.map((h) => [...h, null]);
    if (CR) s.D = s.D.map((h) => [...h, null]);
    s.rec.push([]);
    s.tf.push(0);
    return s.T.length - 1;
  };
  const route = (s, sid, h, e) => {
    s.R = [...s.R, [sid, h, e]];
  };

  function append(s, x, sid, h, e) {
    // -> null (refused) | ['dup'|'new', newReplica]
    const r = s.H[h][sid];
    if (CR && !s.up[h]) return null;
    if (r?.[1] !== 'O' || r[0] !== e || !pos(s, sid, x)) return null;
    const own = r[2].includes(x);
    if (own || r[3] & bit(x) || (bug.has('dedupeDirect') && directDup(s, h, sid, x))) return ['dup', r];
    return ['new', [e, 'O', [...r[2], x], r[3], r[4]]];
  }
  const accept = (t, x, sid, h, nr) => {
    set(t, h, sid, nr);
    if (!(t.got & bit(x))) {
      t.got |= bit(x);
      let m = 0;
      for (let y = 0; y < NE; y++) if (y !== x && keys[y] === keys[x] && t.ack & bit(y)) m |= bit(y);
      t.pre = t.pre.slice();
      t.pre[x] = m;
    }
    const k = nr[2].length - 1,
      rr = t.rec[sid].slice();
    rr[k] = (rr[k] || 0) | bit(x);
    t.rec[sid] = rr;
  };
  // ---- T decisions
  const T = {
    mig(s, sid, b) {
      const t = s.T[sid],
        n = ++s.v;
      s.J.push({
        t: 'mig',
        s: sid,
        a: t.o,
        e: t.e,
        b,
        n,
        sl: null,
        rd: 0,
        op: 0,
        cm: 0,
        ab: 0,
        st: 0,
        tr: '',
      });
      t.st = 'M';
      t.j = s.J.length - 1;
    },
    abort(s, sid) {
      const t = s.T[sid],
        j = s.J[t.j],
        E = bug.has('abortSameEpoch') ? t.e : ++s.v;
      j.ab = 1;
      s.J.push({ t: 'abt', s: sid, a: t.o, e: t.e, n: E, op: bug.has('abortSameEpoch') ? 1 : 0, st: 0 });
      t.st = 'P';
      t.e = E;
      t.j = s.J.length - 1;
      route(s, sid, t.o, E);
      if (bug.has('noSettle')) t.st = 'O';
    },
    commit(s, sid) {
      const t = s.T[sid],
        j = s.J[t.j];
      j.cm = 1;
      t.st = bug.has('noSettle') ? 'O' : 'P';
      t.o = j.b;
      t.e = j.n;
      route(s, sid, t.o, t.e);
    },
    res(s, ps, ranges) {
      const h = s.T[ps[0]].o,
        E = ++s.v,
        cs = [];
      for (const r of ranges) {
        const c = addT(s, {
          r,
          o: h,
          e: E,
          st: bug.has('noSettle') ? 'O' : 'P',
          j: s.J.length,
          fs: -1,
          suc: [],
          par: ps.slice(),
        });
        cs.push(c);
        route(s, c, h, E);
      }
      s.J.push({
        t: 'res',
        ps: ps.map((p) => [p, s.T[p].e]),
        a: h,
        n: E,
        cs,
        sl: ps.map(() => -1),
        op: 0,
        st: 0,
      });
      for (const p of ps) {
        const t = s.T[p];
        t.st = bug.has('noSettle') ? 'C' : 'P';
        t.suc = cs;
        t.j = s.J.length - 1;
        if (bug.has('noSettle')) t.st = 'C';
      }
    },
    arc(s, sid, b) {
      const t = s.T[sid],
        n = ++s.v;
      s.J.push({
        t: 'arc',
        s: sid,
        a: t.o,
        e: t.e,
        b,
        n,
        sl: null,
        rd: 0,
        op: 0,
        cm: 0,
        ab: 0,
        st: 0,
        tr: '',
      });
      t.st = 'A';
      t.j = s.J.length - 1;
    },
    commitArc(s, sid) {
      const t = s.T[sid],
        j = s.J[t.j];
      j.cm = 1;
      j.st = 1;
      t.st = 'C';
      t.o = j.b;
      t.e = j.n;
      route(s, sid, t.o, t.e);
    },
    gone(s, sid) {
      const t = s.T[sid];
      t.st = 'G';
      s.J.push({ t: 'gon', s: sid, a: t.o, e: t.e, n: ++s.v, st: 1 });
    },
    settle(s, ji) {
      const j = s.J[ji];
      j.st = 1;
      if (CR && CR.dur !== 'always' && !bug.has('noLost')) {
        // what was raised or sealed after a lossy restart may have had more before it
        const note = (i, E, q) => s.lost.some(([l, e]) => l === i && e === E) || s.lost.push([i, E, q]);
        s.lost = s.lost.slice();
        if (j.t === 'abt') note(j.s, j.n, j.q);
        if (j.t === 'res' && !s.up[j.a] && !bug.has('noLostClosing'))
          j.ps.forEach(([p], i) => {
            note(p, ++s.v, j.sl[i]);
          });
      }
      if (j.t === 'res') {
        j.cs.forEach((c) => {
          if (s.T[c].st === 'P') s.T[c].st = 'O';
        });
        j.ps.forEach(([p], i) => {
          s.T[p].fs = j.sl[i];
          if (s.T[p].st === 'P') s.T[p].st = 'C';
        });
      } else if (s.T[j.s].st === 'P') s.T[j.s].st = 'O';
    },
  };
  const canSettle = (s, ji) => {
    const j = s.J[ji];
    if (j.st) return false;
    if (j.t === 'mig') return j.cm && j.op;
    if (j.t === 'abt') return j.op;
    if (j.t === 'res') return j.op === bit(j.cs.length) - 1 && j.sl.every((x) => x >= 0);
    return false;
  };

  // lowest version of a decision that is not settled (drops still to do do not count)
  const floorOf = (s) => {
    let f = s.v + 1;
    if (!bug.has('floorTooHigh'))
      s.T.forEach((t) => {
        if ('MPA'.includes(t.st)) f = Math.min(f, s.J[t.j].n);
      });
    return f;
  };
  const retain = (s, sid) => {
    const x = auth(s, sid)[s.tf[sid]];
    s.tr |= bit(x);
    s.tf[sid]++;
  };
  function next(s, out) {
    const go = (l, f) => {
      const t = cp(s);
      f(t);
      out(l, t);
    };
    const B = s.b,
      can = (k) => s.n < cfg.maxR && B[k] > 0;
    const nm = (i) => `s${i}`;
    // T: start restructures
    for (let i = 0; i < s.T.length; i++) {
      const t = s.T[i];
      if (t.st === 'O') {
        if (can('mig') && s.T.length <= (cfg.maxS || 9))
          for (let h = 0; h < NH; h++)
            if (h !== t.o && !(cfg.migOnly && !cfg.migOnly(s, i)))
              go(`T: prepare migration ${nm(i)} ${hn[t.o]}->${hn[h]}`, (u) => {
                u.b.mig--;
                u.n++;
                T.mig(u, i, h);
              });
        if (can('split') && t.r && (K > 1 || true)) {
          const lo = t.r & -t.r,
            hi = t.r & ~lo;
          if (hi || cfg.emptySplit)
            go(`T: split ${nm(i)}`, (u) => {
              u.b.split--;
              u.n++;
              T.res(u, [i], [lo, hi]);
            });
        }
        if (can('roll'))
          go(`T: roll ${nm(i)}`, (u) => {
            u.b.roll--;
            u.n++;
            T.res(u, [i], [t.r]);
          });
        if (can('merge'))
          for (let k = i + 1; k < s.T.length; k++)
            if (s.T[k].st === 'O' && s.T[k].o === t.o)
              go(`T: merge ${nm(i)}+${nm(k)}`, (u) => {
                u.b.merge--;
                u.n++;
                T.res(u, [i, k], [t.r | s.T[k].r]);
              });
      }
      if (t.st === 'M') {
        const j = s.J[t.j];
        if (B.abort > 0)
          go(`T: abort migration of ${nm(i)}`, (u) => {
            u.b.abort--;
            T.abort(u, i);
          });
        if (j.rd) go(`T: commit migration of ${nm(i)}`, (u) => T.commit(u, i));
      }
      if (t.st === 'C' && can('arc') && (t.fs >= 0 || bug.has('noSettle')) && s.n < cfg.maxR)
        for (let h = 0; h < NH; h++)
          if (h !== t.o)
            go(`T: prepare moving closed ${nm(i)} ${hn[t.o]}->${hn[h]}`, (u) => {
              u.b.arc--;
              u.n++;
              T.arc(u, i, h);
            });
      if (
        B.gone > 0 &&
        ((t.st === 'C' && t.fs >= 0 && s.tf[i] >= t.fs) ||
          (bug.has('goneClosing') && t.st === 'P' && t.suc.length && s.tf[i] >= auth(s, i).length))
      )
        go(`T: closed ${nm(i)} is past retention`, (u) => {
          u.b.gone--;
          T.gone(u, i);
        });
      if (t.st === 'A' && s.J[t.j].rd) go(`T: commit moving closed ${nm(i)}`, (u) => T.commitArc(u, i));
    }
    for (let q = 0; q < s.J.length; q++) if (canSettle(s, q)) go(`T: settle job ${q}`, (u) => T.settle(u, q));
    // host messages justified by T's history (delayed, duplicated at will)
    for (let q = 0; q < s.J.length; q++) {
      const j = s.J[q];
      const host = (l, h, sid, nr, f) => {
        // a restarted host gets calls of the readmitting worker only: it finishes what is opening or closing there
        if (CR && !s.up[h] && !(j.t === 'res' ? !j.st : s.T[j.s].j === q && s.T[j.s].st === 'P')) return;
        if (nr)
          go(`${hn[h]}.${l}`, (u) => {
            set(u, h, sid, nr);
            if (CR && CR.dur !== 'none') sync(u, h);
            f?.(u.J[q], u);
          });
        else if (f && nr === undefined) go(`${hn[h]}.${l} (again)`, (u) => f(u.J[q], u));
      };
      if (j.t === 'mig' || j.t === 'arc') {
        const rb = s.H[j.b][j.s],
          ra = s.H[j.a][j.s],
          N = nm(j.s);
        host(`create(${N},${j.n},shadow)`, j.b, j.s, op.createShadow(rb, j.n, s.fl[j.b]));
        if (rb && rb[1] === 'H' && rb[0] === j.n) {
          const k = rb[2].length,
            m = s.rec[j.s][k] || 0;
          for (let x = 0; x < NE; x++)
            if (m & bit(x))
              host(`ingest(${N},${j.n},#${k + 1}=${EV[x]})`, j.b, j.s, op.ingest(rb, j.n, k, x));
          if (B.bad > 0)
            host(`ingest(${N},${j.n},#${k + 1}=CORRUPT)`, j.b, j.s, op.ingest(rb, j.n, k, 7), (_, u) => {
              u.b.bad--;
            });
          if (ra && ra[0] === j.e && ra[1] !== 'X') {
            for (let d = Math.max(ra[4], rb[4]); d < k; d++)
              if (ra[2][d] !== undefined && ra[2][d] !== rb[2][d]) {
                if (j.tr === '')
                  go(`worker sees digests differ at #${d + 1}`, (u) => {
                    u.J[q].tr = String(d);
                  });
                break;
              }
          }
          if (bug.has('noReady') && !j.rd && j.sl && rb[2].join() === j.sl[0].join())
            go(`worker validates ${N}: digests equal`, (u) => {
              u.J[q].rd = 1;
            });
        }
        if (j.tr !== '') host(`truncate(${N},${j.n},${j.tr})`, j.b, j.s, op.truncate(rb, j.n, +j.tr));
        if (bug.has('noReady') && j.t === 'mig' && bug.has('retryTruncate') && j.tr === '' && B.trq > 0)
          go(`slow worker saw a digest mismatch at #1 (its truncate is on the way)`, (u) => {
            u.b.trq--;
            u.J[q].tr = '0';
          });
        if (j.t === 'mig') {
          const sr = op.seal(ra, j.e);
          const fact = (r) => [r[2], r[3], r[4]];
          if (bug.has('sealAdopts') && !j.sl && ra && ra[1] === 'S' && ra[0] < j.e)
            go(`worker takes ${hn[j.a]}'s older seal @${ra[0]} for the seal @${j.e}`, (u) => {
              u.J[q].sl = fact(ra);
            });
          if (sr)
            host(`seal(${N},${j.e})`, j.a, j.s, sr, (u) => {
              u.sl = fact(sr);
            });
        } else if (!j.sl && ra && ra[0] === j.e && (ra[1] === 'S' || ra[1] === 'R'))
          go(`worker reads final digest of ${N} on ${hn[j.a]}`, (u) => {
            u.J[q].sl = [ra[2], ra[3], ra[4]];
          });
        if (j.sl && !j.rd && ra && ra[0] === j.e && 'SR'.includes(ra[1]) && ra[4] !== j.sl[2])
          go(`worker reads the digest of ${N} again from #${ra[4] + 1}`, (u) => {
            u.J[q].sl = [ra[2], ra[3], ra[4]];
          });
        if (j.sl && !bug.has('noReady')) {
          const nr = op.ready(rb, j.n, j.sl);
          if (nr)
            host(`ready(${N},${j.n},fs=${j.sl[0].length},digest)`, j.b, j.s, nr, (u) => {
              u.rd = 1;
            });
        }
        if (j.cm && j.t === 'mig') {
          const nr = op.open(rb, j.n, j.sl[0].length);
          if (nr)
            host(`open(${N},${j.n})`, j.b, j.s, nr, (u) => {
              u.op = 1;
            });
        }
        if (j.cm && (j.st || (bug.has('noSettle') && j.op) || bug.has('dropEarly'))) {
          const nr = op.drop(ra, j.e, s.fl[j.a]);
          if (nr) host(`drop(${N},${j.e})`, j.a, j.s, nr);
        }
        if (j.ab) {
          const nr = op.drop(rb, j.n, s.fl[j.b]);
          if (nr) host(`drop(${N},${j.n})`, j.b, j.s, nr);
        }
      } else if (j.t === 'abt') {
        const r = s.H[j.a][j.s];
        if (!bug.has('abortSameEpoch'))
          host(`raise(${nm(j.s)},${j.n})`, j.a, j.s, op.raise(r, j.n), (u) => {
            u.op = 1;
            if (CR) u.q = r[2].length;
          });
      } else if (j.t === 'res') {
        j.ps.forEach(([p, pe], i) => {
          const r = s.H[j.a][p],
            nr = op.seal(r, pe);
          if (nr)
            host(`seal(${nm(p)},${pe})`, j.a, p, nr, (u) => {
              u.sl = u.sl.slice();
              u.sl[i] = nr[2].length;
            });
        });
        j.cs.forEach((c, i) => {
          const nr = op.createOpen(s.H[j.a], s.H[j.a][c], j.n, j.ps, s.fl[j.a]);
          if (nr)
            host(
              `create(${nm(c)},${j.n},open,parents ${j.ps.map(([p, e]) => `${nm(p)}@${e}`)})`,
              j.a,
              c,
              nr,
              (u) => {
                u.op |= bit(i);
              },
            );
        });
      } else if (j.t === 'gon') {
        const nr = op.drop(s.H[j.a][j.s], j.e, s.fl[j.a]);
        if (nr) host(`drop(${nm(j.s)},${j.e})`, j.a, j.s, nr);
      }
    }
    if (CR)
      for (let h = 0; h < NH; h++) {
        const behind = JSON.stringify(s.D[h]) !== JSON.stringify(s.H[h]);
        if (behind && CR.dur !== 'always') go(`${hn[h]} fsyncs`, (u) => sync(u, h));
        // where everything is durable before its reply, a restart loses nothing: readmission alone is looked at
        if (behind || CR.dur === 'always') {
          if (B.crash > 0)
            go(`${hn[h]} crashes, restarts without its unsynced operations`, (u) => {
              u.b.crash--;
              u.H[h] = u.D[h];
              if (CR.inc) {
                u.up[h] = 0;
                u.cv[h] = u.v;
              }
            });
        }
        if (!s.up[h]) for (const [l, f] of readmitSteps(s, h)) go(l, f);
      }
    for (let h = 0; h < NH; h++) {
      const f = floorOf(s);
      if (
        B.purge > 0 &&
        f > s.fl[h] &&
        (bug.has('floorTooHigh') || s.H[h].some((r) => r && r[1] === 'X' && r[0] < f))
      )
        go(`${hn[h]}: createFloor ${f}, tombstones below go`, (u) => {
          u.b.purge--;
          u.fl[h] = f;
          u.H[h] = u.H[h].map((r) => (r && r[1] === 'X' && r[0] < f ? null : r));
        });
      for (let i = 0; i < s.T.length; i++) {
        const r = s.H[h][i];
        if (!r) continue;
        if (r[1] === 'X' && bug.has('tombPurge'))
          go(`${hn[h]} forgets tombstone of ${nm(i)}`, (u) => set(u, h, i, null));
        const tm = op.trim(r, s.tf[i]);
        if (tm) go(`${hn[h]}.trim(${nm(i)},${r[0]},${s.tf[i]})`, (u) => set(u, h, i, tm));
      }
    }
    if (B.trim > 0)
      for (let i = 0; i < s.T.length; i++)
        if (auth(s, i).length > s.tf[i])
          go(`retention: ${nm(i)} up to #${s.tf[i] + 1}`, (u) => {
            u.b.trim--;
            retain(u, i);
          });
    // clients through edges with arbitrarily stale maps; replies may be lost
    for (let x = 0; x < NE; x++) {
      if (s.tr & bit(x)) continue;
      if (!(s.got & bit(x))) {
        if (keys.slice(0, x).some((k, y) => k === keys[x] && !(s.got & bit(y)))) continue;
      }
      for (const [sid, h, e] of s.R) {
        const a = append(s, x, sid, h, e);
        if (!a) continue;
        const L = `${hn[h]}.append(${nm(sid)},${e},${EV[x]})`;
        if (a[0] === 'new') {
          go(`${L} reply lost`, (u) => {
            accept(u, x, sid, h, a[1]);
            if (CR && CR.dur === 'always') sync(u, h);
          });
          if (!(s.ack & bit(x)))
            go(`${L} ACK`, (u) => {
              accept(u, x, sid, h, a[1]);
              u.ack |= bit(x);
              acked(u, x, e);
              if (CR && (CR.dur === 'always' || CR.dur === 'waitaof')) sync(u, h);
            });
        } else if (!(s.ack & bit(x)))
          go(`${L} duplicate -> ACK`, (u) => {
            u.ack |= bit(x);
            acked(u, x, e);
            if (CR?.dupFsync) sync(u, h);
          });
      }
    }
    if (s.rd)
      for (const [l, rd] of reads(s))
        go(l, (u) => {
          u.rd = rd;
        });
  }
  // Readmission in batches (here of one): seal what T does not know as open, finish what is opening or closing there,
  // abort migrations from and to it, a new epoch for every shardlet it owns; only then the new incarnation is published.
  const noteLost = (s, i, h, E) => {
    if (CR.dur !== 'always' && !bug.has('noLost'))
      s.lost = [...s.lost, [i, E, s.H[h][i] ? s.H[h][i][2].length : 0]];
  };
  const newEpoch = (s, i, h) => {
    const t = s.T[i];
    noteLost(s, i, h, s.v + 1);
    s.J.push({ t: 'abt', s: i, a: h, e: t.e, n: ++s.v, op: 0, st: 0 });
    t.st = 'P';
    t.e = s.v;
    t.j = s.J.length - 1;
    route(s, i, h, s.v);
  };
  function* readmitSteps(s, h) {
    let todo = false;
    for (let i = 0; i < s.T.length; i++) {
      const t = s.T[i],
        r = s.H[h][i],
        j = s.J[t.j];
      if (t.st === 'M' && (t.o === h || j.b === h) && (t.o === h ? t.e : j.n) <= s.cv[h]) {
        todo = true;
        yield [`readmit ${hn[h]}: abort migration of s${i}`, (u) => T.abort(u, i)];
      } else if (t.o === h && t.st === 'O' && t.e <= s.cv[h]) {
        todo = true;
        yield [`readmit ${hn[h]}: new epoch for s${i}`, (u) => newEpoch(u, i, h)];
      } else if (t.st === 'P' && t.o === h) todo = true;
      else if (r && r[1] === 'O' && t.o !== h) {
        todo = true;
        yield [
          `readmit ${hn[h]}: seal s${i}`,
          (u) => {
            set(u, h, i, [r[0], 'S', r[2], r[3], r[4]]);
            if (CR.dur !== 'none') sync(u, h);
          },
        ];
      }
    }
    if (!todo)
      yield [
        `T publishes the incarnation of ${hn[h]}`,
        (u) => {
          u.up[h] = 1;
          if (CR.dur !== 'none') sync(u, h);
        },
      ];
  }
  // reader of key 0, arbitrarily stale routes
  function* reads(s) {
    const [sid, q, o] = s.rd,
      t = s.T[sid];
    for (const [i, h, _e] of s.R)
      if (i === sid) {
        const r = s.H[h][sid];
        if (!r || r[1] === 'H' || r[1] === 'X') continue;
        if (r[4] > q) {
          yield [`reader: s${sid}#${q + 1} from ${'ABCD'[h]}: gone, first is #${r[4] + 1}`, [sid, r[4], o]];
          continue;
        }
        if (r[2].length > q) {
          const x = r[2][q];
          yield [`reader: s${sid}#${q + 1} from ${'ABCD'[h]}`, [sid, q + 1, keys[x] === 0 ? [...o, x] : o]];
        } else if (bug.has('readerNoFinal') && t.suc.length) {
          const c = t.suc.find((c) => s.T[c].r & 1);
          yield [`reader: end of s${sid} on ${'ABCD'[h]}, goes on to s${c}`, [c, 0, o]];
        }
      }
    if (t.st === 'G' && q < t.fs) yield [`reader: s${sid} is past retention`, [sid, t.fs, o]];
    if (t.suc.length && t.fs === q && !bug.has('readerNoFinal')) {
      const c = t.suc.find((c) => s.T[c].r & 1);
      yield [`reader: finished s${sid}, goes on to s${c}`, [c, 0, o]];
    }
  }
  // ---- the log a reader that follows T reaches
  const auth = (s, i) => {
    const t = s.T[i],
      r = s.H[t.o][i];
    return r && r[1] !== 'X' && r[1] !== 'H'
      ? r[2]
      : r && r[1] === 'H' && bug.has('noReady') && t.st !== 'M'
        ? r[2]
        : [];
  };
  const anc = (s, a, c) => s.T[c].par.some((p) => p === a || anc(s, a, p));
  function openOnce(s) {
    for (let k = 0; k < K; k++) {
      let c = 0,
        w = '';
      for (let h = 0; h < NH; h++)
        if (!CR || s.up[h])
          s.H[h].forEach((r, i) => {
            if (r && r[1] === 'O' && s.T[i].r & bit(k)) {
              c++;
              w += ` ${hn[h]}.s${i}@${r[0]}`;
            }
          });
      if (c > 1) return `I4 two replicas accept appends for key ${k}:${w}`;
    }
    return null;
  }
  const acked = (u, x, e) => {
    if (!CR) return;
    const i = u.T.findIndex((_, k) => auth(u, k).includes(x));
    u.ap = u.ap.slice();
    u.ap[x] = i < 0 ? null : [i, auth(u, i).indexOf(x) + 1, Math.min(e, u.T[i].e)];
  };
  // An acknowledged event may be missing only where T names its place as lost, or while its host waits.
  const named = (s, x) => {
    if (!CR?.inc || !s.ap[x]) return false;
    const [i, k, e] = s.ap[x];
    return !s.up[s.T[i].o] || s.lost.some(([l, E, q]) => l === i && e < E && k > q);
  };
  function check(s, fin) {
    if (cfg.only === '^I4') return openOnce(s);
    const at = Array(NE).fill(null);
    for (let i = 0; i < s.T.length; i++) {
      const L = auth(s, i);
      for (let k = 0; k < L.length; k++) {
        const x = L[k];
        if (x < 0) continue;
        if (x === 7) {
          if (s.T[i].st !== 'M') return 'I1 corrupt record readable';
          continue;
        }
        if (at[x])
          return `I2 ${EV[x]} is in the readable log twice (s${at[x][0]}#${at[x][1] + 1}, s${i}#${k + 1})`;
        at[x] = [i, k];
      }
    }
    for (let x = 0; x < NE; x++) {
      if (s.ack & bit(x) && !at[x] && !named(s, x) && !(s.tr & bit(x)))
        return `I1 acknowledged ${EV[x]} is not in the readable log`;
      if (at[x])
        for (let y = 0; y < NE; y++)
          if (s.pre[x] & bit(y) && at[y] && !named(s, y)) {
            const [i, k] = at[x],
              [p, l] = at[y];
            if (!(i === p ? l < k : anc(s, p, i)))
              return `I3 ${EV[y]} was acknowledged before ${EV[x]} was accepted, but is read after it`;
          }
    }
    const o4 = openOnce(s);
    if (o4) return o4;
    if (s.rd) {
      const o = s.rd[2];
      if (new Set(o).size < o.length) return 'I2 reader saw an event twice';
    }
    if (fin) return null;
    return cfg.live === false ? null : live(s);
  }
  // ---- I5: the deterministic reconciler, no more faults, must finish from every reachable state
  function live(s0) {
    const s = cp(s0);
    let ch = true,
      it = 0;
    const put = (h, i, r) => {
      if (r) {
        set(s, h, i, r);
        ch = true;
      }
    };
    while (ch && it++ < 60) {
      ch = false;
      for (let i = 0; i < s.T.length; i++)
        for (let h = 0; h < NH; h++)
          if (s.H[h][i] && s.H[h][i][1] !== 'H') put(h, i, op.trim(s.H[h][i], s.tf[i]));
      if (CR)
        for (let h = 0; h < NH; h++)
          if (!s.up[h]) {
            const x = readmitSteps(s, h).next();
            if (!x.done) {
              x.value[1](s);
              ch = true;
            }
          }
      for (let q = 0; q < s.J.length; q++) {
        const j = s.J[q];
        if (j.t === 'mig' || j.t === 'arc') {
          const ra = () => s.H[j.a][j.s],
            rb = () => s.H[j.b][j.s];
          const act = s.T[j.s].j === q && (s.T[j.s].st === 'M' || s.T[j.s].st === 'A');
          if (act) {
            put(j.b, j.s, op.createShadow(rb(), j.n, s.fl[j.b]));
            if (j.t === 'mig') {
              if (bug.has('noSettle') && ra() && ra()[0] < j.e) put(j.a, j.s, op.raise(ra(), j.e));
              put(j.a, j.s, op.seal(ra(), j.e));
            }
            const a = ra();
            if (!a || a[0] !== j.e || (a[1] !== 'S' && a[1] !== 'R')) continue;
            if (!j.sl || (!j.rd && j.sl[2] !== a[4])) {
              j.sl = [a[2], a[3], a[4]];
              ch = true;
            }
            const b0 = rb();
            if (b0 && b0[1] === 'H' && b0[0] === j.n && a[4] > b0[2].length) put(j.b, j.s, op.trim(b0, a[4]));
            const b = rb();
            if (b && b[1] === 'H' && b[0] === j.n) {
              let d = Math.max(a[4], b[4]);
              while (d < b[2].length && b[2][d] === a[2][d]) d++;
              if (d < b[2].length) put(j.b, j.s, op.truncate(b, j.n, d));
            }
            for (let k = rb() ? rb()[2].length : 99; k < a[2].length && a[2][k] >= 0; k++)
              put(j.b, j.s, op.ingest(rb(), j.n, k, a[2][k]));
            if (bug.has('noReady')) {
              if (!j.rd && rb()[2].join() === j.sl[0].join()) {
                j.rd = 1;
                ch = true;
              }
            } else {
              const nr = op.ready(rb(), j.n, j.sl);
              if (nr) {
                put(j.b, j.s, nr);
              }
              if (!j.rd && rb() && rb()[1] === 'R' && rb()[0] === j.n) {
                j.rd = 1;
                ch = true;
              }
            }
            if (j.rd) {
              j.t === 'mig' ? T.commit(s, j.s) : T.commitArc(s, j.s);
              ch = true;
            }
          }
          if (j.cm && j.t === 'mig' && !j.st) {
            if (j.sl && !bug.has('forgetSource')) put(j.b, j.s, op.open(rb(), j.n, j.sl[0].length));
            const b = rb();
            if (b && b[0] >= j.n && b[1] !== 'H' && b[1] !== 'R' && !j.op) {
              j.op = 1;
              ch = true;
            }
          }
          if (j.st && j.cm && !bug.has('dropNever')) put(j.a, j.s, op.drop(ra(), j.e, s.fl[j.a]));
          if (j.ab) put(j.b, j.s, op.drop(rb(), j.n, s.fl[j.b]));
        } else if (j.t === 'abt' && !j.st) {
          put(j.a, j.s, op.raise(s.H[j.a][j.s], j.n));
          const r = s.H[j.a][j.s];
          if (r && r[0] >= j.n && !j.op) {
            j.op = 1;
            if (CR) j.q = r[2].length;
            ch = true;
          }
        } else if (j.t === 'res' && !j.st) {
          j.sl = j.sl.slice();
          j.ps.forEach(([p, pe], i) => {
            put(j.a, p, op.seal(s.H[j.a][p], pe));
            const r = s.H[j.a][p];
            if (r && r[0] === pe && r[1] === 'S' && j.sl[i] < 0) {
              j.sl[i] = r[2].length;
              ch = true;
            }
          });
          j.cs.forEach((c, i) => {
            put(j.a, c, op.createOpen(s.H[j.a], s.H[j.a][c], j.n, j.ps, s.fl[j.a]));
            const r = s.H[j.a][c];
            if (r && r[0] >= j.n && !(j.op & bit(i))) {
              j.op |= bit(i);
              ch = true;
            }
          });
        }
        if (j.t === 'gon') put(j.a, j.s, op.drop(s.H[j.a][j.s], j.e, s.fl[j.a]));
        if (canSettle(s, q)) {
          T.settle(s, q);
          ch = true;
        }
      }
    }
    if (CR && s.up.includes(0)) return 'I5 a host is never readmitted';
    if (!settled(s))
      return `I5 the reconciler does not finish: ${s.T.map((t, i) => `s${i}:${t.st}@${t.e}`).join(' ')}`;
    for (let k = 0; k < K; k++) {
      const i = s.T.findIndex((t) => t.st === 'O' && t.r & bit(k));
      if (i < 0) return `I5 key ${k} has no open shardlet`;
      const t = s.T[i],
        r = s.H[t.o][i];
      if (!r || r[0] !== t.e || r[1] !== 'O')
        return `I5 T says s${i} is open on ${hn[t.o]}@${t.e}, the host has ${r ? `${r[1]}@${r[0]}` : 'nothing'}: every append is refused`;
      for (let x = 0; x < NE; x++)
        if (keys[x] === k && !(s.ack & bit(x)) && !(s.tr & bit(x))) {
          const a = append(s, x, i, t.o, t.e);
          if (!a) {
            return 'I5 append refused after recovery';
          }
          if (a[0] === 'new') accept(s, x, i, t.o, a[1]);
          s.ack |= bit(x);
        }
    }
    const b = check(s, true);
    if (b) return `${b} (after recovery)`;
    if (s.rd) {
      // drain the reader: it must have seen exactly the readable log
      let g = 0;
      while (g++ < 50) {
        const it = reads(s).next();
        if (it.done) break;
        s.rd = it.value[1];
      }
      let want = [],
        i = 0;
      for (;;) {
        want.push(...auth(s, i).filter((x) => x >= 0 && keys[x] === 0));
        const c = s.T[i].suc.find((c) => s.T[c].r & 1);
        if (c === undefined) break;
        i = c;
      }
      // merges: a reader that follows key 0 only
      if (
        want.join() !== s.rd[2].filter((x) => !(s.tr & bit(x)) || want.includes(x)).join() &&
        want.filter((x) => !(s.tr & bit(x))).join() !== s.rd[2].filter((x) => !(s.tr & bit(x))).join()
      )
        return `I1 reader of key 0 saw [${s.rd[2].map((x) => EV[x])}], the log is [${want.map((x) => EV[x])}]`;
    }
    return null;
  }
  const flt = cfg.only && new RegExp(cfg.only);
  return {
    init,
    next,
    check: flt
      ? (s) => {
          const b = check(s);
          return b && flt.test(b) ? b : null;
        }
      : check,
  };
}
