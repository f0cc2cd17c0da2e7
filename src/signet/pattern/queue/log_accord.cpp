// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/queue/log_accord.hpp>

#include <signet/base/crc32c.hpp>
#include <signet/base/error.hpp>
#include <signet/os/file.hpp>

#include <cstring>
#include <span>
#include <string>
#include <utility>

namespace signet::pattern {
namespace {

constexpr std::uint64_t accord_magic = 0x74696d6d6f637153;
constexpr std::uint32_t accord_version = 1;
constexpr std::size_t file_bytes = 4096;

std::uint32_t check_of(accord_head head) {
    head.check = 0;
    return crc32c(std::as_bytes(std::span{&head, 1}));
}

unsigned digit_of(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    return 16;
}

}  // namespace

boot_id current_boot() {
    const char* const path = "/proc/sys/kernel/random/boot_id";
    std::string text(64, '\0');
    const os::file source = os::file::open(path, os::file_access::read_only);
    text.resize(source.read_at(0, std::as_writable_bytes(std::span{text})));
    boot_id id{};
    std::size_t digits = 0;
    for (const char c : text) {
        const unsigned digit = digit_of(c);
        if (digit > 15 || digits == 2 * id.size()) continue;
        id[digits / 2] |= std::byte(digit << (digits % 2 == 0 ? 4 : 0));
        ++digits;
    }
    if (digits == 2 * id.size()) return id;
    throw error{errc::unsupported, "read", path, "it does not say which boot this is"};
}

void log_accord::create(const os::directory& in, std::uint64_t log, const log_position& end) {
    accord_head head{
        .magic = accord_magic, .version = accord_version, .log = log, .boot = current_boot()};
    head.check = check_of(head);
    const std::uint64_t word = log_end::pack(end);
    os::file::create_sized(
        {in, file_name}, file_bytes, os::file::private_mode, [&](const os::file& fresh) {
            fresh.write_at(0, std::as_bytes(std::span{&head, 1}));
            fresh.write_at(offsetof(commit_words, end), std::as_bytes(std::span{&word, 1}));
        });
}

std::optional<log_accord> log_accord::try_open(const os::directory& in) {
    std::optional<os::file> met = os::file::try_open({in, file_name});
    if (!met || met->size() != file_bytes) return std::nullopt;
    accord_head head;
    met->read_at(0, std::as_writable_bytes(std::span{&head, 1}));
    const bool sound = head.magic == accord_magic && head.version == accord_version &&
                       head.check == check_of(head);
    if (!sound || head.boot != current_boot()) return std::nullopt;
    return log_accord{os::mapped_file::map(std::move(*met), os::map_access::read_write), head.log};
}

bool log_accord::remove(const os::directory& in) {
    return os::remove_file({in, file_name});
}

}  // namespace signet::pattern
