# Run by CPack between the installation into its folder and the making of the packages: Debian wants
# manual pages and changelogs compressed, without the time at which that was done, and archives
# without symbols for debuggers. It fails if a unit names a program that the package does not have:
# then the build was configured for another prefix, which QUOIT_ANY_PREFIX allows. Covered by tests/packaging/packages_test.
function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(GLOB roots ${CPACK_TEMPORARY_DIRECTORY}/*)
foreach(root ${roots})
  file(GLOB_RECURSE texts ${root}/usr/share/man/*.1 ${root}/usr/share/doc/*/changelog
    ${root}/usr/share/doc/*/changelog.Debian)
  if(texts)
    run(gzip -9nf ${texts})
  endif()
  file(GLOB_RECURSE archives ${root}/usr/lib/*.a)
  if(archives)
    run(strip --strip-debug --enable-deterministic-archives ${archives})
  endif()
  file(GLOB units ${root}/usr/lib/systemd/system/*.service)
  foreach(unit ${units})
    file(STRINGS ${unit} start REGEX "^ExecStart=")
    string(REGEX REPLACE "^ExecStart=([^ ]*).*" "\\1" program "${start}")
    if(NOT QUOIT_ANY_PREFIX AND NOT EXISTS ${root}${program})
      message(FATAL_ERROR "The units start ${program}: configure with -DCMAKE_INSTALL_PREFIX=/usr")
    endif()
  endforeach()
endforeach()
