// SPDX-License-Identifier: Apache-2.0
// The two things about an aggregate that C++20 can only say with a literal list: how many fields it
// has (the longest list of empty braces that initialises it; braces do not elide, so an array
// counts as one) and a reference to each (a structured binding). One line per number of fields. The
// macros end with this file. Include reflect.hpp instead.
#pragma once

#include <cstddef>
#include <tuple>

namespace signet::wire::detail {

/// What `tie` gives for a type with a field no reference can be bound to: a bit-field.
struct not_bindable {};

template <std::size_t Count>
struct binding;

template <>
struct binding<0> {
    static constexpr std::tuple<> tie(auto&) { return {}; }
};

// clang-format off
#define SIGNET_Z2 {}, {}
#define SIGNET_Z3 {}, {}, {}
#define SIGNET_Z4 {}, {}, {}, {}
#define SIGNET_Z5 {}, {}, {}, {}, {}
#define SIGNET_Z6 {}, {}, {}, {}, {}, {}
#define SIGNET_Z7 {}, {}, {}, {}, {}, {}, {}
#define SIGNET_Z8 {}, {}, {}, {}, {}, {}, {}, {}
#define SIGNET_A8 a0, a1, a2, a3, a4, a5, a6, a7
#define SIGNET_B8 b0, b1, b2, b3, b4, b5, b6, b7
#define SIGNET_C8 c0, c1, c2, c3, c4, c5, c6, c7
#define SIGNET_D8 d0, d1, d2, d3, d4, d5, d6, d7
#define SIGNET_E8 e0, e1, e2, e3, e4, e5, e6, e7
#define SIGNET_F8 f0, f1, f2, f3, f4, f5, f6, f7
#define SIGNET_G8 g0, g1, g2, g3, g4, g5, g6, g7
#define SIGNET_H8 h0, h1, h2, h3, h4, h5, h6, h7
#define SIGNET_Z32 SIGNET_Z8, SIGNET_Z8, SIGNET_Z8, SIGNET_Z8
#define SIGNET_A32 SIGNET_A8, SIGNET_B8, SIGNET_C8, SIGNET_D8
#define SIGNET_UNWRAP(...) __VA_ARGS__
#define SIGNET_BINDING(count, braces, ...)                                      \
    template <> struct binding<count> {                                         \
        template <class T>                                                      \
        static constexpr bool fits = requires { T{SIGNET_UNWRAP braces}; };     \
        static constexpr auto tie(auto& value) {                                \
            auto& [__VA_ARGS__] = value;                                        \
            if constexpr (requires { std::tie(__VA_ARGS__); }) {                \
                return std::tie(__VA_ARGS__);                                   \
            } else {                                                            \
                return not_bindable{};                                          \
            }                                                                   \
        }                                                                       \
    };

SIGNET_BINDING(1, ({}), a0)
SIGNET_BINDING(2, (SIGNET_Z2), a0, a1)
SIGNET_BINDING(3, (SIGNET_Z3), a0, a1, a2)
SIGNET_BINDING(4, (SIGNET_Z4), a0, a1, a2, a3)
SIGNET_BINDING(5, (SIGNET_Z5), a0, a1, a2, a3, a4)
SIGNET_BINDING(6, (SIGNET_Z6), a0, a1, a2, a3, a4, a5)
SIGNET_BINDING(7, (SIGNET_Z7), a0, a1, a2, a3, a4, a5, a6)
SIGNET_BINDING(8, (SIGNET_Z8), SIGNET_A8)
SIGNET_BINDING(9, (SIGNET_Z8, {}), SIGNET_A8, b0)
SIGNET_BINDING(10, (SIGNET_Z8, SIGNET_Z2), SIGNET_A8, b0, b1)
SIGNET_BINDING(11, (SIGNET_Z8, SIGNET_Z3), SIGNET_A8, b0, b1, b2)
SIGNET_BINDING(12, (SIGNET_Z8, SIGNET_Z4), SIGNET_A8, b0, b1, b2, b3)
SIGNET_BINDING(13, (SIGNET_Z8, SIGNET_Z5), SIGNET_A8, b0, b1, b2, b3, b4)
SIGNET_BINDING(14, (SIGNET_Z8, SIGNET_Z6), SIGNET_A8, b0, b1, b2, b3, b4, b5)
SIGNET_BINDING(15, (SIGNET_Z8, SIGNET_Z7), SIGNET_A8, b0, b1, b2, b3, b4, b5, b6)
SIGNET_BINDING(16, (SIGNET_Z8, SIGNET_Z8), SIGNET_A8, SIGNET_B8)
SIGNET_BINDING(17, (SIGNET_Z8, SIGNET_Z8, {}), SIGNET_A8, SIGNET_B8, c0)
SIGNET_BINDING(18, (SIGNET_Z8, SIGNET_Z8, SIGNET_Z2), SIGNET_A8, SIGNET_B8, c0, c1)
SIGNET_BINDING(19, (SIGNET_Z8, SIGNET_Z8, SIGNET_Z3), SIGNET_A8, SIGNET_B8, c0, c1, c2)
SIGNET_BINDING(20, (SIGNET_Z8, SIGNET_Z8, SIGNET_Z4), SIGNET_A8, SIGNET_B8, c0, c1, c2, c3)
SIGNET_BINDING(21, (SIGNET_Z8, SIGNET_Z8, SIGNET_Z5), SIGNET_A8, SIGNET_B8, c0, c1, c2, c3, c4)
SIGNET_BINDING(22, (SIGNET_Z8, SIGNET_Z8, SIGNET_Z6), SIGNET_A8, SIGNET_B8, c0, c1, c2, c3, c4, c5)
SIGNET_BINDING(23, (SIGNET_Z8, SIGNET_Z8, SIGNET_Z7),
               SIGNET_A8, SIGNET_B8, c0, c1, c2, c3, c4, c5, c6)
SIGNET_BINDING(24, (SIGNET_Z8, SIGNET_Z8, SIGNET_Z8), SIGNET_A8, SIGNET_B8, SIGNET_C8)
SIGNET_BINDING(25, (SIGNET_Z8, SIGNET_Z8, SIGNET_Z8, {}), SIGNET_A8, SIGNET_B8, SIGNET_C8, d0)
SIGNET_BINDING(26, (SIGNET_Z8, SIGNET_Z8, SIGNET_Z8, SIGNET_Z2),
               SIGNET_A8, SIGNET_B8, SIGNET_C8, d0, d1)
SIGNET_BINDING(27, (SIGNET_Z8, SIGNET_Z8, SIGNET_Z8, SIGNET_Z3),
               SIGNET_A8, SIGNET_B8, SIGNET_C8, d0, d1, d2)
SIGNET_BINDING(28, (SIGNET_Z8, SIGNET_Z8, SIGNET_Z8, SIGNET_Z4),
               SIGNET_A8, SIGNET_B8, SIGNET_C8, d0, d1, d2, d3)
SIGNET_BINDING(29, (SIGNET_Z8, SIGNET_Z8, SIGNET_Z8, SIGNET_Z5),
               SIGNET_A8, SIGNET_B8, SIGNET_C8, d0, d1, d2, d3, d4)
SIGNET_BINDING(30, (SIGNET_Z8, SIGNET_Z8, SIGNET_Z8, SIGNET_Z6),
               SIGNET_A8, SIGNET_B8, SIGNET_C8, d0, d1, d2, d3, d4, d5)
SIGNET_BINDING(31, (SIGNET_Z8, SIGNET_Z8, SIGNET_Z8, SIGNET_Z7),
               SIGNET_A8, SIGNET_B8, SIGNET_C8, d0, d1, d2, d3, d4, d5, d6)
SIGNET_BINDING(32, (SIGNET_Z32), SIGNET_A32)
SIGNET_BINDING(33, (SIGNET_Z32, {}), SIGNET_A32, e0)
SIGNET_BINDING(34, (SIGNET_Z32, SIGNET_Z2), SIGNET_A32, e0, e1)
SIGNET_BINDING(35, (SIGNET_Z32, SIGNET_Z3), SIGNET_A32, e0, e1, e2)
SIGNET_BINDING(36, (SIGNET_Z32, SIGNET_Z4), SIGNET_A32, e0, e1, e2, e3)
SIGNET_BINDING(37, (SIGNET_Z32, SIGNET_Z5), SIGNET_A32, e0, e1, e2, e3, e4)
SIGNET_BINDING(38, (SIGNET_Z32, SIGNET_Z6), SIGNET_A32, e0, e1, e2, e3, e4, e5)
SIGNET_BINDING(39, (SIGNET_Z32, SIGNET_Z7), SIGNET_A32, e0, e1, e2, e3, e4, e5, e6)
SIGNET_BINDING(40, (SIGNET_Z32, SIGNET_Z8), SIGNET_A32, SIGNET_E8)
SIGNET_BINDING(41, (SIGNET_Z32, SIGNET_Z8, {}), SIGNET_A32, SIGNET_E8, f0)
SIGNET_BINDING(42, (SIGNET_Z32, SIGNET_Z8, SIGNET_Z2), SIGNET_A32, SIGNET_E8, f0, f1)
SIGNET_BINDING(43, (SIGNET_Z32, SIGNET_Z8, SIGNET_Z3), SIGNET_A32, SIGNET_E8, f0, f1, f2)
SIGNET_BINDING(44, (SIGNET_Z32, SIGNET_Z8, SIGNET_Z4), SIGNET_A32, SIGNET_E8, f0, f1, f2, f3)
SIGNET_BINDING(45, (SIGNET_Z32, SIGNET_Z8, SIGNET_Z5), SIGNET_A32, SIGNET_E8, f0, f1, f2, f3, f4)
SIGNET_BINDING(46, (SIGNET_Z32, SIGNET_Z8, SIGNET_Z6),
               SIGNET_A32, SIGNET_E8, f0, f1, f2, f3, f4, f5)
SIGNET_BINDING(47, (SIGNET_Z32, SIGNET_Z8, SIGNET_Z7),
               SIGNET_A32, SIGNET_E8, f0, f1, f2, f3, f4, f5, f6)
SIGNET_BINDING(48, (SIGNET_Z32, SIGNET_Z8, SIGNET_Z8), SIGNET_A32, SIGNET_E8, SIGNET_F8)
SIGNET_BINDING(49, (SIGNET_Z32, SIGNET_Z8, SIGNET_Z8, {}), SIGNET_A32, SIGNET_E8, SIGNET_F8, g0)
SIGNET_BINDING(50, (SIGNET_Z32, SIGNET_Z8, SIGNET_Z8, SIGNET_Z2),
               SIGNET_A32, SIGNET_E8, SIGNET_F8, g0, g1)
SIGNET_BINDING(51, (SIGNET_Z32, SIGNET_Z8, SIGNET_Z8, SIGNET_Z3),
               SIGNET_A32, SIGNET_E8, SIGNET_F8, g0, g1, g2)
SIGNET_BINDING(52, (SIGNET_Z32, SIGNET_Z8, SIGNET_Z8, SIGNET_Z4),
               SIGNET_A32, SIGNET_E8, SIGNET_F8, g0, g1, g2, g3)
SIGNET_BINDING(53, (SIGNET_Z32, SIGNET_Z8, SIGNET_Z8, SIGNET_Z5),
               SIGNET_A32, SIGNET_E8, SIGNET_F8, g0, g1, g2, g3, g4)
SIGNET_BINDING(54, (SIGNET_Z32, SIGNET_Z8, SIGNET_Z8, SIGNET_Z6),
               SIGNET_A32, SIGNET_E8, SIGNET_F8, g0, g1, g2, g3, g4, g5)
SIGNET_BINDING(55, (SIGNET_Z32, SIGNET_Z8, SIGNET_Z8, SIGNET_Z7),
               SIGNET_A32, SIGNET_E8, SIGNET_F8, g0, g1, g2, g3, g4, g5, g6)
SIGNET_BINDING(56, (SIGNET_Z32, SIGNET_Z8, SIGNET_Z8, SIGNET_Z8),
               SIGNET_A32, SIGNET_E8, SIGNET_F8, SIGNET_G8)
SIGNET_BINDING(57, (SIGNET_Z32, SIGNET_Z8, SIGNET_Z8, SIGNET_Z8, {}),
               SIGNET_A32, SIGNET_E8, SIGNET_F8, SIGNET_G8, h0)
SIGNET_BINDING(58, (SIGNET_Z32, SIGNET_Z8, SIGNET_Z8, SIGNET_Z8, SIGNET_Z2),
               SIGNET_A32, SIGNET_E8, SIGNET_F8, SIGNET_G8, h0, h1)
SIGNET_BINDING(59, (SIGNET_Z32, SIGNET_Z8, SIGNET_Z8, SIGNET_Z8, SIGNET_Z3),
               SIGNET_A32, SIGNET_E8, SIGNET_F8, SIGNET_G8, h0, h1, h2)
SIGNET_BINDING(60, (SIGNET_Z32, SIGNET_Z8, SIGNET_Z8, SIGNET_Z8, SIGNET_Z4),
               SIGNET_A32, SIGNET_E8, SIGNET_F8, SIGNET_G8, h0, h1, h2, h3)
SIGNET_BINDING(61, (SIGNET_Z32, SIGNET_Z8, SIGNET_Z8, SIGNET_Z8, SIGNET_Z5),
               SIGNET_A32, SIGNET_E8, SIGNET_F8, SIGNET_G8, h0, h1, h2, h3, h4)
SIGNET_BINDING(62, (SIGNET_Z32, SIGNET_Z8, SIGNET_Z8, SIGNET_Z8, SIGNET_Z6),
               SIGNET_A32, SIGNET_E8, SIGNET_F8, SIGNET_G8, h0, h1, h2, h3, h4, h5)
SIGNET_BINDING(63, (SIGNET_Z32, SIGNET_Z8, SIGNET_Z8, SIGNET_Z8, SIGNET_Z7),
               SIGNET_A32, SIGNET_E8, SIGNET_F8, SIGNET_G8, h0, h1, h2, h3, h4, h5, h6)
SIGNET_BINDING(64, (SIGNET_Z32, SIGNET_Z32), SIGNET_A32, SIGNET_E8, SIGNET_F8, SIGNET_G8, SIGNET_H8)

template <> struct binding<65> {
    template <class T>
    static constexpr bool fits = requires {
        T{SIGNET_Z32, SIGNET_Z32, {}};
    };
};

#undef SIGNET_Z2
#undef SIGNET_Z3
#undef SIGNET_Z4
#undef SIGNET_Z5
#undef SIGNET_Z6
#undef SIGNET_Z7
#undef SIGNET_Z8
#undef SIGNET_A8
#undef SIGNET_B8
#undef SIGNET_C8
#undef SIGNET_D8
#undef SIGNET_E8
#undef SIGNET_F8
#undef SIGNET_G8
#undef SIGNET_H8
#undef SIGNET_Z32
#undef SIGNET_A32
#undef SIGNET_UNWRAP
#undef SIGNET_BINDING
// clang-format on

}  // namespace signet::wire::detail
