# An imported target `libtorch` that links only the CPU libraries.
#
# The wheel's own TorchConfig.cmake asks for a CUDA toolkit even to link for a CPU, so it is
# not used. CUDA, where present, is loaded at run time.
# Looked for, in this order: QUIRE_LIBTORCH (CMake or environment), CMAKE_PREFIX_PATH (CMake
# or environment), then .deps/libtorch/torch, which scripts/setup fills.
set(QUIRE_LIBTORCH "$ENV{QUIRE_LIBTORCH}" CACHE PATH "A libtorch folder (holds lib/ and include/)")
cmake_path(CONVERT "$ENV{CMAKE_PREFIX_PATH}" TO_CMAKE_PATH_LIST prefixes)
set(candidates ${QUIRE_LIBTORCH} ${CMAKE_PREFIX_PATH} ${prefixes}
    "${CMAKE_SOURCE_DIR}/.deps/libtorch/torch")
unset(QUIRE_LIBTORCH_ROOT)
foreach(candidate IN LISTS candidates)
  # A CMAKE_PREFIX_PATH of PyTorch ends in share/cmake; the libraries lie two folders up.
  foreach(folder "${candidate}" "${candidate}/../.." "${candidate}/torch")
    if(EXISTS "${folder}/lib/libtorch_cpu.so" AND EXISTS "${folder}/include/ATen/ATen.h")
      cmake_path(SET QUIRE_LIBTORCH_ROOT NORMALIZE "${folder}")
      break()
    endif()
  endforeach()
  if(QUIRE_LIBTORCH_ROOT)
    break()
  endif()
endforeach()
if(NOT QUIRE_LIBTORCH_ROOT)
  message(FATAL_ERROR "No libtorch found in: ${candidates}\n"
    "HINT: run scripts/setup, or set QUIRE_LIBTORCH to a libtorch of 2.7 or newer, "
    "or configure with -DQUIRE_TORCH=OFF for the text half alone.")
endif()

file(STRINGS "${QUIRE_LIBTORCH_ROOT}/include/torch/headeronly/version.h" version_lines
     REGEX "#define TORCH_VERSION_(MAJOR|MINOR) ")
if(NOT version_lines)
  file(STRINGS "${QUIRE_LIBTORCH_ROOT}/include/torch/csrc/api/include/torch/version.h" version_lines
       REGEX "#define TORCH_VERSION_(MAJOR|MINOR) ")
endif()
string(REGEX MATCHALL "[0-9]+" version_numbers "${version_lines}")
list(JOIN version_numbers "." QUIRE_LIBTORCH_VERSION)
if(QUIRE_LIBTORCH_VERSION VERSION_LESS 2.7)
  message(FATAL_ERROR "libtorch in ${QUIRE_LIBTORCH_ROOT} is ${QUIRE_LIBTORCH_VERSION}; 2.7 or newer is needed.")
endif()
message(STATUS "libtorch ${QUIRE_LIBTORCH_VERSION} in ${QUIRE_LIBTORCH_ROOT}")

add_library(libtorch INTERFACE)
target_include_directories(libtorch SYSTEM INTERFACE
  "${QUIRE_LIBTORCH_ROOT}/include"
  "${QUIRE_LIBTORCH_ROOT}/include/torch/csrc/api/include")
target_link_directories(libtorch INTERFACE "${QUIRE_LIBTORCH_ROOT}/lib")
target_link_libraries(libtorch INTERFACE torch_cpu c10)
# at::parallel_for is a template in a header: without this flag it is a plain loop on one thread.
target_compile_options(libtorch INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fopenmp>)
# One OpenMP in the process, libtorch's: the wheels carry it, under a name of their own before 2.8.
file(GLOB libgomp "${QUIRE_LIBTORCH_ROOT}/lib/libgomp*.so*")
list(APPEND libgomp gomp)
list(GET libgomp 0 libgomp)
target_link_libraries(libtorch INTERFACE "${libgomp}")
target_link_options(libtorch INTERFACE "-Wl,-rpath,${QUIRE_LIBTORCH_ROOT}/lib"
  # libtorch_cpu's own needs (CUDA's runtime, OpenMP) lie beside it and are its affair.
  -Wl,--allow-shlib-undefined)
