/* SPDX-License-Identifier: Apache-2.0
 *
 * A model, for Spin, of how consumers of a queue sleep and are woken, one for each message
 * (docs/design/queues.md, Z1 to Z8), explored exhaustively.
 *
 *     spin -a [-D...] doze.pml && cc -DSAFETY -o pan pan.c && ./pan
 *
 * Two ringers that bring MESSAGES each, two sleepers that take them. One of the four dies at any
 * step; the watch of another process wakes all then. Memory is sequentially consistent here.
 *
 * Property: when nothing can move any more, no message is left while a sleeper lives.
 *
 * Variants. To be accepted:
 *   -DSTOPPED -DRECHECK  a sleeper that was woken may be stopped for ever; the other looks again
 * To be rejected:
 *   -DSTOPPED         the same without the look
 *   -DNO_SECOND_LOOK  Z3 missing
 *   -DLATE_READING    Z1 after Z3
 *   -DNO_RINGS        Z6 missing
 *   -DCLEAR_BLIND     Z8 clears whatever came in between
 *   -DNO_WATCH        nobody wakes after a death
 *   -DRING_FIRST      P5 before P4
 */

#ifndef MESSAGES
#define MESSAGES 1
#endif

byte messages;
bool dozing;
/* A count that is only compared with an earlier reading is whether it has changed since. */
bool armed[2];               /* since this ringer's Z5 */
bool rung[2];                /* since this sleeper's Z1 */
bool asleep[2];
bool dead[2], halted[2];    /* sleepers */
byte deaths;

#define MAY_DIE atomic { if :: true :: deaths == 0 -> deaths++; goto dying fi }

inline wake_all() {
    d_step { rung[0] = true; rung[1] = true; asleep[0] = false; asleep[1] = false }
}

inline bring() { messages++ }

inline ring(me) {
    atomic {                                                                        /* Z5 */
        woken = dozing;
        armed[me] = false
    };
    if
    :: woken ->
        MAY_DIE;
#ifndef NO_RINGS
        d_step { rung[0] = true; rung[1] = true };                                  /* Z6 */
        MAY_DIE;
#endif
        atomic {                                                                    /* Z7 */
            if
            :: asleep[0] -> asleep[0] = false
            :: asleep[1] -> asleep[1] = false
            :: !asleep[0] && !asleep[1] -> woken = false
            fi
        };
        if
        :: !woken ->
            MAY_DIE;
            atomic {                                                                /* Z8 */
                if
#ifdef CLEAR_BLIND
                :: true -> dozing = false
#else
                :: !armed[me] -> dozing = false
#endif
                :: else
                fi
            }
        :: else
        fi
    :: else
    fi
}

proctype ringer(byte me) {
    byte sent;
    bool woken;

    do
    :: sent == MESSAGES -> goto over
    :: sent < MESSAGES ->
#ifdef RING_FIRST
        ring(me);
        bring();
#else
        bring();                                                                    /* P4 */
        MAY_DIE;
        ring(me);
#endif
        sent++;
        MAY_DIE
    od;
dying:
#ifndef NO_WATCH
    wake_all();
#endif
over:
    skip
}

/* What C1 to C5 come to: takes one, if there is one. */
inline take() {
    d_step {
        if
        :: messages > 0 -> messages--; got = true
        :: else -> got = false
        fi
    }
}

proctype sleeper(byte me) {
    bool got;

    do
    ::  take();
        if
        :: !got ->
#ifndef LATE_READING
            rung[me] = false;                                                       /* Z1 */
#endif
            d_step { dozing = true; armed[0] = true; armed[1] = true };             /* Z2 */
            MAY_DIE;
#ifndef NO_SECOND_LOOK
            take();                                                                 /* Z3 */
#endif
#ifdef LATE_READING
            rung[me] = false;
#endif
            if
            :: !got ->
                atomic {                                                            /* Z4 */
                    if
                    :: !rung[me] -> asleep[me] = true
                    :: else
                    fi
                };
end_asleep:
                if
                :: !asleep[me]
#ifdef RECHECK
                :: asleep[me] && halted[1 - me] -> asleep[me] = false
#endif
                fi;
                MAY_DIE;
#ifdef STOPPED
                if
                :: true
                :: atomic { deaths == 0 -> deaths++; halted[me] = true };
end_stopped:
                   false
                fi
#endif
            :: else
            fi
        :: else
        fi
    od;
dying:
    dead[me] = true;
#ifndef NO_WATCH
    wake_all();
#endif
}

active proctype checker() {
end_checker:
    timeout -> assert(messages == 0)
}

init {
    atomic { run ringer(0); run ringer(1); run sleeper(0); run sleeper(1) }
}
