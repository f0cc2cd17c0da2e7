// SPDX-License-Identifier: Apache-2.0
#include <tour/stranger.hpp>

#include <signet/os/child.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/os/memfd.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <utility>
#include <vector>

namespace tour {
namespace {

using signet::os::descriptor;
using batch = std::vector<std::pair<std::string, const hashed_file*>>;  // by full path

constexpr std::size_t batch_files = 400;  // some 100 KiB of names, far below the kernel's limit
constexpr std::uint64_t batch_bytes = std::uint64_t{64} << 20;

/// Whether the file is what it was when it was hashed.
bool unchanged(const std::string& path, const hashed_file& then) {
    struct stat now{};
    if (::lstat(path.c_str(), &now) != 0 || !S_ISREG(now.st_mode)) return false;
    const std::int64_t modified = now.st_mtim.tv_sec * 1'000'000'000 + now.st_mtim.tv_nsec;
    return static_cast<std::uint64_t>(now.st_size) == then.size && modified == then.modified_ns;
}

std::string read_back(const descriptor& file) {
    std::string text;
    std::array<char, 65536> buffer;
    for (;;) {
        const ssize_t got =
            ::pread(file.get(), buffer.data(), buffer.size(), static_cast<off_t>(text.size()));
        if (got <= 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

std::map<std::string, std::string> run_sha256sum(const batch& files) {
    std::vector<std::string> command{"sha256sum", "--zero", "--"};
    for (const auto& [path, then] : files) command.push_back(path);
    const descriptor output = signet::os::create_memfd("tour-sha256sum", 0);
    const descriptor nowhere{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
    auto program = signet::os::child::spawn(
        command, {.standard_output = output.get(), .standard_error = nowhere.get()});
    program.handle().wait(signet::never);  // a file it could not read is missing in its output
    return parse_sha256sum(read_back(output));
}

void compare(const batch& files, opinion& result) {
    const auto answers = run_sha256sum(files);
    for (const auto& [path, then] : files) {
        const auto answer = answers.find(path);
        if (answer == answers.end() || !unchanged(path, *then)) {
            ++result.changed;
        } else if (answer->second == then->digest) {
            ++result.equal;
        } else {
            ++result.different;
            result.example = path;
        }
    }
}

}  // namespace

std::map<std::string, std::string> parse_sha256sum(std::string_view output) {
    constexpr std::size_t digits = 64;
    constexpr std::size_t name_at = digits + 2;  // a blank, and a blank or a star
    std::map<std::string, std::string> found;
    while (!output.empty()) {
        const auto end = std::min(output.find('\0'), output.size());
        const std::string_view line = output.substr(0, end);
        output.remove_prefix(std::min(end + 1, output.size()));
        if (line.size() <= name_at) continue;
        found.emplace(line.substr(name_at), line.substr(0, digits));
    }
    return found;
}

opinion ask_sha256sum(const std::string& directory, const hash_book& book, std::uint64_t bytes_max,
                      const std::function<bool(std::uint64_t)>& progress) {
    opinion result;
    batch files;
    std::uint64_t bytes = 0;
    std::uint64_t total = 0;
    std::uint64_t asked = 0;
    bool wanted = true;
    const auto flush = [&] {
        if (!files.empty()) compare(files, result);
        asked += files.size();
        files.clear();
        bytes = 0;
        wanted = progress(asked);
    };
    for (const auto& [name, then] : book.files()) {
        if (!wanted || total + then.size > bytes_max) {
            ++result.passed_over;
            continue;
        }
        files.emplace_back(directory + '/' + name, &then);
        bytes += then.size;
        total += then.size;
        if (files.size() == batch_files || bytes >= batch_bytes) flush();
    }
    flush();
    return result;
}

}  // namespace tour
