// SPDX-License-Identifier: Apache-2.0
// What is killed: a publisher and a subscriber that keep count in the last words. They
// are made in the child and belong to its one thread, which drives their context too, unless told
// otherwise: so that its steps are all there are. At their end the process ends as the killed ones
// do, without a farewell.
#pragma once

#include "last_words.hpp"
#include "survivors.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <vector>

namespace signet::tests {

class last_breath {
public:
    last_breath() = default;
    last_breath(const last_breath&) = delete;
    last_breath& operator=(const last_breath&) = delete;
    ~last_breath() { _exit(std::uncaught_exceptions() == 0 ? 0 : 1); }
};

inline context context_driven_by(drive how) {
    return context{context_options{.drive = how}};
}

template <class Message>
class publishing_victim {
public:
    explicit publishing_victim(drive how = drive::manual) : how_{how} {}

    void create(const publisher_options& shape = tight) {
        here_.emplace(context_driven_by(how_));
        out_.emplace(*here_, swept_topic, shape);
    }

    void meet() { out_->wait_for_subscribers(1); }

    /// Up to where most operations begin: somebody listens, and all is quiet.
    void prepare(const publisher_options& shape = tight) {
        create(shape);
        meet();
        await_go();
    }

    void publish() {
        out_->publish(numbered<Message>(words_.published));
        ++words_.published;
    }

    bool try_publish() {
        const bool done = out_->try_publish(numbered<Message>(words_.published));
        words_.published += done;
        return done;
    }

    void publish_loan() {
        auto loan = out_->loan();
        *loan = numbered<Message>(words_.published);
        out_->publish(std::move(loan));
        ++words_.published;
    }

    void await_one_that_has_read_all() const {
        EXPECT_TRUE(eventually([&] {
            const auto all = out_->statuses();
            return std::any_of(all.begin(), all.end(),
                               [](const auto& one) { return one.lag == 0; });
        }));
    }

    void close() {
        out_.reset();
        here_.reset();
    }

    publisher<Message>& out() { return *out_; }

private:
    drive how_;
    last_words& words_ = shared_last_words();
    std::optional<context> here_;
    std::optional<publisher<Message>> out_;
    last_breath end_;  // goes first
};

template <class Message>
class subscribing_victim {
public:
    explicit subscribing_victim(drive how = drive::manual) : how_{how} {}

    void create(const subscriber_options& options = blocking) {
        here_.emplace(context_driven_by(how_));
        in_.emplace(*here_, swept_topic, options);
    }

    /// Up to where most operations begin: it has received something, and all is quiet.
    void prepare(const subscriber_options& options = blocking) {
        create(options);
        if (how_ == drive::manual) receive();
        while (words_.received == 0) drain();  // it does not sleep yet
        await_go();
        drain();
    }

    void receive() { check(in_->receive()); }

    /// Whether there was one; it is held until release().
    bool keep(sample<Message> got) {
        if (!got) return false;
        check(got);
        held_.push_back(std::move(got));
        return true;
    }

    bool try_keep() { return keep(in_->try_receive()); }
    void receive_and_keep() { keep(in_->receive()); }

    void release() { held_.erase(held_.begin()); }

    void close() {
        in_.reset();
        here_.reset();
    }

    subscriber<Message>& in() { return *in_; }

private:
    void drain() {
        while (const auto got = in_->try_receive()) check(got);
    }

    void check(const sample<Message>& got) {
        const bool next = !next_ || got.number() - got.lost_before() == *next_;
        if (!got || !whole(*got) || got->number != got.number() || !next) words_.faulty = true;
        next_ = got.number() + 1;
        ++words_.received;
    }

    drive how_;
    last_words& words_ = shared_last_words();
    std::optional<context> here_;
    std::optional<subscriber<Message>> in_;
    std::optional<std::uint64_t> next_;
    std::vector<sample<Message>> held_;
    last_breath end_;  // goes first
};

}  // namespace signet::tests
