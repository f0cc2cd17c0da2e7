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

# What the compilers of interfaces make is compiled without our flags.
find_package(CapnProto CONFIG QUIET)
if(CapnProto_FOUND)
  capnp_generate_cpp(capnp_sources capnp_headers calls.capnp)
  add_library(capnp_calls STATIC ${capnp_sources})
  target_include_directories(capnp_calls SYSTEM PUBLIC "${CMAKE_CURRENT_BINARY_DIR}")
  target_link_libraries(capnp_calls PUBLIC CapnProto::capnp-rpc)
  peer(capnp calls_capnp.cpp capnp_calls)
endif()

find_package(Protobuf QUIET)
find_package(gRPC CONFIG QUIET)
if(Protobuf_FOUND AND gRPC_FOUND)
  set(grpc_calls "${CMAKE_CURRENT_BINARY_DIR}/calls")
  set(grpc_sources ${grpc_calls}.pb.cc ${grpc_calls}.grpc.pb.cc)
  add_custom_command(
    OUTPUT ${grpc_sources} ${grpc_calls}.pb.h ${grpc_calls}.grpc.pb.h
    COMMAND protobuf::protoc "--proto_path=${CMAKE_CURRENT_SOURCE_DIR}"
            "--cpp_out=${CMAKE_CURRENT_BINARY_DIR}" "--grpc_out=${CMAKE_CURRENT_BINARY_DIR}"
            "--plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>" calls.proto
    DEPENDS calls.proto)
  add_library(grpc_calls STATIC ${grpc_sources})
  target_include_directories(grpc_calls SYSTEM PUBLIC "${CMAKE_CURRENT_BINARY_DIR}")
  target_link_libraries(grpc_calls PUBLIC gRPC::grpc++ protobuf::libprotobuf)
  peer(grpc calls_grpc.cpp grpc_calls)
endif()

if(PKG_CONFIG_FOUND)
  pkg_check_modules(sdbus QUIET IMPORTED_TARGET libsystemd)
endif()
if(sdbus_FOUND)
  peer(sdbus calls_sdbus.cpp PkgConfig::sdbus)
  target_compile_definitions(peer_sdbus PRIVATE "SYSTEMD_VERSION=\"${sdbus_VERSION}\"")
endif()
