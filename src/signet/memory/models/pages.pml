/* SPDX-License-Identifier: Apache-2.0
 *
 * A model, for Spin, of how a page of a queue is used again (docs/design/queues.md: O1 to O7, C1 to
 * C5, G1, G2), explored exhaustively.
 *
 *     spin -a [-D...] pages.pml && cc -DSAFETY -o pan pan.c && ./pan
 *
 * One producer, RECORDS records, one to a page, PAGES pages; two consumers. In some of its lives
 * a page has a long message, which covers the place where a record begins in others, and looks like one:
 * a walk does not get there, but somebody who looked at the place in an earlier life of the page
 * may still be about to claim. Memory is sequentially consistent here; deaths are in lanes.pml.
 *
 * Properties: a claim is of a record and never of a payload; first deliveries come in order; a page
 * is opened only when all in it is done; in the end all records have been claimed.
 *
 * Variants to be rejected:
 *   -DNO_STAND        C3 missing
 *   -DNO_RECHECK      C4 missing
 *   -DNO_LOOK         O2 missing
 *   -DSAME_NUMBER     O3 leaves the number
 *   -DONE_PASS        the walk takes the first later page that it sees
 *   -DOPEN_EARLY      O5 before O4
 *   -DTWO_PASSES      what a second look finds counts, whatever the first one found
 *   -DFREE_TAKEN      G1 takes a page whose record is taken for one that is done
 */

#ifndef RECORDS
#define RECORDS 3
#endif
#ifndef PAGES
#define PAGES 2
#endif

#ifndef LONGS
#define LONGS 1
#endif

#define FREE 0
#define OPEN 1
#define CLOSED 2
#define OPENING 3
#define is_walkable(page, n) \
    ((state[page] == OPEN || state[page] == CLOSED) && number[page] == n)

#define ZERO 0
#define READY 1
#define TAKEN 2
#define DONE 3

byte state[PAGES], number[PAGES];   /* the page word */
byte word[PAGES] = DONE;            /* what lies where the record begins */
bool payload[PAGES];                /* that place is the middle of another message */
byte stand[2] = 9;

/* For the checker. */
byte value[PAGES];                  /* which record lies there, from 1 */
byte born[PAGES];                   /* the number of the page when the place was zeroed */
byte claimed;                       /* the last one */

/* For the model to wait; O2 looks again. */
#ifdef NO_LOOK
#define is_free(page) (state[page] == FREE)
#else
#define is_free(page) (state[page] == FREE && stand[0] != page && stand[1] != page)
#endif

proctype producer() {
    byte at, sent, longs, last = 9, next = 1;
    bool right;

    do
    :: sent == RECORDS -> break
    :: sent < RECORDS ->
        atomic {                                                                    /* O1 */
            if
            :: is_free(0) -> at = 0
            :: is_free(1) -> at = 1
#if PAGES > 2
            :: is_free(2) -> at = 2
#endif
            fi
        };
#ifdef NO_LOOK
        right = true;
#else
        atomic { right = (stand[0] != at) };                                        /* O2 */
        atomic { right = (right && stand[1] != at) };
#endif
        if
        :: !right
        :: right ->
            atomic {                                                                /* O3 */
#ifdef OPEN_EARLY
                state[at] = OPEN;
#else
                state[at] = OPENING;
#endif
#ifdef SAME_NUMBER
                number[at] = at + 1
#else
                number[at] = next;
                next++
#endif
            }
        fi;
        if
        :: !right
        :: right && longs < LONGS ->
            atomic { longs++; payload[at] = true; word[at] = READY; state[at] = OPEN };
            atomic {
                assert(word[at] == READY);
                payload[at] = false;
                word[at] = DONE;
                state[at] = FREE
            }
        :: right ->
            assert(word[at] == DONE);
            atomic { word[at] = ZERO; born[at] = number[at] };                      /* O4 */
            state[at] = OPEN;                                                       /* O5 */
            if                                                                      /* O6 */
            :: last != 9 -> state[last] = CLOSED
            :: else
            fi;
            atomic { sent++; value[at] = sent; word[at] = READY; last = at }        /* P4 */
        fi
    od
}

/* The page with the least number behind `n`, or 9. What is opened while we look may be passed
 * over in favour of a later one; but all that came before a page that we saw is there when we look again.
 * So what a look finds counts where the look before has seen as late a page. */
inline pass(n) {
    atomic { before = 0; right = false };
    do
    :: atomic { right -> break }
    :: !right ->
        atomic { page = 9; i = 0 };
        do
        :: atomic { i == PAGES -> break }
        :: atomic {
               i < PAGES ->
               if
               :: (state[i] == OPEN || state[i] == CLOSED) && number[i] > n &&
                      (page == 9 || number[i] < least) ->
                   page = i;
                   least = number[i]
               :: else
               fi;
               i++
           }
        od;
        atomic {
#ifdef ONE_PASS
            right = true;
#else
#ifdef TWO_PASSES
            right = (page == 9 || before > 0);
#else
            right = (page == 9 || least <= before);
#endif
#endif
            before = least
        }
    od;
    atomic { i = 0; right = false; before = 0 }
}

proctype consumer(byte me) {
    byte i, before, page, least, w, n, mine;
    bool right;

    do
    :: claimed < RECORDS ->
        pass(0);
        do
        :: page == 9 -> break
        :: else ->
            n = least;
            w = word[page];                                                         /* C2 */
            atomic {
                right = is_walkable(page, n);
                w = (payload[page] -> ZERO : w);
                assert(!right || w == ZERO || born[page] == n)
            };
            if
            :: !right -> page = 9
            :: right && w == READY ->
#ifndef NO_STAND
                stand[me] = page;                                                   /* C3 */
#endif
#ifndef NO_RECHECK
                right = is_walkable(page, n);                                      /* C4 */
#endif
                if
                :: right ->
                    atomic {                                                        /* C5 */
                        if
                        :: word[page] == READY ->
                            assert(!payload[page]);
                            assert(value[page] == claimed + 1);
                            claimed++;
                            mine = claimed;
                            word[page] = TAKEN
                        :: else -> right = false
                        fi
                    }
                :: else
                fi;
                stand[me] = 9;
                if
                :: right ->
                    atomic {
                        assert(word[page] == TAKEN && value[page] == mine);
                        word[page] = DONE;                                          /* A1 */
                        mine = 0
                    }
                :: else
                fi;
                page = 9
            :: right && (w == ZERO || w == DONE && state[page] == OPEN) -> page = 9
            :: else ->
                /* Done, or taken: G1, G2, and the next page. */
                atomic {
                    if
#ifdef FREE_TAKEN
                    :: state[page] == CLOSED && number[page] == n && w != READY ->
#else
                    :: state[page] == CLOSED && number[page] == n && w == DONE ->
#endif
                        state[page] = FREE
                    :: else
                    fi
                };
                pass(n)
            fi
        od;
        atomic { w = 0; n = 0; least = 0; right = false }
    :: else -> break
    od
}

init { atomic { run producer(); run consumer(0); run consumer(1) } }
