# The flags of every target of ours, as one interface target: quoit_flags.
add_library(quoit_flags INTERFACE)
target_compile_features(quoit_flags INTERFACE cxx_std_20)
target_include_directories(quoit_flags INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
target_compile_options(quoit_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wundef
  -Wno-missing-field-initializers  # designated initialisers leave the rest at its default
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)  # see uring/thread_annotations.h
if(QUOIT_WERROR)
  target_compile_options(quoit_flags INTERFACE -Werror)
endif()
if(QUOIT_SANITIZE)
  # -fsanitize=vptr opens a pipe to learn whether it may read an object. In a process without free
  # descriptors, which several tests make, it reports a valid object as a wrong one.
  target_compile_options(quoit_flags INTERFACE
    -fsanitize=${QUOIT_SANITIZE} -fno-sanitize=vptr -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(quoit_flags INTERFACE -fsanitize=${QUOIT_SANITIZE})
endif()
# Builds in which a fault must end the program at once: checks of the C++ library's preconditions.
add_library(quoit_checks INTERFACE)
target_compile_definitions(quoit_checks INTERFACE _GLIBCXX_ASSERTIONS)
if(QUOIT_SANITIZE OR QUOIT_LIBFUZZER OR CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_link_libraries(quoit_flags INTERFACE quoit_checks)
endif()
include(cmake/harden.cmake)

# What fuzzing learns from: linked by the libraries under test, not by tests and fuzz targets.
add_library(quoit_instrumented INTERFACE)
if(QUOIT_LIBFUZZER AND NOT QUOIT_FUZZ_ENGINE)
  # -fsanitize=function puts data in front of each function. In clang 14 the parts of a coroutine have
  # it too, but instrumentation puts them into other sections than what that data points to: "Cannot
  # represent a difference across sections".
  target_compile_options(quoit_instrumented INTERFACE
    -fsanitize=fuzzer-no-link -fno-sanitize=function)
endif()
