// SPDX-License-Identifier: Apache-2.0
#include <tour/conductor.hpp>

#include <signet/os/random.hpp>
#include <tour/limits.hpp>
#include <tour/proc.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

namespace tour {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr std::array<int, 3> ending_signals = {SIGINT, SIGTERM, SIGHUP};
constexpr std::uint64_t signal_tag = role_count;  // below it, the roles' own numbers

constexpr auto turn_length = 20ms;  // how long a message may wait for the conductor
constexpr auto live_period = 100ms;
constexpr auto plain_period = 1s;
constexpr auto memory_period = 1s;
constexpr milliseconds extension_max = 20s;  // for restarts that take their time
constexpr auto farewell_max = 10s;
constexpr std::size_t events_shown = 8;
constexpr auto asking_max = 15s;
constexpr std::uint64_t asked_bytes_max = std::uint64_t{1} << 30;
constexpr std::uint64_t failures_max = 5;

constexpr std::array everybody = {role_id::sampler, role_id::viewer_block, role_id::viewer_drop,
                                  role_id::archiver, role_id::hasher};

std::string make_tour_id() {
    return fmt::format("{:08x}", signet::os::random_u64() & 0xFFFF'FFFF);
}

std::vector<int> pids_of(const troupe& roles) {
    std::vector<int> pids{::getpid()};
    for (const role_id role : everybody) {
        if (const int pid = roles.pid(role); pid != 0) pids.push_back(pid);
    }
    return pids;
}

std::string seconds_text(milliseconds time) {
    return fmt::format("{:5.1f} s", static_cast<double>(time.count()) / 1000);
}

}  // namespace

conductor::conductor(const settings& wanted, screen& shown)
    : wanted_{wanted},
      screen_{shown},
      id_{make_tour_id()},
      signals_{ending_signals},
      begin_{signet::clock::now()},
      troupe_{id_, wanted.files},
      plan_{wanted.forever ? kill_pace{8s, 2500ms} : pace_for(wanted.length),
            signet::os::random_u64()} {
    set_.add(signals_.fd(), signet::os::interest::readable, signal_tag);
    screen_.show({{" signet tour   measuring this machine", emphasis::title}});
    limits_ = measure_limits();  // before there are threads, for it forks
    ears_.emplace(id_, tally_, hashes_);
    for (const role_id role : everybody) start(role);
}

conductor::~conductor() = default;

// ---- the loop -----------------------------------------------------------------------------------

void conductor::perform() {
    while (!over()) {
        turn(signet::after(turn_length));
        kill_if_due();
        draw_if_due();
    }
}

bool conductor::over() {
    if (interrupted_ || screen_.gone()) return true;
    if (tally_.sums().failures > failures_max) return true;
    if (wanted_.forever || elapsed() < wanted_.length) return false;
    return (enough_killed() && all_at_work()) || elapsed() > wanted_.length + extension_max;
}

void conductor::turn(signet::deadline until) {
    std::array<signet::os::ready, signet::os::epoll::ready_max> storage;
    for (const auto& member : set_.wait(storage, until)) {
        if (member.tag == signal_tag) interrupted_ |= stop_wanted();
    }
    see_ends();
    if (ears_) ears_->gather();
    see_returns();
    if (signet::clock::now() >= next_memory_) look_at_memory();
}

bool conductor::stop_wanted() {
    return signals_.try_take().has_value();
}

void conductor::kill_if_due() {
    const auto role = plan_.due(elapsed());
    if (!role || !heard(*role) || !troupe_.running(*role)) return;
    look_at_memory();
    kill(*role);
    plan_.next(elapsed());
}

void conductor::see_ends() {
    for (const role_id role : everybody) {
        const int watched = troupe_.fd(role);
        if (watched < 0 || troupe_.running(role)) continue;
        set_.remove(watched);
        const int pid = troupe_.pid(role);
        if (const auto status = troupe_.take_end(role)) {
            tally_.ended(pid, now_ns(), phase_ == phase::playing && status->signalled,
                         !status->signalled && status->value != 0, troupe_.promised(role));
            ended(role, pid, *status);
        }
    }
}

void conductor::see_returns() {
    for (const role_id role : everybody) {
        const int pid = troupe_.pid(role);
        const life* const one = tally_.find(pid);
        if (one == nullptr || one->heard_ns == 0 || !announced_.insert(pid).second) continue;
        if (tally_.return_delays().empty()) continue;
        tell(fmt::format("{} works again as pid {}, {} after its start", name_of(role), pid,
                         duration_text(one->heard_ns - one->started_ns)));
    }
}

void conductor::draw_if_due() {
    const auto now = signet::clock::now();
    if (now < next_picture_) return;
    next_picture_ = now + (screen_.live() ? milliseconds{live_period} : milliseconds{plain_period});
    screen_.show(draw(look()));
}

// ---- its steps ----------------------------------------------------------------------------------

void conductor::start(role_id role) {
    troupe_.start(role, hashes_.latest());
    tally_.started(role, troupe_.pid(role), now_ns());
    announced_.erase(troupe_.pid(role));
    set_.add(troupe_.fd(role), signet::os::interest::readable, static_cast<std::uint64_t>(role));
}

void conductor::kill(role_id role) {
    const int pid = troupe_.pid(role);
    tally_.killed(pid, now_ns());
    troupe_.signal(role, SIGKILL);
    tell(fmt::format("the tour killed {} (pid {})", name_of(role), pid));
}

void conductor::ended(role_id role, int pid, const signet::os::exit_status& status) {
    if (phase_ == phase::ending && status.value == 0) return;
    const life* const one = tally_.find(pid);
    if (one == nullptr || one->killed_ns == 0) {
        tell(fmt::format("{}: {} (pid {}) {}{}", status.signalled ? "by you" : "WRONG",
                         name_of(role), pid, status.text(),
                         status.signalled ? "" : ": " + troupe_.last_complaint()));
    }
    if (phase_ == phase::playing && !interrupted_) start(role);
}

bool conductor::heard(role_id role) const {
    const life* const one = tally_.find(troupe_.pid(role));
    return one != nullptr && one->heard_ns != 0;
}

bool conductor::all_at_work() const {
    return std::all_of(everybody.begin(), everybody.end(), [&](role_id role) {
        return heard(role) && tally_.find(troupe_.pid(role))->killed_ns == 0;
    });
}

bool conductor::enough_killed() const {
    return std::all_of(everybody.begin(), everybody.end(),
                       [&](role_id role) { return tally_.kills_of(role) >= 2; });
}

void conductor::look_at_memory() {
    next_memory_ = signet::after(memory_period);
    orphaned_ = memory_.look(pids_of(troupe_));
}

// Who was stopped by a person must go on to be able to end.
void conductor::end_roles(std::initializer_list<role_id> roles) {
    for (const role_id role : roles) {
        troupe_.signal(role, SIGTERM);
        troupe_.signal(role, SIGCONT);
    }
    const auto limit = signet::after(farewell_max);
    const auto present = [&](role_id role) { return troupe_.pid(role) != 0; };
    while (std::any_of(roles.begin(), roles.end(), present) && signet::clock::now() < limit) {
        turn(signet::after(turn_length));
        draw_if_due();
    }
    for (const role_id role : roles) {
        if (present(role)) tell(fmt::format("{} does not end when asked", name_of(role)));
        troupe_.signal(role, SIGKILL);
    }
}

// ---- the end ------------------------------------------------------------------------------------

outcome conductor::finish() {
    outcome all;
    all.lasted = elapsed();
    all.interrupted = interrupted_ || screen_.gone();
    phase_ = phase::ending;
    closing_ = "ending in good order";
    look_at_memory();
    end_roles({role_id::sampler, role_id::archiver});
    end_roles({role_id::viewer_block, role_id::viewer_drop, role_id::hasher});
    turn(signet::clock::now());
    const std::string directory = ears_->directory();
    ears_.reset();
    all.bytes_left = memory_.left_behind();
    all.names = names_after_fresh_start(directory, id_);
    all.limits = limits_;
    ask_stranger(all);
    enter_books(all);
    return all;
}

void conductor::enter_books(outcome& into) const {
    into.sums = tally_.sums();
    for (const role_id role : everybody) {
        into.kills[static_cast<std::size_t>(role)] = tally_.kills_of(role);
        into.messages[static_cast<std::size_t>(role)] = tally_.messages_of(role);
    }
    into.notice_delays = tally_.notice_delays();
    into.return_delays = tally_.return_delays();
    into.files_hashed = hashes_.files().size();
    into.hashes = hashes_.hashes();
    into.bytes_hashed = hashes_.bytes();
    into.contradictions = hashes_.contradictions();
}

void conductor::ask_stranger(outcome& into) {
    const auto limit = signet::after(asking_max);
    const auto progress = [&](std::uint64_t asked) {
        closing_ =
            fmt::format("asking sha256sum about {} files: {}", hashes_.files().size(), asked);
        draw_if_due();
        return !stop_wanted() && signet::clock::now() < limit;
    };
    progress(0);
    into.sha256sum = ask_sha256sum(wanted_.files, hashes_, asked_bytes_max, progress);
}

// ---- what is shown ------------------------------------------------------------------------------

milliseconds conductor::elapsed() const {
    return std::chrono::duration_cast<milliseconds>(signet::clock::now() - begin_);
}

void conductor::tell(const std::string& text) {
    events_.push_back(seconds_text(elapsed()) + "  " + text);
    if (events_.size() > events_shown) events_.pop_front();
    screen_.tell(events_.back());
}

scene conductor::look() const {
    scene now;
    now.elapsed = elapsed();
    if (!wanted_.forever) now.length = wanted_.length;
    now.limits = limits_;
    if (ears_) {
        for (const role_id role : everybody) now.rows.push_back(look_at(role));
        now.machine = ears_->machine();
        now.busiest = ears_->busiest();
    }
    now.sums = tally_.sums();
    now.notice_delays = tally_.notice_delays();
    now.orphaned_bytes = orphaned_;
    now.files_hashed = hashes_.hashes();
    now.bytes_hashed = hashes_.bytes();
    if (screen_.live()) now.events = events_;
    now.closing = closing_;
    return now;
}

row conductor::look_at(role_id role) const {
    row one;
    one.role = role;
    one.pid = troupe_.pid(role);
    one.state = one.pid == 0 ? "ended" : heard(role) ? "running" : "starting";
    if (one.pid == 0) return one;
    const auto stat = read_proc(proc_path(one.pid, "stat"));
    if (stat && parse_stat(*stat).state == 'T') one.state = "stopped";
    if (const auto statm = read_proc(proc_path(one.pid, "statm"))) {
        const process_memory memory =
            parse_statm(*statm, static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
        one.resident_bytes = memory.resident_bytes;
        one.shared_bytes = memory.shared_bytes;
    }
    if (ears_->meter(role).latest().pid != one.pid) return one;
    one.stats = ears_->meter(role).latest();
    one.messages_per_s = ears_->meter(role).messages_per_s();
    one.bytes_per_s = ears_->meter(role).bytes_per_s();
    return one;
}

}  // namespace tour
