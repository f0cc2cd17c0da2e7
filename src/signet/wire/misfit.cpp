// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/misfit.hpp>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace signet::wire {
namespace {

/// What a value is in MessagePack.
enum class form : std::uint8_t {
    flag,
    integer,
    real,
    text,
    bytes,
    list,
    map,
    optional,
    variant,
    record
};

form form_of(const type_descriptor& of, const type_info& type) {
    switch (type.kind) {
        case type_kind::boolean: return form::flag;
        case type_kind::f32:
        case type_kind::f64: return form::real;
        case type_kind::text: return form::text;
        case type_kind::bytes:
        case type_kind::foreign: return form::bytes;
        case type_kind::map: return form::map;
        case type_kind::optional: return form::optional;
        case type_kind::variant: return form::variant;
        case type_kind::record:
        case type_kind::structure: return form::record;
        case type_kind::list:
        case type_kind::array: break;
        default: return form::integer;
    }
    const type_kind element = of.type(type.element).kind;
    if (element == type_kind::character) return form::text;
    return element == type_kind::u8 ? form::bytes : form::list;
}

class fitting {
public:
    fitting(const type_descriptor& written, const type_descriptor& expected)
        : written_{written}, expected_{expected} {}

    std::vector<std::string> run() {
        look("", last(written_), last(expected_));
        return std::move(lines_);
    }

private:
    static std::uint32_t last(const type_descriptor& of) {
        return static_cast<std::uint32_t>(of.types().size() - 1);
    }

    void add(const std::string& path, std::string_view why) {
        if (lines_.size() == misfits_max) return;
        lines_.push_back((path.empty() ? "it " : "field '" + path + "' ").append(why));
    }

    /// What fits is looked at once, however often types are used in types; what does not adds
    /// lines, of which there are not many.
    void look(const std::string& path, std::uint32_t from, std::uint32_t into) {
        if (fitting_.contains({from, into}) || lines_.size() == misfits_max) return;
        const std::size_t before = lines_.size();
        compare(path, from, into);
        if (lines_.size() == before) fitting_.emplace(from, into);
    }

    void compare(const std::string& path, std::uint32_t from, std::uint32_t into) {
        const type_info& give = written_.type(from);
        const type_info& take = expected_.type(into);
        const form given = form_of(written_, give);
        const form taken = form_of(expected_, take);
        if (taken == form::optional) {
            return look(path, given == form::optional ? give.element : from, take.element);
        }
        if (given == form::optional) {
            return add(path, "may be nothing, and " + shown(expected_, into) + " is expected");
        }
        const bool whole_for_real = given == form::integer && taken == form::real;
        const bool names_for_record = given == form::map && taken == form::record;
        if (whole_for_real || names_for_record) return;
        if (given != taken) return differ(path, from, into);
        compare_parts(path, from, into, taken);
    }

    void compare_parts(const std::string& path, std::uint32_t from, std::uint32_t into, form both) {
        const type_info& give = written_.type(from);
        const type_info& take = expected_.type(into);
        switch (both) {
            case form::integer: return compare_integers(path, from, into);
            case form::record: return compare_records(path, give, take);
            case form::variant: return compare_variants(path, give, take);
            case form::map: look(path + "[]", give.key, take.key); break;
            case form::bytes: return compare_bytes(path, from, into);
            case form::text: return compare_counts(path, from, into);
            case form::list: compare_counts(path, from, into); break;
            default: return;
        }
        look(path + "[]", give.element, take.element);
    }

    /// An array has room for so many, or is exactly as long.
    void compare_counts(const std::string& path, std::uint32_t from, std::uint32_t into) {
        const type_info& give = written_.type(from);
        const type_info& take = expected_.type(into);
        if (give.kind != type_kind::array || take.kind != type_kind::array) return;
        const bool is_text = form_of(expected_, take) == form::text;
        if (is_text ? give.count > take.count : give.count != take.count) differ(path, from, into);
    }

    void compare_bytes(const std::string& path, std::uint32_t from, std::uint32_t into) {
        const type_info& give = written_.type(from);
        const type_info& take = expected_.type(into);
        const bool codecs = give.kind == type_kind::foreign && take.kind == type_kind::foreign;
        if (codecs && give.name != take.name) return differ(path, from, into);
        compare_counts(path, from, into);
    }

    void compare_integers(const std::string& path, std::uint32_t from, std::uint32_t into) {
        const type_info give = integer(written_, from);
        const type_info take = integer(expected_, into);
        const bool wider = give.size < take.size;
        const bool holds = is_signed(give) ? is_signed(take) && (wider || give.size == take.size)
                                           : wider || (give.size == take.size && !is_signed(take));
        if (holds) return;
        add(path, "is " + shown(written_, from) + ", and " + shown(expected_, into) +
                      " does not hold all of its values");
    }

    static const type_info& integer(const type_descriptor& of, std::uint32_t index) {
        const type_info& type = of.type(index);
        return type.kind == type_kind::enumeration ? of.type(type.element) : type;
    }

    static bool is_signed(const type_info& type) {
        return type.kind >= type_kind::i8 && type.kind <= type_kind::i64;
    }

    static const field_info* find(const type_info& type, std::string_view name) {
        const auto found = std::find_if(type.fields.begin(), type.fields.end(),
                                        [&](const field_info& f) { return f.name == name; });
        return found == type.fields.end() ? nullptr : &*found;
    }

    void compare_records(const std::string& path, const type_info& give, const type_info& take) {
        const std::string prefix = path.empty() ? "" : path + ".";
        for (std::size_t i = 0; i < take.fields.size(); ++i) {
            const field_info& wanted = take.fields[i];
            if (i >= give.fields.size()) {
                compare_missing(prefix, wanted);
            } else if (moved(give.fields[i], wanted, give, take)) {
                add(prefix + give.fields[i].name, "stands where '" + wanted.name + "' is expected");
            } else {
                look(prefix + wanted.name, give.fields[i].type, wanted.type);
            }
        }
    }

    void compare_missing(const std::string& prefix, const field_info& wanted) {
        if (expected_.type(wanted.type).kind == type_kind::optional) return;
        add(prefix + wanted.name,
            std::string{"("} + shown(expected_, wanted.type) + ") is missing, and is not optional");
    }

    /// Whether these are two fields, and not one that got another name.
    static bool moved(const field_info& given, const field_info& wanted, const type_info& give,
                      const type_info& take) {
        return given.name != wanted.name && (find(take, given.name) || find(give, wanted.name));
    }

    void compare_variants(const std::string& path, const type_info& give, const type_info& take) {
        const std::size_t known = std::min(give.fields.size(), take.fields.size());
        for (std::size_t i = 0; i < known; ++i) {
            look(path, give.fields[i].type, take.fields[i].type);
        }
        for (std::size_t i = known; i < give.fields.size(); ++i) {
            add(path, "may be " + shown(written_, give.fields[i].type) + ", which is not expected");
        }
    }

    void differ(const std::string& path, std::uint32_t from, std::uint32_t into) {
        add(path,
            "is " + shown(written_, from) + ", and " + shown(expected_, into) + " is expected");
    }

    static std::string shown(const type_descriptor& of, std::uint32_t index) {
        return type_text(of, index);
    }

    const type_descriptor& written_;
    const type_descriptor& expected_;
    std::set<std::pair<std::uint32_t, std::uint32_t>> fitting_;
    std::vector<std::string> lines_;
};

void add_misfits(std::vector<std::string>& to, const std::string& where,
                 const value_signature& written, const value_signature& expected) {
    if (!written.layout || !expected.layout) return;
    for (const std::string& line : misfits(*written.layout, *expected.layout)) {
        if (to.size() < misfits_max) to.push_back(where + ": " + line);
    }
}

}  // namespace

std::vector<std::string> misfits(const type_descriptor& written, const type_descriptor& expected) {
    return fitting{written, expected}.run();
}

std::vector<std::string> argument_misfits(const method_signature& caller,
                                          const method_signature& served) {
    std::vector<std::string> lines;
    const auto& given = caller.parameters;
    const auto& taken = served.parameters;
    for (std::size_t i = 0; i < std::max(given.size(), taken.size()); ++i) {
        const std::string where = "argument " + std::to_string(i + 1);
        if (lines.size() == misfits_max) break;
        if (i >= taken.size()) {
            lines.push_back(where + ": it takes " + std::to_string(taken.size()));
        } else if (i < given.size()) {
            add_misfits(lines, where, given[i], taken[i]);
        } else if (!taken[i].optional) {
            lines.push_back(where + " (" + taken[i].type + ") is missing, and is not optional");
        }
    }
    return lines;
}

std::vector<std::string> result_misfits(const method_signature& caller,
                                        const method_signature& served) {
    std::vector<std::string> lines;
    add_misfits(lines, "result", served.result, caller.result);
    return lines;
}

}  // namespace signet::wire
