# The Debian packages, made by CPack (./dev package):
#
#   quoit          the programs, their documents, the units of systemd and the configuration
#   libhttp1-dev   the library http1: headers, archive, files for CMake and pkg-config
#
# The version is that of project(). The revision names the Debian that the package is built on, whose
# libraries it depends on, so that the package of a later Debian is the newer one. The build has to be
# configured with the prefix /usr. Covered by tests/packaging/packages_test and `./dev fresh --package`.
if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()

set(QUOIT_MAINTAINER "the quoit authors <maintainer@example.org>" CACHE STRING
  "Name and address of the person who publishes the packages")
cmake_host_system_information(RESULT debian QUERY DISTRIB_VERSION_ID)
set(revision 1)
if(debian)
  set(revision 1~deb${debian})
endif()

# What each package has in its directory of documents: the licence and both changelogs.
set(made ${CMAKE_CURRENT_BINARY_DIR}/debian)
file(READ ${PROJECT_SOURCE_DIR}/LICENSE license)
string(REGEX MATCH "Copyright \\(c\\) ([^\n]*)" holders "${license}")
set(holders ${CMAKE_MATCH_1})
string(REGEX REPLACE "^.*(Permission is hereby)" "\\1" license "${license}")
string(STRIP "${license}" license)
string(REPLACE "\n\n" "\n.\n" license "${license}")
string(REPLACE "\n" "\n " license "${license}")
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)  # of SOURCE_DATE_EPOCH, if it is set
configure_file(debian/copyright.in ${made}/copyright @ONLY)
configure_file(debian/changelog.in ${made}/changelog.Debian @ONLY)
configure_file(${PROJECT_SOURCE_DIR}/CHANGELOG.md ${made}/changelog COPYONLY)
foreach(package quoit libhttp1-dev)
  install(FILES ${made}/copyright ${made}/changelog.Debian ${made}/changelog
    DESTINATION share/doc/${package} COMPONENT ${package}-documents EXCLUDE_FROM_ALL)
endforeach()
install(FILES ${PROJECT_SOURCE_DIR}/README.md seccomp.json DESTINATION share/doc/quoit
  COMPONENT quoit-documents EXCLUDE_FROM_ALL)
foreach(document client clients operations security uploads)
  install(FILES ${PROJECT_SOURCE_DIR}/docs/${document}.md DESTINATION share/doc/quoit/docs
    COMPONENT quoit-documents EXCLUDE_FROM_ALL)
endforeach()
install(FILES ${PROJECT_SOURCE_DIR}/docs/parser.md DESTINATION share/doc/libhttp1-dev
  COMPONENT libhttp1-dev-documents EXCLUDE_FROM_ALL)
if(EXISTS /usr/share/doc/libcli11-dev/copyright)  # its headers are compiled into the programs
  install(FILES /usr/share/doc/libcli11-dev/copyright DESTINATION share/doc/quoit
    RENAME copyright.CLI11 COMPONENT quoit-documents EXCLUDE_FROM_ALL)
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME quoit)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # the descriptions below begin with theirs
set(CPACK_PACKAGE_CONTACT "${QUOIT_MAINTAINER}")
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON)  # the configuration belongs to /etc
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/deb-contents.cmake)

set(CPACK_COMPONENTS_ALL programs documents service quoit-documents http1 libhttp1-dev-documents)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
foreach(component programs documents service quoit-documents)
  string(TOUPPER ${component} component)
  set(CPACK_COMPONENT_${component}_GROUP server)
endforeach()
set(CPACK_COMPONENT_HTTP1_GROUP library)
set(CPACK_COMPONENT_LIBHTTP1-DEV-DOCUMENTS_GROUP library)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${revision})
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SOURCE quoit)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_SERVER_PACKAGE_NAME quoit)
set(CPACK_DEBIAN_SERVER_PACKAGE_SECTION httpd)
set(CPACK_DEBIAN_SERVER_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_SERVER_PACKAGE_RECOMMENDS "media-types, systemd | systemd-sysusers")
set(CPACK_DEBIAN_SERVER_PACKAGE_SUGGESTS logrotate)
file(WRITE ${made}/conffiles "/etc/logrotate.d/quoitd\n/etc/quoitd.toml\n")
set(CPACK_DEBIAN_SERVER_PACKAGE_CONTROL_EXTRA ${made}/conffiles
  ${CMAKE_CURRENT_LIST_DIR}/debian/postinst ${CMAKE_CURRENT_LIST_DIR}/debian/prerm
  ${CMAKE_CURRENT_LIST_DIR}/debian/postrm)
set(CPACK_COMPONENT_SERVER_DESCRIPTION "HTTP file server on io_uring, and its client
quoitd serves the files of a directory by HTTP/1.1, with TLS, users and rules,
and stores files that clients upload, each in one step. quoit downloads and
uploads files and directories on networks that fail.
.
No service is started by the installation: 'systemctl enable --now
quoitd.socket quoitd.service' does that.")

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libhttp1-dev)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SHLIBDEPS OFF)
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "strict HTTP/1 parser for C++20, a static library
http1 parses requests and responses of HTTP/1 and writes them. It is
incremental, allocates no memory, throws no exceptions and needs only the
standard library. The package has the headers, the archive, and files for
find_package() of CMake and for pkg-config.")

include(CPack)
