# Compiler settings shared by every target of ours: link to `quire_options`.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -DNDEBUG")

add_library(quire_options INTERFACE)
# -fno-math-errno and friends change no result; -ffast-math would, so it stays off.
target_compile_options(quire_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -fno-math-errno)
# g++ 12 sees overlaps in std::string's assignment that are not there (GCC bug 105329).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(quire_options INTERFACE -Wno-restrict)
endif()
if(QUIRE_WARNINGS_AS_ERRORS)
  target_compile_options(quire_options INTERFACE -Werror)
endif()
if(QUIRE_SANITIZE)
  add_compile_options(-fsanitize=${QUIRE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${QUIRE_SANITIZE})
  # Instrumented code hides from g++ 12 that std::regex's members are set.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()

# Each program of tests/fuzz links to libFuzzer's main; all else is only made to report what it runs through.
if(QUIRE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# torch's headers cost 15 to 20 s a translation unit; ccache makes that once.
find_program(QUIRE_CCACHE ccache)
if(QUIRE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${QUIRE_CCACHE})
  # gcc's precompiled headers are only cacheable when they carry no timestamp.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endif()
