# How every target of Signet is compiled, and what a layer is.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

add_library(signet_flags INTERFACE)
# Where many sources are compiled at a time, one's names shadow another's, which is nobody's mistake.
target_compile_options(signet_flags INTERFACE
  -Wall -Wextra -Wpedantic $<$<NOT:$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>>:-Wshadow> -Wconversion
  -Wnon-virtual-dtor -Wold-style-cast -Werror)
# Code that may be put into a shared library calls its own functions so that others could take their place, and
# inlines none of them, unless it is told that nobody does. That matters for the library, which is made of objects.
target_compile_options(signet_flags INTERFACE
  $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,OBJECT_LIBRARY>:-fno-semantic-interposition>)
if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
  # Clang warns of what std::stable_partition of GCC 12's library calls inside; GCC warns of our own uses.
  target_compile_options(signet_flags INTERFACE -Wno-deprecated-declarations)
endif()
if(SIGNET_SANITIZE)
  target_compile_options(signet_flags INTERFACE -fsanitize=${SIGNET_SANITIZE}
                         -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(signet_flags INTERFACE -fsanitize=${SIGNET_SANITIZE})
  if(SIGNET_SANITIZE MATCHES undefined)
    # Its check of an object's type opens a pipe, and cries wolf in the tests that run out of descriptors.
    target_compile_options(signet_flags INTERFACE -fno-sanitize=vptr)
  endif()
  if(SIGNET_SANITIZE MATCHES thread AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # The sanitizer does not follow fences. GCC says so at each; the fences are for the models to check. With its
    # calls in between GCC 12 also sees strings overflow in headers of its own.
    target_compile_options(signet_flags INTERFACE -Wno-tsan -Wno-array-bounds -Wno-restrict
                           -Wno-stringop-overflow -Wno-stringop-overread)
  endif()
endif()

# What is there for tests only is compiled without debug information, which is a fifth of the work; not so for a
# debugger, nor for the sanitizers, whose reports name lines.
set(SIGNET_HASTE OFF)
if(CMAKE_BUILD_TYPE STREQUAL Release AND NOT SIGNET_SANITIZE)
  set(SIGNET_HASTE ON)
endif()

include(SignetPrecompiled)

# Targets that build all test programs with one label: `unit` lie beside the code they test; `threads` run
# threads against each other, so that the thread sanitizer has something to see.
if(SIGNET_TESTS)
  add_custom_target(tests_unit)
  add_custom_target(tests_threads)
endif()

# signet_layer(NAME SOURCES a.cpp ... [NO_SHARED_WORDS] [TESTS a_test.cpp ...] [TEST_LABELS threads]
#              [THREADED_TESTS b_test.cpp ...] [PRIVATE_LIBRARIES lib ...])
#
# One folder of src/signet: an object library `signet_NAME` that the library is put together from, a test
# program `NAME_tests`, and where only some tests are for the thread sanitizer, `NAME_thread_tests`. With tests, each layer
# has a twin `signet_NAME_hooked` whose shared-memory accesses stop at the test harness (memory/access.hpp);
# the tests link the twins. A layer without shared words is its own twin.
function(signet_layer name)
  cmake_parse_arguments(arg "NO_SHARED_WORDS" "" "SOURCES;TESTS;TEST_LABELS;THREADED_TESTS;PRIVATE_LIBRARIES"
                        ${ARGN})
  # With sanitizers there is one library to compile, not two: the hook is a word of the thread's own, and hides no race.
  if(NOT SIGNET_SANITIZE OR NOT SIGNET_TESTS OR arg_NO_SHARED_WORDS)
    _signet_objects(signet_${name} "${arg_SOURCES}" "${arg_PRIVATE_LIBRARIES}")
    set_property(GLOBAL APPEND PROPERTY SIGNET_LAYERS signet_${name})
  else()
    set_property(GLOBAL APPEND PROPERTY SIGNET_LAYERS signet_${name}_hooked)
  endif()
  if(NOT SIGNET_TESTS)
    return()
  endif()
  set(twin signet_${name})
  set(options QUICK)
  if(NOT arg_NO_SHARED_WORDS)
    set(twin signet_${name}_hooked)
    set(options BRISK)
    set(hasty "")
    if(SIGNET_HASTE)
      set(hasty -O1 -g0)
    endif()
    _signet_objects(${twin} "${arg_SOURCES}" "${arg_PRIVATE_LIBRARIES}" ${hasty})
    target_compile_definitions(${twin} PUBLIC SIGNET_ACCESS_HOOK)
    signet_unite(${twin} ON)
  endif()
  set_property(GLOBAL APPEND PROPERTY SIGNET_HOOKED_LAYERS ${twin})
  _signet_remember_tests(${name}_tests "unit;${arg_TEST_LABELS}" "${options}" "${arg_TESTS}")
  _signet_remember_tests(${name}_thread_tests "unit;threads" "${options}" "${arg_THREADED_TESTS}")
endfunction()

# The programs are made when there is a library to link.
function(_signet_remember_tests program labels options tests)
  if(NOT tests)
    return()
  endif()
  list(TRANSFORM tests PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/")
  set_property(GLOBAL APPEND PROPERTY SIGNET_TEST_PROGRAMS ${program})
  set_property(GLOBAL PROPERTY SIGNET_SOURCES_OF_${program} ${tests})
  set_property(GLOBAL PROPERTY SIGNET_LABELS_OF_${program} ${labels})
  set_property(GLOBAL PROPERTY SIGNET_OPTIONS_OF_${program} ${options})
endfunction()

# Where that is wanted, sources are compiled many at a time; so their names must not collide within a layer. The
# twins are always, the library itself is not in a release build, which thus proves that each source stands
# alone. So do those in which mistakes are planted (mistakes.py): each is linked before the library, in place
# of its object there.
set(SIGNET_PLANTED_SOURCES broadcast_ring.cpp shared_memory.cpp subscriber_table.cpp topic_join.cpp
                           topic_request.cpp)
function(signet_unite target wanted)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${wanted} UNITY_BUILD_BATCH_SIZE 12)
  get_target_property(sources ${target} SOURCES)
  foreach(source ${sources})
    if(source IN_LIST SIGNET_PLANTED_SOURCES)
      set_source_files_properties(${source} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
  endforeach()
endfunction()

# With further options of the compiler, where some follow.
function(_signet_objects target sources libraries)
  add_library(${target} OBJECT ${sources})
  target_compile_options(${target} PRIVATE ${ARGN})
  signet_precompile(${target} library ${ARGN})
  target_include_directories(${target} PUBLIC "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(${target} PRIVATE signet_flags ${libraries})
  signet_unite(${target} ${SIGNET_UNITY})
endfunction()

# signet_test(NAME SOURCES ... [HOOKED] [QUICK|BRISK] [LIBRARIES ...] [LABELS ...] [HEADERS <json.hpp> ...]): a
# GoogleTest program, every test a ctest entry with these labels; `unit` and `threads` also say which sanitizers run
# it. QUICK: to compile, not to run; for what inlines nothing that is tested. BRISK: something between. HEADERS: what
# several sources include and is worth being compiled once.
function(signet_test name)
  cmake_parse_arguments(arg "HOOKED;QUICK;BRISK" "" "SOURCES;LIBRARIES;LABELS;HEADERS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  set(library signet)
  if(arg_HOOKED OR (SIGNET_SANITIZE AND NOT arg_LIBRARIES))
    set(library signet_hooked)
  endif()
  # in this order: what tests are written with calls the library
  target_link_libraries(${name} PRIVATE signet_flags signet_testing ${library} ${arg_LIBRARIES}
                        GTest::gtest_main)
  set(level "")
  if(arg_QUICK OR SIGNET_SANITIZE)
    set(level -O0)
  elseif(arg_BRISK)
    set(level -O1)
  endif()
  if(SIGNET_HASTE AND level)
    list(APPEND level -g0)
  endif()
  target_compile_options(${name} PRIVATE ${level})
  if(arg_HEADERS)
    signet_precompile_for(${name} test ${arg_HEADERS})
  else()
    signet_precompile(${name} test ${level})
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 120)
  _signet_label_tests(${name} "${arg_LABELS}")
endfunction()

# Labels are given to the tests after their discovery: a list does not survive gtest_discover_tests().
function(_signet_label_tests name labels)
  foreach(label ${labels})
    if(TARGET tests_${label})
      add_dependencies(tests_${label} ${name})
    endif()
  endforeach()
  set(script "${CMAKE_CURRENT_BINARY_DIR}/${name}_labels.cmake")
  file(WRITE "${script}" "if(${name}_TESTS)
  set_tests_properties(\${${name}_TESTS} PROPERTIES LABELS \"${labels}\")
endif()
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${script}")
endfunction()
