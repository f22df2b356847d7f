# What `cmake --install` places: the program, its two libraries, and LightGBM's beside them, where libquire looks
# for it. libtorch stays where it is; libquire_torch knows the place (QuireLibtorch.cmake).
include(GNUInstallDirs)
file(RELATIVE_PATH quire_libraries "${CMAKE_INSTALL_FULL_BINDIR}" "${CMAKE_INSTALL_FULL_LIBDIR}")
set_target_properties(quire_program PROPERTIES INSTALL_RPATH "$ORIGIN/${quire_libraries}")
install(TARGETS quire_program quire)
if(QUIRE_TORCH)
  set_target_properties(quire_torch PROPERTIES INSTALL_RPATH "$ORIGIN")
  install(TARGETS quire_torch)
endif()
install(FILES LICENSE NOTICE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
# scripts/setup --no-lightgbm leaves it out.
set(lightgbm "${CMAKE_SOURCE_DIR}/.deps/lightgbm")
install(PROGRAMS "${lightgbm}/lib_lightgbm.so" DESTINATION "${CMAKE_INSTALL_LIBDIR}" OPTIONAL)
install(FILES "${lightgbm}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}" RENAME LICENSE.lightgbm OPTIONAL)
