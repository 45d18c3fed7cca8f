# SPDX-License-Identifier: MIT
# libyaml (rules), zlib (compressed dumps), jansson (JSON).
find_package(PkgConfig QUIET)
add_library(avdump_dependencies INTERFACE)

function(avdump_dependency name header library)
  if(PkgConfig_FOUND)
    pkg_check_modules(PC_${name} QUIET ${name})
  endif()
  find_path(${name}_INCLUDE ${header} HINTS ${PC_${name}_INCLUDE_DIRS})
  if(AVDUMP_STATIC_DEPS)
    find_library(${name}_LIBRARY NAMES lib${library}.a ${library} HINTS ${PC_${name}_LIBRARY_DIRS})
  else()
    find_library(${name}_LIBRARY NAMES ${library} HINTS ${PC_${name}_LIBRARY_DIRS})
  endif()
  if(NOT ${name}_INCLUDE OR NOT ${name}_LIBRARY)
    message(FATAL_ERROR
      "${name} is missing. Debian, Ubuntu: apt install libyaml-dev zlib1g-dev libjansson-dev; "
      "Fedora: dnf install libyaml-devel zlib-devel jansson-devel; "
      "Arch: pacman -S libyaml zlib jansson; macOS: brew install libyaml zlib jansson")
  endif()
  target_include_directories(avdump_dependencies SYSTEM INTERFACE ${${name}_INCLUDE})
  target_link_libraries(avdump_dependencies INTERFACE ${${name}_LIBRARY})
endfunction()

avdump_dependency(yaml-0.1 yaml.h yaml)
avdump_dependency(zlib zlib.h z)
avdump_dependency(jansson jansson.h jansson)

# libiberty undecorates the names that GCC, Clang and Rust make; without it they stay as they are.
if(AVDUMP_LIBIBERTY)
  find_path(libiberty_INCLUDE demangle.h PATH_SUFFIXES libiberty)
  find_library(libiberty_LIBRARY NAMES iberty)
  if(libiberty_INCLUDE AND libiberty_LIBRARY)
    target_include_directories(avdump_dependencies SYSTEM INTERFACE ${libiberty_INCLUDE})
    target_link_libraries(avdump_dependencies INTERFACE ${libiberty_LIBRARY})
    target_compile_definitions(avdump_dependencies INTERFACE AVD_HAVE_LIBIBERTY)
  else()
    message(STATUS "libiberty is missing (Debian, Ubuntu: apt install libiberty-dev): "
                   "names made by GCC, Clang and Rust stay decorated")
  endif()
endif()

# libcurl and libarchive are loaded at run time, by the few runs that need them: neither building nor
# starting avdump needs them. See src/symbols/library.h.
target_link_libraries(avdump_dependencies INTERFACE ${CMAKE_DL_LIBS})
if(NOT AVDUMP_HTTP)
  target_compile_definitions(avdump_dependencies INTERFACE AVD_NO_HTTP)
endif()
if(NOT AVDUMP_CABINETS)
  target_compile_definitions(avdump_dependencies INTERFACE AVD_NO_LIBARCHIVE)
endif()

# A program for Windows is one file: there libarchive, with the packers that it needs, and Zydis are
# linked where they are static libraries. Otherwise they are loaded as DLLs.
if(WIN32)
  find_library(libarchive_LIBRARY NAMES libarchive.a)
  find_library(zydis_LIBRARY NAMES libZydis.a)
  if(libarchive_LIBRARY)
    foreach(packer lzma bz2 zstd)
      find_library(${packer}_LIBRARY NAMES lib${packer}.a)
      list(APPEND packers ${${packer}_LIBRARY})
    endforeach()
    target_compile_definitions(avdump_dependencies INTERFACE AVD_LINKED_LIBARCHIVE)
    target_link_libraries(avdump_dependencies INTERFACE
      ${libarchive_LIBRARY} ${packers} ${zlib_LIBRARY} bcrypt)
  endif()
  if(zydis_LIBRARY)
    target_compile_definitions(avdump_dependencies INTERFACE AVD_LINKED_ZYDIS ZYDIS_STATIC_BUILD
                               ZYCORE_STATIC_BUILD)
    target_link_libraries(avdump_dependencies INTERFACE ${zydis_LIBRARY})
  endif()
endif()

# Zydis is loaded at run time too, but its headers are needed: its structs differ between versions.
# Without them avdump is complete except that it decodes no instruction, and says so.
if(PkgConfig_FOUND)
  pkg_check_modules(PC_zydis QUIET zydis)
endif()
find_path(zydis_INCLUDE Zydis/Zydis.h HINTS ${PC_zydis_INCLUDE_DIRS})
find_path(zycore_INCLUDE Zycore/Types.h HINTS ${PC_zydis_INCLUDE_DIRS})
if(AVDUMP_DISASSEMBLER AND zydis_INCLUDE AND zycore_INCLUDE)
  target_include_directories(avdump_dependencies SYSTEM INTERFACE ${zydis_INCLUDE} ${zycore_INCLUDE})
else()
  message(STATUS "Zydis is missing or not wanted: the faulting instruction will not be decoded "
                 "(Debian, Ubuntu: apt install libzydis-dev)")
  target_compile_definitions(avdump_dependencies INTERFACE AVD_NO_ZYDIS)
endif()
