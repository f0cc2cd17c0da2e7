/* SPDX-License-Identifier: Apache-2.0
 *
 * A model, for Spin, of a blocking subscriber that joins, dies and is removed while a topic's
 * publisher publishes (docs/design/topic-ring.md, "Joining while it runs"), on the store buffers of
 * x86, explored exhaustively.
 *
 *     spin -a [-D...] join.pml && cc -DSAFETY -o pan pan.c && ./pan
 *
 * The publisher's stores (payload, stamp, `published`) go through a buffer, in order and at any
 * time; a fence, the mutex of the table and a membarrier empty it. The control thread's store to
 * `limit` may stay in its buffer too. Steps bear the labels of the design page: P1 to P5, M1 to M6,
 * J1 to J5, R1 to R3, R7.
 *
 * Properties: the frontier never decreases and never passes what was published; a blocking
 * subscriber admitted at `start` is never passed and receives each message from `start` on, whole;
 * nobody waits for ever (an invalid end state).
 *
 * Variants. To be accepted:
 *   (none)            the join is J1, J4, J5 under the mutex: no barrier, and nothing said to publish
 *   -DLIMIT_RESET     with J2 and J3 besides
 *   -DLIMIT_RESET -DNO_BARRIER   with J2 and without J3, which shows that neither is needed
 * To be rejected:
 *   -DEARLY_START     J4 before the mutex is taken
 *   -DLATE_CURSOR     the entry counts only after the mutex is released
 *   -DUNCLAMPED -DLIMIT_RESET    M1 in unsigned arithmetic: s - depth + batch wraps for an early s
 *   -DSLEEP_LOCKED    the publisher waits for room with the mutex held
 *   -DNO_REMOVAL      a dead subscriber stays in the table
 *   -DPASS_BLOCKING   M1 does not look at the cursors
 */

#define DEPTH 2
#define BATCH 1
#ifndef MESSAGES
#define MESSAGES 5
#endif

/* Memory, as everybody but the publisher sees it. */
byte stamp[DEPTH];
byte payload[DEPTH];       /* s + 1, and 0 while it is half written */
byte published;
byte frontier;
byte limit = DEPTH;

/* The publisher's buffer: what, value. */
mtype = { payload_store, stamp_store, published_store };
chan stores = [6] of { mtype, byte };

bool reset_pending;        /* the control thread's `limit = 0`, still in its buffer */
bool locked;

/* The table's one entry, guarded by the mutex. */
bool in_table;
byte own_cursor;

byte cursor;               /* the subscriber's page */
bool welcome;
byte start;
bool dead;                 /* proved */
bool finished;

inline apply(what, value) {
    if
    :: what == payload_store && (value & 1) == 0 -> payload[((value >> 1) - 1) % DEPTH] = 0
    :: what == payload_store && (value & 1) == 1 -> payload[((value >> 1) - 1) % DEPTH] = value >> 1
    :: what == stamp_store -> stamp[(value - 1) % DEPTH] = value
    :: what == published_store -> published = value
    fi;
    what = 0;
    value = 0
}

inline empty_stores(what, value) {
    do
    :: nempty(stores) -> stores?what,value; apply(what, value)
    :: empty(stores) -> break
    od
}

inline empty_reset() {
    if
    :: reset_pending -> limit = 0; reset_pending = false
    :: else
    fi
}

active proctype buffers() {
    mtype what;
    byte value;
end:
    do
    :: d_step { nempty(stores) -> stores?what,value; apply(what, value) }
    :: d_step { reset_pending -> empty_reset() }
    od
}

#define ROOM_FOR(s) (!in_table || cursor + DEPTH > s || own_cursor + DEPTH > s)

active proctype publisher() {
    byte s, f;
    mtype what;
    byte value;

    do
    :: s < MESSAGES ->
       do                                                                          /* P1 */
       :: s >= limit ->
          atomic { !locked -> locked = true; empty_stores(what, value) };
#ifdef UNCLAMPED
          f = s - DEPTH + BATCH;                                                   /* M1 */
#else
          f = (s + BATCH > DEPTH -> s + BATCH - DEPTH : 0);
#endif
#ifndef PASS_BLOCKING
          if
          :: in_table ->
             own_cursor = (cursor > own_cursor -> cursor : own_cursor);
             f = (own_cursor < f -> own_cursor : f)
          :: else
          fi;
#endif
          f = (f < frontier -> frontier : f);
          assert(f >= frontier && f <= s);
          frontier = f;                                                            /* M2, M3 */
          limit = frontier + DEPTH;                                                /* M6 */
#ifdef SLEEP_LOCKED
          ROOM_FOR(s);
          locked = false
#else
          locked = false;
          (ROOM_FOR(s) || limit > s)
#endif
       :: else -> break
       od;
       stores!payload_store,((s + 1) << 1);                                        /* P2 */
       stores!payload_store,((s + 1) << 1) + 1;
       stores!stamp_store,s + 1;                                                   /* P4 */
       stores!published_store,s + 1;                                               /* P5 */
       s++;
       f = 0
    :: else -> break
    od;
    atomic { empty_stores(what, value); finished = true }
}

active proctype control() {
    mtype what;
    byte value;
    byte early;

    early = published;
    atomic { !locked -> locked = true };                                           /* J1 */
#ifdef LIMIT_RESET
    reset_pending = true;                                                          /* J2 */
#ifndef NO_BARRIER
    atomic { empty_reset(); empty_stores(what, value) };                           /* J3 */
#endif
#endif
#ifdef EARLY_START
    start = early;
#else
    if                                                                             /* J4 */
    :: start = published
    :: start = frontier                        /* with all the history there is */
    fi;
    assert(start >= frontier);
#endif
#ifndef LATE_CURSOR
    atomic { own_cursor = start; in_table = true };                                /* J5 */
#endif
    atomic { empty_reset(); locked = false };
#ifdef LATE_CURSOR
    atomic { own_cursor = start; in_table = true };
#endif
    welcome = true;
#ifndef NO_REMOVAL
end:
    dead -> atomic { !locked -> locked = true };
    in_table = false;
    atomic { empty_reset(); locked = false }
#endif
}

active proctype subscriber() {
    byte position;

    welcome;
    position = start;
    do
    :: true -> break                                                 /* killed, at any step */
    :: d_step { finished && position == MESSAGES } -> goto over
    :: stamp[position % DEPTH] != 0 && position < MESSAGES ->
       assert(stamp[position % DEPTH] <= position + 1);                            /* R1: not passed */
       if
       :: stamp[position % DEPTH] == position + 1 ->
          if
          :: true
          :: true -> break
          fi;
          assert(payload[position % DEPTH] == position + 1);                       /* R2 */
          if
          :: true
          :: true -> break
          fi;
          assert(frontier <= position);                                            /* R3 */
          position++;                                                              /* R5 */
          if
          :: true
          :: true -> break
          fi;
          cursor = position                                                        /* R7 */
       :: else ->
          /* Not yet published. */
          (stamp[position % DEPTH] == position + 1 || frontier > position)
       fi
    od;
    dead = true;
over:
    skip
}
