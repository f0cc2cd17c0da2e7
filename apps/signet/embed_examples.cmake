# Writes a source with the text of examples in it: cmake -D output=FILE -D examples=DIR
# -D names="hello;mechanisms/tcp" -P embed_examples.cmake
set(rows "")
foreach(name IN LISTS names)
  file(READ "${examples}/${name}.cpp" text)
  get_filename_component(short "${name}" NAME)
  string(APPEND rows "        {\"${short}\", {\"${name}\", R\"signet_code(${text})signet_code\"}},\n")
endforeach()
file(WRITE "${output}" "// Made by embed_examples.cmake.
#include \"example_code.hpp\"

#include <map>

namespace signet::command {
namespace {

struct embedded {
    std::string path;
    std::string text;
};

const embedded& example(const std::string& name) {
    static const std::map<std::string, embedded> all{
${rows}    };
    return all.at(name);
}

}  // namespace

std::string example_path(const std::string& name) {
    return example(name).path;
}
std::string example_code(const std::string& name) {
    return example(name).text;
}

}  // namespace signet::command
")
