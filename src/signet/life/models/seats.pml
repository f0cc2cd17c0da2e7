/* SPDX-License-Identifier: Apache-2.0
 *
 * A model, for Spin, of the seats of a region and of the watches over them (docs/design/regions.md,
 * steps T1 to T5, D1 to D3, W1 to W4, H0 to H2, L1, L2, U1, U2), explored exhaustively.
 *
 *     spin -a [-D...] seats.pml && cc -DSAFETY -o pan pan.c && ./pan
 *
 * One seat and one word that its owner may own. Two processes sit there one after the other, each
 * dies at any step, or is stopped while it takes the seat. Two watches of others, that sit
 * elsewhere: the kernel wakes one of those that sleep on the heart, and one of them may be stopped
 * (-DSTOPPED) or dies (-DDYING) anywhere. A waiter sleeps for the word until somebody wakes it.
 * Memory is sequentially consistent here: src/signet/sync/models has the orders.
 *
 * Properties: nobody takes the word of a live owner, and a stamp never comes to mean somebody else;
 * when nothing can move any more, no dead owner has the word while a waiter sleeps, and no seat is
 * lost: it is free, or has a live owner.
 *
 * Variants. To be accepted:
 *   -DDYING           a watch dies anywhere; the kernel tells the other one
 *   -DSTOPPED -DRECHECK   a watch may be stopped anywhere, for ever; the waiter looks for itself
 * To be rejected:
 *   -DSTOPPED         the same without the recheck
 *   -DNO_PROOF        D3 without D2
 *   -DTOLD_LATE       T5 before T4: nobody watches a heart whose seat nobody has seen active
 *   -DBYTE_LATE       T5 before T3: the seat is active before its byte is locked
 *   -DBYTE_EARLY      the byte is locked before the seat is swept, and its new owner is stopped then
 *   -DDYING -DFREE_FIRST   W4 before W2: nobody does it again for a sweeper that dies in between
 *   -DSAME_GENERATION W4 leaves the generation
 *   -DBLIND           W2 looks at the seat and not at its generation
 *   -DNO_WAKE         W3 missing
 *   -DNO_LOOK         H1 missing: a watch sleeps on the heart without a look at it
 *   -DMARK_IS_PROOF   H1 takes the mark of the heart for the death: a thread may still store
 */

#define FREE 0
#define ACTIVE 1
#define DEAD 2

#define NOBODY 255

/* The seat. */
byte state = FREE;
byte generation = 1;
byte byte_of = NOBODY;       /* who has locked byte s */
bool turn;                   /* turn byte s */
byte heart;                  /* 0, or the process whose it is */
bool marked;

/* The word: the generation in the owner's stamp, 0 for nobody. */
byte word;
byte writer = NOBODY;        /* for the checker: who made that stamp, and may store what it guards */

/* For the checker, and the kernel. */
bool alive[2];
bool asleep_waiter, done_waiter;
bool asleep[2];              /* watches, on the heart */
bool woken[2];

inline wake_waiter() { asleep_waiter = false }

/* Somebody takes the word that bears the stamp g: it must be of nobody who lives. */
inline check_taken() { assert(writer == NOBODY || !alive[writer]) }

/* D1 to D3: is the owner g gone? */
inline is_dead(g, answer) {
    if
    :: atomic { state != ACTIVE || generation != g -> answer = true }            /* D1 */
    :: atomic { else -> answer = false }
    fi;
    if
    :: answer
    :: else ->
#ifdef NO_PROOF
        answer = true;
#else
        answer = (byte_of == NOBODY);                                               /* D2 */
#endif
        if
        :: answer ->
            d_step {                                                                /* D3 */
                if
                :: state == ACTIVE && generation == g -> state = DEAD
                :: else
                fi
            }
        :: else
        fi
    fi
}

inline take_back(g) {
    d_step {                                                                        /* W2 */
        if
#ifdef BLIND
        :: word != 0 ->
#else
        :: word == g ->
#endif
            check_taken();
            word = 0;
            writer = NOBODY
        :: else
        fi
    };
#ifndef NO_WAKE
    wake_waiter();                                                                  /* W3 */
#endif
}

inline free_seat(g) {
    d_step {                                                                        /* W4 */
        if
        :: state == DEAD && generation == g ->
            state = FREE;
#ifndef SAME_GENERATION
            generation++
#endif
        :: else
        fi
    }
}

#ifdef DYING
#define MIDDLE if :: true :: me == 0 -> goto dying fi
#else
#ifdef STOPPED
#define MIDDLE if :: true :: me == 0 -> goto stopped fi
#else
#define MIDDLE skip
#endif
#endif

inline sweep(g, answer) {
    is_dead(g, answer);                                                             /* W1 */
    if
    :: answer ->
#ifdef FREE_FIRST
        free_seat(g);
        MIDDLE;
        take_back(g)
#else
        MIDDLE;
        take_back(g);
        MIDDLE;
        free_seat(g)
#endif
    :: else
    fi
}

/* The kernel, when the watch's thread of a process ends: marks the heart, wakes one. */
inline mark_heart(me) {
    atomic {
        if
        :: heart == me + 1 ->
            marked = true;
            if
            :: asleep[0] -> asleep[0] = false
            :: asleep[1] -> asleep[1] = false
            :: else
            fi
        :: else
        fi
    }
}

#define MAY_DIE if :: true :: true -> goto dying fi

proctype process(byte me) {
    byte g, seen;
    bool answer;

    alive[me] = true;
again:
    atomic { answer = (state != FREE); seen = generation };
#ifdef BYTE_EARLY
end_byte:
    atomic { byte_of == NOBODY -> byte_of = me };
    if
    :: answer && me == 1 -> goto stopped
    :: true
    fi;
    if
    :: answer ->
        d_step { state = DEAD };
        take_back(seen);
        free_seat(seen)
    :: else
    fi;
    atomic { answer = (state == FREE); g = generation };
    if
    :: answer
    :: else -> byte_of = NOBODY; goto again
    fi;
#else
    if
    :: answer -> sweep(seen, answer)
    :: else
    fi;
    d_step { answer = false; seen = 0 };
end_full:
    atomic { !turn && state == FREE -> turn = true };           /* T1; not to spin, once it can */
    atomic { answer = (state == FREE); g = generation };                            /* T2 */
    if
    :: answer
    :: else -> turn = false; goto again
    fi;
#ifndef BYTE_LATE
    atomic {                                                                        /* T3 */
        if
        :: byte_of == NOBODY -> byte_of = me; answer = true
        :: else -> answer = false
        fi
    };
    if
    :: answer
    :: else -> turn = false; goto again
    fi;
#endif
#endif
    atomic { heart = me + 1; marked = false };
    MAY_DIE;
#ifndef TOLD_LATE
    d_step {                                                                        /* T4 */
        woken[0] = true;
        woken[1] = true;
        asleep[0] = false;
        asleep[1] = false
    };
    MAY_DIE;
#endif
    d_step {                                                                        /* T5 */
        if
        :: state == FREE && generation == g -> state = ACTIVE; answer = true
        :: else -> answer = false
        fi
    };
#ifdef BYTE_LATE
    byte_of = me;
#endif
    assert(answer);
    atomic { turn = false; answer = false };
    MAY_DIE;
#ifdef TOLD_LATE
    d_step {                                                                        /* T4 */
        woken[0] = true;
        woken[1] = true;
        asleep[0] = false;
        asleep[1] = false
    };
    MAY_DIE;
#endif
    do
    :: d_step { word == 0 -> word = g; writer = me }                                /* L1 */
       MAY_DIE;
       d_step { assert(word == g && writer == me); word = 0; writer = NOBODY };     /* U1 */
       MAY_DIE;
       wake_waiter()                                                                /* U2 */
    :: goto dying
    od;
dying:
    mark_heart(me);
    /* Other threads may run on for a while, and store. */
    d_step {
        alive[me] = false;
        if
        :: byte_of == me -> byte_of = NOBODY
        :: else
        fi;
#ifndef BYTE_EARLY
        turn = false;
#endif
        skip
    };
    goto over;
stopped:
end_stopped:
    false;
over:
    skip
}

proctype watch(byte me) {
    bool answer, again, watched;
    byte seen, beat;

    do
    :: atomic {
           woken[me] = false;
           again = false;
           watched = (heart != 0 && !marked);
           beat = heart
       };
       /* H0, H1 */
#ifndef NO_LOOK
       atomic { answer = (state == DEAD || (state == ACTIVE && marked)); seen = generation };
       if
       :: answer ->
           again = true;
#ifdef MARK_IS_PROOF
           d_step {
               if
               :: state == ACTIVE && generation == seen -> state = DEAD
               :: else
               fi
           };
#else
           (byte_of == NOBODY || state != ACTIVE || generation != seen);   /* looks again and again */
#endif
           sweep(seen, answer)
       :: else
       fi;
       d_step { answer = false; seen = 0 };
#endif
#ifdef STOPPED
       if
       :: me == 0 -> goto stopped
       :: true
       fi;
#endif
#ifdef DYING
       if
       :: me == 0 -> goto dying
       :: true
       fi;
#endif
       if
       :: again
       :: else ->                                                                   /* H2 */
           atomic {
               if
#ifdef NO_LOOK
               :: woken[me]
#else
               :: woken[me] || (watched && (marked || heart != beat))
#endif
               :: else -> asleep[me] = true
               fi;
               beat = 0;
               watched = false
           };
#ifdef STOPPED
           if
           :: me == 0 ->
end_stopped_asleep:
               false                                   /* woken in place of the other, and stopped */
           :: true
           fi;
#endif
end_asleep:
           !asleep[me]
       fi
    od;
dying:
    /* Its own heart tells the other watch, which looks at all. */
    atomic { asleep[me] = false; woken[1] = true; asleep[1] = false };
    goto over;
stopped:
end_stopped:
    false;
over:
    skip
}

proctype waiter() {
    bool answer;
    byte seen;

    do
    :: atomic { seen = word };
       if
       :: seen == 0 ->
           d_step {                                                                 /* L1 */
               if
               :: word == 0 -> word = 200; writer = NOBODY; done_waiter = true
               :: else
               fi
           }
       :: else ->
           is_dead(seen, answer);
           if
           :: answer ->
               d_step {                                                             /* L2 */
                   if
                   :: word == seen -> check_taken(); word = 200; writer = NOBODY; done_waiter = true
                   :: else
                   fi
               }
           :: else ->
               atomic {                                                             /* L4 */
                   if
                   :: word == seen -> asleep_waiter = true
                   :: else
                   fi
               };
end_asleep:
               if
               :: !asleep_waiter
#ifdef RECHECK
               :: asleep_waiter -> asleep_waiter = false
#endif
               fi
           fi
       fi;
       d_step { answer = false; seen = 0 };
       if
       :: done_waiter -> break
       :: else
       fi
    od;
    word = 0;
    wake_waiter()
}

active proctype checker() {
end_checker:
    timeout ->
    assert(done_waiter);
#ifndef STOPPED
    assert(state == FREE || (state == ACTIVE && byte_of != NOBODY))
#endif
}

init {
    atomic {
        run process(0);
        run watch(0);
        run watch(1);
        run waiter()
    };
end_alone:
    atomic { state != FREE -> run process(1) }
}
