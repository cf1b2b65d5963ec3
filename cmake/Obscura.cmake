# Helpers that every folder uses: one library a folder, its tests and benches beside it by name.
include(GoogleTest OPTIONAL)

add_library(obscura_options INTERFACE)
target_include_directories(obscura_options INTERFACE "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}/include")
target_compile_options(obscura_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
  $<$<CONFIG:Release>:-O$<IF:$<BOOL:$<TARGET_PROPERTY:OBSCURA_QUICK_BUILD>>,1,3>> $<$<BOOL:${OBSCURA_WERROR}>:-Werror>)
# OBSCURA_QUICK_BUILD: tests and the command line wait for the libraries, and take half the time to build.
# What makes a fault in memory harder to use: canaries, checked buffer functions, a table of functions that is read-only
# before main, indirect jumps to marked places only, a program at a random address.
include(CheckPIESupported)
check_pie_supported()
target_compile_options(obscura_options INTERFACE -fstack-protector-strong $<$<CXX_COMPILER_ID:GNU>:-fstack-clash-protection>)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(obscura_options INTERFACE -fcf-protection=full)
endif()
target_link_options(obscura_options INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
if(NOT OBSCURA_SANITIZE)  # the sanitizers check those functions themselves
  target_compile_options(obscura_options INTERFACE "$<$<CONFIG:Release>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>")
endif()

if(OBSCURA_SANITIZE)
  target_compile_options(obscura_options INTERFACE "-fsanitize=${OBSCURA_SANITIZE}" -fno-omit-frame-pointer
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(obscura_options INTERFACE "-fsanitize=${OBSCURA_SANITIZE}")
  if(OBSCURA_SANITIZE MATCHES "undefined")
    target_compile_options(obscura_options INTERFACE -fno-sanitize-recover=undefined)
  endif()
endif()

if(OBSCURA_FUZZ)  # counters for libFuzzer in everything that is built here
  target_compile_options(obscura_options INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(obscura_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# obscura_library(<name> [FOLDER folder] DEPENDS a b ... [EXCLUDE pattern...])
# Every .cpp of src/<folder>, which has the library's name where none is given, and its sub-folders; files named *_avx2.cpp and *_ifma.cpp get their instruction set and nothing else does,
# so the program still starts on a machine without them.
function(obscura_library name)
  cmake_parse_arguments(ARG "" "FOLDER" "DEPENDS;EXCLUDE" ${ARGN})
  if(NOT ARG_FOLDER)
    set(ARG_FOLDER ${name})
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${ARG_FOLDER}/*.cpp")
  foreach(pattern ${ARG_EXCLUDE})
    list(FILTER sources EXCLUDE REGEX "${pattern}")
  endforeach()
  foreach(source ${sources})
    if(source MATCHES "_avx2\\.cpp$")
      set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "-mavx2;-mfma;-mbmi2")
    elseif(source MATCHES "_ifma\\.cpp$")
      # GCC's own header leaves the unused operand of unmasked 512-bit intrinsics undefined and then warns about it.
      set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS
        "-mavx2;-mfma;-mbmi2;-mavx512f;-mavx512dq;-mavx512vl;-mavx512bw;-mavx512ifma;-mavx512vbmi;-mavx512vpopcntdq;-mprefer-vector-width=512;-Wno-uninitialized;-Wno-maybe-uninitialized")
      if(OBSCURA_SANITIZE MATCHES "address" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # GCC 12's frames for the check of stack use after return are aligned to 32 bytes: a vector of 64 bytes in one
        # faults (GCC bug 110027). These files go without that check, which a caller may still ask for.
        set_property(SOURCE ${source} APPEND PROPERTY COMPILE_OPTIONS "--param=asan-use-after-return=0")
      endif()
    endif()
  endforeach()
  if(NOT sources)
    add_library(obscura_${name} INTERFACE)
    target_link_libraries(obscura_${name} INTERFACE $<BUILD_INTERFACE:obscura_options> ${ARG_DEPENDS})
    return()
  endif()
  add_library(obscura_${name} STATIC ${sources})
  target_link_libraries(obscura_${name} PUBLIC $<BUILD_INTERFACE:obscura_options> ${ARG_DEPENDS})
endfunction()

# obscura_together(<target> <folder> <name>...): these .cpp files are one translation unit, for headers that take longer to
# read than the files themselves. Off with -DOBSCURA_UNITY=OFF, for who changes one of them again and again.
function(obscura_together target folder)
  if(NOT OBSCURA_UNITY)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # What stands in an unnamed namespace is one file's own, though no longer the unit's main file.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  list(GET ARGN 0 group)
  list(TRANSFORM ARGN PREPEND "${folder}/")
  list(TRANSFORM ARGN APPEND ".cpp")
  string(MAKE_C_IDENTIFIER "${target}_${group}" group)
  set_source_files_properties(${ARGN} PROPERTIES UNITY_GROUP ${group})
endfunction()

# obscura_batches(<target> <size> [ALONE file...]): as many files at a time are one translation unit, but for those named,
# which have a helper that another has, too. Not for an archive of which a program must be able to take a part alone.
function(obscura_batches target size)
  cmake_parse_arguments(ARG "" "" "ALONE" ${ARGN})
  if(NOT OBSCURA_UNITY)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE BATCH UNITY_BUILD_BATCH_SIZE ${size})
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  set_source_files_properties(${ARG_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# What every test reads, precompiled once for all of them: a program of its own, because the options must be the same.
# _GLIBCXX_USE_CXX11_ABI is what GCC takes anyway, but LibTorch's users are told to say it.
function(obscura_test_headers source)
  add_library(obscura_test_options INTERFACE)
  target_link_libraries(obscura_test_options INTERFACE obscura_options GTest::gmock GTest::gtest_main)
  target_compile_options(obscura_test_options INTERFACE -pthread)
  target_compile_definitions(obscura_test_options INTERFACE _GLIBCXX_USE_CXX11_ABI=1)
  add_executable(obscura_test_headers EXCLUDE_FROM_ALL ${source})
  set_target_properties(obscura_test_headers PROPERTIES OBSCURA_QUICK_BUILD ON)
  target_link_libraries(obscura_test_headers PRIVATE obscura_test_options)
  target_precompile_headers(obscura_test_headers PRIVATE <gtest/gtest.h> <gmock/gmock.h>)
endfunction()

# obscura_test_suites(<name>): the suites of test_<name>, as found in its sources, as tests of ctest: <name>.<suite>.
# <name>.others runs what was not found that way.
function(obscura_test_suites name)
  get_target_property(sources test_${name} SOURCES)
  set(filters)
  foreach(source ${sources})
    file(STRINGS ${source} lines REGEX "^TEST(_F|_P)?\\(")
    foreach(line ${lines})
      string(REGEX REPLACE "^TEST_P\\(([A-Za-z0-9_]+),.*" "*/\\1.*" line "${line}")
      string(REGEX REPLACE "^TEST(_F)?\\(([A-Za-z0-9_]+),.*" "\\2.*" line "${line}")
      list(APPEND filters "${line}")
    endforeach()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  endforeach()
  list(REMOVE_DUPLICATES filters)
  foreach(filter ${filters})
    string(REGEX REPLACE "[^A-Za-z0-9_]" "" suite "${filter}")
    add_test(NAME ${name}.${suite} COMMAND test_${name} "--gtest_filter=${filter}")
    set_tests_properties(${name}.${suite} PROPERTIES TIMEOUT 1800)
  endforeach()
  list(JOIN filters ":" all)
  add_test(NAME ${name}.others COMMAND test_${name} "--gtest_filter=*-${all}")
endfunction()

# obscura_test(<name> [FOLDER <folder>] DEPENDS ...): tests/<folder>/*.cpp become one program, build/<preset>/test_<name>.
# The folder is called as the test unless it is said. BATCH, ALONE: obscura_batches of as many. SUITES: ctest runs a suite
# at a time, in one process, instead of a test; for programs that take most of a second to start.
function(obscura_test name)
  cmake_parse_arguments(ARG "SUITES" "FOLDER;BATCH" "DEPENDS;DEFINITIONS;ALONE" ${ARGN})
  set(folder ${name})
  if(ARG_FOLDER)
    set(folder ${ARG_FOLDER})
  endif()
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp")
  if(NOT sources)
    return()
  endif()
  add_executable(test_${name} ${sources})
  set_target_properties(test_${name} PROPERTIES OBSCURA_QUICK_BUILD ON)
  if(ARG_BATCH)
    list(TRANSFORM ARG_ALONE PREPEND "${folder}/")
    obscura_batches(test_${name} ${ARG_BATCH} ALONE ${ARG_ALONE})
  endif()
  target_link_libraries(test_${name} PRIVATE ${ARG_DEPENDS} obscura_test_options)
  target_precompile_headers(test_${name} REUSE_FROM obscura_test_headers)
  target_include_directories(test_${name} PRIVATE "${CMAKE_SOURCE_DIR}/tests")
  target_compile_definitions(test_${name} PRIVATE OBSCURA_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
    OBSCURA_BINARY_DIR="${CMAKE_BINARY_DIR}" ${ARG_DEFINITIONS})
  if(ARG_SUITES)
    obscura_test_suites(${name})
    return()
  endif()
  gtest_discover_tests(test_${name} TEST_PREFIX "${name}." NO_PRETTY_VALUES DISCOVERY_TIMEOUT 120
    PROPERTIES TIMEOUT 900)
endfunction()
