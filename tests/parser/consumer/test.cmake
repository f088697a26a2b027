# Installs http1 into a folder of its own, moves that folder, then builds and runs the consumer by
# find_package and by pkg-config. Variables: see tests/parser/CMakeLists.txt.
function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
endfunction()

set(flags "")
if(SANITIZE)
  set(flags -fsanitize=${SANITIZE})
endif()
file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --component http1 --prefix ${WORK}/elsewhere
  --config ${CONFIG})
file(RENAME ${WORK}/elsewhere ${WORK}/installed)

run(${CMAKE_COMMAND} -S ${CONSUMER} -B ${WORK}/build -G ${GENERATOR}
  -D CMAKE_PREFIX_PATH=${WORK}/installed -D CMAKE_CXX_COMPILER=${COMPILER}
  -D CMAKE_CXX_FLAGS=${flags})
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${WORK}/build/consumer)

if(PKG_CONFIG)
  set(ENV{PKG_CONFIG_PATH} ${WORK}/installed/${LIBDIR}/pkgconfig)
  execute_process(COMMAND ${PKG_CONFIG} --cflags --libs http1 COMMAND_ERROR_IS_FATAL ANY
    OUTPUT_VARIABLE said OUTPUT_STRIP_TRAILING_WHITESPACE)
  separate_arguments(said UNIX_COMMAND "${said}")
  run(${COMPILER} -std=c++20 ${flags} ${CONSUMER}/main.cc ${said} -o ${WORK}/by-pkg-config)
  run(${WORK}/by-pkg-config)
endif()
