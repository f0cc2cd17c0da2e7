// SPDX-License-Identifier: Apache-2.0
// Where a file is, for all that opens, creates or removes one. A value; asks the kernel nothing.
#pragma once

#include <signet/os/directory.hpp>

#include <string>
#include <string_view>

namespace signet::os {

/// A path, or a name in an open directory, which must outlive this. What ends in '/', in "." or in
/// ".." names no file: a contract_violation.
class file_place {
public:
    file_place(std::string path);
    file_place(const char* path) : file_place{std::string{path}} {}
    file_place(const directory& in, std::string_view name);

    int base() const noexcept { return base_; }
    const std::string& name() const noexcept { return name_; }  ///< as seen from `base`
    const std::string& path() const noexcept { return path_; }  ///< for texts

    /// The place of `name` in the same directory.
    file_place beside(std::string_view name) const;

    /// What follows the last '/', and what stands before it, as seen from `base`.
    std::string_view last_name() const noexcept;
    std::string directory_name() const;

private:
    file_place(int base, std::string name, std::string path);

    int base_;
    std::string name_;
    std::string path_;
};

}  // namespace signet::os
