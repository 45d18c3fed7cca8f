# SPDX-License-Identifier: MIT
# The library as others get it: static and shared, with its header, a pkg-config file and a CMake
# package. The program and the tests link the static one, whose inner functions they use.

# Until 1.0 a new minor version may change the ABI (docs/abi.md), so its name carries it.
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(AVDUMP_ABI ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
else()
  set(AVDUMP_ABI ${PROJECT_VERSION_MAJOR})
endif()

option(AVDUMP_SHARED "Build the shared library too" ON)
if(AVDUMP_SHARED)
  # The shared library offers what the header declares and nothing else. The list is read out of
  # it, so that no second one can be wrong.
  file(STRINGS ${PROJECT_SOURCE_DIR}/include/avdump/avdump.h avdump_declarations
       REGEX "^[a-z].*[ *]avd_[a-z0-9_]+\\(")
  list(FILTER avdump_declarations EXCLUDE REGEX "^typedef")
  set(avdump_exports "")
  foreach(declaration ${avdump_declarations})
    string(REGEX REPLACE "^[^(]*[ *](avd_[a-z0-9_]+)\\(.*" "\\1" name "${declaration}")
    list(APPEND avdump_exports ${name})
  endforeach()
  list(SORT avdump_exports)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS include/avdump/avdump.h)

  add_library(libavdump_shared SHARED $<TARGET_OBJECTS:libavdump>)
  set_target_properties(libavdump_shared PROPERTIES OUTPUT_NAME avdump VERSION ${PROJECT_VERSION}
                        SOVERSION ${AVDUMP_ABI} EXPORT_NAME avdump)
  target_include_directories(libavdump_shared
    INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(libavdump_shared PRIVATE $<BUILD_INTERFACE:avdump_dependencies>)
  set(exports_file ${PROJECT_BINARY_DIR}/generated/exports)
  if(APPLE)
    list(TRANSFORM avdump_exports PREPEND "_" OUTPUT_VARIABLE lines)
    list(JOIN lines "\n" lines)
    file(WRITE ${exports_file} "${lines}\n")
    target_link_options(libavdump_shared PRIVATE "LINKER:-exported_symbols_list,${exports_file}")
  elseif(WIN32)
    list(JOIN avdump_exports "\n" lines)
    file(WRITE ${exports_file}.def "EXPORTS\n${lines}\n")
    target_sources(libavdump_shared PRIVATE ${exports_file}.def)
  else()
    list(JOIN avdump_exports ";\n  " lines)
    file(WRITE ${exports_file} "AVDUMP_${AVDUMP_ABI} {\n global:\n  ${lines};\n local:\n  *;\n};\n")
    target_link_options(libavdump_shared PRIVATE "LINKER:--version-script=${exports_file}")
    if(NOT CMAKE_C_FLAGS MATCHES "-fsanitize") # clang leaves a sanitizer's functions to the program
      target_link_options(libavdump_shared PRIVATE "LINKER:--no-undefined")
    endif()
  endif()
endif()

# ---- installed ----

include(CMakePackageConfigHelpers)
# What a program that links the static library must link as well, by names that mean the same on
# another machine.
set(avdump_static_libraries yaml z ${CMAKE_DL_LIBS})
if(libiberty_LIBRARY AND AVDUMP_LIBIBERTY)
  list(APPEND avdump_static_libraries iberty)
endif()
set_target_properties(libavdump PROPERTIES EXPORT_NAME avdump_static)
target_link_libraries(libavdump INTERFACE "$<INSTALL_INTERFACE:${avdump_static_libraries}>")

install(TARGETS libavdump EXPORT avdump
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
if(AVDUMP_SHARED)
  install(TARGETS libavdump_shared EXPORT avdump
          RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT library
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library
          NAMELINK_COMPONENT development
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
endif()
install(DIRECTORY include/avdump DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
install(EXPORT avdump NAMESPACE avdump:: FILE avdump-targets.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/avdump COMPONENT development)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/avdump-config.cmake.in
                              ${PROJECT_BINARY_DIR}/generated/avdump-config.cmake
                              INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/avdump)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/generated/avdump-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/generated/avdump-config.cmake
              ${PROJECT_BINARY_DIR}/generated/avdump-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/avdump COMPONENT development)

list(TRANSFORM avdump_static_libraries PREPEND "-l" OUTPUT_VARIABLE AVDUMP_PRIVATE_LIBS)
list(FILTER AVDUMP_PRIVATE_LIBS EXCLUDE REGEX "^-l(yaml|z)$") # pkg-config knows these itself
list(JOIN AVDUMP_PRIVATE_LIBS " " AVDUMP_PRIVATE_LIBS)
# Relative to itself, so that the tree may be moved.
file(RELATIVE_PATH AVDUMP_PREFIX_FROM_PC /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${PROJECT_SOURCE_DIR}/cmake/avdump.pc.in ${PROJECT_BINARY_DIR}/generated/avdump.pc
               @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/generated/avdump.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
