// SPDX-License-Identifier: Apache-2.0
#include <tour/file_list.hpp>

#include <signet/base/error.hpp>
#include <tour/messages.hpp>

#include <algorithm>
#include <filesystem>

namespace tour {
namespace fs = std::filesystem;

std::vector<std::string> list_files(const std::string& directory) {
    std::error_code problem;
    fs::recursive_directory_iterator at{directory, fs::directory_options::none, problem};
    if (problem) throw signet::error{problem, "list files of", directory};
    std::vector<std::string> names;
    const std::size_t prefix = (fs::path{directory} / "").native().size();
    for (; at != fs::end(at); at.increment(problem)) {
        if (!at->is_regular_file(problem) || at->is_symlink(problem)) continue;
        std::string name = at->path().native().substr(prefix);
        if (name.size() <= name_bytes) names.push_back(std::move(name));
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace tour
