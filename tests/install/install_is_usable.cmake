# Installs into a directory, moves that elsewhere, and builds and runs a program against it twice: through
# find_package and through pkg-config. Needs BUILD WORK CONSUMER COMPILER LIBDIR VERSION.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output
                  OUTPUT_STRIP_TRAILING_WHITESPACE)
  list(JOIN ARGN " " command)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${command}\nfailed (${result}):\n${output}")
  endif()
  message(STATUS "${command}\n${output}")
  set(output "${output}" PARENT_SCOPE)
endfunction()

function(expect_consumer program)
  run("${program}")
  if(NOT output STREQUAL "received 42")
    message(FATAL_ERROR "${program} said: ${output}")
  endif()
endfunction()

set(prefix "${WORK}/moved")
set(ENV{SIGNET_DIR} "${WORK}/rendezvous")
file(REMOVE_RECURSE "${WORK}")
run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/first")
file(RENAME "${WORK}/first" "${prefix}")

file(GLOB_RECURSE strays "${prefix}/include/signet/testing/*" "${prefix}/include/*.cpp")
if(strays)
  message(FATAL_ERROR "does not belong into an installation: ${strays}")
endif()

run("${CMAKE_COMMAND}" -G Ninja -S "${CONSUMER}" -B "${WORK}/consumer"
    "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_PREFIX_PATH=${prefix}"
    "-DSIGNET_VERSION_EXPECTED=${VERSION}")
run("${CMAKE_COMMAND}" --build "${WORK}/consumer" -j 1)
expect_consumer("${WORK}/consumer/consumer")

find_program(pkg_config pkg-config REQUIRED)
set(ENV{PKG_CONFIG_PATH} "${prefix}/${LIBDIR}/pkgconfig")
run("${pkg_config}" --cflags --libs "signet = ${VERSION}")
separate_arguments(flags UNIX_COMMAND "${output}")
run("${COMPILER}" -std=c++20 "${CONSUMER}/consumer.cpp" ${flags} -o "${WORK}/by_pkg_config")
expect_consumer("${WORK}/by_pkg_config")

if(EXISTS "${prefix}/bin/signet")
  run("${prefix}/bin/signet" --help)
endif()
