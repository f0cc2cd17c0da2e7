// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/mq/mq_name.hpp>

#include <signet/base/error.hpp>
#include <signet/base/name.hpp>
#include <signet/os/process.hpp>

namespace signet::transport::mq {
namespace {

constexpr int attempts_max = 100;
constexpr std::string_view reserved = "/.signet-";

std::error_code in_use() {
    return std::make_error_code(std::errc::address_in_use);
}

}  // namespace

std::string passing_name() {
    return std::string{reserved} + std::to_string(os::current_uid());
}

mq_name::mq_name(const std::string& where) : queue_{where}, text_{"mq://" + where} {
    const bool good = where.size() > 1 && where.size() <= name_bytes_max && where.front() == '/' &&
                      where.find('/', 1) == std::string::npos &&
                      where.find('\0') == std::string::npos && where != "/." && where != "/..";
    if (good && !where.starts_with(reserved)) return;
    throw error{errc::bad_name, "use address", text_,
                "use mq:///name: 1 to " + std::to_string(name_bytes_max - 1) +
                    " bytes without another '/', not beginning with .signet-"};
}

os::posix_queue mq_name::listen() const {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        try {
            os::posix_queue made = os::posix_queue::create(queue_, door_geometry);
            // Before it was marked, another may have taken it for one that was left.
            if (made.try_own() && made.bears_name()) return made;
        } catch (const error& why) {
            if (why.code() != std::errc::file_exists) throw;
            remove_left();
        }
    }
    throw error{in_use(), "listen at", text_, "others make and remove that queue all the time"};
}

// Who marks a queue and then removes its name removes that queue's: others keep off what is marked.
bool mq_name::remove_left() const try {
    os::posix_queue found = os::posix_queue::open(queue_);
    refuse_foreign(found);
    if (!found.try_own()) {
        throw error{in_use(), "listen at", text_, "a living process listens there"};
    }
    return found.bears_name() && os::posix_queue::remove(queue_);
} catch (const error& why) {
    if (why.code() != std::errc::no_such_file_or_directory) throw;
    return false;
}

void mq_name::refuse_foreign(const os::posix_queue& found) const {
    if (found.geometry() == door_geometry) return;
    throw error{
        in_use(), "use address", text_,
        "the message queue of that name is not a listener's of Signet; choose another name"};
}

os::posix_queue mq_name::find() const {
    try {
        os::posix_queue found = os::posix_queue::open(queue_);
        refuse_foreign(found);
        if (found.is_owned()) return found;
    } catch (const error& why) {
        if (why.code() != std::errc::no_such_file_or_directory) throw;
    }
    complain_of_absence();
}

void mq_name::complain_of_absence() const {
    throw error{std::make_error_code(std::errc::connection_refused), "open channel", text_,
                "nobody listens there; start the other end first"};
}

}  // namespace signet::transport::mq
