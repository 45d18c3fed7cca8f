/* SPDX-License-Identifier: MIT */
/*
 * Every ceiling of avdump in one place. Each must be far above what honest dumps hold and low
 * enough that a hostile one costs little; the reason stands beside it.
 */
#ifndef AVD_BASE_LIMITS_H
#define AVD_BASE_LIMITS_H

enum {
    AVD_MAX_STREAMS = 4096,          /* dbghelp writes about 20; user streams add a few */
    AVD_MAX_THREADS = 65536,         /* far beyond what a Windows process can run */
    AVD_MAX_MODULES = 16384,         /* large real processes load about 1,500 */
    AVD_MAX_UNLOADED = 16384,        /* Windows keeps 64, some writers keep all */
    AVD_MAX_MEMORY_RANGES = 4194304, /* 62,148 seen; a 32 GiB dump of single pages */
    AVD_MAX_MEMORY_INFO = 4194304,   /* one per region; 4,000 is usual */
    AVD_MAX_HANDLES = 1048576,       /* a handle leak reaches 16 million, the first million tells */
    AVD_MAX_HANDLE_OPERATIONS = 262144,
    AVD_MAX_FUNCTION_TABLES = 65536,
    AVD_MAX_TOKENS = 65536,
    AVD_MAX_ANNOTATIONS = 4096,      /* Crashpad writes dozens */
    AVD_MAX_NAMES_BYTES = 134217728, /* half a million names of 60 letters */
    AVD_MAX_OBJECT_INFO_CHAIN = 32,  /* a handle's chain; cycles end here */
    AVD_MAX_STRING_BYTES = 65534,    /* UNICODE_STRING's own limit */
    AVD_MAX_TEXT_BYTES = 1048576,    /* comments and Linux /proc texts kept for display */
    AVD_MAX_NOTES = 200,             /* notes in one report; the rest is counted */
    AVD_MAX_FRAMES = 10000,          /* default frames per stack: an overflown stack of 1 MiB */
    AVD_MAX_FRAMES_IN_ALL = 200000,  /* over all threads, then stacks are cut short: 100 MB */
    AVD_MIN_BYTES_PER_FRAME = 128,   /* of the file, on average over what exceeds one stack */
    AVD_MAX_FRAMES_WHEN_OVER = 8,    /* per stack after that */
    AVD_MAX_FRAMES_CEILING = 65536,  /* what --max-frames may ask for */
    AVD_MAX_EXCEPTIONS = 64,         /* found on stacks; one is usual, a nested one comes with two */
    AVD_MAX_EXCEPTIONS_OF_THREAD = 8,
    AVD_MAX_EXCEPTION_CHAIN = 16,    /* nested records; they may form a loop */
    AVD_MAX_EXCEPTION_SEARCH_BYTES = 262144, /* of a live stack; handlers use 100 KB at most */
    AVD_MAX_EXCEPTION_SEARCH_IN_ALL = 16777216, /* 2,000 threads that use 8 KB each */
    AVD_MAX_EXCEPTION_TRIES = 65536, /* pairs of pointers into a stack that are followed */
    AVD_MAX_UNWIND_CHAIN = 32,       /* chained UNWIND_INFO links; linkers write 2 or 3 */
    AVD_MAX_SECTIONS = 96,           /* PE loader's own limit */
    AVD_MAX_EXPORTS = 65536,         /* PE ordinals are 16-bit */
    AVD_MAX_EXPORT_TABLE_BYTES = 8388608, /* over all modules: 150 large libraries */
    AVD_MAX_DISPLAY_NAME_BYTES = 255, /* of a module's short name; a file name's own limit */
    AVD_MAX_EXPORT_NAME_BYTES = 4096, /* the MSVC compiler cuts decorated names there */
    AVD_MAX_DEBUG_ENTRIES = 64,      /* of a debug directory; linkers write 1 to 6 */
    AVD_MAX_LDR_ENTRIES = 4096,      /* loader list walk */
    AVD_MAX_SYM_OVERLAP = 256,       /* records looked at below an address; nested ones are few */
    AVD_MAX_SYM_FUNCTION_BYTES = 8388608, /* of one FUNC's records: 400,000 lines */
    AVD_MAX_SYM_INLINES = 256,       /* inlined calls within each other at one address */
    AVD_MAX_SYM_DELTAS = 8192,       /* STACK CFI records of one function */
    AVD_MAX_SYM_REGISTERS = 128,     /* with rules at one place; ARM64 with its vectors has 70 */
    AVD_MAX_SYM_NAME_BYTES = 16384,  /* of names and programs in symbol files */
    AVD_MAX_UNDNAME_INPUT = 65536,   /* MSVC cuts names at 4,096 */
    AVD_MAX_UNDNAME_OUTPUT = 16384,  /* a screen of template arguments; then the name stays */
    AVD_MAX_UNDNAME_WORK = 4194304,  /* bytes of pieces put together for one name */
    AVD_MAX_ITANIUM_INPUT = 4096,    /* of libiberty; its C++ reader gives up at about 1,024 */
    AVD_MAX_UNDNAME_DEPTH = 128,     /* nested types and scopes */
    AVD_MAX_SCAN_WORDS = 160,        /* stack words looked at below a well-known frame */
    AVD_MAX_SCAN_WORDS_LATER = 40,   /* the same below a doubtful one: far hits are mostly stale */
    AVD_MAX_SCAN_WORDS_CALL = 512,   /* the same for calls whose target proves them */
    AVD_MAX_CODE_PIECES = 300000,    /* read to see where calls lead, over all stacks: a second */
    AVD_MAX_SCAN_TRIES = 16,         /* of indirect calls whose own callers are looked for */
    AVD_MAX_WEAK_FRAMES = 6,         /* guesses in a row until something must speak for them */
    AVD_MAX_CANDIDATE_WORDS_STACK = 16384, /* of one stack that are learned from; 128 KiB */
    AVD_MAX_CANDIDATE_WORDS = 1048576, /* over all stacks; 8 MB, a hundred milliseconds */
    AVD_MAX_CANDIDATES = 262144,     /* of those words; one in ten is usual */
    AVD_MAX_PATH_NODES = 2048,       /* candidates weighed at once; a stack of 64 KiB has 500 */
    AVD_MAX_PATH_NODES_IN_ALL = 131072, /* over all walks: a second at worst */
    AVD_MIN_PATH_PERCENT = 80,      /* how likely the frames of a path must be on average */
    AVD_MAX_THUNKS = 4,              /* jumps from a call to its function; linkers make 1 or 2 */
    AVD_MAX_AHEAD = 200,             /* instructions from a crash to its function's return */
    AVD_MAX_POSTFIX_DEPTH = 32,      /* operands of a frame program at once; compilers need 4 */
    AVD_MAX_POSTFIX_VARIABLES = 32,  /* six constants, and compilers use $T0 to $T2 */
    AVD_MAX_POSTFIX_WORDS = 1024,    /* of a program; one that restores every register has 50 */
    AVD_MAX_CFI_RULES = 128,         /* registers with rules at one place; ARM64 has 70 */
    AVD_MAX_PDATA_LINEAR = 4096,     /* entries of an unsorted table; linkers always sort */
    AVD_MAX_PDB_STREAMS = 65536,     /* streams refer to each other by 16 bits */
    AVD_MAX_PDB_DIRECTORY_BYTES = 67108864, /* 4 bytes per page; 2^20 pages is the tools' limit */
    AVD_MAX_PDB_INLINES = 256,       /* inlined calls within each other; Rust reaches about 60 */
    AVD_MAX_PDB_LOOK_BACK = 16,      /* ranges of a sorted table that may overlap the one wanted */
    AVD_MAX_PDB_OMAP_SCAN = 1048576, /* entries seen for one address; large DLLs have 300,000 */
    AVD_MAX_PDB_TYPE_STEPS = 262144, /* records walked to one type; an index has one in 500 */
    AVD_MAX_PDB_BODY_BYTES = 16777216, /* records of one function; 200 KB is a large one */
    AVD_MAX_PDB_LINE_BLOCKS = 65536, /* changes of file in one function's lines */
    AVD_MAX_PDB_NAME_BYTES = 65535,  /* records carry their size in 16 bits */
    AVD_MAX_SYMPATH_ELEMENTS = 256,  /* of one symbol path; people write up to about ten */
    AVD_MAX_SYMPATH_CHAIN = 11,      /* srv* takes ten stores, symsrv.dll's own limit, and a cache */
    AVD_MAX_STORE_PATH_BYTES = 4096, /* of paths and URLs; Linux's PATH_MAX */
    AVD_MAX_STORE_NAME_BYTES = 240,  /* a file name's limit is 255, and markers add to it */
    AVD_MAX_STORE_ATTEMPTS = 64,     /* places listed for one file, the rest is counted */
    AVD_MAX_STORE_CANDIDATES = 256,  /* files of one name opened for one module */
    AVD_MAX_STORE_FILES = 262144,    /* indexed below one folder: 60 MB of names at worst */
    AVD_MAX_STORE_DIRECTORIES = 65536,
    AVD_MAX_STORE_DEPTH = 16,        /* of folders within each other; builds nest about eight */
    AVD_MAX_STORE_SYM_PEEKS = 4096,  /* .sym files whose first line is read to learn their id */
    AVD_MAX_STORE_POINTER_BYTES = 4096, /* of a file.ptr, which holds one path */
    AVD_MAX_STORE_MAPS = 256,        /* --map options */
    AVD_MAX_HTTP_REDIRECTS = 8,      /* servers use one, to their blob storage */
    AVD_MAX_STOP_TEXT_SEARCH = 262144, /* of a stack, for the text of a verifier stop */
    AVD_STOP_TEXT_BELOW = 16384,     /* the same below the stack pointer; the printing calls */
    AVD_MAX_PLACE_BYTES = 4096,      /* of an address as typed; decorated names reach that */
    AVD_MAX_SHOWN_VALUES = 1048576,  /* values of memory asked for at once */
    AVD_MAX_PATTERN_BYTES = 4096,    /* of what is looked for in memory */
    AVD_MAX_STRING_SHOWN = 1024,     /* characters of a string found in memory; the rest follows */
    AVD_MAX_FACTS = 1024,            /* facts_doc.c lists about fifty */
    AVD_MAX_RULES = 4096,
    AVD_MAX_TRIAGE_ENTRIES = 16384,  /* of one file; the shipped one has about 250 */
    AVD_MAX_RULE_FILE_BYTES = 1048576,
    AVD_MAX_YAML_DEPTH = 32,
    AVD_MAX_YAML_KEYS = 256,         /* per mapping; a rule has nine, a condition a few */
    AVD_MAX_RULE_TEXT_BYTES = 2000,  /* a paragraph; ISO C promises literals of 4,095 */
    AVD_MAX_RULE_ID_BYTES = 64,
    AVD_MAX_RULE_PROBLEMS = 1000,    /* kept of a directory's mistakes; the rest is counted */
    AVD_MAX_RULE_NAME_BYTES = 64,    /* of a name given by `let` or `as` */
    AVD_MAX_RULE_LETS = 32,          /* named values of a rule */
    AVD_MAX_RULE_SLOTS = 16,         /* names for rows in a rule; each nesting needs one */
    AVD_MAX_RULE_CODE = 64,          /* steps of one expression */
    AVD_MAX_RULE_STACK = 16,         /* values of an expression at once */
    AVD_MAX_RULE_SEQUENCE = 32,      /* items of a sequence of frames */
    AVD_MAX_RULE_TESTS = 64,         /* of a rule, and rows of a collection in one */
    AVD_MAX_RULE_STEPS = 1000000,    /* conditions judged for one rule: a tenth of a second */
    AVD_MAX_RULE_READ_BYTES = 1024,  /* of a text read from memory by a rule */
    AVD_MAX_RULE_TRACE = 64,         /* return addresses of a recorded stack; writers keep 32 */
    AVD_MAX_RULE_BOUND_ROWS = 12     /* of those that match, kept for texts */
};

#endif
