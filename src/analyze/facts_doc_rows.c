/* SPDX-License-Identifier: MIT */
/*
 * Every collection that rules can look through: its columns, their types, what they say. Rule
 * files are checked against these tables; avdump-rules(5) and rules.schema.json repeat them
 * (tests compare them). The order of columns is the one that det_rows.c counts in.
 */
#include "analyze/facts.h"

static const struct avd_column_doc thread_columns[] = {
    {"index", AVD_FACT_NUMBER, "place in the dump's thread list, from 0"},
    {"id", AVD_FACT_CODE, "thread id"},
    {"name", AVD_FACT_TEXT, "name that the program gave it"},
    {"crashed", AVD_FACT_BOOL, "it raised the exception"},
    {"is_wow64", AVD_FACT_BOOL, "it has a 32-bit and a 64-bit stack"},
    {"start_address", AVD_FACT_ADDRESS, "address of its first function, as Windows keeps it"},
    {"last_error", AVD_FACT_NUMBER, "its last Win32 error code (GetLastError)"},
    {"suspend_count", AVD_FACT_NUMBER, "how often it was suspended"},
    {"exited", AVD_FACT_BOOL, "it had ended when the dump was written"},
    {"user_time", AVD_FACT_NUMBER, "milliseconds of processor time in its own code"},
    {"kernel_time", AVD_FACT_NUMBER, "milliseconds of processor time in the kernel"},
    {"teb", AVD_FACT_ADDRESS, "its thread environment block"},
    {"frame_count", AVD_FACT_NUMBER, "number of frames in `frames`"},
    {"state", AVD_FACT_TEXT,
     "running, idle, waiting (for an object) or blocked (by a lock, a window, a request, a "
     "dialog)"},
    {"state_reason", AVD_FACT_TEXT, "the state in words, or why it is not known"},
    {NULL, AVD_FACT_UNKNOWN, NULL},
};

static const struct avd_column_doc frame_columns[] = {
    {"index", AVD_FACT_NUMBER, "place on the stack, 0 is the innermost"},
    {"module", AVD_FACT_TEXT, "module without its ending, as debuggers write it: ntdll"},
    {"module_file", AVD_FACT_TEXT, "file name of the module: ntdll.dll"},
    {"function", AVD_FACT_TEXT, "function, without parameters where symbols allow it"},
    {"offset", AVD_FACT_NUMBER, "bytes from the start of the function, else of the module"},
    {"address", AVD_FACT_ADDRESS, "the instruction (innermost frame) or the return address"},
    {"sp", AVD_FACT_ADDRESS, "stack pointer: just above the callee's return address"},
    {"fp", AVD_FACT_ADDRESS, "x86: address of the saved EBP, so that fp + 8 is the first argument"},
    {"return_address", AVD_FACT_ADDRESS, "where it returns to"},
    {"trust", AVD_FACT_TEXT, "how it was found: context, cfi, frame_pointer, cfi_scan or scan"},
    {"certain", AVD_FACT_BOOL, "it was not merely found by searching the stack"},
    {"pointer_size", AVD_FACT_NUMBER, "4 for 32-bit code, 8 for 64-bit code"},
    {"in_unloaded_module", AVD_FACT_TEXT, "name of an unloaded module that was here"},
    {NULL, AVD_FACT_UNKNOWN, NULL},
};

static const struct avd_column_doc module_columns[] = {
    {"name", AVD_FACT_TEXT, "file name: ntdll.dll"},
    {"path", AVD_FACT_TEXT, "path as the dump has it"},
    {"base", AVD_FACT_ADDRESS, "address of its first byte"},
    {"size", AVD_FACT_NUMBER, "bytes of address space"},
    {"version", AVD_FACT_TEXT, "file version: 6.1.7601.19135"},
    {"version_major", AVD_FACT_NUMBER, "the first number of it"},
    {"version_build", AVD_FACT_NUMBER, "the third number of it"},
    {"timestamp", AVD_FACT_CODE, "TimeDateStamp of its header"},
    {"is_32bit", AVD_FACT_BOOL, "its headers say 32-bit code"},
    {"on_stack", AVD_FACT_BOOL, "some frame lies in it"},
    {"pdb", AVD_FACT_TEXT, "file name of its symbols"},
    {NULL, AVD_FACT_UNKNOWN, NULL},
};

static const struct avd_column_doc unloaded_columns[] = {
    {"name", AVD_FACT_TEXT, "file name"},
    {"base", AVD_FACT_ADDRESS, "address that its first byte had"},
    {"size", AVD_FACT_NUMBER, "bytes of address space"},
    {"timestamp", AVD_FACT_CODE, "TimeDateStamp of its header"},
    {NULL, AVD_FACT_UNKNOWN, NULL},
};

static const struct avd_column_doc handle_columns[] = {
    {"value", AVD_FACT_ADDRESS, "the handle"},
    {"type", AVD_FACT_TEXT, "type of its object: File, Event, Key, Thread ..."},
    {"name", AVD_FACT_TEXT, "name of its object"},
    {"access", AVD_FACT_CODE, "rights that were granted"},
    {NULL, AVD_FACT_UNKNOWN, NULL},
};

static const struct avd_column_doc parameter_columns[] = {
    {"index", AVD_FACT_NUMBER, "place, from 0"},
    {"value", AVD_FACT_ADDRESS, "the value"},
    {"meaning", AVD_FACT_TEXT, "what it means, for exceptions that are known"},
    {NULL, AVD_FACT_UNKNOWN, NULL},
};

static const struct avd_column_doc note_columns[] = {
    {"where", AVD_FACT_TEXT, "the part of the dump concerned"},
    {"message", AVD_FACT_TEXT, "what was found damaged, missing or odd"},
    {NULL, AVD_FACT_UNKNOWN, NULL},
};

const struct avd_collection_doc avd_collection_docs[] = {
    {"threads", "thread", NULL, "name", NULL, thread_columns, "the threads of the dump"},
    {"frames", "frame", "threads", "module", "function", frame_columns,
     "a thread's stack as the report shows it first, innermost first; without a thread, that of "
     "the exception"},
    {"native_frames", "native_frame", "threads", "module", "function", frame_columns,
     "the 64-bit stack of a WOW64 thread; other threads have none besides `frames`"},
    {"modules", "module", NULL, "name", NULL, module_columns, "the loaded modules"},
    {"unloaded_modules", "unloaded_module", NULL, "name", NULL, unloaded_columns,
     "modules that were unloaded before the dump was written"},
    {"handles", "handle", NULL, "type", NULL, handle_columns, "the open handles"},
    {"parameters", "parameter", NULL, NULL, NULL, parameter_columns,
     "the parameters of the exception record"},
    {"notes", "note", NULL, "message", NULL, note_columns,
     "damage and oddities that were met while reading the dump"},
    {NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};

_Static_assert(sizeof avd_collection_docs / sizeof avd_collection_docs[0] ==
                   AVD_COLLECTION_COUNT + 1,
               "AVD_COLLECTION_COUNT in facts.h");
