// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/pipe/exec_words.hpp>

#include <signet/base/error.hpp>

#include <algorithm>

namespace signet::transport::pipe {
namespace {

constexpr std::string_view blanks = " \t\n";

class word_splitter {
public:
    explicit word_splitter(std::string_view text) : text_{text}, rest_{text} {}

    std::vector<std::string> all() {
        std::vector<std::string> words;
        for (skip_blanks(); !rest_.empty(); skip_blanks()) words.push_back(next_word());
        if (words.empty()) complain("name a program and its arguments, such as 'exec:sort -n'");
        return words;
    }

private:
    void skip_blanks() {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(blanks), rest_.size()));
    }

    std::string next_word() {
        std::string word;
        while (!rest_.empty() && blanks.find(rest_.front()) == std::string_view::npos) {
            const char one = take();
            if (one == '\'' || one == '"') {
                add_quoted(word, one);
            } else {
                word += one == '\\' ? after_backslash() : one;
            }
        }
        return word;
    }

    void add_quoted(std::string& word, char quote) {
        while (!rest_.empty()) {
            const char one = take();
            if (one == quote) return;
            const bool escapes = one == '\\' && quote == '"' && !rest_.empty() &&
                                 (rest_.front() == '"' || rest_.front() == '\\');
            word += escapes ? take() : one;
        }
        complain(std::string{"the quote "} + quote + " is not closed");
    }

    char after_backslash() {
        if (rest_.empty())
            complain("it ends with a backslash, after which a character is to stand");
        return take();
    }

    char take() {
        const char one = rest_.front();
        if (one == '\0') complain("a word of a command cannot have a zero byte in it");
        rest_.remove_prefix(1);
        return one;
    }

    [[noreturn]] void complain(const std::string& why) const {
        const std::string shown{text_.substr(0, text_.find('\0'))};
        throw error{errc::bad_name, "use address", "exec:" + shown, why};
    }

    std::string_view text_;
    std::string_view rest_;
};

}  // namespace

std::vector<std::string> split_words(std::string_view text) {
    return word_splitter{text}.all();
}

}  // namespace signet::transport::pipe
