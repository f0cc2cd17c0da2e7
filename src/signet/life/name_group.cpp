// SPDX-License-Identifier: Apache-2.0
#include <signet/life/name_group.hpp>

#include <signet/base/error.hpp>
#include <signet/os/name_lock.hpp>
#include <signet/os/process.hpp>
#include <signet/os/random.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace signet::life {
namespace {

constexpr std::size_t digits = 16;
constexpr std::size_t member_bytes = 2 * digits + 1;
constexpr std::string_view life_suffix = ".life";
constexpr std::string_view new_suffix = ".new";
constexpr unsigned rights_of_others = 0077;

/// More than others can come and go just then, but not for ever.
constexpr int tries = 100;

std::string folder_of(std::string_view name) {
    return std::string{name} + "~shared";
}

std::string hexadecimal(std::uint64_t number) {
    std::array<char, digits> text{};
    const auto end = std::to_chars(text.begin(), text.end(), number, 16).ptr;
    const std::string shown{text.begin(), end};
    return std::string(digits - shown.size(), '0') + shown;
}

bool is_hexadecimal(std::string_view text) {
    return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_member(std::string_view name) {
    return name.size() == member_bytes && name[digits] == '-' &&
           is_hexadecimal(name.substr(0, digits)) && is_hexadecimal(name.substr(digits + 1));
}

/// Whose name it is; empty: nobody's.
std::string member_of(std::string_view name) {
    if (name.starts_with('.')) name.remove_prefix(1);
    const std::string_view rest = name.substr(std::min(name.size(), member_bytes));
    const bool known = rest.empty() || rest == life_suffix || rest == new_suffix;
    const std::string_view member = name.substr(0, member_bytes);
    return known && is_member(member) ? std::string{member} : std::string{};
}

std::uint64_t number_of(const std::string& member) {
    std::uint64_t number = 0;
    std::from_chars(member.data(), member.data() + digits, number, 16);
    return number;
}

std::string next_behind(const std::vector<std::string>& members) {
    const std::uint64_t number = members.empty() ? 0 : number_of(members.back()) + 1;
    return hexadecimal(number) + '-' + hexadecimal(os::random_u64());
}

/// Runs `action`; false where it failed because somebody removed what it works on.
template <class Action>
bool done_unless_removed(Action&& action) try {
    action();
    return true;
} catch (const error& e) {
    if (e.code() != std::errc::no_such_file_or_directory) throw;
    return false;
}

/// None also where somebody else has put something of that name there.
std::optional<os::directory> open_if_ours(const os::directory& place, const std::string& name) try {
    return place.open_below(name);
} catch (const error& e) {
    const bool not_ours = e.code() == std::errc::not_a_directory ||
                          e.code() == std::errc::too_many_symbolic_link_levels ||
                          e.code() == std::errc::permission_denied;
    if (!not_ours) throw;
    return std::nullopt;
}

/// A name appears when what it means is complete.
template <class Make>
void appear(const os::directory& folder, const std::string& name, Make&& make) {
    make('.' + name);
    folder.rename('.' + name, name);
}

}  // namespace

// ---- the group ----------------------------------------------------------------------------------

name_group::name_group(const os::directory& place, std::string name, os::directory folder)
    : place_{&place}, name_{std::move(name)}, folder_{std::move(folder)} {}

std::optional<name_group> name_group::find(const os::directory& place, std::string_view name) {
    auto folder = open_if_ours(place, folder_of(name));
    if (!folder) return std::nullopt;
    name_group found{place, folder_of(name), std::move(*folder)};
    if (!found.is_own()) return std::nullopt;
    return found;
}

name_group name_group::find_or_create(const os::directory& place, std::string_view name) {
    name_group made{place, folder_of(name), place.open_or_create_below(folder_of(name))};
    if (made.is_own()) return made;
    throw error{errc::untrusted, "use directory", made.folder_.path(),
                "it belongs to another user, or lets others in; remove it"};
}

bool name_group::is_own() const {
    const os::directory_facts facts = folder_.facts();
    return facts.owner_uid == os::current_uid() && (facts.mode & rights_of_others) == 0;
}

std::vector<std::string> name_group::members() const {
    std::vector<std::string> all;
    done_unless_removed([&] { all = folder_.list(); });
    std::erase_if(all, [](const std::string& name) { return !is_member(name); });
    std::sort(all.begin(), all.end());
    return all;
}

std::optional<os::life_watch> name_group::watch(const std::string& member) const {
    return os::life_watch::open(folder_, member + std::string{life_suffix});
}

void name_group::forget(const std::string& member) const noexcept try {
    folder_.remove(member);
    folder_.remove(member + std::string{new_suffix});
    folder_.remove(member + std::string{life_suffix});
} catch (const error&) {
    // What is left is a dead name, which the next one who meets it removes.
}

// One that is being made seems dead until its life appears. Then it loses what it has made, and
// tries again; what appears after the list was read is not touched.
bool name_group::sweep() const {
    bool anybody = false;
    std::vector<std::string> names;
    done_unless_removed([&] { names = folder_.list(); });
    for (const std::string& name : names) {
        const std::string member = member_of(name);
        if (member.empty()) continue;
        watch(member) ? void(anybody = true) : void(folder_.remove(name));
    }
    if (!anybody) remove_if_empty();
    return anybody;
}

void name_group::remove_if_empty() const noexcept try {
    place_->remove_empty_directory(name_);
} catch (const error&) {
    // an empty folder is a group of nobody
}

bool name_group::reach_any(const knock& knocks, deadline until) const {
    for (int i = 0; i < tries; ++i) {
        if (const auto reached = reach_once(knocks, until)) return *reached;
    }
    return false;
}

// None: all have ended; others may have come meanwhile.
std::optional<bool> name_group::reach_once(const knock& knocks, deadline until) const {
    std::vector<std::string> all = members();
    if (all.empty()) return false;
    const auto first = static_cast<std::ptrdiff_t>(os::random_u64() % all.size());
    std::rotate(all.begin(), all.begin() + first, all.end());
    std::string full;
    for (const std::string& member : all) {
        const answer became = ask(member, knocks);
        if (became == answer::opened) return true;
        if (became == answer::ended) forget(member);
        if (became == answer::no_room) full = member;
    }
    if (!full.empty() && knocks(full, until)) return true;
    remove_if_empty();
    return std::nullopt;
}

name_group::answer name_group::ask(const std::string& member, const knock& knocks) const try {
    return knocks(member, deadline::min()) ? answer::opened : answer::ended;
} catch (const error& e) {
    if (e.code() != std::errc::timed_out) throw;
    return answer::no_room;
}

void require_no_group(const os::directory& place, std::string_view name, std::string_view address) {
    const auto group = name_group::find(place, name);
    if (!group || !group->sweep()) return;
    throw error{std::make_error_code(std::errc::address_in_use), "listen at", address,
                "processes that share the name listen there"};
}

// ---- a member -----------------------------------------------------------------------------------

group_member::group_member(const os::directory& place, std::string_view name)
    : group_{name_group::find_or_create(place, name)}, id_{next_behind(group_.members())} {}

std::unique_ptr<group_member> group_member::join(const os::directory& place, std::string_view name,
                                                 std::string_view address,
                                                 const listening& listens) {
    for (int i = 0; i < tries; ++i) {
        std::unique_ptr<group_member> self;
        const bool in = done_unless_removed([&] { self.reset(new group_member{place, name}); }) &&
                        self->enter(listens);
        if (!in) continue;
        self->group_.sweep();
        if (!os::name_lock::is_held(place, name)) return self;
        throw error{std::make_error_code(std::errc::address_in_use), "listen at", address,
                    "a process that does not share the name listens there"};
    }
    throw error{errc::limit_reached, "listen at", address, "too many come and go there"};
}

// False: somebody came at the same time and is first, or removed what seemed dead.
bool group_member::enter(const listening& listens) {
    const os::directory& folder = group_.folder();
    const bool entered = done_unless_removed([&] {
        appear(folder, id_ + std::string{life_suffix},
               [&](const std::string& name) { life_.emplace(folder, name); });
        in_child_.emplace(life_->fd());
        appear(folder, id_, [&](const std::string& name) { listens(folder, name); });
    });
    if (!entered) return false;
    const std::vector<std::string> all = group_.members();
    return !all.empty() && all.back() == id_;
}

group_member::~group_member() {
    if (here_.still()) {
        remove_names();
    } else {
        static_cast<void>(new std::optional{std::move(life_)});  // closed when it was forked
    }
}

void group_member::remove_names() noexcept try {
    group_.forget('.' + id_);
    group_.forget(id_);
    group_.sweep();
} catch (const error&) {
    // what is left is swept by whoever comes next
}

void group_member::withdraw() noexcept try { group_.folder().remove(id_); } catch (const error&) {
    // who finds it is refused, and goes on to the next
}

std::optional<os::life_watch> group_member::watch_older() const {
    const std::vector<std::string> all = group_.members();
    for (auto other = all.rbegin(); other != all.rend(); ++other) {
        if (*other >= id_) continue;
        if (auto watch = group_.watch(*other)) return watch;
        group_.forget(*other);
    }
    return std::nullopt;
}

std::string group_member::youngest_other() const {
    const std::vector<std::string> all = group_.members();
    for (auto other = all.rbegin(); other != all.rend(); ++other) {
        if (*other != id_ && group_.watch(*other)) return *other;
    }
    return {};
}

// Where both are the same already, the new name stays and is removed.
void group_member::give_name(const std::string& member, const os::directory& place,
                             std::string_view name) const {
    const os::directory& folder = group_.folder();
    const std::string given = id_ + std::string{new_suffix};
    folder.remove(given);  // of an attempt that failed
    folder.link(member, folder, given);
    folder.rename(given, place, name);
    folder.remove(given);
}

}  // namespace signet::life
