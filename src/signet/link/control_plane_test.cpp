// SPDX-License-Identifier: Apache-2.0
#include <signet/link/control_plane.hpp>

#include <signet/base/error.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/poll.hpp>
#include <signet/os/process.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <functional>
#include <thread>

namespace signet::link {
namespace {

using testing::complaint_of;
using testing::eventually;
using testing::watchdog;

std::vector<std::byte> hello_frame(std::uint64_t version = protocol_version,
                                   std::uint64_t context = 77) {
    return wire::frame_writer{kind::hello}
        .put(key::version, version)
        .put(key::context, context)
        .put(key::pid, std::uint64_t{1})
        .put(key::command, std::string_view{"raw"})
        .take();
}

/// An endpoint that notes what it is told.
class noting_endpoint final : public participant {
public:
    noting_endpoint(control_plane& plane, role side, std::string topic = "t")
        : plane_{plane}, topic_{std::move(topic)}, self_{side, plane.id(), make_id()} {
        plane.add(*this);
    }
    ~noting_endpoint() override { plane_.remove(*this); }

    const std::string& topic() const override { return topic_; }
    listing self() const override { return self_; }
    void found(peer& from, std::string_view topic, std::uint64_t endpoint) override {
        from_ = &from;
        topics_.emplace_back(topic);
        found_.push_back(endpoint);
    }
    void received(peer& from, const wire::frame_reader& frame,
                  std::vector<os::descriptor> descriptors) override {
        from_ = &from;
        kinds_.push_back(frame.kind());
        descriptors_ += descriptors.size();
    }
    void fell_short(peer&, std::uint64_t, const error&) override { ++short_; }
    std::string topic_with(std::uint64_t) const override { return topic_; }
    bool gone(peer&, const departure& how) override {
        gone_.push_back(how);
        return false;
    }
    void dead(peer&) override { ++dead_; }
    void declined(const peer&, const refusal& why) override { declined_.push_back(why); }
    void distrusted(const peer_identity&, const std::string&) override {}
    void farewell() override {}
    void wake() override { ++stops_; }

    /// What was noted; the plane's thread may be noting.
    template <class Value>
    Value look(Value noting_endpoint::* what) {
        const auto locked = plane_.lock();
        return this->*what;
    }

    peer* from_ = nullptr;
    std::vector<std::uint64_t> found_;
    std::vector<std::string> topics_;
    std::vector<std::string> kinds_;
    std::size_t descriptors_ = 0;
    std::vector<departure> gone_;
    int dead_ = 0;
    std::vector<refusal> declined_;
    int stops_ = 0;
    int short_ = 0;

private:
    control_plane& plane_;
    std::string topic_;
    listing self_;
};

class ControlPlane : public ::testing::Test {
protected:
    plane_options options() const { return {.directory = place_.path()}; }

    /// A bare socket to the context of `endpoint`.
    os::seqpacket_socket knock(const noting_endpoint& endpoint) {
        return *rendezvous{place_.path()}.connect("t", endpoint.self(), after(watchdog));
    }

    /// The kind of the next frame; "closed" at the end.
    static std::string next_kind(os::seqpacket_socket& socket) {
        if (!os::wait_readable(socket.fd(), after(watchdog))) return "nothing";
        last_.resize(wire::frame_bytes_max);
        const auto got = socket.try_receive(last_);
        if (got.status != os::receive_status::message) return "closed";
        last_.resize(got.bytes);
        return wire::frame_reader{last_}.kind();
    }

    /// Sends a join with a descriptor, and waits until it is there.
    static void join(control_plane& plane, noting_endpoint& from, noting_endpoint& to) {
        const auto frame = wire::frame_writer{kind::join}.put(key::to, to.self().endpoint).take();
        {
            const auto locked = plane.lock();
            plane.send(*from.from_, frame, std::array{STDIN_FILENO});
        }
        EXPECT_TRUE(eventually([&] { return to.look(&noting_endpoint::descriptors_) == 1; }));
    }

    /// The plane of `endpoint` still finds and is found.
    void expect_usable(noting_endpoint& subscriber) {
        control_plane other{options()};
        const std::size_t before = subscriber.look(&noting_endpoint::found_).size();
        const noting_endpoint publisher{other, role::publisher};
        EXPECT_TRUE(
            eventually([&] { return subscriber.look(&noting_endpoint::found_).size() > before; }));
    }

    static inline std::vector<std::byte> last_;
    testing::temporary_directory place_;
};

TEST_F(ControlPlane, ASubscriberFindsThePublisherThatWasThereFirst) {
    control_plane a{options()};
    control_plane b{options()};
    const noting_endpoint publisher{a, role::publisher};
    noting_endpoint subscriber{b, role::subscriber};
    EXPECT_EQ(subscriber.look(&noting_endpoint::found_).front(), publisher.self().endpoint);
}

TEST_F(ControlPlane, ASubscriberIsToldOfAPublisherThatComesLater) {
    control_plane a{options()};
    control_plane b{options()};
    noting_endpoint subscriber{b, role::subscriber};
    const noting_endpoint publisher{a, role::publisher};
    EXPECT_TRUE(eventually([&] { return !subscriber.look(&noting_endpoint::found_).empty(); }));
    EXPECT_EQ(subscriber.look(&noting_endpoint::found_).front(), publisher.self().endpoint);
}

TEST_F(ControlPlane, APlaneFindsItself) {
    control_plane both{options()};
    const noting_endpoint publisher{both, role::publisher};
    noting_endpoint subscriber{both, role::subscriber};
    EXPECT_EQ(subscriber.look(&noting_endpoint::found_).front(), publisher.self().endpoint);
}

TEST_F(ControlPlane, OtherTopicsAreNotFound) {
    control_plane both{options()};
    const noting_endpoint publisher{both, role::publisher, "other"};
    noting_endpoint subscriber{both, role::subscriber};
    EXPECT_TRUE(subscriber.look(&noting_endpoint::found_).empty());
}

TEST_F(ControlPlane, APatternFindsWhatMatchesInBothOrders) {
    control_plane a{options()};
    control_plane b{options()};
    const noting_endpoint first{a, role::publisher, "robot/pose"};
    noting_endpoint all{b, role::subscriber, "robot/**"};
    const noting_endpoint second{a, role::publisher, "robot/arm/pose"};
    const noting_endpoint other{a, role::publisher, "car/pose"};
    EXPECT_TRUE(eventually([&] { return all.look(&noting_endpoint::found_).size() >= 2; }));
    EXPECT_EQ(all.look(&noting_endpoint::topics_),
              (std::vector<std::string>{"robot/pose", "robot/arm/pose"}));
}

TEST_F(ControlPlane, AContextWithManySubscribersIsToldOfAPublisherOnce) {
    control_plane a{options()};
    control_plane b{options()};
    std::vector<std::unique_ptr<noting_endpoint>> many;
    for (int i = 0; i < 10; ++i)
        many.push_back(std::make_unique<noting_endpoint>(b, role::subscriber));
    const noting_endpoint publisher{a, role::publisher};
    for (const auto& one : many) {
        EXPECT_TRUE(eventually([&] { return !one->look(&noting_endpoint::found_).empty(); }));
        EXPECT_EQ(one->look(&noting_endpoint::found_).size(), 1u);
    }
}

TEST_F(ControlPlane, AnAnnouncementOfSomethingThatIsNoNameIsRefused) {
    control_plane plane{options()};
    noting_endpoint subscriber{plane, role::subscriber, "t"};
    noting_endpoint all{plane, role::subscriber, "**"};
    auto raw = knock(subscriber);
    raw.try_send(hello_frame());
    EXPECT_EQ(next_kind(raw), "hello");
    raw.try_send(wire::frame_writer{kind::announce}
                     .put(key::topic, std::string_view{"../*"})
                     .put(key::from, std::uint64_t{9})
                     .take());
    EXPECT_EQ(next_kind(raw), "refuse");
    EXPECT_TRUE(all.look(&noting_endpoint::found_).empty());
}

TEST_F(ControlPlane, AFrameReachesTheEndpointItNames) {
    control_plane a{options()};
    control_plane b{options()};
    noting_endpoint publisher{a, role::publisher};
    noting_endpoint subscriber{b, role::subscriber};
    join(b, subscriber, publisher);
    EXPECT_EQ(publisher.look(&noting_endpoint::kinds_), std::vector<std::string>{"join"});
}

TEST_F(ControlPlane, FramesAreKeptInOrderForAPeerThatIsSlow) {
    control_plane a{{.directory = place_.path(), .driven_by = drive::manual}};
    control_plane b{options()};
    noting_endpoint publisher{a, role::publisher};
    noting_endpoint subscriber{b, role::subscriber};
    const auto frame = wire::frame_writer{kind::join}
                           .put(key::to, publisher.self().endpoint)
                           .put(key::type, std::vector<std::byte>(5000))
                           .take();
    for (int i = 0; i < 1000; ++i) {
        const auto locked = b.lock();
        b.send(*subscriber.from_, frame);
    }
    EXPECT_TRUE(eventually([&] {
        a.poll(clock::now());
        return publisher.look(&noting_endpoint::kinds_).size() == 1000;
    }));
}

TEST_F(ControlPlane, AnOrderlyEndIsToldAsSuch) {
    auto a = std::make_unique<control_plane>(options());
    control_plane b{options()};
    auto publisher = std::make_unique<noting_endpoint>(*a, role::publisher);
    noting_endpoint subscriber{b, role::subscriber};
    join(b, subscriber, *publisher);
    publisher.reset();
    a.reset();
    EXPECT_TRUE(eventually([&] { return !subscriber.look(&noting_endpoint::gone_).empty(); }));
    EXPECT_TRUE(subscriber.look(&noting_endpoint::gone_).front().orderly);
}

TEST_F(ControlPlane, ADeathIsToldWithTheSignal) {
    const pid_t child = fork();
    if (child == 0) {
        control_plane a{options()};
        const noting_endpoint publisher{a, role::publisher};
        for (;;) pause();
    }
    control_plane b{options()};
    noting_endpoint subscriber{b, role::subscriber};
    EXPECT_TRUE(eventually([&] { return !subscriber.look(&noting_endpoint::found_).empty(); }));
    kill(child, SIGKILL);
    EXPECT_TRUE(eventually([&] { return !subscriber.look(&noting_endpoint::gone_).empty(); }));
    EXPECT_FALSE(subscriber.look(&noting_endpoint::gone_).front().orderly);
    EXPECT_FALSE(subscriber.look(&noting_endpoint::gone_).front().reason.empty());
    waitpid(child, nullptr, 0);
}

TEST_F(ControlPlane, AnotherVersionIsRefusedWithWordsThatSayBoth) {
    control_plane plane{options()};
    noting_endpoint endpoint{plane, role::publisher};
    auto raw = knock(endpoint);
    raw.try_send(hello_frame(99));
    EXPECT_EQ(next_kind(raw), "refuse");
    const wire::frame_reader refusal{last_};
    EXPECT_EQ(refusal.u64(key::code), std::uint64_t(errc::incompatible_version));
    const std::string reason{refusal.text(key::reason)};
    EXPECT_NE(
        reason.find("version 99, this one speaks version " + std::to_string(protocol_version)),
        std::string::npos)
        << reason;
    EXPECT_EQ(next_kind(raw), "closed");
    EXPECT_EQ(endpoint.look(&noting_endpoint::declined_).size(), 1u);
}

TEST_F(ControlPlane, GarbageIsRefusedAndDisturbsNobody) {
    control_plane plane{options()};
    noting_endpoint subscriber{plane, role::subscriber};
    auto raw = knock(subscriber);
    raw.try_send(std::vector<std::byte>(100, std::byte{0xc1}));
    EXPECT_EQ(next_kind(raw), "refuse");
    EXPECT_EQ(next_kind(raw), "closed");
    expect_usable(subscriber);
}

TEST_F(ControlPlane, AFrameBeforeHelloIsRefused) {
    control_plane plane{options()};
    noting_endpoint subscriber{plane, role::subscriber};
    auto raw = knock(subscriber);
    raw.try_send(wire::frame_writer{kind::announce}.take());
    EXPECT_EQ(next_kind(raw), "refuse");
    EXPECT_EQ(next_kind(raw), "closed");
    expect_usable(subscriber);
}

TEST_F(ControlPlane, WhatANewcomerDoesWrongReachesNoEndpoint) {
    control_plane plane{options()};
    noting_endpoint subscriber{plane, role::subscriber};
    auto raw = knock(subscriber);
    raw.try_send(std::vector<std::byte>(100, std::byte{0xc1}));
    EXPECT_EQ(next_kind(raw), "refuse");
    EXPECT_EQ(next_kind(raw), "closed");
    EXPECT_TRUE(subscriber.look(&noting_endpoint::declined_).empty());
}

TEST_F(ControlPlane, AHelloIsAnsweredWithOne) {
    control_plane plane{options()};
    const noting_endpoint endpoint{plane, role::publisher};
    auto raw = knock(endpoint);
    raw.try_send(hello_frame());
    EXPECT_EQ(next_kind(raw), "hello");
    EXPECT_EQ(wire::frame_reader{last_}.u64(key::context), plane.id());
}

TEST_F(ControlPlane, ANewcomerThatSaysNothingIsDropped) {
    control_plane plane{
        {.directory = place_.path(), .handshake_limit = std::chrono::milliseconds{20}}};
    noting_endpoint subscriber{plane, role::subscriber};
    auto raw = knock(subscriber);
    EXPECT_EQ(next_kind(raw), "closed");
    expect_usable(subscriber);
}

TEST_F(ControlPlane, APeerThatNeverReadsIsDroppedInTheEnd) {
    control_plane plane{options()};
    noting_endpoint subscriber{plane, role::subscriber};
    auto raw = knock(subscriber);
    raw.try_send(hello_frame());
    const auto question = wire::frame_writer{kind::join}.put(key::to, 1u).put(key::from, 2u).take();
    EXPECT_TRUE(eventually([&] { return raw.try_send(question) == os::send_result::closed; }));
    expect_usable(subscriber);
}

// The kernel in which who connects in this thread is stopped until the other side has had enough.
std::atomic<int> stops_left{0};
std::atomic<std::thread::id> stopped_thread;

long stopped_when_connected(long number, const os::kernel_arguments& arguments) {
    const long result = os::system_call(number, arguments);
    if (number != SYS_connect || result < 0) return result;
    if (stopped_thread.load() != std::this_thread::get_id() || stops_left.fetch_sub(1) <= 0)
        return result;
    pollfd end{static_cast<int>(arguments[0]), 0, 0};
    EXPECT_EQ(::poll(&end, 1, std::chrono::milliseconds{watchdog}.count()), 1);
    return result;
}

class ControlPlaneThatIsStopped : public ControlPlane {
protected:
    ControlPlaneThatIsStopped() : before_{os::exchange_kernel_entry(&stopped_when_connected)} {
        stopped_thread = std::this_thread::get_id();
    }
    ~ControlPlaneThatIsStopped() override {
        stops_left = 0;
        os::exchange_kernel_entry(before_);
    }

    control_plane hasty_{
        {.directory = place_.path(), .handshake_limit = std::chrono::milliseconds{20}}};
    control_plane stopped_{options()};

private:
    os::kernel_entry before_;
};

TEST_F(ControlPlaneThatIsStopped, BeforeItSaysHelloStillMeetsWhomItFound) {
    noting_endpoint subscriber{hasty_, role::subscriber};
    stops_left = 1;
    const noting_endpoint publisher{stopped_, role::publisher};
    EXPECT_TRUE(eventually([&] { return !subscriber.look(&noting_endpoint::found_).empty(); }));
}

TEST_F(ControlPlaneThatIsStopped, BeforeItSaysHelloStillFindsWhoWasThereFirst) {
    noting_endpoint publisher{hasty_, role::publisher};
    stops_left = 1;
    noting_endpoint subscriber{stopped_, role::subscriber};
    EXPECT_TRUE(eventually([&] {
        return publisher.look(&noting_endpoint::from_) != nullptr ||
               subscriber.look(&noting_endpoint::found_).size() > 1;
    }));
}

// Which of the two it found first is not known; in one of the two topics it has left.
TEST_F(ControlPlaneThatIsStopped, AndWhoseCounterpartLeftMeanwhileMeetsTheOthersThere) {
    for (const bool first_leaves : {true, false}) {
        const std::string topic = first_leaves ? "first" : "second";
        auto first = std::make_unique<noting_endpoint>(hasty_, role::subscriber, topic);
        auto second = std::make_unique<noting_endpoint>(hasty_, role::subscriber, topic);
        control_plane stopped{options()};
        stops_left = 1;
        const noting_endpoint publisher{stopped, role::publisher, topic};
        (first_leaves ? first : second).reset();
        noting_endpoint& left = first_leaves ? *second : *first;
        EXPECT_TRUE(eventually([&] { return !left.look(&noting_endpoint::found_).empty(); }));
    }
}

TEST_F(ControlPlane, NewcomersAreTurnedAwayWhileDescriptorsRunOut) {
    plane_options patient = options();
    patient.handshake_limit = watchdog;  // those that keep silent are to stay for this test
    control_plane plane{patient};
    noting_endpoint subscriber{plane, role::subscriber};
    auto knocking = std::make_unique<std::vector<os::seqpacket_socket>>();
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    const auto used = static_cast<rlim_t>(testing::open_descriptors());
    for (int i = 0; i < 4; ++i) knocking->push_back(knock(subscriber));
    EXPECT_TRUE(eventually([&] { return testing::open_descriptors() >= int(used) + 12; }));
    const rlimit tight{used + 14, before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &tight);
    {
        std::vector<os::descriptor> ballast;
        for (int fd; ballast.size() < 3 && (fd = dup(0)) >= 0;) ballast.emplace_back(fd);
    }
    for (int i = 0; i < 20; ++i) {
        try {
            knocking->push_back(knock(subscriber));
        } catch (const error&) {
        }
    }
    knocking.reset();
    setrlimit(RLIMIT_NOFILE, &before);
    expect_usable(subscriber);
}

TEST_F(ControlPlane, AManualPlaneHasSomethingToDoWhenItsDescriptorSaysSo) {
    control_plane manual{{.directory = place_.path(), .driven_by = drive::manual}};
    control_plane other{options()};
    noting_endpoint subscriber{manual, role::subscriber};
    const noting_endpoint publisher{other, role::publisher};
    while (subscriber.look(&noting_endpoint::found_).empty()) {
        ASSERT_TRUE(os::wait_readable(manual.fd(), after(watchdog)));
        manual.poll(clock::now());
    }
    EXPECT_EQ(subscriber.found_.front(), publisher.self().endpoint);
}

TEST_F(ControlPlane, AStopReachesEachEndpoint) {
    control_plane plane{options()};
    noting_endpoint one{plane, role::subscriber};
    noting_endpoint two{plane, role::publisher};
    plane.stop();
    EXPECT_EQ(one.look(&noting_endpoint::stops_) + two.look(&noting_endpoint::stops_), 2);
    EXPECT_TRUE(plane.stopped());
}

TEST_F(ControlPlane, AForkedChildIsToldToMakeItsOwn) {
    control_plane plane{options()};
    const int code = testing::exit_code_of_forked([&] {
        const auto complaint = complaint_of([&] { plane.check_process(); });
        return complaint.find("make a new one in this process") != std::string::npos ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(ControlPlane, AForkedChildKeepsNoLinkAlive) {
    control_plane b{options()};
    noting_endpoint subscriber{b, role::subscriber};
    auto a = std::make_unique<control_plane>(options());
    auto publisher = std::make_unique<noting_endpoint>(*a, role::publisher);
    EXPECT_TRUE(eventually([&] { return !subscriber.look(&noting_endpoint::found_).empty(); }));
    const pid_t child = fork();
    if (child == 0) {
        for (;;) pause();
    }
    publisher.reset();
    a.reset();
    EXPECT_TRUE(eventually([&] { return !subscriber.look(&noting_endpoint::gone_).empty(); }));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
}

TEST_F(ControlPlane, AForkedChildMayDestroyItAndLosesNoDescriptorOfItsOwn) {
    auto plane = std::make_unique<control_plane>(options());
    auto subscriber = std::make_unique<noting_endpoint>(*plane, role::subscriber);
    auto publisher = std::make_unique<noting_endpoint>(*plane, role::publisher);
    const int code = testing::exit_code_of_forked([&] {
        std::vector<int> own;
        for (int i = 0; i < 32; ++i) own.push_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
        subscriber.reset();
        publisher.reset();
        plane.reset();
        for (const int fd : own) {
            if (fcntl(fd, F_GETFD) < 0) return 1;
        }
        return 0;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(ControlPlane, NothingIsLeftBehindInTheDirectory) {
    {
        control_plane plane{options()};
        const noting_endpoint one{plane, role::subscriber};
        const noting_endpoint two{plane, role::publisher, "u"};
    }
    EXPECT_TRUE(std::filesystem::is_empty(place_.path() + "/sockets"));
    EXPECT_TRUE(std::filesystem::is_empty(place_.path() + "/publishers"));
    EXPECT_TRUE(std::filesystem::is_empty(place_.path() + "/subscribers"));
}

}  // namespace
}  // namespace signet::link
