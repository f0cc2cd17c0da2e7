/* SPDX-License-Identifier: Apache-2.0
 *
 * A model, for Spin, of moving a delayed record of a queue to another page (docs/design/queues.md:
 * V1 to V5, K1), explored exhaustively.
 *
 *     spin -a [-D...] moving.pml && cc -DSAFETY -o pan pan.c && ./pan
 *
 * One message; two who move it, each of which may die at any step; a consumer that may take it at
 * any time, and gives it back once; two watches that take back what the dead left, of which one may
 * be stopped anywhere. Memory is sequentially consistent here, and no page is used twice
 * (queue_relacy.cpp).
 *
 * Properties: what is claimed is whole, and was not finished before; when nothing can move any more,
 * it is finished once, and no slot belongs to a dead one.
 *
 * Variants to be rejected:
 *   -DPUBLISH_FIRST   V4 before V3
 *   -DDONE_FIRST      V3 before V2
 *   -DBACK_FIRST      K1 gives the original back, and looks at the copy then
 *   -DDROP_COPY       K1 drops every copy
 *   -DKEEP_COPY       K1 publishes every copy
 *   -DBLIND           K1 is a store
 *   -DNO_PROOF        K1 without a proof of death
 */

#ifndef DEATHS
#define DEATHS 2
#endif

#define PLACES 4             /* the original, and one for each try to move it */
#define TRIES 2              /* of each mover */

#define NOTHING 0
#define DELAYED 1
#define TAKEN 2
#define DONE 3
#define MOVING 4             /* by 0; by 1 */
#define COPIED 6             /* likewise */

byte word[PLACES];
byte content[PLACES];        /* 0 nothing, 1 half written, 2 whole */
byte used = 1;

byte deaths;
bool dead[2];
byte finished, returns;

inline cas(place, was, becomes, ok) {
    d_step {
        if
        :: word[place] == was -> word[place] = becomes; ok = true
        :: else -> ok = false
        fi
    }
}

#define MAY_DIE atomic { if :: true :: deaths < DEATHS -> deaths++; goto dying fi }

proctype mover(byte me) {
    byte from, to, tries;
    bool did;

    do
    :: tries < TRIES && used < PLACES ->
        atomic { tries++; from = 0; did = false };
        do
        :: from < PLACES && !did ->
            cas(from, DELAYED, MOVING + me, did);                                   /* V1 */
            if
            :: did -> break
            :: else -> from++
            fi
        :: else -> break
        od;
        if
        :: !did -> break
        :: else
        fi;
        MAY_DIE;
        d_step {
            if
            :: used < PLACES -> to = used; used++
            :: else -> to = PLACES
            fi
        };
        if
        :: to == PLACES -> goto back
        :: else
        fi;
        content[to] = 1;
        MAY_DIE;
        content[to] = 2;
#ifdef DONE_FIRST
        cas(from, MOVING + me, DONE, did);
        MAY_DIE;
#endif
        word[to] = COPIED + me;                                                     /* V2 */
        MAY_DIE;
#ifdef PUBLISH_FIRST
        cas(to, COPIED + me, DELAYED, did);
        MAY_DIE;
#endif
        cas(from, MOVING + me, DONE, did);                                          /* V3 */
        MAY_DIE;
        cas(to, COPIED + me, DELAYED, did);                                         /* V4 */
        MAY_DIE;
        goto next;
back:
        cas(from, MOVING + me, DELAYED, did);                                       /* V5 */
next:
        atomic { from = 0; to = 0; did = false }
    :: else -> break
    od;
    goto over;
dying:
    dead[me] = true;
over:
    skip
}

#define MAY_TAKE(place) atomic { word[place] == DELAYED -> word[place] = TAKEN; at = place }

proctype consumer() {
    byte at;

end_waiting:
    do
    ::  if                                                                          /* C5 */
        :: MAY_TAKE(0)
        :: MAY_TAKE(1)
        :: MAY_TAKE(2)
        :: MAY_TAKE(3)
        fi;
        assert(content[at] == 2 && finished == 0);
        if
        :: atomic { returns < 1 -> returns++; word[at] = DELAYED }                  /* B1 */
        :: atomic { word[at] = DONE; finished++ }                                   /* A1 */
        fi;
        at = 0
    od
}

inline take_back(which, end) {
#ifdef BLIND
    word[which] = end
#else
    cas(which, w, end, did)
#endif
}

proctype watch(bool stops) {
    byte who, at, original, copy, w;
    bool did, seen[2];

end_watching:
    if
#ifdef NO_PROOF
    :: atomic { deaths < DEATHS && word[0] == MOVING -> deaths++; who = 0 }
#endif
    :: atomic { dead[0] && !seen[0] -> who = 0 }
    :: atomic { dead[1] && !seen[1] -> who = 1 }
    fi;
    atomic { at = 0; original = PLACES; copy = PLACES };
    do
    :: at < PLACES ->
        d_step {
            if
            :: word[at] == MOVING + who -> original = at
            :: word[at] == COPIED + who -> copy = at
            :: else
            fi;
            at++
        }
    :: else -> break
    od;
    if
    :: true
    :: stops -> goto over
    fi;
#ifdef BACK_FIRST
    w = MOVING + who;
    if
    :: original != PLACES -> take_back(original, DELAYED)
    :: else
    fi;
    /* Looked at anew. */
    original = PLACES;
    for (at : 0 .. PLACES - 1) {
        if
        :: word[at] == MOVING + who -> original = at
        :: else
        fi
    }
#endif
    w = COPIED + who;
    if
#ifdef KEEP_COPY
    :: copy != PLACES -> take_back(copy, DELAYED)
#elif defined(DROP_COPY)
    :: copy != PLACES -> take_back(copy, DONE)
#else
    :: copy != PLACES && original == PLACES -> take_back(copy, DELAYED)
    :: copy != PLACES && original != PLACES -> take_back(copy, DONE)
#endif
    :: else
    fi;
    if
    :: true
    :: stops -> goto over
    fi;
    w = MOVING + who;
    if
    :: original != PLACES -> take_back(original, DELAYED)
    :: else
    fi;
    atomic { seen[who] = true; who = 0; at = 0; original = 0; copy = 0; w = 0;
             did = false };
    goto end_watching;
over:
    skip
}

active proctype checker() {
    byte at;
end_checker:
    timeout ->
    assert(finished == 1);
    for (at : 0 .. PLACES - 1) {
        assert(word[at] == NOTHING || word[at] == DONE)
    }
}

init {
    atomic {
        word[0] = DELAYED;
        content[0] = 2;
        run mover(0);
        run mover(1);
        run consumer();
        run watch(false);
        run watch(true)
    }
}
