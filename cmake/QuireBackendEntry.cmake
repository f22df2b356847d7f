# members/backend_entry.h: the name under which libquire finds its libtorch half (WriteBackendEntry.cmake).
file(GLOB_RECURSE entry_headers CONFIGURE_DEPENDS RELATIVE "${CMAKE_SOURCE_DIR}"
     "${CMAKE_SOURCE_DIR}/include/quire/*.h" "${CMAKE_SOURCE_DIR}/src/members/*.h")
list(SORT entry_headers)
list(JOIN entry_headers "\n" lines)
set(generated "${CMAKE_BINARY_DIR}/generated")
file(CONFIGURE OUTPUT "${generated}/backend_headers.txt" CONTENT "${lines}\n" @ONLY)
list(TRANSFORM entry_headers PREPEND "${CMAKE_SOURCE_DIR}/")
set(write_entry ${CMAKE_COMMAND} "-DOUTPUT=${generated}/members/backend_entry.h" -DVERSION=${PROJECT_VERSION}
    "-DROOT=${CMAKE_SOURCE_DIR}" "-DHEADERS=${generated}/backend_headers.txt"
    -P "${CMAKE_CURRENT_LIST_DIR}/WriteBackendEntry.cmake")
# Now, for whoever reads the sources without building (clang-tidy), and whenever a header changes.
execute_process(COMMAND ${write_entry} COMMAND_ERROR_IS_FATAL ANY)
add_custom_command(
  OUTPUT "${generated}/backend_entry.stamp"
  BYPRODUCTS "${generated}/members/backend_entry.h"
  COMMAND ${write_entry}
  COMMAND ${CMAKE_COMMAND} -E touch "${generated}/backend_entry.stamp"
  DEPENDS ${entry_headers} "${generated}/backend_headers.txt" "${CMAKE_CURRENT_LIST_DIR}/WriteBackendEntry.cmake"
  COMMENT "Naming the entry of libquire_torch")
add_custom_target(quire_backend_entry DEPENDS "${generated}/backend_entry.stamp")

# For the one file of a target that includes the header.
function(quire_use_backend_entry target source)
  add_dependencies(${target} quire_backend_entry)
  set_property(SOURCE "${source}" TARGET_DIRECTORY ${target} APPEND
    PROPERTY INCLUDE_DIRECTORIES "${CMAKE_BINARY_DIR}/generated")
endfunction()
