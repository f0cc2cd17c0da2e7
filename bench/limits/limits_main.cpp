// SPDX-License-Identifier: Apache-2.0
// Prints the limits of this machine as one JSON object. An argument scales how long each
// measurement takes: `limits_main 0.1` is ten times as quick, and less to be trusted.
#include <bench/limits/limits.hpp>

#include <cstdlib>
#include <exception>
#include <iostream>

namespace {

double scale_of(int count, char** arguments) {
    return count > 1 ? std::strtod(arguments[1], nullptr) : 1.0;  // what is no number becomes 0
}

}  // namespace

int main(int count, char** arguments) {
    try {
        std::cout << limits::to_json(limits::measure(scale_of(count, arguments))) << '\n';
        return 0;
    } catch (const std::exception& e) {
        std::cerr << "limits_main: " << e.what() << '\n';
        return 1;
    }
}
