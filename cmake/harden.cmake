# Flags of optimised builds that make a memory fault harder to exploit: compiled with by all targets
# through quoit_flags, linked with by the programs that are installed through quoit_program.
add_library(quoit_program INTERFACE)
set(quoit_static -static)
if(NOT QUOIT_HARDEN OR QUOIT_SANITIZE OR NOT CMAKE_BUILD_TYPE MATCHES "^(Release|RelWithDebInfo|MinSizeRel)$")
  return()
endif()

include(CheckCXXCompilerFlag)
include(CheckCXXSourceCompiles)

# Level 3 needs a compiler that knows the size of an allocation, and glibc from 2.34 on, which
# warns where it is not so. Some compilers define the macro by themselves.
set(CMAKE_REQUIRED_FLAGS "-O2 -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
check_cxx_source_compiles("#include <cstring>\nint main() {}" QUOIT_HAS_FORTIFY_3)
unset(CMAKE_REQUIRED_FLAGS)
set(fortify 2)
if(QUOIT_HAS_FORTIFY_3)
  set(fortify 3)
endif()
target_compile_options(quoit_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=${fortify})

# Of control-flow protection the half that Linux has for programs, the shadow stack, which takes no
# instructions. Branch tracking, which no kernel turns on for programs, would put one in front of
# each function: 1 % of the instructions of a small GET.
foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection=return)
  string(MAKE_C_IDENTIFIER QUOIT_HAS${flag} known)
  check_cxx_compiler_flag(${flag} ${known})
  if(${known})
    target_compile_options(quoit_flags INTERFACE ${flag})
  endif()
endforeach()

# Position-independent programs. Not -fPIC, with which a function of the same file is no longer
# inlined; targets that ask for that keep it.
target_compile_options(quoit_flags INTERFACE
  $<$<NOT:$<BOOL:$<TARGET_PROPERTY:POSITION_INDEPENDENT_CODE>>>:-fPIE>)
if(QUOIT_STATIC)
  set(CMAKE_REQUIRED_FLAGS -fPIE)
  set(CMAKE_REQUIRED_LINK_OPTIONS -static-pie)
  check_cxx_source_compiles("int main() {}" QUOIT_HAS_STATIC_PIE)
  unset(CMAKE_REQUIRED_FLAGS)
  unset(CMAKE_REQUIRED_LINK_OPTIONS)
  if(QUOIT_HAS_STATIC_PIE)
    set(quoit_static -static-pie)
  endif()
else()
  target_link_options(quoit_program INTERFACE -pie)
endif()
target_link_options(quoit_program INTERFACE -Wl,-z,relro,-z,now)
