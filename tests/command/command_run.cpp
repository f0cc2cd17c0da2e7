// SPDX-License-Identifier: Apache-2.0
#include "command_run.hpp"

#include <signet/os/descriptor.hpp>

#include <fcntl.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace signet::testing {
namespace {

using namespace std::chrono_literals;

os::descriptor file_to_write(const std::string& path) {
    return os::descriptor{open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600)};
}

os::descriptor file_to_read(const std::string& path) {
    return os::descriptor{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
}

std::string content_of(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

std::string fresh_path(const std::string& place, const char* what) {
    static std::atomic<int> count{0};
    return place + '/' + std::to_string(++count) + what;
}

os::child spawn(const std::string& place, const std::vector<std::string>& command,
                const std::string& input, const std::string& out, const std::string& err) {
    const std::string in = fresh_path(place, ".in");
    std::ofstream{in, std::ios::binary} << input;
    const os::descriptor source = file_to_read(in);
    const os::descriptor output = file_to_write(out);
    const os::descriptor errors = file_to_write(err);
    return os::child::spawn(command, {.standard_input = source.get(),
                                      .standard_output = output.get(),
                                      .standard_error = errors.get()});
}

}  // namespace

running::running(const std::string& place, const std::vector<std::string>& command,
                 const std::string& input)
    : out_path_{fresh_path(place, ".out")},
      err_path_{fresh_path(place, ".err")},
      child_{spawn(place, command, input, out_path_, err_path_)} {}

outcome running::wait() {
    const auto status = child_.handle().wait(after(60s));
    if (!status) throw std::runtime_error{"the command did not end"};
    return {status->signalled ? 128 + status->value : status->value, content_of(out_path_),
            content_of(err_path_)};
}

CommandTest::CommandTest() {
    setenv("SIGNET_DIR", directory().c_str(), 1);
    setenv("SIGNET", SIGNET_COMMAND, 1);
}

running CommandTest::start(std::vector<std::string> arguments, const std::string& input) {
    arguments.insert(arguments.begin(), SIGNET_COMMAND);
    return {files_.path(), arguments, input};
}

running CommandTest::start_shell(const std::string& line) {
    return {files_.path(), {"bash", "-c", line}, {}};
}

}  // namespace signet::testing
