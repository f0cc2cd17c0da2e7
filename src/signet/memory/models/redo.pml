/* SPDX-License-Identifier: Apache-2.0
 *
 * A model, for Spin, of the redo log (docs/design/regions.md, "What takes several words"), explored
 * exhaustively.
 *
 *     spin -a [-D...] redo.pml && cc -DSAFETY -o pan pan.c && ./pan
 *
 * A maker changes two words of the heap and the entry of a new object, in one transaction, and dies
 * before any store. Those who get the lock after it replay the log; the first of them may die as
 * well. A user finds the object by its entry without the lock, and takes the object's own word.
 *
 * Properties: when the log has been emptied, all words of the transaction are changed or none; the
 * links of a block stay whole until it is taken; what the user stored stays.
 *
 * Variants to be rejected:
 *   -DCOUNT_FIRST     the count is stored before the entries of the log
 *   -DSTORE_FIRST     the words are stored before the count
 *   -DCLEAR_FIRST     the count is set back before the words are stored
 *   -DREPLAY_CLEARS_FIRST  the same in a replay
 *   -DLOG_THE_OBJECT  the object's own word is among those of the transaction
 *   -DOBJECT_OVER_LINKS    the object is written over the links of its block, which is still free
 */

#define WORDS 3
#define ENTRY 2              /* the last one: by it the object is found */
#define OLD 1
#define NEW 2
#define TAKEN 3

byte heap[WORDS] = OLD;
byte log[WORDS];
byte count;
byte links = OLD;            /* of the free block, as long as the heap's words are old */
byte object;                 /* the object's own word; 0 is how it begins */
bool locked = true;          /* the maker has the lock */
bool taken;
byte replays;

#define MAY_DIE if :: true :: true -> goto dead fi

inline store_all(i) {
    i = 0;
    do
    :: i < WORDS ->
        MAY_DIE;
#ifdef LOG_THE_OBJECT
        if
        :: i == 0 -> object = 0
        :: else
        fi;
        MAY_DIE;
#endif
        heap[i] = log[i];
        i++
    :: else -> break
    od
}

proctype maker() {
    byte i;

    MAY_DIE;
#ifdef OBJECT_OVER_LINKS
    links = 0;
#endif
    object = 0;
#ifdef COUNT_FIRST
    count = WORDS;
#endif
    i = 0;
    do
    :: i < WORDS -> MAY_DIE; log[i] = NEW; i++
    :: else -> break
    od;
    MAY_DIE;
#ifdef STORE_FIRST
    store_all(i);
    MAY_DIE;
#endif
    count = WORDS;
#ifdef CLEAR_FIRST
    MAY_DIE;
    count = 0;
#endif
    store_all(i);
    MAY_DIE;
    count = 0;
dead:
    locked = false
}

/* Whoever has the lock next. The last one does not die. */
proctype next() {
    byte i;

again:
    atomic { !locked -> locked = true };
    if
    :: count != 0 ->
#ifdef REPLAY_CLEARS_FIRST
        count = 0;
#endif
        if
        :: replays == 0 ->
            replays = 1;
            store_all(i);
            MAY_DIE
        :: else ->
            i = 0;
            do
            :: i < WORDS ->
#ifdef LOG_THE_OBJECT
                if
                :: i == 0 -> object = 0
                :: else
                fi;
#endif
                heap[i] = log[i];
                i++
            :: else -> break
            od
        fi;
        count = 0
    :: else
    fi;
    assert(heap[0] == heap[1] && heap[1] == heap[ENTRY]);
    assert(heap[0] == OLD || heap[0] == NEW);
    assert(heap[0] == NEW || links == OLD);
    assert(!taken || object == TAKEN);
    locked = false;
    goto over;
dead:
    locked = false;
    goto again;
over:
    skip
}

proctype user() {
end_nothing:
    atomic { heap[ENTRY] == NEW -> object = TAKEN; taken = true }
}

init {
    atomic {
        run maker();
        run next();
        run user()
    }
}
