#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants one mistake at a time in a small tree of its own; the lint concerned must find it.

Words that a lint would find in this very file are taken apart: "TO" "DO".
"""
import importlib
import pathlib
import tempfile
import unittest

LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"
MAP = """
| level | folder | may include | holds |
|---|---|---|---|
| 0 | `src/signet/base/` | – | words |
| 1 | `src/signet/os/` | `base` | the kernel |
| 1 | `src/signet/memory/` | `base` | rings |
| 4 | `src/signet/transport/` | `base`, `os` | a contract |
| 4 | `src/signet/transport/shm/` | `base`, `os`, `transport` | a carrier |
| 6 | `src/signet/*.hpp` | `base`, `transport` | the face |
| – | `src/signet/testing/` | anything | tools |
| 7 | `apps/signet/` | anything but `testing` | the command |
| – | `examples/` | `face` | examples |
"""


class Case(unittest.TestCase):
    """Plants files in an empty tree and runs one lint over it."""

    lint = ""

    def run_over(self, planted):
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory).resolve()
            for name, text in {"ARCHITECTURE.md": MAP, **planted}.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            found = importlib.import_module(self.lint).findings(root)
            return [f"{path}:{line}: {message}" for path, line, message in found]

    def assert_finds(self, expected, planted):
        found = self.run_over(planted)
        self.assertEqual(len(found), 1, found)
        self.assertIn(expected, found[0])

    def assert_quiet(self, planted):
        self.assertEqual(self.run_over(planted), [])


class Layers(Case):
    lint = "check_layers"

    def test_lets_a_folder_include_what_its_row_names(self):
        self.assert_quiet({"src/signet/os/a.cpp": "#include <signet/base/b.hpp>\n"})

    def test_finds_a_sibling(self):
        self.assert_finds("os/a.cpp:2: `os` may not include `memory`", {
            "src/signet/os/a.cpp": "#include <vector>\n#include <signet/memory/b.hpp>\n"})

    def test_finds_an_arrow_that_points_up(self):
        self.assert_finds("`base` may not include `face`", {
            "src/signet/base/a.hpp": "#include <signet/topic.hpp>\n"})

    def test_finds_a_quoted_include(self):
        self.assert_finds("`base` may not include `os`", {
            "src/signet/os/b.hpp": "", "src/signet/base/a.hpp": '#include "../os/b.hpp"\n'})

    def test_lets_a_carrier_include_its_contract_but_not_the_other_way_round(self):
        self.assert_quiet({"src/signet/transport/shm/a.hpp": "#include <signet/transport/t.hpp>\n"})
        self.assert_finds("`transport` may not include `transport/shm`", {
            "src/signet/transport/t.hpp": "#include <signet/transport/shm/a.hpp>\n"})

    def test_finds_testing_in_the_library_and_lets_tests_have_it(self):
        include = "#include <signet/testing/kernel.hpp>\n"
        self.assert_finds("never includes testing/", {"src/signet/os/a.cpp": include})
        self.assert_finds("may not include `testing`", {"apps/signet/a.cpp": include})
        self.assert_quiet({"src/signet/os/a_test.cpp": include})

    def test_lets_tests_use_the_code_as_users_do(self):
        self.assert_quiet({"src/signet/os/a_test.cpp": "#include <signet/topic.hpp>\n"})
        self.assert_finds("`os` may not include `memory`", {
            "src/signet/os/a_test.cpp": "#include <signet/memory/a.hpp>\n"})

    def test_lets_examples_include_the_face_only(self):
        self.assert_quiet({"examples/a.cpp": "#include <signet/topic.hpp>\n"})
        self.assert_finds("`examples` may not include `os`", {
            "examples/a.cpp": "#include <signet/os/a.hpp>\n"})

    def test_finds_a_folder_without_a_row(self):
        self.assert_finds("`new` has no row", {"src/signet/new/a.cpp": ""})

    def test_finds_a_header_of_its_own_that_is_not_first(self):
        self.assert_finds("include <signet/os/a.hpp> first", {
            "src/signet/os/a.hpp": "",
            "src/signet/os/a_test.cpp": "#include <vector>\n#include <signet/os/a.hpp>\n"})

    def test_finds_a_row_that_points_up(self):
        self.assert_finds("`base` may not include `os`: not a lower level", {
            "ARCHITECTURE.md": MAP.replace("/base/` | –", "/base/` | `os`")})

    def test_finds_a_missing_table(self):
        self.assert_finds("no table", {"ARCHITECTURE.md": "nothing\n"})


class Sync(Case):
    lint = "check_sync"

    def check(self, expected, *lines):
        planted = {"src/signet/memory/a.cpp": "\n".join(["void f() {", *lines, "}", ""])}
        if expected:
            self.assert_finds(expected, planted)
        else:
            self.assert_quiet(planted)

    def test_is_content_with_two_ends(self):
        self.check("", "a.store(1, std::memory_order_release);  // SYNC commit",
                   "// SYNC commit: what the writer wrote is there", "a.load(order::acquire);")

    def test_reads_labels_beside_and_above_statements_of_several_lines(self):
        self.check("", "// SYNC commit", "const bool done = a.compare_exchange_strong(",
                   "    before, after, std::memory_order::acq_rel,",
                   "    std::memory_order_acquire);")

    def test_finds_an_order_without_a_label(self):
        self.check("a.cpp:2: acquire: name the partner", "a.load(std::memory_order_acquire);")

    def test_finds_an_order_without_a_label_in_the_words_of_the_shim(self):
        self.check("a.cpp:2: release: name the partner", "store(word, 1, order::release);")
        self.check("a.cpp:2: release: name the partner", "store_release(word, 1);")
        self.check("a.cpp:2: release: name the partner", "store(word, 1, release);")

    def test_finds_a_label_with_one_end(self):
        self.check("SYNC commit has no release end", "a.load(order::acquire);  // SYNC commit",
                   "b.load(order::acquire);  // SYNC commit")

    def test_finds_a_relaxed_without_a_reason(self):
        self.check("a.cpp:4: relaxed", "a.load(order::relaxed);  // only this thread writes it", "",
                   "b.load(order::relaxed);")

    def test_lets_a_reason_serve_the_relaxed_statements_that_follow(self):
        self.check("", "// Only this thread writes these.", "a.load(order::relaxed);",
                   "b.load(order::relaxed);")

    def test_reads_several_labels_in_one_comment(self):
        self.check("", "a.fetch_add(1, order::acq_rel);  // step 3, SYNC one, SYNC two, and so on",
                   "b.load(order::acquire);  // SYNC two: checked by the caller")
        self.check("SYNC two has no release end", "a.store(1, order::release);  // SYNC one",
                   "b.load(order::acquire);  // SYNC one, SYNC two")

    def test_lets_a_file_be_relaxed_throughout(self):
        self.check("", "// Relaxed throughout this file: nothing else is guarded.", "", "",
                   "if (x) {", "    b.load(order::relaxed);", "}")

    def test_leaves_models_and_the_shim_alone(self):
        line = "a.load(order::acquire);\n"
        self.assert_quiet({"src/signet/memory/models/a.cpp": line})
        self.assert_quiet({"src/signet/memory/access.hpp": line})

    def test_finds_a_fence_that_stands_alone(self):
        fence = "std::atomic_thread_fence(std::memory_order_seq_cst);"
        self.check("SYNC look-again has one end only", fence + "  // SYNC look-again")
        self.check("", fence + "  // SYNC look-again", "heavy_fence();  // SYNC look-again")
        self.check("seq_cst: name the partner", fence)

    def test_wants_a_reason_only_for_a_fence_of_the_compiler(self):
        fence = "std::atomic_signal_fence(std::memory_order_seq_cst);"
        self.check("", "// The clock is read after the copy.", fence)
        self.check("seq_cst: name the partner", fence)

    def test_finds_an_order_that_is_not_spelled(self):
        self.check("spell the memory order", "a.load();")
        self.check("spell the memory order", "a->fetch_add(g(1));")

    def test_finds_consume(self):
        self.check("consume is not used", "a.load(std::memory_order_consume);")

    def test_reads_no_orders_in_comments_and_texts(self):
        self.check("", "// memory_order_acquire", 'f("memory_order_acquire");')


class Functions(Case):
    lint = "check_functions"

    @staticmethod
    def of(lines):
        return "\n".join(["namespace a {", "struct b {", "int f(int x) const noexcept {",
                          *["    g();"] * lines, "}", "};", "}", ""])

    def test_is_content_with_fifty_lines(self):
        self.assert_quiet({"src/a.cpp": self.of(48)})

    def test_finds_a_long_function(self):
        self.assert_finds("src/a.cpp:3: f has 51 lines", {"src/a.cpp": self.of(49)})

    def test_finds_a_long_constructor_behind_its_members(self):
        text = "a::a(int x)\n    : b_{x},\n      c_(x) {\n" + "g();\n" * 50 + "}\n"
        self.assert_finds("a::a has 52 lines", {"src/a.cpp": text})

    def test_finds_a_long_test_and_a_long_template(self):
        body = " {\n" + "g();\n" * 50 + "}\n"
        self.assert_finds("TEST(A, B) has 52", {"src/a_test.cpp": "TEST(A, B)" + body})
        self.assert_finds("f has 52", {
            "src/a.cpp": "template <class T = int>\nauto f(T t = {}) -> std::pair<T, T>" + body})

    def test_takes_long_types_and_tables_for_no_functions(self):
        self.assert_quiet({"src/a.hpp": "struct alignas(64) a {\n" + "int x;\n" * 60 + "};\n"})
        self.assert_quiet({"src/a.hpp": "constexpr a b[] = {\n" + "{f(1)},\n" * 60 + "};\n"})

    def test_finds_deep_nesting(self):
        deep = "void f() {\n" + "if (x) {\n" * 4 + "}\n" * 4 + "}\n"
        self.assert_finds("f nests 4 deep", {"src/a.cpp": deep})
        flat = "void f() {\n" + "if (x) {\n} else if (y) {\n}\n" * 4 + "}\n"
        self.assert_quiet({"src/a.cpp": flat})

    def test_finds_a_wide_line(self):
        self.assert_finds("src/a.cpp:1: 101 columns", {"src/a.cpp": "//" + "x" * 99 + "\n"})

    def test_finds_a_long_function_in_a_script(self):
        self.assert_finds("f has 51 lines", {"scripts/a.py": "def f():\n" + "    g()\n" * 50})


class Kernel(Case):
    lint = "check_kernel"

    def check(self, expected, line, path="src/signet/memory/a.cpp"):
        if expected:
            self.assert_finds(expected, {path: line + "\n"})
        else:
            self.assert_quiet({path: line + "\n"})

    def test_finds_headers_of_the_kernel(self):
        for name in ("sys/mman.h", "unistd.h", "linux/futex.h", "csignal", "pthread.h", "cerrno"):
            self.check(f"<{name}> belongs in os/", f"#include <{name}>")

    def test_finds_calls(self):
        self.check("::open()", "const int fd = ::open(name, 0);")
        self.check("::close()", "if (x) return ::close(fd);")
        self.check("syscall()", "const long r = syscall(1);")
        self.check("mmap()", "return mmap(nullptr, n, 0, 0, fd, 0);")
        self.check("errno", "const int code = errno;")

    def test_lets_our_own_names_be(self):
        self.check("", "os::fork(x); file.unlink(); signet::os::open(x); self->ioctl(y);")
        self.check("", "void unlink(name n);")
        self.check("", "::signet::f(x); std::move(x); a<b>::c(d);")

    def test_leaves_os_and_tests_alone(self):
        self.check("", "#include <unistd.h>", "src/signet/os/a.cpp")
        self.check("", "#include <unistd.h>", "src/signet/testing/a.cpp")
        self.check("", "#include <unistd.h>", "src/signet/memory/a_test.cpp")

    def test_finds_a_conditional_in_the_face(self):
        self.check("no conditionals", "#ifdef __linux__", "src/signet/topic.hpp")


class Output(Case):
    lint = "check_output"

    def test_finds_printing(self):
        for line in ("#include <iostream>", "std::cerr << x;", 'std::printf("x");', 'puts("x");',
                     'fmt::print("x");', 'perror("x");'):
            self.assert_finds("only apps/ prints", {"src/signet/os/a.cpp": line + "\n"})

    def test_lets_apps_print_and_the_library_format(self):
        self.assert_quiet({"apps/signet/a.cpp": "#include <iostream>\n"})
        self.assert_quiet({"src/signet/os/a.cpp": "std::snprintf(b, n, x); // printf(x)\n"})


class Words(Case):
    lint = "check_words"

    def test_is_content_with_a_good_header(self):
        self.assert_quiet({"src/signet/a.hpp": LICENCE + "#pragma once\n"})

    def test_finds_a_missing_licence(self):
        self.assert_finds("a.cpp:1: begin with", {"src/signet/a.cpp": "int a;\n"})
        self.assert_finds("run:2: begin with", {"run": "#!/bin/sh\ntrue\n"})

    def test_finds_a_header_that_may_be_included_twice(self):
        self.assert_finds("#pragma once", {"src/signet/a.hpp": LICENCE})

    def test_finds_what_was_left_for_later(self):
        self.assert_finds("do it, or say why", {"docs/a.md": "TO" "DO: write this\n"})
        self.assert_quiet({"docs/a.md": "/tmp/name.XXXXXX\n"})

    def test_finds_a_path_of_one_machine(self):
        self.assert_finds("a path of one machine", {"docs/a.md": "see /ho" "me/ann/x\n"})
        self.assert_quiet({"docs/a.md": "see <dir>/wo" "rk/x and src/wo" "rk/y\n"})

    def test_finds_a_twenty_first_header(self):
        text = LICENCE + "#pragma once\n"
        headers = {f"src/signet/h{n:02}.hpp": text for n in range(21)}
        self.assert_finds("21 headers, at most 20", headers)


class Examples(Case):
    lint = "check_examples"
    example = {"examples/a.cpp": "int main() {\n    run();\n    stop();\n}\n"}

    def test_lets_lines_of_an_example_stand_in_a_page(self):
        self.assert_quiet({**self.example, "README.md": "```cpp\nrun();\nstop();\n```\n"})

    def test_finds_code_that_no_example_has(self):
        self.assert_finds("README.md:2: this code stands in no file", {
            **self.example, "README.md": "Run:\n```cpp\nwalk();\n```\n"})

    def test_finds_lines_that_an_example_has_elsewhere(self):
        self.assert_finds("docs/mechanisms.md:1: this code", {
            **self.example, "docs/mechanisms.md": "```cpp\nstop();\nrun();\n```\n"})


if __name__ == "__main__":
    unittest.main()
