// SPDX-License-Identifier: Apache-2.0
// gRPC over a unix socket, without TLS. The server is the asynchronous one with one completion
// queue and one thread, which hands no call from thread to thread. One call at a time is made by
// the blocking stub (or, polling, by the asynchronous one, whose queue is asked with no time to
// wait); calls under way share a completion queue. Both ends do without what costs time and is not
// used: retries, channelz, probes of the bandwidth, filters that are not needed.
#include <bench/peers/calls.hpp>

#include <calls.grpc.pb.h>
#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>

#include <deque>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using calls = peers::grpc_calls::Calls;
using peers::grpc_calls::Number;
using peers::grpc_calls::Text;

constexpr std::int32_t number_that_leaves = -1;

std::string address_of(const peers::part& mine) {
    return "unix:" + mine.place + "/calls";
}

/// Settings of a channel, as `set(name, value)`.
template <class Set>
void set_options(Set&& set) {
    set(GRPC_ARG_MINIMAL_STACK, 1);
    set(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    set(GRPC_ARG_ENABLE_CHANNELZ, 0);
    set(GRPC_ARG_ENABLE_RETRIES, 0);
}

/// The next thing that happened; what was waited for. Null: the queue has ended.
template <class Event>
Event* next_event(grpc::CompletionQueue& queue, bool polls, bool& good) {
    const auto past = gpr_time_0(GPR_CLOCK_MONOTONIC);
    void* which = nullptr;
    if (!polls) return queue.Next(&which, &good) ? static_cast<Event*>(which) : nullptr;
    auto status = grpc::CompletionQueue::TIMEOUT;
    while (status == grpc::CompletionQueue::TIMEOUT) status = queue.AsyncNext(&which, &good, past);
    return status == grpc::CompletionQueue::GOT_EVENT ? static_cast<Event*>(which) : nullptr;
}

/// A call that the server waits for, and then answers.
class expected_call {
public:
    virtual ~expected_call() = default;

    /// What it waited for has come. False: it was the last call.
    virtual bool go_on() = 0;
};

Number answer_to(const Number& request) {
    Number reply;
    reply.set_value(request.value() + 1);
    return reply;
}

const Text& answer_to(const Text& request) {
    return request;
}

bool leaves(const Number& request) {
    return request.value() == number_that_leaves;
}

bool leaves(const Text&) {
    return false;
}

template <class Message>
class expected final : public expected_call {
public:
    using writer = grpc::ServerAsyncResponseWriter<Message>;
    using method = void (calls::AsyncService::*)(grpc::ServerContext*, Message*, writer*,
                                                 grpc::CompletionQueue*,
                                                 grpc::ServerCompletionQueue*, void*);

    expected(calls::AsyncService& service, method which, grpc::ServerCompletionQueue& queue)
        : service_{service}, which_{which}, queue_{queue} {
        expect();
    }

    bool go_on() override {
        if (answered_ && leaves(message_)) return false;
        answered_ ? expect() : answer();
        return true;
    }

private:
    void expect() {
        writer_.reset();
        context_.emplace();
        writer_.emplace(&*context_);
        answered_ = false;
        (service_.*which_)(&*context_, &message_, &*writer_, &queue_, &queue_, this);
    }
    void answer() {
        answered_ = true;
        writer_->Finish(answer_to(message_), grpc::Status::OK, this);
    }

    calls::AsyncService& service_;
    method which_;
    grpc::ServerCompletionQueue& queue_;
    bool answered_ = false;
    Message message_;
    std::optional<grpc::ServerContext> context_;
    std::optional<writer> writer_;
};

class server {
public:
    explicit server(const peers::part& mine) : polls_{mine.waiting == peers::waiting::poll} {
        grpc::ServerBuilder builder;
        set_options([&](const char* name, int value) { builder.AddChannelArgument(name, value); });
        builder.AddListeningPort(address_of(mine), grpc::InsecureServerCredentials());
        builder.RegisterService(&service_);
        queue_ = builder.AddCompletionQueue();
        server_ = builder.BuildAndStart();
        if (!server_) throw std::runtime_error{"the server does not start"};
    }

    void serve() {
        expect_calls();
        bool good = true;
        while (next_event<expected_call>(*queue_, polls_, good)->go_on()) {
        }
        end();
    }

private:
    void expect_calls() {
        add<Text>(&calls::AsyncService::RequestEcho);
        for (std::size_t i = 0; i < 2 * peers::calls_under_way; ++i) {
            add<Number>(&calls::AsyncService::RequestIncrement);
        }
    }

    template <class Message>
    void add(typename expected<Message>::method which) {
        expected_.push_back(std::make_unique<expected<Message>>(service_, which, *queue_));
    }

    /// Nothing may be under way when its memory goes.
    void end() {
        server_->Shutdown(gpr_time_0(GPR_CLOCK_MONOTONIC));
        queue_->Shutdown();
        bool good = true;
        while (next_event<expected_call>(*queue_, false, good) != nullptr) {
        }
    }

    bool polls_;
    calls::AsyncService service_;
    std::unique_ptr<grpc::ServerCompletionQueue> queue_;
    std::unique_ptr<grpc::Server> server_;
    std::vector<std::unique_ptr<expected_call>> expected_;
};

Number number_of(std::int32_t value) {
    Number number;
    number.set_value(value);
    return number;
}

std::shared_ptr<grpc::Channel> channel_to(const peers::part& mine) {
    grpc::ChannelArguments options;
    set_options([&](const char* name, int value) { options.SetInt(name, value); });
    options.SetString(GRPC_ARG_OPTIMIZATION_TARGET, "latency");
    return grpc::CreateCustomChannel(address_of(mine), grpc::InsecureChannelCredentials(), options);
}

void require(const grpc::Status& status) {
    if (!status.ok()) throw std::runtime_error{status.error_message()};
}

class caller {
public:
    explicit caller(const peers::part& mine)
        : polls_{mine.waiting == peers::waiting::poll}, stub_{channel_to(mine)} {}

    std::int32_t increment(std::int32_t number) {
        return ask(&calls::Stub::Increment, &calls::Stub::AsyncIncrement, number_of(number))
            .value();
    }

    template <class Read>
    void echo(const std::string& text, Read&& read) {
        Text request;
        request.set_value(text);
        read(ask(&calls::Stub::Echo, &calls::Stub::AsyncEcho, request).value());
    }

    void increment_all(peers::questions& all) {
        std::deque<lane> lanes(peers::calls_under_way);
        std::size_t under_way = 0;
        for (lane& each : lanes) under_way += begin(each, all.next());
        for (bool good = true; under_way > 0;) {
            lane& done = *next_event<lane>(queue_, polls_, good);
            require(done.status);
            all.answered(done.request.value(), done.reply.value());
            under_way -= !begin(done, all.next());
        }
    }

    void leave() { increment(number_that_leaves); }

private:
    template <class Message>
    using reader = std::unique_ptr<grpc::ClientAsyncResponseReader<Message>>;
    template <class Message>
    using blocking = grpc::Status (calls::Stub::*)(grpc::ClientContext*, const Message&, Message*);
    template <class Message>
    using starting = reader<Message> (calls::Stub::*)(grpc::ClientContext*, const Message&,
                                                      grpc::CompletionQueue*);

    /// One of the calls under way.
    struct lane {
        Number request;
        Number reply;
        grpc::Status status;
        std::optional<grpc::ClientContext> context;
        reader<Number> answer;
    };

    template <class Message>
    Message ask(blocking<Message> call, starting<Message> start, const Message& request) {
        grpc::ClientContext context;
        Message reply;
        if (!polls_) {
            require((stub_.*call)(&context, request, &reply));
        } else {
            poll_for((stub_.*start)(&context, request, &queue_), reply);
        }
        return reply;
    }

    template <class Message>
    void poll_for(reader<Message> answer, Message& reply) {
        grpc::Status status;
        answer->Finish(&reply, &status, this);
        bool good = true;
        next_event<caller>(queue_, polls_, good);
        require(status);
    }

    bool begin(lane& one, std::optional<std::int32_t> number) {
        if (!number) return false;
        one.request.set_value(*number);
        one.answer.reset();
        one.context.emplace();
        one.answer = stub_.AsyncIncrement(&*one.context, one.request, &queue_);
        one.answer->Finish(&one.reply, &one.status, &one);
        return true;
    }

    bool polls_;
    calls::Stub stub_;
    grpc::CompletionQueue queue_;
};

}  // namespace

int main(int count, char** arguments) {
    return peers::run_calls<server, caller>(count, arguments, grpc::Version().c_str());
}
