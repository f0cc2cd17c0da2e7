/* SPDX-License-Identifier: Apache-2.0
 *
 * A model, for Spin, of the log of a durable queue (docs/design/queues.md, Durable: L1 to L7,
 * segments, recovery, collecting), explored exhaustively.
 *
 *     spin -a [-D...] log.pml && cc -DSAFETY -o pan pan.c && ./pan
 *
 * Two messages are pushed and finished at any time; one holder of `commit` at a time, who may die at
 * any step and is followed by another (DEATHS). A group is two blocks, a head and a body; what is
 * not synced is on the disk or not, block by block, or torn. A sync may fail (FAILURES): then the
 * cache takes lost blocks for clean. At any step the machine may stop, or `lanes` be lost while the
 * cache stays (EVENTS); recovery itself meets all of that.
 *
 * Properties, at each recovery: a message that was ready and not finished is live; one that turned
 * done is not; what is live was pushed, and is there once; no damage is told of where there is
 * none.
 *
 * Variants to be rejected:
 *   -DREADY_FIRST     L6: words before the end of the log
 *   -DREADY_UNSYNCED  L6 before L5
 *   -DSYNC_AGAIN      a failed sync is tried once more, and believed
 *   -DCURE_IN_PLACE   a poisoned queue goes on behind what the cache shows
 *   -DNO_BODY_CHECK   a group is whole if its head is
 *   -DSHARED_BLOCK    a group begins in the block in which the one before ends
 *   -DNEW_IDENTITY    who writes an entry once more gives it another identity
 *   -DNAME_FIRST      a segment has its name before its first group is synced
 *   -DNO_NAME_SYNC    nor is its name
 *   -DSTALE_SEGMENT   who finds a segment that was begun and not gone to lets it be
 *   -DNO_PREVIOUS     where the segment before ends is not told
 *   -DTRUST_CACHE     recovery takes the last group as it reads it
 *   -DMOVE_UNSYNCED   a segment goes before what was moved out of it is synced
 *   -DREMOVE_TWO      a segment goes while the one before it may come back
 */

#ifndef DEATHS
#define DEATHS 1
#endif
#ifndef FAILURES
#define FAILURES 1
#endif
#ifndef EVENTS
#define EVENTS 2
#endif
#ifndef SEGMENTS
#define SEGMENTS 3
#endif
#define MESSAGES 2
#define PLACES 2             /* groups in a segment */
#define ALL (SEGMENTS * PLACES)
#define NOWHERE SEGMENTS

/* Words */
#define NONE 0
#define STAGED 1
#define READY 2
#define FINISHED 3
#define DONE 4

/* A group is the set of its entries: pushed 0, pushed 1, done 0, done 1, pushed 0 and 1 under another
 * identity. No entry: a place that was never written. */
#define PUSHED(i) (1 << (i))
#define ENDED(i) (4 << (i))
#define OTHER(i) (16 << (i))
#define TORN 128
#define WRONG(head, body) ((head) == 0 || (head) == TORN || (head) != (body))

byte word[MESSAGES];
byte where[MESSAGES] = NOWHERE;      /* the segment that has it, a field of its record */
byte end_segment, end_place;         /* one word, with `rolling` */
bool rolling, poisoned;
byte first;                          /* the oldest segment */

/* Blocks: as the kernel shows them, as the disk has them, and whether the kernel will write them. */
byte head[ALL], body[ALL], disk_head[ALL], disk_body[ALL];
bool head_dirty[ALL], body_dirty[ALL];
bool named[SEGMENTS], disk_named[SEGMENTS];
byte previous_end[SEGMENTS];

/* For the checker. */
byte deaths, failures, events;
bool was_ready[MESSAGES], was_finished[MESSAGES], was_done[MESSAGES];

byte group, place, i, segment, whole_end, last, pushed, ended, before;
bool other, moving, recovering;

#define MAY_STOP \
    atomic { if \
    :: true \
    :: deaths < DEATHS -> deaths++; goto next \
    :: events < EVENTS -> events++; goto crash \
    :: events < EVENTS -> events++; goto lose \
    fi }

/* Part of what is overwritten may be on the disk already. */
inline write_head(at, value) {
    atomic {
        if
        :: head_dirty[at] -> disk_head[at] = head[at]
        :: true
        fi;
        d_step { head[at] = value; head_dirty[at] = true }
    }
}

inline write_body(at, value) {
    atomic {
        if
        :: body_dirty[at] -> disk_body[at] = body[at]
        :: true
        fi;
        d_step { body[at] = value; body_dirty[at] = true }
    }
}

inline sync_place(at) {
    d_step {
        if :: head_dirty[at] -> disk_head[at] = head[at]; head_dirty[at] = false :: else fi;
        if :: body_dirty[at] -> disk_body[at] = body[at]; body_dirty[at] = false :: else fi
    }
}

inline lose_place(at) {
    atomic {
        if :: head_dirty[at] -> head_dirty[at] = false; disk_head[at] = TORN :: head_dirty[at] = false fi;
        if :: body_dirty[at] -> body_dirty[at] = false; disk_body[at] = TORN :: body_dirty[at] = false fi
    }
}

inline sync_names() {
    d_step {
        i = 0;
        do
        :: i < SEGMENTS -> disk_named[i] = named[i]; i++
        :: else -> i = 0; break
        od
    }
}

/* Any part of what is not synced reaches the disk, and the cache is gone. */
inline stop_machine() {
    i = 0;
    do
    :: i < ALL ->
        if
        :: head_dirty[i] -> disk_head[i] = head[i]
        :: head_dirty[i] -> disk_head[i] = TORN
        :: true
        fi;
        if
        :: body_dirty[i] -> disk_body[i] = body[i]
        :: body_dirty[i] -> disk_body[i] = TORN
        :: true
        fi;
        d_step {
            head[i] = disk_head[i];
            body[i] = disk_body[i];
            head_dirty[i] = false;
            body_dirty[i] = false;
            i++
        }
    :: else -> break
    od;
    i = 0;
    do
    :: i < SEGMENTS ->
        if
        :: disk_named[i] != named[i] -> disk_named[i] = named[i]
        :: true
        fi;
        named[i] = disk_named[i];
        i++
    :: else -> break
    od;
    i = 0
}

inline take_group(at) {
    last = at;
    pushed = pushed | body[at];
    ended = ended | (body[at] >> MESSAGES);
    whole_end = at + 1
}

#ifdef NO_BODY_CHECK
#define IS_WRONG(at) (head[at] == 0 || head[at] == TORN)
#else
#define IS_WRONG(at) WRONG(head[at], body[at])
#endif

/* Reads all segments. `segment` is the last one, `whole_end` behind its last whole group, `last` that
 * group, or ALL where there is none. */
inline read_log() {
    d_step {
        pushed = 0;
        ended = 0;
        last = ALL;
        segment = NOWHERE;
        i = 0;
        do
        :: i < SEGMENTS && named[i] ->
            segment = i;
            place = 0;
            whole_end = i * PLACES;
            do
            :: place < PLACES ->
                if
#ifndef NO_PREVIOUS
                :: i + 1 < SEGMENTS && named[i + 1] && place >= previous_end[i + 1]
#endif
                :: else ->
                    if
                    :: IS_WRONG(i * PLACES + place) ->
                        /* One that is not whole ends the log: nothing is behind it. */
#ifdef NO_PREVIOUS
                        assert(head[i * PLACES + place] == 0 || i + 1 == SEGMENTS ||
                               !named[i + 1])
#else
                        assert(i + 1 == SEGMENTS || !named[i + 1])
#endif
                    :: else ->
                        assert(whole_end == i * PLACES + place);
                        take_group(i * PLACES + place)
                    fi
                fi;
                place++
            :: else -> break
            od;
            i++
        :: i < SEGMENTS && !named[i] -> i++
        :: else -> break
        od;
        i = 0;
        place = 0
    }
}

#define IS_LIVE(i) ((pushed & (PUSHED(i) | OTHER(i))) && !(ended & PUSHED(i)))

inline check_and_rebuild() {
    d_step {
        do
        :: i < MESSAGES ->
            assert(!(was_ready[i] && !was_finished[i]) || IS_LIVE(i));
            assert(!was_done[i] || !IS_LIVE(i));
            assert(!IS_LIVE(i) || word[i] != NONE);
            assert(!((pushed & PUSHED(i)) && (pushed & OTHER(i))));
            if
            :: IS_LIVE(i) -> word[i] = READY; was_ready[i] = true; was_finished[i] = false
            :: !IS_LIVE(i) && word[i] != NONE ->
                word[i] = DONE; was_finished[i] = true; was_done[i] = true
            :: else
            fi;
            i++
        :: else -> break
        od;
        i = 0
    }
}

/* A segment with its first group: synced before it has its name. */
inline begin_segment(number, previous, content) {
    d_step {
        previous_end[number] = previous;
        place = 0;
        do
        :: place < PLACES ->
            head[(number) * PLACES + place] = 0;
            body[(number) * PLACES + place] = 0;
            disk_head[(number) * PLACES + place] = 0;
            disk_body[(number) * PLACES + place] = 0;
            head_dirty[(number) * PLACES + place] = false;
            body_dirty[(number) * PLACES + place] = false;
            place++
        :: else -> break
        od;
        place = 0;
#ifdef NAME_FIRST
        named[number] = true
#endif
    };
#ifdef NAME_FIRST
    MAY_STOP;
#endif
    head[(number) * PLACES] = content;
    body[(number) * PLACES] = content;
    head_dirty[(number) * PLACES] = true;
    body_dirty[(number) * PLACES] = true;
#ifdef NAME_FIRST
    MAY_STOP;
#endif
    sync_place((number) * PLACES);
    named[number] = true;
    MAY_STOP;
#ifndef NO_NAME_SYNC
    sync_names();
    MAY_STOP
#else
    skip
#endif
}

inline forget() {
    d_step {
        group = 0; place = 0; i = 0; segment = 0; whole_end = 0; last = 0; pushed = 0; ended = 0;
        before = 0; moving = false
    }
}

/* Producers and consumers. Neither waits for the log, and none of their deaths means anything to it. */
active proctype others() {
end_others:
    do
    :: atomic { word[0] == NONE -> word[0] = STAGED }
    :: atomic { word[1] == NONE -> word[1] = STAGED }
    :: atomic { word[0] == READY -> word[0] = FINISHED; was_finished[0] = true }
    :: atomic { word[1] == READY -> word[1] = FINISHED; was_finished[1] = true }
    od
}

#define TO_DO(i) (word[i] == STAGED || word[i] == FINISHED)
#define KEPT_BY(i, s) (where[i] == (s) && (word[i] == READY || word[i] == FINISHED))

active proctype committer() {
    atomic { named[0] = true; disk_named[0] = true };

next:                                                           /* L3, by whoever comes next */
    if
    :: recovering -> goto recover
    :: else -> forget()
    fi;
    other = deaths > 0;
end_waiting:
    if
    :: atomic { !poisoned && (TO_DO(0) || TO_DO(1)) }
    :: atomic { poisoned -> goto cure }
    fi;
begin:
    if
    :: rolling ->
#ifndef STALE_SEGMENT
        d_step { named[end_segment + 1] = false };
        MAY_STOP;
        sync_names();
        MAY_STOP;
#endif
        rolling = false
    :: else
    fi;
    d_step {                                                    /* L4 */
        do
        :: i < MESSAGES ->
            if
#ifdef NEW_IDENTITY
            :: word[i] == STAGED && other -> group = group | OTHER(i)
            :: word[i] == STAGED && !other -> group = group | PUSHED(i)
#else
            :: word[i] == STAGED -> group = group | PUSHED(i)
#endif
            :: word[i] == FINISHED -> group = group | ENDED(i)
            :: else
            fi;
            i++
        :: else -> break
        od;
        i = 0
    };
    /* What keeps the oldest segment is moved along, now and then. */
    atomic {
        if
        :: first < end_segment && (KEPT_BY(0, first) || KEPT_BY(1, first)) ->
            moving = true;
            if :: KEPT_BY(0, first) && word[0] == READY -> group = group | PUSHED(0) :: else fi;
            if :: KEPT_BY(1, first) && word[1] == READY -> group = group | PUSHED(1) :: else fi
        :: true
        fi
    };
    if
    :: group == 0 -> goto next
    :: else
    fi;
#ifdef MOVE_UNSYNCED
    if
    :: moving -> named[first] = false; first++; MAY_STOP
    :: else
    fi;
#endif
    if
    :: end_place < PLACES && !poisoned
    :: end_segment + 1 < SEGMENTS -> goto roll
    :: end_place == PLACES && end_segment + 1 == SEGMENTS -> goto over
    :: poisoned && end_segment + 1 == SEGMENTS -> goto over
    fi;
    before = end_segment * PLACES + end_place;
#ifdef SHARED_BLOCK
    if
    :: end_place > 0 -> body_dirty[before - 1] = true
    :: else
    fi;
#endif
    write_head(before, group);
    MAY_STOP;
    write_body(before, group);
    MAY_STOP;
#ifndef READY_UNSYNCED
    atomic {                                                    /* L5 */
        if
        :: sync_place(before);
#ifdef SHARED_BLOCK
           if :: end_place > 0 -> sync_place(before - 1) :: else fi
#else
           skip
#endif
        :: failures < FAILURES ->
            failures++;
            lose_place(before);
#ifdef SYNC_AGAIN
            sync_place(before)
#else
            poisoned = true;
            goto next
#endif
        fi
    };
    MAY_STOP;
#endif
#ifndef READY_FIRST
    end_place++;                                                /* L6 */
    MAY_STOP;
#endif
turn:
    do
    :: i < MESSAGES ->
        d_step {
            if
            :: group & (PUSHED(i) | OTHER(i)) -> where[i] = end_segment
            :: else
            fi;
            if
            :: (group & (PUSHED(i) | OTHER(i))) && word[i] == STAGED ->
                word[i] = READY;
                was_ready[i] = true
            :: (group & ENDED(i)) && word[i] == FINISHED ->
                word[i] = DONE;
                was_done[i] = true
            :: else
            fi;
            i++
        };
        MAY_STOP
    :: else -> break
    od;
    i = 0;
#ifdef READY_FIRST
    if
    :: before == end_segment * PLACES + end_place -> end_place++
    :: else
    fi;
#endif
    /* Collecting: what went before is gone for good before another one goes. */
    if
    :: first < end_segment && !KEPT_BY(0, first) && !KEPT_BY(1, first) ->
#ifndef REMOVE_TWO
        sync_names();
        MAY_STOP;
#endif
        named[first] = false;
        first++;
        MAY_STOP
    :: true
    fi;
#ifdef READY_UNSYNCED
    if
    :: before < ALL -> sync_place(before)
    :: else
    fi;
#endif
    goto next;

roll:
    rolling = true;
    MAY_STOP;
    begin_segment(end_segment + 1, end_place, group);
    d_step { end_segment++; end_place = 1; rolling = false; before = ALL };
    MAY_STOP;
    poisoned = false;
    goto turn;

cure:                                                           /* an opener that is alone */
#ifdef CURE_IN_PLACE
    skip;
    d_step {
        before = end_segment * PLACES + end_place;
        if
        :: WRONG(head[before], body[before])
        :: else -> group = head[before]; end_place++
        fi;
        poisoned = false
    };
    goto turn;
#else
    if
    :: end_segment + 1 < SEGMENTS -> goto begin
    :: else -> goto over
    fi;
#endif

crash:
    atomic { forget(); stop_machine() };
lose:
    recovering = true;
recover:
    atomic { forget(); read_log() };
    if
    :: segment + 1 >= SEGMENTS -> check_and_rebuild(); goto over
    :: else
    fi;
    d_step {
        end_segment = segment;
        if
        :: whole_end == segment * PLACES -> group = 0; whole_end = 0
#ifdef TRUST_CACHE
        :: else -> group = 0; whole_end = whole_end - segment * PLACES
#else
        /* The last group may be in the cache alone: it is written once more. */
        :: else -> group = body[whole_end - 1]; whole_end = whole_end - 1 - segment * PLACES
#endif
        fi
    };
    begin_segment(end_segment + 1, whole_end, group);
    check_and_rebuild();
    d_step {
        end_segment++;
        end_place = (group == 0 -> 0 : 1);
        rolling = false;
        poisoned = false;
        recovering = false;
        first = 0;
        do
        :: first < SEGMENTS && !named[first] -> first++
        :: else -> break
        od;
        where[0] = first;
        where[1] = first
    };
    goto next;
over:
    skip
}
