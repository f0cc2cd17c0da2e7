/* SPDX-License-Identifier: Apache-2.0
 *
 * A model, for Spin, of a subscriber's end and what it leaves in the publisher's limbo
 * (docs/design/topic-ring.md, steps P2, M4, M5, R4, R6 and "Death at each step"), explored
 * exhaustively.
 *
 *     spin -a [-D...] lifecycle.pml && cc -DSAFETY -o pan pan.c && ./pan
 *
 * A ring of one slot with large messages only, one loan, a table of one entry with one hazard.
 * Subscribers come one after the other; each may lose its link while it goes on reading (a process
 * that closes descriptors it does not know), and dies at any step. The next is admitted when the
 * entry is free. Memory is sequentially consistent here: `ring_relacy.cpp` has the orders.
 *
 * Properties: no chunk is written while a live reader holds it; there is a free chunk whenever one
 * is needed (invariant 5), so what the dead left in limbo comes back.
 *
 * Variants to be rejected:
 *   -DFREE_ON_HANGUP   the entry goes when the link hangs up, before the death is proved
 *   -DSMALL_POOL       one chunk fewer than depth + loans + grants
 *   -DFORGET_LIMBO     removing an entry drops its hazarded chunks from the limbo without freeing them
 */

#ifndef MESSAGES
#define MESSAGES 5
#endif
#define SUBSCRIBERS 2
#ifdef SMALL_POOL
#define CHUNKS 2
#else
#define CHUNKS 3
#endif
#define NONE 15

/* Shared. */
byte frontier;
byte stamp;
byte shape;                  /* the chunk */
byte hazard;                 /* of the one in the table */

/* Private to the publisher; the table is guarded by the mutex, here by atomic. */
bool is_free[CHUNKS];
byte limbo_message = NONE;
byte limbo_chunk = NONE;
bool in_table;

/* What the kernel tells, and what only the checker knows. */
bool hung_up;
bool dead;
byte held = NONE;            /* the chunk a live reader holds */

inline take_chunk(c) {
    d_step {
        c = 0;
        do
        :: c < CHUNKS && !is_free[c] -> c++
        :: else -> break
        od;
        assert(c < CHUNKS);
        is_free[c] = false
    }
}

active proctype publisher() {
    byte s, c, other, next_loan, seen;

    c = 0;
    do
    :: c < CHUNKS -> is_free[c] = true; c++
    :: else -> break
    od;
    c = NONE;
    take_chunk(next_loan);                       /* a loan is always outstanding */
    do
    :: s < MESSAGES ->
       frontier = s;                                                              /* M2 */
       atomic {                                                                   /* M4 */
           seen = 0;
           if
           :: in_table -> seen = hazard
           :: else
           fi
       }
       d_step {                                                                   /* M5 */
           if
           :: limbo_chunk != NONE && seen != limbo_message + 1 ->
              is_free[limbo_chunk] = true;
              limbo_chunk = NONE;
              limbo_message = NONE
           :: else
           fi;
           if
           :: s > 0 && seen == s -> limbo_chunk = shape; limbo_message = s - 1
           :: s > 0 && seen != s -> is_free[shape] = true
           :: else
           fi;
           seen = 0
       }
       if                                                                         /* P2 */
       :: c = next_loan; take_chunk(next_loan)   /* publish the loan, take the next */
       :: take_chunk(c)                          /* publish a copy */
       fi;
       assert(held != c);
       d_step { shape = c; stamp = s + 1; c = NONE };                             /* P3, P4 */
       s++
    :: else -> break
    od
}

active proctype control() {
    byte i;

end:
    do
    :: atomic { !in_table && i < SUBSCRIBERS ->
           hazard = 0;
           hung_up = false;
           dead = false;
           in_table = true;
           i++;
           run subscriber()
       }
    :: atomic {
#ifdef FREE_ON_HANGUP
           in_table && hung_up ->
#else
           in_table && dead ->
#endif
           in_table = false;
#ifdef FORGET_LIMBO
           limbo_chunk = NONE;
           limbo_message = NONE
#endif
       }
    od
}

proctype subscriber() {
    byte t, c;

    do
    :: true -> break
    :: !hung_up -> hung_up = true
    :: stamp != 0 ->
       d_step { t = stamp; c = shape };                                           /* R1, R2 */
       hazard = t;                                                                /* R4 */
       if
       :: frontier < t ->
          held = c;
          if
          :: true
          :: !hung_up -> hung_up = true
          :: true -> break
          fi;
          held = NONE
       :: else
       fi;
       if
       :: true -> break
       :: hazard = 0                                                              /* R6 */
       fi;
       d_step { t = 0; c = 0 }
    od;
    atomic { held = NONE; hung_up = true; dead = true }
}
