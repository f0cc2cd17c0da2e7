// SPDX-License-Identifier: Apache-2.0
#include <signet/observe/inspect.hpp>

#include <signet/base/error.hpp>
#include <signet/base/time.hpp>
#include <signet/observe/conversation.hpp>
#include <signet/observe/survey.hpp>
#include <signet/os/directory.hpp>
#include <signet/os/epoll.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <set>

namespace signet::observe {
namespace {

/// One look into a directory, and a conversation with everybody who was found.
class survey {
public:
    survey(const std::string& directory, deadline until, wanted what)
        : directory_{directory}, until_{until}, what_{what} {}

    snapshot run() {
        for (const std::string& topic : directory_.topics()) note_names(topic);
        for (const std::string& pattern : directory_.patterns()) note_names(pattern);
        for (const std::uint64_t context : directory_.contexts()) {
            call(context, [&] { return directory_.connect(context, until_); });
        }
        for (const link::named_listing& name : names_) {
            if (talks_.contains(name.who.context) || busy_.contains(name.who.context)) continue;
            call(name.who.context, [&] { return directory_.connect(name.name, name.who, until_); });
        }
        listen();
        return collect();
    }

    /// What came with the answers; after run().
    context_pages take_pages() { return std::move(pages_); }

private:
    void note_names(const std::string& topic) {
        for (const link::listing& who : directory_.list(topic)) names_.push_back({topic, who});
    }

    /// Somebody whose backlog is full is alive, but does not accept: the same as no answer.
    template <class Connect>
    void call(std::uint64_t context, Connect&& connect) try {
        if (auto socket = connect()) {
            auto talk = std::make_unique<conversation>(std::move(*socket), context,
                                                       directory_.uid(), what_);
            set_.add(talk->fd(), os::interest::readable, context);
            talks_.emplace(context, std::move(talk));
        } else {
            ++dead_names_;
        }
    } catch (const error& e) {
        if (e.code() != std::errc::timed_out) throw;
        busy_.insert(context);
    }

    void listen() {
        std::array<os::ready, os::epoll::ready_max> storage;
        std::size_t open = talks_.size();
        for (const auto& [context, talk] : talks_) {
            if (talk->over()) open -= close(*talk);
        }
        while (open != 0) {
            const auto events = set_.wait(storage, until_);
            if (events.empty()) return;
            for (const os::ready& event : events) {
                conversation& talk = *talks_.at(event.tag);
                talk.read();
                if (talk.over()) open -= close(talk);
            }
        }
    }

    std::size_t close(const conversation& talk) {
        set_.remove(talk.fd());
        return 1;
    }

    snapshot collect() {
        snapshot all;
        all.dead_names = dead_names_;
        for (const auto& [context, talk] : talks_) {
            if (talk->ended_early()) continue;  // it went while we asked
            add(all, talk->take());
            if (all.processes.back().problem.empty()) pages_[context] = talk->take_pages();
        }
        for (const std::uint64_t context : busy_) {
            add(all, {context, 0, {}, "it does not accept connections", {}});
        }
        std::sort(all.processes.begin(), all.processes.end(), [](const auto& a, const auto& b) {
            return std::pair{a.pid, a.context} < std::pair{b.pid, b.context};
        });
        return all;
    }

    void add(snapshot& all, participant_process one) const {
        if (!one.problem.empty()) one.endpoints = endpoints_by_name(one.context);
        const auto order = [](const endpoint& e) {
            return std::tuple{std::string_view{e.topic}, e.side, e.id};
        };
        std::sort(one.endpoints.begin(), one.endpoints.end(),
                  [&](const endpoint& a, const endpoint& b) { return order(a) < order(b); });
        all.processes.push_back(std::move(one));
    }

    std::vector<endpoint> endpoints_by_name(std::uint64_t context) const {
        std::vector<endpoint> found;
        for (const link::named_listing& name : names_) {
            if (name.who.context != context) continue;
            found.push_back({.topic = name.name, .side = name.who.side, .id = name.who.endpoint});
        }
        return found;
    }

    link::rendezvous directory_;
    deadline until_;
    wanted what_;
    context_pages pages_;
    os::epoll set_;
    std::vector<link::named_listing> names_;
    std::map<std::uint64_t, std::unique_ptr<conversation>> talks_;  // by context
    std::set<std::uint64_t> busy_;
    std::size_t dead_names_ = 0;
};

bool exists(const std::string& directory) try {
    os::directory::open(directory);
    return true;
} catch (const error& e) {
    if (e.code() != std::errc::no_such_file_or_directory) throw;
    return false;
}

}  // namespace

snapshot inspect(const std::string& directory, std::chrono::milliseconds limit) {
    if (!exists(directory)) return {};
    return survey{directory, after(limit), wanted::reports}.run();
}

std::pair<snapshot, context_pages> inspect_closely(const std::string& directory,
                                                   std::chrono::milliseconds limit) {
    if (!exists(directory)) return {};
    survey looking{directory, after(limit), wanted::reports_and_pages};
    snapshot seen = looking.run();
    return {std::move(seen), looking.take_pages()};
}

std::vector<std::string> names_in(const std::string& path) {
    if (!exists(path)) return {};
    const link::rendezvous directory{path};
    std::vector<std::string> names;
    for (const std::uint64_t context : directory.contexts()) {
        names.push_back(std::to_string(context));
    }
    for (const std::string& topic : directory.topics()) {
        for (const link::listing& who : directory.list(topic)) {
            names.push_back(topic + ' ' + std::to_string(who.endpoint));
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace signet::observe
