/* SPDX-License-Identifier: Apache-2.0
 *
 * A model of the bells (docs/design/bells.md) for Spin, on the store buffers of x86, explored
 * exhaustively: ringers and sleepers, where a ringer may die at any step.
 *
 *     spin -a [-D...] bell.pml && cc -DSAFETY -o pan pan.c && ./pan
 *
 * -DROOM: two ringers and one sleeper; without it: one ringer and two sleepers.
 * Steps bear the labels of the design page: N1 to N4, S1 to S5.
 *
 * Store buffers. Of all stores only the commit is plain; the others are locked instructions, which
 * empty the buffer of their core first. So a buffer holds commits alone: `issued[r]` counts those
 * ringer r has made, `visible[r]` those that have left its buffer, in order and at any time. A
 * membarrier empties the buffers of all. A dead ringer's buffer is empty before its death is told.
 *
 * Property: whenever nothing can move any more, no sleeper sleeps over a commit that it has not seen.
 *
 * Variants. To be accepted:
 *   -DRINGER_CLEARS   (with ROOM) the ringer clears `armed`, not the sleeper
 *   -DSTOPPED         (with ROOM) ringer 0 may be stopped at any step, and nobody is told
 * To be rejected:
 *   -DNO_GENERATION      S3 trusts `fencing`, whoever set it
 *   -DCONFIRMED_ZERO     a new sleeper takes the first generation for confirmed
 *   -DSAME_GENERATION    N4 leaves the generation as it is
 *   -DCONFIRM_FIRST      S3 makes its barrier before S2
 *   -DNO_BARRIER         S3 makes no barrier
 *   -DNO_SECOND_LOOK     S4 missing
 *   -DNO_RINGER_FENCE    N2 looks again without a fence
 *   -DNO_NOTICE          a death is not told
 *   -DNO_REARM           (with ROOM, RINGER_CLEARS) after a notice a sleeper sleeps without S2
 *   -DSTOPPED -DRINGER_CLEARS   (with ROOM) the stopped ringer has taken the hint from the other
 */

#ifdef ROOM
#define RINGERS 2
#define SLEEPERS 1
#else
#define RINGERS 1
#define SLEEPERS 2
#define RINGER_CLEARS
#endif

#ifndef COMMITS
#define COMMITS 2
#endif

#define UNCONFIRMED 255

/* The bell. */
bit armed;
bit fencing;
byte generation;
byte epoch;

byte issued[RINGERS];
byte visible[RINGERS];
bool gone[RINGERS];      /* what the control threads tell */
bool notice[SLEEPERS];   /* bumped since the sleeper last read it */

/* For the checker. */
bool asleep[SLEEPERS];
byte seen[2];            /* of ringer r by sleeper i, at i + r: one of the two indexes is always 0 */

inline empty_buffer(r) { visible[r] = issued[r] }

inline membarrier() {
    empty_buffer(0);
#ifdef ROOM
    empty_buffer(1);
#endif
}

inline wake_all() {
    /* Sleepers watch the words themselves: nothing to do but to be here, a step of its own. */
    skip
}

/* Something new from anybody? Takes it. */
inline look(found) {
    d_step {
        found = false;
        if
        :: seen[me] != visible[0] -> seen[me] = visible[0]; found = true
        :: else
        fi;
#ifdef ROOM
        if
        :: seen[1] != visible[1] -> seen[1] = visible[1]; found = true
        :: else
        fi;
#endif
    }
}

#ifdef STOPPED
#define MAY_DIE :: (me == 0) -> goto stopped
#else
#define MAY_DIE :: true -> goto dead
#endif

proctype ringer(byte me) {
    bit w_armed, w_fencing;
    byte w_generation;
    byte c;

    do
    :: c < COMMITS ->
        if
        :: true
        MAY_DIE
        fi;
        issued[me]++;                                            /* the commit: into the buffer */
        c++;
        if
        :: true
        MAY_DIE
        fi;
        atomic { w_armed = armed; w_fencing = fencing; w_generation = generation };      /* N1 */
        if
        :: w_fencing ->                                                                  /* N2 */
#ifndef NO_RINGER_FENCE
            atomic { empty_buffer(me) };
#endif
            if
            :: true
            MAY_DIE
            fi;
            atomic { w_armed = armed; w_fencing = fencing; w_generation = generation }
        :: else
        fi;
        if
        :: w_armed ->                                                                    /* N3 */
            if
            :: true
            MAY_DIE
            fi;
#ifdef RINGER_CLEARS
            atomic { empty_buffer(me); armed = 0 };
            if
            :: true
            MAY_DIE
            fi;
#endif
            atomic { empty_buffer(me); epoch++ };
            wake_all()
        :: !w_armed && w_fencing ->                                                      /* N4 */
            if
            :: true
            :: atomic {
                   empty_buffer(me);
                   if
                   :: armed == w_armed && fencing == w_fencing && generation == w_generation ->
                       fencing = 0;
#ifndef SAME_GENERATION
                       generation++
#endif
                   :: else
                   fi
               }
            fi
        :: else
        fi
    :: else -> goto over                                         /* idle, and alive */
    od;
dead:
    atomic {
        empty_buffer(me);
#ifndef NO_NOTICE
        gone[me] = true;
        notice[0] = true;
#ifndef ROOM
        notice[1] = true
#endif
#endif
    }
stopped:
over:
    skip
}

proctype sleeper(byte me) {
    byte e, confirmed;
    bit w_fencing;
    byte w_generation;
    bool found, noticed, all_gone;

#ifdef CONFIRMED_ZERO
    confirmed = 0;
#else
    confirmed = UNCONFIRMED;
#endif
again:
    do
    :: look(found);
       if
       :: found
       :: else -> break
       fi
    od;
    atomic {
        notice[me] = false;
        all_gone = gone[0];
#ifdef ROOM
        all_gone = all_gone && gone[1];
#endif
    }
    e = epoch;                                                                           /* S1 */
#ifdef NO_REARM
    if
    :: noticed -> goto armed_already
    :: else
    fi;
#endif
#ifdef CONFIRM_FIRST
    if
    :: !fencing || confirmed != generation -> atomic { membarrier(); confirmed = generation }
    :: else
    fi;
#endif
    atomic {                                                                             /* S2 */
        w_fencing = fencing;
        w_generation = generation;
        armed = 1;
        fencing = 1
    }
#if !defined(NO_BARRIER) && !defined(CONFIRM_FIRST)
    if                                                                                   /* S3 */
#ifdef NO_GENERATION
    :: !w_fencing ->
#else
    :: !w_fencing || confirmed != w_generation ->
#endif
        atomic { membarrier(); confirmed = w_generation }
    :: else
    fi;
#endif
armed_already:
#ifndef NO_SECOND_LOOK
    look(found);                                                                         /* S4 */
    if
    :: found ->
#ifndef RINGER_CLEARS
        armed = 0;
#endif
        goto again
    :: else
    fi;
#endif
    if
    :: all_gone -> goto over
    :: else
    fi;
    asleep[me] = true;                                                                   /* S5 */
end_asleep:
    atomic {
        (epoch != e || notice[me]) ->
        asleep[me] = false;
        noticed = notice[me]
    }
#ifndef RINGER_CLEARS
    armed = 0;
#endif
    goto again;
over:
    skip
}

/* The store buffers, which empty themselves when they like. */
active [RINGERS] proctype buffer() {
end_buffer:
    do
    :: d_step { visible[_pid] < issued[_pid] -> visible[_pid]++ }
    od
}

active proctype watch() {
end_watch:
    timeout ->
#ifndef STOPPED                    /* what it has not told when it is stopped nobody can know */
    assert(!(asleep[0] && seen[0] != visible[0]));
#endif
#ifdef ROOM
    assert(!(asleep[0] && seen[1] != visible[1]))
#else
    assert(!(asleep[1] && seen[1] != visible[0]))
#endif
}

init {
    atomic {
        run ringer(0);
#ifdef ROOM
        run ringer(1);
        run sleeper(0)
#else
        run sleeper(0);
        run sleeper(1)
#endif
    }
}
