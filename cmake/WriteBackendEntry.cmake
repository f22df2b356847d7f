# cmake -DOUTPUT=FILE -DVERSION=X -DROOT=DIR -DHEADERS=LISTFILE -P WriteBackendEntry.cmake
#
# libquire.so calls libquire_torch.so through tables of virtual functions, which hold only between libraries
# of one build: the function that is looked up by name carries a digest of the headers that both see.
file(STRINGS "${HEADERS}" headers)
set(all "${VERSION}")
foreach(header IN LISTS headers)
  file(SHA256 "${ROOT}/${header}" digest)
  string(APPEND all "\n${header} ${digest}")
endforeach()
string(SHA256 digest "${all}")
string(SUBSTRING "${digest}" 0 16 digest)
set(text "// Written by cmake/WriteBackendEntry.cmake.
#pragma once

#define QUIRE_BACKEND_ENTRY quire_torch_backend_${digest}

namespace quire {

inline constexpr const char* kBackendEntry = \"quire_torch_backend_${digest}\";

}  // namespace quire
")
# What is equal keeps its time, so that nothing is compiled again.
file(CONFIGURE OUTPUT "${OUTPUT}" CONTENT "${text}" @ONLY)
