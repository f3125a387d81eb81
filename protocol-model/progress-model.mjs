/**
 * How a host proves its progress (docs/decisions/0023): counts, marks, certain prefixes, claims, accepting a loss.
 * One key, few shardlets; restructures are coarse (their steps are main-model.mjs). What is new here is that a host
 * may take an older state of its own, in the same run or another, with requests still on their way to it.
 *
 * Time is `clk`; it rises with every mark and never goes back with a host. A record is [event, ts], and a promise is
 * the clk of its mark: everything in a log with a ts at or below it was there in the moment of the mark.
 *
 * host:    gen, cnt, mark, mp (promise of the mark), fl (createFloor), R (replicas [epoch, mode, log]); a set-back
 *          takes all of these from a snapshot. run stays or changes; g (clk of its mark) is for the check only.
 * T:       v, S (shardlets), and per host h: gen, run, st (0 used, 1 suspended, 2 accepting), held, pro, cnt,
 *          sent [[mark, promise it builds on]]: marks sent and not confirmed, fl; of a suspension: top (no more than
 *          this is certain), empty (nothing but an empty store was found), other (in a run that T never used)
 * caller:  w[edge][host] = [generation, seen, refusing, last acknowledged record [s, seq, epoch, event]]
 */
const bit = (i) => 1 << i;
const EV = 'xyzw';
const HN = 'AB';
const number = (mark) => Number.parseInt(mark, 10);

export function progressModel(cfg) {
  const bug = new Set(cfg.bugs || []);
  const NH = cfg.hosts || 1;
  const NE = cfg.events;
  const B0 = cfg.bud;
  const fixed = (name) => !bug.has(name);
  const shardlet = (o, e) => ({ o, e, st: 'O', fs: -1, suc: -1, lost: [], j: null });
  const host = () => ({ gen: 0, cnt: 0, mark: '1a', mp: 0, fl: 0, g: 0, R: [null] });
  const known = () => ({
    gen: 0,
    run: 0,
    st: 0,
    held: '1a',
    pro: 0,
    cnt: 0,
    sent: [],
    told: 0,
    pros: [0],
    top: 99,
    empty: 0,
    other: 0,
  });
  const init = {
    clk: 1,
    runs: 0,
    H: Array.from({ length: NH }, (_, h) => ({ ...host(), R: [h === 0 ? [1, 'O', []] : null] })),
    run: Array(NH).fill(0),
    up: Array(NH).fill(1),
    snap: Array(NH).fill(null),
    kept: Array(NH).fill(null), // the state that it was in before it went back: a person has the disk
    sb: Array(NH).fill(0), // set back behind a mark, not accepted yet
    hurt: Array(NH).fill(0), // ever set back
    cg: Array(NH).fill(0), // g of the newest confirmed mark
    twice: [], // s, seqs that the reader had passed before a set-back in the window: from, to
    saw: Array(NH).fill(0), // a caller was answered less than before
    backs: Array(NH).fill(0), // times set back since a loss was accepted
    f: Array(NH).fill(null), // found in an older state by the worker, T not told: generation, what was certain
    fg: Array(NH).fill(0), // the same, for the check: also what the worker forgets
    T: [{ v: 1, S: [shardlet(0, 1)], h: Array.from({ length: NH }, known), stop: 0 }],
    R: [[0, 0, 1, 0, 0]], // routes ever published: s, host, epoch, generation, run
    M: [], // on their way
    C: [], // claims: edge, host, generation, seen, record
    w: Array.from({ length: 2 }, () => Array.from({ length: NH }, () => [0, 0, 0, null])),
    ap: Array(NE).fill(null), // where the client was told its event is: s, seq, epoch, host
    got: 0,
    pre: Array(NE).fill(0),
    win: 0, // in a log after the newest mark, and not in the state that the host took: the window
    rd: cfg.reader ? [0, 0, 1, 0] : null, // s, seq, epoch, events read
    tl: cfg.ahead ? [0, 0] : null, // what an edge has read for others: s, seq
    b: { ...cfg.bud },
    wrong: [], // callers with a wrong number
    bad: '',
  };
  if (cfg.rolled) startRolled(init);
  if (cfg.accepted) startAccepted(init);
  const cp = (s) => structuredCloneLike(s);

  /** x was acknowledged, marked, and its shardlet was rolled; somebody has a copy of before that. */
  function startRolled(s) {
    const [H] = s.H;
    s.snap[0] = JSON.parse(JSON.stringify(H));
    const R = [
      [1, 'S', [[0, 1]]],
      [2, 'O', []],
    ];
    Object.assign(H, { cnt: 4, mark: '2a', mp: 1, g: 2, R });
    s.clk = s.cg[0] = 2;
    const [T] = s.T;
    T.v = 2;
    T.S = [{ ...shardlet(0, 1), st: 'C', fs: 1, suc: 1 }, shardlet(0, 2)];
    Object.assign(T.h[0], { held: '2a', pro: 1, cnt: 2, pros: [0, 1] });
    s.R.push([1, 0, 2, 0, 0]);
    s.ap[0] = [0, 1, 1, 0];
    s.got = 1;
  }

  /** x was acknowledged and marked, a loss of what came after it was accepted; somebody has a copy of before x. */
  function startAccepted(s) {
    const [H] = s.H;
    s.snap[0] = JSON.parse(JSON.stringify(H));
    Object.assign(H, { gen: 2, cnt: 5, mark: '3a', mp: 2, fl: 3, g: 3, R: [[3, 'O', [[0, 1]]]] });
    s.clk = s.cg[0] = 3;
    s.hurt[0] = 1;
    const [T] = s.T;
    T.v = 3;
    T.S = [{ ...shardlet(0, 3), lost: [[3, 1]] }];
    Object.assign(T.h[0], { gen: 2, held: '3a', pro: 2, cnt: 5, pros: [0, 1, 2] });
    s.R.push([0, 0, 3, 2, 0]);
    s.ap[0] = [0, 1, 1, 0];
    s.got = 1;
  }

  // ---- host
  const rep = (s, h, i) => s.H[h].R[i] || null;
  const put = (s, h, i, r) => {
    s.H[h].R[i] = r;
    s.H[h].cnt++;
  };
  const certain = (log, promise) => log.filter(([, ts]) => ts <= promise).length;
  const alike = (a, b) => {
    const other = a.findIndex(([x], k) => b[k]?.[0] !== x);
    return other < 0 ? a.length : other;
  };
  const inLog = (log, x) => log.findIndex(([y]) => y === x);
  /** -> [kind, seq] or null when refused */
  function append(s, x, i, h, e) {
    const r = rep(s, h, i);
    if (r?.[1] !== 'O' || r[0] !== e) return null;
    for (const [j, q] of s.H[h].R.entries()) {
      const k = q && (j === i || q[1] === 'S') ? inLog(q[2], x) : -1;
      if (k >= 0) return ['dup', k + 1, q[2][k][1], j, q[0]];
    }
    put(s, h, i, [e, 'O', [...r[2], [x, s.clk]]]);
    if (!(s.got & bit(x))) {
      s.got |= bit(x);
      for (let y = 0; y < NE; y++) if (y !== x && s.ap[y]) s.pre[x] |= bit(y);
    }
    return ['new', r[2].length + 1, s.clk];
  }

  // ---- T
  const routes = (s, t, i) => {
    const { o, e } = s.T[t].S[i];
    const r = [i, o, e, s.T[t].h[o].gen, s.T[t].h[o].run];
    if (!s.R.some((q) => q.join() === r.join())) s.R.push(r);
  };
  const usable = (s, t, h) =>
    s.up[h] &&
    !s.T[t].stop &&
    s.T[t].h[h].st === 0 &&
    s.run[h] === s.T[t].h[h].run &&
    s.H[h].gen === s.T[t].h[h].gen;
  const suspend = (s, t, h) => {
    if (!s.hurt[h] && s.T.length === 1) s.bad = `a whole host is suspended: ${HN[h]}`;
    const k = s.T[t].h[h];
    k.st = 1;
    k.empty = s.H[h].empty ? 1 : 0;
    k.other = s.run[h] === k.run ? 0 : 1;
    // nobody uses an empty store: it says nothing of the disk that is put in its place
    if (!k.empty && fixed('limitAtAcceptance') && fixed('ownSeq'))
      k.top = Math.min(k.top, promiseOf(k, s.H[h]));
  };
  /** The worker finds a host in an older state, and T does not hear of it: it is away. */
  function findUnheard(s, h) {
    const k = s.T[0].h[h];
    s.fg[h] = 1;
    if (fixed('verdictForgotten')) s.f[h] = [k.gen, promiseOf(k, s.H[h])];
  }
  /** What was found stays true, whatever state the host is in by now. */
  function tellFound(s, h) {
    const k = s.T[0].h[h];
    const [gen, promise] = s.f[h];
    s.f[h] = null;
    s.fg[h] = 0;
    if (gen !== k.gen || k.st !== 0) return; // accepted meanwhile, or T has found it as well
    suspend(s, 0, h);
    k.empty = 0;
    k.top = Math.min(k.top, promise);
  }
  /** Up to where it is certain what a host holds: not a mark that may have been carried out after it went back. */
  function promiseOf(k, { gen, mark, mp }) {
    const unconfirmed = k.sent.find(([m]) => m === mark);
    if (unconfirmed) return fixed('promiseOfHost') ? unconfirmed[1] : mp;
    // of a line that was given up when a loss was accepted: what it has in common with the one that T went on with
    return gen < k.gen && fixed('sentForgotten') ? Math.max(0, ...k.pros.filter((p) => p <= mp)) : mp;
  }
  /** What a host shows, against what T knows of it: whole, next (a mark that T has sent), regressed or foreign. */
  function verdict(k, { gen, cnt, mark }) {
    if (gen !== k.gen) return gen > k.gen ? 'foreign' : 'regressed';
    const isSent = k.sent.some(([m]) => m === mark);
    const isNext = isSent && number(mark) === number(k.held) + 1;
    if (mark !== k.held && !isNext) {
      if (bug.has('noMark')) return 'whole';
      return number(mark) < number(k.held) || isSent ? 'regressed' : 'foreign';
    }
    if (cnt < k.cnt) return 'regressed';
    return isNext ? 'next' : 'whole';
  }
  function judgeHost(s, t, h, answer, isMark) {
    const k = s.T[t].h[h];
    if (k.st !== 0) return;
    const found = verdict(k, answer);
    if (found === 'regressed') return suspend(s, t, h);
    if (found === 'foreign') {
      if (bug.has('noForeign')) k.held = answer.mark;
      else if (s.T.length === 1 && !s.hurt[h])
        s.bad = `a whole host is taken for another control plane's: ${HN[h]}`;
      else s.T[t].stop = 1;
      return;
    }
    if (isMark && s.sb[h]) s.bad = `a mark declares set-back ${HN[h]} whole`;
    // the mutant: only the process that sent it knows, and dies before it sends the next
    if (found === 'next' && bug.has('confirmedUntold')) {
      if (isMark) s.cg[h] = s.H[h].g;
      return;
    }
    if (found === 'next') {
      k.sent = k.sent.filter(([m]) => m !== answer.mark);
      k.held = answer.mark;
      k.pro = answer.mp;
      if (isMark) k.pros.push(answer.mp);
    }
    if (isMark) {
      s.cg[h] = s.H[h].g;
      k.cnt = Math.max(k.cnt, answer.cnt);
    }
  }
  const shown = (s, h) => {
    const { gen, cnt, mark, mp } = s.H[h];
    return { gen, cnt, mark, mp };
  };

  // ---- marks
  const letter = (_s, t, k, n) => {
    const used = k.sent.filter(([m]) => number(m) === n).length;
    return String.fromCharCode(97 + 8 * t + used);
  };
  function prepareMark(s, t, h, again) {
    const k = s.T[t].h[h];
    const n = number(k.held) + 1;
    const last = k.sent.findLast(([m]) => number(m) === n)?.[0];
    const next = again && bug.has('samePair') ? last : `${n}${letter(s, t, k, n)}`;
    if (next !== last && !bug.has('pairNotStored')) k.sent.push([next, k.pro]);
    s.M.push(['m', t, h, k.held, next, s.run[h]]);
    if (bug.has('nextEarly')) k.held = next;
  }
  function executeMark(s, m) {
    const [, , h, expected, next] = m;
    const H = s.H[h];
    if (bug.has('noMark')) {
      H.mp = s.clk++;
      H.g = s.clk;
      return;
    }
    if (H.mark !== expected) return;
    H.mark = next;
    H.mp = s.clk++;
    H.g = s.clk;
    H.cnt++;
  }
  function afterMark(s, m) {
    const [, t, h, expected, next] = m;
    const k = s.T[t].h[h];
    if (k.held !== expected && !bug.has('nextEarly')) return; // T has moved on: the answer is an old one
    // the mutant: it waits for the map, and looks again
    if (bug.has('generationForgotten') && s.H[h].gen < k.gen && k.st === 0) {
      s.fg[h] = 1;
      return;
    }
    if (bug.has('pairNotStored') && s.H[h].mark === next) k.held = next;
    judgeHost(s, t, h, shown(s, h), true);
    if (k.st !== 0 || s.T[t].stop || (s.H[h].mark !== k.held && !bug.has('noMark'))) return;
  }
  /**
   * A mark beside the regular ones, before T decides on what a host did: a state without it is found from now on.
   * An earlier mark whose answer was lost comes out first. False: the host is suspended, or needs another look.
   */
  function prove(s, t, h) {
    const k = s.T[t].h[h];
    for (let attempt = 0; attempt < 2; attempt++) {
      const round = s.H[h].g;
      prepareMark(
        s,
        t,
        h,
        k.sent.some(([m]) => number(m) === number(k.held) + 1),
      );
      const m = s.M.pop();
      executeMark(s, m);
      afterMark(s, m);
      if (k.st !== 0 || s.T[t].stop || s.bad) return false;
      if (s.H[h].g > round) return true;
    }
    return false;
  }

  // ---- accepting a loss
  function beginAccept(s, t, h) {
    const T = s.T[t];
    const k = T.h[h];
    const H = s.H[h];
    k.P = bug.has('ownSeq') ? 99 : promiseOf(k, H);
    delete H.empty;
    // the mutant: another run of it is judged by its marks alone
    if (fixed('limitForgotten') || s.run[h] === k.run) k.P = Math.min(k.P, k.top);
    k.top = k.P; // until the loss is accepted: the host may go back again meanwhile
    k.st = 2;
    k.run = s.run[h];
    if (!bug.has('sameGeneration')) {
      H.gen = ++T.v;
      k.gen = T.v;
    }
    H.cnt++;
    if (cfg.fine) {
      k.empty = k.done = s.sb[h] = 0;
      H.fl = T.v + 1;
      return;
    }
    const n = Math.max(number(H.mark), number(k.held), ...k.sent.map(([m]) => number(m))) + 1;
    k.held = H.mark = `${n}${String.fromCharCode(97 + 8 * t)}`;
    k.pro = H.mp = s.clk++;
    H.g = s.clk;
    k.cnt = H.cnt;
    s.cg[h] = H.g;
    k.pros = [...k.pros.filter((p) => p <= k.P), k.pro];
    k.empty = 0;
    if (bug.has('sentForgotten')) k.sent = [];
    k.done = 0;
    if (fixed('noFloor') && fixed('floorLast')) H.fl = T.v + 1;
    s.sb[h] = 0;
  }
  const note = (s, t, i, E, q) => s.T[t].S[i].lost.push([E, q]);
  /** One shardlet is looked at: T's decision and the host's calls in one step. */
  function acceptShardlet(s, t, h, i) {
    const T = s.T[t];
    const S = T.S[i];
    const k = T.h[h];
    const r = rep(s, h, i);
    k.done |= bit(i);
    const q = r ? certain(r[2], k.P) : 0;
    if (S.st === 'M' && S.j.b === h && S.o !== h) {
      S.st = 'O';
      S.j = null;
      S.e = ++T.v;
      const a = rep(s, S.o, i);
      if (a && a[0] < S.e && 'OS'.includes(a[1])) put(s, S.o, i, [S.e, 'O', a[2]]);
      prove(s, t, S.o);
      routes(s, t, i);
    }
    if (S.o !== h) {
      if (!r || r[1] === 'X' || bug.has('noRedrop')) return;
      put(s, h, i, [r[0], 'X', []]);
      if (r[1] === 'O' && fixed('risenNotNoted')) note(s, t, i, r[0] + 1, q);
      return;
    }
    const closes = S.st === 'C' || (S.st === 'P' && S.suc >= 0);
    if (closes ? bug.has('openOnly') : bug.has('closedOnly')) {
      if (S.st === 'M') S.st = 'O';
      return;
    }
    if (closes) {
      const had = S.fs < 0 ? 9 : S.fs;
      S.st = 'C';
      S.j = null;
      if (r && r[1] === 'O') put(s, h, i, [r[0], 'S', r[2]]);
      const has = r && r[1] !== 'X' ? r[2].length : 0;
      if (bug.has('closedAtItsSeq')) {
        if (has < had) note(s, t, i, ++T.v, has);
      } else note(s, t, i, ++T.v, Math.min(q, had));
      S.fs = has;
      return;
    }
    S.st = 'O';
    S.j = null;
    S.e = ++T.v;
    const keeps = r && 'OSR'.includes(r[1]);
    put(s, h, i, [S.e, 'O', keeps ? r[2] : []]);
    note(s, t, i, S.e, keeps ? Math.min(q, r[2].length) : 0);
  }
  /** Is everything as it was left? Set back between two steps, the host does not show it. */
  const isRaised = (s, t, h) =>
    s.T[t].S.every(
      (S, i) => S.o !== h || S.st !== 'O' || (rep(s, h, i)?.[0] === S.e && rep(s, h, i)[1] === 'O'),
    );
  /**
   * Accepting, step by step: T asks what is there, and the host is made so later. No mark of the new generation is sent
   * before all of it is shown, so another state of that generation can be put in place between two steps.
   */
  function* acceptFinely(s, t, h) {
    const k = s.T[t].h[h];
    const H = s.H[h];
    const i = left(s, t, h);
    if (H.gen !== k.gen || s.run[h] !== k.run)
      yield [`${HN[h]} went back again: asked again`, (u) => askAgain(u, t, h)];
    else if (i >= 0) yield [`accepting ${HN[h]}: s${i}`, (u) => noteShardlet(u, t, h, i)];
    else {
      const todo = s.T[t].S.findIndex((S, j) => S.o === h && !isAsNoted(s, t, h, j, 'epoch'));
      const isElsewhere = s.T[t].S.some((S, j) => S.o === h && !isAsNoted(s, t, h, j, 'end'));
      if (isElsewhere && fixed('endsElsewhere'))
        yield [`a closed shardlet on ${HN[h]} ends elsewhere: asked again`, (u) => askAgain(u, t, h)];
      else if (todo >= 0)
        yield [
          `${HN[h]}: s${todo} is raised`,
          (u) => {
            const S = u.T[t].S[todo];
            put(u, h, todo, [S.e, S.st === 'C' ? 'S' : 'O', rep(u, h, todo)?.[2] ?? []]);
          },
        ];
      else yield [`T uses ${HN[h]} again`, (u) => endAccept(u, t, h)];
    }
  }
  /** It is at the epoch of T, or ends where T has closed it. */
  function isAsNoted(s, t, h, i, what) {
    const S = s.T[t].S[i];
    const r = rep(s, h, i);
    if (what === 'end') return S.st !== 'C' || S.fs === (r ? r[2].length : 0);
    return r?.[0] === S.e && r[1] === (S.st === 'C' ? 'S' : 'O');
  }
  function askAgain(s, t, h) {
    const T = s.T[t];
    const k = T.h[h];
    const H = s.H[h];
    k.P = k.top = Math.min(k.P, promiseOf(k, H));
    k.run = s.run[h];
    k.done = 0;
    H.gen = k.gen;
    H.cnt++;
    H.fl = ++T.v + 1;
  }
  function noteShardlet(s, t, h, i) {
    const T = s.T[t];
    const S = T.S[i];
    const k = T.h[h];
    const log = rep(s, h, i)?.[2] ?? [];
    k.done |= bit(i);
    if (S.o !== h) return;
    S.e = ++T.v;
    note(s, t, i, S.e, Math.min(certain(log, k.P), log.length));
    if (S.st === 'C') S.fs = log.length;
  }
  function markAnew(s, t, h) {
    const k = s.T[t].h[h];
    const H = s.H[h];
    const n = Math.max(number(H.mark), number(k.held), ...k.sent.map(([m]) => number(m)));
    k.held = H.mark = `${n + 1}${String.fromCharCode(97 + 8 * t)}`;
    k.pro = H.mp = s.clk++;
    k.cnt = ++H.cnt;
    s.cg[h] = H.g = s.clk;
    k.pros.push(k.pro);
  }
  function endAccept(s, t, h) {
    const k = s.T[t].h[h];
    // a loss that a caller saw is named now; of two before it was accepted, not all of it
    const isSeen = s.saw[h] && s.backs[h] === 1 && !k.told && !s.C.some((c) => c[1] === h);
    if (isSeen) for (let x = 0; x < NE; x++) if (s.ap[x]?.[3] === h) s.win &= ~bit(x);
    s.backs[h] = s.saw[h] = 0;
    k.told = 0;
    if (!bug.has('endUnmarked')) {
      if (!isRaised(s, t, h)) {
        k.st = 1;
        return;
      }
      markAnew(s, t, h);
    }
    if (bug.has('floorLast')) s.H[h].fl = s.T[t].v + 1;
    k.top = 99;
    k.st = 0;
    delete k.P;
    delete k.done;
    s.T[t].S.forEach((S, i) => {
      if (S.o === h) routes(s, t, i);
    });
  }
  const left = (s, t, h) => s.T[t].S.findIndex((_, i) => !(s.T[t].h[h].done & bit(i)));
  function* acceptSteps(s, t, h) {
    const k = s.T[t].h[h];
    if (!s.up[h] || s.T[t].stop) return;
    if (k.st === 1) yield [`a person accepts the loss of ${HN[h]}`, (u) => beginAccept(u, t, h)];
    if (k.st !== 2) return;
    if (cfg.fine) yield* acceptFinely(s, t, h);
    else if (s.H[h].mark !== k.held || s.run[h] !== k.run)
      yield [
        `${HN[h]} went back again: suspended`,
        (u) => {
          u.T[t].h[h].st = 1;
        },
      ];
    else if (left(s, t, h) >= 0) {
      const i = left(s, t, h);
      yield [`accepting ${HN[h]}: s${i}`, (u) => acceptShardlet(u, t, h, i)];
    } else yield [`T uses ${HN[h]} again`, (u) => endAccept(u, t, h)];
  }
  /**
   * A newer state may be put back. What was acknowledged in the older one is not in it, so a host that T saw in an
   * older state waits for a person, however whole it is by its marks. Nothing was acknowledged by an empty store.
   */
  function* wholeSteps(s, t, h) {
    const k = s.T[t].h[h];
    if (k.st !== 1 || !s.up[h] || s.T[t].stop || s.H[h].empty) return;
    const found = verdict(k, s.H[h]);
    const mayEnd = k.empty || bug.has('wholeAgain') || (k.other && bug.has('wholeInAnotherRun'));
    if (mayEnd && (found === 'whole' || found === 'next'))
      yield [
        `${HN[h]} is whole again: used`,
        (u) => {
          Object.assign(u.T[t].h[h], { st: 0, top: 99, empty: 0 });
          readmit(u, t, h);
        },
      ];
    else if (k.empty) yield [`${HN[h]} has an older disk in place of the empty one`, (u) => suspend(u, t, h)];
  }
  /** Another run of a whole host: new epochs, as requests of the old run may come. */
  function readmit(s, t, h) {
    const T = s.T[t];
    judgeHost(s, t, h, shown(s, h), false);
    if (T.h[h].st !== 0 || T.stop) return;
    T.h[h].run = s.run[h];
    T.S.forEach((S, i) => {
      const r = rep(s, h, i);
      if (S.o !== h) return;
      if (S.st === 'O' && r && 'OS'.includes(r[1])) {
        S.e = ++T.v;
        put(s, h, i, [S.e, 'O', r[2]]);
        if (fixed('readmitNotNoted')) note(s, t, i, S.e, r[2].length);
      }
      routes(s, t, i);
    });
    if (fixed('readmitUnmarked')) prove(s, t, h);
  }

  // ---- restructures of T, coarse
  function* jobs(s, t) {
    const T = s.T[t];
    const may = !T.stop;
    for (let i = 0; i < T.S.length; i++) {
      const S = T.S[i];
      const N = `s${i}`;
      const P = s.T.length > 1 ? `T${t}` : 'T';
      if (S.st === 'O' && may && usable(s, t, S.o)) {
        if (s.b.roll > 0)
          yield [
            `${P}: roll ${N}`,
            (u) => {
              const V = u.T[t];
              u.b.roll--;
              V.v++;
              V.S[i].st = 'P';
              V.S[i].suc = V.S.length;
              V.S[i].j = { a: S.o, e: S.e, n: V.v };
              V.S.push({ ...shardlet(S.o, V.v), st: 'P' });
              for (const H of u.H) H.R.length < V.S.length && H.R.push(null);
              routes(u, t, V.S.length - 1);
            },
          ];
        if (s.b.move > 0 && (!cfg.child || i === 1))
          yield [
            `${P}: move ${N} from ${HN[S.o]} to ${HN[1 - S.o]}`,
            (u) => {
              const V = u.T[t];
              u.b.move--;
              V.v++;
              V.S[i].st = 'M';
              V.S[i].j = { a: S.o, b: 1 - S.o, e: S.e, n: V.v };
            },
          ];
      }
      if (!S.j || T.stop) continue;
      const { a, b, n } = S.j;
      const r = rep(s, a, i);
      // a control plane acts on a decision only where it has marked the host since: of two, one is told first
      const acts = (h) => !cfg.tight || (S.j.ok || 0) & bit(h);
      if (cfg.tight)
        for (const h of b === undefined ? [a] : [a, b])
          if (!acts(h) && usable(s, t, h))
            yield [
              `${P}: mark ${HN[h]} for the decision on ${N}`,
              (u) => {
                if (prove(u, t, h)) u.T[t].S[i].j.ok = (S.j.ok || 0) | bit(h);
              },
            ];
      const A = usable(s, t, a) && acts(a);
      // a decision needs what its hosts show now, and a mark after it; the mutant takes their answers of before
      const isSealed = (u) => rep(u, a, i)?.[1] === 'S' && rep(u, a, i)[0] === S.e;
      const shows = (u, h, k, e, mode) => rep(u, h, k)?.[0] === e && rep(u, h, k)[1] === mode;
      const old = bug.has('decideOnAnswers') || bug.has('lookedBefore');
      /** For the decision: marks, and then what is shown. The mutants leave out both, or the second. */
      const decides = (u, hosts, isDone) =>
        bug.has('decideOnAnswers') || (hosts.every((h) => prove(u, t, h)) && (old || isDone(u)));
      const answered = (u, name, value) => {
        if (old) u.T[t].S[i].j[name] = value;
      };
      if (A && r && r[1] === 'O' && r[0] === S.e && (S.st === 'M' || S.suc >= 0))
        yield [
          `${HN[a]}.seal(${N},${S.e})`,
          (u) => {
            put(u, a, i, [S.e, 'S', r[2]]);
            answered(u, 'fs', r[2].length);
          },
        ];
      if (S.st === 'P' && S.suc >= 0) {
        const c = rep(s, a, S.suc);
        if (A && !c && isSealed(s) && n >= s.H[a].fl)
          yield [
            `${HN[a]}.create(s${S.suc},${n},open)`,
            (u) => {
              put(u, a, S.suc, [n, 'O', []]);
              answered(u, 'cr', 1);
            },
          ];
        const isDone = (u) => isSealed(u) && shows(u, a, S.suc, n, 'O');
        if (old ? S.j.cr : A && isDone(s))
          yield [
            `${P}: settle ${N} closed`,
            (u) => {
              if (!decides(u, [a], isDone)) return;
              const fs = old ? S.j.fs : rep(u, a, i)[2].length;
              Object.assign(u.T[t].S[i], { st: 'C', fs, j: null });
              u.T[t].S[S.suc].st = 'O';
              u.T[t].S[S.suc].mk = [n, i, S.e];
            },
          ];
      }
      if (S.st === 'M') {
        const d = rep(s, b, i);
        const B = usable(s, t, b) && acts(b) && n >= s.H[b].fl;
        if (B && (!d || (d[0] < n && d[1] !== 'O')))
          yield [`${HN[b]}.create(${N},${n},shadow)`, (u) => put(u, b, i, [n, 'H', []])];
        if (A && isSealed(s) && S.j.fs === undefined)
          yield [
            `T: ${N} is sealed on ${HN[a]} for good`,
            (u) => {
              if (prove(u, t, a) && isSealed(u)) u.T[t].S[i].j.fs = r[2].length;
            },
          ];
        if (B && A && shows(s, b, i, n, 'H') && isSealed(s) && S.j.fs === r[2].length)
          yield [
            `${N} copied, ${HN[b]}.ready`,
            (u) => {
              put(u, b, i, [n, 'R', r[2]]);
              answered(u, 'rd', 1);
            },
          ];
        const isDone = (u) => isSealed(u) && shows(u, b, i, n, 'R');
        if (old ? S.j.rd && T.h[b].st === 0 && T.h[a].st === 0 : A && B && isDone(s))
          yield [
            `${P}: commit move of ${N}`,
            (u) => {
              if (!decides(u, [a, b], isDone)) return;
              Object.assign(u.T[t].S[i], { st: 'P', o: b, e: n });
              routes(u, t, i);
            },
          ];
      }
      if (S.st === 'P' && S.suc < 0 && b !== undefined) {
        if (usable(s, t, b) && shows(s, b, i, n, 'R'))
          yield [
            `${HN[b]}.open(${N},${n})`,
            (u) => {
              put(u, b, i, [n, 'O', rep(u, b, i)[2]]);
              answered(u, 'op', 1);
            },
          ];
        const isDone = (u) => shows(u, b, i, n, 'O');
        if (old ? S.j.op && T.h[b].st === 0 : usable(s, t, b) && isDone(s))
          yield [
            `${P}: settle ${N} on ${HN[b]}`,
            (u) => {
              if (!decides(u, [b], isDone)) return;
              Object.assign(u.T[t].S[i], { gb: [a, S.j.e], st: 'O', j: null });
            },
          ];
      }
    }
    for (let i = 0; i < T.S.length; i++) {
      const g = T.S[i].gb;
      if (!g || T.stop || !usable(s, t, g[0])) continue;
      const r = rep(s, g[0], i);
      // it was sealed before T let it go: an open one shows that the host went back, and may have taken appends
      if (r && r[1] === 'O' && r[0] <= g[1] && fixed('dropsOpen'))
        yield [`${HN[g[0]]}.drop(s${i},${g[1]}): it is open, suspended`, (u) => suspend(u, t, g[0])];
      else if (r && r[1] !== 'X' && r[0] <= g[1])
        yield [`${HN[g[0]]}.drop(s${i},${g[1]})`, (u) => put(u, g[0], i, [g[1], 'X', []])];
      if (r && r[1] === 'X' && s.b.purge > 0)
        yield [
          `${HN[g[0]]}: createFloor ${T.v + 1}`,
          (u) => {
            u.b.purge--;
            u.H[g[0]].fl = T.v + 1;
            put(u, g[0], i, null);
          },
        ];
    }
  }

  // ---- callers
  /** A call that changed something must be answered more than was seen when it was sent; any other, not less. */
  function judge(s, edge, h, gen, seen, { changed, ...ans }) {
    const w = s.w[edge][h];
    const now = w[0] === gen;
    if (ans.gen !== gen) return false;
    const against = bug.has('seenWhenAnswered') && now ? w[1] : seen;
    const more = changed && fixed('lessOnly') ? 1 : 0;
    if (ans.cnt < seen + (changed ? 1 : 0) && s.hurt[h]) s.saw[h] = 1;
    if (bug.has('noCount')) {
      if (now) w[1] = Math.max(w[1], ans.cnt);
      return true;
    }
    if (ans.cnt < against + more && now && !w[2]) {
      if (!s.hurt[h] && !s.wrong.includes(edge)) s.bad = `a caller takes whole ${HN[h]} for set back`;
      w[2] = 1;
      s.C.push([edge, h, gen, against, w[3]]);
    }
    if (ans.cnt < against + more || (now && w[2])) return false;
    if (now) w[1] = Math.max(w[1], ans.cnt);
    return true;
  }
  function acknowledge(s, edge, x, i, h, e, gen, [, seq, ts, where = i, epoch = e]) {
    if (!s.ap[x]) s.ap[x] = [where, seq, epoch, h];
    if (s.w[edge][h][0] === gen) s.w[edge][h][3] = [where, seq, epoch, x, ts];
  }
  const follow = (s, edge, h, gen) => {
    if (s.w[edge][h][0] < gen) s.w[edge][h] = [gen, 0, 0, null];
  };
  function takeClaim(s, c) {
    const [edge, h, gen, seen, rec] = s.C[c];
    s.C.splice(c, 1);
    const k = s.T[0].h[h];
    const w = s.w[edge][h];
    if (k.gen !== gen) {
      // accepted meanwhile: what that has not named is told to people
      const isNamed = rec && s.T[0].S[rec[0]].lost.some(([E, q]) => rec[2] < E && rec[1] > q);
      if (!isNamed) k.told = 1;
      return;
    }
    const r = rec && rep(s, h, rec[0]);
    const S = rec && s.T[0].S[rec[0]];
    const mine = S && S.o === h && S.e === rec[2];
    const isGone = mine && !(r?.[2][rec[1] - 1] && r[2][rec[1] - 1][0] === rec[3]);
    // what was marked since that record may have been marked in the set-back state: those promises prove nothing
    if (isGone && fixed('newestPromise')) k.top = Math.max(0, ...k.pros.filter((p) => p < rec[4]));
    if (bug.has('claimTrusted') || isGone || (bug.has('countConfirms') && s.H[h].cnt < seen))
      return suspend(s, 0, h);
    if (fixed('deniedSilently')) k.told = 1; // people are told; the host goes on
    if (w[0] === gen) s.w[edge][h] = [gen, 0, 0, w[3]];
  }
  /** requests that may be carried out: the run is checked when a connection is made */
  const arrives = (s, h, run) => s.up[h] && s.run[h] === run;

  function next(s, out) {
    if (s.bad) return;
    const go = (l, f) => {
      const u = cp(s);
      f(u);
      out(l, u);
    };
    const B = s.b;
    for (let x = 0; x < NE; x++) {
      if (x > 0 && !(s.got & bit(x - 1)) && !s.M.some((m) => m[0] === 'a' && m[2] === x - 1)) break;
      if (s.ap[x] && !cfg.retry) continue;
      if (s.M.some((m) => 'ar'.includes(m[0]) && m[2] === x)) continue;
      for (const edge of cfg.by ? [cfg.by[x]] : [0, 1])
        for (const [i, h, e, gen, run] of s.R) {
          if (s.w[edge][h][0] > gen || (s.w[edge][h][2] && s.w[edge][h][0] === gen)) continue;
          const L = `${'PQ'[edge]}: ${HN[h]}.append(s${i},${e},${EV[x]})`;
          const r = rep(s, h, i);
          if (arrives(s, h, run) && r && r[1] === 'O' && r[0] === e) {
            go(`${L}`, (u) => {
              follow(u, edge, h, gen);
              const a = append(u, x, i, h, e);
              if (judge(u, edge, h, gen, u.w[edge][h][1], { ...shown(u, h), changed: a[0] === 'new' }))
                acknowledge(u, edge, x, i, h, e, gen, a);
            });
            if (cfg.lost && !s.ap[x] && inLog(r[2], x) < 0)
              go(`${L}, answer lost`, (u) => append(u, x, i, h, e));
          }
          if (B.delay > 0 && r && r[0] === e)
            go(`${L} is sent`, (u) => {
              u.b.delay--;
              follow(u, edge, h, gen);
              u.M.push(['a', edge, x, i, h, e, gen, run, u.w[edge][h][1]]);
            });
        }
    }
    for (let m = 0; m < s.M.length; m++) {
      const q = s.M[m];
      if (q[0] === 'a') {
        const [, edge, x, i, h, e, gen, run, seen] = q;
        if (!arrives(s, h, run)) continue;
        go(`${HN[h]}.append(s${i},${e},${EV[x]}) of ${'PQ'[edge]} arrives`, (u) => {
          const a = append(u, x, i, h, e);
          u.M[m] = [
            'r',
            edge,
            x,
            i,
            h,
            e,
            gen,
            seen,
            { ...shown(u, h), changed: a?.[0] === 'new' },
            a ? a[1] : 0,
            a,
          ];
        });
      } else if (q[0] === 'r') {
        const [, edge, x, i, h, e, gen, seen, ans, seq, a] = q;
        go(`${'PQ'[edge]} gets the answer for ${EV[x]}`, (u) => {
          u.M.splice(m, 1);
          if (judge(u, edge, h, gen, seen, ans) && seq) acknowledge(u, edge, x, i, h, e, gen, a);
        });
      } else if (q[0] === 'm' && arrives(s, q[2], q[5])) {
        const L = `${HN[q[2]]}.mark(${q[3]} -> ${q[4]})`;
        go(L, (u) => {
          u.M.splice(m, 1);
          executeMark(u, q);
          afterMark(u, q);
        });
        if (B.lose > 0 && s.H[q[2]].mark === q[3])
          go(`${L}, answer lost`, (u) => {
            u.b.lose--;
            u.M.splice(m, 1);
            executeMark(u, q);
          });
      } else if (q[0] === 'c') {
        const [, h, i, n, p, pe, run] = q;
        const r = rep(s, h, p);
        if (arrives(s, h, run) && n >= s.H[h].fl && !rep(s, h, i) && r && r[0] === pe && r[1] === 'S')
          go(`${HN[h]}.create(s${i},${n},open) arrives again`, (u) => {
            u.M.splice(m, 1);
            put(u, h, i, [n, 'O', []]);
          });
      }
    }
    for (let edge = 0; edge < 2; edge++)
      for (let h = 0; h < NH; h++) {
        const w = s.w[edge][h];
        if (B.look > 0 && s.up[h] && s.run[h] === s.T[0].h[h].run && s.H[h].gen === w[0] && !w[2])
          go(`${'PQ'[edge]} reads from ${HN[h]}`, (u) => {
            u.b.look--;
            judge(u, edge, h, w[0], w[1], shown(u, h));
          });
        if (B.wrong > 0)
          go(`${'PQ'[edge]} has a wrong number for ${HN[h]}`, (u) => {
            u.b.wrong--;
            u.w[edge][h][1] = 99;
            u.wrong = [edge];
          });
        if (B.giveUp > 0 && w[2])
          go(`${'PQ'[edge]} waited 5 s for its claim, goes on`, (u) => {
            u.b.giveUp--;
            u.w[edge][h] = [w[0], 0, 0, w[3]];
          });
      }
    s.C.forEach(([edge, h], c) => {
      if (s.up[h] && s.run[h] === s.T[0].h[h].run && s.T[0].h[h].st === 0)
        go(`worker examines the claim of ${'PQ'[edge]} on ${HN[h]}`, (u) => takeClaim(u, c));
    });
    for (let t = 0; t < s.T.length; t++) {
      for (let h = 0; h < NH; h++) {
        const k = s.T[t].h[h];
        const P = s.T.length > 1 ? `T${t}` : 'T';
        const isSent = k.sent.some(([m]) => number(m) === number(k.held) + 1);
        if (k.st === 0 && !s.T[t].stop && s.run[h] === k.run) {
          const early = bug.has('nextEarly') || bug.has('pairNotStored');
          if (B.mark > 0 && (!isSent || early) && !(cfg.marked && h > 0))
            go(`${P}: mark ${HN[h]}`, (u) => {
              u.b.mark--;
              prepareMark(u, t, h, false);
            });
          if (B.resend > 0 && isSent)
            go(`${P}: mark ${HN[h]} again`, (u) => {
              u.b.resend--;
              prepareMark(u, t, h, true);
            });
        }
        if (k.st === 0 && s.up[h] && s.run[h] !== k.run && !s.T[t].stop)
          go(`${P}: readmit ${HN[h]}`, (u) => readmit(u, t, h));
        const isFound = k.st === 0 && s.up[h] && !s.H[h].empty && verdict(k, s.H[h]) === 'regressed';
        if (B.deaf > 0 && isFound && !s.f[h])
          go(`worker finds ${HN[h]} in an older state, and T is away`, (u) => {
            u.b.deaf--;
            findUnheard(u, h);
          });
        if (s.f[h]) go(`worker tells T what it has found of ${HN[h]}`, (u) => tellFound(u, h));
        for (const [l, f] of acceptSteps(s, t, h)) go(l, f);
        for (const [l, f] of wholeSteps(s, t, h)) go(l, f);
      }
      for (const [l, f] of jobs(s, t)) go(l, f);
    }
    // faults
    for (let h = 0; h < NH; h++) {
      if (B.snap > 0 && (!s.snap[h] || cfg.copyAgain) && (cfg.backOn ?? h) === h)
        go(`somebody copies ${HN[h]}`, (u) => {
          u.b.snap--;
          u.snap[h] = JSON.parse(JSON.stringify(u.H[h]));
        });
      if (B.demote > 0 && (cfg.backOn ?? h) === h && s.up[h] && (s.snap[h] || cfg.harmless))
        go(`${HN[h]} is demoted`, (u) => {
          u.b.demote--;
          u.up[h] = 0;
        });
      if (!s.up[h]) {
        if (cfg.harmless !== 'only')
          go(`${HN[h]} is promoted, as it was copied`, (u) => {
            u.up[h] = 1;
            setBack(u, h);
          });
        if (cfg.harmless)
          go(`${HN[h]} is promoted, nothing is missing`, (u) => {
            u.up[h] = 1;
          });
      }
      if (B.restore > 0 && s.up[h] && s.snap[h])
        go(`${HN[h]} starts from the copy`, (u) => {
          u.b.restore--;
          setBack(u, h);
          u.run[h] = ++u.runs;
          drop(u, h);
        });
      if (B.empty > 0 && s.up[h] && !s.H[h].empty)
        go(`${HN[h]} starts with an empty disk`, (u) => {
          u.b.empty--;
          u.hurt[h] = u.sb[h] = 1;
          u.kept[h] ??= JSON.parse(JSON.stringify(u.H[h]));
          u.H[h] = { ...host(), mark: '0z', R: u.H[h].R.map(() => null), empty: 1 };
          u.run[h] = ++u.runs;
          drop(u, h);
        });
      if (B.putBack > 0 && s.up[h] && s.kept[h])
        for (const isOther of [true, false])
          go(`the disk of before is put back on ${HN[h]}${isOther ? '' : ', in its run'}`, (u) => {
            u.b.putBack--;
            setBack(u, h, u.kept[h]);
            if (!isOther) return;
            u.run[h] = ++u.runs;
            drop(u, h);
          });
      if (B.restart > 0 && s.up[h])
        go(`${HN[h]} restarts`, (u) => {
          u.b.restart--;
          u.run[h] = ++u.runs;
          drop(u, h);
        });
    }
    if (B.copy > 0)
      go('T is copied, with its worker', (u) => {
        u.b.copy--;
        u.T.push(JSON.parse(JSON.stringify(u.T[0])));
      });
    if (B.again > 0)
      s.T[0].S.forEach((S, i) => {
        if (S.mk && S.mk[0] >= 0)
          go(`the create of s${i} was also sent by another worker`, (u) => {
            u.b.again--;
            u.M.push(['c', s.T[0].S[S.mk[1]].o, i, S.mk[0], S.mk[1], S.mk[2], s.run[0]]);
          });
      });
    if (s.rd) for (const [l, f] of reads(s)) go(l, f);
    if (s.tl) for (const [l, f] of readsAhead(s)) go(l, f);
  }
  const drop = (u, h) => {
    // requests of connections that are gone
    u.M = u.M.filter(
      (m) => !((m[0] === 'm' && m[2] === h) || (m[0] === 'a' && m[4] === h) || (m[0] === 'c' && m[1] === h)),
    );
  };
  function setBack(u, h, to = u.snap[h]) {
    const old = u.H[h];
    const k = u.T[0].h[h];
    const H = JSON.parse(JSON.stringify(to));
    if (B0.putBack && !u.kept[h]) u.kept[h] = JSON.parse(JSON.stringify(old));
    while (H.R.length < old.R.length) H.R.push(null);
    u.hurt[h] = 1;
    u.backs[h]++;
    if (H.g < u.cg[h]) u.sb[h] = 1;
    else {
      // the window: it may also have gone back and forth between two marks, and T has not seen the older state
      if (!(cfg.fine && k.st === 2) && (!u.sb[h] || (k.st === 0 && !u.fg[h]) || k.empty))
        old.R.forEach((r, i) => {
          if (r && u.rd && u.rd[0] >= i) {
            const to = u.rd[0] === i ? Math.min(u.rd[1], r[2].length) : r[2].length;
            u.twice.push([i, H.R[i] ? alike(H.R[i][2], r[2]) : 0, to]);
          }
          for (const [x] of r ? r[2] : []) if (!H.R[i] || inLog(H.R[i][2], x) < 0) u.win |= bit(x);
        });
      u.sb[h] = 0;
    }
    u.H[h] = H;
  }

  // ---- readers
  const auth = (s, i) => {
    const S = s.T[0].S[i];
    const r = rep(s, S.o, i);
    if (!r || r[1] === 'X' || r[1] === 'H') return [];
    return S.st === 'C' ? r[2].slice(0, S.fs) : r[2];
  };
  function* reads(s) {
    const [i, q, e] = s.rd;
    const S = s.T[0].S[i];
    const lost = bug.has('readerStays') ? [] : S.lost.filter(([E]) => E > e);
    if (lost.length)
      yield [
        `reader is set back in s${i}`,
        (u) => {
          u.rd = [i, Math.min(q, ...lost.map(([, l]) => l)), Math.max(...lost.map(([E]) => E)), u.rd[3]];
        },
      ];
    else if (usable(s, 0, S.o) && auth(s, i).length > q) {
      const x = auth(s, i)[q][0];
      yield [
        `reader reads ${EV[x]}`,
        (u) => {
          u.rd = [i, q + 1, Math.max(e, rep(s, S.o, i)[0]), u.rd[3] | bit(x)];
        },
      ];
    } else if (S.st === 'C' && q >= S.fs)
      yield [
        `reader goes on to s${S.suc}`,
        (u) => {
          u.rd = [S.suc, 0, u.T[0].S[S.suc].e, u.rd[3]];
        },
      ];
  }

  /**
   * An edge reads ahead for others. A reader that has all there is now shares that from here on, at the edge's place: its
   * own is no earlier in time. The edge looks at the host then.
   */
  function* readsAhead(s) {
    const [i, q] = s.tl;
    const S = s.T[0].S[i];
    if (!usable(s, 0, S.o)) return;
    const n = auth(s, i).length;
    if (n > q) yield ['an edge reads ahead', (u) => (u.tl = [i, q + 1])];
    if (s.b.join && s.rd[0] === i && s.rd[1] === n && q > n)
      yield [
        'reader goes on with what the edge has read',
        (u) => {
          u.b.join--;
          // the host shows less than was read of it: the place is sought by time
          if (fixed('aheadKept')) u.tl = [i, n];
          u.rd = [i, u.tl[1], u.rd[2], u.rd[3]];
        },
      ];
  }

  // ---- what must hold
  const named = (s, x) =>
    s.ap[x] && s.T[0].S[s.ap[x][0]].lost.some(([E, q]) => s.ap[x][2] < E && s.ap[x][1] > q);
  /** What the worker's next look at the host does, if nothing else happens. */
  const willFind = (s, h) =>
    s.run[h] !== s.T[0].h[h].run || ['regressed', 'foreign'].includes(verdict(s.T[0].h[h], s.H[h]));
  const waits = (s, h) => !s.up[h] || s.T[0].h[h].st !== 0 || s.T[0].stop || s.f[h] || willFind(s, h);
  function lossless(s) {
    const at = Array(NE).fill(null);
    for (let i = 0; i < s.T[0].S.length; i++)
      for (const [k, [x]] of auth(s, i).entries()) {
        if (at[x]) return `I2 ${EV[x]} is in the log twice`;
        at[x] = [i, k];
      }
    for (let x = 0; x < NE; x++) {
      if (!s.ap[x] || named(s, x)) continue;
      const h = s.ap[x][3];
      const o = s.T[0].S[s.ap[x][0]].o;
      if (!at[x]) {
        if (waits(s, h) || waits(s, o)) continue;
        const isTold = s.T[0].h[h].told || s.C.some((c) => c[1] === h);
        if (s.win & bit(x) && (!s.saw[h] || isTold) && !cfg.noWindow) continue;
        return `I7 ${EV[x]} was acknowledged and is lost in silence`;
      }
      for (let y = 0; y < NE; y++) {
        if (
          !(s.pre[x] & bit(y)) ||
          !at[y] ||
          !s.ap[y] ||
          named(s, y) ||
          s.win & bit(y) ||
          waits(s, h) ||
          waits(s, s.ap[y][3])
        )
          continue;
        if (at[y][0] > at[x][0] || (at[y][0] === at[x][0] && at[y][1] > at[x][1]))
          return `I3 ${EV[y]} is read after ${EV[x]}`;
      }
    }
    return null;
  }
  const isTwice = (s, x) =>
    s.twice.some(([i, from, to]) => s.ap[x][0] === i && s.ap[x][1] > from && s.ap[x][1] <= to);
  function openOnce(s) {
    const open = [];
    for (let h = 0; h < NH; h++)
      if (s.up[h] && !(s.T.length === 1 && waits(s, h)))
        s.H[h].R.forEach((r, i) => {
          if (r && r[1] === 'O') open.push(`${HN[h]}.s${i}@${r[0]}`);
        });
    return open.length > 1 ? `I4 two replicas accept appends: ${open.join(' ')}` : null;
  }
  function check(s) {
    if (s.bad) return s.bad;
    const o = openOnce(s);
    if (o) return o;
    if (s.T.length > 1) return null;
    return lossless(s) || live(s);
  }
  /** I5: with no more faults everything ends, every host is used again, and readers reach all that is not named. */
  function live(s0) {
    const s = cp(s0);
    s.up.fill(1);
    s.M = [];
    const isOver = () =>
      s.T[0].h.every((k, h) => k.st === 0 && s.run[h] === k.run && !s.f[h]) &&
      s.T[0].S.every((S) => 'OC'.includes(S.st));
    for (let round = 0; round < 60; round++) {
      for (let h = 0; h < NH; h++) {
        if (s.T[0].h[h].st === 0 && s.run[h] !== s.T[0].h[h].run) readmit(s, 0, h);
        else judgeHost(s, 0, h, shown(s, h), false);
        if (s.f[h]) tellFound(s, h);
        const a = acceptSteps(s, 0, h).next();
        if (!a.done) a.value[1](s);
      }
      if (s.C.length && s.T[0].h[s.C[0][1]].st === 0) takeClaim(s, 0);
      if (s.T[0].stop) return null; // a person has to look: doctor --after-restore
      s.b.roll = s.b.move = s.b.purge = 0;
      const step = jobs(s, 0).next();
      if (!step.done) step.value[1](s);
      else if (isOver() && !s.C.length && round > 2) {
        // the callers look as well: what they saw and the host does not show any more comes out
        for (let edge = 0; edge < 2; edge++)
          for (let h = 0; h < NH; h++) judge(s, edge, h, s.w[edge][h][0], s.w[edge][h][1], shown(s, h));
        if (!s.C.length) break;
      }
      if (s.bad) return s.bad;
    }
    if (!isOver())
      return `I5 T does not settle: ${s.T[0].S.map((S, i) => `s${i}:${S.st}@${S.e}`)} ${s.T[0].h.map((k) => k.st)}`;
    const i = s.T[0].S.findIndex((S) => S.st === 'O');
    const S = s.T[0].S[i];
    const r = rep(s, S.o, i);
    if (r?.[1] !== 'O' || r[0] !== S.e)
      return `I5 T says s${i} is open@${S.e} on ${HN[S.o]}, which has ${r ? r[1] + r[0] : 'nothing'}`;
    for (let c = 0; c < s.T[0].S.length; c++) {
      const { st, o, fs } = s.T[0].S[c];
      const has = rep(s, o, c)?.[2].length ?? 0;
      if (st === 'C' && has !== fs) return `I1 T closed s${c} at ${fs}, ${HN[o]} holds it up to ${has}`;
    }
    for (const ws of s.w)
      if (ws.some((w, h) => w[2] && w[0] === s.T[0].h[h].gen)) return 'I5 a caller refuses a host for ever';
    const b = openOnce(s) || lossless(s);
    if (b) return `${b} (at the end)`;
    if (s.rd) {
      for (let g = 0; g < 30; g++) {
        const it = reads(s).next();
        if (it.done) break;
        it.value[1](s);
      }
      for (let x = 0; x < NE; x++)
        if (s.ap[x] && !named(s, x) && !(s.win & bit(x)) && !(s.rd[3] & bit(x)) && !isTwice(s, x))
          return `I1 ${EV[x]} was acknowledged, and no reader is given it`;
    }
    return null;
  }
  return { init, next, check };
}

/** Copies plain data; three times as fast as structuredClone, which the search spends its time in. */
function structuredCloneLike(v) {
  if (Array.isArray(v)) return v.map(structuredCloneLike);
  if (v === null || typeof v !== 'object') return v;
  const o = {};
  for (const k in v) o[k] = structuredCloneLike(v[k]);
  return o;
}
