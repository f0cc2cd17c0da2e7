# A peer exists where its package is found; peers.py says which are missing.
find_package(PkgConfig)
find_package(Threads REQUIRED)

find_package(iceoryx_posh CONFIG QUIET)
if(iceoryx_posh_FOUND)
  peer(iceoryx iceoryx.cpp iceoryx_posh::iceoryx_posh)
endif()

find_package(CycloneDDS CONFIG QUIET)
if(CycloneDDS_FOUND)
  enable_language(C)
  idlc_generate(TARGET cyclone_idl FILES cyclone_messages.idl)
  # What idlc makes is C, and compiled without our flags.
  add_library(cyclone_messages STATIC)
  target_link_libraries(cyclone_messages PRIVATE cyclone_idl CycloneDDS::ddsc)
  target_include_directories(cyclone_messages INTERFACE "${CMAKE_CURRENT_BINARY_DIR}")
  peer(cyclone cyclone.cpp cyclone_messages CycloneDDS::ddsc)
endif()

if(PKG_CONFIG_FOUND)
  pkg_check_modules(zeromq QUIET IMPORTED_TARGET libzmq)
endif()
if(zeromq_FOUND)
  peer(zeromq zeromq.cpp PkgConfig::zeromq)
endif()

find_package(nng CONFIG QUIET)
if(nng_FOUND)
  peer(nng nng.cpp nng::nng)
endif()

find_package(Boost 1.74 QUIET)
if(Boost_FOUND)
  peer(boost boost.cpp Boost::headers Threads::Threads rt)
  peer(kills_boost kills_boost.cpp Boost::headers Threads::Threads rt)
endif()

set(MPI_CXX_SKIP_MPICXX ON)
find_package(MPI QUIET COMPONENTS CXX)
if(MPI_CXX_FOUND)
  peer(mpi mpi.cpp MPI::MPI_CXX)
endif()
