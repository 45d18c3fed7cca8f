# SPDX-License-Identifier: MIT
# What is installed beside the library, and the packages: `cpack -G DEB` and `cpack -G TGZ` in a
# release build. tools/packages makes both and tries them in a clean system.
install(TARGETS avdump RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
install(DIRECTORY rules/ DESTINATION ${CMAKE_INSTALL_DATADIR}/avdump/rules COMPONENT program
        FILES_MATCHING PATTERN "*.yaml" PATTERN "*.json")
install(FILES triage/triage.yaml DESTINATION ${CMAKE_INSTALL_DATADIR}/avdump COMPONENT program)
foreach(section 1 3 5)
  file(GLOB pages CONFIGURE_DEPENDS man/*.${section})
  set(component program)
  if(section EQUAL 3)
    set(component development)
  endif()
  install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section}
          COMPONENT ${component})
endforeach()
if(UNIX) # avdump-gate(1) is about both commands
  install(CODE "file(CREATE_LINK avdump-gate.1 \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_MANDIR}/man1/avdump-merge.1\" SYMBOLIC)"
          COMPONENT program)
else() # where a link takes rights that few users have
  install(FILES man/avdump-gate.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 RENAME avdump-merge.1
          COMPONENT program)
endif()
install(FILES README.md CHANGELOG.md LICENSE SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR}
        COMPONENT program)
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)

# Completions are what the program says itself, so only one that runs here can be asked.
if(UNIX AND NOT CMAKE_CROSSCOMPILING)
  set(completions ${PROJECT_BINARY_DIR}/generated/completions)
  foreach(shell bash zsh fish)
    add_custom_command(OUTPUT ${completions}/${shell}
                       COMMAND ${CMAKE_COMMAND} -E make_directory ${completions}
                       COMMAND avdump --completion ${shell} > ${completions}/${shell}
                       DEPENDS avdump VERBATIM)
  endforeach()
  add_custom_target(completions ALL DEPENDS ${completions}/bash ${completions}/zsh
                                            ${completions}/fish)
  install(FILES ${completions}/bash RENAME avdump COMPONENT program
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${completions}/zsh RENAME _avdump COMPONENT program
          DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  install(FILES ${completions}/fish RENAME avdump.fish COMPONENT program
          DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()

set(CPACK_PACKAGE_NAME avdump)
set(CPACK_PACKAGE_VENDOR "the avdump developers")
set(CPACK_PACKAGE_CONTACT "the avdump developers")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_DIRECTORY packages)
set(CPACK_VERBATIM_VARIABLES ON)

# Debian splits a library from what developers need of it.
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME avdump)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION devel)
# Loaded at run time by what needs them, and missed by nothing else.
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS "libcurl4, libarchive13, libzydis4.0 | libzydis4.1")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libavdump${AVDUMP_ABI})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libavdump-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    "libavdump${AVDUMP_ABI} (= ${PROJECT_VERSION}), libyaml-dev, zlib1g-dev, libiberty-dev")
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION
    "avdump tells why a Windows process died, from its minidump, without WinDbg or Windows.")
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "The shared library of avdump.")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "Header, static library and manual of libavdump.")

# For Windows: `cpack -G ZIP`, the program and what there is to read.
if(WIN32)
  set(CPACK_GENERATOR ZIP)
  set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
  set(CPACK_COMPONENTS_ALL program)
  set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
  set(CPACK_PACKAGE_FILE_NAME avdump-${PROJECT_VERSION}-windows-x64)
endif()

include(CPack)
