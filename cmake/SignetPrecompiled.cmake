# The standard headers that nearly every source includes, compiled once for each set of compiler options: two
# fifths of the work of a build. That a source names what it needs is for clang-tidy to prove (./run lint --tidy),
# which takes each by itself and has none of this.

set(SIGNET_PRECOMPILED OFF)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  set(SIGNET_PRECOMPILED ON)
endif()
set(SIGNET_PRECOMPILED_HEADERS
  <algorithm> <array> <atomic> <chrono> <cstdint> <cstring> <functional> <map> <memory> <mutex> <optional> <span>
  <stop_token> <string> <string_view> <system_error> <thread> <utility> <variant> <vector>)

# signet_precompile(TARGET KIND [options of the compiler that TARGET has beyond signet_flags...]): objects of
# the library (KIND library), parts of a program (program), or of a test program (test).
function(signet_precompile target kind)
  if(NOT SIGNET_PRECOMPILED)
    return()
  endif()
  string(MAKE_C_IDENTIFIER "signet_precompiled_${kind}${ARGN}" headers)
  if(NOT TARGET ${headers})
    _signet_precompiled(${headers} ${kind} "${ARGN}")
  endif()
  target_precompile_headers(${target} REUSE_FROM ${headers})
endfunction()

# The same for one target only, with these headers too.
function(signet_precompile_for target kind)
  if(NOT SIGNET_PRECOMPILED)
    return()
  endif()
  set(of_tests "")
  if(kind STREQUAL test)
    set(of_tests <gtest/gtest.h> <filesystem>)
  endif()
  target_precompile_headers(${target} PRIVATE ${SIGNET_PRECOMPILED_HEADERS} ${of_tests} ${ARGN})
endfunction()

function(_signet_precompiled headers kind options)
  set(nothing "${PROJECT_BINARY_DIR}/nothing.cpp")
  file(CONFIGURE OUTPUT "${nothing}" CONTENT "int main() {}  // all that counts here is headers\n")
  if(kind STREQUAL library)
    add_library(${headers} OBJECT "${nothing}")
  else()
    add_executable(${headers} "${nothing}")
  endif()
  target_link_libraries(${headers} PRIVATE signet_flags $<$<STREQUAL:${kind},test>:GTest::gtest>)
  target_compile_options(${headers} PRIVATE ${options})
  signet_precompile_for(${headers} ${kind})
endfunction()
