# Installs the library, its headers, the command, and what find_package and pkg-config need. Wherever the
# installed tree is moved to afterwards, both find the rest of it from where they lie themselves.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS signet EXPORT signetTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
if(TARGET signet_command)
  install(TARGETS signet_command RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()

if(TARGET signet_tls)
  install(TARGETS signet_tls EXPORT signetTlsTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
endif()

# The face includes lower layers here and there, so all headers go along; what tests need does not.
install(DIRECTORY "${PROJECT_SOURCE_DIR}/src/signet" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
        FILES_MATCHING PATTERN "*.hpp"
        PATTERN "testing" EXCLUDE
        PATTERN "models" EXCLUDE
        PATTERN "*_test.hpp" EXCLUDE)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/signet")
install(EXPORT signetTargets NAMESPACE signet:: DESTINATION "${package_dir}")
if(TARGET signet_tls)
  install(EXPORT signetTlsTargets NAMESPACE signet:: DESTINATION "${package_dir}")
endif()
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/signetConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/signetConfig.cmake"
  INSTALL_DESTINATION "${package_dir}" NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may break its users.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/signetConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/signetConfig.cmake"
              "${PROJECT_BINARY_DIR}/signetConfigVersion.cmake"
        DESTINATION "${package_dir}")

file(RELATIVE_PATH prefix_from_pc
     "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
file(RELATIVE_PATH libdir_from_prefix "${CMAKE_INSTALL_PREFIX}" "${CMAKE_INSTALL_FULL_LIBDIR}")
file(RELATIVE_PATH includedir_from_prefix "${CMAKE_INSTALL_PREFIX}" "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
string(REGEX REPLACE "/$" "" prefix_from_pc "${prefix_from_pc}")
configure_file("${CMAKE_CURRENT_LIST_DIR}/signet.pc.in" "${PROJECT_BINARY_DIR}/signet.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/signet.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
if(TARGET signet_tls)
  configure_file("${CMAKE_CURRENT_LIST_DIR}/signet-tls.pc.in" "${PROJECT_BINARY_DIR}/signet-tls.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/signet-tls.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endif()
