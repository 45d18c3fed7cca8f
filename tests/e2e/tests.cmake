# SPDX-License-Identifier: MIT
include(${CMAKE_CURRENT_LIST_DIR}/wine.cmake)

# avdump_script_test(NAME COMMAND...): a script of this machine, exit code 77 when it cannot run here.
# Of a Windows program it gets a script that runs it under Wine, which it starts like any program.
function(avdump_script_test name)
  set(command ${ARGN})
  if(CMAKE_CROSSCOMPILING)
    avdump_under_wine(command)
    if(name IN_LIST AVDUMP_NOT_UNDER_WINE)
      set(command sh -c "echo 'skipped: not made for Windows, see tests/e2e/wine.cmake' && exit 77")
    endif()
  endif()
  add_test(NAME ${name} COMMAND ${command})
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600)
endfunction()

# The program as a user sees it: exit codes, messages, help, standard input and output.
avdump_script_test(e2e_cli sh ${CMAKE_CURRENT_LIST_DIR}/test_cli.sh $<TARGET_FILE:avdump>
                   ${PROJECT_SOURCE_DIR})

# What tools/demo and tools/check install.
avdump_script_test(e2e_setup sh ${CMAKE_CURRENT_LIST_DIR}/test_setup.sh ${PROJECT_SOURCE_DIR})

# Scripts in Python: what the JSON says, compared with what is known from elsewhere.
find_package(Python3 COMPONENTS Interpreter QUIET)

# avdump_python_test(NAME script argument...)
function(avdump_python_test name script)
  if(Python3_Interpreter_FOUND)
    avdump_script_test(${name} ${Python3_EXECUTABLE} -B
                       ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/${script} ${ARGN})
  else()
    avdump_script_test(${name} sh -c "echo 'skipped: python3 is missing' && exit 77")
  endif()
endfunction()

set(AVDUMP_CORPUS ${PROJECT_SOURCE_DIR}/../shared/corpus)
avdump_python_test(e2e_corpus test_corpus.py $<TARGET_FILE:avdump> ${AVDUMP_CORPUS})
avdump_python_test(e2e_findings test_findings.py $<TARGET_FILE:avdump> ${PROJECT_SOURCE_DIR}
                   ${AVDUMP_CORPUS})
avdump_python_test(e2e_recover test_recover.py $<TARGET_FILE:avdump> ${PROJECT_SOURCE_DIR}
                   ${AVDUMP_CORPUS})
avdump_python_test(e2e_extract test_extract.py $<TARGET_FILE:avdump> ${PROJECT_SOURCE_DIR}
                   ${AVDUMP_CORPUS})
avdump_python_test(e2e_symbols test_symbols.py $<TARGET_FILE:avdump> ${AVDUMP_CORPUS}
                   ${PROJECT_SOURCE_DIR}/testdata)
avdump_python_test(e2e_truth test_truth.py $<TARGET_FILE:avdump> ${PROJECT_SOURCE_DIR}/testdata)
avdump_python_test(e2e_stack_precision test_stack_precision.py $<TARGET_FILE:avdump>
                   ${PROJECT_SOURCE_DIR} ${AVDUMP_CORPUS})
avdump_python_test(e2e_schema test_schema.py $<TARGET_FILE:avdump> ${PROJECT_SOURCE_DIR}
                   ${AVDUMP_CORPUS})
avdump_python_test(e2e_rules_json test_rules_json.py $<TARGET_FILE:avdump> ${PROJECT_SOURCE_DIR})
avdump_python_test(e2e_rule_language test_rule_language.py $<TARGET_FILE:avdump> ${PROJECT_SOURCE_DIR})
avdump_python_test(e2e_rule_pairs test_rule_pairs.py $<TARGET_FILE:avdump>
                   ${PROJECT_SOURCE_DIR}/testdata $<TARGET_FILE_DIR:test_rule_scenes>)
# Undecorated names against llvm-undname's.
add_executable(undecorate ${CMAKE_CURRENT_LIST_DIR}/undecorate.c)
target_link_libraries(undecorate PRIVATE avdump_support avdump_warnings)
avdump_python_test(undname_oracle test_undname_oracle.py $<TARGET_FILE:undecorate>
                   ${CMAKE_CURRENT_LIST_DIR}/undname_names.txt ${AVDUMP_CORPUS})
avdump_python_test(itanium_oracle test_itanium_oracle.py $<TARGET_FILE:undecorate>
                   ${CMAKE_CURRENT_LIST_DIR}/itanium_names.txt)
add_executable(make_pdb ${CMAKE_CURRENT_LIST_DIR}/make_pdb.c)
target_link_libraries(make_pdb PRIVATE avdump_support avdump_warnings)
avdump_python_test(e2e_symbol_places test_symbol_places.py $<TARGET_FILE:avdump>
                   $<TARGET_FILE:make_pdb> ${PROJECT_SOURCE_DIR}/testdata)
# Symbol servers, which a thread of the script plays.
add_executable(store_probe ${CMAKE_CURRENT_LIST_DIR}/store_probe.c)
target_link_libraries(store_probe PRIVATE avdump_support avdump_warnings)
avdump_python_test(e2e_symbol_server test_symbol_server.py $<TARGET_FILE:store_probe>)
avdump_python_test(e2e_symbol_program test_symbol_program.py $<TARGET_FILE:avdump>
                   $<TARGET_FILE:store_probe> ${PROJECT_SOURCE_DIR}/testdata)
avdump_python_test(e2e_inspect test_inspect.py $<TARGET_FILE:avdump> ${PROJECT_SOURCE_DIR}
                   ${AVDUMP_CORPUS})
avdump_python_test(e2e_options test_options.py $<TARGET_FILE:avdump> ${PROJECT_SOURCE_DIR})
# The program of libavdump(3), as the page has it.
set(library_manual ${PROJECT_SOURCE_DIR}/man/libavdump.3)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${library_manual})
file(READ ${library_manual} why)
string(REGEX REPLACE ".*\n.Bd -literal\n(#include.*\n}\n).Ed\n.*" "\\1" why "${why}")
string(REPLACE "\\e" "\\" why "${why}")
file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/why.c CONTENT "${why}")
add_executable(why ${CMAKE_CURRENT_BINARY_DIR}/why.c)
target_link_libraries(why PRIVATE libavdump avdump_warnings)
# The dump of docs/application-verifier.md.
add_executable(verifier_dump ${CMAKE_CURRENT_LIST_DIR}/verifier_dump.c)
target_link_libraries(verifier_dump PRIVATE avdump_support avdump_warnings)
avdump_python_test(e2e_documents test_documents.py $<TARGET_FILE:avdump> ${PROJECT_SOURCE_DIR}
                   --with $<TARGET_FILE:why> --with $<TARGET_FILE:verifier_dump>)
avdump_python_test(e2e_document_tables test_document_tables.py ${PROJECT_SOURCE_DIR})
avdump_python_test(e2e_library_manual test_library_manual.py ${PROJECT_SOURCE_DIR})
avdump_python_test(e2e_json_manual ../../tools/json-manual --check)
# The faulting instruction against rust-minidump's minidump-stackwalk, where that is installed.
find_program(MINIDUMP_STACKWALK minidump-stackwalk)
if(MINIDUMP_STACKWALK)
  set(stackwalk ${MINIDUMP_STACKWALK})
endif()
avdump_python_test(e2e_instruction_oracle test_instruction_oracle.py $<TARGET_FILE:avdump>
                   ${AVDUMP_CORPUS} ${stackwalk})
get_target_property(library_type libavdump TYPE)
if(library_type STREQUAL STATIC_LIBRARY AND CMAKE_NM)
  avdump_python_test(floors test_floors.py ${PROJECT_SOURCE_DIR} $<TARGET_FILE:libavdump> ${CMAKE_NM})
else()
  avdump_python_test(floors test_floors.py ${PROJECT_SOURCE_DIR})
endif()
avdump_python_test(e2e_explain test_explain.py $<TARGET_FILE:avdump> ${PROJECT_SOURCE_DIR})
avdump_python_test(e2e_habits test_habits.py ${PROJECT_SOURCE_DIR})

# What is installed to be read; where pages go is said by their names.
add_test(NAME manuals_installed
         COMMAND sh ${CMAKE_CURRENT_LIST_DIR}/test_manuals_installed.sh ${CMAKE_COMMAND}
                 ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR})

# The manual pages; mandoc's remarks on style are left out, as it wants pages that it refers to to be
# installed.
find_program(MANDOC mandoc)
if(MANDOC)
  file(GLOB manual_pages ${PROJECT_SOURCE_DIR}/man/*.[1-9])
  add_test(NAME manual COMMAND ${MANDOC} -T lint -W warning ${manual_pages})
else()
  add_test(NAME manual COMMAND sh -c "echo 'skipped: mandoc is missing' && exit 77")
endif()
set_tests_properties(manual PROPERTIES SKIP_RETURN_CODE 77)

# The PDB reader against llvm-symbolizer, on every PDB of the corpus and of the programs that
# tools/record-testdata has made in $AVDUMP_LAB.
add_executable(pdb_query ${CMAKE_CURRENT_LIST_DIR}/pdb_query.c)
target_link_libraries(pdb_query PRIVATE libavdump avdump_warnings avdump_dependencies)
target_include_directories(pdb_query PRIVATE ${PROJECT_SOURCE_DIR}/src)
avdump_python_test(e2e_pdb_oracle test_pdb_oracle.py $<TARGET_FILE:pdb_query> ${AVDUMP_CORPUS})
# The same on PDBs built here, and real dumps of the programs with them.
avdump_python_test(e2e_built_symbols test_built_symbols.py $<TARGET_FILE:pdb_query>
                   $<TARGET_FILE:avdump> ${PROJECT_SOURCE_DIR})

# The dump of the WinDbg transcript: `transcript_dump FOLDER` writes it for a person to look at.
add_executable(transcript_dump ${CMAKE_CURRENT_LIST_DIR}/transcript_dump.c)
target_link_libraries(transcript_dump PRIVATE avdump_support avdump_warnings)
avdump_python_test(e2e_transcript test_transcript.py $<TARGET_FILE:avdump>
                   $<TARGET_FILE:transcript_dump> ${CMAKE_CURRENT_LIST_DIR}/transcript.txt)
# HTML: with parsers, and in a browser where there is one.
avdump_python_test(e2e_html test_html.py $<TARGET_FILE:avdump> ${PROJECT_SOURCE_DIR}
                   $<TARGET_FILE:transcript_dump>)
avdump_python_test(e2e_html_browser test_html_browser.py $<TARGET_FILE:avdump> ${PROJECT_SOURCE_DIR}
                   $<TARGET_FILE:transcript_dump>)
# Many dumps at once: verdicts, what goes wrong, and what is written.
avdump_python_test(e2e_gate test_gate.py $<TARGET_FILE:avdump> ${PROJECT_SOURCE_DIR}/testdata)
# With a sanitizer a dump takes ten times as long; the test says how many it took.
set(AVDUMP_MANY_DUMPS 5000)
if(CMAKE_C_FLAGS MATCHES "-fsanitize")
  set(AVDUMP_MANY_DUMPS 500)
endif()
avdump_python_test(e2e_gate_many test_gate_many.py $<TARGET_FILE:avdump> ${PROJECT_SOURCE_DIR}/testdata
                   ${AVDUMP_CORPUS} ${AVDUMP_MANY_DUMPS})
avdump_python_test(e2e_gate_faults test_gate_faults.py $<TARGET_FILE:avdump>
                   ${PROJECT_SOURCE_DIR}/testdata)
avdump_python_test(e2e_gate_formats test_gate_formats.py $<TARGET_FILE:avdump>
                   ${PROJECT_SOURCE_DIR}/testdata)
avdump_script_test(e2e_gate_slurm sh ${CMAKE_CURRENT_LIST_DIR}/test_gate_slurm.sh
                   $<TARGET_FILE:avdump> ${PROJECT_SOURCE_DIR})
avdump_python_test(e2e_completion test_completion.py $<TARGET_FILE:avdump>
                   ${PROJECT_SOURCE_DIR}/testdata)
avdump_python_test(e2e_gate_ci test_gate_ci.py $<TARGET_FILE:avdump> ${PROJECT_SOURCE_DIR}/testdata
                   ${PROJECT_SOURCE_DIR})
# What an analysis may do and take: --sandbox, --timeout, --max-memory.
avdump_python_test(e2e_sandbox test_sandbox.py $<TARGET_FILE:avdump> ${PROJECT_SOURCE_DIR}/testdata)
# The installed tree: programs of others, symbols that the library exports.
avdump_python_test(e2e_install test_install.py ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR}
                   ${CMAKE_C_COMPILER})
# The Windows program against this machine's, and its package.
if(CMAKE_CROSSCOMPILING)
  avdump_python_test(windows test_windows.py $<TARGET_FILE:avdump> ${AVDUMP_HOST_TOOLS}/avdump
                     ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR}/testdata ${AVDUMP_CORPUS})
endif()
