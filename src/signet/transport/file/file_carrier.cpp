// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/file/file_carrier.hpp>

#include <signet/base/error.hpp>
#include <signet/os/event.hpp>
#include <signet/transport/file/log_name.hpp>
#include <signet/transport/file/log_reader.hpp>
#include <signet/transport/file/log_writer.hpp>
#include <signet/transport/patient_wait.hpp>

#include <utility>

namespace signet::transport::log_file {
namespace {

constexpr carrier_facts our_facts{
    .scheme = "file",
    .addresses = "file:///path, file:///path?from=end",
    .use_when = "one writes and others read, also later, when the writer is gone",
    .message_bytes_max = os::record_bytes_max - 1,
    .both_ways = false,
    .survives_both = true,
    .topics = support::no,
};

void check_options(const channel_options& options, const log_name& name) {
    if (options.frames != framing::messages) {
        throw error{errc::unsupported, "open channel", name.text(),
                    "a log has records; for lines and bytes use unix:// or tcp://"};
    }
    if (options.message_bytes_max != 0 && options.message_bytes_max <= our_facts.message_bytes_max)
        return;
    throw error{errc::bad_option, "open channel", name.text(),
                "message_bytes_max is 1 to " + std::to_string(our_facts.message_bytes_max)};
}

class log_listener final : public channel_listener {
public:
    log_listener(log_name where, const channel_types& types, const channel_options& options)
        : where_{std::move(where)},
          lock_{std::make_shared<writer_lock>(where_)},
          types_{types},
          options_{options} {
        free_.signal();
    }

    /// The end that writes, at once.
    std::unique_ptr<channel_end> accept(const patience&) override {
        if (!out_.expired()) {
            throw error{errc::unsupported, "accept at", where_.text(),
                        "a log has one end that writes, which was accepted already; those who "
                        "read it need nobody"};
        }
        // a share of its own, which tells whether that end is there
        const auto share = std::make_shared<std::shared_ptr<writer_lock>>(lock_);
        out_ = share;
        auto end = std::make_unique<log_writer>(
            where_, std::shared_ptr<writer_lock>{share, lock_.get()}, types_, options_);
        free_.drain();
        return end;
    }
    std::string address() const override { return where_.text(); }
    int fd() override { return free_.fd(); }

private:
    log_name where_;
    std::shared_ptr<writer_lock> lock_;
    std::weak_ptr<std::shared_ptr<writer_lock>> out_;  ///< of the end that was accepted
    channel_types types_;
    channel_options options_;
    os::event free_;
};

class file_carrier final : public carrier {
public:
    const carrier_facts& facts() const noexcept override { return our_facts; }

    std::unique_ptr<channel_end> connect(const std::string& where, const channel_types& types,
                                         const channel_options& options) const override {
        const log_name name{where};
        check_options(options, name);
        return std::make_unique<log_reader>(name, types, options);
    }

    std::unique_ptr<channel_listener> listen(const std::string& where, const channel_types& types,
                                             const channel_options& options) const override {
        log_name name{where};
        check_options(options, name);
        return std::make_unique<log_listener>(std::move(name), types, options);
    }
};

}  // namespace

const carrier& the_carrier() noexcept {
    static const file_carrier only;
    return only;
}

}  // namespace signet::transport::log_file
