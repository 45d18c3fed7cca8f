# SPDX-License-Identifier: MIT
# YAML that is shipped becomes static tables: small programs of the build, made of the same loaders
# that read a user's files, run once here, so that no YAML is parsed when avdump starts.
#
# A cross build cannot run what it builds. It takes these programs from AVDUMP_HOST_TOOLS, the
# directory of a build for this machine.
set(AVDUMP_HOST_TOOLS "" CACHE PATH "Cross builds: where avdump-rulegen and its like are")

# avdump_table(NAME SOURCE INPUT FROM FILE... USING FILE... DEFINES NAME...)
# generated/SOURCE is written by avdump-NAME, which is tools/NAME.c and the files after USING, from
# INPUT; FROM names the files in it.
function(avdump_table name source input)
  cmake_parse_arguments(PARSE_ARGV 3 TABLE "" "" "FROM;USING;DEFINES")
  set(output ${CMAKE_CURRENT_BINARY_DIR}/generated/${source})
  set(tool avdump-${name})
  if(CMAKE_CROSSCOMPILING)
    set(tool ${AVDUMP_HOST_TOOLS}/${tool})
    if(NOT EXISTS ${tool})
      message(FATAL_ERROR
        "${tool} is missing; AVDUMP_HOST_TOOLS must be the directory of a build for this machine: "
        "cmake --preset dev && cmake --build build/dev --target avdump-host-tools")
    endif()
  else()
    add_executable(${tool} tools/${name}.c ${TABLE_USING})
    target_include_directories(${tool} PRIVATE include src)
    target_compile_definitions(${tool} PRIVATE _POSIX_C_SOURCE=200809L ${TABLE_DEFINES})
    target_link_libraries(${tool} PRIVATE avdump_warnings avdump_dependencies)
    add_dependencies(avdump-host-tools ${tool})
  endif()
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_CURRENT_BINARY_DIR}/generated
    COMMAND ${tool} ${output} ${CMAKE_CURRENT_SOURCE_DIR}/${input}
    DEPENDS ${tool} ${TABLE_FROM}
    COMMENT "Turning ${input} into static tables"
    VERBATIM)
  set(AVDUMP_TABLES ${AVDUMP_TABLES} ${output} PARENT_SCOPE)
endfunction()

add_custom_target(avdump-host-tools)

set(base_sources ${AVDUMP_SOURCES})
list(FILTER base_sources INCLUDE REGEX "^src/base/")
file(GLOB rule_sources CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} src/rules/*.c)
file(GLOB rule_files CONFIGURE_DEPENDS rules/*.yaml)
file(GLOB stop_files CONFIGURE_DEPENDS rules/verifier/*.yaml)
set(yaml_sources ${rule_sources})
list(FILTER yaml_sources INCLUDE REGEX "^src/rules/yaml")

avdump_table(rulegen shipped_rules.c rules FROM ${rule_files} DEFINES AVD_RULEGEN
             USING ${base_sources} ${rule_sources} src/analyze/facts.c src/analyze/facts_rows.c
                   src/analyze/facts_doc.c src/analyze/facts_doc_rows.c)
avdump_table(stopgen verifier_stops.c rules/verifier FROM ${stop_files}
             USING ${base_sources} ${yaml_sources} src/analyze/verifier_stops.c)
avdump_table(triagegen shipped_triage.c triage/triage.yaml
             FROM ${CMAKE_CURRENT_SOURCE_DIR}/triage/triage.yaml
             USING ${base_sources} src/rules/yaml.c src/rules/triage_file.c)
