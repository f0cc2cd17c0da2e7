// SPDX-License-Identifier: Apache-2.0
// A program as a child: text goes to its input and comes back from its output, and nothing of it is
// left when its owner ends.
#include <signet/os/child.hpp>

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string_view>

namespace {

void print_all(const signet::os::descriptor& pipe) {
    std::array<char, 256> text;
    for (ssize_t bytes = 0; (bytes = read(pipe.get(), text.data(), text.size())) > 0;) {
        std::cout.write(text.data(), bytes);
    }
}

}  // namespace

int main() try {
    using namespace signet::os;
    piped_child sorter =
        spawn_with_pipes({"sort"}, {.environment = std::vector<std::string>{"LC_ALL=C"},
                                    .group = process_group::own,
                                    .on_parent_death = parent_death::kills});
    constexpr std::string_view lines = "pear\napple\nfig\n";
    if (write(sorter.input.get(), lines.data(), lines.size()) < 0) return EXIT_FAILURE;
    sorter.input.close();
    print_all(sorter.output);
    const auto end = sorter.program.handle().wait(signet::never);
    std::cout << end->text() << "\n";
} catch (const std::exception& e) {
    std::cerr << e.what() << "\n";
    return EXIT_FAILURE;
}
