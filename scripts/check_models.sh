#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Checks the models of the protocols (src/signet/*/models): every model must be accepted, and every
# variant with a planted mistake must be rejected. One line each; exits with 0 only if all is so.
#
#     scripts/check_models.sh [--full]
#
# The short run takes about a minute on two cores; --full explores 25 times as many interleavings
# and larger bounds, and takes some five minutes. Needs a C++ compiler, relacy-dev and spin.
set -u
cd "$(dirname "$0")/.." || exit 2

case "${1-}" in
    "") full=0 ;;
    --full) full=1 ;;
    *) echo "usage: $0 [--full]" >&2; exit 2 ;;
esac

die() { echo "check_models: $*" >&2; exit 2; }

cxx=${CXX:-c++}
cc=${CC:-cc}
command -v "$cxx" >/dev/null || die "no C++ compiler ($cxx): set CXX"
command -v "$cc" >/dev/null || die "no C compiler ($cc): set CC"
command -v spin >/dev/null || die "spin is missing: apt install spin"
echo '#include <relacy/relacy.hpp>' | "$cxx" -std=c++11 -w -fsyntax-only -x c++ - 2>/dev/null ||
    die "relacy is missing: apt install relacy-dev"

work=$(mktemp -d) || die "no temporary directory"
trap 'rm -rf "$work"' EXIT

# The outcome of one check: wanted and got (accepted, rejected or broken), name, detail, seconds.
report() {
    local wanted=$1 got=$2 name=$3 detail=$4 start=$5 verdict=ok
    [ "$wanted" = "$got" ] || { verdict=FAIL; : >"$work/failed"; }
    printf '%-4s %-8s %-44s %4d s  %s\n' "$verdict" "$got" "$name" $((SECONDS - start)) "$detail"
}

# check_relacy <program> <variant> <interleavings>: a variant whose name ends in `good` is to be
# accepted, after so many interleavings.
check_relacy() {
    local program=$1 variant=$2 count=1000000 wanted=rejected got start detail
    start=$SECONDS
    case $variant in *good) wanted=accepted count=$3 ;; esac
    [ "$full" = 0 ] || count=$((25 * $3))
    detail=$("$work/$program" "$variant" "$count" 2>&1)
    case $? in 0) got=accepted ;; 1) got=rejected ;; *) got=broken ;; esac
    report "$wanted" "$got" "$program $variant" "$detail" "$start"
}

# check_spin <model> <wanted> [-D...]
check_spin() {
    local model=$1 wanted=$2 got=broken level=0 detail start dir
    shift 2
    [ "$wanted" = rejected ] || level=2  # a mistake is found sooner than a fast program is compiled
    start=$SECONDS
    dir=$(mktemp -d "$work/spin.XXXXXX")
    if (cd "$dir" && spin -a "$@" "$OLDPWD/$model" >spin.log 2>&1 &&
        "$cc" "-O$level" -w -DSAFETY -DCOLLAPSE -DMEMLIM=8192 -o pan pan.c >cc.log 2>&1 &&
        ./pan -m1000000 >pan.log 2>&1); then
        if grep -q '^pan:1:' "$dir/pan.log"; then
            got=rejected
        elif grep -q 'errors: 0' "$dir/pan.log" &&
            ! grep -q 'max search depth too small\|Search not completed' "$dir/pan.log"; then
            got=accepted
        fi
    fi
    detail=$(grep -h '^pan:1:' "$dir/pan.log" 2>/dev/null | sed 's/^pan:1: //; s/ (at depth.*//')
    [ -n "$detail" ] || detail=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1 states/p' \
        "$dir/pan.log" 2>/dev/null)
    [ "$got" != broken ] || detail=$(cat "$dir"/*.log | head -5 | tr '\n' ' ')
    report "$wanted" "$got" "$(basename "$model" .pml) ${*:-(the protocol)}" "$detail" "$start"
    rm -rf "$dir"
}

# Runs its arguments in the background, as many at a time as there are processors.
job() {
    while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
    "$@" &
}

relacy_model() {
    local source=$1 count=${2-400000} level=${3-2} program variant
    program=$(basename "$source" .cpp)
    "$cxx" -std=c++11 "-O$level" -w -Isrc -o "$work/$program" "$source" ||
        die "$source does not compile"
    for variant in $("$work/$program" --list); do
        job check_relacy "$program" "$variant" "$count"
    done
}

bell=src/signet/life/models/bell.pml
doze=src/signet/memory/models/doze.pml
join=src/signet/memory/models/join.pml
lanes=src/signet/memory/models/lanes.pml
lifecycle=src/signet/memory/models/lifecycle.pml
log=src/signet/memory/models/log.pml
moving=src/signet/memory/models/moving.pml
redo=src/signet/memory/models/redo.pml
seats=src/signet/life/models/seats.pml

relacy_model src/signet/memory/models/ring_relacy.cpp
relacy_model src/signet/memory/models/byte_ring_relacy.cpp
relacy_model src/signet/memory/models/queue_relacy.cpp
relacy_model src/signet/memory/models/queue_idle_relacy.cpp
relacy_model src/signet/memory/models/commit_relacy.cpp
relacy_model src/signet/life/models/bell_relacy.cpp
relacy_model src/signet/life/models/board_relacy.cpp
relacy_model src/signet/life/models/short_lock_relacy.cpp
for model in mutex condition permits shared_mutex barrier shared_box; do
    relacy_model src/signet/sync/models/${model}_relacy.cpp 20000 "$((full * 2))"
done

job check_spin $bell accepted
job check_spin $bell accepted -DROOM
job check_spin $bell accepted -DROOM -DRINGER_CLEARS
job check_spin $bell accepted -DROOM -DSTOPPED
job check_spin $bell rejected -DROOM -DSTOPPED -DRINGER_CLEARS
job check_spin $bell rejected -DROOM -DRINGER_CLEARS -DNO_REARM
job check_spin $bell rejected -DSAME_GENERATION -DCOMMITS=3
for mistake in NO_GENERATION CONFIRMED_ZERO CONFIRM_FIRST; do
    job check_spin $bell rejected -D$mistake
done
for mistake in NO_BARRIER NO_SECOND_LOOK NO_RINGER_FENCE NO_NOTICE; do
    job check_spin $bell rejected -D$mistake
    job check_spin $bell rejected -DROOM -D$mistake
done

job check_spin $doze accepted
job check_spin $doze accepted -DSTOPPED -DRECHECK
for mistake in STOPPED NO_SECOND_LOOK LATE_READING NO_RINGS CLEAR_BLIND NO_WATCH RING_FIRST; do
    job check_spin $doze rejected -D$mistake
done

job check_spin $join accepted
job check_spin $join accepted -DLIMIT_RESET
job check_spin $join accepted -DLIMIT_RESET -DNO_BARRIER
job check_spin $join rejected -DLIMIT_RESET -DUNCLAMPED
for mistake in EARLY_START LATE_CURSOR SLEEP_LOCKED NO_REMOVAL PASS_BLOCKING; do
    job check_spin $join rejected -D$mistake
done

job check_spin $lanes accepted -DRETURNS=0
job check_spin $lanes accepted -DDEATHS=0
job check_spin $lanes rejected -DTWO_WATCHES -DBLIND
for mistake in PUBLISH_FIRST NO_ZERO CLAIM_BY_STORE DONE_FIRST NO_PROOF NO_TAKE_OVER NO_WAKE \
    NO_RESET TOLD_FIRST NO_SECOND_LOOK ADOPT_PAST; do
    job check_spin $lanes rejected -D$mistake
done

job check_spin $lifecycle accepted
for mistake in FREE_ON_HANGUP SMALL_POOL FORGET_LIMBO; do
    job check_spin $lifecycle rejected -D$mistake
done

job check_spin $log accepted -DEVENTS=1
for mistake in READY_FIRST READY_UNSYNCED SYNC_AGAIN CURE_IN_PLACE NO_BODY_CHECK SHARED_BLOCK \
    NEW_IDENTITY NAME_FIRST NO_NAME_SYNC STALE_SEGMENT NO_PREVIOUS TRUST_CACHE MOVE_UNSYNCED \
    REMOVE_TWO; do
    job check_spin $log rejected -D$mistake
done

job check_spin $moving accepted -DDEATHS=1
for mistake in PUBLISH_FIRST DONE_FIRST BACK_FIRST DROP_COPY KEEP_COPY BLIND NO_PROOF; do
    job check_spin $moving rejected -D$mistake
done

job check_spin $redo accepted
for mistake in COUNT_FIRST STORE_FIRST CLEAR_FIRST REPLAY_CLEARS_FIRST LOG_THE_OBJECT \
    OBJECT_OVER_LINKS; do
    job check_spin $redo rejected -D$mistake
done

job check_spin $seats accepted -DDYING
for mistake in NO_PROOF TOLD_LATE BYTE_LATE BYTE_EARLY SAME_GENERATION BLIND NO_LOOK MARK_IS_PROOF
do
    job check_spin $seats rejected -D$mistake
done

if [ "$full" = 1 ]; then
    job check_spin $seats accepted
    job check_spin $seats accepted -DSTOPPED -DRECHECK
    job check_spin $seats rejected -DSTOPPED
    job check_spin $seats rejected -DNO_WAKE
    job check_spin $seats rejected -DDYING -DFREE_FIRST
    job check_spin $bell accepted -DCOMMITS=4
    job check_spin $bell accepted -DROOM -DCOMMITS=3
    job check_spin $bell accepted -DROOM -DSTOPPED -DCOMMITS=3
    job check_spin $join accepted -DMESSAGES=20
    job check_spin $log accepted
    job check_spin $moving accepted
    job check_spin $lifecycle accepted -DMESSAGES=8
fi
wait
[ ! -e "$work/failed" ]
