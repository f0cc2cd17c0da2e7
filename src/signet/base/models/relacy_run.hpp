// SPDX-License-Identifier: Apache-2.0
// The command line of a Relacy model: `model <variant> <interleavings>` explores that many random
// interleavings and exits with 0 if none failed, 1 if one did; `model --list` names the variants.
// With SIGNET_MODEL_HISTORY=<file> the failing interleaving is written there, step by step.
// Included by models only, and after every other header.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

// Last: it makes a macro of `delete`.
#include <relacy/relacy.hpp>

// The variant under check, an index into the model's list of names.
static int variant = 0;

template <typename Model>
int explore(char const* interleavings) {
    // A file, because Relacy owns the allocator while it writes: a string stream would crash it.
    char const* const path = std::getenv("SIGNET_MODEL_HISTORY");
    std::ofstream history(path != nullptr ? path : "/dev/null");
    rl::test_params params;
    params.iteration_count = static_cast<rl::iteration_t>(std::atoll(interleavings));
    params.output_stream = &history;
    params.progress_stream = &history;
    if (rl::simulate<Model>(params)) {
        std::printf("%s interleavings\n", interleavings);
        return 0;
    }
    std::printf("%s, interleaving %llu\n", rl::test_result_str(params.test_result),
                static_cast<unsigned long long>(params.stop_iteration));
    return 1;
}

template <typename Model, int count>
int run_model(int argc, char** argv, char const* const (&names)[count]) {
    if (argc == 2 && std::strcmp(argv[1], "--list") == 0) {
        for (int v = 0; v != count; ++v) std::puts(names[v]);
        return 0;
    }
    while (argc == 3 && variant != count && std::strcmp(argv[1], names[variant]) != 0) ++variant;
    if (argc == 3 && variant != count) return explore<Model>(argv[2]);
    std::fprintf(stderr, "usage: %s <variant> <interleavings> | --list\n", argv[0]);
    return 2;
}
