/* SPDX-License-Identifier: Apache-2.0
 *
 * A model, for Spin, of a queue's lanes and of the word of a record (docs/design/queues.md: J3, P2
 * to P5, C1, C2, C5, A1, B1 to B3, K1 to K3, Z1 to Z3), explored exhaustively.
 *
 *     spin -a [-D...] lanes.pml && cc -DSAFETY -o pan pan.c && ./pan
 *
 * Two producers with a lane each, two consumers. Each of them may die at any step, DEATHS of them
 * in all. Whoever comes after a producer goes on in its lane. A watch takes back what a dead consumer
 * held; another one does the same meanwhile, and may be stopped anywhere. Where a record will begin
 * may stand anything before, also what looks like a record. Memory is sequentially consistent here,
 * and no page is used twice (queue_relacy.cpp).
 *
 * Properties: what is claimed is whole; first deliveries come in the order of the lane; nobody gets
 * what somebody alive holds, or what was delivered before and neither returned nor held by
 * somebody dead, or what was acknowledged; when nothing can move any more and a consumer lives, all
 * that was pushed is acknowledged.
 *
 * -DTWO_WATCHES, -DDEATHS=, -DRETURNS= and -DSECOND= make it larger. Variants to be rejected:
 *   -DPUBLISH_FIRST   P4 before P2
 *   -DNO_ZERO         P3 missing
 *   -DCLAIM_BY_STORE  C5 is a store
 *   -DDONE_FIRST      C5 marks it done
 *   -DNO_PROOF        K1 without a proof of death
 *   -DBLIND           K1 is a store
 *   -DNO_TAKE_OVER    K1 missing
 *   -DNO_WAKE         K3 missing
 *   -DNO_RESET        C1 missing: cursors never go back
 *   -DTOLD_FIRST      K2 before K1
 *   -DNO_SECOND_LOOK  Z3 missing
 *   -DADOPT_PAST      J3 begins behind the place where the dead one wrote
 */

#ifndef DEATHS
#define DEATHS 1
#endif
#ifndef RETURNS
#define RETURNS 1
#endif
#ifndef SECOND
#define SECOND 1             /* places of the second lane */
#endif
#define PLACES 2             /* of the first lane; the other one begins there */
#define ALL (PLACES + SECOND)
#define LANE_END(lane) (PLACES + (lane) * SECOND)

/* A word: nothing yet, ready, taken by 0, taken by 1 (each with the times delivered), done. */
#define ZERO 0
#define READY 16
#define TAKEN 32
#define DONE 64
#define is_ready(w) ((w) >= READY && (w) < TAKEN)
#define is_taken_by(w, c) (((w) >> 4) == 2 + (c))
#define times(w) ((w) & 15)

byte word[ALL];
byte content[ALL];           /* 0 old, 1 half written, 2 whole */

/* A count that is only compared with an earlier reading is whether it has changed since. */
bool returned[2];            /* since consumer's last look: something became ready again */

bool rung[2];                /* since Z1 of this consumer: the bell, in one step (see doze.pml) */

/* For the checker. */
byte deaths, returns;
bool dead[2];                /* consumers */
bool told[ALL];              /* the push returned */
bool acknowledged[ALL];
bool first[ALL];             /* delivered at least once */
byte excused[ALL];           /* how often it may be delivered again */
byte holder[ALL] = 9;

inline note_return() { d_step { returned[0] = true; returned[1] = true } }
inline ring() { d_step { rung[0] = true; rung[1] = true } }

#define MAY_DIE atomic { if :: true :: deaths < DEATHS -> deaths++; goto dying fi }

proctype producer(byte lane) {
    byte k = lane * PLACES;

again:
    /* J3: where the lane ends */
    do
    :: k < LANE_END(lane) && word[k] != ZERO -> k++
    :: else -> break
    od;
#ifdef ADOPT_PAST
    if
    :: k < LANE_END(lane) && content[k] == 1 -> k++
    :: else
    fi;
#endif
    do
    :: k < LANE_END(lane) ->
#ifdef PUBLISH_FIRST
        word[k] = READY;
        MAY_DIE;
#endif
        content[k] = 1;                                                    /* P2 */
        MAY_DIE;
        content[k] = 2;
#ifndef NO_ZERO
        MAY_DIE;
        if
        :: k + 1 < LANE_END(lane) -> word[k + 1] = ZERO                            /* P3 */
        :: else
        fi;
#endif
#ifndef PUBLISH_FIRST
        MAY_DIE;
        word[k] = READY;                                                   /* P4 */
#endif
        MAY_DIE;
        d_step {
            rung[0] = true;                                                         /* P5 */
            rung[1] = true;
            told[k] = true;
            k++
        }
    :: else -> break
    od;
    goto over;
dying:
    /* Its seat is swept before anybody else sits there. */
    atomic { k = lane * PLACES; ring() };
    goto again;
over:
    skip
}

inline note_claim(me, at, w) {
    assert(content[at] == 2);
    assert(!acknowledged[at]);
    assert(holder[at] == 9 || dead[holder[at]]);
    if
    :: !first[at] ->
        assert(at == 0 || at == PLACES || first[at - 1]);
        first[at] = true
    :: else ->
        assert(excused[at] > 0);
        excused[at]--
    fi;
    holder[at] = me
}

/* C1, C2, C5: `got` is the place, or ALL. */
inline look(me) {
    d_step {                                                                        /* C1 */
        lane = 0;
        got = ALL;
#ifndef NO_SECOND_LOOK
        rung[me] = false;                                                   /* Z1 to Z3, in one */
#endif
        if
#ifndef NO_RESET
        :: returned[me] -> returned[me] = false; cursor[0] = 0; cursor[1] = PLACES
#endif
        :: else
        fi
    };
    do
    :: atomic { lane == 2 || got != ALL -> break }
    :: atomic {
           lane < 2 && got == ALL ->
           w = ZERO;
           if
           :: cursor[lane] == LANE_END(lane) -> lane++
           :: else ->
               w = word[cursor[lane]];                                              /* C2 */
               if
               :: w == ZERO -> lane++
               :: is_ready(w)
               :: else -> cursor[lane]++; w = ZERO
               fi
           fi
       };
       if
       :: w == ZERO
       :: else ->
           d_step {                                                                 /* C5 */
               if
#ifdef CLAIM_BY_STORE
               :: true ->
#else
               :: word[cursor[lane]] == w ->
#endif
#ifdef DONE_FIRST
                   word[cursor[lane]] = DONE;
#else
                   word[cursor[lane]] = TAKEN + 16 * me + times(w) + 1;
#endif
                   got = cursor[lane];
                   note_claim(me, got, w)
               :: else
               fi;
               w = ZERO
           }
       fi
    od;
    lane = 0
}

proctype consumer(byte me) {
    byte cursor[2], got, lane, w;

    cursor[1] = PLACES;
    do
    ::  look(me);
        if
        :: got == ALL ->
#ifdef NO_SECOND_LOOK
            rung[me] = false;
#endif
end_asleep:
            rung[me]
        :: else ->
            MAY_DIE;
            atomic {
                if
                :: true ->
                    assert(word[got] == TAKEN + 16 * me + times(word[got]) ||
                           word[got] == DONE);
                    word[got] = DONE;                                               /* A1 */
                    acknowledged[got] = true;
                    holder[got] = 9;
                    got = ALL
                :: returns < RETURNS ->
                    returns++;
                    holder[got] = 9;
                    excused[got]++;
                    word[got] = READY + times(word[got])                            /* B1 */
                fi
            };
            MAY_DIE;
            if
            :: got != ALL ->
                note_return();                                                      /* B2 */
                MAY_DIE;
                ring();                                                             /* B3 */
                got = 0
            :: else
            fi
        fi
    od;
dying:
    dead[me] = true
}

/* Takes back what the dead held. */
proctype watch(bool stops) {
    byte c, at, w;
    bool done[2];

end_watching:
    if
#ifdef NO_PROOF
    :: atomic { deaths < DEATHS && is_taken_by(word[0], 0) -> deaths++; c = 0 }
#endif
    :: atomic { dead[0] && !done[0] -> c = 0 }
    :: atomic { dead[1] && !done[1] -> c = 1 }
    fi;
#ifdef TOLD_FIRST
    note_return();
    ring();
#endif
    at = 0;
    do
    :: at < ALL ->
#ifndef NO_TAKE_OVER
        w = word[at];
        if
        :: is_taken_by(w, c) ->
            if
            :: true
            :: stops -> goto over
            fi;
            d_step {                                                            /* K1 */
                if
#ifdef BLIND
                :: true ->
#else
                :: word[at] == w ->
#endif
                    excused[at]++;
                    word[at] = READY + times(w)
                :: else
                fi
            }
        :: else
        fi;
#endif
        at++
    :: else -> break
    od;
    atomic { at = 0; w = 0 };
    if
    :: true
    :: stops -> goto over
    fi;
#ifndef TOLD_FIRST
    note_return();                                                              /* K2 */
#ifndef NO_WAKE
    ring();                                                                 /* K3 */
#endif
#endif
    atomic { done[c] = true; c = 0 };
    goto end_watching;
over:
    skip
}

active proctype checker() {
    byte at;
end_checker:
    timeout ->
    do
    :: at < ALL ->
        assert(!told[at] || acknowledged[at] || (dead[0] && dead[1]));
        at++
    :: else -> break
    od
}

init {
    atomic {
        /* O4 has zeroed the first place of each page; behind it stands what was there before. */
        word[1] = READY;
#if SECOND > 1
        word[PLACES + 1] = READY;
#endif
        run producer(0);
        run producer(1);
        run consumer(0);
        run consumer(1);
        run watch(false)
#ifdef TWO_WATCHES
        ; run watch(true)
#endif
    }
}
